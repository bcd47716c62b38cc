// Text: the tokens with their ids, the merges that made them, and another text.

function showText() {
  const { ids } = shown.pass, left = shown.typed.length + shown.drawn.length - ids.length;
  const unseen = left ? `The model sees the last ${ids.length} tokens; ${left} before them are left out.` : "";
  find("text-note").textContent = data.text_note ?? unseen;
  find("tokens").replaceChildren(...ids.map((id, t) =>
    h("li", { class: t >= ids.length - shown.drawn.length ? "drawn" : "" }, tokenText(id), h("small", {}, String(id)))));
  showMerges();
}

/** The words after so many merges, each as its pieces. */
function showMerges() {
  const words = shown.stages ?? [];
  const most = Math.max(0, ...words.map((word) => word.length - 1));
  find("merges").hidden = !most;
  const slider = find("merge");
  slider.max = String(most);
  const after = Math.min(Number(slider.value), most);
  find("merge-value").textContent = `${after} of ${most}`;
  find("words").replaceChildren(...words.map((word) =>
    h("li", {}, ...word[Math.min(after, word.length - 1)].map(tokenText))));
}

function otherText(text) {
  const stages = encode(text);
  const ids = stages.flatMap((word) => word.at(-1));
  if (!ids.length) return find("text-note").replaceChildren("A text without tokens: the one before is shown.");
  Object.assign(shown, { typed: ids, drawn: [], stages: vocabulary.pattern ? stages : null });
  compute();
}

function startText() {
  find("typed").value = data.text;
  find("typed").disabled = find("original").disabled = !wordStages;
  find("typed").addEventListener("input", () => otherText(find("typed").value));
  find("original").addEventListener("click", () => {
    find("typed").value = data.text;
    Object.assign(shown, { typed: data.ids, drawn: [], stages: data.stages });
    compute();
  });
  find("merge").addEventListener("input", showMerges);
  find("merge").value = "999";
}
