"""What ``npgpt explain backward`` prints: the norms of the gradients, and their mathematics."""

from rich.console import Console
from rich.text import Text

from npgpt_cli.show.console import open_console, print_left_out, print_tokens, table
from npgpt_core.escaping import printable
from npgpt_train.explain.backward import Backward, ModuleGradient
from npgpt_train.formatting import compact


def print_backward(explanation: Backward) -> None:
    """The loss, the gradients on the way back from it, and their joint norm."""
    console, count = open_console(), len(explanation.tokens) - 1
    print_left_out(console, explanation.left_out)
    print_tokens(console, explanation.tokens)
    console.print(
        f"\nThe loss is {compact(explanation.loss)} nats: the mean of -log p over the {count}"
        " tokens that follow another. From there back: each module takes dy, which comes from"
        " above, and hands dx on; below it are its parameters.\n"
    )
    _print_gradients(console, explanation.modules)
    console.print(
        f"\nThe joint norm of the gradients of all parameters is {compact(explanation.norm)}."
    )


def _print_gradients(console: Console, modules: list[ModuleGradient]) -> None:
    """A row a module, and one below it for each parameter of its own."""
    rows = table({"gradient": "left", "norm": "right", "mathematics": "wrap"})
    for module in modules:
        name = Text(printable(module.module or module.kind), "bold")
        rows.add_row(name, compact(module.norm), printable(module.formula))
        for p in module.parameters:
            own = printable(p.parameter.rpartition(".")[2])
            rows.add_row(f"  {own}", compact(p.norm), printable(p.formula))
    console.print(rows)
