"""What the documents rank, compare or conclude is true of the numbers that they quote.

A sentence with a ranking word is held by a ``holds`` marker right after it
(docs/scripts/holds.py), or it stands in NEEDS_NONE with the reason why. Where a page is mostly
mathematics beside code that runs, or says what npgpt does, this goes for the paragraphs that quote
a measured figure, and in all others for verdicts, such as "beats", "faster" or "the lowest loss".
"""

import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOLDS = runpy.run_path(str(ROOT / "docs/scripts/holds.py"))
DATA = {
    "runs": {"char": {"loss": 1.5}, "word": {"loss": 2.5}, "b-p.e": {"loss": 4}},
    "curve": [3, 2],
    "1e-3": {"val": 2.25},
    "name": "char",
}


@pytest.mark.parametrize(
    ("claim", "truth"),
    [
        ("runs.char.loss < runs.word.loss", True),
        ("runs.char.loss > runs.word.loss", False),
        ("runs.char.loss < runs.word.loss < 3 <= 3", True),
        ("runs.char.loss < runs.word.loss < 2", False),
        ("runs.word.loss - runs.char.loss == 1", True),
        ("runs.char.loss * 2 + 1 >= runs.word.loss / 2 != -4", True),
        ("abs(runs.char.loss - runs.word.loss) < 0.5", False),
        ("max(runs.*.loss) == 4", True),
        ("max(runs.w*.loss) == 2.5", True),
        ("max(runs.b-*.loss) == 4", True),
        ("min(runs.char.loss, runs.word.loss, 1) == 1", True),
        ('argmin(runs.*.loss) == "char"', True),
        ('argmax(runs.*.loss) == "b-p.e"', True),
        ('argmax(runs.*.loss) == "runs.char.loss"', False),
        ("curve.1 < curve.0", True),
        ("(1 - 2) * 3 == -3", True),
    ],
)
def test_a_claim_is_true_or_it_is_not(claim, truth):
    assert HOLDS["is_true"](claim, DATA) is truth


def test_only_false_claims_of_a_marker_are_named(tmp_path):
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    marker = "data.json curve.0 > 2; curve.0 > 3; curve.1 > 3"
    assert HOLDS["false_claims"](marker, tmp_path) == ["curve.0 > 3", "curve.1 > 3"]


EVERYWHERE = ("README.md", "docs/ARCHITECTURE.md", "docs/EXPERIMENTS.md")
BESIDE_FIGURES = (
    "docs/BACKPROP.md",
    "docs/OPTIMIZERS.md",
    "docs/PLUGINS.md",
    "docs/RELIABILITY.md",
    "docs/TOKENIZERS.md",
    *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("packages/*/README.md")),
)
VERDICT = (
    r"beats?|wins?|won|outperform\w*|exceeds?|surpass\w*|dominat\w*|overtak\w*|trails?|lags?|superior"
    r"|inferior|diverges?|fast(?:er|est)|slow(?:er|est)|best|worst"
    r"|(?:low|high|small|larg)e(?:r|st) loss|(?:better|worse) loss"
)
VERDICTS = re.compile(rf"\b(?:{VERDICT})\b", re.IGNORECASE)
RANKING = re.compile(
    r"\b(?:best|worst|better|worse|ahead|behind|leads?|lead|first|last|equal|alike|half|twice|double"
    r"|(?:three|four|five|ten|\d+) times|times as|(?:about|nearly) as|more|most|less|least|fewer"
    rf"|fewest|hardly|further|{VERDICT}"
    r"|(?:fast|slow|larg|small|high|low|long|short|wid|deep|clos|cheap|dear)e(?:r|st))\b",
    re.IGNORECASE,
)
NO_PROSE = re.compile(
    r"^(`{3,}).*?^\1|<!-- (include|code): .*?<!-- /\2 -->|^#.*?$|^\|.*?$", re.MULTILINE | re.DOTALL
)
HELD = re.compile(r"\s*<!-- holds: .*? -->", re.DOTALL)
MARKER = re.compile(r"<!-- .*? -->", re.DOTALL)
NEEDS_NONE = {  # page -> reason -> how the sentences begin
    "README.md": {
        "a script puts in the figures": ("Measured step for step", "Its best checkpoint"),
        "order, not rank": ("Read two of the layers first", "A flag wins over"),
    },
    "docs/ARCHITECTURE.md": {
        "a script puts in the figures": (
            "With OpenBLAS's own choice, PyTorch",
            "With the kernels for Haswell",
            "A step of npgpt takes",
            "For the memory of a short run",
        ),
        "the block beside it prints it": (
            "Causality needs half",
            "at T = 128 half as many again",
        ),
        "mathematics": ("So a step takes three times", "Parameters, gradients and Adam's"),
        "order, not rank": (
            "The same seed and the same number of workers",
            "NumPy releases the interpreter lock",
            "attention goes through the queries",
            "- **Updates in pieces**",
            "First come the parts of a step",
            "What takes less than half a percent",
        ),
        "what was done, without a number": ("Smaller pieces have a price",),
        "an exercise": (
            "**A longer block.",
            "Double T and halve B",
            "**A larger vocabulary.",
            "*Hint:* half of those",
            "Then check your first number",
            "ReLU keeps four bytes",
        ),
    },
    "docs/EXPERIMENTS.md": {
        "a script puts in the figures": ("So they read the text",),
        "what is done, not what came of it": (
            "Take one text and one GPT",
            "This page repeats the experiment",
            "a sentence that says which is ahead",
            "The last",
            "- **word** gives an id",
            "- **bpe** begins with",
            "Losses and bits are those",
            "Which one is the best was decided",
            "`npgpt train` warns before",
            "The best checkpoint is kept",
        ),
        "mathematics": (
            "Of course it is less sure",
            "A better speller would ask",
            "A speller that knows more",
            "**A longer token is a head start",
            "A longer token is a longer view",
            "In return",
        ),
        "it says that nothing was measured": (
            "With more text it may be another",
            "How much of bpe's early lead",
        ),
        "a test holds the time": ("On plays that come with npgpt",),
        "an exercise, of what is held above": ("bpe leads early.", "Give char a `--block-size`"),
    },
    "docs/BACKPROP.md": {"the block beside it prints it": ("In NumPy this is wrong",)},
    "docs/OPTIMIZERS.md": {
        "a script puts in the figures": (
            "For <code>",
            "decay is there against learning by heart",
            "Everything from",
        ),
        "held where it is told": ("It gets wider with warm-up",),
        "order, not rank": ("This is Muon at its best learning rate",),
        "mathematics, or the block beside it prints it": (
            "What the correction buys",
            "If they were *all* made smaller",
            "To SGD it matters more",
            "A falling learning rate pays",
        ),
        "an exercise": ("Add it to `RECIPES`",),
        "no comparison of measured numbers": (
            "With one weight, one could try",
            "the training loss of the best run of each",
            "most characters are rare",
            "It is often said that Adam",
            "Nobody should expect more",
            "If this story is true",
            "(In the left picture, the green curve",
            "the loss is no longer a number",
        ),
    },
    "docs/TOKENIZERS.md": {
        "mathematics, or the block beside it prints it": (
            "Newer symbols have higher ids",
            "Nothing can be learned about it",
            "The best model says",
            "By far the best",
        ),
    },
}


def ranking_sentences(page):
    """The sentences of a page that rank something and are neither questions nor held."""
    text = HELD.sub("\0", NO_PROSE.sub("", (ROOT / page).read_text("utf-8")))
    for paragraph in re.split(r"\n\s*\n|\n(?=- |\d+\. )", text):
        beside = page in EVERYWHERE or "<!-- = " in paragraph
        ranking = RANKING if beside else VERDICTS
        words = " ".join(MARKER.sub("", paragraph).split())
        for sentence in re.split(r"(?<=[.!?:\0])(?:\*\*|\))?\s+", words):
            if ranking.search(sentence) and sentence[-1] not in "\0?":
                yield sentence


@pytest.mark.parametrize("page", [*EVERYWHERE, *BESIDE_FIGURES])
def test_a_sentence_that_ranks_is_held_to_the_numbers_or_says_why_not(page):
    reasons = [start for starts in NEEDS_NONE.get(page, {}).values() for start in starts]
    found = list(ranking_sentences(page))
    unheld = [sentence for sentence in found if not sentence.startswith(tuple(reasons))]
    assert unheld == [], "a holds marker after the sentence, or a reason in NEEDS_NONE"
    stale = [start for start in reasons if not any(s.startswith(start) for s in found)]
    assert stale == []
