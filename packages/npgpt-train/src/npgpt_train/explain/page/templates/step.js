// A step: what the run's optimizer would do with the gradients of the page's first text.

function startStep() {
  const { update } = data;
  find("updates").closest("div").hidden = !update;
  if (!update) {
    find("step-lead").textContent = data.loss === null ? "A text of one token has no loss, so there is no step."
      : "This run was not trained by npgpt, so it has no optimizer; npgpt train --init-from begins a run with one.";
    return;
  }
  const scale = update.grad_clip > 0 ? Math.min(update.grad_clip / update.grad_norm, 1) : 1;
  find("step-lead").textContent = `What ${update.optimizer} would do with the gradients of this page's first text, as step
    ${count(update.step + 1)} of the run, at a learning rate of ${number(update.lr, 5)}. All gradients together have the norm
    ${number(update.grad_norm)}${scale < 1 ? `, so clipping multiplies them by ${number(scale)}` : ""}.`;
  find("losses").textContent = `loss ${number(data.loss, 4)} → ${number(update.loss_after, 4)}`;
  const most = Math.max(...update.parameters.map((p) => p.relative ?? 0)) || 1;
  const share = (p) => (p.relative === null ? "–" : bar(p.relative / most, `${number(100 * p.relative)} %`));
  find("updates").replaceChildren(...update.parameters.map((p) => h("tr", {}, h("th", { scope: "row" }, p.parameter),
    ...[shapeText(p.shape), number(p.weight), number(p.gradient), number(p.update), share(p)].map((each) => h("td", {}, each)))));
}
