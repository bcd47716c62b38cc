"""What ``npgpt explain attention`` prints: a shade for each token that is looked at."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from npgpt_cli.show.console import open_console, print_left_out, table
from npgpt_core.escaping import printable
from npgpt_core.types import Array
from npgpt_train.explain.attention import Attention, Head
from npgpt_train.explain.tokens import Token, visible
from npgpt_train.formatting import compact, percent

SHADES = {0.6: "█", 0.3: "▓", 0.1: "▒", 0.02: "░", 0.0: "·"}
"""From this share on, this shade, where there are no colours."""
LIGHT, DARK = (231, 245, 255), (8, 48, 107)
"""The colours, red, green and blue, of the shares 0 and 1."""
LABEL = 8  # characters of a token that stand above its column


def print_attention(explanation: Attention, *, overview: bool) -> None:
    """An overview of all heads, or every token's row in each."""
    console = open_console()
    print_left_out(console, explanation.left_out)
    if overview:
        _print_overview(console, explanation)
    else:
        for head in explanation.heads:
            _print_head(console, head, explanation.tokens)
            console.print()
    if _is_colourful(console):
        console.print("The darker, the more.")
    else:
        legend = "  ".join(f"{shade} {share:.0%}" for share, shade in reversed(SHADES.items()))
        console.print(f"A shade begins at: {legend}.")


def _print_overview(console: Console, explanation: Attention) -> None:
    """A row a head: what the last token looks at, and the habits of all tokens."""
    last = explanation.tokens[-1]
    console.print(
        f"What the last token, {visible(last.text)}, looks at in each head. Beside it, in the mean"
        " over all tokens: the share that a token gives itself, the one before it, and the first"
        " one; and how many tokens back it looks. With --layer N --head N, every token's row.\n"
    )
    numbers = ("itself", "before", "first", "back")
    rows = table(
        {"layer": "right", "head": "right", "looks at": "left", **dict.fromkeys(numbers, "right")}
    )
    tokens = _fitting(console, explanation.tokens, 50)
    rows.add_row("", "", _labels(tokens))
    for head in explanation.heads:
        habits = [head.itself, head.previous, head.first]
        rows.add_row(
            str(head.layer),
            str(head.head),
            _shades(console, head.weights[-1, -len(tokens) :]),
            *map(percent, habits),
            compact(head.distance, 1),
        )
    console.print(rows)
    console.print()


def _print_head(console: Console, head: Head, tokens: Sequence[Token]) -> None:
    """A row a token that looks, a column a token looked at, and where it looks most."""
    console.print(
        f"Layer {head.layer}, head {head.head} ({printable(head.module)}): each row says what its"
        " token looks at.\n"
    )
    longest = max(len("token"), *(cell_len(visible(token.text)) for token in tokens))
    seen = _fitting(console, tokens, 2 * longest + len("  " + "  " + "100% "))
    first = len(tokens) - len(seen)
    rows = table({"token": "right", "looks at": "left", "most": "left"})
    rows.add_row("", _labels(seen))
    for t in range(first, len(tokens)):
        row = head.weights[t, : t + 1]
        most = int(row.argmax())
        rows.add_row(
            visible(tokens[t].text),
            _shades(console, row[first:]),
            f"{percent(row[most])} {visible(tokens[most].text)}",
        )
    console.print(rows)


def _fitting(console: Console, tokens: Sequence[Token], taken: int) -> Sequence[Token]:
    """The last tokens, as many as fit into a line of which ``taken`` columns are in use."""
    room = max((console.width - taken) // 2, 1)
    if len(tokens) > room:
        console.print(
            f"The last {room} of {len(tokens)} tokens; in a pipe, with --out or --json all.\n"
        )
    return tokens[-room:]


def _labels(tokens: Sequence[Token]) -> str:
    """The tokens from top to bottom, two columns each, ending on the same line."""
    texts = [visible(token.text)[:LABEL] for token in tokens]
    height = max(map(len, texts))
    lines = zip(*(text.rjust(height) for text in texts), strict=True)
    return "\n".join("".join(set_cell_size(c, 2) for c in line) for line in lines)


def _shades(console: Console, shares: Array) -> Text:
    """A cell of two columns for each share: in colour, or in characters of more or less ink."""
    cells = Text()
    for share in shares:
        if _is_colourful(console):
            cells.append("  ", f"on rgb({_colour(share)})")
        else:
            cells.append(2 * next((s for least, s in SHADES.items() if share >= least), " "))
    return cells


def _colour(share: float) -> str:
    """Of the square root, so that small shares differ too; a NaN is as light as 0."""
    darkness = min(1.0, max(0.0, share)) ** 0.5
    return ",".join(str(round(a + (b - a) * darkness)) for a, b in zip(LIGHT, DARK, strict=True))


def _is_colourful(console: Console) -> bool:
    return console.color_system is not None and not console.no_color
