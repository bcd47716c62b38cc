// Back: the gradient of a loss walking down, and which tokens it reaches.

/** The norm of each token's part of an array (.., T, C). */
function reach(array) {
  const { length } = shown.pass.ids, squares = new Float64Array(length);
  for (let n = 0; n < array.rows; n++) squares[n % length] += dot(row(array, n), row(array, n));
  return squares.map(Math.sqrt);
}

/** The stops of the gradient, each before what is in it: [module, the norm of each token's part of dy]. */
function stops() {
  const reached = data.computable ? null : open(data.reach), walked = [...modules.values()].reverse().filter((m) => passageOf(m).dy);
  return walked.map((m, i) => [m, reached ? row(reached, i) : reach(passageOf(m).dy)]).filter(([m]) => !isIdentity(m));
}

function showBack() {
  const { ids, loss, target } = shown.pass;
  const options = ids.slice(1).map((id, i) => h("option", { value: String(i + 1) }, `${i + 1}  ${vocabulary.texts[id]}`));
  find("loss-of").replaceChildren(h("option", { value: "all" }, "every token but the first: the mean"), ...options);
  find("loss-of").value = String(target);
  find("loss-of").disabled = !data.computable;
  find("walk").hidden = loss === null;
  if (loss === null) return find("loss").replaceChildren("A text of one token has no loss.");
  const share = target === "all" ? "" : `: the token was given ${percent(Math.exp(-loss))}`;
  find("loss").textContent = `loss = ${number(loss, 4)} nats${share}`;
  const walked = stops(), most = Math.max(...walked.map(([, norms]) => norm(norms)));
  find("stops").replaceChildren(...walked.map(([m, norms]) => stop(m, norms, most)));
  const [embedding, reached] = walked.filter(([m]) => m.above === model).at(-1);
  find("reached-name").textContent = title(embedding);
  find("reached").replaceChildren(...ids.map((id, t) => tokenBar(id, reached[t], Math.max(...reached))));
}

/** One stop: the gradient that a module got, token by token, and its mathematics when opened. */
function stop(m, norms, most) {
  const label = `largest at token ${norms.indexOf(Math.max(...norms))}`;
  const strip = h("canvas", { class: "cells strip", role: "img", "aria-label": label });
  paint(strip, tensor([1, norms.length], Float64Array.from(norms)));
  const summary = h("summary", { class: "stop" }, h("span", { class: "name" }, title(m)),
    h("small", { class: "kind" }, m.about.kind), strip, bar(norm(norms) / most, number(norm(norms), 4)));
  const details = h("details", {}, summary);
  details.addEventListener("toggle", () => details.append(...mathematics(m)), { once: true });
  return h("li", {}, details);
}

function mathematics(m) {
  const parameterNorm = (name) => (data.computable ? norm(parameters.get(name).gradient.data) : data.norms[name]);
  const rows = Object.entries(m.about.parameters).map(([own, name]) => h("tr", {}, h("th", { scope: "row" }, name),
    h("td", {}, code(m.about.formulas[own])), h("td", {}, number(parameterNorm(name), 4))));
  const look = () => { choose(m, "y", true); find("flow").scrollIntoView(); };
  return [h("p", {}, code(m.about.backward)), h("table", {}, h("tbody", {}, ...rows)), source(m, "backward", false),
    button("Show this gradient as a heat map", look)];
}

function startBack() {
  find("loss-of").addEventListener("change", (event) => {
    shown.target = event.target.value === "all" ? "all" : Number(event.target.value);
    compute();
  });
}
