// A number taken apart: the terms that it is the sum of, forward and backward.

const MOST = 12; // terms that are written out

/** Σ of products: pair(i) gives the two factors of term i. */
function products(equation, count, pair, label, others = []) {
  const terms = Array.from({ length: count }, (_, i) => times(`${label}${i}`, ...pair(i)));
  return { equation, terms: [...terms, ...others] };
}

const times = (text, a, b) => ({ text: `${text}: ${number(a)} · ${number(b)}`, value: a * b });
const term = (text, value) => ({ text, value });
const cell = (array, r, c) => row(array, r)[c];
const columnSum = (equation, array, c) =>
  ({ equation, terms: Array.from({ length: array.rows }, (_, t) => term(`t=${t}`, cell(array, t, c))) });

const normRules = {
  y: (m, p, r, c) => ({ equation: `y = γ · x̂${m.beta ? " + β" : ""}`, terms: [
    times("γ · x̂", m.gamma.data[c], cell(p.normalized, r, c)),
    ...(m.beta ? [term("β", m.beta.data[c])] : [])],
    note: `x̂ is x = ${number(cell(p.x, r, c))}${m.beta ? " less the mean" : ""}, times ${number(p.scale[r])}.` }),
  dx(m, p, r, c) {
    const hat = row(p.dy, r).map((value, i) => value * m.gamma.data[i]), n = hat.length;
    const along = dot(hat, row(p.normalized, r)) / n;
    return { equation: `dx = (dx̂ ${m.beta ? "− mean(dx̂) " : ""}− x̂ mean(dx̂ x̂)) / σ, dx̂ = dy γ`, terms: [
      term("dx̂ / σ", hat[c] * p.scale[r]),
      ...(m.beta ? [term("− mean(dx̂) / σ", (-sum(hat) / n) * p.scale[r])] : []),
      term("− x̂ mean(dx̂ x̂) / σ", -cell(p.normalized, r, c) * along * p.scale[r])] };
  },
  dgamma: (m, p, _, c) => products("dγ = Σ dy x̂", p.dy.rows, (t) => [cell(p.dy, t, c), cell(p.normalized, t, c)], "t="),
  dbeta: (m, p, _, c) => columnSum("dβ = Σ dy", p.dy, c),
};

const slopeRules = (f, slope) => ({
  y: (m, p, r, c) => ({ equation: `y = ${f}(x)`, terms: [term(`${f}(${number(cell(p.x, r, c))})`, cell(p.y, r, c))] }),
  dx: (m, p, r, c) => ({ equation: `dx = dy · ${f}'(x)`, terms: [
    term(`${number(cell(p.dy, r, c))} · ${number(slope(cell(p.x, r, c)))}`, cell(p.dx, r, c))],
    note: f === "relu" && cell(p.x, r, c) <= 0
      ? `Zero, because x = ${number(cell(p.x, r, c))} is not above 0: there the ReLU is flat, so nothing comes back.` : "" }),
});

/** Of y = x W, and of y = x Eᵀ: weight(m, i, o) is the number that x_i is multiplied with. */
const linearRules = (name, weight, dweight) => ({
  y: (m, p, t, o) => products(`y = Σ x ${name}${m.bias ? " + b" : ""}`, p.x.cols,
    (i) => [cell(p.x, t, i), weight(m, i, o)], "i=", m.bias ? [term("b", m.bias.data[o])] : []),
  dx: (m, p, t, i) => products(`dx = Σ dy ${name}`, p.dy.cols, (o) => [cell(p.dy, t, o), weight(m, i, o)], "o="),
  dweight: (m, p, r, c) => products(`d${name} = Σ x dy`, p.x.rows, (t) => dweight(p, t, r, c), "t="),
  dbias: (m, p, _, o) => columnSum("db = Σ dy", p.dy, o),
});

const RULES = {
  Linear: linearRules("W", (m, i, o) => cell(m.weight, i, o), (p, t, i, o) => [cell(p.x, t, i), cell(p.dy, t, o)]),
  TiedHead: linearRules("E", (m, i, o) => cell(m.weight, o, i), (p, t, o, i) => [cell(p.x, t, i), cell(p.dy, t, o)]),
  Embedding: {
    y: (m, p, t, c) => ({ equation: "y = W[ids]", terms: [term(`W[${p.x[t]}, ${c}]`, cell(m.weight, p.x[t], c))] }),
    dweight: (m, p, v, c) => ({ equation: "dW[id] = Σ dy of the places that look it up",
      terms: [...p.x.keys()].filter((t) => p.x[t] === v).map((t) => term(`t=${t}`, cell(p.dy, t, c))),
      note: p.x.includes(v) ? "" : "This row is not looked up in the text, so nothing depends on it." }),
  },
  LayerNorm: normRules,
  RMSNorm: normRules,
  ReLU: slopeRules("relu", (x) => (x > 0 ? 1 : 0)),
  GELU: slopeRules("gelu", geluSlope),
};

/** The branches of a block: [the modules in it, first to last], each added to the stream. */
const branchesOf = (m) => data.branches[m.about.name]?.map((branch) => branch.map((name) => modules.get(name)));

/** What an attention or a SwiGLU computes between its parts. */
function betweenTerms(m, key, r, c) {
  const of = key === "dx" ? m : m.above, p = of && passageOf(of), sumOf = (equation, ...terms) => ({ equation, terms });
  if (p?.q && m === of.proj && key === "x") return mixTerms(p, r, c);
  if (!p?.silu) return null;
  const [u, silu, dh] = [p.up, p.silu, passageOf(of.down).dx].map((array) => array && cell(array, r, c));
  if (m === of.down && key === "x") return sumOf("h = silu(g) · u", times("silu(g) · u", silu, u));
  if (m === of.up && key === "dy") return sumOf("du = dh · silu(g)", times("dh · silu(g)", dh, silu));
  if (m === of.gate && key === "dy") {
    return sumOf("dg = dh · u · silu'(g)", term(`${number(dh)} · ${number(u)} · silu'(g)`, cell(passageOf(m).dy, r, c)));
  }
  const both = [of.gate, of.up].map((part) => term(`dx of ${title(part)}`, cell(passageOf(part).dx, r, c)));
  return key === "dx" ? sumOf("a fork is a sum", ...both) : null;
}

/** What a head hands on: the values that a token looks at, as much of each as it looks. */
function mixTerms({ q, k, v, a }, t, c) {
  const head = Math.floor(c / q.cols), length = q.shape[1], first = Math.floor((head * k.shape[0]) / q.shape[0]) * length;
  return products(`x = Σ a v of head ${head}`, t + 1, (s) => [cell(a, head * length + t, s), cell(v, first + s, c % q.cols)], "s=");
}

/** What is added up in the stream: y = x + Σ y of a block's branches, dx = dy + Σ dx of them, and what is between. */
function streamSum(m, key, r, c) {
  const add = (equation, ...arrays) => ({ equation,
    terms: arrays.map(([each, side]) => term(`${side} of ${title(each)}`, cell(passageOf(each)[side], r, c))) });
  if (key === "x" && m.about.name === data.blocks[0] && data.embeddings.length) {
    return add("x = the sum of the embeddings", ...data.embeddings.map((name) => [modules.get(name), "y"]));
  }
  const block = [m, m.above].find((each) => each && branchesOf(each)), branches = block && branchesOf(block);
  if (!branches) return null;
  const ends = (some) => some.map((branch) => [branch.at(-1), "y"]), starts = (some) => some.map((branch) => [branch[0], "dx"]);
  const first = branches.findIndex((branch) => branch[0] === m), last = branches.findIndex((branch) => branch.at(-1) === m);
  if (m === block && key === "y") return add("y = x + each branch", [m, "x"], ...ends(branches));
  if (m === block && key === "dx") return add("dx = dy + each branch: a fork is a sum", [m, "dy"], ...starts(branches));
  if (key === "x" && first > 0) return add("the residual stream so far", [block, "x"], ...ends(branches.slice(0, first)));
  if (key !== "dy" || last < 0 || last === branches.length - 1) return null;
  return add("the gradient of the stream so far", [block, "dy"], ...starts(branches.slice(last + 1)));
}

/** The terms of a number of x, y or a parameter of a module, or of the gradient of it; null of unknown ones. */
function termsOf(m, side, gradient, r, c) {
  const key = gradient ? `d${side}` : side, array = arrayOf(m, side, gradient);
  if (key === "dy" && array === passageOf(model).dy) return lossTerms(r, c);
  const sharing = [...modules.values()].filter((other) => other[side] && other[side] === m[side] && gradient);
  if (sharing.length > 1 && sharing.every(isWhole)) { // a tied table has the gradients of both its uses
    const uses = sharing.map((other) => RULES[other.about.kind][key](other, passageOf(other), r, c));
    return { equation: uses.map((use) => use.equation).join(", and "), terms: uses.flatMap((use) => use.terms) };
  }
  for (const [other, otherKey] of [[m, key], ...sameArray(array, ["y", "dx"])]) {
    const rule = isWhole(other) && RULES[other.about.kind]?.[otherKey];
    const found = rule && rule(other, passageOf(other), r, c);
    if (found) return other === m && otherKey === key ? found : { ...found, same: `${otherKey} of ${title(other)}` };
  }
  return sameArray(array, ["x", "y", "dx", "dy"])
    .map(([other, each]) => streamSum(other, each, r, c) ?? betweenTerms(other, each, r, c)).find(Boolean) ?? null;
}

/** Whether a module is of npgpt's own classes and the page has all that goes into it. */
function isWhole(m) {
  const p = passageOf(m), isNormed = m.gamma ? p.normalized : true;
  return m.about.class.startsWith("npgpt_core.") && isNormed && p.x !== null && !p.x.columns && !p.y.columns
    && Object.keys(m.about.parameters).every((own) => m[own]);
}

/** Where an array is one of those that modules got, gave or handed back: [module, which]. */
function sameArray(array, keys) {
  return [...modules.values()].flatMap((m) => keys.filter((key) => passageOf(m)[key] === array).map((key) => [m, key]));
}

/** Where the gradient begins: the loss of token r + 1 is read from the logits of row r. */
function lossTerms(r, id) {
  const { ids, logits, target } = shown.pass, places = targets(ids, target), equation = "dlogits = (p − [it is the token]) / N";
  if (!places.includes(r + 1)) return { equation, terms: [] };
  if (logits.rows < ids.length) return null;
  return { equation, terms: [term("p / N", softmax(row(logits, r))[id] / places.length),
    ...(ids[r + 1] === id ? [term("− 1 / N, it is the token that came", -1 / places.length)] : [])] };
}

/** Terms as a table: the largest first, the rest together, and their sum. */
function termTable(found, value) {
  const sorted = found.terms.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const rest = sorted.slice(MOST), largest = Math.abs(sorted[0]?.value ?? 0) || 1;
  const line = (text, amount, kind = "") => h("tr", { class: kind }, h("td", {}, text),
    h("td", {}, bar(Math.abs(amount) / largest, number(amount, 4), amount < 0 ? "negative" : "positive")));
  if (rest.length) sorted.splice(MOST, Infinity, term(`${rest.length} more, together`, rest.reduce((a, b) => a + b.value, 0)));
  return h("div", { class: "terms" },
    h("p", {}, code(found.equation), found.same ? ` – the same array as ${found.same}` : ""),
    found.note ? note(found.note) : "",
    h("table", {}, h("tbody", {}, ...sorted.map((one) => line(one.text, one.value)), line("sum", value, "sum"))));
}
