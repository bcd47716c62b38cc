"""Contract checks of tokenizers: text comes back from its ids, however unusual it is.

A tokenizer that loses something on purpose (a word tokenizer lowercases) says so in its docstring
and lists the check among its expected failures.
"""

import time
from typing import Any

import numpy as np

from npgpt_core.decoding import decode_stream
from npgpt_core.testing.checklist import CheckList, require

tokenizer_texts = CheckList("tokenizer")

TEXTS = (
    "to be, or not to be, that is the question:\nwhether 'tis nobler in the mind to suffer\n",
    "the slings and arrows of outrageous fortune,\n  or to take arms against a sea of troubles\n",
)
"""What tokenizers are trained on, if not on the very text that must come back."""

UNSEEN = "Quartz \u4e2d\u6587 \U0001f600\n\x00 zebra"
"""Has characters and words that the training texts lack."""

SPELLINGS = ("<pad>", "<unk>", "<bos>", "<eos>", "<|endoftext|>")
"""What many tokenizers call their special tokens; ordinary text to one that has none."""

PLANES = "".join(
    chr(plane * 0x10000 + offset)
    for plane in range(17)
    for offset in (0xE41, 0x2F01, 0x3042, 0x4E00, 0xF680)
)
"""Five characters of each of Unicode's 17 planes: letters, signs, private and unassigned ones."""

COMBINING = "\u0301 e\u0301\u0327 \u20ddx \u0e49\u0e49 \u1100\u1161\u11a8 a\u200d\u200cb \ufe0f\n"
CONTROLS = "".join(map(chr, [*range(32), *range(127, 160), 0x202E, 0x2028, 0x2029, 0xFEFF, 0xFFFE]))
WHITE_SPACE = " \n\n\t  \r\n\r a  b\u00a0\u3000c   \n \n\n\n\t\t "
ASCII = "".join(map(chr, range(32, 127)))

MOST_SECONDS = 5.0  # of the processor, for a word of any of these lengths
WORD_LENGTHS = tuple(1000 * 2**doublings for doublings in range(7))


def trained(factory: Any, *texts: str) -> Any:
    """A fresh tokenizer that has seen every text twice, so that no word of it is rare."""
    tokenizer = factory()
    tokenizer.train([*texts, *texts])
    return tokenizer


def require_round_trip(tokenizer: Any, text: str) -> None:
    """Decoding what was encoded gives back ``text``; else say where it differs."""
    back = tokenizer.decode(tokenizer.encode(text))
    require(isinstance(back, str), f"decode gave {type(back).__name__}, expected str")
    if back != text:
        pairs = zip(text, back, strict=False)
        place = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(text), len(back)))
        raise AssertionError(
            f"{text[place : place + 12]!a} at character {place} came back as"
            f" {back[place : place + 12]!a}, though the tokenizer was trained on this very text;"
            " expected the text exactly. What cannot be represented on purpose belongs in the"
            " docstring and in expected_failures"
        )


def require_no_special_ids(tokenizer: Any, text: str) -> None:
    """A text that the tokenizer was trained on has none of the special tokens' ids."""
    names = {i: spelling for spelling, i in tokenizer.special_tokens.items()}
    given = [i for i in sorted(set(np.asarray(tokenizer.encode(text)).tolist())) if i in names]
    require(
        not given,
        f"{text!r:.60} gave {given[:4]}, the ids of {[names[i] for i in given[:4]]}, though it was"
        " the training text: encode what spells a special token as any other text, or whoever"
        " writes a text can end it",
    )


on_texts = tokenizer_texts.given(lambda factory: (trained(factory, *TEXTS),))


@on_texts
def round_trip_empty(tokenizer: Any) -> None:
    """The empty text has no ids, and no ids are the empty text."""
    ids = tokenizer.encode("")
    require(len(ids) == 0, f"encode('') gave {ids!r}, expected an array of shape (0,)")
    text = tokenizer.decode(ids)
    require(text == "", f"decode of no ids gave {text!r}, expected ''")


@on_texts
def round_trip_training_text(tokenizer: Any) -> None:
    """Every text of the training comes back exactly."""
    for text in TEXTS:
        require_round_trip(tokenizer, text)


@tokenizer_texts
def round_trip_ascii(factory: Any) -> None:
    """Printable ASCII comes back exactly, upper case too."""
    require_round_trip(trained(factory, ASCII), ASCII)


@tokenizer_texts
def round_trip_unicode_planes(factory: Any) -> None:
    """Characters of all 17 Unicode planes come back exactly."""
    require_round_trip(trained(factory, PLANES), PLANES)


@tokenizer_texts
def round_trip_combining_marks(factory: Any) -> None:
    """Combining marks, lone or composed, come back as they were: nothing is normalized."""
    require_round_trip(trained(factory, COMBINING), COMBINING)


@tokenizer_texts
def round_trip_control_characters(factory: Any) -> None:
    """Control characters and byte-order marks come back exactly."""
    require_round_trip(trained(factory, CONTROLS), CONTROLS)


@tokenizer_texts
def round_trip_white_space(factory: Any) -> None:
    """Runs of spaces, tabs and line ends of every kind come back exactly, also at the edges."""
    require_round_trip(trained(factory, WHITE_SPACE), WHITE_SPACE)


@tokenizer_texts
def round_trip_long_words(factory: Any) -> None:
    """Words of 2,000 characters come back exactly."""
    text = f"{_long_word(2000)} {'a' * 2000}\n"
    require_round_trip(trained(factory, text), text)


@on_texts
def long_words_in_time(tokenizer: Any) -> None:
    """A word of 64,000 characters takes no more than 5 seconds of the processor to encode."""
    for length in WORD_LENGTHS:
        for word in (_long_word(length), "e" * length):
            start = time.process_time()
            tokenizer.encode(word)
            seconds = time.process_time() - start
            require(
                seconds <= MOST_SECONDS,
                f"a word of {length} characters took {seconds:.1f} s to encode, expected at most"
                f" {MOST_SECONDS:.0f} s: the time must not grow with the square of the length",
            )


@tokenizer_texts
def special_tokens_not_from_text(factory: Any) -> None:
    """Text that spells special tokens is ordinary text: none of their ids, and it comes back."""
    tokens = tuple(trained(factory, *TEXTS).special_tokens) or SPELLINGS
    text = f"{' '.join(tokens)} x{''.join(tokens)}\n"
    tokenizer = trained(factory, text)
    require_no_special_ids(tokenizer, text)
    require_round_trip(tokenizer, text)


@on_texts
def decode_joined(tokenizer: Any) -> None:
    """Ids of two texts, joined, decode to the two texts, joined."""
    first, second = TEXTS
    for left, right in ((first, second), (first[:5], first[5:]), (second[:-3], first)):
        expected = tokenizer.decode(tokenizer.encode(left)) + tokenizer.decode(
            tokenizer.encode(right)
        )
        joined = tokenizer.decode(np.concatenate([tokenizer.encode(left), tokenizer.encode(right)]))
        require(
            joined == expected,
            f"the ids of {left[-8:]!r} and {right[:8]!r}, joined, gave {joined!r:.60}, expected"
            f" {expected!r:.60}: decoding an id must not depend on its place",
        )


@tokenizer_texts
def decode_streamed(factory: Any) -> None:
    """Any ids, decoded while they come, give the text of all of them at once, however long."""
    tokenizer = trained(factory, *TEXTS, PLANES)
    rng = np.random.default_rng(0)
    for length in (1, 10, 100, 1000):
        for _ in range(10):
            ids = rng.integers(0, tokenizer.vocab_size, length)
            text, expected = "".join(decode_stream(tokenizer, ids)), tokenizer.decode(ids)
            require(
                text == expected,
                f"{length} ids, decoded while they came, gave {text[-40:]!r}, expected"
                f" {expected[-40:]!r}: a later id may change the text of those before it only"
                " where they end in an unfinished character, which decodes to U+FFFD",
            )


def _long_word(length: int) -> str:
    """Letters of the training texts in random order."""
    letters = sorted(set("".join(TEXTS)) & set("abcdefghijklmnopqrstuvwxyz"))
    return "".join(np.random.default_rng(0).choice(letters, length).tolist())
