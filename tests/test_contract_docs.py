"""docs/CONTRACT.md lists every contract check, with the promise that its docstring makes."""

import re
from pathlib import Path

import pytest

from npgpt_core.testing.contract import CHECKED_KINDS, checks_of

PAGE = Path(__file__).parent.parent / "docs" / "CONTRACT.md"


def documented(kind):
    """Id -> promise, of a kind's table on the page."""
    section = PAGE.read_text("utf-8").split(f"\n## {kind}: ")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", section, re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return dict(rows)


@pytest.mark.parametrize("kind", CHECKED_KINDS)
def test_every_check_is_documented_as_its_docstring_says(kind):
    promises = {i: check.__doc__.replace("``", "`") for i, check in checks_of(kind).items()}
    assert documented(kind) == promises


def test_no_other_kind_is_documented():
    kinds = re.findall(r"^## (\S+): ", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(kinds) == sorted(CHECKED_KINDS)
