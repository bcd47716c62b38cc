"""Where a case is played: texts, runs, a comparison and a cache, and what is outside of them."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager

from cases import TINY


def make(made):
    """Texts, a finished run, an unfinished one, a comparison, a cache; and what is outside."""
    work, outside = made / "work", made / "outside"
    for folder in ("a b", "empty", "runs"):
        (work / folder).mkdir(parents=True)
    (outside / "folder" / ".step-000001.new").mkdir(parents=True)
    (outside / "folder" / "step-000002").mkdir()
    for name in ("file", "folder/file", "folder/.step-000001.new/file", "folder/step-000002/file"):
        (outside / name).write_text("precious")
    rng = random.Random(0)
    words = ["the", "king", "speaks", "sleeps", "HAMLET:\n", "with", "my", "queen.\n", "élan"]
    text = " ".join(rng.choices(words, k=1000))
    (work / "play.txt").write_text(text, encoding="utf-8")
    (work / "a b" / "$(x).txt").write_text(text[::-1], encoding="utf-8")
    (work / "config.toml").write_text('preset = "tiny"\nlr = 1e-3\n[model]\nname = "gpt"\n')
    (work / "bad.toml").write_text("preset = [[[\nlr")
    (made / "home").mkdir()
    (made / "tmp").mkdir()
    train = ["train", "--data", "play.txt", *TINY]
    for command in (
        [*train, "--out", "run", "--max-iters", "4"],
        [*train, "--out", "runs/begun"],
        ["compare", "--tokenizers", "char", "--data", "play.txt", "--out", "compared", *TINY],
    ):
        python = [sys.executable, "-m", "npgpt_cli", *command]
        subprocess.run(python, cwd=work, env=environment(made), check=True, capture_output=True)
    record = work / "runs" / "begun" / "run.json"
    record.write_text(record.read_text().replace('"max_iters": 2', '"max_iters": 6'))
    for name in ("sample.txt", "curves.png"):
        (work / "runs" / "begun" / name).unlink()


def environment(place):
    """Variables for a process that works in a place."""
    return {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),
        "NPGPT_CACHE": str(place / "cache"),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def digest(folder, without):
    """Path -> mode, size, last change and content of everything below a folder but some paths."""
    found = {}

    def look(name):
        path = os.path.join(folder, name)
        info = os.lstat(path)
        size, changed, content = info.st_size, info.st_mtime_ns, None
        if stat.S_ISLNK(info.st_mode):
            content = os.readlink(path)
        elif stat.S_ISDIR(info.st_mode):
            size = changed = None
            with _readable(path, info):
                names = (
                    os.path.normpath(os.path.join(name, inside)) for inside in os.listdir(path)
                )
                for inside in set(names).difference(without):
                    look(inside)
        elif stat.S_ISREG(info.st_mode) and size < 2**22:
            with _readable(path, info), open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
        found[name] = (oct(info.st_mode), size, changed, content)

    look(".")
    return found


@contextmanager
def _readable(path, info):
    """A ``with`` block in which a file or folder can be read, whatever its permissions."""
    mode = stat.S_IMODE(info.st_mode)
    os.chmod(path, mode | 0o500)
    try:
        yield
    finally:
        os.chmod(path, mode)


def remove(place):
    """Delete a place, whatever the permissions in it."""
    for folder, names, _ in os.walk(place):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(place, ignore_errors=True)
