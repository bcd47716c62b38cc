"""Tokens as a reader sees them, and a text as the ids that a model sees."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.escaping import printable
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids

WHITE_SPACE = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥"})


def visible(text: str) -> str:
    """The text of a token as a reader can see it whole: printable, its white space too."""
    return printable(text).translate(WHITE_SPACE)


@dataclass(frozen=True)
class Token:
    """An id, and the text that it stands for or, if it is ``special``, its name (see ``token``)."""

    id: int
    text: str
    special: bool = False


def token(tokenizer: Tokenizer, i: int) -> Token:
    """A token by its id: its text, the name of a special one, or bytes like ``<0xC3>``.

    Bytes that are no text of their own are known of a tokenizer that offers ``token_bytes``.
    """
    for name, special in tokenizer.special_tokens.items():
        if i == special:
            return Token(i, name, special=True)
    if not hasattr(tokenizer, "token_bytes"):
        return Token(i, tokenizer.decode([i]))
    data = tokenizer.token_bytes(i)
    try:
        return Token(i, data.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return Token(i, "".join(f"<0x{byte:02X}>" for byte in data))


def tokens(tokenizer: Tokenizer, ids: Iterable[int]) -> list[Token]:
    """The tokens of ids."""
    return [token(tokenizer, int(i)) for i in ids]


@dataclass(frozen=True)
class Window:
    """The ids of a text that a model can see, (n,), and how many before them it cannot."""

    ids: Ids
    left_out: int


def window(tokenizer: Tokenizer, text: str, longest: int, shortest: int = 1) -> Window:
    """The last ``longest`` ids of a text, as a model sees them when it continues the text.

    Raises:
        NpgptError: the text has fewer than ``shortest``.
    """
    ids = np.asarray(tokenizer.encode(text))
    if len(ids) < shortest:
        raise NpgptError(
            f"the text is too short: it makes {len(ids)} of the {shortest} tokens that are needed"
        )
    return Window(ids[-longest:], max(len(ids) - longest, 0))
