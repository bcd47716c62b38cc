"""``npgpt explain backward``."""

from __future__ import annotations

from pathlib import Path

import click

from npgpt_cli.options import checkpoint_option, json_option, run_argument


@click.command()
@run_argument
@click.argument("text")
@json_option
@checkpoint_option
def backward(run: Path, text: str, as_json: bool, checkpoint: str) -> None:
    """Follow the gradient of the loss of TEXT back to the ids.

    Each token but the first is predicted from those before it. What is shown are the norms of the
    gradients, √(Σ d²), beside the mathematics that makes them. Dropout is off.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_backward import print_backward
    from npgpt_train.explain.backward import explain_backward
    from npgpt_train.run.loading import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    explanation = explain_backward(model, tokenizer, text)
    (print_json if as_json else print_backward)(explanation)
