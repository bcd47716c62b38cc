"""What a run is made of: one frozen record, validated, to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.numbers import as_python
from npgpt_core.plugins.kinds import KINDS

PARTS = tuple(kind.name for kind in KINDS.values() if kind.settable)
"""The kinds of which a run has one each, by its name and options."""

LOWEST = {
    "batch_size": 1,
    "block_size": 1,
    "grad_accumulation": 1,
    "max_iters": 1,
    "eval_interval": 1,
    "eval_iters": 1,
    "seed": 0,
    "workers": 0,
}
"""The settings that are whole numbers, and the least that each may be."""


def check_values(values: Mapping[str, Any]) -> None:
    """Hold the settings that are no parts, as far as they are there, against their ranges.

    Raises:
        NpgptError: names the setting that is out of range.
    """
    for name, low in LOWEST.items():
        value = values.get(name, low)
        if type(value) is not int or not low <= value < 2**63:
            raise NpgptError(f"{name} is {value!r:.40}, expected a whole number of at least {low}")
    for name, least in (("lr", "above 0"), ("grad_clip", "of at least 0")):
        value = values.get(name, 1)
        is_number = type(value) in (int, float) and 0 <= value < 2**1000
        if not is_number or (name == "lr" and value == 0):  # nothing would be learned
            raise NpgptError(f"{name} is {value!r:.40}, expected a finite number {least}")
    data = values.get("data", ("any",))
    if not isinstance(data, tuple) or not data or not all(isinstance(n, str) and n for n in data):
        given = data[0] if isinstance(data, tuple) and len(data) == 1 else data
        raise NpgptError(f"data is {given!r:.80}, expected a dataset's name or paths of files")


@dataclass(frozen=True)
class Part:
    """A part by its registered name, and the keyword arguments it is built with."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """Every setting of a run.

    Args:
        data: one dataset name, or paths of text files.
        tokenizer: text to ids.
        model: ids to logits.
        optimizer: updates the weights.
        schedule: step to learning rate.
        batch_size: rows that a process computes at once.
        block_size: tokens of a row.
        grad_accumulation: batches that a process adds up before an update.
        max_iters: number of steps.
        lr: highest learning rate.
        grad_clip: largest joint norm of the gradients; 0 leaves them alone.
        eval_interval: steps between two evaluations, each with a checkpoint.
        eval_iters: batches of each split that an evaluation reads.
        seed: of every random draw.
        workers: threads; 0 becomes the number of physical cores when training starts.

    Raises:
        NpgptError: names the setting that is out of range.
    """

    data: tuple[str, ...]
    tokenizer: Part
    model: Part
    optimizer: Part
    schedule: Part
    batch_size: int
    block_size: int
    grad_accumulation: int
    max_iters: int
    lr: float
    grad_clip: float
    eval_interval: int
    eval_iters: int
    seed: int
    workers: int

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, as_python(value))
        check_values(vars(self))

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers."""
        return {**asdict(self), "data": list(self.data)}

    def flat(self) -> dict[str, Any]:
        """Name -> value, with the options of parts as ``part.option``."""
        flat: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, Part):
                flat[name] = value.name
                flat |= {f"{name}.{option}": item for option, item in value.options.items()}
            else:
                flat[name] = value
        return flat

    @classmethod
    def from_json(cls, record: Any) -> Settings:
        """Read back what ``to_json`` gave; raises ``NpgptError`` on anything else."""
        names = {f.name for f in fields(cls)}
        if not isinstance(record, dict) or set(record) != names:
            given = sorted(record) if isinstance(record, dict) else type(record).__name__
            raise NpgptError(f"settings hold {given}, expected {sorted(names)}")
        values = dict(record)
        for part in PARTS:
            values[part] = _part_from_json(part, record[part])
        if not isinstance(record["data"], list):
            raise NpgptError(f"data is {record['data']!r}, expected a list")
        values["data"] = tuple(record["data"])
        return cls(**values)


def _part_from_json(kind: str, record: Any) -> Part:
    well_formed = (
        isinstance(record, dict)
        and set(record) == {"name", "options"}
        and isinstance(record["name"], str)
        and isinstance(record["options"], dict)
    )
    if not well_formed:
        raise NpgptError(f"{kind} is {record!r}, expected a name and options")
    return Part(record["name"], record["options"])


def differences(wanted: Settings, there: Settings) -> dict[str, str]:
    """Names of settings (dotted for options of parts) in which two differ -> how, in words."""
    own, other = wanted.flat(), there.flat()
    exchanged = {part for part in PARTS if own[part] != other[part]}  # their options say nothing
    return {
        key: f"{key} is {other.get(key)!r}, not {own.get(key)!r}"
        for key in sorted(own.keys() | other.keys())
        if own.get(key) != other.get(key)
        and not ("." in key and key.partition(".")[0] in exchanged)
    }
