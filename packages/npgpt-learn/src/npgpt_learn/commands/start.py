"""``npgpt learn start``."""

from pathlib import Path

import click


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path), metavar="[DIR]", default=Path("exercises")
)
@click.option(
    "--set",
    "exercises",
    metavar="NAME",
    help="Whose exercises; npgpt plugins lists all.  [default: npgpt, or what DIR has]",
)
def start(folder: Path, exercises: str | None) -> None:
    """Write the exercises into a folder of yours.

    DIR is exercises unless given. Files that are there already stay as they are, so that this adds
    what a new version of npgpt brings.
    """
    from npgpt_learn.show.start import print_start
    from npgpt_learn.workbook import Workbook

    workbook, written = Workbook.start(folder, exercises)
    print_start(workbook, written)
