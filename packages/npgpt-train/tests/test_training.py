"""``train`` as a whole, with parts so small that every number can be computed a second way."""

import errno
import json
import math
import os
import signal
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_core.events import (
    Checkpointed,
    Estimated,
    Evaluated,
    Finished,
    Preparing,
    Started,
    Stepped,
)
from npgpt_core.special_tokens import SPECIAL_IDS
from npgpt_train import load_run, session, train, training
from npgpt_train.loop.processes import Processes
from npgpt_train.loop.trainer import MAX_SKIPS, Trainer
from npgpt_train.machine.interruption import Interrupted
from npgpt_train.machine.lock import is_held
from npgpt_train.machine.processors import physical_cores
from npgpt_train.run.folder import Run

LARGE = "ignore:.*the model can learn the text by heart:npgpt_core.errors.NpgptWarning"
pytestmark = pytest.mark.filterwarnings(LARGE)


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch):
    monkeypatch.setattr(session, "plot_curves", lambda metrics, path, title: None)


@pytest.fixture
def begin(small_parts):
    """Train a small run; gives it, and what was told of it."""

    def run(out="run", **settings):
        told = []
        given = {**small_parts, "report": told.append, **settings}
        return train(out=out, **given), told

    return run


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def weights(run, which):
    step = run.checkpoints.step_of(which)
    return run.checkpoints.load_model(step, 10**6)["table.weight"]


# --------------------------------------------------------------------- what is written


def test_the_record_tells_what_was_settled(begin):
    run, _ = begin(keep=1)
    record = Run.open("run").record
    assert record == run.record
    assert (record.preset, record.keep, record.on_nan) == ("tiny", 1, "stop")
    assert (record.ranks, record.vocab_size, record.parameters) == (1, 128, 128 * 128)
    assert record.data.characters == len("to be or not to be\n" * 80)
    assert record.settings.schedule.options == {
        "max_iters": 6,
        "min_lr": pytest.approx(3e-4),
        "warmup_iters": None,
    }
    assert record.settings.optimizer.options == {"beta": 0.5}
    assert set(record.versions) == {"python", "numpy", "npgpt-core", "npgpt-train"}
    assert "init_from" not in json.loads(Path("run/run.json").read_text())


def test_what_nobody_asked_for_is_the_published_setting(begin):
    record = begin(preset=None, max_iters=1)[0].record
    assert (record.preset, record.keep) == ("full", 3)
    assert record.settings.lr == 3e-4


@pytest.mark.parametrize(("asked", "ranks", "made"), [(3, 1, 3), (0, 1, None), (0, 10**6, 1)])
def test_workers_are_the_cores_unless_asked_for(asked, ranks, made, begin, monkeypatch):
    class Several(Processes):
        size = ranks

    monkeypatch.setattr(training, "open_processes", Several)
    monkeypatch.setattr(training, "run_session", lambda prepared, processes, report: prepared.run)
    run, _ = begin(workers=asked)
    assert run.settings.workers == (made or physical_cores())
    assert run.record.ranks == ranks


def test_every_step_and_evaluation_is_logged(begin):
    run, told = begin(max_iters=5, grad_accumulation=3)
    events = run.metrics()
    steps = [event for event in events if "loss" in event]
    assert [event["step"] for event in steps] == [1, 2, 3, 4, 5]
    for event in steps:
        tokens = 2 * 3 * 4  # rows, accumulated, long
        assert event["tokens_per_second"] * event["seconds"] == pytest.approx(tokens)
        assert event["lr"] == pytest.approx(3e-3 - 2.7e-3 * (event["step"] - 1) / 5)
        assert event["grad_norm"] > 0
    evaluations = [event for event in events if "val_loss" in event]
    assert [event["step"] for event in evaluations] == [0, 2, 4, 5]
    assert evaluations[0]["val_loss"] == pytest.approx(math.log(128), abs=0.1)
    assert [event.metrics for event in of(Stepped, told)] == steps
    assert [event.metrics for event in of(Evaluated, told)] == evaluations
    lowest = math.inf
    for event in of(Evaluated, told)[1:]:
        assert event.best == (event.metrics["val_loss"] < lowest)
        lowest = min(lowest, event.metrics["val_loss"])


def test_what_begins_and_what_came_of_it_is_told(begin):
    run, told = begin()
    assert [type(event) for event in told[-3:]] == [Evaluated, Checkpointed, Finished]
    assert "letters" in " ".join(event.what for event in of(Preparing, told))
    (started,) = of(Started, told)
    characters = run.record.data.characters
    assert (started.step, started.parameters, started.vocab_size) == (0, 128 * 128, 128)
    assert (started.characters, started.train_tokens) == (characters, int(characters * 0.9))
    assert started.train_tokens + started.val_tokens == characters
    (estimated,) = of(Estimated, told)
    assert estimated.epochs == pytest.approx(2 * 4 * 6 / started.train_tokens)
    assert estimated.step_seconds * 6 < estimated.seconds < 60
    (finished,) = of(Finished, told)
    assert (finished.folder, finished.skipped, finished.verdict) == (run.folder, 0, "")
    assert (finished.metrics["step"], finished.curves) == (6, Path("run/curves.png"))
    assert finished.sample == (run.folder / "sample.txt").read_bytes().decode()
    assert len(finished.sample) == 500


def test_the_tokenizer_learns_from_the_training_part_alone(begin, monkeypatch):
    learned = []
    target = registry.load("tokenizer", "letters")
    monkeypatch.setattr(target, "train", lambda self, texts: learned.append("".join(texts)))
    begin(max_iters=1)
    text = Path("play.txt").read_text()
    assert learned == [text[: int(len(text) * 0.9)]]


def test_without_curves_there_is_a_note(begin, monkeypatch):
    def refuse(metrics, path, title):
        raise NpgptError("drawing needs a pencil")

    monkeypatch.setattr(session, "plot_curves", refuse)
    (finished,) = of(Finished, begin()[1])
    assert (finished.curves, finished.note) == (None, "drawing needs a pencil")


def test_best_is_the_lowest_loss_of_those_kept_and_latest_the_last(begin):
    run, told = begin(lr=500.0, options={"schedule.min_lr": 500.0}, grad_clip=0.0)
    evaluations = [event.metrics for event in of(Evaluated, told)][1:]
    best = min(evaluations, key=lambda event: event["val_loss"])
    assert run.checkpoints.step_of("best") == best["step"]
    assert run.checkpoints.step_of("latest") == 6
    found = run.checkpoints.load_state(6).best
    assert (found.step, found.loss) == (best["step"], best["val_loss"])
    assert not load_run("run").model.training


@pytest.mark.parametrize(("keep", "steps"), [(1, [6]), (2, [4, 6]), (3, [2, 4, 6])])
def test_as_many_checkpoints_stay_as_asked_for(keep, steps, begin):
    run, _ = begin(keep=keep)
    assert set(run.checkpoints.steps()) == {*steps, run.checkpoints.step_of("best")}


@pytest.mark.parametrize(("data", "stem"), [("play.txt", "play"), (f"{'a' * 60}.txt", "a" * 50)])
def test_a_run_without_a_name_gets_the_next_free_one(data, stem, begin):
    Path(data).write_text(Path("play.txt").read_text())
    for number in (1, 2):
        assert begin(out=None, data=data, max_iters=1)[0].folder == Path(
            f"runs/{stem}-letters-{number}"
        )


# ------------------------------------------------------------------------ the numbers


def gradients(table, tokens, starts, length):
    """Loss and gradient of rows of a table of logits, by the definition."""
    grad, loss = np.zeros_like(table, dtype=float), 0.0
    for start in starts:
        for x, y in zip(tokens[start:][:length], tokens[start + 1 :][:length], strict=True):
            p = np.exp(table[x] - table[x].max())
            p /= p.sum()
            loss -= math.log(p[y]) / (len(starts) * length)
            grad[x] += (p - np.eye(len(table))[y]) / (len(starts) * length)
    return loss, grad


def test_a_step_is_the_clipped_gradient_times_the_learning_rate(begin, monkeypatch):
    drawn = []

    def first_rows(tokens, rows, length, rng):
        drawn.append(np.arange(rows) * 3)
        return (
            np.stack([tokens[s : s + length] for s in drawn[-1]]).astype(int),
            np.stack([tokens[s + 1 : s + length + 1] for s in drawn[-1]]).astype(int),
        )

    monkeypatch.setattr("npgpt_train.loop.trainer.draw_batch", first_rows)
    monkeypatch.setattr("npgpt_train.loop.preflight.draw_batch", first_rows)
    tokens = np.array([ord(c) for c in "to be or not to be\n" * 4])
    for clip, limit in ((0.0, math.inf), (0.01, 0.01)):
        run, _ = begin(f"run{clip}", max_iters=1, grad_accumulation=2, grad_clip=clip, lr=0.5)
        start, _ = begin(f"start{clip}", max_iters=1, lr=1e-30, options={"schedule.min_lr": 0})
        before = weights(start, "latest").astype(float)
        loss, grad = gradients(before, tokens, np.arange(4) * 3, 4)
        norm = math.sqrt((grad**2).sum())
        first = run.metrics()[1]
        assert first["loss"] == pytest.approx(loss, rel=1e-5)
        assert first["grad_norm"] == pytest.approx(norm, rel=1e-5)
        expected = before - 0.5 * grad * min(1, limit / norm)
        np.testing.assert_allclose(weights(run, "latest"), expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore:the first loss is")
def test_an_evaluation_is_the_mean_of_batches_of_either_part(begin, monkeypatch):
    monkeypatch.setattr(
        "npgpt_train.loop.workers.Workers.loss", lambda self, x, y: float(np.mean(x))
    )
    Path("play.txt").write_text("a" * 900 + "b" * 100)
    evaluation = begin(eval_iters=3, max_iters=1)[0].metrics()[0]
    assert (evaluation["train_loss"], evaluation["val_loss"]) == (ord("a"), ord("b"))


@pytest.mark.filterwarnings("ignore:the first loss is")
def test_an_evaluation_is_the_mean_over_all_ranks(begin, monkeypatch):
    """Both ranks meet the same numbers here."""

    class Two(Processes):
        size = 2

        def sum(self, value):
            return 2 * value

    monkeypatch.setattr(training, "open_processes", Two)
    monkeypatch.setattr(
        "npgpt_train.loop.workers.Workers.loss", lambda self, x, y: float(np.mean(x))
    )
    Path("play.txt").write_text("a" * 900 + "b" * 100)
    evaluation = begin(eval_iters=3, max_iters=1)[0].metrics()[0]
    assert (evaluation["train_loss"], evaluation["val_loss"]) == (ord("a"), ord("b"))


def test_a_run_is_the_same_again_and_another_with_another_seed(begin):
    dropout = {"options": {"model.dropout": 0.5}}
    one, same, other, dry = (
        weights(begin(name, **given)[0], "latest")
        for name, given in [
            ("one", dropout),
            ("same", dropout),
            ("other", {**dropout, "seed": 1}),
            ("dry", {}),
        ]
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, dry)


def test_batches_that_are_accumulated_are_one_batch(begin):
    one, _ = begin("one", batch_size=6)
    other, _ = begin("other", batch_size=2, grad_accumulation=3)
    np.testing.assert_allclose(weights(one, "latest"), weights(other, "latest"), atol=1e-6)


@pytest.mark.once
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(begin):
    whole, _ = begin("whole")

    def interrupt(event):
        if isinstance(event, Stepped) and event.metrics["step"] == 2:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted) as caught:
        begin(report=interrupt)
    assert (caught.value.signal, caught.value.step) == (signal.SIGTERM, 3)
    assert caught.value.folder == Path("run")
    assert not (caught.value.folder / "sample.txt").exists()
    told = []
    run = train(out="run", resume=True, report=told.append)
    assert of(Started, told)[0].step == 3
    assert np.array_equal(weights(run, "latest"), weights(whole, "latest"))
    assert run.checkpoints.step_of("best") == whole.checkpoints.step_of("best")
    losses = [[event.get("val_loss") for event in each.metrics()] for each in (run, whole)]
    assert losses[0] == losses[1]


@pytest.mark.once
def test_a_signal_in_the_last_step_is_no_interruption(begin):
    def interrupt(event):
        if isinstance(event, Stepped) and event.metrics["step"] == 5:
            signal.raise_signal(signal.SIGTERM)

    assert begin(report=interrupt)[0].is_finished


# ------------------------------------------------------------ numbers that are not finite


def poison(monkeypatch, steps):
    """Let the loss of some steps be infinite."""
    true = Trainer.gradients

    def gradients(self, step):
        loss = true(self, step)
        return math.inf if step in steps else loss

    monkeypatch.setattr(Trainer, "gradients", gradients)


def test_a_step_that_is_not_finite_ends_the_run_and_keeps_what_is_good(begin, monkeypatch):
    poison(monkeypatch, {4})
    with pytest.raises(NpgptError, match=r"the loss of step 5 is inf.*`on_nan=") as raised:
        begin()
    assert f"(it was {Run.open('run').settings.lr:.3g})" in str(raised.value)  # not of the warm-up
    run = Run.open("run")
    assert run.checkpoints.step_of("latest") == 4
    assert run.metrics()[-1]["step"] == 4


def test_a_step_that_is_not_finite_is_left_out_if_asked(begin, monkeypatch):
    poison(monkeypatch, {2, 3})
    run, told = begin(on_nan="skip")
    assert [event["step"] for event in run.metrics() if "skipped" in event] == [3, 4]
    assert of(Finished, told)[0].skipped == 2
    assert np.array_equal(weights(run, "4"), weights(run, "2"))
    assert not np.array_equal(weights(run, "6"), weights(run, "4"))


@pytest.mark.parametrize(("count", "ends"), [(MAX_SKIPS - 1, False), (MAX_SKIPS, True)])
def test_leaving_out_ends_where_it_does_not_help(count, ends, begin, monkeypatch):
    poison(monkeypatch, {*range(1, 1 + count), *range(2 + count, 1 + 2 * count)})
    given = {"on_nan": "skip", "max_iters": 2 * MAX_SKIPS, "eval_interval": 2 * MAX_SKIPS}
    if ends:
        with pytest.raises(NpgptError, match=f"the loss of step {1 + MAX_SKIPS} is inf") as raised:
            begin(**given)
        assert f"{MAX_SKIPS - 1} steps before it were left out" in str(raised.value)
        assert "on_nan" not in str(raised.value)
    else:
        assert begin(**given)[0].is_finished


def test_a_run_that_fails_before_its_first_step_leaves_nothing(begin, monkeypatch):
    poison(monkeypatch, {0})
    with pytest.raises(NpgptError, match="step 1"):
        begin()
    assert not os.path.exists("run")


def test_a_resumed_run_that_fails_before_its_first_step_is_kept(begin, monkeypatch):
    def stop(event):
        if isinstance(event, Started):
            raise KeyboardInterrupt

    begin()
    before = sorted(os.listdir("run"))
    with pytest.raises(KeyboardInterrupt):
        train(out="run", resume=True, report=stop, max_iters=7)
    assert sorted(os.listdir("run")) == before
    assert Run.open("run").settings.max_iters == 7


def fail_to_log(monkeypatch, step):
    """Let the disk be full when a step is logged."""
    true = session.MetricsLog.append

    def append(self, event):
        if event["step"] == step and ("loss" in event or step == 0):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        true(self, event)

    monkeypatch.setattr(session.MetricsLog, "append", append)


@pytest.mark.once
@pytest.mark.parametrize(
    ("step", "advice", "left"),
    [
        (0, "No step was taken; when the disk can be written again, start the run once more", None),
        (1, "No step was taken; when the disk can be written again, start the run once more", None),
        (
            2,
            "There is no checkpoint; when the disk can be written again, train on with `resume=",
            0,
        ),
        (3, "The checkpoint of step 2 is complete; .*train on with `resume=True` and `out=run`", 2),
        (6, "The checkpoint of step 4 is complete; .*train on with `resume=True` and `out=run`", 4),
    ],
)
def test_a_full_disk_says_how_to_go_on(step, advice, left, begin, monkeypatch):
    fail_to_log(monkeypatch, step)
    with pytest.raises(NpgptError, match=f"No space left.*{advice}"):
        begin()
    if left is None:
        assert not os.path.exists("run")
    else:
        assert max(Run.open("run").checkpoints.steps(), default=0) == left


@pytest.mark.once
def test_a_run_that_cannot_be_made_lets_go_of_its_folder(begin, monkeypatch):
    def refuse(run):
        raise NpgptError("no room")

    monkeypatch.setattr(Run, "save_record", refuse)
    with pytest.raises(NpgptError, match="no room"):
        begin()
    assert not is_held(Path("run"))


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"keep": 0}, "keep is 0, expected a whole number of at least 1"),
        ({"on_nan": "panic"}, "on_nan is 'panic', expected one of stop, skip"),
        ({"block_size": 10**6}, "too few for a block"),
        ({"options": {"model.depth": 3}}, "model 'table' has no option 'depth'; it takes dropout"),
        ({"tokenizer": "words"}, "unknown tokenizer 'words'"),
        ({"tokenizer": 3}, "tokenizer is 3, expected the name of one"),
        ({"data": "nowhere.txt"}, "nowhere.txt"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_before_a_folder_is_made(wrong, told, begin):
    with pytest.raises(NpgptError, match=told):
        begin(**wrong)
    assert not os.path.exists("run")


def test_a_folder_that_holds_something_is_refused(begin):
    begin(max_iters=1)
    with pytest.raises(NpgptError, match=r"holds a run already: continue it with `resume=True`"):
        begin()
    os.mkdir("full")
    Path("full/notes.txt").write_text("mine")
    with pytest.raises(NpgptError, match="full is not empty"):
        begin("full")
    with pytest.raises(NpgptError, match="is a file, expected a folder"):
        begin("play.txt")
    os.mkdir("empty")
    assert begin("empty", max_iters=1)[0].is_finished


@pytest.mark.parametrize(
    ("key", "same", "other"),
    [
        ("block_size", {"block_size": 4}, {"block_size": 5}),
        ("model.dropout", {"options": {"model.dropout": 0.0}}, {"options": {"model.dropout": 0.5}}),
        ("tokenizer.extra", {"extra": 1}, {"extra": 2}),
        ("tokenizer", {"tokenizer": "letters"}, {"tokenizer": "words"}),
    ],
)
def test_weights_of_another_run_come_with_its_shape(key, same, other, begin):
    source, _ = begin("source")
    with pytest.raises(NpgptError, match=f"{key} = .* does not fit `init_from=source`"):
        begin(init_from="source", **other)
    tuned, told = begin(init_from="source", lr=1e-30, max_iters=1, preset=None, **same)
    np.testing.assert_allclose(weights(tuned, "latest"), weights(source, "best"), atol=1e-9)
    assert tuned.record.init_from == "source"
    assert not [event for event in of(Preparing, told) if "training the" in event.what]


# --------------------------------------------------------------------------- warnings


def test_a_first_loss_far_from_guessing_is_told_of_fresh_weights_alone(begin, recwarn):
    Path("play.txt").write_text("ab" * 5000)
    begin("source", max_iters=60, lr=100.0, eval_interval=60)
    begin("tuned", max_iters=1, init_from="source")  # its first loss is far below ln V
    assert not [w for w in recwarn if "the first loss" in str(w.message)]


def test_unknown_text_is_told_of_another_runs_tokenizer(begin):
    begin("source", max_iters=1)
    Path("play.txt").write_text("äab" * 600)
    with pytest.warns(NpgptWarning, match=r"33.33% of the training tokens are unknown"):
        begin(max_iters=1, init_from="source")


# ---------------------------------------------------------------------- several processes


class Rank(Processes):
    """A process of two that hears what rank 0 said."""

    size = 2

    def __init__(self, rank, heard=None):
        self.rank, self.heard, self.said = rank, heard, []

    def broadcast(self, value):
        self.said.append(value)
        return value if self.rank == 0 else self.heard


def test_rank_0_prepares_and_the_others_join_what_it_made(begin, monkeypatch):
    monkeypatch.setattr(training, "run_session", lambda prepared, processes, report: prepared)
    first = Rank(0)
    monkeypatch.setattr(training, "open_processes", lambda: first)
    made, told = begin()
    assert first.said == [Path("run").absolute()]
    assert told
    second = Rank(1, Path("run").absolute())
    monkeypatch.setattr(training, "open_processes", lambda: second)
    joined, told = begin(preset="quick", lr=9.0)  # rank 0 decides
    assert told == []
    assert joined.run.settings == made.run.settings
    assert joined.lock is None
    for name, array in made.model.parameters().items():
        assert np.array_equal(array, joined.model.parameters()[name])


def test_a_rank_that_cannot_join_ends_the_job(begin, monkeypatch):
    ended = []

    class Ending(Rank):
        @contextmanager
        def aborting_together(self):
            try:
                yield
            except NpgptError as error:
                ended.append(str(error))
                raise SystemExit(2) from error

    monkeypatch.setattr(training, "open_processes", lambda: Ending(1, Path("gone").absolute()))
    with pytest.raises(SystemExit):
        begin()
    assert len(ended) == 1
    assert "holds no run" in ended[0]


def test_where_rank_0_refuses_the_others_end(begin, monkeypatch):
    first = Rank(0)
    monkeypatch.setattr(training, "open_processes", lambda: first)
    with pytest.raises(NpgptError, match="keep"):
        begin(keep=0)
    with pytest.raises(NpgptError, match="unknown model"):
        begin(model="none")
    assert first.said == [None]
    monkeypatch.setattr(training, "open_processes", lambda: Rank(1))
    with pytest.raises(SystemExit) as caught:
        begin()
    assert caught.value.code == 2
    assert not os.path.exists("run")


def test_only_rank_0_writes(begin, monkeypatch):
    run = session.run_session
    monkeypatch.setattr(training, "run_session", lambda prepared, processes, report: prepared.run)
    begin()
    before = {p: p.read_bytes() for p in Path("run").rglob("*") if p.is_file()}
    monkeypatch.setattr(training, "run_session", run)
    monkeypatch.setattr(training, "open_processes", lambda: Rank(1, Path("run").absolute()))
    begin()
    assert {p: p.read_bytes() for p in Path("run").rglob("*") if p.is_file()} == before


def test_a_run_is_shown_and_its_files_are_json(begin):
    begin(max_iters=1)
    loaded = load_run("run")
    assert repr(loaded) == (
        "LoadedRun(model=Table with 16,384 parameters, tokenizer=Letters with 128 ids,"
        " settings=Settings of 1 steps, metrics=3 events)"
    )
    assert json.loads(Path("run/run.json").read_text())["format"] == 2


# --------------------------------------------------------------------------- a stranger's tokenizer


def refuse(state):
    raise NpgptError("not mine")


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("from_state", refuse, "refuses in from_state what its state.. gave: not mine"),
        ("from_state", lambda state: None, "gives other ids once it is read back"),
        ("encode", lambda self, text: np.full(len(text), self.extra), "gives other ids once"),
        ("vocab_size", 0, "vocab_size of Letters is 0, expected a whole number of at least 1"),
        ("vocab_size", "128", "vocab_size of Letters is '128', expected a whole"),
        ("special_tokens", ("<eos>",), r"special_tokens of Letters is .'<eos>',., expected a dict"),
        ("special_tokens", None, "special_tokens of Letters is None, expected a dict"),
        ("special_tokens", {"<eos>": 128}, "expected a dict of each spelling to another id below"),
        ("eos_id", 77, "eos_id of Letters is 77, expected None or one of the ids of its special"),
    ],
)
def test_a_tokenizer_that_could_not_be_opened_again_is_refused_before_the_run(
    member, value, message, begin, monkeypatch
):
    letters = registry.load("tokenizer", "letters")
    monkeypatch.setattr(letters, member, value)
    if member == "encode":
        monkeypatch.setattr(letters, "state", lambda self: {"extra": self.extra + 1})
    with pytest.raises(NpgptError, match=message):
        begin()
    assert not Path("run").exists()


def test_a_vocabulary_may_be_counted_by_numpy(begin, monkeypatch):
    letters = registry.load("tokenizer", "letters")
    monkeypatch.setattr(letters, "vocab_size", np.int64(128))
    monkeypatch.setattr(letters, "special_tokens", {"<eos>": np.int64(3)})
    for name in SPECIAL_IDS:
        monkeypatch.setattr(letters, name, np.int64(3) if name == "eos_id" else None)
    begin()
    assert type(load_run("run").model.config.vocab_size) is int
