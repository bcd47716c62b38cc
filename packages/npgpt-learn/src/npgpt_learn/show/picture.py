"""An array beside the true one, each number with its mark."""

from npgpt_learn.report import Picture
from npgpt_learn.show.signs import RIGHT, WRONG
from npgpt_learn.show.text import say


def print_picture(name: str, picture: Picture) -> None:
    """Print both arrays, row by row."""
    numbers = [number for row in (*picture.yours, *picture.truth) for number in row]
    width = max(map(len, numbers))
    left = [
        "  ".join(
            f"{text:>{width}} {RIGHT if right else WRONG}"
            for text, right in zip(row, marks, strict=True)
        )
        for row, marks in zip(picture.yours, picture.right, strict=True)
    ]
    right = ["  ".join(f"{text:>{width}}" for text in row) for row in picture.truth]
    room = max(len(f"your {name}"), *map(len, left))
    say(f"  {f'your {name}':<{room}}     as it should be")
    for yours, truth in zip(left, right, strict=True):
        say(f"  {yours:<{room}}     {truth}")
