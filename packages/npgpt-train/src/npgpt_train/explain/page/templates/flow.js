// Flow: the modules in the order of the forward pass, the residual stream as their spine, and a panel
// with the arrays of the one that is chosen, its mathematics and its source.

const chosen = { m: model, side: "y", gradient: false, at: null };

/** The modules directly in m, in the order in which they ran; not dropout that is off. */
const partsOf = (m) => [...modules.values()].filter((part) => part.above === m && !isIdentity(part));
const isIdentity = (m) => data.identities.includes(m.about.name); // it hands on what it got

/** An input (x), an output (y) or a parameter of a module, or the gradient of it; null where there is none. */
function arrayOf(m, side, gradient) {
  if (side === "x" || side === "y") {
    const array = passageOf(m)[gradient ? `d${side}` : side];
    return array?.shape ? array : null; // ids are a list
  }
  const parameter = parameters.get(m.about.parameters[side]);
  if (!parameter) return null;
  return gradient ? (data.computable ? parameter.gradient : parameter.recorded) : parameter.value;
}

function box(name, kind, array, formula, attributes) {
  const shape = array ? shapeText([...array.shape.slice(0, -1), array.columns ?? array.cols]) : "";
  return h("button", { class: "box", type: "button", ...attributes }, h("span", { class: "name" }, name),
    h("span", { class: "kind" }, kind), h("span", { class: "shape" }, shape),
    h("code", { class: "formula" }, formula));
}

function moduleBox(m) {
  const name = m.above?.about.name ? m.about.name.slice(m.above.about.name.length + 1) : title(m);
  const [formula] = m.about.formula.split(/: (?=[^:]*->)/); // without the shapes
  return box(name, m.about.kind, arrayOf(m, "y"), formula, {
    "data-module": m.about.name, "aria-pressed": String(chosen.m === m), onclick: () => choose(m, "y") });
}

/** A module and what is in it; the branches of a block leave the stream and are added to it. */
function moduleItem(m) {
  const isBlock = data.blocks.includes(m.about.name), branches = branchesOf(m);
  const plus = () => h("span", { class: "plus", title: "added to the stream" }, "+");
  const inside = branches
    ? branches.map((branch) => h("li", { class: "branch" }, h("ol", {}, ...branch.map(moduleItem)), plus()))
    : partsOf(m).map(moduleItem);
  return h("li", { class: isBlock ? "block" : "" }, moduleBox(m), inside.length ? h("ol", {}, ...inside) : "");
}

function showFlow() {
  const first = modules.get(data.blocks[0]);
  const stream = () => h("li", { class: "stream" }, box("residual stream", "", arrayOf(first, "x"),
    "x: what every block reads, and adds to", { onclick: () => choose(first, "x") }));
  const items = partsOf(model).flatMap((m) => (m === first ? [stream(), moduleItem(m)] : [moduleItem(m)]));
  find("modules").replaceChildren(...items, h("li", {}, moduleBox(model)));
  showPanel();
}

function choose(m, side, gradient = chosen.gradient, at = null) {
  Object.assign(chosen, { m, side, gradient, at });
  const boxes = find("modules").querySelectorAll("[data-module]");
  for (const each of boxes) each.ariaPressed = each.dataset.module === m.about.name;
  showPanel();
}

/** What a cell is called: its token, head and channel, or its place in a parameter. */
function cellName(side, array, r, c) {
  if (side !== "x" && side !== "y") return [array.rows > 1 ? `[${r}, ${c}]` : `[${c}]`];
  const { length } = shown.pass.ids;
  return [array.rows > length ? ` of head ${Math.floor(r / length)}, ` : " of ", ...place(r % length), `, channel ${c}`];
}

function showPanel() {
  const { m, side, gradient } = chosen, array = arrayOf(m, side, gradient);
  const sides = [["y", "output y"], ["x", "input x"], ...Object.keys(m.about.parameters).map((own) => [own, own])];
  const symbol = (gradient ? "∂loss/∂" : "") + side;
  const detail = h("div", { "aria-live": "polite" });
  const takeApart = (r, c) => detail.replaceChildren(...takenApart(m, side, gradient, r, c));
  const rows = array?.rows === shown.pass.ids.length ? shown.pass.ids : [];
  refill(find("panel"),
    h("h3", {}, title(m), h("small", {}, ` ${m.about.kind}`)),
    h("p", {}, code(gradient ? m.about.formulas[side] || m.about.backward : m.about.formula)),
    choice("array", sides, side, (each) => choose(m, each)),
    choice("values or gradient", [[false, "values"], [true, "gradient"]], gradient, (each) => choose(m, side, each, chosen.at)),
    array ? heatmap(array, { label: symbol, name: (r, c) => [symbol, ...cellName(side, array, r, c)], rows,
      at: chosen.at, pick(r, c) { chosen.at = [r, c]; takeApart(r, c); } })
      : note("No numbers are here: these are ids, or too many for a page, or it takes two tokens to have a loss."),
    array?.columns ? note(`The first ${array.cols} of ${array.columns} columns are in this page.`) : "", detail,
    source(m, "forward", !gradient), source(m, "backward", gradient));
  if (array && chosen.at) takeApart(...chosen.at);
}

/** A cell as its terms, and why it is zero where that can be told. */
function takenApart(m, side, gradient, r, c) {
  const array = arrayOf(m, side, gradient), value = cell(array, r, c), { ids, target } = shown.pass;
  const found = termsOf(m, side, gradient, r, c), parameter = m.about.parameters[side];
  const nudgeIt = () => { nudgeAt(parameter, [r, c]); find("nudge").scrollIntoView(); find("change").focus(); };
  const isUnused = gradient && !parameter && target !== "all" && row(array, r).every((each) => each === 0);
  return [
    h("h4", {}, (gradient ? "∂loss/∂" : "") + side, ...cellName(side, array, r, c), ` = ${number(value, 4)}`),
    isUnused && r % ids.length !== target - 1 ? note(`Zero, because the loss is that of token ${target}. ${
      r % ids.length >= target ? "It is predicted from the tokens before it, so nothing of this place goes into it."
        : `No attention follows that looks back at this place: only place ${target - 1} predicts the token.`}`) : "",
    found ? termTable(found, value) : note(origin(m, side, gradient)),
    data.computable && parameter ? button("Nudge this weight", nudgeIt) : "",
  ];
}

/** Where a number comes from whose terms are not written out. */
function origin(m, side, gradient) {
  if (!gradient && m.about.parameters[side]) return "No text computes it: it is a parameter, and training made it what it is.";
  if (!data.computable) return "This page does not have all that the number is computed from.";
  const isGiven = side === (gradient ? "y" : "x"), maker = isGiven && m.above ? m.above : m;
  return `${title(maker)} computes it: ${gradient ? maker.about.backward : maker.about.formula}`;
}

function source(m, method, isOpen) {
  const found = data.sources[m.about.class]?.[method];
  if (!found) return "";
  return h("details", { open: isOpen }, h("summary", {}, `${method}, ${found.file}:${found.line}`), h("pre", {}, code(found.text)));
}
