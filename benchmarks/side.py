"""One side of a comparison: a process of its own, which works when it is told to and else sleeps.

Threads and memory of the sides do not mix this way. PyTorch's OpenMP threads spin for a while after
their work, so there is a short rest between two turns.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.disturbance import Disturbance, Observer
from npgpt_core.errors import NpgptError

ROOT = Path(__file__).parents[1]
REST = 0.1  # seconds


@dataclass(frozen=True)
class Work:
    """What a side does.

    Args:
        target: a function of ``benchmarks``, see ``child``.
        options: its keyword arguments.
        ranks: processes of an MPI job that do it together; the first one answers.
    """

    target: str
    options: Mapping[str, Any] = field(default_factory=dict)
    ranks: int = 1


class Side:
    """A child process that holds one piece of work.

    Attributes:
        missing: why there is no work: a library that is not installed; None if all is well.
    """

    def __init__(self, work: Work, environment: Mapping[str, str]) -> None:
        self.work = work
        self.missing: str | None = None
        command = [sys.executable, "-m", "benchmarks.child", work.target, json.dumps(work.options)]
        if work.ranks > 1:
            if (mpiexec := find_mpiexec()) is None:
                self.missing = "mpiexec is not installed"
                return
            command = [mpiexec, "-n", str(work.ranks), *command]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.missing = self._answer().get("missing")

    def run(self) -> tuple[float, Any]:
        """Do the work once; gives its figure and its value."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "missing" in answer:
            raise NpgptError(f"{self.work.target}: {answer['missing']}")
        return answer["figure"], answer["value"]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NpgptError(f"{self.work.target} failed with {self.work.options}: see above")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not hasattr(self, "_process"):
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def find_mpiexec() -> str | None:
    """The launcher beside this Python, where the extra ``mpi`` puts it, or of the system."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return shutil.which("mpiexec", path=path)


@dataclass(frozen=True)
class Rounds:
    """What the sides did in turn.

    Attributes:
        figures: side -> one figure a round, warm-up left out.
        values: side -> what came out, warm-up included.
        missing: side -> why it is not there.
        disturbance: what other work took meanwhile.
    """

    figures: dict[str, list[float]]
    values: dict[str, list[Any]]
    missing: dict[str, str]
    disturbance: Disturbance = field(default_factory=Disturbance)


def alternate(
    works: Mapping[str, Work],
    environment: Mapping[str, str],
    *,
    rounds: int,
    warmup: int = 2,
    fresh: bool = False,
) -> Rounds:
    """Let the sides work in turn, A B C A B C, so that what disturbs one disturbs all.

    Args:
        works: name -> work.
        environment: of the child processes.
        rounds: how many figures of each side to keep.
        warmup: rounds before these.
        fresh: a new process for every turn.
    """
    figures: dict[str, list[float]] = {}
    values: dict[str, list[Any]] = {}
    missing: dict[str, str] = {}
    others = Observer()
    with ExitStack() as stack:
        sides: dict[str, Side] = {}
        for name, work in works.items():
            side = stack.enter_context(Side(work, environment))
            if side.missing:
                missing[name] = side.missing
            else:
                sides[name], figures[name], values[name] = side, [], []
        for turn in range(warmup + rounds):
            for name, side in sides.items():
                others.rest(REST)
                if fresh:
                    with Side(side.work, environment) as new:
                        figure, value = new.run()
                else:
                    figure, value = side.run()
                values[name].append(value)
                if turn >= warmup:
                    figures[name].append(figure)
    return Rounds(figures, values, missing, others.disturbance)
