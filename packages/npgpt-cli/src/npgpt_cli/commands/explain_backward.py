"""``npgpt explain backward``: the gradient, walking back from the loss to the embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from npgpt_cli.options import checkpoint_option, run_argument

if TYPE_CHECKING:
    from rich.console import Console

    from npgpt_train.explain.backward import Backward, ModuleGradient


@click.command()
@run_argument
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@checkpoint_option
def backward(run: Path, text: str, as_json: bool, checkpoint: str) -> None:
    """Follow the gradient of the loss of TEXT back to the ids.

    Each token but the first is predicted from those before it. What is shown are the norms of the
    gradients, √(Σ d²), beside the mathematics that makes them. Dropout is off.
    """
    from npgpt_cli.show.console import print_json
    from npgpt_train.explain.backward import explain_backward
    from npgpt_train.run.folder import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    explanation = explain_backward(model, tokenizer, text)
    if as_json:
        print_json(explanation)
    else:
        _print(explanation)


def _print(explanation: Backward) -> None:
    from npgpt_cli.show.console import console, number, print_left_out, print_tokens

    to, count = console(), len(explanation.tokens) - 1
    print_left_out(to, explanation.left_out)
    print_tokens(to, explanation.tokens)
    to.print(
        f"\nThe loss is {number(explanation.loss)} nats: the mean of -log p over the {count} tokens"
        " that follow another. From there back: each module takes dy, which comes from above, and"
        " hands dx on; below it are its parameters.\n"
    )
    _print_gradients(to, explanation.modules)
    to.print(f"\nThe joint norm of the gradients of all parameters is {number(explanation.norm)}.")


def _print_gradients(to: Console, modules: list[ModuleGradient]) -> None:
    """A row a module, and one below it for each parameter of its own."""
    from rich.text import Text

    from npgpt_cli.show.console import number, table
    from npgpt_train.machine.escaping import printable

    rows = table({"gradient": "left", "norm": "right", "mathematics": "wrap"})
    for module in modules:
        name = Text(printable(module.module or module.kind), "bold")
        rows.add_row(name, number(module.norm), printable(module.formula))
        for p in module.parameters:
            own = printable(p.parameter.rpartition(".")[2])
            rows.add_row(f"  {own}", number(p.norm), printable(p.formula))
    to.print(rows)
