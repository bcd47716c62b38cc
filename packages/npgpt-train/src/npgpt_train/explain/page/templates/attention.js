// Attention: the triangle of every head, what a token looks at, and the gradient of the scores.

const looking = { layer: 0, head: 0, gradient: false, token: Infinity };
const attentionLayers = () => [...modules.values()].filter((m) => passageOf(m).a);
const headOf = (array, head) => someHeads(array, head, head + 1);

/** The mean shares that tokens give themselves, the one before and the first; the first token is left out. */
function habits(a) {
  const rows = Array.from({ length: a.rows - 1 }, (_, i) => i + 1);
  const mean = (share) => rows.reduce((sum, t) => sum + share(t), 0) / (rows.length || 1);
  return [["itself", mean((t) => cell(a, t, t))], ["the previous token", mean((t) => cell(a, t, t - 1))],
    ["the first token", mean((t) => cell(a, t, 0))]];
}

function showAttention() {
  const layers = attentionLayers();
  find("heads").replaceChildren(...layers.flatMap((m, layer) => {
    const { a } = passageOf(m);
    return Array.from({ length: a.shape[0] }, (_, head) => headButton(headOf(a, head), layer, head));
  }));
  find("attention-note").textContent = layers.length ? "" : `No layer of ${data.model} offers attention_weights(x).`;
  if (layers.length) showHead();
}

function headButton(a, layer, head) {
  const canvas = h("canvas", { class: "cells", "aria-hidden": "true" });
  paint(canvas, a);
  const [habit, share] = habits(a).reduce((x, y) => (y[1] > x[1] ? y : x));
  return h("button", { type: "button", class: "head", "data-head": `${layer}.${head}`, onclick() {
    Object.assign(looking, { layer, head });
    showHead();
  } }, canvas, h("span", {}, `layer ${layer}, head ${head}`), h("small", {}, `${percent(share)} on ${habit}`));
}

function showHead(at = null) {
  const name = `${looking.layer}.${looking.head}`;
  for (const each of find("heads").children) each.ariaPressed = each.dataset.head === name;
  const m = attentionLayers()[looking.layer], p = passageOf(m), { ids } = shown.pass;
  const a = headOf(p.a, looking.head), isGradient = looking.gradient && Boolean(p.ds);
  const array = isGradient ? headOf(p.ds, looking.head) : a;
  const t = Math.min(looking.token, ids.length - 1), seen = row(array, t).subarray(0, t + 1);
  const most = seen.reduce((x, y) => Math.max(x, Math.abs(y)), 0);
  const tokens = ids.slice(0, t + 1).map((id, s) => tokenBar(id, seen[s], most, isGradient ? number(seen[s]) : percent(seen[s])));
  const kinds = [[false, "weights"], [true, "gradient of the scores"]];
  refill(find("head"),
    h("h3", {}, `Layer ${looking.layer}, head ${looking.head}`, h("small", {}, ` ${title(m)}`)),
    h("p", {}, `In the mean: ${habits(a).map(([name, share]) => `${percent(share)} on ${name}`).join(", ")}.`),
    choice("values or gradient", kinds, looking.gradient, (gradient) => { looking.gradient = gradient; showHead(); }),
    looking.gradient && !p.ds ? note(`${m.about.kind} does not tell the gradient of its scores; these are the weights.`) : "",
    h("div", { class: "side-by-side" },
      heatmap(array, { label: "attention", cell: 14, at: at ?? [t, t], rows: ids, columns: ids,
        name: (r, s) => [...place(r), " looks at ", ...place(s)], pick(r, s) { looking.token = r; showHead([r, s]); } }),
      h("div", {}, h("p", {}, isGradient ? "Gradient of the scores of token " : "What is looked at by token ", ...place(t)),
        h("ol", { class: "bars" }, ...tokens))),
    h("div", { "aria-live": "polite" }, at ? scoreTerms(m, p, ...at) : ""));
}

/** The score of two tokens, q · k / √D, or its gradient, a · (da − Σ da a). */
function scoreTerms(m, p, t, s) {
  if (s > t) return note("The causal mask: no token looks at a later one. The weight is 0, and so is the gradient.");
  if (!p.q || (looking.gradient && !p.ds)) return note("q and k are not in this page, so there are no terms.");
  const [heads, length] = p.q.shape, n = looking.head * length + t;
  const [q, a] = [row(p.q, n), row(p.a, n)], k = row(p.k, Math.floor((looking.head * p.k.shape[0]) / heads) * length + s);
  if (looking.gradient) {
    const [da, ds] = [row(p.da, n), row(p.ds, n)], mean = dot(da, a);
    const found = { equation: `ds = a · (da − Σ da a), da = dy · v = ${number(da[s])}`, terms: [
      times("a · da", a[s], da[s]), times("− a · Σ da a", -a[s], mean)] };
    return termTable(found, ds[s]);
  }
  const equation = `score = q · k / √D; the softmax of the row makes ${percent(a[s])} of it`;
  return termTable(products(equation, q.length, (d) => [q[d] * m.scale, k[d]], "d="), dot(q, k) * m.scale);
}
