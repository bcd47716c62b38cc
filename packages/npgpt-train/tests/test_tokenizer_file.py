"""The file of a tokenizer: its state as JSON, a line a field, of which there may be so much."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core.errors import NpgptError, PluginError
from npgpt_train import train
from npgpt_train.comparison.compare import compare
from npgpt_train.explain.tokenization import find_tokenizer
from npgpt_train.run.loading import load_tokenizer
from npgpt_train.text import tokenizer_file
from npgpt_train.text.tokenizer_file import is_tokenizer_path, tokenizer_bytes


def of(state):
    """A tokenizer with a state."""
    return SimpleNamespace(state=lambda: state)


@pytest.mark.parametrize(
    ("name", "is_path"),
    [
        ("./none.json", True),
        ("none.json", True),
        ("runs/none", True),
        ("none.tiktoken", True),
        ("there", True),
        ("none", False),
        ("letters", False),
        ("test/letters", False),
        (None, False),
    ],
)
def test_what_looks_like_a_path_is_one_whether_it_is_there_or_not(name, is_path, small_parts):
    Path("there").touch()
    Path("letters").touch()
    assert is_tokenizer_path(name) == is_path


@pytest.mark.parametrize("name", ["./none.json", "none.tiktoken", "runs/none"])
def test_a_path_where_nothing_is_is_told_as_one(name, small_parts):
    told = f"there is no run and no file .*{Path(name).name}$"
    with pytest.raises(NpgptError, match=told):
        train(**{**small_parts, "tokenizer": name, "out": "run"})
    with pytest.raises(NpgptError, match=told):
        train(**{**small_parts, "tokenizer": name, "out": "run", "vocab_size": 300})
    with pytest.raises(NpgptError, match=told):
        compare(**{**small_parts, "out": "out", "variants": [f"tokenizer={name}", "lr=1"]})
    with pytest.raises(NpgptError, match=told):
        load_tokenizer(name)
    with pytest.raises(NpgptError, match=told):
        find_tokenizer(name, "to be")
    assert {path.name for path in Path().iterdir()} == {"play.txt"}


def test_each_field_is_a_line_of_ascii():
    state = {"name": "é", "words": ["a", "\ud800"], "options": {"size": 3, "none": None}}
    data = tokenizer_bytes(of(state))
    assert data.decode("ascii").splitlines() == [
        "{",
        r'"name": "\u00e9",',
        r'"words": ["a", "\ud800"],',
        '"options": {"size": 3, "none": null}',
        "}",
    ]
    assert json.loads(data) == state


def test_a_tokenizer_with_nothing_to_say_has_a_file_too():
    assert json.loads(tokenizer_bytes(of({}))) == {}


@pytest.mark.parametrize(
    "state", [None, ["a"], {"a": {1, 2}}, {"a": np.int32(3)}, {"a": float("nan")}, {("a",): 1}]
)
def test_a_state_that_is_no_json_is_told(state):
    with pytest.raises(PluginError, match=r"state\(\) of SimpleNamespace gave no JSON object"):
        tokenizer_bytes(of(state))


def test_what_would_be_too_large_to_read_is_not_written(monkeypatch):
    size = len(tokenizer_bytes(of({"a": "bcd"})))
    monkeypatch.setattr(tokenizer_file, "MAX_SIZE", size)
    tokenizer_bytes(of({"a": "bcd"}))
    monkeypatch.setattr(tokenizer_file, "MAX_SIZE", size - 1)
    with pytest.raises(NpgptError, match=f"takes {size} bytes and a file may have {size - 1}"):
        tokenizer_bytes(of({"a": "bcd"}))
