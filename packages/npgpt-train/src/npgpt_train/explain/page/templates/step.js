// A step: what the run's optimizer would do with the gradients of the page's first text.

function startStep() {
  find("step-lead").textContent = data.step_lead;
  find("updates").closest("table").hidden = !data.update;
  const rows = data.update?.parameters ?? [], most = Math.max(...rows.map((p) => p.gradient)) || 1;
  const share = (p) => (p.relative === null ? "–" : `${number(100 * p.relative)} %`);
  find("updates").replaceChildren(...rows.map((p) => h("tr", {}, h("th", { scope: "row" }, p.parameter), ...[shapeText(p.shape),
    number(p.weight), bar(p.gradient / most, number(p.gradient)), number(p.update), share(p)].map((each) => h("td", {}, each)))));
}
