"""``npgpt learn``: marks what comes next, and watches it."""

from __future__ import annotations

import sys

import click

from npgpt_learn.commands.check import check
from npgpt_learn.commands.hint import hint
from npgpt_learn.commands.list import list_exercises
from npgpt_learn.commands.reset import reset
from npgpt_learn.commands.solution import solution
from npgpt_learn.commands.start import start


@click.group(invoke_without_command=True)
@click.option(
    "--watch/--no-watch",
    default=None,
    help="Mark again whenever the file is saved, or once.  [default: watch on a terminal]",
)
@click.pass_context
def learn(ctx: click.Context, watch: bool | None) -> None:
    """Write every backward pass yourself, and be told which array is wrong, and why.

    npgpt learn start writes the exercises. Without a command, the first that is not done is marked;
    exits with 1 if it does not pass. Marking executes your code.
    """
    if ctx.invoked_subcommand is not None:
        return
    from npgpt_learn.show.report import print_all_done, print_report
    from npgpt_learn.workbook import Workbook

    workbook = Workbook.find()
    if sys.stdout.isatty() if watch is None else watch:
        from npgpt_learn.show.watch import show_while_watching

        show_while_watching(workbook)
    elif (exercise := workbook.current) is None:
        print_all_done(workbook)
    else:
        report = workbook.mark(exercise)
        print_report(workbook, exercise, report)
        ctx.exit(0 if report.passed else 1)


for command in (start, check, list_exercises, hint, reset, solution):
    learn.add_command(command)
