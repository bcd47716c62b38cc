// Tokenizers that the page knows by their registered names: text -> the stages of each word.
// A stage is a list of ids: the word before any merge, and after each. The last is its tokens.

const { state, vocabulary } = data;
const size = vocabulary.texts.length;

/** The bytes of a character in UTF-8; a lone surrogate has three, as any other of its range. */
function utf8(character) {
  const code = character.codePointAt(0);
  if (code < 0xd800 || code > 0xdfff) return [...new TextEncoder().encode(character)];
  return [0xed, 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
}

/** A pattern of Python's as one of JavaScript's. */
function wordPattern(pattern) {
  const anyCase = (_, inside) => `(?:${inside.replace(/[a-z]/g, (c) => `[${c}${c.toUpperCase()}]`)})`;
  return new RegExp(pattern.replace(/\(\?i:([^)]*)\)/g, anyCase).replaceAll("\\Z", "$"), "gu");
}

/** Merge two neighbours at a time, always those whose merge was learned first. */
function mergeStages(ids, ranks) {
  const stages = [ids];
  for (;;) {
    const found = ids.slice(1).map((right, i) => ranks.get(`${ids[i]},${right}`) ?? [Infinity]);
    const place = found.reduce((best, [rank], i) => (rank < (found[best]?.[0] ?? Infinity) ? i : best), -1);
    if (place < 0) return stages;
    ids = [...ids.slice(0, place), found[place][1], ...ids.slice(place + 2)];
    stages.push(ids);
  }
}

function learned() {
  const { alphabet, merges, fixed_tokens: fixed } = state;
  const firstMerge = size - merges.length;
  const firstLetter = firstMerge - alphabet.length;
  const letters = new Map(alphabet.map((character, i) => [character, firstLetter + i]));
  const bytes = (character) => utf8(character).map((byte) => firstLetter - fixed.length + byte);
  const unknown = fixed.length ? bytes : () => [vocabulary.unknown];
  const ranks = new Map(merges.map((pair, i) => [String(pair), [i, firstMerge + i]]));
  const spell = (c) => (letters.has(c) ? [letters.get(c)] : unknown(c));
  return (word) => mergeStages([...word].flatMap(spell), ranks);
}

function pretrained() {
  const ids = new Map(state.tokens.map((text, id) => [text, id]));
  const joined = ([left, right]) => ids.get(state.tokens[left] + state.tokens[right]);
  const ranks = new Map(state.merges.map((pair, i) => [String(pair), [i, joined(pair)]]));
  const spell = (c) => utf8(c).map((byte) => ids.get(String.fromCharCode(byte)) ?? vocabulary.unknown);
  return (word) => {
    const whole = ids.get(String.fromCharCode(...[...word].flatMap(utf8)));
    const spelled = [...word].flatMap(spell);
    const isWhole = state.ignore_merges && whole !== undefined && spelled.length > 1;
    return isWhole ? [spelled, [whole]] : mergeStages(spelled, ranks);
  };
}

function characters() {
  const ids = new Map(state.characters.map((c, i) => [c, size - state.characters.length + i]));
  return (character) => [[ids.get(character) ?? vocabulary.unknown]];
}

const TOKENIZERS = { char: characters, bpe: learned, "byte-bpe": learned, "pretrained-bpe": pretrained };
const wordStages = state && TOKENIZERS[data.tokenizer.split("/").at(-1)]?.();

/** The stages of every word of a text. */
function encode(text) {
  const words = vocabulary.pattern ? text.match(wordPattern(vocabulary.pattern)) ?? [] : [...text];
  return words.map(wordStages);
}
