"""The axes of a comparison: on each the choices to take one of, and how runs are called after them.

A tokenizer, a model, an optimizer or a seed is a variant that sets one thing.
"""

import hashlib
import os
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_train.run.paths import TOKENIZER, is_run
from npgpt_train.settings.choices import flatten, parse_value
from npgpt_train.settings.settings import PARTS
from npgpt_train.text.tokenizer_file import SUFFIX, is_tokenizer_path

LONGEST = 80  # characters of a name
UNSAFE = re.compile(r"[^\w.+-]+")  # in the name of a folder, anywhere


@dataclass(frozen=True)
class Choice:
    """A point of an axis: what it sets, and what it is called (None: after what it sets)."""

    settings: Mapping[str, Any]
    name: str | None = None


def parts_axis(kind: str, names: Sequence[str]) -> list[Choice]:
    """An axis of parts; a single one is that of all runs and names none of them."""
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise NpgptError(f"{kind} {repeated[0]!r} is named twice: each stands for one run")
    words = [""] if len(names) == 1 else _words(kind, names)
    return [Choice({kind: name}, word) for name, word in zip(names, words, strict=True)]


def _words(kind: str, names: Sequence[str]) -> list[str]:
    """What parts are called: by their names; a path by as little of its end as tells them apart."""
    ends = [_ends(kind, name) for name in names]
    depths = range(1, max(map(len, ends), default=0) + 1)
    called = [[words[:depth][-1] for words in ends] for depth in depths]
    distinct = (words for words in called if len({*map(str.casefold, words)}) == len(words))
    return next(distinct, [words[-1] for words in ends])


def _ends(kind: str, name: str) -> list[str]:
    """A part's name; of the path of a tokenizer its last part, the last two, ...; all are safe."""
    if not (kind == "tokenizer" and is_tokenizer_path(name)):
        return [_safe(name)]
    path = Path(os.path.abspath(name))
    if path.name == TOKENIZER and is_run(path.parent):
        path = path.parent
    parts = [*path.parent.parts[1:], path.name.removesuffix(SUFFIX)]
    return [_safe("-".join(parts[-depth:])) or kind for depth in range(1, len(parts) + 1)]


def _safe(name: str) -> str:
    return UNSAFE.sub("-", name).strip("-.")


def choice_of(given: Mapping[str, Any] | str) -> Choice:
    """The settings of a variant and its name, if it has one."""
    if not isinstance(given, (str, Mapping)):
        raise NpgptError(
            f"a variant is {short_repr(given, 80)}, expected settings, such as 'lr=0.5'"
        )
    settings = _parse(given) if isinstance(given, str) else dict(given)
    name = settings.pop("name", None)
    if name is not None:
        _require_name(name)
    flat = flatten(settings)
    if "data" in flat:
        raise NpgptError(
            f"the variant {short_repr(given, 80)} has its own data: all runs read the same text"
        )
    return Choice(flat, name)


def _parse(text: str) -> dict[str, Any]:
    """``optim=sgd lr=0.5`` -> the settings; quotes keep a value with spaces together."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise NpgptError(f"the variant {text!r} cannot be read: {error}") from error
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals and value):
            raise NpgptError(
                f"{word!r} in the variant {text!r}: expected KEY=VALUE, such as lr=0.5"
            )
        if key in settings:
            raise NpgptError(f"the variant {text!r} has {key} twice")
        settings[key] = value if key == "name" else parse_value(value)
    return settings


def _require_name(name: object) -> None:
    fit = isinstance(name, str) and name and not UNSAFE.search(name) and name[0].isalnum()
    if not fit or len(str(name)) > LONGEST or str(name).endswith("."):
        raise NpgptError(
            f"a variant has the name {short_repr(name, 100)}, expected a folder's: at most"
            f" {LONGEST} letters, digits or any of . _ + -, a letter or a digit first and no . last"
        )


def require_disjoint(axes: Sequence[Sequence[Choice]]) -> None:
    """Refuse a setting that two axes set: one of them would be forgotten."""
    keys = [{key for choice in axis for key in choice.settings} for axis in axes]
    for key, times in Counter(key for axis in keys for key in axis).items():
        if times > 1:
            raise NpgptError(
                f"{key} stands in a variant and is also compared apart: leave one of them out"
            )


def name_of(choice: Choice) -> str:
    """What a choice sets, apart from the seed: ``sgd-lr0.5-momentum0.9``."""
    if choice.name is not None:
        return choice.name
    words = [_word(key, value) for key, value in choice.settings.items() if key != "seed"]
    return _safe("-".join(words))


def _word(key: str, value: Any) -> str:
    if key in PARTS:
        return _ends(key, str(value))[0]
    shown = f"{value:.12g}" if isinstance(value, float) else str(value)
    return f"{key.rpartition('.')[2]}{shown}"


def shorten(name: str) -> str:
    """A name that a folder can have: a long one is cut, and ends with a digest of all of it."""
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[: LONGEST - 9]}-{digest}"
