"""Observers hear of everything, and whatever they do, the run is the one it would have been."""

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning, PluginError
from npgpt_core.events import (
    Checkpointed,
    Estimated,
    Evaluated,
    Finished,
    Preparing,
    Started,
    Stepped,
    Stopped,
)
from npgpt_train import ignore, session, train, training
from npgpt_train.loop.processes import Processes
from npgpt_train.loop.trainer import Trainer
from npgpt_train.machine.interruption import Interrupted
from npgpt_train.run.folder import Run

LARGE = "ignore:.*the model can learn the text by heart:npgpt_core.errors.NpgptWarning"
pytestmark = pytest.mark.filterwarnings(LARGE)


class Recorder:
    """Keeps every event."""

    made: ClassVar = []

    def __init__(self, prefix="", fails=None):
        if fails:
            raise fails
        self.prefix, self.events = prefix, []
        Recorder.made.append(self)

    def __call__(self, event):
        self.events.append(event)


@pytest.fixture
def begin(small_parts, monkeypatch):
    """Train a small run that nobody watches but the observers; gives it."""
    monkeypatch.setattr(session, "plot_curves", lambda metrics, path, title: None)
    monkeypatch.setattr(Recorder, "made", [])

    def run(out="run", **given):
        return train(out=out, report=ignore, **{**small_parts, **given})

    return run


@pytest.fixture
def recorder(begin, monkeypatch):
    """An observer is installed under a name: its class."""
    find, load = registry.find, registry.load

    def found(kind, name):
        if kind != "observer":
            return find(kind, name)
        if name != "a.recorder":
            raise PluginError(f"unknown observer {name!r}")
        return SimpleNamespace(label="observer 'a.recorder' of zoo 1.0")

    monkeypatch.setattr(registry, "find", found)
    monkeypatch.setattr(
        registry, "load", lambda kind, name: Recorder if kind == "observer" else load(kind, name)
    )
    return Recorder


def files(folder):
    """What decides a run, byte by byte; timings do not."""
    run = Run.open(folder)
    weights = {p.parent.name: p.read_bytes() for p in Path(folder).glob("checkpoints/*/*.saf*")}
    losses = [{k: v for k, v in e.items() if "second" not in k} for e in run.metrics()]
    return weights, losses, (Path(folder) / "sample.txt").read_bytes(), run.record.settings


# ------------------------------------------------------------------------- what they hear


def test_every_event_of_a_run_in_its_order(begin):
    told = []
    run = begin(observe=[told.append], max_iters=4)
    after_preparing = [event for event in told if not isinstance(event, Preparing)]
    assert [type(event) for event in after_preparing] == [
        *(Started, Estimated, Evaluated),
        *(Stepped, Stepped, Evaluated, Checkpointed),
        *(Stepped, Stepped, Evaluated, Checkpointed),
        Finished,
    ]
    assert isinstance(told[0], Preparing)
    assert after_preparing[0].settings == run.settings.to_json()
    saved = [event for event in told if isinstance(event, Checkpointed)]
    assert [(event.step, event.folder.name) for event in saved] == [
        (2, "step-000002"),
        (4, "step-000004"),
    ]
    assert all((event.folder / "model.safetensors").is_file() for event in saved)


def test_a_resumed_run_says_at_which_step_it_starts(begin):
    told = []
    begin(max_iters=2, observe=[told.append])
    train(out="run", resume=True, max_iters=4, report=ignore, observe=[told.append])
    assert [event.step for event in told if isinstance(event, Started)] == [0, 2]


@pytest.mark.once
def test_a_signal_stops_a_run_that_can_be_resumed(begin):
    told = []

    def interrupt(event):
        if isinstance(event, Stepped) and event.metrics["step"] == 2:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted):
        begin(observe=[interrupt, told.append])
    assert told[-2:] == [
        Checkpointed(Path("run/checkpoints/step-000003"), 3),
        Stopped(Path("run"), "run stopped after step 3", signal.SIGTERM),
    ]


@pytest.mark.once
def test_a_signal_while_an_observer_works_is_no_failure_of_it(begin):
    """Before the first step the first signal ends a run at once, wherever it is."""
    told = []

    def interrupt(event):
        if isinstance(event, Estimated):
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted, match="stopped before a step"):
        begin(observe=[interrupt, told.append])
    assert told[-1] == Stopped(Path("run"), "run stopped before a step", signal.SIGTERM)


def test_an_error_stops_a_run_and_an_observer_can_close_its_file_before_it_is_deleted(
    begin, monkeypatch
):
    told = []

    def look(event):
        told.append((event, os.listdir("run") if isinstance(event, Stopped) else None))

    def fail(self, step):
        raise NpgptError("the sky fell")

    monkeypatch.setattr(Trainer, "gradients", fail)
    with pytest.raises(NpgptError, match="the sky fell"):
        begin(observe=[look])
    event, there = told[-1]
    assert (event.folder, event.signal) == (Path("run"), 0)
    assert "the sky fell" in event.reason
    assert "run.json" in there
    assert not os.path.exists("run")


def test_rank_0_alone_is_observed(begin, recorder, monkeypatch):
    class Second(Processes):
        rank, size = 1, 2

        def broadcast(self, value):
            return Path("run").absolute()

    begin(max_iters=1)
    monkeypatch.setattr(training, "open_processes", Second)
    begin(observe=["a.recorder"], max_iters=1)
    assert recorder.made == []


# ------------------------------------------------------------------ what they cannot change


class Vandal:
    """Writes into whatever it is given, and draws random numbers."""

    def __call__(self, event):
        np.random.seed(0)  # noqa: NPY002
        for value in vars(event).values():
            if isinstance(value, dict):
                for inner in value.values():
                    if isinstance(inner, dict):
                        inner.clear()
                value.clear()


def test_a_run_is_the_same_bit_for_bit_whatever_its_observers_do(begin):
    dropout = {"options": {"model.dropout": 0.5}}
    begin("alone", **dropout)
    told = []
    begin("observed", observe=[Vandal(), told.append], **dropout)
    assert all(event.metrics for event in told if isinstance(event, Stepped))
    assert files("observed") == files("alone")
    assert (Path("observed/run.json").read_text()) == Path("alone/run.json").read_text()


@pytest.mark.parametrize(
    "error", [ValueError("no such curve"), SystemExit(3), MemoryError(), GeneratorExit()]
)
def test_one_that_fails_is_told_once_and_the_run_goes_on(error, begin):
    begin("alone")
    calls, told = [], []

    def broken(event):
        if isinstance(event, Stepped):
            calls.append(event)
            raise error

    with pytest.warns(NpgptWarning) as warned:
        begin("observed", observe=[broken, told.append])
    (message,) = [str(w.message) for w in warned if "observer" in str(w.message)]
    assert "broken failed and gets no more events, the run goes on" in message
    assert f"{type(error).__name__}" in message
    assert "(test_observers.py, line " in message
    assert len(calls) == 1
    assert isinstance(told[-1], Finished)
    assert files("observed") == files("alone")


def test_ctrl_c_outside_of_the_steps_is_the_users(begin):
    def interrupt(event):
        if isinstance(event, Preparing):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin(observe=[interrupt])
    assert not Path("run").exists()


def test_where_none_is_named_none_is_looked_for_and_the_report_is_called_itself(begin, monkeypatch):
    asked, reports = [], []
    find, true = registry.find, training.run_session

    def found(kind, name):
        asked.append(kind)
        return find(kind, name)

    def run_session(prepared, processes, report):
        reports.append(report)
        return true(prepared, processes, report)

    monkeypatch.setattr(registry, "find", found)
    monkeypatch.setattr(training, "run_session", run_session)
    begin(max_iters=1)
    assert "observer" not in asked
    assert reports == [ignore]


# ----------------------------------------------------------------------- by name, or not


def test_one_that_is_named_is_built_with_its_options(begin, recorder):
    options = {"observer.a.recorder.prefix": "x", "model.dropout": 0.1}
    run = begin(observe=["a.recorder"], options=options, max_iters=1)
    (made,) = recorder.made
    assert made.prefix == "x"
    assert isinstance(made.events[-1], Finished)
    assert run.settings.model.options == {"dropout": 0.1}
    begin("other", observe="a.recorder", max_iters=1)
    assert len(recorder.made) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"observe": ["b.recorder"]}, "unknown observer 'b.recorder'"),
        ({"observe": [3]}, "`observe` has 3, expected names or functions of events"),
        (
            {"observe": [list]},
            "`observe` has <class 'list'>, expected names or functions of events",
        ),
        (
            {"options": {"observer.a.recorder.prefix": "x"}},
            "observer.a.recorder.prefix is set, but observer 'a.recorder' is not named: add"
            " `observe=a.recorder`",
        ),
        (
            {
                "observe": ["a.recorder"],
                "options": {"observer.a.recorder.fails": SystemExit("no server")},
            },
            "observer 'a.recorder' of zoo 1.0 cannot be built: SystemExit: no server",
        ),
    ],
)
def test_one_that_cannot_be_had_is_refused_before_anything_is_written(
    given, message, begin, recorder
):
    with pytest.raises(NpgptError) as raised:
        begin(**given)
    assert str(raised.value) == message
    assert not Path("run").exists()
