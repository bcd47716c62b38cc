// What the parts of the page are built of. Text goes in as text, never as markup.

/** An element; svg:line is of that namespace, attributes that begin with "on" listen, style is an object. */
function h(tag, attributes, ...children) {
  const isSvg = tag.startsWith("svg:");
  const element = isSvg ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.entries(value).forEach((pair) => element.style.setProperty(...pair));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const find = (id) => document.getElementById(id);

/** Put other children into an element; the focus stays in its place. */
function refill(parent, ...children) {
  const focusable = () => [...parent.querySelectorAll("button, summary, [tabindex]")];
  const at = focusable().indexOf(document.activeElement);
  parent.replaceChildren(...children);
  focusable()[at]?.focus({ preventScroll: true });
}

const code = (text) => h("code", {}, text);
const note = (text) => h("p", { class: "note" }, text);
const button = (text, onclick) => h("button", { type: "button", onclick }, text);

/** A number of any magnitude in about so many digits, of which the small ones have as many, with a true minus. */
function number(value, digits = 3) {
  const magnitude = Math.abs(value), isUsual = magnitude >= 0.001 && magnitude < 10000;
  if (!value || !Number.isFinite(value)) return String(value);
  const text = magnitude >= 100 ? value.toFixed(1) : magnitude >= 1 ? value.toFixed(digits) : value.toPrecision(digits);
  return (isUsual ? text : value.toExponential(2)).replaceAll("-", "−");
}

const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
const shapeText = (shape) => `(${shape.join(", ")})`;
const title = (m) => m.about.name || data.model;

/** A token of the text as a reader sees it, apart from what stands around it. */
function tokenText(id) {
  const isSpecial = vocabulary.special.includes(id);
  return h("bdi", { class: isSpecial ? "token special" : "token" }, vocabulary.texts[id]);
}

const passageOf = (m) => shown.pass.passages.get(m.about.name);
const place = (t) => [`${t} `, tokenText(shown.pass.ids[t])];

/** A share of a whole as a bar with its number. */
function bar(share, text, kind = "") {
  const fill = h("span", { class: `fill ${kind}`, style: { width: `${100 * Math.min(share, 1)}%` } });
  return h("span", { class: "bar" }, h("span", { class: "track" }, fill), h("span", { class: "amount" }, text));
}

/** A token, how much of the most a number of its own is, and more. */
const tokenBar = (id, value, most, text = number(value, 4), ...more) =>
  h("li", {}, tokenText(id), bar(Math.abs(value) / (most || 1), text, value < 0 ? "negative" : ""), ...more);

/** Buttons of which one is chosen. */
function choice(label, options, chosen, choose) {
  const one = ([value, text]) =>
    h("button", { type: "button", "aria-pressed": String(value === chosen), onclick: () => choose(value) }, text);
  return h("div", { class: "choice", role: "group", "aria-label": label }, ...options.map(one));
}

/** The likeliest tokens of probabilities, the first first. */
const likeliest = (p, count) => [...p.keys()].sort((a, b) => p[b] - p[a]).slice(0, count);
const shown = { pass: null, target: null, typed: data.ids, drawn: [], stages: data.stages };

/** Show the pass, a part after another. */
function* show() {
  for (const part of [showText, showFlow, showAttention, showPrediction, showBack, showNudge]) yield part();
}

/** Compute the text anew, in full or for another target alone, and show it. */
function* computed() {
  const ids = [...shown.typed, ...shown.drawn].slice(-data.block_size);
  if (data.computable) {
    const isSame = shown.pass && String(ids) === String(shown.pass.ids);
    if (shown.target !== "all") shown.target = Math.min(isSame ? shown.target : ids.length - 1, ids.length - 1);
    shown.pass = yield* backward(isSame ? shown.pass : yield* forward(ids), shown.target);
  } else shown.pass = recordedPass();
  yield* show();
}

const compute = () => inSlices("page", computed());

/** Whether the page shows the text and the loss that NumPy computed too. */
const isRecorded = () => String(shown.pass.ids) === String(data.ids) && shown.pass.target === data.target;
