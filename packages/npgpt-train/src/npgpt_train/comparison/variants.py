"""Which runs a comparison has: one for each tokenizer, optimizer and seed that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_train import parts


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
    tokenizers: Sequence[str],
    optimizers: Sequence[str],
    seeds: int,
    vocab_size: int | None,
    chosen: Mapping[str, Any],
) -> list[Variant]:
    """The runs; a name holds only what differs between them.

    Args:
        tokenizers: names of tokenizers; none means the chosen one.
        optimizers: names of optimizers; none means the chosen one.
        seeds: number of runs for each, with seeds one after another.
        vocab_size: for those tokenizers that take one.
        chosen: the settings of all runs; from them come the first seed and what is not named.

    Raises:
        NpgptError: a name twice, no seed, or no tokenizer that takes ``vocab_size``.
    """
    for kind, names in (("tokenizer", tokenizers), ("optimizer", optimizers)):
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise NpgptError(f"{kind} {repeated[0]!r} is named twice: each stands for one run")
    if seeds < 1:
        raise NpgptError(f"seeds is {seeds}, expected at least 1")
    tokenizers = tokenizers or (str(chosen["tokenizer"]),)
    optimizers = optimizers or (str(chosen["optimizer"]),)
    sized = [name for name in tokenizers if vocab_size is not None and _takes_size(name)]
    if vocab_size is not None and not sized:
        raise NpgptError(f"none of {', '.join(tokenizers)} takes a vocab_size: leave it out")
    numbers = range(chosen["seed"], chosen["seed"] + seeds)
    variants = []
    for tokenizer, optimizer, seed in product(tokenizers, optimizers, numbers):
        varying = [tokenizer] if len(tokenizers) > 1 or len(optimizers) == 1 else []
        varying += [optimizer] if len(optimizers) > 1 else []
        group = "-".join(varying).replace("/", "-")
        flags = {"tokenizer": tokenizer, "optimizer": optimizer, "seed": seed}
        if tokenizer in sized:
            flags["vocab_size"] = vocab_size
        name = f"{group}-seed{seed}" if seeds > 1 else group
        variants.append(Variant(name, group, flags))
    return variants


def _takes_size(tokenizer: str) -> bool:
    options = parts.part_defaults("tokenizer", tokenizer)
    return options is None or "vocab_size" in options
