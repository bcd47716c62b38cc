"""What ``npgpt evaluate`` prints: a line a figure."""

import click

from npgpt_train.evaluation import Evaluation
from npgpt_train.formatting import percent


def print_evaluation(result: Evaluation, verdict: str) -> None:
    """The loss in three units, what was read, and what to think of the loss in training."""
    click.echo(f"loss                {result.loss:.4f} nats per token")
    click.echo(f"perplexity          {result.perplexity:.2f} per token")
    click.echo(f"bits per character  {result.bits_per_character:.4f}")
    click.echo(f"read                {result.tokens:,} tokens, {result.characters:,} characters")
    if result.unknown:
        unknown = percent(result.unknown, 2)
        click.echo(f"unknown             {unknown} of the tokens, which cost too little")
    if verdict:
        click.echo(f"while training      {verdict}")
