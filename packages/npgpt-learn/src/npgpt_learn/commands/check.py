"""``npgpt learn check``."""

from __future__ import annotations

from pathlib import Path

import click

from npgpt_learn.commands.arguments import chosen


@click.command()
@click.argument("words", nargs=-1, metavar="[N|NAME|FILE]")
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

    workbooks = [Workbook.open(Path(folder)) for folder in folders] or [Workbook.find()]
    marked = [(workbook, workbook.mark_all()) for workbook in workbooks]
    if as_json:
        print_json({str(workbook.folder): reports for workbook, reports in marked})
    else:
        print_table(marked)
    return 0 if all(report.passed for _, reports in marked for report in reports.values()) else 1
