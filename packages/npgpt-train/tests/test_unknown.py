"""What of a text its tokenizer does not know, and what is said of a prompt with such parts."""

import warnings

import pytest

from npgpt_core import registry
from npgpt_train.text.unknown import align, unknown_share, warn_of_unknown_prompt


@pytest.fixture
def letters(small_parts):
    return registry.create("tokenizer", "letters")


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("to be", None),
        ("tö be", r"^1 of the 5 tokens of the prompt is unknown to the model.*: 'ö'$"),
        ("tö bé", r"2 of the 5 tokens of the prompt are unknown .* reads <unk> instead: 'ö', 'é'$"),
        ("öaöböaé", r"4 of the 7 tokens .*: 'ö', 'é'$"),
        ("äaöaü", r"3 of the 5 tokens .*: 'ä', 'ö', 'ü'$"),
        ("äaöaüaß", r"4 of the 7 tokens .*: 'ä', 'ö', 'ü' and 1 more$"),
        ("äaöaüaßaé", r"5 of the 9 tokens .*: 'ä', 'ö', 'ü' and 2 more$"),
    ],
)
def test_unknown_parts_of_a_prompt_are_counted_and_a_few_are_named(prompt, told, letters):
    ids = letters.encode(prompt)
    if told:
        with pytest.warns(match=told):
            warn_of_unknown_prompt(letters, prompt, ids)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_unknown_prompt(letters, prompt, ids)
    assert unknown_share(letters, ids) == sum(ord(c) > 127 for c in prompt) / len(prompt)


@pytest.mark.parametrize(
    ("text", "known", "spelled"),
    [
        ("the cat is", ["the ", " is"], ["cat"]),
        ("cat", ["", ""], ["cat"]),
        ("a b", ["a b"], []),
        ("xy the", ["", "", " the"], ["xy"]),
        ("the cat", ["the ", " dog"], None),
        ("the", ["the", ""], None),
        ("the cat!", ["the cat"], None),
    ],
)
def test_align_finds_what_unknown_tokens_stood_for(text, known, spelled):
    assert align(text, known) == spelled
