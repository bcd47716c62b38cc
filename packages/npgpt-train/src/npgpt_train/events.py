"""Reporters, which show the events of a run (``npgpt_core.events``): on a terminal, or nowhere."""

import sys
from collections.abc import Callable
from typing import TypeAlias

from npgpt_core.events import Comparing, Continuing, Evaluated, Event, Finished, Started
from npgpt_train.formatting import evaluation

Reporter: TypeAlias = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Show nothing."""


def print_progress(event: Event) -> None:
    """A line on standard error for the start, each evaluation and the end."""
    match event:
        case Comparing():
            line = f"[{event.number} of {event.total}] {event.name}: {event.state}"
        case Continuing():
            line = f"continuing {event.folder}, the newest of {event.others + 1} unfinished runs"
        case Started():
            steps = f"steps {event.step} to {event.settings['max_iters']}"
            line = f"training {event.parameters:,} parameters, {steps}, into {event.folder}"
        case Evaluated():
            line = evaluation(event.metrics)
        case Finished():
            line = f"the run is in {event.folder}"
        case _:
            return
    sys.stderr.write(f"{line}\n")


def default_reporter() -> Reporter:
    """The reporter unless another is given: lines on a terminal, nothing elsewhere."""
    return print_progress if sys.stderr and sys.stderr.isatty() else ignore
