"""The sign of a state: right, wrong, or not written yet."""

from npgpt_learn.report import NOT_WRITTEN, PASSED

RIGHT, WRONG, OPEN = "✓", "✗", "·"


def sign(state: str) -> str:
    """The sign of the state of a report or a result."""
    return {PASSED: RIGHT, NOT_WRITTEN: OPEN}.get(state, WRONG)
