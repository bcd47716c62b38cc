"""Parts of a run by name: every option settled and tried before the long work, or refused."""

import math
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError
from npgpt_train.settings import part_options, parts
from npgpt_train.settings.choices import ConfigFile, choose


@pytest.fixture
def resolve(small_parts):
    def run(config=None, options=None, **flags):
        flags = {**small_parts, **flags}
        preset = flags.pop("preset")
        return parts.resolve(choose(preset=preset, config=config, options=options, flags=flags))

    return run


def test_every_option_is_settled(resolve):
    settings = resolve(options={"model.dropout": 0.25}, lr=0.5, max_iters=39)
    assert settings.tokenizer == parts.Part("letters", {"extra": 1})
    assert settings.model == parts.Part("table", {"dropout": 0.25})
    assert settings.optimizer == parts.Part("momentum", {"beta": 0.5})
    schedule = {"max_iters": 39, "min_lr": 0.05, "warmup_iters": None}
    assert settings.schedule == parts.Part("falling", schedule)
    schedule = {"max_iters": 6, "min_lr": 0.0, "warmup_iters": 0}
    assert resolve(min_lr=0.0, warmup_iters=0).schedule.options == schedule


@pytest.mark.parametrize(
    ("kept", "recorded"),
    [(3, 3), (np.float64(0.5), 0.5), (0, 0), (None, None), (math.inf, None), ("a", None)],
)
def test_what_a_schedule_chose_itself_is_recorded_where_it_keeps_the_number(
    kept, recorded, resolve, monkeypatch
):
    given = []

    class Own:
        def __init__(self, lr, max_iters, warmup_iters=None, min_lr=None, period=None):
            given.append((warmup_iters, min_lr, period))
            self.period = kept

        def __call__(self, step):
            return 0.1

    load = registry.load
    monkeypatch.setattr(registry, "load", lambda k, n: Own if k == "schedule" else load(k, n))
    options = resolve().schedule.options
    assert options == {"max_iters": 6, "warmup_iters": None, "min_lr": None, "period": recorded}
    assert type(options["period"]) is type(recorded)
    assert given == [(None, None, None)]


def test_the_sizes_that_a_model_chose_itself_are_recorded(resolve, monkeypatch):
    class Own:
        def Config(vocab_size, block_size, n_head=3, n_kv_head=None):
            return SimpleNamespace(n_kv_head=n_head if n_kv_head is None else n_kv_head)

    load = registry.load
    monkeypatch.setattr(registry, "load", lambda k, n: Own if k == "model" else load(k, n))
    assert resolve().model.options == {"n_head": 3, "n_kv_head": 3}


@pytest.mark.parametrize(
    ("presets", "preset", "expected"),
    [
        ({}, "tiny", (1, 0.5)),
        ({"tiny": {"n_layer": 3}}, "tiny", (3, 0.5)),
        ({"tiny": {"n_layer": 3}}, "full", (1, 0.5)),
        ({"full": {"n_layer": 9}}, None, (9, 0.5)),
        ({"tiny": {"n_layer": 3, "rate": 0.1}}, "tiny", (3, 0.25)),
    ],
)
def test_a_preset_reaches_the_parts_that_offer_it(presets, preset, expected, resolve, monkeypatch):
    def config(vocab_size, block_size, n_layer=1, rate=0.5):
        return SimpleNamespace()

    def load(kind, name):
        return model if kind == "model" else own(kind, name)

    model, own = SimpleNamespace(Config=config, presets=presets), registry.load
    monkeypatch.setattr(registry, "load", load)
    asked = {"rate": 0.25} if "rate" in presets.get("tiny", {}) else {}
    options = resolve(preset=preset, **asked).model.options
    assert (options["n_layer"], options["rate"]) == expected


@pytest.mark.parametrize("presets", [{"tiny": {"width": 1}}, {"tiny": 3}, 5, lambda: {}])
def test_presets_that_are_no_options_of_the_part_are_refused(presets, resolve, monkeypatch):
    monkeypatch.setattr(registry.load("model", "table"), "presets", presets, raising=False)
    with pytest.raises(PluginError, match=r"has no option 'width'|expected preset -> option"):
        resolve(preset="tiny")


def refuse(size):
    if size > 1:
        raise NpgptError(f"size is {size}")


REFUSING = {
    "tokenizer": lambda size=1: refuse(size),
    "model": SimpleNamespace(Config=lambda vocab_size, block_size, size=1: refuse(size)),
    "optimizer": lambda model, lr, size=1: refuse(size),
    "schedule": lambda lr, max_iters, size=1: refuse(size),
}


@pytest.mark.parametrize("kind", REFUSING)
def test_a_part_that_refuses_its_options_is_told_before_any_text_is_read(
    kind, resolve, monkeypatch
):
    load, size = registry.load, f"{kind}.size"
    monkeypatch.setattr(registry, "load", lambda k, n: REFUSING[k] if k == kind else load(k, n))
    assert resolve(options={size: 1}, data="nowhere.txt").flat()[size] == 1
    with pytest.raises(NpgptError, match=r"^size is 2$"):
        resolve(options={size: 2}, data="nowhere.txt")
    other = "model.dropout" if kind != "model" else "optimizer.beta"
    file = ConfigFile("my.toml", {size: 2, other: 0.5, "lr": 1.0})
    with pytest.raises(NpgptError, match=rf"^size is 2 \(my.toml sets {size}\)$"):
        resolve(config=file, data="nowhere.txt")


@pytest.mark.parametrize(("asked", "told"), [(0, False), (6, False), (7, True)])
def test_a_warm_up_that_never_ends_is_told(asked, told, resolve):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        resolve(warmup_iters=asked)
    found = [str(w.message) for w in caught]
    assert len(found) == told
    assert all("warm-up of 7 steps" in text and "run of 6" in text for text in found)


def test_options_that_a_part_does_not_take_or_needs_are_named(resolve, monkeypatch):
    with pytest.raises(
        PluginError, match=r"optimizer 'momentum' has no option 'gamma'; it takes beta"
    ):
        resolve(options={"optimizer.gamma": 1})

    def needy(lr, max_iters, *, floor, top):
        return lambda step: lr

    load = registry.load
    monkeypatch.setattr(registry, "load", lambda k, n: needy if k == "schedule" else load(k, n))
    needs = r"schedule 'falling' needs floor, top: give `schedule.floor=VALUE`"
    with pytest.raises(PluginError, match=needs):
        resolve()


def test_a_part_may_take_any_option(resolve, monkeypatch):
    def anything(lr, max_iters, **options):
        return lambda step: lr

    monkeypatch.setattr(registry, "load", lambda k, n: anything)
    assert part_options.defaults("schedule", "falling") is None


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 0])
def test_whole_numbers_of_64_bits_are_data(number, resolve):
    assert resolve(options={"tokenizer.extra": number}).tokenizer.options == {"extra": number}


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_larger_ones_are_not(number, resolve):
    with pytest.raises(NpgptError, match=r"options of tokenizer 'letters' are no data|extra is"):
        resolve(options={"tokenizer.extra": number})


def test_a_model_larger_than_recorded_or_than_memory_is_refused(resolve, monkeypatch):
    settings, rng = resolve(), np.random.default_rng(0)
    assert parts.build_model(settings, 10, rng, most=100).num_parameters() == 100
    with pytest.raises(NpgptError, match=r"make a model of 100 parameters, not of 99"):
        parts.build_model(settings, 10, rng, most=99)
    needed = 100 * 8  # with their gradients
    monkeypatch.setattr("npgpt_train.machine.memory.physical_memory", lambda: needed)
    parts.build_model(settings, 10, rng)
    monkeypatch.setattr("npgpt_train.machine.memory.physical_memory", lambda: needed - 1)
    with pytest.raises(NpgptError, match=r"a model of 100 parameters takes at least .*smaller one"):
        parts.build_model(settings, 10, rng)


@pytest.mark.parametrize("error", [TypeError, ValueError, OverflowError])
def test_a_config_that_raises_anything_is_a_plugin_that_refuses(error, resolve, monkeypatch):
    settings = resolve()

    def config(**options):
        raise error("no")

    monkeypatch.setattr(registry.load("model", "table"), "Config", config)
    with pytest.raises(PluginError, match=r"model 'table' refuses {'dropout': 0.0}: no"):
        parts.model_config(settings, 10)


def test_a_model_that_is_made_otherwise_is_a_plugin_that_refuses(resolve, monkeypatch):
    settings = resolve()
    table = registry.load("model", "table")
    monkeypatch.setattr(table, "__init__", lambda self, config: None)
    with pytest.raises(PluginError, match=r"model 'table' refuses .*: .*argument 'rng'"):
        parts.build_model(settings, 10, np.random.default_rng(0))
