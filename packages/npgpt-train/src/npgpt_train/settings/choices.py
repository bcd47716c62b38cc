"""How a run's settings are chosen: flags over options over a file over a preset over defaults."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import as_python
from npgpt_core.plugins.kinds import KINDS
from npgpt_train.settings.part_options import dotted
from npgpt_train.settings.settings import DEFAULTS, PARTS, check_values

ALIASES = {kind.argument: kind.name for kind in KINDS.values() if kind.settable}
"""``optim`` is the optimizer; the others are called what they are."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "tiny": {
        "batch_size": 8,
        "block_size": 32,
        "max_iters": 200,
        "lr": 3e-3,
        "eval_interval": 50,
        "eval_iters": 5,
    },
    "quick": {
        "batch_size": 16,
        "block_size": 128,
        "max_iters": 1200,
        "lr": 2e-3,
        "eval_interval": 250,
        "eval_iters": 10,
    },
    "full": {},
}
"""Numbers only: ``tiny`` takes seconds, ``quick`` minutes, ``full`` is the published setting.

What a preset makes of a part's options is said by the part, in its ``presets``.
"""


class ConfigFile(dict[str, Any]):
    """What ``read_config`` gives: the settings of a file, which its errors name."""

    def __init__(self, path: str | Path, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.path = path


@dataclass(frozen=True)
class Choices:
    """Flat settings with dotted options of parts, and which of them somebody asked for.

    Args:
        values: every setting, and the options of parts that were asked for.
        asked: names of those that neither preset nor default decided.
        preset: that was asked for.
        origins: of what a file decided, name -> path of the file.
    """

    values: Mapping[str, Any]
    asked: frozenset[str]
    preset: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    def part_options(self, part: str) -> dict[str, Any]:
        """Option -> value of a part."""
        split = ((*key.partition("."), value) for key, value in self.values.items())
        return {option: value for kind, _, option, value in split if option and kind == part}


def choose(
    *,
    preset: str | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    flags: Mapping[str, Any] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Choices:
    """Fold the layers: flags over options (``--set``) over config file over preset over default.

    A name that is no setting is an option of the part that takes it: ``n_layer``, of the model.

    Args:
        preset: numbers to start from; over that of ``config``.
        config: settings, and with ``"preset"`` the preset; or the path of a file of them.
        options: dotted options of parts.
        flags: settings.
        parts: kind -> name of the parts that are meant where none is named; by default those of
            the published setting.

    Raises:
        NpgptError: an unknown preset, a name that is no setting and no option of these parts, or a
            value out of range. Of a file it names the path.
    """
    config = read_config(config) if isinstance(config, str | Path) else config or {}
    second, third = flatten(options or {}), flatten(flags or {})
    with _naming(config):
        first = flatten({key: value for key, value in config.items() if key != "preset"})
        names = {**DEFAULTS, **(parts or {}), **first, **second, **third}
        lowest, preset_of_file = dotted(first, names), _known_preset(config.get("preset"))
    asked = dotted(second, names) | dotted(third, names)
    path = getattr(config, "path", None)
    origins = {} if path is None else dict.fromkeys(lowest.keys() - asked.keys(), str(path))
    preset = _known_preset(preset) or preset_of_file
    values = {**DEFAULTS, **PRESETS[preset or "full"], **lowest, **asked}
    return Choices(values, frozenset({*lowest, *asked}), preset, origins)


@contextmanager
def _naming(config: Mapping[str, Any]) -> Iterator[None]:
    """Put the path of a file before what is wrong in it."""
    try:
        yield
    except NpgptError as error:
        if isinstance(config, ConfigFile):
            raise type(error)(f"{config.path}: {error}") from error
        raise


def _known_preset(name: Any) -> str | None:
    if name is not None and (not isinstance(name, str) or name not in PRESETS):
        raise NpgptError(f"unknown preset {short_repr(name)}, expected one of {', '.join(PRESETS)}")
    return name


def flatten(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their names, and options of parts, of tables too, dotted or bare.

    Raises:
        NpgptError: a setting that is there under two names, or is out of range.
    """
    flat: dict[str, Any] = {}

    def put(key: str, value: Any) -> None:
        if key in flat:
            raise NpgptError(f"{key} is set twice, under two of its names: leave one out")
        flat[key] = as_python(value)

    for given, value in layer.items():
        key = given.replace("-", "_")
        key = ALIASES.get(key, key)
        if key in PARTS and isinstance(value, Mapping):
            for option, item in value.items():
                put(key if option == "name" else f"{key}.{option.replace('-', '_')}", item)
        elif key == "data":
            put(key, tuple(value) if isinstance(value, (list, tuple)) else (value,))
        else:
            put(key, value)
    check_values(flat)
    return flat


def read_config(path: str | Path) -> ConfigFile:
    """Settings of a TOML file.

    It may hold any setting by its name (``lr = 1e-3``, ``data = ["a.txt", "b.txt"]``), a
    ``preset``, and for each part a name (``tokenizer = "bpe"``) or a table of its name and options
    (``[tokenizer]``, ``name = "bpe"``, ``vocab_size = 512``). Hyphens may stand for underscores.

    Raises:
        NpgptError: a file that cannot be read or is not TOML.
    """
    import tomllib  # only here: it would slow every start of the command down

    try:
        return ConfigFile(path, tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise NpgptError(f"cannot read the config file {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise NpgptError(f"{path} is not a TOML file: {error}") from error


def parse_option(text: str) -> tuple[str, Any]:
    """Turn ``--set PART.OPTION=VALUE`` into the key and a TOML value, or a string if it is none.

    Raises:
        NpgptError: no "=" or no dotted name before it.
    """
    key, equals, value = text.partition("=")
    part, _, option = key.strip().rpartition(".")
    kind, _, name = part.partition(".")
    if not (equals and option and kind in KINDS and part == KINDS[kind].key(name)):
        parts = filter(None, (kind.key("NAME") for kind in KINDS.values()))
        raise NpgptError(
            f"{text!r}: expected PART.OPTION=VALUE with PART one of {', '.join(parts)},"
            " such as tokenizer.min_frequency=2"
        )
    return f"{part}.{option.replace('-', '_')}", parse_value(value)


def parse_value(text: str) -> Any:
    """A TOML value, or a bare word as a string."""
    import tomllib

    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text.strip()
    return table["value"] if len(table) == 1 else text.strip()
