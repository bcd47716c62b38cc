"""Which runs a comparison has, what each is called, and whether its settings are fair.

A run is one of each axis: the variants, the tokenizers, the models, the optimizers, the seeds. A
tokenizer, a model, an optimizer or a seed is a variant that sets one thing.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_train.settings import part_options
from npgpt_train.settings.choices import Choices, flatten, parse_value
from npgpt_train.settings.settings import PARTS

LONGEST = 80  # characters of a name
ALL = "all"  # the figure of all runs has this name
UNSAFE = re.compile(r"[^\w.+-]+")  # in the name of a folder, anywhere


@dataclass(frozen=True)
class Variant:
    """One run of a comparison.

    Args:
        name: of its folder, and in the report.
        group: the same for runs that differ only in their seed.
        flags: its settings, over those of the whole comparison.
    """

    name: str
    group: str
    flags: Mapping[str, Any] = field(compare=False)


@dataclass(frozen=True)
class _Choice:
    """A point of an axis: what it sets, and what it is called (None: after what it sets)."""

    settings: Mapping[str, Any]
    name: str | None = None


def plan(
    chosen: Mapping[str, Any],
    *,
    variants: Sequence[Mapping[str, Any] | str] = (),
    tokenizers: Sequence[str] = (),
    models: Sequence[str] = (),
    optimizers: Sequence[str] = (),
    seeds: int = 1,
    vocab_size: int | None = None,
) -> list[Variant]:
    """The runs; a name holds only what differs between them.

    Args:
        chosen: the settings of all runs; from them come the first seed and what is not named.
        variants: settings each, with ``name`` if it shall have another than what it sets; or the
            same as words, "optim=sgd lr=0.5".
        tokenizers: names.
        models: names.
        optimizers: names.
        seeds: number of runs for each, with seeds one after another.
        vocab_size: for those tokenizers that take one.

    Raises:
        NpgptError: two runs with the same settings or name, a setting on two axes, no seed, a name
            that is none of a folder, or no tokenizer that takes ``vocab_size``.
    """
    if seeds < 1:
        raise NpgptError(f"seeds is {seeds}, expected at least 1")
    numbers = range(chosen["seed"], chosen["seed"] + seeds)
    axes = [
        _parts("tokenizer", tokenizers),
        _parts("model", models),
        _parts("optimizer", optimizers),
        [_variant(given) for given in variants],
        [_Choice({"seed": number}) for number in numbers] if seeds > 1 else [],
    ]
    _require_apart(axes)
    runs = []
    for choices in product(*(axis or [_Choice({})] for axis in axes)):
        settings = {key: value for choice in choices for key, value in choice.settings.items()}
        tokenizer = str(settings.get("tokenizer", chosen["tokenizer"]))
        group = "-".join(filter(None, map(_name, choices))) or UNSAFE.sub("-", tokenizer)
        unseeded = "seed" not in settings or (choices[3].name is not None and seeds == 1)
        name = group if unseeded else f"{group}-seed{settings['seed']}"
        flags = part_options.dotted(settings, {**chosen, **settings})
        runs.append(Variant(_short(name), _short(group), flags))
    _require_different(runs)
    return _sized(runs, vocab_size, chosen)


def warn_if_lr_is_shared(choices: Iterable[Choices]) -> None:
    """Warn of several optimizers with one learning rate that nobody chose."""
    left = [choice.values for choice in choices if "lr" not in choice.asked]
    optimizers = list(dict.fromkeys(str(values["optimizer"]) for values in left))
    if len(optimizers) > 1:
        warnings.warn(
            f"{', '.join(optimizers[:-1])} and {optimizers[-1]} train with the same learning rate,"
            f" {left[0]['lr']:g}, which nobody chose for them. What suits one can be far from what"
            " suits another: give each its own with `variants`, such as"
            f' "optim={optimizers[-1]} lr=0.1"',
            NpgptWarning,
            stacklevel=3,
        )


# -------------------------------------------------------------------------- the axes


def _parts(kind: str, names: Sequence[str]) -> list[_Choice]:
    """An axis of parts; a single one is that of all runs and names none of them."""
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise NpgptError(f"{kind} {repeated[0]!r} is named twice: each stands for one run")
    return [_Choice({kind: name}, "" if len(names) == 1 else None) for name in names]


def _variant(given: Mapping[str, Any] | str) -> _Choice:
    """The settings of a variant and its name, if it has one."""
    if not isinstance(given, (str, Mapping)):
        raise NpgptError(f"a variant is {given!r:.80}, expected settings, such as 'lr=0.5'")
    settings = _parse(given) if isinstance(given, str) else dict(given)
    name = settings.pop("name", None)
    if name is not None:
        _require_name(name)
    flat = flatten(settings)
    if "data" in flat:
        raise NpgptError(f"the variant {given!r} has its own data: all runs read the same text")
    return _Choice(flat, name)


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
            f"a variant has the name {name!r:.100}, expected a folder's: at most {LONGEST} letters,"
            " digits or any of . _ + -, a letter or a digit first and no . last"
        )


def _require_apart(axes: Sequence[Sequence[_Choice]]) -> None:
    """Refuse a setting that two axes set: one of them would be forgotten."""
    keys = [{key for choice in axis for key in choice.settings} for axis in axes]
    for key, times in Counter(key for axis in keys for key in axis).items():
        if times > 1:
            raise NpgptError(
                f"{key} stands in a variant and is also compared apart: leave one of them out"
            )


def _require_different(runs: Sequence[Variant]) -> None:
    """Refuse two runs that are the same, or that would share a folder."""
    for i, run in enumerate(runs):
        for other in runs[:i]:
            if run.flags == other.flags:
                raise NpgptError(f"{run.name!r} is named twice: each stands for one run")
            if run.name.casefold() == other.name.casefold():
                raise NpgptError(
                    f"two variants have the name {run.name!r}: give one another, with name=NAME"
                )
        if run.name.casefold() == ALL:
            raise NpgptError(f"{run.name!r} is the figure of all runs: give another with name=NAME")


def _sized(runs: list[Variant], vocab_size: int | None, chosen: Mapping[str, Any]) -> list[Variant]:
    """The runs, those with a ``vocab_size`` whose tokenizer takes one and has none of its own."""
    if vocab_size is None:
        return runs
    key, sized, found = "tokenizer.vocab_size", [], False
    for run in runs:
        takes = _takes_size(str(run.flags.get("tokenizer", chosen["tokenizer"])))
        found = found or takes
        flags = {key: vocab_size, **run.flags} if takes else run.flags
        sized.append(Variant(run.name, run.group, flags))
    if not found:
        names = dict.fromkeys(str(run.flags.get("tokenizer", chosen["tokenizer"])) for run in runs)
        raise NpgptError(f"none of {', '.join(names)} takes a vocab_size: leave it out")
    return sized


def _takes_size(tokenizer: str) -> bool:
    options = part_options.defaults("tokenizer", tokenizer)
    return options is None or "vocab_size" in options


# -------------------------------------------------------------------------- the names


def _name(choice: _Choice) -> str:
    """What a choice sets, apart from the seed: ``sgd-lr0.5-momentum0.9``."""
    if choice.name is not None:
        return choice.name
    words = [_word(key, value) for key, value in choice.settings.items() if key != "seed"]
    return UNSAFE.sub("-", "-".join(words)).strip("-.")


def _word(key: str, value: Any) -> str:
    if key in PARTS:
        return str(value)
    shown = f"{value:.12g}" if isinstance(value, float) else str(value)
    return f"{key.rpartition('.')[2]}{shown}"


def _short(name: str) -> str:
    """A name that a folder can have: a long one is cut, and ends with a digest of all of it."""
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[: LONGEST - 9]}-{digest}"
