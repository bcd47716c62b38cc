"""The screen of ``npgpt learn`` on a terminal: marks, waits until a file is saved, marks again."""

from pathlib import Path

import click
from watchfiles import watch

from npgpt_learn.show.report import print_all_done, print_report
from npgpt_learn.show.text import say
from npgpt_learn.workbook import Workbook


def show_while_watching(workbook: Workbook) -> None:
    """Mark the first that is not done, and again whenever its file is saved; ends with the last."""
    click.clear()
    if workbook.current is None:
        print_all_done(workbook)
    while (exercise := workbook.current) is not None:
        file = workbook.file(exercise)
        before = _saved(file)
        report = workbook.mark(exercise)
        print_report(workbook, exercise, report)
        say()
        if not report.passed:
            say(f"Watching {file.name}, Ctrl-C ends.")
            _wait(file, before)
            click.clear()
        elif workbook.current is exercise:  # the progress cannot be kept: no use to go on
            return


def _wait(file: Path, before: int) -> None:
    """Wait until a file was saved after ``before``; also while nobody was watching."""
    for _ in watch(file.parent, recursive=False, yield_on_timeout=True, rust_timeout=500):
        if _saved(file) != before:
            return


def _saved(file: Path) -> int:
    """When a file was saved; 0 while an editor replaces it."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
