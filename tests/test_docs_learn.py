"""docs/LEARN.md: what it shows of exercises stands in them, and each names its chapter."""

import re
from pathlib import Path

import pytest

from npgpt_learn.exercises import PATH

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/LEARN.md").read_text("utf-8")
SHOWN = re.compile(
    r"^<!-- not run: [^>]* of (?P<name>\d\d_\w+) -->\n```python\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@pytest.mark.parametrize("block", list(SHOWN.finditer(PAGE)), ids=lambda block: block["name"])
def test_what_is_shown_of_an_exercise_stands_in_it(block):
    files = PATH.find(block["name"]).folder.glob("*.py")
    assert any(block["text"].strip() in path.read_text("utf-8") for path in files)


def test_all_four_are_shown():
    assert len(SHOWN.findall(PAGE)) == 4


@pytest.mark.parametrize("exercise", PATH.exercises, ids=lambda exercise: exercise.name)
def test_the_chapters_of_an_exercise_are_there(exercise):
    chapters = re.findall(r"(docs/\w+\.md)#([\w-]+)", exercise.statement.text)
    assert chapters
    for page, anchor in chapters:
        headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
