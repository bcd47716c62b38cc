// Nudge a weight: the loss is computed again, and its slope stands beside the gradient.

const SMALL = 1e-4; // of a central difference
const POINTS = 25; // of the curve
const nudged = { name: null, at: [0, 0], curve: null };

const nudgedParameter = () => parameters.get(nudged.name);
const nudgedGradient = () => cell(nudgedParameter().gradient, ...nudged.at);

/** The loss of the text with something added to the weight; the weight stays as it was. */
function lossWith(change) {
  const { value } = nudgedParameter(), i = nudged.at[0] * value.cols + nudged.at[1], before = value.data[i];
  value.data[i] = before + change;
  const loss = lossOf(forward(shown.pass.ids), shown.target);
  value.data[i] = before;
  return loss;
}

/** How far a hundred of the slider goes: half of what the weights of the parameter usually are. */
function farthest() {
  const { data: weights } = nudgedParameter().value;
  return norm(weights) / Math.sqrt(weights.length) / 2 || 0.1;
}

function nudgeWeight(name, at) {
  nudgeAt(name, at);
  find("nudge").scrollIntoView();
  find("change").focus();
}

/** The place of the largest gradient of a parameter: where a nudge shows something. */
function steepest(name) {
  const { data: numbers, cols } = parameters.get(name).gradient;
  const i = numbers.reduce((best, value, at) => (Math.abs(value) > Math.abs(numbers[best]) ? at : best), 0);
  return [Math.floor(i / cols), i % cols];
}

function showNudge() {
  find("nudging").hidden = !data.computable || shown.pass.loss === null;
  find("nudge-note").textContent = !find("nudging").hidden ? "" : `To compute a loss again, a page needs the weights, a
    text of two tokens and code for every module; this one has not all of them.`;
  if (find("nudging").hidden) return;
  if (!nudged.name) Object.assign(nudged, { name: find("nudged").value, at: steepest(find("nudged").value) });
  const { value, recorded } = nudgedParameter(), [r, c] = nudged.at;
  find("nudged").value = nudged.name;
  Object.assign(find("nudge-row"), { max: value.rows - 1, value: r });
  Object.assign(find("nudge-column"), { max: value.cols - 1, value: c });
  find("change").value = 0;
  find("slope").textContent = number((lossWith(SMALL) - lossWith(-SMALL)) / (2 * SMALL), 6);
  find("gradient").textContent = number(nudgedGradient(), 6);
  const missing = recorded ? "recorded of the first text only" : "left out of a page of so many weights";
  find("numpy").textContent = recorded && isRecorded() ? number(cell(recorded, r, c), 6) : missing;
  drawCurve();
  showChange();
}

function showChange() {
  const change = (Number(find("change").value) / 100) * farthest(), loss = lossWith(change);
  const before = cell(nudgedParameter().value, ...nudged.at);
  const sum = `${number(before, 4)} ${change < 0 ? "−" : "+"} ${number(Math.abs(change), 4)}`;
  find("change-value").textContent = `${sum} = ${number(before + change, 4)}`;
  find("nudged-loss").textContent = `${number(shown.pass.loss, 4)} → ${number(loss, 4)}`;
  if (typeof nudged.curve !== "function") return;
  find("here").setAttribute("cx", String(160 + (150 * change) / farthest()));
  find("here").setAttribute("cy", String(nudged.curve(loss)));
}

/** The loss over the weight, and the line through it whose slope is the gradient; a point at a time. */
async function drawCurve() {
  const own = (nudged.curve = Symbol("a curve that is not drawn yet"));
  const changes = Array.from({ length: POINTS }, (_, i) => farthest() * ((2 * i) / (POINTS - 1) - 1));
  const losses = [], line = changes.map((change) => shown.pass.loss + nudgedGradient() * change);
  for (const change of changes) {
    await new Promise((resolve) => setTimeout(resolve));
    if (nudged.curve !== own) return; // another weight or text by now
    losses.push(lossWith(change));
  }
  const low = Math.min(...losses, ...line), high = Math.max(...losses, ...line);
  const height = (nudged.curve = (loss) => 150 - (140 * (loss - low)) / (high - low || 1));
  const point = (loss, i) => `${10 + (300 * i) / (POINTS - 1)},${height(loss).toFixed(2)}`;
  const label = "the loss over the change of the weight, and the line whose slope is the gradient";
  find("curve").replaceChildren(h("svg:svg", { viewBox: "0 0 320 160", role: "img", "aria-label": label },
    h("svg:line", { x1: 160, x2: 160, y1: 6, y2: 154, class: "axis" }),
    h("svg:polyline", { points: line.map(point).join(" "), class: "tangent" }),
    h("svg:polyline", { points: losses.map(point).join(" "), class: "loss" }), h("svg:circle", { id: "here", r: 5 })));
  showChange();
}

function startNudge() {
  find("nudged").replaceChildren(...[...parameters.keys()].map((name) => h("option", { value: name }, name)));
  find("nudged").addEventListener("change", ({ target: { value: name } }) => nudgeAt(name, steepest(name)));
  for (const id of ["nudge-row", "nudge-column"]) find(id).addEventListener("change", () => {
    const { value } = nudgedParameter(), within = (text, end) => Math.max(0, Math.min(end - 1, Math.floor(Number(text)) || 0));
    nudgeAt(nudged.name, [within(find("nudge-row").value, value.rows), within(find("nudge-column").value, value.cols)]);
  });
  find("change").addEventListener("input", showChange);
  parts.push(showNudge);
}

function nudgeAt(name, at) {
  Object.assign(nudged, { name, at });
  showNudge();
}
