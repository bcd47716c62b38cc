"""Which runs a comparison has, and what they are called."""

import warnings

import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_train.comparison.axes import LONGEST
from npgpt_train.comparison.variants import plan, warn_if_lr_is_shared
from npgpt_train.settings import part_options
from npgpt_train.settings.choices import choose

INSTALLED = ("char", "word", "bpe", "open")
CHOSEN = choose(preset="tiny", flags={"seed": 7}).values


@pytest.fixture(autouse=True)
def parts(monkeypatch):
    """char takes no size, any other tokenizer does; a model takes a number of layers."""

    def defaults(kind, name):
        others = {"tokenizer": {"vocab_size": 99}, "model": {"n_layer": 4}}
        return {"char": {}, "open": None}.get(name, others.get(kind, {}))

    monkeypatch.setattr(part_options, "defaults", defaults)
    monkeypatch.setattr(registry, "has", lambda kind, name: name in (*INSTALLED, "mine/char"))


def names(**axes):
    return [variant.name for variant in plan(CHOSEN, **axes)]


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ({}, ["char"]),
        ({"tokenizers": ["bpe"]}, ["bpe"]),
        ({"tokenizers": ["char", "word"]}, ["char", "word"]),
        ({"tokenizers": ["mine/char", "word"]}, ["mine-char", "word"]),
        ({"seeds": 2}, ["char-seed7", "char-seed8"]),
        ({"tokenizers": ["word"], "seeds": 2}, ["word-seed7", "word-seed8"]),
        ({"optimizers": ["adam", "sgd"]}, ["adam", "sgd"]),
        ({"optimizers": ["sgd"]}, ["char"]),
        (
            {"optimizers": ["adam", "sgd"], "seeds": 2},
            ["adam-seed7", "adam-seed8", "sgd-seed7", "sgd-seed8"],
        ),
        (
            {"tokenizers": ["char", "word"], "optimizers": ["adam", "sgd"]},
            ["char-adam", "char-sgd", "word-adam", "word-sgd"],
        ),
    ],
)
def test_the_short_forms_keep_the_names_that_folders_have(axes, expected):
    assert names(**axes) == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.json"], ["a"]),
        (["char", "a.json", "sub/b.json"], ["char", "a", "b"]),
        (["one/a.json", "two/a.json"], ["one-a", "two-a"]),
        (["char", "sub/char.json"], ["char", "sub-char"]),
        (["a.json", "b.json", "../a.json"], ["here-a", "here-b", "above-a"]),
        (["run/tokenizer.json", "word"], ["run", "word"]),
        (["lone/tokenizer.json", "word"], ["tokenizer", "word"]),
        (["..json", "a b\n*?.json"], ["tokenizer", "a-b"]),
    ],
)
def test_paths_of_tokenizers_are_called_shortly_apart_and_as_a_folder_may_be(
    paths, expected, tmp_path, monkeypatch
):
    here = tmp_path / "above" / "here"
    (here / "run").mkdir(parents=True)
    (here / "run" / "run.json").touch()
    monkeypatch.chdir(here)
    assert names(tokenizers=paths) == expected


def test_a_tokenizer_of_a_variant_may_be_a_path():
    assert names(variants=["tokenizer=one/a.json lr=0.5", "lr=0.1"]) == ["a-lr0.5", "lr0.1"]


@pytest.mark.parametrize("paths", [["a.json", "./a.json"], ["one/a.json", "ONE/A.json"]])
def test_paths_whose_folders_would_be_one_are_refused(paths):
    with pytest.raises(NpgptError, match="two variants have the name"):
        names(tokenizers=paths)


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ({"models": ["gpt", "llama"]}, ["gpt", "llama"]),
        (
            {"tokenizers": ["char", "bpe"], "models": ["gpt", "llama"]},
            ["char-gpt", "char-llama", "bpe-gpt", "bpe-llama"],
        ),
        (
            {"variants": ["optim=adam", "optim=sgd lr=0.5 optimizer.momentum=0.9"]},
            ["adam", "sgd-lr0.5-momentum0.9"],
        ),
        ({"variants": ["", "model.dropout=0.2"]}, ["char", "dropout0.2"]),
        ({"variants": ["lr=0.1"]}, ["lr0.1"]),
        ({"variants": ["name=big n-layer=8", "name=small n_layer=2"]}, ["big", "small"]),
        ({"variants": ["name=big n-layer=8"], "seeds": 2}, ["big-seed7", "big-seed8"]),
        ({"variants": ["seed=3", "seed=5"]}, ["char-seed3", "char-seed5"]),
        ({"variants": ["lr=0.1 seed=3", "name=b seed=5"]}, ["lr0.1-seed3", "b"]),
        ({"variants": ["lr=1e-3", "lr=2"], "tokenizers": ["bpe"]}, ["lr0.001", "lr2"]),
        (
            {"variants": ["lr=1", "lr=2"], "tokenizers": ["char", "bpe"]},
            ["char-lr1", "char-lr2", "bpe-lr1", "bpe-lr2"],
        ),
        ({"variants": ["tokenizer.path='a b/c'", "lr=2"]}, ["patha-b-c", "lr2"]),
        ({"variants": ["optimizer.betas='[0.9, 0.95]'", "lr=2"]}, ["betas-0.9-0.95", "lr2"]),
        ({"variants": ["name=2026", "lr=2"]}, ["2026", "lr2"]),
    ],
)
def test_a_name_tells_what_a_variant_sets(axes, expected):
    assert names(**axes) == expected


def test_a_variant_sets_what_flags_and_options_and_files_set():
    given = "optim=sgd lr=0.5 n-layer=3 optimizer.momentum=0.9 optimizer.nesterov=true schedule=x"
    (variant,) = plan(CHOSEN, variants=[given])
    assert variant.flags == {
        "optimizer": "sgd",
        "lr": 0.5,
        "model.n_layer": 3,
        "optimizer.momentum": 0.9,
        "optimizer.nesterov": True,
        "schedule": "x",
    }


def test_a_variant_is_a_mapping_too():
    words = ["name=a optim=sgd lr=0.5", "model=gpt n_layer=2"]
    mappings = [
        {"name": "a", "optim": "sgd", "lr": 0.5},
        {"model": {"name": "gpt", "n_layer": 2}},
    ]
    found, expected = plan(CHOSEN, variants=mappings), plan(CHOSEN, variants=words)
    assert found == expected
    assert [v.flags for v in found] == [v.flags for v in expected]
    assert mappings[0] == {"name": "a", "optim": "sgd", "lr": 0.5}


def test_the_short_forms_are_variants():
    def flags(**axes):
        return [variant.flags for variant in plan(CHOSEN, **axes)]

    assert flags(tokenizers=["a", "b"]) == flags(variants=["tokenizer=a", "tokenizer=b"])
    assert flags(models=["a", "b"]) == flags(variants=["model=a", "model=b"])
    assert flags(optimizers=["a", "b"]) == flags(variants=["optim=a", "optim=b"])
    assert flags(seeds=2) == flags(variants=["seed=7", "seed=8"])


def test_runs_that_differ_only_in_their_seed_are_a_group():
    def groups(**axes):
        return [variant.group for variant in plan(CHOSEN, **axes)]

    assert groups(optimizers=["a", "b"], seeds=2) == ["a", "a", "b", "b"]
    assert groups(variants=["seed=1", "seed=2", "lr=1 seed=1"]) == ["char", "char", "lr1"]
    assert groups(variants=["name=n lr=1"], seeds=2) == ["n", "n"]


def test_a_long_name_is_cut_and_stays_apart():
    value = "x" * (LONGEST - len("path"))
    exact, longer, other = names(
        variants=[f"model.path={value}", f"model.path={value}y", f"model.path={value}z"]
    )
    assert exact == f"path{value}"
    assert len(exact) == len(longer) == len(other) == LONGEST
    assert longer != other
    assert longer[:-9] == other[:-9] == exact[:-9]


def test_the_size_goes_to_the_tokenizers_that_take_one_and_have_none():
    variants = ["tokenizer=char", "tokenizer=bpe", "tokenizer=open", "tokenizer=bpe vocab_size=5"]
    sizes = [
        run.flags.get("tokenizer.vocab_size")
        for run in plan(CHOSEN, variants=variants, vocab_size=50)
    ]
    assert sizes == [None, 50, 50, 5]
    assert "tokenizer.vocab_size" not in plan(CHOSEN, variants=["tokenizer=bpe"])[0].flags
    (run,) = plan({**CHOSEN, "tokenizer": "bpe"}, vocab_size=50)
    assert run.flags["tokenizer.vocab_size"] == 50


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"seeds": 0}, "seeds is 0, expected a whole number of at least 1"),
        ({"tokenizers": ["a", "b", "a"]}, "tokenizer 'a' is named twice"),
        ({"models": ["a", "a"]}, "model 'a' is named twice"),
        ({"optimizers": ["a", "a"]}, "optimizer 'a' is named twice"),
        ({"variants": ["lr=1", "lr=1.0"]}, "'lr1' is named twice"),
        ({"variants": ["name=a lr=1", "name=A lr=2"]}, "two variants have the name 'A'"),
        ({"variants": ["model.x=1", "tokenizer.x=1"]}, "have the name 'x1': give one another"),
        ({"variants": ["tokenizer=a", "lr=1"], "tokenizers": ["b"]}, "tokenizer stands in a var"),
        ({"variants": ["seed=1"], "seeds": 2}, "seed stands in a variant"),
        ({"variants": ["name=all"]}, "'all' is the figure of all runs"),
        ({"tokenizers": ["All", "b"]}, "'All' is the figure of all runs"),
        ({"variants": ["data=x"]}, "has its own data: all runs read the same text"),
        ({"variants": ["rate=1"]}, "unknown setting 'rate'"),
        ({"variants": ["optim=sgd lr"]}, "'lr' in the variant 'optim=sgd lr': expected KEY=VALUE"),
        ({"variants": ["lr="]}, "expected KEY=VALUE"),
        ({"variants": ["=1"]}, "expected KEY=VALUE"),
        ({"variants": ["lr=1 lr=2"]}, "has lr twice"),
        ({"variants": ["a='b"]}, "cannot be read: No closing quotation"),
        ({"variants": [5]}, "a variant is 5, expected settings"),
        ({"variants": [{"name": ""}]}, "has the name '', expected a folder's"),
        ({"variants": [{"name": 5}]}, "has the name 5"),
        ({"variants": ["name=../x"]}, "has the name '../x'"),
        ({"variants": ["name=a/b"]}, "has the name 'a/b'"),
        ({"variants": ["name=.a"]}, "has the name '.a'"),
        ({"variants": ["name=a."]}, "has the name 'a.'"),
        ({"variants": ["name=-a"]}, "has the name '-a'"),
        ({"variants": ["name=_a"]}, "has the name '_a'"),
        ({"variants": [f"name={'a' * (LONGEST + 1)}"]}, "at most 80 letters"),
        ({"tokenizers": ["char"], "vocab_size": 9}, "none of char takes a vocab_size"),
        ({"vocab_size": 9}, "none of char takes a vocab_size"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(axes, message):
    with pytest.raises(NpgptError) as error:
        plan(CHOSEN, **axes)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["a", "9", "ä.b_c+d-e", "a" * LONGEST, "alls"])
def test_a_name_that_a_folder_can_have_is_taken(name):
    assert names(variants=[f"name={name} lr=1"]) == [name]


def shared(*flags):
    return [choose(flags=flag) for flag in flags]


def test_optimizers_with_a_learning_rate_that_nobody_chose_are_warned_of():
    with pytest.warns(NpgptWarning) as told:
        warn_if_lr_is_shared(shared({"optim": "adam"}, {"optim": "sgd"}, {"optim": "muon"}))
    (message,) = [str(warning.message) for warning in told]
    assert message.startswith("adam, sgd and muon train with the same learning rate, 0.0003,")
    assert '`variants`, such as "optim=muon lr=0.1"' in message


@pytest.mark.parametrize(
    "flags",
    [
        [{"optim": "adam"}],
        [{"optim": "adam", "seed": 1}, {"optim": "adam", "seed": 2}],
        [{"optim": "adam"}, {"optim": "sgd", "lr": 0.5}],
        [{"optim": "adam", "lr": 0.1}, {"optim": "sgd", "lr": 0.1}],
    ],
)
def test_a_learning_rate_that_somebody_chose_is_fair(flags):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_lr_is_shared(shared(*flags))
