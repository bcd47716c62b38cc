"""Files and values from strangers: whatever they hold, the answer is one documented error.

NPGPT_TEST_FUZZ=10000 tries as many inputs for each reader as the documents speak of.
"""

import contextlib
import json
import shutil

import pytest
from click.testing import CliRunner
from fuzzing import (
    CUTS,
    EXAMPLES,
    FAST,
    LEAVES,
    NUMBERS,
    PLACES,
    VALUES,
    mutated,
    refused_or_fine,
    replaced,
    watch_memory,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from npgpt_cli.main import main
from npgpt_convert import export_model, import_model
from npgpt_core import registry
from npgpt_train import Run, load_run
from npgpt_train.events import ignore
from npgpt_train.machine.disk import Folder
from npgpt_train.plots import plot_curves
from npgpt_train.preparation import prepare_existing
from npgpt_train.run.metrics import cut_metrics, read_metrics
from npgpt_train.settings.choices import choose, read_config
from npgpt_train.settings.parts import resolve
from npgpt_train.text.tokenizer_file import MAX_SIZE

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore::npgpt_core.errors.NpgptWarning"),  # other versions
]

SMALL = ["--preset", "tiny", "--max-iters", "2", "--eval-interval", "2", "--eval-iters", "1"]
TRAINED = ("char", "word", "bpe", "byte-bpe")
TOKENIZERS = (*TRAINED, "pretrained-bpe")


@pytest.fixture(autouse=True, scope="module")
def _memory_before():
    watch_memory()


@pytest.fixture(scope="module")
def runs(tmp_path_factory, play):
    """A small finished run for each tokenizer that is trained; of the other one its file."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "play.txt").write_text(play)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NPGPT_CACHE", str(folder / "cache"))
        for name in TRAINED:
            size = [] if name == "char" else ["--vocab-size", "300"]
            flags = ["--data", str(folder / "play.txt"), "--tokenizer", name, *size]
            result = CliRunner().invoke(
                main, ["train", *flags, "--out", str(folder / name), *SMALL]
            )
            assert result.exit_code == 0, result.output
    export_model(folder / "byte-bpe", "tokenizer.json", folder / "exported.json")
    import_model(folder / "exported.json", folder / "pretrained-bpe" / "tokenizer.json")
    return folder


@pytest.fixture(scope="module")
def run(runs, tmp_path_factory):
    """A copy of the char run, to damage."""
    return shutil.copytree(runs / "char", tmp_path_factory.mktemp("damaged") / "run")


@pytest.fixture(scope="module")
def cache_folder(runs):
    """With the tokens of the runs."""
    return runs / "cache"


@contextlib.contextmanager
def damaged(run, runs, name, data):
    """Other bytes in a file of the run, for the length of a ``with`` block."""
    (run / name).write_bytes(data)
    try:
        yield
    finally:
        shutil.copyfile(runs / "char" / name, run / name)


# -------------------------------------------------------------------------- run.json


@FAST
@given(places=PLACES, value=VALUES)
@example(places=[0.5, 0.9, 0.5], value=2**62)
def test_run_json_with_other_values(places, value, run, runs):
    record = json.loads((runs / "char/run.json").read_text())
    data = json.dumps(replaced(record, places, value)).encode()
    with damaged(run, runs, "run.json", data):
        refused_or_fine(lambda: load_run(run))


@FAST
@given(places=PLACES, value=VALUES)
@example(places=[0.9, 0.1, 0.0], value="\0")
def test_resuming_with_other_values(places, value, run, runs, cache_folder, monkeypatch):
    monkeypatch.setenv("NPGPT_CACHE", str(cache_folder))
    record = json.loads((runs / "char/run.json").read_text())
    data = json.dumps(replaced(record, places, value)).encode()
    with damaged(run, runs, "run.json", data):
        refused_or_fine(lambda: prepare_existing(Run.open(run), ignore))


@FAST
@given(cuts=CUTS)
def test_run_json_with_other_bytes(cuts, run, runs):
    data = mutated((runs / "char/run.json").read_bytes(), cuts)
    with damaged(run, runs, "run.json", data):
        refused_or_fine(lambda: load_run(run))


# ----------------------------------------------------------------------- checkpoints


@FAST
@given(cuts=CUTS, name=st.sampled_from(["model", "optimizer"]))
def test_arrays_with_other_bytes(cuts, name, run, runs):
    file = f"checkpoints/step-000002/{name}.safetensors"
    size = Run.open(run).record.parameters * 4
    data = mutated((runs / "char" / file).read_bytes(), cuts)
    with damaged(run, runs, file, data):
        refused_or_fine(lambda: load_run(run))
        refused_or_fine(lambda: Run.open(run).checkpoints.load(2, size))


@FAST
@given(places=PLACES, value=VALUES)
def test_headers_of_arrays_with_other_values(places, value, run, runs):
    file = "checkpoints/step-000002/model.safetensors"
    data = (runs / "char" / file).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(replaced(json.loads(data[8 : 8 + length]), places, value)).encode()
    data = len(header).to_bytes(8, "little") + header + data[8 + length :]
    with damaged(run, runs, file, data):
        refused_or_fine(lambda: load_run(run))


@FAST
@given(places=PLACES, value=VALUES)
def test_state_json_with_other_values(places, value, run, runs):
    file = "checkpoints/step-000002/state.json"
    state = json.loads((runs / "char" / file).read_text())
    data = json.dumps(replaced(state, places, value)).encode()
    with damaged(run, runs, file, data):
        refused_or_fine(lambda: Run.open(run).checkpoints.load(2, 10**6))


@FAST
@given(text=st.binary(max_size=40) | st.sampled_from([b"step-" + b"9" * 5000, b"step-000002\n"]))
def test_pointers_with_anything(text, run, runs):
    with damaged(run, runs, "best", text):
        refused_or_fine(lambda: load_run(run))


# --------------------------------------------------------------------------- metrics


@FAST
@given(cuts=CUTS)
def test_metrics_with_other_bytes(cuts, run, runs):
    path = run / "metrics.jsonl"
    data = mutated((runs / "char/metrics.jsonl").read_bytes(), cuts)
    with damaged(run, runs, "metrics.jsonl", data):
        refused_or_fine(lambda: read_metrics(path))
        refused_or_fine(lambda: cut_metrics(path, 1))


@settings(FAST, max_examples=max(10, EXAMPLES // 100), deadline=None)
@given(
    events=st.lists(
        st.dictionaries(
            st.sampled_from(["step", "loss", "val_loss", "train_loss", "lr", "grad_norm"]), LEAVES
        ),
        max_size=4,
    )
)
def test_metrics_of_any_numbers_are_drawn_or_refused(events, run, runs, tmp_path_factory):
    path = run / "metrics.jsonl"
    picture = tmp_path_factory.mktemp("curves") / "curves.svg"
    data = "".join(json.dumps(event) + "\n" for event in events).encode()
    with damaged(run, runs, "metrics.jsonl", data):
        refused_or_fine(lambda: plot_curves(read_metrics(path), picture))


# ------------------------------------------------------------------------ tokenizers


def _use(name, path):
    state = Folder(path.parent).read_json(path.name, MAX_SIZE)
    tokenizer = registry.load("tokenizer", name).from_state(state)
    ids = tokenizer.encode("The king, my lord!\n")
    assert isinstance(tokenizer.decode(ids), str)
    assert all(0 <= i < tokenizer.vocab_size for i in ids)


@pytest.mark.parametrize("name", TOKENIZERS)
@FAST
@given(places=PLACES, value=VALUES)
def test_tokenizers_with_other_values(name, places, value, runs, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "values.json"
    record = json.loads((runs / name / "tokenizer.json").read_text())
    path.write_text(json.dumps(replaced(record, places, value)))
    refused_or_fine(lambda: _use(name, path))


@pytest.mark.parametrize("name", TOKENIZERS)
@FAST
@given(cuts=CUTS)
def test_tokenizers_with_other_bytes(name, cuts, runs, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(mutated((runs / name / "tokenizer.json").read_bytes(), cuts))
    refused_or_fine(lambda: _use(name, path))


# --------------------------------------------------------------- settings and flags

CONFIG = b"""data = "play.txt"
lr = 1e-3
n_layer = 2
[tokenizer]
name = "bpe"
vocab_size = 300
[optimizer]
name = "adamw"
weight_decay = 0.1
"""


@FAST
@given(cuts=CUTS)
def test_configs_with_other_bytes(cuts, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "config.toml"
    path.write_bytes(mutated(CONFIG, cuts))
    refused_or_fine(lambda: resolve(choose(config=read_config(path))))


@FAST
@example(values={"data": 0})
@example(values={"lr": None})
@given(
    values=st.dictionaries(
        st.sampled_from(["lr", "data", "tokenizer", "model.n_layer", "optimizer", "seed", "n_embd"])
        | st.text(max_size=8),
        VALUES,
        max_size=3,
    )
)
def test_settings_of_any_values(values):
    refused_or_fine(lambda: resolve(choose(config=values)))


FLAGS = ["--lr", "--seed", "--tokenizer", "--optim", "--set", "--n-layer", "--data", "--preset"]
FLAGS += ["--grad-clip", "--vocab-size", "--keep", "--on-nan", "--config", "--init-from"]
WORDS = st.text(st.characters(exclude_characters="\0"), max_size=12) | NUMBERS.map(str)


@FAST
@given(flags=st.lists(st.tuples(st.sampled_from(FLAGS), WORDS), max_size=4))
@example(flags=[("--set", "tokenizer.x=" + "[" * 5000)])
def test_flags_with_any_values(flags, tmp_path_factory):
    """Nothing here can train: the data is not there, so all must end with exit code 2."""
    out = tmp_path_factory.getbasetemp() / "no run"
    words = [word for pair in flags for word in pair]
    result = CliRunner().invoke(main, ["train", *words, "--data", "no.such", "--out", str(out)])
    assert result.exit_code == 2, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert not out.exists()
