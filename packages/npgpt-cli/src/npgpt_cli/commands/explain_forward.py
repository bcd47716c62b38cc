"""``npgpt explain forward``."""

from __future__ import annotations

from pathlib import Path

import click

from npgpt_cli.options import checkpoint_option, json_option, run_argument


@click.command()
@run_argument
@click.argument("text")
@click.option(
    "--top", type=click.IntRange(1), default=5, show_default=True, help="How many next tokens."
)
@json_option
@checkpoint_option
def forward(run: Path, text: str, top: int, as_json: bool, checkpoint: str) -> None:
    """Show what each module makes of TEXT, and what comes next.

    Of a model with blocks, also what would come next if it ended after each of them.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_forward import print_forward
    from npgpt_train.explain.forward import explain_forward
    from npgpt_train.run.loading import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    explanation = explain_forward(model, tokenizer, text, top)
    (print_json if as_json else print_forward)(explanation)
