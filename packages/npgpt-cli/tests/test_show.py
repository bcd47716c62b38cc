"""How what is found looks: tokens in colour, shades and bars, and all of it as JSON."""

import dataclasses
import io
import json
import re
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
import pytest
from rich.console import Console

from npgpt_cli.commands import generate
from npgpt_cli.options import given
from npgpt_cli.show import explain_attention, explain_forward
from npgpt_cli.show.as_json import print_json
from npgpt_cli.show.console import PAGE, open_console, print_tokens
from npgpt_cli.show.generate import print_object
from npgpt_train.explain.forward import Prediction
from npgpt_train.explain.tokens import Token


def test_what_is_found_is_json_of_plain_values(capsys):
    @dataclasses.dataclass
    class Inner:
        share: float
        names: tuple

    @dataclasses.dataclass
    class Outer:
        inner: list
        weights: object
        numbers: dict

    inner = [Inner(float("nan"), ("a", 1)), Inner(0.5, ())]
    print_json(Outer(inner, np.array([[1.0, np.inf], [0.25, 2]]), {"n": np.int64(3), "none": None}))
    assert json.loads(capsys.readouterr().out) == {
        "inner": [{"share": None, "names": ["a", 1]}, {"share": 0.5, "names": []}],
        "weights": [[1.0, None], [0.25, 2.0]],
        "numbers": {"n": 3, "none": None},
    }


def test_a_path_and_a_date_are_text_in_one_line(capsys):
    found = [{"folder": Path("runs", "x"), "date": datetime(2026, 11, 25, 4, 20)}]
    print_json(found)
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert json.loads(told) == [{"folder": str(Path("runs/x")), "date": "2026-11-25T04:20:00"}]


def test_in_a_pipe_text_is_printed_as_it_is(capsys):
    text = ":smile: [bold]x[/bold] " + "long " * 200 + "end"
    open_console().print(text)
    assert capsys.readouterr().out == text + "\n"


def _coloured(width=200):
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        width=width,
        no_color=False,
    )


def test_neighbours_and_special_tokens_have_colours_of_their_own():
    to = _coloured()
    tokens = [
        Token(1, "<unk>", special=True),
        *(Token(10 + i, letter) for i, letter in enumerate("abcdef")),
    ]
    print_tokens(to, tokens)
    above, below = to.file.getvalue().splitlines()
    styles = {}
    for piece in above.split("\x1b[0m"):
        for token in tokens:
            if piece.endswith(f"m{token.text}"):
                styles[token.text] = piece.split("\x1b[")[-1].split("m")[0]
    assert len(styles) == len(tokens)
    assert all(styles[a] != styles[b] for a, b in zip("abcde", "bcdef", strict=True))
    assert styles["<unk>"] not in [styles[letter] for letter in "abcdef"]
    ids = re.sub("\x1b\\[[0-9;]*m", "", below).split()
    assert ids == [str(token.id) for token in tokens]


def test_tokens_stand_above_their_ids_in_lines_that_fit(capsys):
    tokens = [Token(100 + i, "ab"[i % 2] * (1 + i % 5)) for i in range(60)]
    print_tokens(open_console(), tokens)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 4
    found = []
    for above, below in zip(lines[::2], lines[1::2], strict=True):
        assert max(len(above.rstrip()), len(below.rstrip())) <= PAGE
        for text, id_ in zip(above.split(), below.split(), strict=True):
            assert above.index(text) <= below.index(id_) + 3
            assert below.index(id_) in [i for i in range(len(above)) if above[i:].startswith(text)]
            found.append((int(id_), text))
    assert found == [(token.id, token.text) for token in tokens]


def test_a_larger_share_is_darker_and_the_ends_are_the_ends():
    colours = [explain_attention._colour(share) for share in (0, 0.01, 0.25, 0.5, 1)]
    rgb = [tuple(map(int, colour.split(","))) for colour in colours]
    assert (rgb[0], rgb[-1]) == (explain_attention.LIGHT, explain_attention.DARK)
    for lighter, darker in pairwise(rgb):
        assert all(b < a for a, b in zip(lighter, darker, strict=True))
    middle = [(a + b) / 2 for a, b in zip(rgb[0], rgb[-1], strict=True)]
    np.testing.assert_allclose(rgb[2], middle, atol=1)  # of the root
    assert explain_attention._colour(float("nan")) == colours[0]
    assert explain_attention._colour(2.0) == colours[-1]


@pytest.mark.parametrize(
    ("width", "shown"), [(80, 10), (30, 10), (29, 9), (12, 1), (10, 1), (4, 1)]
)
def test_the_last_tokens_that_have_room_are_shown(width, shown):
    to = Console(file=io.StringIO(), width=width)
    tokens = [Token(i, str(i)) for i in range(10)]
    assert list(explain_attention._fitting(to, tokens, taken=10)) == tokens[-shown:]
    told = "".join(to.file.getvalue().split())
    assert told.startswith(f"Thelast{shown}of10tokens" if shown < 10 else "")
    assert bool(told) == (shown < 10)


def test_bars_are_as_long_as_the_probabilities():
    to = Console(file=io.StringIO(), width=200)
    shares = [0.5, 0.25, 0.0, float("nan")]
    explain_forward._print_next(to, [Prediction(Token(i, "x"), p) for i, p in enumerate(shares)])
    bars = [line.count("█") for line in to.file.getvalue().splitlines()[1:]]
    assert bars[0] == 2 * bars[1] > 10
    assert bars[2:] == [0, 0]


class Letters:
    def decode(self, ids):
        return "".join(map(chr, ids))


@pytest.mark.parametrize(
    ("interrupted", "stop_token", "reason"),
    [
        (False, None, "length"),
        (False, ord("a"), "length"),
        (False, ord("b"), "eos"),
        (True, ord("b"), "interrupted"),
    ],
)
def test_a_generated_text_is_one_object_of_json(interrupted, stop_token, reason, capsys):
    def drawn():
        yield ord("a")
        time.sleep(0.01)
        yield ord("b")
        if interrupted:
            raise KeyboardInterrupt

    begun = time.perf_counter()
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            print_object(Letters(), "p", drawn(), 7, stop_token)
    else:
        print_object(Letters(), "p", drawn(), 7, stop_token)
    passed = time.perf_counter() - begun
    record = json.loads(capsys.readouterr().out)
    assert 0.01 <= record.pop("seconds") <= passed
    assert record == {
        "prompt": "p",
        "text": "ab",
        "ids": [97, 98],
        "seed": 7,
        "tokens": 2,
        "stop_reason": reason,
    }


def test_a_prompt_is_said_or_read(tmp_path, monkeypatch):
    assert (generate._prompt(None, None), generate._prompt("a", None)) == ("\n", "a")
    (tmp_path / "p.txt").write_bytes("é\r\n".encode())
    assert generate._prompt(None, tmp_path / "p.txt") == "é\r\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"b\n")))
    assert generate._prompt("-", None) == "b\n"
    with pytest.raises(click.UsageError, match="not both"):
        generate._prompt("a", tmp_path / "p.txt")


def test_flags_that_were_not_given_are_none_of_the_settings():
    assert given(a=None, b=(), c=0, d=False, e="", f=(1,)) == {
        "c": 0,
        "d": False,
        "e": "",
        "f": (1,),
    }
