"""``npgpt learn reset``."""

import click

from npgpt_learn.commands.arguments import chosen, one_exercise


@click.command()
@one_exercise
def reset(exercise: str) -> None:
    """Write an exercise's file anew; a copy of yours is kept."""
    workbook, found = chosen(exercise)
    copy = workbook.reset(found)
    click.echo(f"{workbook.file(found).name} is as it was at the start.")
    if copy is not None:
        click.echo(f"Yours is kept as {copy.name}.")
