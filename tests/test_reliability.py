"""What survives: killed processes, signals, full disks, two writers, numbers that are not finite.

NPGPT_TEST_CRASHES=200 tries as many moments to kill a run as the documents speak of.
"""

import fcntl
import json
import math
import os
import pty
import random
import resource
import select
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import time

import numpy as np
import pytest

from npgpt_core.errors import NpgptError
from npgpt_core.events import Estimated, Stepped
from npgpt_train import load_run, train
from npgpt_train.loop.trainer import MAX_SKIPS
from npgpt_train.loop.workers import Workers
from npgpt_train.machine.interruption import Interrupted
from npgpt_train.machine.lock import RunLock
from npgpt_train.run.folder import Run

CRASHES = int(os.environ.get("NPGPT_TEST_CRASHES", "12"))
COMMAND = [sys.executable, "-W", "ignore", "-c", "from npgpt_cli.main import main; main()"]
SMALL = ["--preset", "tiny", "--max-iters", "12", "--eval-interval", "3", "--eval-iters", "1"]
SMALL += ["--set", "model.dropout=0.1", "--workers", "2"]
SCHEDULES = ("constant", "step", "warmup-cosine")
TIMED = ("seconds", "tokens_per_second")


def _command(*args):
    return [*COMMAND, *map(str, args)]


def _start(*args, **options):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
    return subprocess.Popen(_command(*args), **quiet)


def _state(folder):
    """Every file of a run but what tells the time; the metrics without their timings."""
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".lock", "metrics.jsonl")
    }
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        event = {k: v for k, v in json.loads(line).items() if k not in TIMED}
        files.setdefault("metrics", []).append(event)
    return files


@pytest.fixture(scope="module")
def whole(tmp_path_factory, play):
    """An uninterrupted run: its folder's content, its text, and how long it took."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "play.txt").write_text(play)
    begin = time.monotonic()
    command = _command("train", "--data", folder / "play.txt", "--out", folder / "run", *SMALL)
    environment = {**os.environ, "NPGPT_CACHE": str(folder / "cache")}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return _state(folder / "run"), folder / "play.txt", time.monotonic() - begin


def _finish(out, text):
    """What a user does after a crash."""
    how = ["--resume"] if (out / "run.json").exists() else ["--data", text, *SMALL]
    result = subprocess.run(
        _command("train", "--out", out, *how), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


# --------------------------------------------------------------------- sudden death


@pytest.mark.once
@pytest.mark.parametrize("seed", range(CRASHES))
def test_killed_at_any_moment_a_run_ends_as_if_it_had_not_been(seed, whole, tmp_path):
    state, text, seconds = whole
    out = tmp_path / "run"
    process = _start("train", "--data", text, "--out", out, *SMALL)
    time.sleep(random.Random(seed).uniform(0.3, 1) * seconds)
    process.kill()
    process.wait()
    if (out / "run.json").exists() and Run.open(out).checkpoints.steps():
        load_run(out, "latest")
    _finish(out, text)
    assert _state(out) == state


class Stop(BaseException):
    """Ends a run between two steps."""


def _trained(out, text, stop_at=None, **flags):
    """A run of 12 steps, if wanted interrupted after one of them and resumed."""

    def report(event):
        if isinstance(event, Stepped) and event.metrics["step"] == stop_at:
            raise Stop

    settings = {"preset": "tiny", "max_iters": 12, "eval_interval": 3, "eval_iters": 1}
    dropout = {"model.dropout": 0.1}
    try:
        train(data=str(text), out=out, options=dropout, report=report, **settings, **flags)
    except Stop:
        train(out=out, resume=True)
    return _state(out)


@pytest.mark.once
@pytest.mark.parametrize(
    "flags",
    [
        *({"optim": o, "schedule": s} for o in ("sgd", "adam", "adamw", "muon") for s in SCHEDULES),
        *({"tokenizer": t, "vocab_size": 300} for t in ("word", "bpe", "byte-bpe")),
        *({"workers": count, "grad_accumulation": 2} for count in (1, 3)),
    ],
    ids=lambda flags: "-".join(map(str, flags.values())),
)
def test_interrupted_anywhere_every_kind_of_run_ends_the_same(flags, text_file, tmp_path):
    stop_at = random.Random(str(flags)).randrange(1, 12)
    whole = _trained(tmp_path / "run", text_file, **flags)
    shutil.move(tmp_path / "run", tmp_path / "whole")  # the folder's name stands in its curves
    assert _trained(tmp_path / "run", text_file, stop_at, **flags) == whole


# -------------------------------------------------------------------------- signals


def _await_a_step(process, out, screen=None):
    """Wait until a step is done, and take meanwhile what a terminal shows."""
    metrics = out / "metrics.jsonl"
    while not (metrics.exists() and '"grad_norm"' in metrics.read_text()):
        assert process.poll() is None
        if screen is not None and select.select([screen], [], [], 0)[0]:
            os.read(screen, 10_000)
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_with_a_checkpoint_and_the_way_on(number, code, whole, tmp_path):
    state, text, _ = whole
    out = tmp_path / "run"
    process = _start(
        *["train", "--data", text, "--out", out, *SMALL], stderr=subprocess.PIPE, text=True
    )
    _await_a_step(process, out)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    steps = Run.open(out).checkpoints.steps()
    if process.returncode == 0:
        pytest.skip("the run was faster than the signal")
    assert process.returncode == code
    assert f"npgpt train --resume --out {out}" in errors
    assert "Traceback" not in errors
    assert Run.open(out).checkpoints.pointer("latest") == steps[-1]
    last = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()][-1]
    assert last["step"] == steps[-1]
    _finish(out, text)
    assert _state(out) == state


@pytest.mark.once
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_before_the_first_step_a_signal_ends_at_once_and_leaves_nothing(number, whole, tmp_path):
    _, text, _ = whole
    out = tmp_path / "run"
    arguments = ["train", "--data", text, "--out", out, *SMALL]
    endless = ["--eval-iters", str(2**63 - 1)]  # of an evaluation that never ends
    process = _start(*arguments, *endless, stderr=subprocess.PIPE, text=True)
    while not (out / "metrics.jsonl").exists():
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert errors.endswith(f"{out} stopped before a step: the same command begins again\n")
    assert not out.exists()
    subprocess.run(_command(*arguments), check=True, capture_output=True)


@pytest.mark.once
def test_a_resumed_run_is_ended_at_once_before_its_next_step_and_stays(text_file, tmp_path):
    def report(event):
        if isinstance(event, Estimated):
            signal.raise_signal(signal.SIGTERM)

    _trained(tmp_path / "run", text_file)
    before = _state(tmp_path / "run")
    with pytest.raises(Interrupted, match="stopped after step 12") as stopped:
        train(out=tmp_path / "run", resume=True, max_iters=14, report=report)
    assert stopped.value.signal == signal.SIGTERM
    after = _state(tmp_path / "run")
    assert {name for name in after if after[name] != before[name]} == {"run.json"}


def test_a_second_interrupt_ends_at_once(whole, tmp_path):
    _, text, _ = whole
    out = tmp_path / "run"
    slow = ["--preset", "tiny", "--eval-iters", "1", "--block-size", "256", "--batch-size", "256"]
    process = _start("train", "--data", text, "--out", out, *slow)
    _await_a_step(process, out)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    assert process.wait(timeout=30) in (-signal.SIGINT, 130)
    assert time.monotonic() - begin < 5


def _in_terminal(terminal):
    """What makes a process the leader of a new session in a terminal, as a login shell is."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def test_a_closed_terminal_ends_with_a_checkpoint(whole, tmp_path):
    state, text, _ = whole
    out = tmp_path / "run"
    screen, terminal = pty.openpty()
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    process = _start(
        *["train", "--data", text, "--out", out, *SMALL],
        **streams,
        preexec_fn=lambda: _in_terminal(terminal),
    )
    os.close(terminal)
    _await_a_step(process, out, screen)
    os.close(screen)
    process.wait(timeout=60)
    assert Run.open(out).checkpoints.steps()
    last = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()][-1]
    assert last["step"] == Run.open(out).checkpoints.pointer("latest")
    _finish(out, text)
    assert _state(out) == state


def test_under_nohup_a_run_outlives_its_terminal(whole, tmp_path):
    state, text, _ = whole
    out = tmp_path / "run"
    process = _start(
        *["train", "--data", text, "--out", out, *SMALL],
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    while process.poll() is None:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    assert process.returncode == 0
    assert _state(out) == state


# ----------------------------------------------------------------------------- disks


@pytest.mark.once
@pytest.mark.parametrize("kilobytes", [1, 20, 60, 120, 160])
def test_a_full_disk_is_one_line_and_nothing_is_lost(kilobytes, whole, tmp_path):
    """No file may grow beyond a limit: writing fails for real, in the middle."""
    state, text, _ = whole
    out = tmp_path / "run"

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    result = subprocess.run(
        _command("train", "--data", text, "--out", out, *SMALL),
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "File too large" in result.stderr
    if (out / "run.json").exists():
        for step in Run.open(out).checkpoints.steps():
            load_run(out, str(step))
    _finish(out, text)
    assert _state(out) == state


def test_a_folder_that_vanishes_is_told_and_not_made_again(npgpt, text_file, tmp_path, monkeypatch):
    out = tmp_path / "run"
    gradients = Workers.gradients

    def vanishing(self, *args):
        if (out / "metrics.jsonl").exists():
            for path in sorted(out.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            out.rmdir()
        return gradients(self, *args)

    monkeypatch.setattr(Workers, "gradients", vanishing)
    result = npgpt("train", "--data", text_file, "--out", out, *SMALL)
    assert result.exit_code == 2
    assert "cannot write" in result.output
    assert not out.exists()


def test_a_closed_pipe_ends_quietly(text_file, tmp_path):
    command = _command("train", "--data", text_file, "--out", tmp_path / "run", *SMALL)
    script = f"{shlex.join(command)} | head -n 1"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert "cannot write" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_may_not_be_written_is_one_line(npgpt, text_file, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    if os.access(tmp_path / "locked", os.W_OK):
        pytest.skip("root may write everywhere")
    result = npgpt("train", "--data", text_file, "--out", tmp_path / "locked/run", *SMALL)
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith("Error: cannot write")
    assert "Permission denied" in result.output


@pytest.mark.parametrize("out", ["file", "file/run", "full"])
def test_places_where_no_run_can_be_are_one_line(out, npgpt, text_file, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("dear")
    result = npgpt("train", "--data", text_file, "--out", tmp_path / out, *SMALL)
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith("Error: ")
    assert (tmp_path / "full/letter.txt").read_text() == "dear"


# ----------------------------------------------------------------------- two writers


def test_a_second_writer_is_refused_with_the_name_of_the_first(npgpt, small_run):
    lock = RunLock(small_run)
    result = npgpt("train", "--resume", "--out", small_run, "--max-iters", "6")
    assert result.exit_code == 2
    assert f"process {os.getpid()}" in result.output
    lock.close()
    again = npgpt("train", "--resume", "--out", small_run, "--max-iters", "6")
    assert again.exit_code == 0, again.output


def test_the_lock_of_a_dead_process_is_free(tmp_path):
    code = """
import os, sys, pathlib
from npgpt_train.machine.lock import RunLock
lock = RunLock(pathlib.Path(sys.argv[1]))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert (tmp_path / ".lock").read_text()
    RunLock(tmp_path).close()


# ------------------------------------------------------------------- sick numbers


def test_a_loss_that_is_not_finite_stops_before_the_update(npgpt, text_file, tmp_path):
    flags = ["--optim", "sgd", "--lr", "1e30", "--warmup-iters", "0", "--grad-clip", "0"]
    result = npgpt("train", "--data", text_file, "--out", tmp_path / "run", *SMALL, *flags)
    assert result.exit_code == 2
    assert "step 2 is" in result.output
    assert "the first such number is in the output of" in result.output
    assert "--lr" in result.output


def _sick_at(monkeypatch, steps):
    """The loss is not a number in these steps."""
    gradients, calls = Workers.gradients, []

    def sick(self, *args):
        loss = gradients(self, *args)
        calls.append(loss)
        return math.nan if len(calls) - 2 in steps else loss  # two before the first, to measure

    monkeypatch.setattr(Workers, "gradients", sick)


def test_skipping_leaves_out_the_update_and_counts_it(text_file, tmp_path, monkeypatch):
    _sick_at(monkeypatch, {3, 5})
    events = []
    settings = {"data": str(text_file), "preset": "tiny", "max_iters": 6, "on_nan": "skip"}
    run = train(out=tmp_path / "run", report=events.append, **settings)
    assert events[-1].skipped == 2
    skipped = [event["step"] for event in run.metrics() if event.get("skipped")]
    assert skipped == [3, 5]
    assert run.checkpoints.load(6, 10**6).optimizer["t"] == 4
    assert all(np.isfinite(array).all() for array in run.model().parameters().values())


def test_skipping_ends_where_it_does_not_help(text_file, tmp_path, monkeypatch):
    _sick_at(monkeypatch, set(range(2, 99)))
    with pytest.raises(NpgptError, match=f"step {MAX_SKIPS + 1} is nan"):
        train(data=str(text_file), preset="tiny", out=tmp_path / "run", on_nan="skip")


# ---------------------------------------------------------------------- what changed


def test_resuming_with_another_tokenizer_is_refused(npgpt, small_run):
    path = small_run / "tokenizer.json"
    path.write_text(path.read_text().replace('"a"', '"#"'))
    result = npgpt("train", "--resume", "--out", small_run, "--max-iters", "6")
    assert result.exit_code == 2
    assert "tokenizer.json changed" in result.output


@pytest.mark.filterwarnings("default")
def test_resuming_with_another_version_is_told(npgpt, small_run):
    record = json.loads((small_run / "run.json").read_text())
    record["versions"]["numpy"] = "1.0"
    (small_run / "run.json").write_text(json.dumps(record))
    result = npgpt("train", "--resume", "--out", small_run, "--max-iters", "6")
    assert result.exit_code == 0
    assert f"numpy 1.0 (now {np.__version__})" in result.output


@pytest.mark.filterwarnings("default")
def test_what_a_run_says_of_itself_reaches_no_terminal_raw(npgpt, small_run):
    record = json.loads((small_run / "run.json").read_text())
    record["versions"]["numpy"] = "\x1b[31mred"
    record["parts"]["model"]["version"] = "\x1b]0;title\x07"
    (small_run / "run.json").write_text(json.dumps(record))
    result = npgpt("train", "--resume", "--out", small_run, "--max-iters", "6")
    assert r"\x1b[31mred" in result.output
    assert "\x1b" not in result.output
    record["format"] = "\x1b[2J"
    (small_run / "run.json").write_text(json.dumps(record))
    assert "\x1b" not in npgpt("evaluate", small_run).output


def test_keep_says_how_many_checkpoints_stay(npgpt, text_file, tmp_path):
    out = tmp_path / "run"
    result = npgpt("train", "--data", text_file, "--out", out, *SMALL, "--keep", "1")
    assert result.exit_code == 0
    run = Run.open(out)
    assert set(run.checkpoints.steps()) == {12, run.checkpoints.pointer("best")}
    longer = npgpt("train", "--resume", "--out", out, "--max-iters", "18", "--keep", "2")
    assert longer.exit_code == 0, longer.output
    assert {15, 18} <= set(run.checkpoints.steps())
