"""What ``npgpt explain step`` prints: the story of the step, and every weight in it."""

from rich.console import Console

from npgpt_cli.show.console import open_console, table
from npgpt_core.escaping import printable
from npgpt_train.explain.step import Step
from npgpt_train.formatting import compact, percent


def print_step(explanation: Step) -> None:
    """The stages of the step in order, then a row a parameter."""
    console = open_console()
    console.print(f"Step {explanation.number:,}, on a copy: the run stays as it is.\n")
    rows = table({"stage": "left", "what happens": "wrap"})
    for stage, what in _story(explanation).items():
        rows.add_row(stage, printable(what))
    console.print(rows)
    console.print(
        "\nThe norms of each parameter, of its gradient and of its update, and the update relative"
        " to the parameter; the largest gradients first.\n"
    )
    _print_parameters(console, explanation)


def _story(e: Step) -> dict[str, str]:
    """The stages of the step, in order."""
    if not e.grad_clip:
        clipping = "none: grad_clip is 0"
    elif e.scale < 1:
        clipping = (
            f"all gradients times {compact(e.scale)}: a joint norm of {e.grad_clip:g} at most"
        )
    else:
        clipping = f"not needed: the joint norm may be {e.grad_clip:g}"
    rows = "1 row" if e.rows == 1 else f"{e.rows} rows"
    return {
        "forward": f"{rows} of {e.tokens} tokens: loss {e.loss:.4f}",
        "backward": f"{len(e.parameters)} gradients: joint norm {compact(e.grad_norm)}",
        "clipping": clipping,
        "learning rate": f"{e.lr:.3g} ({e.schedule})",
        "update": f"{e.optimizer}: joint norm {compact(e.update, 5)}, {percent(e.relative, 3)}"
        " of that of the parameters",
        "forward again": f"the same rows: loss {e.loss_after:.4f} ({e.loss_after - e.loss:+.4f})",
    }


def _print_parameters(console: Console, explanation: Step) -> None:
    """A row a parameter; the bar shows its gradient relative to the largest."""
    rows = table(
        {
            "parameter": "left",
            "weight": "right",
            "gradient": "right",
            "": "left",
            "update": "right",
            "relative": "right",
        }
    )
    largest = explanation.parameters[0].gradient or 1.0
    for p in explanation.parameters:
        rows.add_row(
            printable(p.parameter),
            compact(p.weight),
            compact(p.gradient),
            "█" * round(10 * p.gradient / largest),
            compact(p.update, 5),
            percent(p.relative, 3),
        )
    console.print(rows)
