// Text -> the stages of each word, as the tokenizers of npgpt have them.
// A stage is a list of ids: the word before any merge, and after each. The last is its tokens.

const { vocabulary } = data;
const size = vocabulary.texts.length;

/** The bytes of a character in UTF-8; a lone surrogate has three, as any other of its range. */
function utf8(character) {
  const code = character.codePointAt(0);
  if (code < 0xd800 || code > 0xdfff) return [...new TextEncoder().encode(character)];
  return [0xed, 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)];
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

/** What merges the letters of a word: letters have ids, other characters those of their bytes or none. */
function merging() {
  const { letters, bytes, merges, whole } = data.encoder;
  const ranks = new Map(merges.map(([left, right, id], i) => [`${left},${right}`, [i, id]]));
  const idOf = new Map(letters), ofWhole = new Map(whole), known = (id) => id ?? vocabulary.unknown;
  const spell = (c) => (idOf.has(c) ? [idOf.get(c)] : bytes.length ? utf8(c).map((byte) => known(bytes[byte])) : [known(null)]);
  return (word) => {
    const spelled = [...word].flatMap(spell);
    return ofWhole.has(word) && spelled.length > 1 ? [spelled, [ofWhole.get(word)]] : mergeStages(spelled, ranks);
  };
}

const wordStages = data.encoder && merging();

/** The stages of every word of a text. */
function encode(text) {
  const words = vocabulary.pattern ? text.match(new RegExp(vocabulary.pattern, "gu")) ?? [] : [...text];
  return words.map(wordStages);
}
