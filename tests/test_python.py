"""Training in Python: what it tells meanwhile, what its results show, which numbers it takes."""

import json

import numpy as np
import pytest

from npgpt_train import ignore, load_run, train

SMALL = {"preset": "tiny", "max_iters": 4, "eval_interval": 2, "eval_iters": 1}


@pytest.fixture
def run(text_file, tmp_path, monkeypatch):
    def start(is_terminal=False, **options):
        monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
        return train(data=str(text_file), out=tmp_path / "run", **{**SMALL, **options})

    return start


def test_a_terminal_shows_a_line_an_evaluation(run, capsys):
    finished = run(is_terminal=True)
    shown = capsys.readouterr()
    first, *evaluations, last = shown.err.splitlines()
    assert first.startswith("training ")
    assert first.endswith(f"steps 0 to 4, into {finished.folder}")
    assert [line.split()[:2] for line in evaluations] == [["step", str(i)] for i in (0, 2, 4)]
    assert f"validation {finished.metrics()[-1]['val_loss']:.4f}" in evaluations[-1]
    assert last == f"the run is in {finished.folder}"
    assert shown.out == ""


def test_told_not_to_it_is_silent(run, capsys):
    run(is_terminal=True, report=ignore)
    assert capsys.readouterr() == ("", "")


def test_elsewhere_it_is_silent(run, capsys):
    run(is_terminal=False)
    assert capsys.readouterr() == ("", "")


def test_a_run_is_shown_in_one_short_line(run):
    finished = run()
    assert repr(finished) == f"Run(folder={finished.folder!r})"
    loaded = load_run(finished.folder)
    vocab_size = loaded.tokenizer.vocab_size
    assert repr(loaded) == (
        f"LoadedRun(model=GPT with {loaded.model.num_parameters():,} parameters,"
        f" tokenizer=CharTokenizer with {vocab_size} ids,"
        f" settings=Settings of 4 steps, metrics={len(loaded.metrics)} events)"
    )


def test_the_numbers_of_numpy_are_numbers(run):
    finished = run(n_layer=np.int64(1), max_iters=np.int32(2), lr=np.float32(0.5))
    settings = json.loads((finished.folder / "run.json").read_text())["settings"]
    assert (settings["max_iters"], settings["lr"]) == (2, 0.5)
    assert settings["model"]["options"]["n_layer"] == 1
