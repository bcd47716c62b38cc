"""Call every command in a hostile world, for an hour or as long as you like: what breaks?

    python tests/hostile [--minutes 60] [--first 0] [--cases N] [--keep DIR]

Each case is a process of its own, with planted links, pipes, devices and damage (``plants.py``),
with odd options, and with streams, limits, signals and folders that are not as usual
(``cases.py``). Afterwards there must be no traceback, a documented exit code, one line for an
error, an end in time, and everything outside of what the command may write must be as it was:
bytes, modes and names. A case is decided by its number: a finding is a line, with the number first,
and its end says how to play it again. Exits with 1 if there are findings. Needs Linux.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from cases import draw, shown
from judging import judge
from place import digest, make, remove
from plants import plant
from process import run

from npgpt_core import registry

IMPORTED = [
    *("npgpt_cli.main", "npgpt_train.comparison.compare", "matplotlib.figure", "jinja2"),
    *("numpy", "rich.console", "rich.table"),
]
CAPABILITIES = (1, 2)  # of root: to read and write whatever the permissions of a file
PR_CAPBSET_DROP = 24


def main():
    """Make a place, play the cases in copies of it, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int, default=sys.maxsize, help="how many")
    parser.add_argument("--keep", type=Path, help="play there, and leave the last case")
    options = parser.parse_args()
    _be_nobody_special()
    _import_what_cases_need()
    again = f"again: python {sys.argv[0]} --cases 1 --keep DIR --first"
    end, counts, number = time.monotonic() + 60 * options.minutes, Counter(), options.first
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        make(made)
        before, place = digest(made, []), (options.keep or Path(folder)).absolute() / "case"
        while time.monotonic() < end and number < options.first + options.cases:
            case = draw(number, made)
            findings = play(case, made, place)
            counts.update(cases=1, findings=len(findings), planted=bool(case.plants))
            counts[f"npgpt {case.command[0]}"] += 1
            for finding in findings:
                print(f"case {number}: {finding} | {shown(case)} | {again} {number}", flush=True)
            if not options.keep or number + 1 < options.first + options.cases:
                remove(place)
            number += 1
        if digest(made, []) != before:
            counts["findings"] += 1
            print("some case changed what all of them are copied from")
    print(json.dumps({"next": number, **dict(sorted(counts.items()))}))
    sys.exit(counts["findings"] > 0)


def _be_nobody_special():
    """Give up root's right to pass over permissions, and start again without it."""
    process = ctypes.CDLL(None)
    if os.geteuid() == 0 and not os.environ.get("NPGPT_TEST_UNPRIVILEGED"):
        for capability in CAPABILITIES:
            process.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        unprivileged = {**os.environ, "NPGPT_TEST_UNPRIVILEGED": "1"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], unprivileged)


def _import_what_cases_need():
    """Cases are forked, and need not import again what all of them need."""
    for name in IMPORTED:
        importlib.import_module(name)
    registry.plugins()


def play(case, made, place):
    """Play a case in a copy of ``made``; gives what is wrong, in a line each."""
    remove(place)
    shutil.copytree(made, place, symlinks=True)
    rng = random.Random(case.number)
    for name, kind in case.plants.items():
        plant(place, name, kind, rng)
    os.chdir(place)
    read_only = place / case.state.get("read only", "missing")
    with suppress(OSError):  # a name may be too long, or a loop
        if not read_only.is_symlink():
            read_only.chmod(0o500)
    allowed = [*_allowed(case, place), "shut"]
    before = digest(place, allowed)
    code, output, errors, late = run(case, place, rng)
    after = digest(place, allowed)
    findings = list(judge(case, code, output, errors, late))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            findings.append(f"changed {name}: {before.get(name)} -> {after.get(name)}")
    return findings


def _allowed(case, place):
    """Names below the place that the command may change: what it writes, or was told to."""
    named = {f"work/{word}" for word in case.command if not word.endswith((".png", ".svg"))}
    for name in {*case.writes, "cache"}:
        path = os.path.normpath(name)
        parents = [path, *map(str, Path(path).parents)]
        missing = [p for p in parents if p != "." and not os.path.lexists(place / p)]
        yield missing[-1] if missing else path
        yield os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.new")
        for parent in parents:  # a folder that is named may be a link
            link = place / parent
            if (parent in named or parent in ("cache", "work/runs")) and os.path.islink(link):
                yield os.path.relpath(os.path.realpath(link), place)
    if "NPGPT_CACHE" in case.state.get("environment", {}):
        yield os.path.join("work", case.state["environment"]["NPGPT_CACHE"])


if __name__ == "__main__":
    main()
