// Nudge a weight: the loss is computed again, and its slope stands beside the gradient.

const SMALL = 1e-4; // of a central difference
const POINTS = 15; // of the curve
const nudged = { name: null, at: [0, 0], curve: null };
const nudgedParameter = () => parameters.get(nudged.name);
const nudgedGradient = () => cell(nudgedParameter().gradient, ...nudged.at);

/** The loss of the text with something added to the weight, which is so in each step alone. */
function* lossWith(change) {
  const { value } = nudgedParameter(), i = nudged.at[0] * value.cols + nudged.at[1], { pass } = shown;
  const user = [...pass.passages.keys()].findIndex((name) => Object.values(modules.get(name).about.parameters).includes(nudged.name));
  const steps = forward(pass.ids, new Map([...pass.passages].slice(0, user))); // what came before stays as it is
  for (;;) {
    const before = value.data[i];
    value.data[i] = before + change;
    const step = steps.next();
    value.data[i] = before;
    if (step.done) return lossOf(step.value, pass.target);
    yield;
  }
}

/** How far a hundred of the slider goes: half of what the weights of the parameter usually are. */
function farthest() {
  const { data: weights } = nudgedParameter().value;
  return norm(weights) / Math.sqrt(weights.length) / 2 || 0.1;
}

/** The place of the largest gradient of a parameter: where a nudge shows something. */
function steepest(name) {
  const { data: numbers, cols } = parameters.get(name).gradient;
  const i = numbers.reduce((best, value, at) => (Math.abs(value) > Math.abs(numbers[best]) ? at : best), 0);
  return [Math.floor(i / cols), i % cols];
}

function showNudge() {
  for (const job of ["slope", "change"]) jobs.delete(job); // of another weight or text
  const isPossible = data.computable && shown.pass.loss !== null;
  [find("nudging").hidden, find("nudge-note").hidden] = [!isPossible, isPossible];
  if (!isPossible) return;
  if (!nudged.name) Object.assign(nudged, { name: find("nudged").value, at: steepest(find("nudged").value) });
  const { value, recorded } = nudgedParameter(), [r, c] = nudged.at;
  find("nudged").value = nudged.name;
  Object.assign(find("nudge-row"), { max: value.rows - 1, value: r });
  Object.assign(find("nudge-column"), { max: value.cols - 1, value: c });
  find("change").value = 0;
  find("gradient").textContent = number(nudgedGradient(), 6);
  const missing = recorded ? "recorded of the first text only" : "left out of a page of so many weights";
  find("numpy").textContent = recorded && isRecorded() ? number(cell(recorded, r, c), 6) : missing;
  nudged.curve = null;
  showChange();
  inSlices("slope", measured());
}

/** The slope, and then the curve. */
function* measured() {
  find("slope").textContent = "…";
  const slope = ((yield* lossWith(SMALL)) - (yield* lossWith(-SMALL))) / (2 * SMALL);
  find("slope").textContent = number(slope, 6);
  const changes = Array.from({ length: POINTS }, (_, i) => farthest() * ((2 * i) / (POINTS - 1) - 1)), losses = [];
  for (const change of changes) losses.push(yield* lossWith(change));
  drawCurve(losses, changes.map((change) => shown.pass.loss + nudgedGradient() * change));
  showChange();
}

const chosenChange = () => (Number(find("change").value) / 100) * farthest();

/** What the slider says at once, and its loss when it is computed: while it moves, one after another. */
async function showChange() {
  const change = chosenChange(), before = cell(nudgedParameter().value, ...nudged.at);
  const sum = `${number(before, 4)} ${change < 0 ? "−" : "+"} ${number(Math.abs(change), 4)}`;
  find("change-value").textContent = `${sum} = ${number(before + change, 4)}`;
  if (jobs.has("change")) return;
  if ((await inSlices("change", changed(change))) && chosenChange() !== change) showChange();
}

function* changed(change) {
  const loss = yield* lossWith(change);
  find("nudged-loss").textContent = `${number(shown.pass.loss, 4)} → ${number(loss, 4)}`;
  if (!nudged.curve) return;
  find("here").setAttribute("cx", String(160 + (150 * change) / farthest()));
  find("here").setAttribute("cy", String(nudged.curve(loss)));
}

/** The loss over the weight, and the line through it whose slope is the gradient. */
function drawCurve(losses, line) {
  if (![...losses, ...line].every(Number.isFinite)) return find("curve").replaceChildren(note("The loss is no finite number."));
  const low = Math.min(...losses, ...line), high = Math.max(...losses, ...line);
  nudged.curve = (loss) => 150 - (140 * (loss - low)) / (high - low || 1);
  const point = (loss, i) => `${10 + (300 * i) / (POINTS - 1)},${nudged.curve(loss).toFixed(2)}`;
  const label = "the loss over the change of the weight, and the line whose slope is the gradient";
  find("curve").replaceChildren(h("svg:svg", { viewBox: "0 0 320 160", role: "img", "aria-label": label },
    h("svg:line", { x1: 160, x2: 160, y1: 6, y2: 154, class: "axis" }),
    h("svg:polyline", { points: line.map(point).join(" "), class: "tangent" }),
    h("svg:polyline", { points: losses.map(point).join(" "), class: "loss" }), h("svg:circle", { id: "here", r: 5 })));
}

function nudgeAt(name, at) {
  Object.assign(nudged, { name, at });
  showNudge();
}

function startNudge() {
  const [name, ...place] = ["nudged", "nudge-row", "nudge-column"].map(find), index = (text) => Math.floor(Number(text)) || 0;
  const within = ({ value, max }) => Math.max(0, Math.min(max, index(value)));
  name.replaceChildren(...[...parameters.keys()].map((each) => h("option", { value: each }, each)));
  name.addEventListener("change", () => nudgeAt(name.value, steepest(name.value)));
  for (const each of place) each.addEventListener("change", () => nudgeAt(nudged.name, place.map(within)));
  find("change").addEventListener("input", showChange);
}
