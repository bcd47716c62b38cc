"""``npgpt learn hint``."""

import click

from npgpt_learn.commands.arguments import an_exercise, chosen


@click.command()
@an_exercise
def hint(exercise: str | None) -> None:
    """Give a hint; each time one that tells more, three in all."""
    from npgpt_learn.show.hint import print_hints

    workbook, found = chosen(exercise)
    print_hints(found, workbook.hint(found))
