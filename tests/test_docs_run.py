"""The Python of the documents runs from top to bottom, and prints what they show.

Not run: code between markers, which is a copy of the source (tests/test_docs_sync.py), and blocks
after ``<!-- not run: reason -->``, all of which stand in NOT_RUN. docs/PLUGINS.md, docs/CONTRACT.md
and the READMEs have tests of their own.
"""

import re
from pathlib import Path

import pytest
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
PAGES = [
    *("docs/ARCHITECTURE.md", "docs/BACKPROP.md", "docs/MODELS.md", "docs/OPTIMIZERS.md"),
    "docs/TOKENIZERS.md",
]
RUN_ELSEWHERE = {
    "docs/PLUGINS.md": "test_docs_plugins.py",
    "docs/CONTRACT.md": "test_contract_docs.py",
}
FOLDERS = ["*.md", "docs/*.md", "benchmarks/*.md", "packages/*/README.md", "examples/**/README.md"]
ALL = sorted(str(path.relative_to(ROOT)) for glob in FOLDERS for path in ROOT.glob(glob))
LEFT_OUT = re.compile(
    r"^<!-- code: .*?^<!-- /code -->|^<!-- not run: (?P<reason>.*?) -->\s*^```.*?^```$",
    re.MULTILINE | re.DOTALL,
)
FENCE = re.compile(r"^```(\w+)\n.*?^```$", re.MULTILINE | re.DOTALL)
NO_CODE = {"text", "math"}
NOT_RUN = [  # (page, reason), in the order of the pages
    ("CONTRIBUTING.md", "it is what CI runs"),
    ("README.md", "makes the environment, and trains for minutes"),
    ("README.md", "makes the environment, and trains for minutes"),
    ("README.md", "trains for minutes"),
    ("README.md", "test_readme.py reads it"),
    ("README.md", "it is what CI runs"),
    ("benchmarks/README.md", "takes minutes, and installs PyTorch"),
    ("docs/ARCHITECTURE.md", "takes minutes"),
    ("docs/EXPERIMENTS.md", "trains for hours"),
    ("docs/EXPERIMENTS.md", "trains for a minute"),
    ("docs/EXPERIMENTS.md", "trains for minutes"),
    ("docs/LEARN.md", "installs them"),
    ("docs/LEARN.md", "it waits until the reader saves a file"),
    ("docs/LEARN.md", "it needs the folders of learners"),
    ("docs/LEARN.md", "tests/test_plugins_new.py does"),
    ("docs/LEARN.md", "a part of the solution of 03_linear"),
    ("docs/LEARN.md", "the marking of 03_linear"),
    ("docs/LEARN.md", "a part of the marking of 01_nudge"),
    ("docs/LEARN.md", "a part of the mistakes of 03_linear"),
    ("docs/LEARN.md", "takes a minute"),
    ("docs/MODELS.md", "takes ten minutes"),
    ("docs/MODELS.md", "fetches a model of 93 MB"),
    ("docs/MODELS.md", "tests/test_smollm2.py does"),
    ("docs/MODELS.md", "needs the run from above"),
    ("docs/PAGE.md", "needs a run of one's own"),
    ("docs/PLUGINS.md", "it publishes"),
    ("docs/PLUGINS.md", "tests/test_plugins_new.py does"),
    ("docs/PLUGINS.md", "it changes the reader's shell"),
    ("docs/RELIABILITY.md", "takes an hour and more"),
    ("examples/plugins/npgpt-byte-fallback/README.md", "the tests install it"),
    ("examples/plugins/npgpt-byte-fallback/README.md", "the tests install it"),
    ("examples/plugins/npgpt-lion-wsd/README.md", "the tests install it"),
    ("examples/plugins/npgpt-tensorboard/README.md", "the tests install it"),
    ("packages/npgpt-cli/README.md", "installs it"),
    ("packages/npgpt-cli/README.md", "trains for minutes"),
    ("packages/npgpt-convert/README.md", "it takes 93 MB from the index"),
    ("packages/npgpt-convert/README.md", "installs it"),
    ("packages/npgpt-core/README.md", "installs it"),
    ("packages/npgpt-learn/README.md", "it waits until the reader saves a file"),
    ("packages/npgpt-learn/README.md", "installs it"),
    ("packages/npgpt-models/README.md", "installs it"),
    ("packages/npgpt-optim/README.md", "installs it"),
    ("packages/npgpt-tokenizers/README.md", "installs it"),
    ("packages/npgpt-train/README.md", "installs MPICH"),
    ("packages/npgpt-train/README.md", "installs it"),
]


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
    reasons = [(page, match["reason"]) for page in ALL for match in left_out(page)]
    assert [(page, reason) for page, reason in reasons if reason] == NOT_RUN


@pytest.mark.parametrize("page", sorted(set(ALL) - RUN_ELSEWHERE.keys()))
def test_every_block_is_run_or_says_why_not(page):
    spans = [range(*match.span()) for match in left_out(page)]
    for block in FENCE.finditer((ROOT / page).read_text("utf-8")):
        if block[1] in NO_CODE or any(block.start() in span for span in spans):
            continue
        assert block[1] == "python", f"not run, and without a reason: {block[0]}"
        assert page in PAGES or page.endswith("README.md")  # which test_readme.py runs
