"""Byte-pair encoding: between characters and words, tokens as long as their text is frequent.

Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016,
https://arxiv.org/abs/1508.07909. The algorithm:

1. Split the text into words; count each distinct word. Nothing is merged across words.
2. Write each word as a sequence of symbols, at first its characters: the alphabet.
3. Find the pair of neighbouring symbols that occurs most often in all words.
4. Make it a new symbol, and replace the pair by it in every word. That is one merge.
5. Repeat from 3 until the vocabulary is full.

To encode a text, split it into words likewise and apply to each the merges in the order in which
they were learned. Since a merge only joins neighbours, the symbols of a word always spell it:
decoding is joining the texts of the tokens.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_tokenizers.base import SIZES, SPECIAL_TOKENS, UNK, UNKNOWN_TEXT
from npgpt_tokenizers.checks import check_integer, check_texts
from npgpt_tokenizers.coding import MergingTokenizer
from npgpt_tokenizers.learning import learn_merges
from npgpt_tokenizers.merging import PairMerges, WordCache
from npgpt_tokenizers.split import GPT2_WORD, count_words
from npgpt_tokenizers.state import Fields
from npgpt_tokenizers.symbols import MAX_VOCAB_SIZE, Spelling

MAX_TEXT_SIZE = 2**26  # bytes of all tokens; 40 merges of a damaged state could spell terabytes


class BPETokenizer(MergingTokenizer):
    """Byte-pair encoding of characters, learned within words as GPT-2 splits them.

    Lossless on its alphabet, the characters of the training text; any other becomes ``<unk>``,
    which decodes to U+FFFD. Each merge takes the most frequent pair and, of equals, that with the
    lowest ids, so the same texts give the same vocabulary. It is smaller than asked for where the
    words have no pairs left to merge.

    To extend it, name the subclass (``name``) and override any of these; the ids are the special
    tokens, then the fixed tokens, the alphabet, and the merges:

    - ``fixed_tokens``: tokens before the alphabet, and the bytes that each decodes to;
    - ``learn_alphabet``: the characters that get a token of their own;
    - ``spell_unknown``: the ids of a character outside the alphabet;
    - ``options``: with options of your own, the keyword arguments of ``__init__`` to save.

    The bytes of all tokens are joined before they are decoded as UTF-8, so that a character may be
    spelled by several tokens. ``ByteBPETokenizer`` is such a subclass.

    Args:
        vocab_size: Most ids there may be, the four special tokens and the alphabet included.
    """

    name = "bpe"
    presets = SIZES

    def __init__(self, *, vocab_size: int = 6551) -> None:
        self._fixed_tokens = dict(self.fixed_tokens())
        least = len(SPECIAL_TOKENS) + len(self._fixed_tokens)
        self._max_vocab_size = check_integer("vocab_size", vocab_size, least, MAX_VOCAB_SIZE)
        self._alphabet_start = least
        self._alphabet: list[str] = []
        self._pairs: list[str] = []

    def fixed_tokens(self) -> Mapping[str, bytes]:
        """The tokens between the special ones and the alphabet: label -> bytes; here none.

        Called once, by ``__init__``. The first has the id ``len(self.special_tokens)``, that is 4.
        """
        return {}

    def learn_alphabet(self, word_counts: Mapping[str, int]) -> Sequence[str]:
        """The characters that get a token of their own, in the order of their ids; here all.

        Characters that are left out of the training text's must be spelled in fixed tokens.
        """
        return sorted(set().union(*word_counts))

    def spell_unknown(self, character: str) -> Iterable[int]:
        """The ids of a character outside the alphabet: here ``<unk>``, else those of fixed tokens.

        Must be pure: the answer for a character is kept.
        """
        return (UNK,)

    def train(self, texts: Iterable[str]) -> None:
        """Learn the alphabet and the merges of the texts."""
        counts = count_words(GPT2_WORD, check_texts(texts))
        alphabet = list(self.learn_alphabet(counts))
        first = self._alphabet_start + len(alphabet)
        if first > self._max_vocab_size:
            raise NpgptError(
                f"vocab_size={self._max_vocab_size} is below the {first} that the "
                f"{self._alphabet_start} tokens before the alphabet and its {len(alphabet)} "
                f"characters take: give vocab_size={first} or more"
            )
        spelling = self._spelling(alphabet)
        words = [word.translate(spelling) for word in counts]
        pairs = learn_merges(words, counts.values(), first, self._max_vocab_size)
        self._set_vocabulary(alphabet, pairs)

    def options(self) -> dict[str, Any]:
        """The keyword arguments that made this tokenizer."""
        return {"vocab_size": self._max_vocab_size}

    def vocabulary(self) -> dict[str, Any]:
        """Fixed tokens by label, the alphabet, and the pairs of ids that were merged, in order."""
        return {
            "fixed_tokens": list(self._fixed_tokens),
            "alphabet": list(self._alphabet),
            "merges": [list(map(ord, pair)) for pair in self._pairs],
        }

    def restore(self, fields: Fields) -> None:
        """Take the vocabulary from a state; each merge must join two tokens before it."""
        if fields.strings("fixed_tokens") != list(self._fixed_tokens):
            raise fields.error("its fixed tokens are not those of this tokenizer")
        alphabet, pairs = fields.characters("alphabet"), fields.pairs("merges")
        first = self._alphabet_start + len(alphabet)
        if first + len(pairs) > self._max_vocab_size:
            raise fields.error(f"it holds more tokens than its vocab_size, {self._max_vocab_size}")
        for new, pair in enumerate(pairs, start=first):
            if not len(SPECIAL_TOKENS) <= min(pair) <= max(pair) < new:
                raise fields.error(
                    f"id {new} merges {short_repr(pair, 80)}, and not two tokens before it"
                )
        try:
            self._set_vocabulary(alphabet, [chr(left) + chr(right) for left, right in pairs])
        except NpgptError as error:
            raise fields.error(str(error)) from error

    def _spelling(self, alphabet: Sequence[str]) -> Spelling:
        ids = {character: i for i, character in enumerate(alphabet, start=self._alphabet_start)}
        return Spelling(ids, self.spell_unknown)

    def _set_vocabulary(self, alphabet: list[str], pairs: list[str]) -> None:
        self._bytes_of_id = self._token_bytes(alphabet, pairs)
        first = self._alphabet_start + len(alphabet)
        merges = PairMerges({pair: chr(new) for new, pair in enumerate(pairs, start=first)})
        self._cache = WordCache(self._spelling(alphabet), merges)
        self._alphabet, self._pairs, self._trained = alphabet, pairs, True

    def _token_bytes(self, alphabet: Iterable[str], pairs: Iterable[str]) -> list[bytes]:
        tokens = [b"", UNKNOWN_TEXT.encode(), b"", b"", *self._fixed_tokens.values()]
        tokens.extend(character.encode("utf-8", "surrogatepass") for character in alphabet)
        size = 0
        for pair in pairs:
            token = b"".join([tokens[ord(symbol)] for symbol in pair])
            size += len(token)
            if size > MAX_TEXT_SIZE:
                raise NpgptError(f"the texts of the tokens take more than {MAX_TEXT_SIZE} bytes")
            tokens.append(token)
        return tokens
