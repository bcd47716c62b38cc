"""What ``run.json`` holds: one frozen record, validated when it is made or read."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from importlib import metadata
from typing import Any, NoReturn

import numpy as np

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import whole_number
from npgpt_core.plugins.hooks import HOW_TO_CHANGE
from npgpt_core.plugins.hookspecs import PLUGIN_API
from npgpt_train.settings.policy import DEFAULT_KEEP, ON_NAN
from npgpt_train.settings.provenance import Origin, read_origins
from npgpt_train.settings.settings import Settings
from npgpt_train.text.record import INTEGER_LIMIT, TextRecord

FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """How a run was made: all that ``run.json`` says, apart from its results.

    Args:
        preset: the numbers that its settings started from.
        keep: checkpoints that stay besides the best.
        on_nan: "stop" or "skip": what to do with a step that is not finite.
        settings: every one of them.
        parts: kind -> where the part came from.
        vocab_size: ids of its tokenizer.
        parameters: numbers of its model that are trained.
        data: its text; None of an imported model, which was trained elsewhere.
        ranks: processes that train it.
        versions: of what else decides its bits, by name.
        init_from: the run whose weights it began with, or None.
        imported_from: what an imported model was read from, or None.
        ends_texts: whether its model was taught to draw ``eos_id``, as imported models are, and
            those that began with one. A text that npgpt trains on has no end but its own.
        encoding_sha256: of what its tokenizer makes of a sample; None in early runs.
        tokenizer_sha256: of ``tokenizer.json``; None in early runs.

    Raises:
        NpgptError: names what is out of range.
    """

    preset: str = "full"
    keep: int = DEFAULT_KEEP
    on_nan: str = ON_NAN[0]
    settings: Settings
    parts: Mapping[str, Origin]
    vocab_size: int
    parameters: int
    data: TextRecord | None
    ranks: int
    versions: Mapping[str, str]
    init_from: str | None = None
    imported_from: str | None = None
    ends_texts: bool = False
    encoding_sha256: str | None = None
    tokenizer_sha256: str | None = None

    def __post_init__(self) -> None:
        optional = ("init_from", "imported_from", "encoding_sha256", "tokenizer_sha256")
        texts = "preset", "on_nan", *(name for name in optional if getattr(self, name) is not None)
        whole = "vocab_size", "parameters", "ranks", "keep"
        for name in whole:
            object.__setattr__(
                self, name, whole_number(name, getattr(self, name), below=INTEGER_LIMIT)
            )
        for name in texts:
            if not isinstance(value := getattr(self, name), str):
                raise NpgptError(f"{name} is {short_repr(value)}, expected a text")
        if not isinstance(self.ends_texts, bool):
            raise NpgptError(f"ends_texts is {short_repr(self.ends_texts)}, expected true or false")
        if self.on_nan not in ON_NAN:
            raise NpgptError(
                f"on_nan is {short_repr(self.on_nan)}, expected one of {', '.join(ON_NAN)}"
            )
        if {self.data is None, not self.settings.data} != {self.is_imported}:
            raise NpgptError("expected either data or what it was imported from")

    @property
    def is_imported(self) -> bool:
        """Whether its model was trained elsewhere, so that it has no text of its own."""
        return self.imported_from is not None

    def __getitem__(self, name: object) -> NoReturn:
        """Say to a plugin of contract 1, for which this was a dict, what it is now."""
        raise NpgptError(
            f"record[{short_repr(name)}] was of plugin contract 1: in contract {PLUGIN_API} the"
            f" record of a run has attributes, such as record.parameters. {HOW_TO_CHANGE}"
        )

    def to_json(self) -> dict[str, Any]:
        """The content of ``run.json``: what is known, as JSON values."""
        whole = asdict(self)
        whole["data"] = None if self.data is None else self.data.to_json()
        whole["settings"]["data"] = list(self.settings.data)
        return {"format": FORMAT, **_known(whole)}


def versions() -> Mapping[str, str]:
    """Of what decides the bits of a run beside its parts."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "npgpt-core": metadata.version("npgpt-core"),
        "npgpt-train": metadata.version("npgpt-train"),
    }


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _read_1(content: Mapping[str, Any]) -> RunRecord:
    """Format 1, in which every run has data."""
    return _read_2({**content, "data": content.get("data")})


def _read_2(content: Mapping[str, Any]) -> RunRecord:
    """Format 2. Early runs of npgpt 0.1 lack what has a default."""
    defaults = {f.name: None if f.default is MISSING else f.default for f in fields(RunRecord)}
    read = {
        "settings": Settings.from_json(content.get("settings")),
        "parts": read_origins(content.get("parts")),
        "data": TextRecord.from_json(content["data"]) if "data" in content else None,
        "versions": _texts(content.get("versions")),
    }
    return RunRecord(**{**defaults, **{k: content[k] for k in defaults if k in content}, **read})


def _texts(value: Any) -> dict[str, str]:
    """The texts of a JSON object; nothing of anything else."""
    items = value.items() if isinstance(value, dict) else ()
    return {key: text for key, text in items if isinstance(text, str)}


READERS: Mapping[int, Callable[[Mapping[str, Any]], RunRecord]] = {1: _read_1, 2: _read_2}
"""Format -> what reads it from JSON."""
