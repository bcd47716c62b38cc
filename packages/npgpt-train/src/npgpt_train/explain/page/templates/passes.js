// The modules as objects, and passes through them: what each got and gave, by its name.

/** name -> module: parameters, their gradients, numbers and parts are attributes as in Python. */
const modules = new Map(data.modules.map((about) => [about.name, { about, ...about.numbers }]));
const parameters = new Map(); // name -> {value, gradient, recorded}: of this page, and NumPy's
for (const [name, entry] of Object.entries(data.parameters ?? {})) {
  parameters.set(name, { value: open(entry.value), recorded: open(entry.gradient),
    get gradient() { return shown.pass.gradients.get(name); } });
}
for (const m of modules.values()) {
  for (const [own, name] of Object.entries(m.about.parameters)) {
    m[own] = parameters.get(name)?.value;
    Object.defineProperty(m, "d" + own, { get: () => doing.gradients.get(name) });
  }
  m.above = modules.get(m.about.above);
  const [name, index] = m.about.attribute.split("."); // blocks.0 is an item of a list
  if (m.above && index) (m.above[name] ??= [])[index] = m;
  else if (m.above) m.above[name] = m;
}

const model = modules.get("");

// A pass is {ids, passages: name -> {x, y, dx, dy, and what a layer keeps}, gradients: of the parameters}.
// It is computed by a generator that pauses after each module. A module with parts is a generator, too.
let doing; // the pass that goes on

function* run(m, x) {
  const pass = doing, { name } = m.about;
  const p = pass.known?.get(name) ?? { x };
  if (!p.y) {
    const given = KNOWN[m.about.class].forward(m, x, p);
    p.y = given.next ? yield* given : given;
    yield;
    doing = pass; // another may have gone on meanwhile
  }
  pass.passages.set(name, p);
  return p.y;
}

function* back(m, dy) {
  const pass = doing, p = pass.passages.get(m.about.name);
  p.dy = dy;
  const given = KNOWN[m.about.class].backward(m, dy, p);
  p.dx = given?.next ? yield* given : given;
  yield;
  doing = pass;
  return p.dx;
}

/** Through one module after another, forward with run or back. */
function* through(pass, parts, x) {
  for (const part of parts) x = yield* pass(part, x);
  return x;
}

/** A forward pass of ids; of the modules that are known already, the passages are taken over. */
function* forward(ids, known) {
  const pass = (doing = { ids, known, passages: new Map() });
  return { ...pass, logits: yield* run(model, ids) };
}

/** The places of the tokens whose losses are meant: one, or of "all", each but the first, which has none. */
const targets = (ids, target) => [...ids.keys()].filter((t) => t > 0 && (target === "all" || t === target));

/** Mean of -log p(token), each read from the logits of the token before it; null of no token. */
function lossOf(pass, target) {
  const places = targets(pass.ids, target);
  const losses = places.map((t) => -Math.log(softmax(row(pass.logits, t - 1))[pass.ids[t]]));
  return losses.length ? sum(losses) / losses.length : null;
}

/** The gradient of a loss, back through a pass and into that of every parameter. */
function* backward(forwarded, target) {
  const { ids, logits } = forwarded, places = targets(ids, target), dlogits = like(logits);
  for (const t of places) {
    row(dlogits, t - 1).set(softmax(row(logits, t - 1)).map((p) => p / places.length));
    row(dlogits, t - 1)[ids[t]] -= 1 / places.length; // (p - onehot(target)) / N
  }
  const pass = { ids, logits, target, loss: lossOf(forwarded, target) };
  pass.passages = new Map([...forwarded.passages].map(([name, p]) => [name, { ...p }]));
  pass.gradients = new Map([...parameters].map(([name, { value }]) => [name, like(value)]));
  doing = pass;
  yield* back(model, dlogits);
  return pass;
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
  return { ids, target, loss, passages: found, logits: open(data.logits) };
}

/** What the head reads in the residual stream of a token after each block: [name, probabilities]. */
function readings(t) {
  const found = shown.pass.passages, given = data.blocks.map((name) => [name, found.get(name).y]);
  doing = { passages: new Map() }; // the pass itself stays as it is
  const read = (x) => finish(KNOWN[model.about.class].logits(model, tensor([1, x.cols], row(x, t))));
  return [["embeddings", found.get(data.blocks[0]).x], ...given].map(([name, x]) => [name, softmax(read(x).data)]);
}
