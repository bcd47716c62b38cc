"""``npgpt generate``."""

from __future__ import annotations

from pathlib import Path

import click

from npgpt_cli.options import checkpoint_option, run_argument


@click.command()
@run_argument
@click.option("--prompt", default="\n", help="Text to continue.  [default: a line break]")
@click.option(
    "--max-new-tokens",
    type=click.IntRange(0),
    default=500,
    show_default=True,
    help="How much to write.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0),
    default=0.8,
    show_default=True,
    help="Below 1: safer, above 1: wilder; 0 takes the likeliest token.",
)
@click.option("--top-k", type=click.IntRange(1), help="Draw from the k likeliest tokens.")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Draw from this mass.")
@click.option(
    "--num-samples", type=click.IntRange(1), default=1, show_default=True, help="How many texts."
)
@click.option("--seed", type=click.IntRange(0), help="The same seed gives the same text.")
@click.option("--raw", is_flag=True, help="Do not escape control characters.")
@checkpoint_option
def generate(
    run: Path,
    prompt: str,
    max_new_tokens: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    num_samples: int,
    seed: int | None,
    raw: bool,
    checkpoint: str,
) -> None:
    """Continue a text with a trained model."""
    import numpy as np

    from npgpt_core.errors import NpgptError
    from npgpt_core.generation import generate as continue_ids
    from npgpt_train.escaping import printable
    from npgpt_train.run import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    ids = np.asarray(tokenizer.encode(prompt))
    if ids.size == 0:
        raise NpgptError("the prompt is empty: give at least one character")
    rows = continue_ids(
        model,
        np.tile(ids, (num_samples, 1)),
        max_new_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
    )
    for number, row in enumerate(rows, start=1):
        if num_samples > 1:
            click.echo(f"--- sample {number} ---")
        text = prompt + tokenizer.decode(row[ids.size :])
        click.echo(text.encode("utf-8", "replace") if raw else printable(text))
