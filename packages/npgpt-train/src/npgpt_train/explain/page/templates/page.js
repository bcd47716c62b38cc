// The page put together: the summary, the first pass, and what follows a change of the scheme.

function startSummary() {
  const reason = data.weights ? `it has no code of its own for ${data.unknown.join(", ")}` : "the weights are too large for a page";
  const held = data.computable ? "The page holds the weights and computes every number itself, for any text."
    : `The page shows what NumPy computed for one text, because ${reason}.`;
  const left = data.left_out ? ` The model sees the last ${data.ids.length} tokens; ${data.left_out} before them are left out.` : "";
  find("summary").textContent = `${data.model}, ${count(data.size)} parameters, after ${count(data.step)} steps. ${held}${left}`;
  if (!data.computable) return;
  const numpy = open(data.logits).data, own = row(shown.pass.logits, data.ids.length - 1);
  const apart = numpy.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i])), 0);
  find("agreement").textContent = `Its logits and those of NumPy differ by at most ${number(apart, 5)}.`;
}

shown.target = data.target;
for (const start of [startText, startPrediction, startBack, startNudge, startStep, compute, startSummary]) start();
darkScheme.addEventListener("change", show);
globalThis.npgpt = { data, shown, model, modules, parameters, encode, arrayOf, termsOf }; // for the console
document.documentElement.dataset.ready = "true"; // for whoever drives the page
