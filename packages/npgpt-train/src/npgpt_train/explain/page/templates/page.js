// The page put together: the summary, the first pass, and what follows a change of the scheme.

function startSummary() {
  find("summary").textContent = data.summary;
  if (!data.computable) return;
  const own = row(shown.pass.logits, data.ids.length - 1);
  const apart = open(data.logits).data.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i])), 0);
  find("agreement").textContent = `Its logits and those of NumPy differ by at most ${number(apart, 5)}.`;
}

shown.target = data.target;
for (const start of [startText, startPrediction, startBack, startNudge, startStep]) start();
finish(computed());
startSummary();
darkScheme.addEventListener("change", () => inSlices("page", show()));
globalThis.npgpt = { data, shown, model, modules, parameters, encode, arrayOf, termsOf }; // for the console
document.documentElement.dataset.ready = "true"; // for whoever drives the page
