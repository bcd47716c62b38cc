"""The pre-tokenizers of ``tokenizer.json`` that are known, by the names of our patterns.

A file brings regular expressions. None is executed: a file's pre-tokenizer either is one of these,
step by step, or it is not supported.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from npgpt_core.errors import NpgptError

Step = dict[str, Any]

_END = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_LETTERS_AND_DIGITS = rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}"
_SIGNS = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

REGEXES: Mapping[str, str] = {
    "llama3": f"{_LETTERS_AND_DIGITS}{{1,3}}{_SIGNS}{_END}",
    "qwen2": f"{_LETTERS_AND_DIGITS}{_SIGNS}{_END}",
    "cl100k": rf"{_LETTERS_AND_DIGITS}{{1,3}}{_SIGNS}\s+\z|{_END}",
    "o200k": (
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}?"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}?"
        rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_END}"
    ),
}
"""Name of a pattern -> how its makers write it. That of ``cl100k`` is tiktoken's, in the words of
the regular expressions that tokenizers has."""

DIGITS = {"type": "Digits", "individual_digits": True}


def _byte_level(*, use_regex: bool) -> Step:
    return {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": use_regex,
    }


def split(regex: str) -> Step:
    """The step that makes each match a word."""
    return {
        "type": "Split",
        "pattern": {"Regex": regex},
        "behavior": "Isolated",
        "invert": False,
    }


STEPS: Mapping[str, Sequence[Step]] = {
    "gpt2": [_byte_level(use_regex=True)],
    "smollm": [DIGITS, _byte_level(use_regex=True)],
    **{name: [split(regex), _byte_level(use_regex=False)] for name, regex in REGEXES.items()},
}
"""Name of a pattern -> its steps."""


def pre_tokenizer(pattern: str) -> Step:
    """What a file says of a pattern."""
    steps = STEPS[pattern]
    return steps[0] if len(steps) == 1 else {"type": "Sequence", "pretokenizers": list(steps)}


def pattern_of(pre_tokenizer: Any) -> str:
    """The name of the pattern that a file's pre-tokenizer is.

    Raises:
        NpgptError: it is none.
    """
    steps: Any = [pre_tokenizer]
    if isinstance(pre_tokenizer, dict) and pre_tokenizer.get("type") == "Sequence":
        steps = pre_tokenizer.get("pretokenizers")
    plain = [_plain(step) for step in steps] if isinstance(steps, list) else []
    for name, known in STEPS.items():
        if plain == known:
            return name
    kinds = [str(step.get("type")) if isinstance(step, dict) else "none" for step in plain]
    raise NpgptError(
        f"the pre-tokenizer is {' + '.join(kinds) or 'damaged':.100}, and not one of those that"
        f" split text as {', '.join(STEPS)} do: other patterns are not supported"
    )


def _plain(step: Any) -> Any:
    """A step without what changes no word."""
    if not isinstance(step, dict):
        return step
    if step.get("type") == "ByteLevel":
        return {"use_regex": True, **step, "trim_offsets": True}
    if (step.get("behavior"), step.get("invert")) == ("Removed", True):  # what is between matches
        return {**step, "behavior": "Isolated", "invert": False}
    return step
