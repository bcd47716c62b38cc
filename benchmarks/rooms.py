"""Moves and rooms of a training run: how often it goes from one module to another, and to which.

    python -m benchmarks.rooms --name now --json docs/results/benchmarks/rooms.json
    python path/to/benchmarks/rooms.py    # in the environment of another commit

A room is a module of npgpt-train. A move is a call from one room to another, whatever modules of
others lie between; that a generator goes on is no call, and what ``dataclass`` writes is no room.
Counted is one ``train(preset="tiny")`` on a text of its own, after one that imported what is needed
and filled the cache of tokens.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import click

from npgpt_train.machine.json_text import format_json

PACKAGE = "npgpt_train."
USES = ("Workers.gradients", "Workers.loss")
LOOP = "Trainer.steps"
TEXT = "".join(f"This is line {number} of a text.\n" for number in range(2000))
Move = tuple[str, str, str]  # from, to, function


class Trace:
    """What ``sys.setprofile`` is given.

    Attributes:
        moves: in their order.
        used: how many they were when the model was first used.
        steps: how many they were before each step, and after the last.
    """

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.used = 0
        self.steps: list[int] = []

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """Take notice of a call."""
        code, room = frame.f_code, _room(frame)
        if event != "call" or not room:
            return
        if code.co_qualname in USES and not self.used:
            self.used = len(self.moves)
        if code.co_qualname == LOOP:
            self.steps.append(len(self.moves))
        if code.co_code[frame.f_lasti + 1] & 3:  # of RESUME: 0 at the start, else after a yield
            return
        caller = frame.f_back
        while caller and not _room(caller):
            caller = caller.f_back
        if caller and _room(caller) != room:
            self.moves.append((_room(caller), room, code.co_qualname))

    def counts(self) -> dict[str, dict[str, int]]:
        """Moves and rooms of the preparation, of all before the first step, and of that step."""
        first, second = self.steps[:2]
        return {
            "preparation": _count(self.moves[: self.used]),
            "before_the_first_step": _count(self.moves[:first]),
            "step": _count(self.moves[first:second]),
        }


def _room(frame: FrameType) -> str:
    """The module of npgpt-train whose code runs in a frame; "" of any other."""
    name = str(frame.f_globals.get("__name__", ""))
    is_written = frame.f_code.co_filename != "<string>"
    return name.removeprefix(PACKAGE) if name.startswith(PACKAGE) and is_written else ""


def _count(moves: Iterable[Move]) -> dict[str, int]:
    moves = list(moves)
    return {
        "moves": len(moves),
        "rooms": len({room for move in moves for room in move[:2]}),
    }


def trace() -> Trace:
    """Train twice in a folder that is deleted afterwards, the second time under observation."""
    from npgpt_train.training import train

    found = Trace()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        os.environ["NPGPT_CACHE"] = str(Path(folder, "cache"))
        text = Path(folder, "text.txt")
        text.write_text(TEXT)
        for out in "imported", "counted":
            sys.setprofile(found if out == "counted" else None)
            try:
                train(
                    out=Path(folder, out),
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
@click.option("--name", default="now", show_default=True, help="What the JSON calls the figures.")
@click.option(
    "--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Add the figures to it."
)
@click.option("--moves", is_flag=True, help="Print every move before the first step.")
def main(name: str, path: Path | None, moves: bool) -> None:
    """Count the moves of a training run between the modules of npgpt-train."""
    found = trace()
    if moves:
        for number, (came, room, function) in enumerate(found.moves[: found.steps[0]], start=1):
            click.echo(f"{number:4}  {came} -> {room}  {function}")
    for phase, count in found.counts().items():
        click.echo(f"{phase}: {count['moves']} moves, {count['rooms']} rooms")
    if path is not None:
        figures = json.loads(path.read_text("utf-8")) if path.exists() else {}
        path.write_text(format_json({**figures, name: found.counts()}) + "\n", "utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.rooms")
