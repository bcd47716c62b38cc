"""What can be set of a part: its options, their defaults, and what a preset makes of them."""

from collections.abc import Mapping
from dataclasses import replace
from inspect import Parameter
from typing import Any

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError, short_repr
from npgpt_train.settings.settings import PARTS, SETTINGS, Part, Settings
from npgpt_train.text.tokenizer_file import is_tokenizer_path, require_run_or_file


def defaults(kind: str, name: str) -> dict[str, Any] | None:
    """Options that a part takes, with their defaults; None if it takes any (``**options``).

    An option without a default has ``inspect.Parameter.empty``.
    """
    if not isinstance(name, str):
        raise NpgptError(f"{kind} is {short_repr(name)}, expected the name of one")
    if kind == "tokenizer" and is_tokenizer_path(name):
        require_run_or_file(name)
        return {}
    options = registry.KINDS[kind].options(registry.load(kind, name))
    if any(option.kind is option.VAR_KEYWORD for option in options):
        return None
    return {option.name: option.default for option in options}


def with_defaults(settings: Settings) -> Settings:
    """Recorded settings, with the defaults of the options that their parts have got since then.

    A part that is not installed, or takes any options, stays as it is.
    """
    parts: dict[str, Any] = {kind: _completed(kind, getattr(settings, kind)) for kind in PARTS}
    return replace(settings, **parts)


def _completed(kind: str, part: Part) -> Part:
    try:
        known = defaults(kind, part.name) or {}
    except PluginError:
        return part
    new = {o: v for o, v in known.items() if o not in part.options and v is not Parameter.empty}
    return replace(part, options={**part.options, **new})


def preset_options(kind: str, name: str, preset: str) -> dict[str, Any]:
    """The options that any of a part's ``presets`` names, as this preset has them, else by default.

    Raises:
        PluginError: they are no mapping of presets to options.
    """
    presets = getattr(registry.load(kind, name), "presets", {})
    if not (isinstance(presets, Mapping) and all(isinstance(p, Mapping) for p in presets.values())):
        raise PluginError(
            f"{kind} {name!r} has the presets {short_repr(presets, 80)}, expected preset -> option"
            " -> value"
        )
    named = {option for options in presets.values() for option in options}
    own = {o: default for o, default in (defaults(kind, name) or {}).items() if o in named}
    return {**own, **presets.get(preset, {})}


def dotted(settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The settings, with ``model.n_layer`` for ``n_layer`` where it is the model that takes it.

    Args:
        settings: by their names, and options of parts, dotted or bare.
        names: kind -> name of the parts that are meant.

    Raises:
        NpgptError: a name that is neither a setting nor an option of one of these parts, or that is
            an option of several, or one that is there dotted and bare.
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        known = name in SETTINGS or name.partition(".")[0] in PARTS
        key = name if known else f"{_kind_of(name, names)}.{name}"
        if key in found:
            raise NpgptError(f"{key} is set twice, under two of its names: leave one out")
        found[key] = value
    return found


def _kind_of(option: str, names: Mapping[str, str]) -> str:
    """The kind of the one part that takes an option."""
    taken = {kind: defaults(kind, names[kind]) for kind in PARTS}
    kinds = [kind for kind, options in taken.items() if option in (options or {})]
    if not kinds:
        takes = "; ".join(
            f"the {kind} {names[kind]} takes "
            + ("any" if options is None else ", ".join(options) or "none")
            for kind, options in taken.items()
        )
        raise NpgptError(
            f"unknown setting {option!r}; there are {', '.join(sorted(SETTINGS))}, and the options"
            f" of parts: {takes}"
        )
    if len(kinds) > 1:
        dotted = " or ".join(f"`{kind}.{option}`" for kind in kinds)
        raise NpgptError(f"{option} is an option of {' and '.join(kinds)}: say which with {dotted}")
    return kinds[0]


def as_data(kind: str, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the record of the run will give them back: a tuple is a list.

    Raises:
        PluginError: names the first option that JSON cannot hold.
    """
    from npgpt_train.machine.json_text import json_value  # JSON slows each start of the command

    try:
        return dict(json_value(dict(options)))
    except (TypeError, ValueError) as error:
        for option, value in options.items():
            try:
                json_value(value)
            except (TypeError, ValueError):
                raise PluginError(
                    f"the options of {kind} {name!r} are no data: {option} is {short_repr(value)},"
                    " expected what JSON can hold, such as a finite number, a text or a list"
                ) from error
        raise
