"""A run as it goes: a progress bar on a terminal, plain lines elsewhere."""

import time
from contextlib import ExitStack
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from npgpt_cli.terminal import ignoring_output_errors, is_terminal
from npgpt_cli.wording import as_flags
from npgpt_core.escaping import one_line, printable
from npgpt_core.events import (
    Comparing,
    Continuing,
    Estimated,
    Evaluated,
    Event,
    Finished,
    Preparing,
    Started,
    Stepped,
)
from npgpt_core.shell import command
from npgpt_train.formatting import duration, evaluation, mebibytes, number

PLAIN_INTERVAL = 10.0  # seconds between two lines where there is no bar


class TrainingDisplay:
    """Shows the events of ``npgpt_train.train`` while output takes them; a context manager."""

    def __init__(self) -> None:
        self._resources = ExitStack()
        self._progress: Progress | None = None
        self._task: Any = None
        self._last_line = time.monotonic()
        self._steps = (0, 0)  # done, and to do in all
        self._comparing = False  # several runs, of which a report tells in the end

    def __enter__(self) -> Self:
        """Nothing to see yet, but from now on the work outlasts its output."""
        self._resources.enter_context(ignoring_output_errors())
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Leave the terminal as it was."""
        with self._resources:
            if self._progress is not None:
                self._progress.stop()

    def report(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Preparing():
                self._line(f"{event.what} ...")
            case Continuing():
                others = f"; --out names one of {event.others} others" if event.others else ""
                self._line(f"continuing {event.folder}, the newest unfinished run{others}")
            case Started():
                self._start(event)
            case Stepped():
                self._step(event.metrics)
            case Evaluated():
                best = "  best so far" if event.best else ""
                self._line(f"{evaluation(event.metrics)}{best}")
            case Estimated():
                self._estimate(event)
            case Comparing():
                self._comparing = True
                self._stop()  # of a run that diverged
                click.echo()
                self._line(f"[{event.number} of {event.total}] {event.name}: {event.state}")
            case Finished():
                self._finish(event)

    def _line(self, text: str) -> None:
        text = one_line(text)
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text)

    def _start(self, event: Started) -> None:
        s = event.settings
        self._line(
            f"{event.parameters:,} parameters, {event.vocab_size:,} ids;"
            f" {event.characters:,} characters are {event.train_tokens:,} training and"
            f" {event.val_tokens:,} validation tokens"
        )
        verb = f"resuming at step {event.step} of" if event.step else "training"
        self._line(
            f"{verb} {s['max_iters']:,} steps of {s['batch_size']} x {s['block_size']} tokens on"
            f" {s['workers']} {'thread' if s['workers'] == 1 else 'threads'}, into {event.folder}"
        )
        self._steps = (event.step, s["max_iters"])

    def _estimate(self, event: Estimated) -> None:
        memory = f", {mebibytes(event.memory)} of memory" if event.memory else ""
        self._line(
            f"about {duration(event.seconds)} at {event.step_seconds:.3f} s a step{memory};"
            f" the text is read {event.epochs:.1f} times"
        )
        if is_terminal():
            done, total = self._steps
            self._progress = Progress(
                BarColumn(bar_width=None),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                TimeRemainingColumn(),
                console=Console(),
            )
            self._progress.start()
            self._task = self._progress.add_task("", total=total, completed=done)

    def _step(self, metrics: Any) -> None:
        step = metrics["step"]
        loss = f"loss {metrics['loss']:.4f}" if "loss" in metrics else "skipped: not finite"
        state = f"{loss}  {number(metrics['tokens_per_second'])} tokens/s"
        if self._progress is not None:
            self._progress.update(self._task, completed=step, description=state)
        elif time.monotonic() - self._last_line > PLAIN_INTERVAL:
            self._last_line = time.monotonic()
            self._line(f"step {step:>6}  {state}")

    def _stop(self) -> None:
        """End the progress bar, if there is one."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _finish(self, event: Finished) -> None:
        self._stop()
        m = event.metrics
        if not self._comparing:
            click.echo(f"\n{printable(event.sample)}\n")
        click.echo(f"final loss: train {m['train_loss']:.4f}, validation {m['val_loss']:.4f}")
        if event.skipped:
            click.echo(f"{event.skipped:,} steps were skipped: not finite")
        if event.verdict:
            click.echo(as_flags(event.verdict))
        if self._comparing:
            return
        self._line(
            f"the run is in {event.folder}: run.json, metrics.jsonl, checkpoints, sample.txt"
        )
        self._line(f"curves: {event.curves}" if event.curves else event.note)
        generate = command("npgpt", "generate", event.folder)
        click.echo(f"continue its text with: {printable(generate)}")
