"""What the documents rank, compare or conclude is true of the numbers that they quote."""

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOLDS = runpy.run_path(str(ROOT / "docs/holds.py"))
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
