"""Two processes train the model that one would train: ``mpiexec -n 2 npgpt train``."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
pytest.importorskip("mpi4py", reason="needs npgpt-train[mpi]")
MPIEXEC = shutil.which(
    "mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
)
if MPIEXEC is None:
    pytest.skip("there is no mpiexec", allow_module_level=True)

NPGPT = [sys.executable, "-c", "from npgpt_cli.main import main; main()"]
SMALL = ["--preset", "tiny", "--max-iters", "50", "--eval-interval", "25", "--eval-iters", "2"]


def _train(ranks, *args):
    launcher = [MPIEXEC, "-n", str(ranks)] if ranks > 1 else []
    command = [*launcher, *NPGPT, "train", "--workers", "1", *SMALL, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def _losses(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def test_two_ranks_and_accumulation_equal_one_process(text_file, tmp_path):
    runs = {
        "one": (1, "--batch-size", 8),
        "two": (2, "--batch-size", 4),
        "accumulated": (1, "--batch-size", 4, "--grad-accumulation", 2),
        "both": (2, "--batch-size", 2, "--grad-accumulation", 2),
    }
    for name, (ranks, *args) in runs.items():
        result = _train(ranks, "--data", text_file, "--out", tmp_path / name, *args)
        assert result.returncode == 0, result.stderr
        assert result.stdout.count("final loss") == 1
    expected = _losses(tmp_path / "one")
    assert len(expected) == 50
    for name in runs:
        assert _losses(tmp_path / name) == pytest.approx(expected, abs=1e-5), name
    command = [*NPGPT, "train", "--resume", "--out", str(tmp_path / "two")]
    resumed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert resumed.returncode == 2
    assert "2 processes" in resumed.stderr


def test_wrong_input_is_said_once_and_ends_all_ranks(tmp_path):
    result = _train(2, "--data", tmp_path / "nowhere.txt", "--out", tmp_path / "run")
    assert result.returncode != 0
    assert result.stderr.count("Error:") == 1
    assert "nowhere.txt" in result.stderr


CANNOT_JOIN = {
    "cache": ({"NPGPT_CACHE": "{tmp}/file/cache"}, "tokens cannot be kept in"),
    "plugin": ({"NPGPT_DISABLE_PLUGINS": "npgpt-optim"}, "optimizer 'adam' of npgpt-optim"),
    "mpi4py": ({"PYTHONPATH": "{tmp}/without"}, 'pip install "npgpt-train[mpi]"'),
}


@pytest.mark.parametrize("lacking", CANNOT_JOIN)
@pytest.mark.parametrize("resumed", [False, True], ids=["new", "resumed"])
def test_a_rank_that_cannot_join_ends_the_job_with_its_reason(
    lacking, resumed, text_file, tmp_path
):
    (tmp_path / "file").write_text("")
    (tmp_path / "without/mpi4py").mkdir(parents=True)
    (tmp_path / "without/mpi4py/__init__.py").write_text("raise ImportError('none here')")
    out = tmp_path / "run"
    if resumed:
        assert _train(2, "--data", text_file, "--out", out).returncode == 0
    args = ["train", "--out", out, "--max-iters", 60]
    args += ["--resume"] if resumed else ["--data", text_file, "--preset", "tiny"]
    variables, reason = CANNOT_JOIN[lacking]
    command = [*NPGPT, *map(str, args)]
    elsewhere = [f"{name}={value.format(tmp=tmp_path)}" for name, value in variables.items()]
    result = subprocess.run(
        [MPIEXEC, "-n", "1", *command, ":", "-n", "1", "env", *elsewhere, *command],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode != 0
    assert result.stderr.count("Error:") == 1, result.stderr
    assert reason in result.stderr
    assert socket.gethostname() in result.stderr
    assert "Traceback" not in result.stderr


def test_a_rank_needs_neither_the_folder_nor_the_config_of_rank_0(text_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run.toml").write_text("seed = 5")
    args = ["train", "--data", text_file.name, "--config", "run.toml", "--out", "run", *SMALL]
    ranks = ["-n", "1", *NPGPT, *args, ":", "-n", "1", "-wdir", tmp_path / "elsewhere"]
    command = [MPIEXEC, *map(str, ranks), *NPGPT, *args]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "run/run.json").read_text())["settings"]["seed"] == 5


def _signalled(number, text, out):
    """A job of two ranks, of which one is sent a signal after the first checkpoint; how it ends."""
    args = ["--data", text, "--out", out, "--max-iters", "100000", "--eval-interval", "20"]
    command = [MPIEXEC, "-n", "2", *NPGPT, "train", "--workers", "1", *SMALL, *map(str, args)]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        _wait_for(out / "latest")
        os.kill(_ranks(out)[-1], number)
        output, _ = job.communicate(timeout=60)
    finally:
        job.kill()
    return job.returncode, output


def test_a_rank_that_dies_ends_the_job_and_leaves_a_checkpoint(text_file, tmp_path):
    out = tmp_path / "run"
    code, output = _signalled(signal.SIGKILL, text_file, out)
    assert code != 0
    assert "KILLED" in output.upper()
    assert _ranks(out) == []
    assert (out / "checkpoints" / (out / "latest").read_text().strip() / "state.json").is_file()


def test_a_signal_to_one_rank_ends_all_after_the_same_step(text_file, tmp_path):
    out = tmp_path / "run"
    _, output = _signalled(signal.SIGTERM, text_file, out)
    assert output.count("--resume --out") == 1
    last = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])["step"]
    assert (out / "latest").read_text().strip() == f"step-{last:06d}"


def _wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)


def _ranks(out):
    """Process ids of the ranks that train into ``out``, by their command lines."""
    ids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(out).encode() in command and b"-c" in command and b"-n" not in command:
            ids.append(int(entry.name))
    return sorted(ids)


OBSERVED = """
import os, sys
from npgpt_train import ignore, train
def tell(event):
    with open(sys.argv[3], "a") as file:
        print(os.getpid(), type(event).__name__, file=file)
train(data=sys.argv[1], out=sys.argv[2], preset="tiny", max_iters=2, eval_iters=1, workers=1,
      report=ignore, observe=[tell])
"""


def test_rank_0_alone_is_observed(text_file, tmp_path):
    told = tmp_path / "told.txt"
    command = [
        MPIEXEC,
        "-n",
        "2",
        sys.executable,
        "-c",
        OBSERVED,
        text_file,
        tmp_path / "run",
        told,
    ]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    pids, names = zip(*(line.split() for line in told.read_text().splitlines()), strict=True)
    assert len(set(pids)) == 1
    assert names.count("Stepped") == 2
    assert names[-1] == "Finished"
