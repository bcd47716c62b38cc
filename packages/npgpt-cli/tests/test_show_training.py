"""What is shown of a run as it goes, in a pipe and on a terminal, and of a comparison."""

import dataclasses
from pathlib import Path

import pytest

from npgpt_cli.show import training as display
from npgpt_cli.show.comparison import print_comparison
from npgpt_cli.show.training import TrainingDisplay
from npgpt_core.events import (
    Comparing,
    Continuing,
    Estimated,
    Evaluated,
    Finished,
    Preparing,
    Started,
    Stepped,
)
from npgpt_train.settings.settings import Part, Settings

SETTINGS = Settings(
    data=("a.txt",),
    tokenizer=Part("char"),
    model=Part("gpt"),
    optimizer=Part("adam"),
    schedule=Part("constant"),
    batch_size=2,
    block_size=4,
    grad_accumulation=1,
    max_iters=1200,
    lr=0.1,
    grad_clip=1.0,
    eval_interval=5,
    eval_iters=1,
    seed=0,
    workers=1,
)
STARTED = Started(Path("run"), SETTINGS.to_json(), 0, 12345, 65, 9000, 1000, 10000)
LOSSES = {"step": 7, "train_loss": 2.0, "val_loss": 2.125}
STEP = {"step": 7, "loss": 2.5, "tokens_per_second": 12345.6}
FINISHED = Finished(Path("my run"), LOSSES, "to\x1b be", Path("my run/curves.png"), "", "", 0)


@pytest.fixture
def shown(capsys):
    """What is printed of some events."""

    def show(*events):
        with TrainingDisplay() as view:
            for event in events:
                view.report(event)
        return capsys.readouterr().out.splitlines()

    return show


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Preparing("reading\x1b"), r"reading\x1b ..."),
        (Continuing(Path("r"), 0), "continuing r, the newest unfinished run"),
        (
            Continuing(Path("r"), 2),
            "continuing r, the newest unfinished run; --out names one of 2 others",
        ),
        (Evaluated(LOSSES, True), "step      7  train 2.0000  validation 2.1250  best so far"),
        (Evaluated(LOSSES, False), "step      7  train 2.0000  validation 2.1250"),
        (
            Estimated(90.0, 0.0625, 300 * 2**20, 1.25),
            "about 1 min 30 s at 0.062 s a step, 300 MiB of memory; the text is read 1.2 times",
        ),
        (Estimated(9.0, 1, 0, 3), "about 9 s at 1.000 s a step; the text is read 3.0 times"),
    ],
)
def test_in_a_pipe_an_event_is_a_line(event, line, shown):
    assert shown(event) == [line]


@pytest.mark.parametrize(
    ("step", "workers", "line"),
    [
        (0, 1, "training 1,200 steps of 2 x 4 tokens on 1 thread, into run"),
        (3, 2, "resuming at step 3 of 1,200 steps of 2 x 4 tokens on 2 threads, into run"),
    ],
)
def test_a_start_tells_sizes_and_the_work(step, workers, line, shown):
    settings = dataclasses.replace(SETTINGS, workers=workers)
    sizes = "12,345 parameters, 65 ids; 10,000 characters are 9,000 training and 1,000 validation"
    lines = shown(dataclasses.replace(STARTED, step=step, settings=settings.to_json()))
    assert lines == [f"{sizes} tokens", line]


def test_in_a_pipe_a_step_is_told_every_ten_seconds(shown, monkeypatch):
    now = iter([0, 1, 9.9, 10.1, 10.1, 15, 20.0, 20.2, 20.2])  # a line asks twice
    monkeypatch.setattr(display.time, "monotonic", lambda: next(now))
    steps = [Stepped({**STEP, "step": step}) for step in range(1, 6)]
    skipped = Stepped({"step": 6, "skipped": True, "tokens_per_second": 10.0})
    assert shown(*steps, skipped) == [
        "step      3  loss 2.5000  12,346 tokens/s",
        "step      6  skipped: not finite  10 tokens/s",
    ]


def test_what_came_of_a_run(shown):
    assert shown(FINISHED) == [
        "",
        r"to\x1b be",
        "",
        "final loss: train 2.0000, validation 2.1250",
        "the run is in my run: run.json, metrics.jsonl, checkpoints, sample.txt",
        "curves: my run/curves.png",
        "continue its text with: npgpt generate 'my run'",
    ]
    told = {
        "verdict": "it diverged: a lower `lr`",
        "skipped": 1234,
        "curves": None,
        "note": "no plot",
    }
    lines = shown(dataclasses.replace(FINISHED, **told))
    assert lines[4:6] == ["1,234 steps were skipped: not finite", "it diverged: a lower --lr"]
    assert lines[7] == "no plot"


def test_of_several_runs_the_report_tells_the_rest(shown):
    lines = shown(Comparing("char", 1, 2, "new"), FINISHED)
    assert lines == ["", "[1 of 2] char: new", "final loss: train 2.0000, validation 2.1250"]


def test_on_a_terminal_a_bar_says_how_far_it_is(monkeypatch, capsys):
    monkeypatch.setattr(display, "is_terminal", lambda: True)
    with TrainingDisplay() as view:
        view.report(dataclasses.replace(STARTED, step=3))
        view.report(Estimated(9.0, 1, 0, 3))
        bar = view._progress
        (task,) = bar.tasks
        assert (task.completed, task.total) == (3, 1200)
        view.report(Stepped(STEP))
        assert (task.completed, task.description) == (7, "loss 2.5000  12,346 tokens/s")
        view.report(Stepped({"step": 8, "skipped": True, "tokens_per_second": 10.0}))
        assert (task.completed, task.description) == (8, "skipped: not finite  10 tokens/s")
        view.report(Evaluated(LOSSES, True))
        assert bar.live.is_started
        view.report(FINISHED)
        assert not bar.live.is_started
    assert "validation 2.1250  best so far" in capsys.readouterr().out


def test_a_bar_ends_with_an_error_too(monkeypatch):
    monkeypatch.setattr(display, "is_terminal", lambda: True)
    view = TrainingDisplay()

    def fail():
        with view:
            view.report(STARTED)
            view.report(Estimated(9.0, 1, 0, 3))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not view._progress.live.is_started


def test_the_bar_of_a_run_that_diverged_ends_where_the_next_begins(monkeypatch):
    monkeypatch.setattr(display, "is_terminal", lambda: True)
    with TrainingDisplay() as view:
        view.report(STARTED)
        view.report(Estimated(9.0, 1, 0, 3))
        bar = view._progress
        view.report(Comparing("b", 2, 2, "new"))
        assert not bar.live.is_started


def _run(loss, parameters=1234):
    held_out = {
        "loss": loss,
        "restored_bits_per_character": loss / 2,
        "lost_bits_per_character": {},
    }
    return {"held_out": held_out, "model": {"parameters": parameters}}


@pytest.mark.parametrize(
    ("names", "same", "note"),
    [
        (["char"], (), None),
        (["char", "bpe"], ("tokenizer",), "Losses per token do not compare across tokenizers"),
        (["1", "2"], ("seed",), "The tokens of all runs are the same"),
    ],
)
def test_a_comparison_is_a_table_with_what_its_losses_mean(names, same, note, capsys):
    common = {f.name: 0 for f in dataclasses.fields(Settings) if f.name not in same}
    runs = {name: _run(2.0 + i) for i, name in enumerate(names)}
    print_comparison({"setting": common, "runs": runs}, Path("out"))
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert ("parameters" in text) == ("1,234" in text) == ("tokenizer" in same)
    for i, name in enumerate(names):
        (row,) = [line.split() for line in lines if line.startswith(f"{name} ")]
        assert row[-2:] == [f"{2 + i:.3f}", f"{1 + i / 2:.3f}"]
    assert lines[-1] == "the report is in out: report.html, report.md, report.json"
    if note:
        assert lines[-2].startswith(note)
    else:
        assert "Losses" not in text
        assert "The tokens" not in text
