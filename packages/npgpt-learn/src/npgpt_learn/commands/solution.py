"""``npgpt learn solution``."""

import click

from npgpt_learn.commands.arguments import chosen, one_exercise


@click.command()
@one_exercise
@click.option("--give-up", is_flag=True, help="Show it before the exercise is done.")
def solution(exercise: str, give_up: bool) -> None:
    """Show how an exercise can be written, once it is done."""
    workbook, found = chosen(exercise)
    click.echo(workbook.solution(found, give_up), nl=False)
