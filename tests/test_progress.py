"""What ``train`` tells in Python: lines on a terminal, nothing elsewhere or where it is ignored."""

import pytest

from npgpt_train import ignore, train

SMALL = {"preset": "tiny", "max_iters": 4, "eval_interval": 2, "eval_iters": 1}


@pytest.fixture
def run(text_file, tmp_path, monkeypatch):
    def start(is_terminal, **options):
        monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
        return train(data=str(text_file), out=tmp_path / "run", **SMALL, **options)

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
