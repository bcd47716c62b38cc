"""Texts to tokenize: the same 5,000 every time, of what patterns and merges treat differently."""

import random
import unicodedata
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics

DOCS = Path(__file__).parents[2] / "docs"

PLANES = [range(plane << 16, (plane + 1) << 16) for plane in range(17)]
SPACES = [" ", "  ", "\n", "\t", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\x0b", "\x85", "\x1c"]
CONTROLS = [*map(chr, [*range(32), *range(127, 160)]), "\ufeff", "\u202e", "\u200b", "\ufffe"]
DIGITS = [
    "0",
    "7",
    "42",
    "2026",
    "1234567",
    "٣٤",
    "२०",
    "²",
    "½",
    "Ⅷ",
    "㊿",
    "3.14",
    "1,000",
    "0x1F",
]
CONTRACTIONS = [
    "'s",
    "'S",
    "'t",
    "'LL",
    "'ve",
    "'Re",
    "'d",
    "'m",
    "'M",
    "’s",
    "'\u017f",
    "''",
    "'sx",
]
WORDS = ["the", "Hello", "WORLD", "naïve", "camelCase", "HTTPServer", "don", "I", "x", "Straße"]
WORDS += [
    "мама",
    "мыла",
    "शब्द",
    "ภาษาไทย",
    "你好",
    "こんにちは",
    "한국어",
    "e\u0301\u0327",
    "ŒUVRE",
    "ǅ",
]
RIGHT_TO_LEFT = ["שלום", "עולם", "مرحبا", "بالعالم", "\u200f", "لا", "؟", "\u0640"]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "❤️", "1️⃣", "\u200d", "\ufe0f"]
MARKS = [*'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~', "...", "—", "«", "€", "/* ", "*/", "://", "!=", "/\n"]
CODE = [
    "def f(x):\n",
    "    return x",
    "\t\tif (a->b) {\n",
    "};\r\n",
    "#include <a.h>\n",
    "x_1 = y[0]",
]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<unk>", "<|", "|>", "<|fim_prefix|>"]
PIECES = [*SPACES, *CONTROLS, *DIGITS, *CONTRACTIONS, *WORDS, *RIGHT_TO_LEFT, *EMOJI, *MARKS, *CODE]
PIECES += SPECIAL


def texts(count: int = 5000) -> list[str]:
    """``count`` texts of up to some hundred characters; none has a lone surrogate."""
    rng = random.Random(0)
    books = ["".join(topics[name] for name in sorted(topics))]
    books += [path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))]
    kinds: list[Callable[[], str]] = [
        lambda: _of_all_planes(rng),
        lambda: "".join(rng.choices([*SPACES, *SPACES, "a", "1", "!"], k=rng.randint(1, 12))),
        lambda: "".join(rng.choices([*DIGITS, " ", "a"], k=rng.randint(1, 12))),
        lambda: "".join(rng.choices([*WORDS, *CONTRACTIONS], k=rng.randint(1, 12))),
        lambda: " ".join(rng.choices([*WORDS, *RIGHT_TO_LEFT, *DIGITS], k=rng.randint(1, 20))),
        lambda: "".join(rng.choices([*CODE, *MARKS, *SPACES], k=rng.randint(1, 20))),
        lambda: "".join(rng.choices(PIECES, k=rng.randint(1, 30))),
        lambda: _excerpt(rng, rng.choice(books)),
    ]
    return [rng.choice(kinds)() for _ in range(count)]


def _of_all_planes(rng: random.Random) -> str:
    """Characters that this Python's Unicode knows: others may become letters in a later one."""
    codes = (rng.choice(rng.choice(PLANES)) for _ in range(rng.randint(1, 60)))
    known = (chr(code) for code in codes if unicodedata.category(chr(code)) not in ("Cs", "Cn"))
    return "".join(known)


def _excerpt(rng: random.Random, book: str) -> str:
    start = rng.randrange(len(book))
    return book[start : start + rng.randint(1, 600)]
