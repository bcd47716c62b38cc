// What the page holds: a description in JSON, and arrays of float16 that it points into.

const data = JSON.parse(document.getElementById("data").textContent);
const stored = await unpack(document.getElementById("arrays").textContent.trim());

/** base64 of a zlib stream of float16 -> the numbers. */
async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Float16Array(await new Response(inflated).arrayBuffer());
}

const opened = new Map();

/** The array of an entry, null of none; the same entry gives the same object. */
function open(entry) {
  if (!entry) return null;
  const key = `${entry.start}:${entry.shape}`;
  if (!opened.has(key)) {
    const rest = open(entry.rest)?.data; // what float16 left of the numbers
    const array = map(tensor(entry.shape), (_, i) => stored[entry.start + i] * entry.scale + (rest?.[i] ?? 0));
    array.columns = entry.columns; // how many there were, if only the first are here
    opened.set(key, array);
  }
  return opened.get(key);
}
