"""``npgpt learn check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from npgpt_core.errors import NpgptError
from npgpt_learn.commands.arguments import chosen

if TYPE_CHECKING:
    from npgpt_learn.report import Marked


@click.command()
@click.argument("words", nargs=-1, metavar="[N|NAME|FILE | DIR...]")
@click.option(
    "--all", "everything", is_flag=True, help="Mark all exercises, of each folder that is named."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(ctx: click.Context, words: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Mark an exercise.

    It is the first that is not done unless one is named. Exits with 1 if it, or one of all, does
    not pass. For a class: npgpt learn check --all anna ben carla prints a row for each folder.
    """
    if everything:
        ctx.exit(_check_all(words, as_json))
    if len(words) > 1:
        raise click.UsageError("name one exercise; several folders need --all")
    from npgpt_learn.show.as_json import print_json
    from npgpt_learn.show.report import print_report

    workbook, exercise = chosen(words[0] if words else None)
    report = workbook.mark(exercise)
    if as_json:
        print_json({exercise.name: report})
    else:
        print_report(workbook, exercise, report)
    ctx.exit(0 if report.passed else 1)


def _check_all(folders: tuple[str, ...], as_json: bool) -> int:
    """Mark all exercises of each folder; of the own one unless any is named."""
    from npgpt_learn.show.as_json import print_json
    from npgpt_learn.show.table import print_table
    from npgpt_learn.workbook import Workbook

    found = {folder: _mark_all(Path(folder)) for folder in folders}
    if not found:
        workbook = Workbook.find()
        found = {str(workbook.folder): workbook.mark_all()}
    if as_json:
        print_json(found)
    else:
        print_table(found)
    passed = (
        not isinstance(reports, NpgptError) and all(report.passed for report in reports.values())
        for reports in found.values()
    )
    return 0 if all(passed) else 1


def _mark_all(folder: Path) -> Marked:
    """The reports of a folder; one that has no exercises does not keep others from being marked."""
    from npgpt_learn.workbook import Workbook

    try:
        return Workbook.open(folder).mark_all()
    except NpgptError as error:
        return error
