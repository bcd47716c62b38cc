"""The Python of the documents runs from top to bottom, and prints what they show.

Not run: code between markers, which is a copy of the source (tests/test_docs_sync.py), and blocks
after ``<!-- not run: reason -->``, all of which stand in NOT_RUN. docs/PLUGINS.md has a test of its
own, and so have docs/ARCHITECTURE.md and the READMEs.
"""

import re
from pathlib import Path

import pytest
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
PAGES = ["docs/BACKPROP.md", "docs/TOKENIZERS.md"]
LEFT_OUT = re.compile(
    r"^<!-- code: .*?^<!-- /code -->|^<!-- not run: (?P<reason>.*?) -->\s*^```.*?^```$",
    re.MULTILINE | re.DOTALL,
)
NOT_RUN: list[tuple[str, str]] = []  # (page, reason), in the order of the pages


def left_out(page):
    return list(LEFT_OUT.finditer((ROOT / page).read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spans = [range(*match.span()) for match in left_out(page)]
    document = Document.parse(str(ROOT / page), PythonCodeBlockParser())
    examples = [e for e in document if not any(e.start in span for span in spans)]
    assert examples
    for example in examples:  # one namespace for all, as for a reader who types them
        example.evaluate()


def test_what_is_not_run_says_why():
    reasons = [(page, match["reason"]) for page in PAGES for match in left_out(page)]
    assert [(page, reason) for page, reason in reasons if reason] == NOT_RUN
