// The modules as objects, and passes through them: what each got and gave, by its name.

/** name -> module: parameters, their gradients, numbers and parts are attributes as in Python. */
const modules = new Map(data.modules.map((about) => [about.name, { about, ...about.numbers }]));
const parameters = new Map(); // name -> {value, gradient, recorded}: of this page, and NumPy's

for (const [name, entry] of Object.entries(data.parameters ?? {})) {
  const value = open(entry.value);
  parameters.set(name, { value, gradient: like(value), recorded: open(entry.gradient) });
}
for (const m of modules.values()) {
  for (const [own, name] of Object.entries(m.about.parameters)) {
    m[own] = parameters.get(name)?.value;
    m["d" + own] = parameters.get(name)?.gradient;
  }
  m.above = modules.get(m.about.above);
  const [name, index] = m.about.attribute.split("."); // blocks.0 is an item of a list
  if (m.above && index) (m.above[name] ??= [])[index] = m;
  else if (m.above) m.above[name] = m;
}

const model = modules.get("");
let passages; // of the pass that is being done: name -> {x, y, dx, dy, and what a layer keeps}
let walked; // the modules that it went back through

function run(m, x) {
  const p = { x };
  p.y = KNOWN[m.about.class].forward(m, x, p);
  passages.set(m.about.name, p);
  return p.y;
}

function back(m, dy) {
  const p = passages.get(m.about.name);
  p.dy = dy;
  p.dx = KNOWN[m.about.class].backward(m, dy, p);
  walked.push(m);
  return p.dx;
}

/** A forward pass of ids. */
function forward(ids) {
  passages = new Map();
  const logits = run(model, ids);
  return { ids, passages, logits };
}

/** The places of the tokens whose losses are meant: one, or of "all", each but the first, which has none. */
const targets = (ids, target) => [...ids.keys()].filter((t) => t > 0 && (target === "all" || t === target));

/** Mean of -log p(token), each read from the logits of the token before it; null of no token. */
function lossOf(pass, target) {
  const places = targets(pass.ids, target);
  const losses = places.map((t) => -Math.log(softmax(row(pass.logits, t - 1))[pass.ids[t]]));
  return losses.length ? losses.reduce((a, b) => a + b, 0) / losses.length : null;
}

/** The gradient of a loss, back through a pass and into that of every parameter. */
function backward(pass, target) {
  [passages, walked] = [pass.passages, []];
  for (const { gradient } of parameters.values()) gradient.data.fill(0);
  const dlogits = like(pass.logits);
  const places = targets(pass.ids, target);
  for (const t of places) {
    row(dlogits, t - 1).set(softmax(row(pass.logits, t - 1)).map((p) => p / places.length));
    row(dlogits, t - 1)[pass.ids[t]] -= 1 / places.length; // (p - onehot(target)) / N
  }
  back(model, dlogits);
  return { ...pass, target, loss: lossOf(pass, target), back: walked };
}

/** What was recorded, in the form of a pass. */
function recordedPass() {
  const found = new Map();
  for (const [name, sides] of Object.entries(data.passages)) {
    const p = Object.fromEntries(Object.entries(sides).map(([side, entry]) => [side, open(entry)]));
    const seen = data.attention[name];
    if (seen) [p.a, p.ds] = [open(seen.weights), open(seen.dscores)];
    found.set(name, p);
  }
  const { ids, target, loss } = data;
  return { ids, target, loss, passages: found, logits: open(data.logits), back: data.back.map((name) => modules.get(name)) };
}

/** What the head reads in the residual stream of a token after each block: [name, probabilities]. */
function readings(t) {
  const found = shown.pass.passages, streams = [["embeddings", found.get(data.blocks[0]).x]];
  for (const name of data.blocks) streams.push([name, found.get(name).y]);
  passages = new Map(); // the pass itself stays as it is
  return streams.map(([name, x]) => {
    const logits = KNOWN[model.about.class].logits(model, tensor([1, x.cols], row(x, t)));
    return [name, softmax(logits.data)];
  });
}
