"""``npgpt learn list``."""

import click


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_exercises(as_json: bool) -> None:
    """List the exercises, and how far you are."""
    from npgpt_learn.show.as_json import print_json
    from npgpt_learn.show.list import print_list
    from npgpt_learn.workbook import Workbook

    workbook = Workbook.find()
    if as_json:
        print_json(workbook.progress)
    else:
        print_list(workbook)
