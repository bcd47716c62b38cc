// Prediction: the stream read after every block, and the next token with what sampling makes of it.

const BARS = 12; // tokens that are shown
const SLIDERS = ["temperature", "top-k", "top-p"];
let next; // the logits of what may be drawn, -Infinity of the rest, and the ids in their order

/** [id, probability] after temperature, then top-k, then top-p, as npgpt generate takes them. */
function drawable() {
  const [temperature, topK, topP] = SLIDERS.map((id) => Number(find(id).value));
  const p = softmax(next.logits.map((z) => (temperature === 0 ? z * 1e6 : z / temperature)));
  const likely = next.order.slice(0, topK).filter((id) => p[id] > 0);
  const mass = likely.reduce((sum, id) => sum + p[id], 0);
  let before = 0; // the mass of the likelier ones
  const kept = likely.filter((id) => (before += p[id]) - p[id] < topP * mass);
  const total = kept.reduce((sum, id) => sum + p[id], 0);
  return kept.map((id) => [id, p[id] / total]);
}

const lastLogits = () => row(shown.pass.logits, shown.pass.logits.rows - 1);

function showPrediction() {
  const t = shown.pass.ids.length - 1, most = (p) => likeliest(p, 5).map((id) => [id, p[id]]);
  const read = data.computable ? readings(t).map(([name, p]) => [name, most(p)]) : data.readings;
  next = { logits: lastLogits().map((z, id) => (vocabulary.suppressed.includes(id) ? -Infinity : z)) };
  next.order = likeliest(next.logits, size);
  find("last-token").replaceChildren(...place(t));
  find("readings").hidden = !read.length;
  find("readings").querySelector("tbody").replaceChildren(...read.map(([name, top]) =>
    h("tr", {}, h("th", { scope: "row" }, name), ...top.map(([id, p]) => h("td", {}, tokenText(id), bar(p, percent(p)))))));
  showNext();
}

function showNext() {
  for (const id of SLIDERS) find(`${id}-value`).textContent = find(id).value;
  const kept = drawable(), plain = softmax(lastLogits());
  find("next").replaceChildren(...kept.slice(0, BARS).map(([id, p]) =>
    tokenBar(id, p, 1, percent(p), h("small", {}, `before: ${percent(plain[id])}`))));
  find("kept").textContent = `${kept.length} of ${size} tokens can be drawn; the likeliest are shown, each beside its
    probability before temperature, top-k and top-p.`;
  showDrawn();
}

const showDrawn = () => find("drawn").replaceChildren(...shown.drawn.map(tokenText));

function draw() {
  if (jobs.has("page")) return; // its logits are not there yet
  let left = Math.random();
  const kept = drawable(), [id] = kept.find(([, p]) => (left -= p) < 0) ?? kept[0];
  if (!data.computable) return find("drawn").replaceChildren(tokenText(id), " – a recorded page cannot go on from here.");
  shown.drawn.push(id);
  showDrawn();
  compute();
}

function startPrediction() {
  Object.assign(find("top-k"), { max: size, value: size });
  for (const id of SLIDERS) find(id).addEventListener("input", showNext);
  find("draw").addEventListener("click", draw);
  find("undraw").addEventListener("click", () => { shown.drawn = []; compute(); });
}
