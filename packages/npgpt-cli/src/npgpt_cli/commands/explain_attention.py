"""``npgpt explain attention``."""

from __future__ import annotations

from pathlib import Path

import click

from npgpt_cli.options import checkpoint_option, json_option, run_argument


@click.command()
@run_argument
@click.argument("text")
@click.option("--layer", type=click.IntRange(0), metavar="N", help="Only this layer, from 0.")
@click.option("--head", type=click.IntRange(0), metavar="N", help="Only this head, from 0.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Draw the heads into this file too, PNG or SVG; needs matplotlib.",
)
@json_option
@checkpoint_option
def attention(
    run: Path,
    text: str,
    layer: int | None,
    head: int | None,
    out: Path | None,
    as_json: bool,
    checkpoint: str,
) -> None:
    """Show which tokens of TEXT look at which.

    An overview of all heads, or with --layer, --head or both, every token's row in those heads.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_attention import print_attention
    from npgpt_train.explain.attention import explain_attention
    from npgpt_train.explain.picture import plot_attention
    from npgpt_train.run.loading import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    explanation = explain_attention(model, tokenizer, text, layer, head)
    if out is not None:
        plot_attention(explanation, out, title=run.name)
    if as_json:
        print_json(explanation)
    else:
        print_attention(explanation, overview=layer is None and head is None)
        if out is not None:
            click.echo(f"\nThe picture is {out}.")
