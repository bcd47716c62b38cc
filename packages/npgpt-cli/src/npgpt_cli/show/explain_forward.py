"""What ``npgpt explain forward`` prints: outputs, formulas, and the prediction as it forms."""

from rich.console import Console
from rich.text import Text

from npgpt_cli.show.console import open_console, print_left_out, print_tokens, table
from npgpt_core.escaping import printable
from npgpt_train.explain.forward import Forward, Output, Prediction, Reading
from npgpt_train.explain.tokens import visible
from npgpt_train.formatting import compact, percent


def print_forward(explanation: Forward) -> None:
    """Every output and formula, the next token, and what it would be after each block."""
    console = open_console()
    print_left_out(console, explanation.left_out)
    print_tokens(console, explanation.tokens)
    console.print(
        f"\nB = 1 row of T = {len(explanation.tokens)} tokens. What each module gives, in the order"
        " in which it is ready:\n"
    )
    _print_outputs(console, explanation.outputs)
    console.print("\nWhat they compute, with C channels, H heads of size D, and V ids:\n")
    _print_formulas(console, explanation.outputs)
    console.print("\nThe next token:\n")
    _print_next(console, explanation.next)
    if explanation.readings is None:
        console.print("\nThis model cannot be read after each block: it lacks blocks or logits(x).")
    else:
        console.print("\nThe next token, if the head read what has been added up so far, after:\n")
        _print_readings(console, explanation.readings)


def _print_outputs(console: Console, outputs: list[Output]) -> None:
    """A row a module; those made of others are bold."""
    numbers = ("parameters", "mean", "spread", "largest")
    rows = table({"module": "left", "output": "left", **dict.fromkeys(numbers, "right")})
    for output in outputs:
        made_of_others = any(o.module.startswith(f"{output.module}.") for o in outputs)
        rows.add_row(
            printable(output.module or output.kind),
            str(output.shape),
            f"{output.parameters:,}" if output.parameters else "",
            *map(compact, (output.mean, output.std, output.largest)),
            style="bold" if made_of_others or not output.module else "",
        )
    console.print(rows)


def _print_formulas(console: Console, outputs: list[Output]) -> None:
    """A row a class: its mathematics, and the modules that are of it."""
    rows = table({"class": "left", "mathematics": "wrap"})
    for kind, formula in {output.kind: output.formula for output in outputs}.items():
        names = dict.fromkeys(_own_name(o.module) for o in outputs if o.kind == kind)
        text = Text(f"{printable(formula)}\n").append(printable(", ".join(names)), "dim")
        rows.add_row(printable(kind), text)
    console.print(rows)


def _own_name(module: str) -> str:
    """The last name in a dotted name; ``blocks`` of ``blocks.0``."""
    names = [name for name in module.split(".") if not name.isdecimal()]
    return names[-1] or "the model"


def _print_next(console: Console, predictions: list[Prediction]) -> None:
    rows = table({"token": "left", "id": "right", "probability": "right", "": "left"})
    for prediction in predictions:
        p = prediction.probability
        bar = "█" * round(40 * p) if p == p else ""
        rows.add_row(visible(prediction.token.text), str(prediction.token.id), percent(p), bar)
    console.print(rows)


def _print_readings(console: Console, readings: list[Reading]) -> None:
    """A row a place in the stream; what will be the answer in the end is green."""
    ranks = (str(i) for i, _ in enumerate(readings[-1].next, start=1))
    rows = table({"after": "left", **dict.fromkeys(ranks, "left")})
    answer = readings[-1].next[0].token
    for reading in readings:
        cells = [Text(printable(reading.module))]
        for prediction in reading.next:
            style = "bold green" if prediction.token == answer else ""
            cell = Text(visible(prediction.token.text), style)
            cells.append(cell.append(f" {percent(prediction.probability)}"))
        rows.add_row(*cells)
    console.print(rows)
