"""What ``npgpt compare`` prints in the end."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from npgpt_core.escaping import one_line
from npgpt_train.comparison.differences import diverged, same_model, same_tokens
from npgpt_train.comparison.rows import SAME_TOKENS, TOKENS_DIFFER
from npgpt_train.comparison.tables import outcome
from npgpt_train.formatting import NONE, number


def print_comparison(results: dict[str, Any], folder: Path) -> None:
    """The telling numbers of a comparison, and where all of them are."""
    sizes = not same_model(results)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in [*["parameters"] * sizes, "loss per token", "bits per character"]:
        table.add_column(name, justify="right")
    for name, run in results["runs"].items():
        held_out = run["held_out"]
        losses = (held_out["loss"], held_out["restored_bits_per_character"])
        cells = [*[number(run["model"]["parameters"])] * sizes, *(number(x, 3) for x in losses)]
        table.add_row(name, *cells)
    for name in diverged(results):
        table.add_row(name, *[NONE] * sizes, outcome(results, name), NONE)
    click.echo()
    Console().print(table)
    if len(results["runs"]) > 1:
        click.echo(f"\n{SAME_TOKENS if same_tokens(results) else TOKENS_DIFFER}")
    click.echo(one_line(f"the report is in {folder}: report.html, report.md, report.json"))
