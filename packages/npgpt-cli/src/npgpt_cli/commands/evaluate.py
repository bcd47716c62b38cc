"""``npgpt evaluate``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from npgpt_cli.options import checkpoint_option, run_argument
from npgpt_cli.wording import as_flags


@click.command()
@run_argument
@click.option(
    "--data",
    multiple=True,
    metavar="NAME|PATH",
    help="Text to read whole.  [default: the validation part of the run's own]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@checkpoint_option
def evaluate(run: Path, data: tuple[str, ...], as_json: bool, checkpoint: str) -> None:
    """Measure a trained model on the whole of a text."""
    from npgpt_train.evaluation import evaluate_run
    from npgpt_train.run.folder import Run
    from npgpt_train.run.reference import standing, verdict

    opened = Run.open(run)
    result = evaluate_run(opened, data, checkpoint)
    metrics = opened.metrics()
    beside, told = standing(opened, metrics), as_flags(verdict(opened, metrics))
    figures = {
        "loss": result.loss,
        "perplexity": result.perplexity,
        "bits_per_character": result.bits_per_character,
        "tokens": result.tokens,
        "characters": result.characters,
        "unknown": result.unknown,
        "reference": asdict(beside) if beside else None,
        "verdict": told or None,
    }
    if as_json:
        click.echo(json.dumps(figures))
        return
    click.echo(f"loss                {result.loss:.4f} nats per token")
    click.echo(f"perplexity          {result.perplexity:.2f} per token")
    click.echo(f"bits per character  {result.bits_per_character:.4f}")
    click.echo(f"read                {result.tokens:,} tokens, {result.characters:,} characters")
    if result.unknown:
        click.echo(f"unknown             {result.unknown:.2%} of the tokens, which cost too little")
    if told:
        click.echo(f"while training      {told}")
