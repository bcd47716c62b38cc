"""Arguments of the library are the command's flags."""

import subprocess
import sys

import pytest

from npgpt_cli.wording import as_flags


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("choose another `out`", "choose another --out"),
        ("leave out `init_from`", "leave out --init-from"),
        ("`resume=True` and `out=runs/x 1`", "--resume and --out 'runs/x 1'"),
        ('`on_nan="skip"` leaves it out', "--on-nan skip leaves it out"),
        ("`grad_clip=1` helps", "--grad-clip 1 helps"),
        ("give each its own with `variants`", "give each its own with --variant"),
        ("`model.dropout=0.2`", "--set model.dropout=0.2"),
        ("`tokenizer.min_frequency=VALUE`", "--set tokenizer.min_frequency=VALUE"),
        ("(`lr`); take a smaller `batch_size`.", "(--lr); take a smaller --batch-size."),
        ("'a`lr`b.txt' and '`lr`' are no file", "'a`lr`b.txt' and '`lr`' are no file"),
        ("runs/`lr`/run.json, x-`lr` and `lr`-1", "runs/`lr`/run.json, x-`lr` and `lr`-1"),
        ("a file named `` or `a-b` or `A`", "a file named `` or `a-b` or `A`"),
    ],
)
def test_arguments_become_flags(message, expected):
    assert as_flags(message) == expected


@pytest.mark.once
def test_python_dash_m_is_the_command():
    run = [sys.executable, "-m", "npgpt_cli", "--version"]
    assert subprocess.check_output(run, text=True).startswith("npgpt, version ")
