"""Whatever is given to what makes a tokenizer, the answer is one or an ``NpgptError``."""

import inspect

import pytest

import npgpt_tokenizers
from npgpt_core.errors import NpgptError
from npgpt_tokenizers import PretrainedBPETokenizer

CLASSES = [getattr(npgpt_tokenizers, n) for n in dir(npgpt_tokenizers) if n.endswith("Tokenizer")]
MAKERS = [
    maker
    for cls in CLASSES
    for maker in (cls, cls.from_state, getattr(cls, "from_vocabulary", None))
    if maker is not None
]
OTHERS = {"tokens": [b"a", b"b", b"ab", None]}  # what must be given beside the argument
ARGUMENTS = [
    pytest.param(maker, name, id=f"{maker.__qualname__}-{name}")
    for maker in MAKERS
    for name in inspect.signature(maker).parameters
]
VALUES = [
    *(None, True, 5, -1, 10**5000, 0.5, float("nan"), "", "a", "\0", b"ab", object(), print),
    *([], [None], [5], ["a"], [b"a"], [[]], [[0, 1]], [["a", "b"]], [[0, "a"]], {}, {5}, {5: 5}),
    *({"a": "b"}, {"a": 3}, {"a": [3]}, {None: None}, {"format": []}),
]


@pytest.mark.parametrize(("maker", "name"), ARGUMENTS)
def test_an_argument_of_any_type_gives_a_tokenizer_or_an_error(maker, name):
    needed = inspect.signature(maker).parameters
    told = []
    others = {other: value for other, value in OTHERS.items() if other in needed}
    for value in VALUES:
        try:
            tokenizer = maker(**{**others, name: value})
        except NpgptError as error:
            told.append(str(error))
        else:
            assert isinstance(tokenizer, tuple(CLASSES))
    assert told
    assert max(map(len, told)) < 300
    assert "\n" not in "".join(told)


def test_what_is_wrong_is_named_with_what_to_give():
    for given, told in [
        ({"tokens": 5}, "tokens=5: give a list"),
        ({"merges": 5}, "merges=5: give a list"),
        ({"special_tokens": 5}, "special_tokens=5: give a mapping of spellings to ids"),
    ]:
        with pytest.raises(NpgptError, match=told):
            PretrainedBPETokenizer.from_vocabulary(**{**OTHERS, **given})
