"""``compare`` as a whole, with parts so small that every number can be counted by hand."""

import json
import math
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_core.events import Comparing
from npgpt_train import ignore, session, train
from npgpt_train.comparison import compare as module
from npgpt_train.comparison import report
from npgpt_train.comparison.compare import compare
from npgpt_train.loop.diagnosis import NonFiniteError
from npgpt_train.loop.trainer import Trainer
from npgpt_train.machine.disk import Folder
from npgpt_train.run.checkpoint import Checkpoints
from npgpt_train.run.folder import Run

TEXT = "\n\nFool:\nab ba\n" * 30
CHARACTERS = sorted(set(TEXT))
PARTS = '''
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from npgpt_core import Embedding, Linear, Module, hookimpl

SPECIAL_TOKENS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}


class Char:
    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)

    @property
    def vocab_size(self):
        return 4 + len(self.known)

    def train(self, texts):
        self.known = sorted(set("".join(texts)))

    def encode(self, text):
        return np.array([self.known.index(c) + 4 if c in self.known else 1 for c in text], int)

    def decode(self, ids):
        return "".join("\\ufffd" if i == 1 else self.known[i - 4] for i in ids if i == 1 or i > 3)

    def state(self):
        return {"known": self.known}

    @classmethod
    def from_state(cls, state):
        tokenizer = cls()
        tokenizer.known = state["known"]
        return tokenizer


class Lower(Char):
    """Loses case, and every character but the six most frequent ones."""

    def __init__(self, vocab_size=10):
        self.size = vocab_size

    def train(self, texts):
        text = "".join(texts).lower()
        self.known = sorted(sorted(set(text)), key=text.count, reverse=True)[: self.size - 4]

    def encode(self, text):
        return super().encode(text.lower())


@dataclass(frozen=True)
class Config:
    vocab_size: int
    block_size: int
    n_embd: int = 3


class Bigram(Module):
    Config: ClassVar = Config

    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__()
        self.config = config
        self.embedding = Embedding(config.vocab_size, config.n_embd, rng=rng, dtype=dtype)
        self.middle = Linear(config.n_embd, config.n_embd, rng=rng, dtype=dtype)
        self.head = Linear(config.n_embd, config.vocab_size, rng=rng, dtype=dtype)

    def forward(self, ids):
        return self.head(self.middle(self.embedding(ids)))

    def backward(self, dlogits):
        self.embedding.backward(self.middle.backward(self.head.backward(dlogits)))


class Descent:
    def __init__(self, model, *, lr):
        self.model, self.lr = model, lr

    def step(self):
        for name, gradient in self.model.grads().items():
            self.model.parameters()[name] -= self.lr * gradient

    def zero_grad(self):
        self.model.zero_grad()

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class Constant:
    def __init__(self, *, lr, max_iters):
        self.lr = lr

    def __call__(self, step):
        return self.lr


@hookimpl
def npgpt_tokenizers():
    return {"char": "toys:Char", "lower": "toys:Lower"}


@hookimpl
def npgpt_models():
    return {"gpt": "toys:Bigram", "other": "toys:Bigram"}


@hookimpl
def npgpt_optimizers():
    return {"adam": "toys:Descent", "sgd": "toys:Descent"}


@hookimpl
def npgpt_schedules():
    return {"warmup-cosine": "toys:Constant"}
'''


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """A machine where these parts are installed and no others, and a text."""
    folder = tmp_path_factory.mktemp("toys")
    (folder / "toys.py").write_text(PARTS)
    (folder / "play.txt").write_text(TEXT)
    info = folder / "toys-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: toys\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[npgpt]\ntoys = toys\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("NPGPT_LOAD_PLUGINS", "toys")
        house = "npgpt-tokenizers,npgpt-optim,npgpt-models"
        patch.setenv("NPGPT_DISABLE_PLUGINS", house)
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        registry.plugins.cache_clear()
        yield folder
    registry.plugins.cache_clear()
    del sys.modules["toys"]


SETTINGS = {"preset": "tiny", "max_iters": 2, "eval_interval": 1, "eval_iters": 1, "block_size": 4}


BOTH = {"tokenizers": ["char", "lower"], "vocab_size": 10}


def run(folder, toys, told=ignore, **arguments):
    settings = {**SETTINGS, "batch_size": 2, "workers": 1, "n_embd": 3}
    data = str(toys / "play.txt")
    return compare(out=folder, report=told, **{**settings, "data": data, **arguments})


@pytest.fixture(scope="module")
def finished(toys):
    """A comparison of two tokenizers: its folder, and what it gave."""
    folder = toys / "finished"
    return folder, run(folder, toys, **BOTH)


@pytest.fixture(autouse=True)
def no_drawing(finished, monkeypatch):
    """Figures take longer than all the rest: after the first comparison they are empty."""

    def draw(curves, path, *arguments, **options):
        path.write_text("<svg/>")

    monkeypatch.setattr(report, "plot_overlay", draw)
    monkeypatch.setattr(report, "plot_curves", draw)
    monkeypatch.setattr(session, "plot_curves", draw)


@pytest.fixture
def compared(finished, tmp_path):
    """The folder of a copy that may be damaged."""
    return shutil.copytree(finished[0], tmp_path / "compared")


def test_the_record_is_what_the_file_holds(finished):
    folder, record = finished
    assert json.loads((folder / "report.json").read_text()) == record
    assert (folder / "report.md").exists()
    assert (folder / "report.html").exists()


def test_the_text_is_counted(finished):
    record = finished[1]
    split = int(len(TEXT) * 0.9)
    train, val = TEXT[:split], TEXT[split:]
    counts = Counter(train)
    unigram = -sum(math.log2(counts[c] / (len(train) + 1)) for c in val) / len(val)
    assert record["data"]["characters"] == len(TEXT)
    assert record["data"]["held_out"] == {
        "characters": len(val),
        "bytes": len(val),
        "words": len(val.split()),
        "lines": len(re.findall(r"(?m)^.*\S.*$", val)),
        "uniform_bits_per_character": math.log2(len(set(train))),
        "unigram_bits_per_character": pytest.approx(unigram),
    }


def test_the_models_are_counted(finished):
    for name, ids in [("char", 4 + len(CHARACTERS)), ("lower", 10)]:
        table, middle, head = ids * 3, 3 * 3 + 3, 3 * ids + ids
        assert finished[1]["runs"][name]["model"] == {
            "vocab_size": ids,
            "parameters": table + middle + head,
            "embedding_parameters": table + head,
            "embedding_share": (table + head) / (table + middle + head),
        }
        assert finished[1]["runs"][name]["train_tokens"] == int(len(TEXT) * 0.9)


def test_the_settings_stand_apart_where_they_differ(finished):
    record = finished[1]
    setting = record["setting"]
    assert setting["preset"] == "tiny"
    assert (setting["model"], setting["model.n_embd"], setting["max_iters"]) == ("gpt", 3, 2)
    assert "tokenizer" not in setting
    assert "tokenizer.vocab_size" not in setting
    assert record["runs"]["char"]["settings"] == {"tokenizer": "char"}
    own = {"tokenizer": "lower", "tokenizer.vocab_size": 10}
    assert record["runs"]["lower"]["settings"] == own
    assert record["groups"] == {}


def test_the_loss_is_that_of_the_best_checkpoint_on_the_whole_held_out_text(finished):
    folder, record = finished
    for name, numbers in record["runs"].items():
        run = Run.open(folder / "runs" / name)
        model, ids = run.model("best"), run.tokenizer().encode(TEXT[int(len(TEXT) * 0.9) :])
        logits = model.forward(ids[None, :-1])[0].astype(float)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        loss = -logits[np.arange(len(ids) - 1), ids[1:]].mean()
        assert numbers["held_out"]["loss"] == pytest.approx(loss, rel=1e-5)
        evaluations = [e for e in run.metrics() if "val_loss" in e]
        assert numbers["training"]["final_val_loss"] == evaluations[-1]["val_loss"]
        assert numbers["training"]["steps"] == 2
        assert numbers["timing"]["seconds"] > 0


def test_what_they_write_is_counted(finished):
    for numbers in finished[1]["runs"].values():
        written = numbers["generated"]
        assert (written["samples"], written["tokens"]) == (8, 8 * 500)
        assert len(written["sample"]) == 500
        assert 0 <= written["unknown_rate"] < 0.5


def test_again_nothing_is_trained(finished, compared, toys):
    told = []
    again = run(compared, toys, told.append, **BOTH)
    states = [(e.name, e.number, e.total, e.state) for e in told if isinstance(e, Comparing)]
    assert states == [("char", 1, 2, "finished"), ("lower", 2, 2, "finished")]
    before = finished[1]
    for name in again["runs"]:
        assert {**again["runs"][name], "timing": 0} == {**before["runs"][name], "timing": 0}


def test_the_preset_of_a_file_is_told(compared, toys):
    record = run(compared, toys, **BOTH, preset=None, config={"preset": "tiny"})
    assert record["setting"]["preset"] == "tiny"


def test_an_interrupted_run_goes_on(compared, toys):
    told = []
    (compared / "runs/lower/sample.txt").unlink()
    run(compared, toys, told.append, **BOTH)
    assert [e.state for e in told if isinstance(e, Comparing)] == ["finished", "interrupted"]
    assert (compared / "runs/lower/sample.txt").exists()
    (compared / "runs/lower/latest").write_text("step-000001\n")
    run(compared, toys, told.append, **BOTH)
    assert [e.state for e in told if isinstance(e, Comparing)][2:] == ["finished", "interrupted"]
    assert Run.open(compared / "runs/lower").checkpoints.step_of("latest") == 2


def test_runs_whose_text_moved_go_on_and_are_measured(compared, toys):
    before = json.loads((compared / "report.json").read_bytes())
    (compared / "runs/lower/sample.txt").unlink()
    moved = (toys / "play.txt").rename(toys / "moved.txt")
    try:
        refused(compared, toys, "play.txt")
        record = run(compared, toys, **{**BOTH, "data": str(moved)})
    finally:
        moved.rename(toys / "play.txt")
    for name in ("char", "lower"):
        assert record["runs"][name]["held_out"] == before["runs"][name]["held_out"]


def test_a_tokenizer_a_model_and_seeds_are_compared(toys, tmp_path):
    told = []
    record = run(tmp_path, toys, told.append, models=["gpt", "other"], seeds=2, seed=5)
    names = ["gpt-seed5", "gpt-seed6", "other-seed5", "other-seed6"]
    assert list(record["runs"]) == names
    assert [e.state for e in told if isinstance(e, Comparing)] == ["new"] * 4
    for model in ("gpt", "other"):
        runs = [record["runs"][f"{model}-seed{seed}"] for seed in (5, 6)]
        losses = [numbers["held_out"]["loss"] for numbers in runs]
        assert losses[0] != losses[1]
        assert record["groups"][model]["loss"] == {
            "mean": pytest.approx(sum(losses) / 2),
            "lowest": min(losses),
            "highest": max(losses),
            "runs": 2,
        }
        best = [numbers["training"]["best_val_loss"] for numbers in runs]
        assert record["groups"][model]["best_val_loss"]["lowest"] == min(best)
    assert "## Over seeds" in (tmp_path / "report.md").read_text()


def test_tokenizers_in_files_are_compared_as_they_are(toys, tmp_path):
    paths = {name: str(tmp_path / f"{name}.json") for name in ("ab", "every")}
    for path, known in zip(paths.values(), ("ab", CHARACTERS), strict=True):
        Path(path).write_text(json.dumps({"known": [*known]}))
    given = {"tokenizers": [*paths.values()]}
    with pytest.warns(NpgptWarning, match="are unknown to the tokenizer"):
        record = run(tmp_path / "out", toys, **given)
    assert list(record["runs"]) == [*paths]
    sizes = {name: numbers["model"]["vocab_size"] for name, numbers in record["runs"].items()}
    assert sizes == {"ab": 6, "every": 4 + len(CHARACTERS)}
    assert {n: numbers["settings"] for n, numbers in record["runs"].items()} == {
        name: {"tokenizer": path} for name, path in paths.items()
    }
    told = []
    again = run(tmp_path / "out", toys, told.append, **given)
    assert [e.state for e in told if isinstance(e, Comparing)] == ["finished"] * 2
    assert again["runs"] == record["runs"]
    shutil.copy(paths["every"], paths["ab"])
    with pytest.raises(NpgptError, match=r"another tokenizer than .*ab.json is now"):
        run(tmp_path / "out", toys, **given)
    Path(paths["ab"]).unlink()
    with pytest.raises(NpgptError, match=r"there is no run and no file .*ab.json"):
        run(tmp_path / "new", toys, **given)
    assert not (tmp_path / "new").exists()


def test_optimizers_that_share_a_learning_rate_are_warned_of_before_they_train(toys, tmp_path):
    def stop(event):
        raise KeyboardInterrupt

    with pytest.warns(NpgptWarning, match="adam and sgd"), pytest.raises(KeyboardInterrupt):
        run(tmp_path, toys, stop, optimizers=["adam", "sgd"])


def test_a_variant_trains_with_its_own_settings(toys, tmp_path):
    variants = [{"optim": "adam"}, "name=b optim=sgd lr=0.5"]
    record = run(tmp_path, toys, variants=variants, lr=0.25)
    assert list(record["runs"]) == ["adam", "b"]
    assert [Run.open(tmp_path / "runs" / name).settings.lr for name in record["runs"]] == [
        0.25,
        0.5,
    ]
    assert record["runs"]["b"]["settings"] == {"optimizer": "sgd", "lr": 0.5}


# -------------------------------------------------------------------------- diverged


def not_finite(monkeypatch, at, **where):
    """Let the loss of the step after ``at`` be NaN where a setting has this value."""
    ((name, values),) = where.items()
    gradients = Trainer.gradients

    def poisoned(self, step):
        loss = gradients(self, step)
        return math.nan if getattr(self.settings, name) in values and step == at else loss

    monkeypatch.setattr(Trainer, "gradients", poisoned)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_a_run_that_diverges_is_told_beside_the_others_and_again(toys, tmp_path):
    variants, told = ["name=a lr=0.25", "name=b lr=1e30"], []
    with pytest.warns(NpgptWarning, match="b diverged: the loss of step 2 is .*A lower `lr`"):
        record = run(tmp_path, toys, told.append, variants=variants)
    assert list(record["runs"]) == ["a"]
    (name, lost) = next(iter(record["diverged"].items()))
    assert (name, lost["step"], lost["settings"]) == ("b", 2, {"lr": 1e30})
    assert lost["reason"].startswith("the loss of step 2 is ")
    assert record["runs"]["a"]["settings"] == {"lr": 0.25}
    for page in ("report.md", "report.html"):
        assert "diverged at step 2" in (tmp_path / page).read_text()
    with pytest.warns(NpgptWarning, match="b diverged: the loss of step 2 is"):
        again = run(tmp_path, toys, told.append, variants=variants)
    assert again["diverged"] == record["diverged"]
    states = [event.state for event in told if isinstance(event, Comparing)]
    assert states == ["new", "new", "finished", "interrupted"]


def test_a_run_that_diverges_at_its_first_step_leaves_no_folder_but_its_settings(
    toys, tmp_path, monkeypatch
):
    not_finite(monkeypatch, lr=[2], at=0)
    with pytest.warns(NpgptWarning, match="b diverged"):
        record = run(tmp_path, toys, variants=["name=a lr=1", "name=b lr=2"], workers=0)
    assert record["diverged"]["b"]["settings"] == {"lr": 2}
    assert record["diverged"]["b"]["step"] == 1
    assert record["setting"]["workers"] >= 1
    assert not (tmp_path / "runs/b/run.json").exists()


def test_a_diverged_run_that_was_finished_by_hand_is_compared(toys, tmp_path, monkeypatch):
    not_finite(monkeypatch, lr=[2], at=1)
    variants = {"variants": ["name=a lr=1", "name=b lr=2"], "max_iters": 3}
    with pytest.warns(NpgptWarning, match="b diverged: the loss of step 2 is nan"):
        run(tmp_path, toys, **variants)
    train(out=tmp_path / "runs/b", resume=True, on_nan="skip", report=ignore)
    record = run(tmp_path, toys, **variants)
    assert (list(record["runs"]), record["diverged"]) == (["a", "b"], {})
    assert record["runs"]["b"]["training"]["steps"] == 2


def test_of_seeds_that_diverged_the_spread_tells(toys, tmp_path, monkeypatch):
    not_finite(monkeypatch, seed=[1339], at=1)
    with pytest.warns(NpgptWarning, match="seed1339 diverged"):
        run(tmp_path, toys, seeds=3)
    assert "| char, without 1 diverged |" in (tmp_path / "report.md").read_text()


def test_where_every_run_diverges_there_is_no_report_but_an_error(toys, tmp_path, monkeypatch):
    not_finite(monkeypatch, lr=[1, 2], at=0)
    told = r"b: the loss of step 1 is nan; c: the loss of step 1 is nan\. Nothing was updated"
    with pytest.warns(NpgptWarning), pytest.raises(NonFiniteError, match=told):
        run(tmp_path, toys, variants=["name=b lr=1", "name=c lr=2"])
    assert not (tmp_path / "report.json").exists()


# ------------------------------------------------------------------------- opened once


def test_the_run_the_model_and_the_tokenizer_of_each_are_opened_once(compared, toys, monkeypatch):
    opened = Counter()

    def counted(name, original):
        def call(self, *arguments):
            opened[name] += name != "read_json" or arguments[0] == "run.json"
            return original(self, *arguments)

        return call

    for owner, name in ((Folder, "read_json"), (Checkpoints, "load_into"), (Run, "tokenizer")):
        monkeypatch.setattr(owner, name, counted(name, getattr(owner, name)))
    run(compared, toys, **BOTH)
    assert opened == {"read_json": 2, "load_into": 2, "tokenizer": 2}


# --------------------------------------------------------------------------- refusals


def change(path, **values):
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, **values}))


def refused(compared, toys, message, **arguments):
    before = (compared / "report.json").read_bytes()
    with pytest.raises(NpgptError, match=message):
        run(compared, toys, **{**BOTH, **arguments})
    assert (compared / "report.json").read_bytes() == before


def test_a_run_made_with_other_settings_is_refused(compared, toys):
    refused(compared, toys, "char was made with other settings .*lr is 0.003, not 0.5", lr=0.5)
    refused(compared, toys, "other settings .seed is 1337, not 5", seed=5)
    run(compared, toys, **BOTH, workers=2)  # settled by the machine


def test_the_run_of_another_text_is_refused_wherever_it_stands(compared, toys):
    for name in ("char", "lower"):
        path = compared / "runs" / name / "run.json"
        right = json.loads(path.read_text())["data"]
        change(path, data={**right, "sha256": "0" * 64})
        refused(compared, toys, f"{name} was trained on another text than")
        change(path, data=right)
    run(compared, toys, **BOTH)


def test_a_run_of_several_ranks_is_refused(compared, toys):
    path = compared / "runs/lower/run.json"
    change(path, ranks=2)
    refused(compared, toys, "lower was trained by 2 processes")
    change(path, ranks=1)
    run(compared, toys, **BOTH)


@pytest.mark.parametrize(("size", "fits"), [(1, True), (2, False)])
def test_several_processes_are_refused(toys, tmp_path, monkeypatch, size, fits):
    class Several:
        pass

    Several.size = size
    monkeypatch.setattr(module, "open_processes", Several)
    message = "seeds is 0" if fits else "compare runs in one process"
    with pytest.raises(NpgptError, match=message):
        run(tmp_path, toys, seeds=0)


def test_a_missing_library_is_told_before_anything_is_trained(toys, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "LIBRARIES", ("jinja3",))
    with pytest.raises(NpgptError, match="a report needs jinja3"):
        run(tmp_path / "out", toys)
    assert not (tmp_path / "out").exists()


def test_wrong_settings_are_refused_before_anything_is_trained(toys, tmp_path):
    for message, arguments in [
        ("unknown setting 'rate'", {"rate": 1}),
        ("has no option 'x'", {"variants": ["lr=1", "model.x=1"]}),
        ("block_size is 0", {"variants": ["lr=1", "block_size=0"]}),
        ("batch_size is 0", {"batch_size": 0}),
        ("unknown tokenizer 'chra'", {"tokenizers": ["char", "chra"]}),
    ]:
        with pytest.raises(NpgptError, match=message):
            run(tmp_path / "out", toys, **arguments)
    assert not (tmp_path / "out").exists()
