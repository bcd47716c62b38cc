// What the page holds: a description in JSON, and arrays of float16 that it points into.

const data = JSON.parse(document.getElementById("data").textContent);
const stored = await unpack(document.getElementById("arrays").textContent.trim());

/** base64 of a zlib stream of float16 -> the numbers. */
async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const halves = new Uint16Array(await new Response(inflated).arrayBuffer());
  const table = new Float32Array(65536).map((_, bits) => half(bits));
  return new Float32Array(halves.length).map((_, i) => table[halves[i]]);
}

/** The number that 16 bits stand for: a sign, 5 bits of exponent, 10 of fraction. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}

const opened = new Map();

/** The array of an entry, null of none; the same entry gives the same object. */
function open(entry) {
  if (!entry) return null;
  const key = `${entry.start}:${entry.shape}`;
  if (!opened.has(key)) {
    const size = entry.shape.reduce((a, b) => a * b, 1);
    const numbers = stored.subarray(entry.start, entry.start + size);
    const rest = open(entry.rest)?.data; // what float16 left of the numbers
    const array = tensor(entry.shape, new Float64Array(numbers).map((x, i) => x * entry.scale + (rest?.[i] ?? 0)));
    array.columns = entry.columns; // how many there were, if only the first are here
    opened.set(key, array);
  }
  return opened.get(key);
}
