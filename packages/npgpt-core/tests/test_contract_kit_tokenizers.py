"""Each tokenizer check can fail: for every id, a tokenizer that is broken in one place."""

import unicodedata

import numpy as np
import pytest

from npgpt_core import NpgptError
from npgpt_core.testing import parametrize_with_checks, tokenizer_checks
from npgpt_core.testing.tokenizers.texts import TEXTS, require_round_trip

CHECKS = dict(tokenizer_checks())
SPECIAL_TOKENS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}


class Chars:
    """A right tokenizer, one id a character, to be broken in one place at a time."""

    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)
    characters: str | None = None

    @property
    def vocab_size(self):
        return 4 + len(self.characters)

    def train(self, texts):
        self.characters = "".join(sorted(set().union(*texts)))

    def encode(self, text):
        if self.characters is None:
            raise NpgptError("train first")
        ids = {character: i for i, character in enumerate(self.characters, start=4)}
        return np.array([ids.get(character, 1) for character in text], np.int32)

    def decode(self, ids):
        ids = [int(i) for i in ids]
        if ids and not 0 <= min(ids) <= max(ids) < self.vocab_size:
            raise NpgptError("no such id")
        return "".join(["", "\ufffd", "", "", *self.characters][i] for i in ids)

    def state(self):
        return {"characters": self.characters}

    @classmethod
    def from_state(cls, state):
        if not isinstance(state.get("characters"), str):
            raise NpgptError("this is no state of characters")
        tokenizer = cls()
        tokenizer.characters = state["characters"]
        return tokenizer


def loses(what, replacement=""):
    """A tokenizer whose texts lack some characters."""

    class Loses(Chars):
        def decode(self, ids):
            return "".join(replacement if what(c) else c for c in super().decode(ids))

    return Loses


class NoDecode:
    special_tokens = SPECIAL_TOKENS
    pad_id = unk_id = bos_id = eos_id = None
    vocab_size = 4
    train = encode = state = from_state = Chars.train


class DefaultIsAnObject(Chars):
    def __init__(self, normalize=str.lower):
        pass


class ListsSpecialTokens(Chars):
    special_tokens = ("<pad>", "<unk>", "<bos>", "<eos>")


class EndsOutsideItsSpecialTokens(Chars):
    eos_id = 7


class NamesAnOrdinaryId(Chars):
    special_tokens = SPECIAL_TOKENS | {"<sep>": 5}


class Lists(Chars):
    def encode(self, text):
        return super().encode(text).tolist()


class TooSmallVocabulary(Chars):
    vocab_size = property(lambda self: 3 + len(self.characters))


class UnseenIsKeyError(Chars):
    def encode(self, text):
        if unseen := set(text) - set(self.characters):
            raise KeyError(unseen.pop())
        return super().encode(text)


class LearnsWhileEncoding(Chars):
    def encode(self, text):
        ids = super().encode(text)
        self.characters += "".join(sorted(set(text) - set(self.characters)))
        return ids


class GivesItsCache(Chars):
    def encode(self, text):
        self.cache = vars(self).get("cache", {})
        return self.cache.setdefault(text, super().encode(text))


class RandomOrder(Chars):
    def train(self, texts):
        super().train(texts)
        self.characters = "".join(np.random.default_rng().permutation([*self.characters]).tolist())


class AddsToVocabulary(Chars):
    def train(self, texts):
        known = self.characters or ""
        super().train(texts)
        self.characters = known + "".join(c for c in self.characters if c not in known)


class ReadsTwice(Chars):
    def train(self, texts):
        self.longest = max(map(len, texts), default=0)
        super().train(texts)


class UntrainedIsTypeError(Chars):
    def encode(self, text):
        return super().encode(text if self.characters else None + text)


class CountsTooMany(Chars):
    vocab_size = property(lambda self: 5 + len(self.characters))


class WrapsAround(Chars):
    def decode(self, ids):
        return super().decode([i % self.vocab_size for i in ids])


class ArraysOnly(Chars):
    def decode(self, ids):
        return super().decode(ids if ids.ndim == 1 else [])


class FullStopAtTheEnd(Chars):
    def encode(self, text):
        return super().encode(text) if text else np.array([4], np.int32)


class ReadsSpecialTokens(Chars):
    def encode(self, text):
        for token, character in zip(self.special_tokens, "\ue000\ue001\ue002\ue003", strict=True):
            text = text.replace(token, character)
        ids = super().encode(text)
        for i, character in enumerate("\ue000\ue001\ue002\ue003"):
            ids[[c == character for c in text]] = i
        return ids


class ShoutsWhenLost(Chars):
    """Several unknown characters anywhere change the text before them."""

    def decode(self, ids):
        text = super().decode(ids)
        return text.upper() if text.count("\ufffd") > 3 else text


class SpaceBetween(Chars):
    def decode(self, ids):
        return super().decode(ids) + " "


class ShortensLongWords(Chars):
    def encode(self, text):
        return super().encode(text)[:1000]


class Quadratic(Chars):
    def encode(self, text):
        ids = super().encode(text)
        for i in range(len(text)):
            sum(ids[:i].tolist())  # as one who counts the whole word for each letter
        return ids


class ForgetsSome(Chars):
    def state(self):
        return {"characters": self.characters[:-3]}


class CountsStates(Chars):
    states = 0

    def state(self):
        type(self).states += 1
        return {**super().state(), "states": type(self).states}


class GivesATuple(Chars):
    def state(self):
        return {**super().state(), "sizes": (1, 2)}


class GivesItsOwnList(Chars):
    def state(self):
        self.shared = vars(self).get("shared", [*self.characters])
        return {"characters": self.shared}

    @classmethod
    def from_state(cls, state):
        if not isinstance(state.get("characters"), list):
            raise NpgptError("this is no state of characters")
        return super().from_state({"characters": "".join(state["characters"])})


class ForeignIsKeyError(Chars):
    @classmethod
    def from_state(cls, state):
        _ = state["characters"]
        return super().from_state(state)


class TakesAnyField(Chars):
    @classmethod
    def from_state(cls, state):
        if state.get("characters", "") is None:
            return cls()  # encodes nothing
        return super().from_state(state)


BROKEN = {
    "protocol": NoDecode,
    "options-are-data": DefaultIsAnObject,
    "special-tokens-map": ListsSpecialTokens,
    "special-ids-named": EndsOutsideItsSpecialTokens,
    "special-ids-stand-for-no-text": NamesAnOrdinaryId,
    "ids-are-integers": Lists,
    "ids-in-range": TooSmallVocabulary,
    "unseen-text": UnseenIsKeyError,
    "encode-deterministic": LearnsWhileEncoding,
    "ids-belong-to-caller": GivesItsCache,
    "train-deterministic": RandomOrder,
    "train-again-starts-anew": AddsToVocabulary,
    "train-reads-once": ReadsTwice,
    "encode-untrained": UntrainedIsTypeError,
    "vocab-size-decodable": CountsTooMany,
    "decode-refuses-unknown-ids": WrapsAround,
    "decode-any-iterable": ArraysOnly,
    "round-trip-empty": FullStopAtTheEnd,
    "round-trip-training-text": loses(str.isspace),
    "round-trip-ascii": loses(str.isupper, "x"),
    "round-trip-unicode-planes": loses(lambda c: c > "\uffff", "?"),
    "round-trip-combining-marks": loses(unicodedata.combining),
    "round-trip-control-characters": loses(lambda c: c < " "),
    "round-trip-white-space": loses(lambda c: c == "\t", " "),
    "round-trip-long-words": ShortensLongWords,
    "long-words-in-time": Quadratic,
    "special-tokens-not-from-text": ReadsSpecialTokens,
    "decode-joined": SpaceBetween,
    "decode-streamed": ShoutsWhenLost,
    "state-is-json": GivesATuple,
    "state-round-trip": ForgetsSome,
    "state-same-again": CountsStates,
    "state-is-copied": GivesItsOwnList,
    "from-state-refuses-foreign": ForeignIsKeyError,
    "from-state-refuses-wrong-fields": TakesAnyField,
}


@parametrize_with_checks("tokenizer", Chars)
def test_a_right_tokenizer_passes(check):
    check()


@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_tokenizer_fails(check_id, monkeypatch):
    monkeypatch.setattr("npgpt_core.testing.tokenizers.texts.MOST_SECONDS", 0.2)
    with pytest.raises(AssertionError, match=f"tokenizer check {check_id}: .{{20}}"):
        CHECKS[check_id](BROKEN[check_id])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda text: text[:7] + "X" + text[8:],
            r"'or not to be' at character 7 came back as 'Xr not to be'",
        ),
        (lambda text: text[:-1], r"'\\n' at character 84 came back as ''"),
        (lambda text: text + "!", r"'' at character 85 came back as '!'"),
    ],
)
def test_a_text_that_does_not_come_back_is_told_from_where_it_differs(change, told):
    class Changes(Chars):
        def decode(self, ids):
            return change(super().decode(ids))

    tokenizer = Changes()
    tokenizer.train(TEXTS)
    with pytest.raises(AssertionError, match=told):
        require_round_trip(tokenizer, TEXTS[0])


def test_another_error_than_npgpts_before_training_is_told_with_its_type():
    with pytest.raises(
        AssertionError, match=r"encode before train raised TypeError: .*says to train"
    ):
        CHECKS["encode-untrained"](UntrainedIsTypeError)


def test_every_check_has_its_broken_tokenizer():
    assert set(BROKEN) == set(CHECKS)


def test_a_tokenizer_may_refuse_to_encode_untrained_or_need_no_training():
    class Bytes(Chars):
        characters = "".join(map(chr, range(128)))

    CHECKS["encode-untrained"](Bytes)
