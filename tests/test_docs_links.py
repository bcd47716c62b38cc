"""Every link, anchor and picture of the documents is there, and every test of a promise."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *ROOT.glob("packages/*/README.md"),
    *ROOT.glob("examples/**/README.md"),
    ROOT / "benchmarks/README.md",
]
FENCE = re.compile(r"^(`{3,}).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`+[^`\n]*`+")
LINK = re.compile(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
TEST_FILE = re.compile(r"\b(test_\w+\.py)\b")


@cache
def _prose(page):
    return FENCE.sub("", page.read_text("utf-8"))


@cache
def _anchors(page):
    """The anchors that GitHub gives the headings of a page."""
    found = []
    for heading in HEADING.findall(_prose(page)):
        text = re.sub(r"[*`]|\[|\]\([^)]*\)", "", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in LINK.findall(CODE.sub("", _prose(page))):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} is not there"
        assert there.is_relative_to(ROOT), f"{target} leads out of the house"
        if anchor and there.suffix == ".md":
            assert anchor in _anchors(there), f"{path or page.name} has no #{anchor}"


def test_prose_scripts_results_and_figures_stand_apart():
    there = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.*")}
    places = {(path.parts[0] if len(path.parts) > 1 else "", path.suffix) for path in there}
    assert places - {("scripts", ".pyc")} == {
        ("", ".md"),
        ("scripts", ".py"),
        ("results", ".json"),
        ("results", ".md"),
        ("figures", ".png"),
        ("figures", ".svg"),
        ("pages", ".html"),
    }


def test_the_tests_that_hold_the_promises_exist():
    there = {path.name for path in ROOT.glob("tests/**/test_*.py")}
    there |= {path.name for path in ROOT.glob("packages/*/tests/test_*.py")}
    named = set(TEST_FILE.findall((ROOT / "docs/RELIABILITY.md").read_text("utf-8")))
    assert "test_reliability.py" in named
    assert named <= there
