"""How often a training run goes from one room of npgpt-train to another, and how many it enters.

    python -m benchmarks.rooms --name now --json docs/results/benchmarks/rooms.json
    python path/to/benchmarks/rooms.py    # in the environment of another commit

A room is what stands at the top of the package: a file, or a folder with all that is in it. A move
is a call from one room to another, whatever code of others lies between. The same is counted
between single modules. That a generator goes on is no call, and what ``dataclass`` writes is no
code that anybody reads. The run is a ``train(preset="tiny")`` on a text of its own, after one that
imported all modules and filled the cache of tokens.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

PACKAGE = "npgpt_train."
USES = ("Workers.gradients", "Workers.loss")
LOOP = "Trainer.steps"
TEXT = "".join(f"This is line {number} of a text.\n" for number in range(2000))
Call = tuple[str, str, str]  # from a module, to another, into a function


class Trace:
    """What ``sys.setprofile`` is given.

    Attributes:
        calls: between modules, in their order.
        used: how many they were when the model was first used.
        steps: how many they were before each step, and after the last.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.used = 0
        self.steps: list[int] = []

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """Take notice of a call."""
        code, module = frame.f_code, _module(frame)
        if event != "call" or not module:
            return
        if code.co_qualname in USES and not self.used:
            self.used = len(self.calls)
        if code.co_qualname == LOOP:
            self.steps.append(len(self.calls))
        if code.co_code[frame.f_lasti + 1] & 3:  # of RESUME: 0 at the start, else after a yield
            return
        caller = frame.f_back
        while caller and not _module(caller):
            caller = caller.f_back
        if caller and _module(caller) != module:
            self.calls.append((_module(caller), module, code.co_qualname))

    def phases(self) -> dict[str, list[Call]]:
        """The calls before the model is first used, all before the first step, and that step's."""
        first, second = self.steps[:2]
        return {
            "preparation": self.calls[: self.used],
            "before_the_first_step": self.calls[:first],
            "step": self.calls[first:second],
        }


def _module(frame: FrameType) -> str:
    """The module of npgpt-train whose code runs in a frame; "" of any other."""
    name = str(frame.f_globals.get("__name__", ""))
    is_written = frame.f_code.co_filename != "<string>"
    return name.removeprefix(PACKAGE) if name.startswith(PACKAGE) and is_written else ""


def count(calls: Sequence[Call]) -> dict[str, int]:
    """Moves and rooms, and the same between modules."""
    ends = [(came.split(".")[0], went.split(".")[0]) for came, went, _ in calls]
    moves = [(came, went) for came, went in ends if came != went]
    return {
        "moves": len(moves),
        "rooms": len({room for move in moves for room in move}),
        "calls": len(calls),
        "modules": len({module for call in calls for module in call[:2]}),
    }


def trace() -> Trace:
    """Train twice in a folder that is deleted afterwards, the second time under observation."""
    from npgpt_train.training import train

    found = Trace()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        os.environ["NPGPT_CACHE"] = str(Path(folder, "cache"))
        text = Path(folder, "text.txt")
        text.write_text(TEXT)
        for profile in None, found:
            out = Path(folder, "run" if profile else "first")
            sys.setprofile(profile)
            try:
                train(
                    out=out,
                    data=str(text),
                    preset="tiny",
                    max_iters=2,
                    workers=1,
                    report=lambda event: None,
                )
            finally:
                sys.setprofile(None)
    return found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--name", default="now", show_default=True, help="Of the figures in the JSON.")
@click.option(
    "--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Add the figures to it."
)
@click.option("--calls", is_flag=True, help="Print every call between modules, too.")
def main(name: str, path: Path | None, calls: bool) -> None:
    """Count how often a training run goes from one room of npgpt-train to another."""
    phases = trace().phases()
    figures = {phase: count(found) for phase, found in phases.items()}
    for phase, found in phases.items():
        told = figures[phase]
        click.echo(
            f"{phase.replace('_', ' ')}: {told['moves']} moves in {told['rooms']} rooms,"
            f" {told['calls']} calls between {told['modules']} modules"
        )
        for number, (came, went, function) in enumerate(found if calls else [], start=1):
            click.echo(f"{number:5}  {came} -> {went}.{function}")
    if path is not None:
        there = json.loads(path.read_text("utf-8")) if path.exists() else {}
        path.write_text(json.dumps({**there, name: figures}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.rooms")
