"""Which runs a comparison has, what each is called, and whether its settings are fair.

A run is one of each axis: the variants, the tokenizers, the models, the optimizers, the seeds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from npgpt_core.errors import NpgptError, warn
from npgpt_core.numbers import whole_number
from npgpt_train.comparison.axes import (
    Choice,
    choice_of,
    name_of,
    parts_axis,
    require_disjoint,
    shorten,
)
from npgpt_train.settings import part_options
from npgpt_train.settings.choices import Choices

ALL = "all"  # the figure of all runs has this name


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

    The first seed and what is not named come from the ``chosen`` settings of all runs; for the
    other arguments see ``compare``.

    Raises:
        NpgptError: two runs with the same settings or name, a setting on two axes, no seed, a name
            that is none of a folder, or no tokenizer that takes ``vocab_size``.
    """
    whole_number("seeds", seeds)
    numbers = range(chosen["seed"], chosen["seed"] + seeds)
    axes = [
        parts_axis("tokenizer", tokenizers),
        parts_axis("model", models),
        parts_axis("optimizer", optimizers),
        [choice_of(given) for given in variants],
        [Choice({"seed": number}) for number in numbers] if seeds > 1 else [],
    ]
    require_disjoint(axes)
    runs = []
    for choices in product(*(axis or [Choice({})] for axis in axes)):
        settings = {key: value for choice in choices for key, value in choice.settings.items()}
        unnamed = Choice({"tokenizer": settings.get("tokenizer", chosen["tokenizer"])})
        group = "-".join(filter(None, map(name_of, choices))) or name_of(unnamed)
        unseeded = "seed" not in settings or (choices[3].name is not None and seeds == 1)
        name = group if unseeded else f"{group}-seed{settings['seed']}"
        flags = part_options.dotted(settings, {**chosen, **settings})
        runs.append(Variant(shorten(name), shorten(group), flags))
    _require_different(runs)
    return _sized(runs, vocab_size, chosen)


def warn_if_lr_is_shared(choices: Iterable[Choices]) -> None:
    """Warn of several optimizers with one learning rate that nobody chose."""
    left = [choice.values for choice in choices if "lr" not in choice.asked]
    optimizers = list(dict.fromkeys(str(values["optimizer"]) for values in left))
    if len(optimizers) > 1:
        warn(
            f"{', '.join(optimizers[:-1])} and {optimizers[-1]} train with the same learning rate,"
            f" {left[0]['lr']:g}, which nobody chose for them. What suits one can be far from what"
            " suits another: give each its own with `variants`, such as"
            f' "optim={optimizers[-1]} lr=0.1"'
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
    names = [str(run.flags.get("tokenizer", chosen["tokenizer"])) for run in runs]
    sized = {name for name in names if _takes_size(name)}
    if not sized:
        named = ", ".join(dict.fromkeys(names))
        raise NpgptError(f"none of {named} takes a vocab_size: leave it out")
    flags = {"tokenizer.vocab_size": vocab_size}
    return [
        replace(run, flags={**flags, **run.flags}) if name in sized else run
        for run, name in zip(runs, names, strict=True)
    ]


def _takes_size(tokenizer: str) -> bool:
    options = part_options.defaults("tokenizer", tokenizer)
    return options is None or "vocab_size" in options
