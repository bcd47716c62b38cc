"""Tokenizers of npgpt go out as files of other programs and come back with the same ids."""

import json
import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npgpt_convert.formats.tiktoken import read_tiktoken, tiktoken_bytes
from npgpt_convert.formats.tokenizer_json.pre_tokenizers import REGEXES, STEPS
from npgpt_convert.formats.tokenizer_json.reader import read_tokenizer_json
from npgpt_convert.formats.tokenizer_json.writer import GPT2, tokenizer_config, tokenizer_json
from npgpt_convert.formats.vocab_merges import read_vocab_merges
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core.errors import NpgptError
from npgpt_tokenizers import (
    BPETokenizer,
    ByteBPETokenizer,
    CharTokenizer,
    PretrainedBPETokenizer,
)
from npgpt_tokenizers.patterns import PATTERNS

TEXT = "She sells sea shells, don't you know: 1234 été \U0001f600!\n\n  naïve <eos> end  "


@pytest.fixture(scope="module")
def byte_bpe():
    tokenizer = ByteBPETokenizer(vocab_size=320)
    tokenizer.train([TEXT * 3])
    return tokenizer


def written(tokenizer, folder):
    """The two files that ``AutoTokenizer`` opens."""
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(tokenizer)))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config(tokenizer)))
    return folder / "tokenizer.json"


def test_the_names_of_the_patterns_are_those_of_the_tokenizers():
    assert set(STEPS) == set(PATTERNS)
    for name, regex in {**REGEXES, "gpt2": GPT2}.items():
        assert regex.replace(r"\z", r"\Z") == PATTERNS[name].pattern


def test_byte_bpe_goes_out_and_comes_back(byte_bpe, tmp_path):
    again = read_tokenizer_json(written(byte_bpe, tmp_path)).tokenizer()
    assert again.encode(TEXT).tolist() == byte_bpe.encode(TEXT).tolist()
    assert again.special_tokens == byte_bpe.special_tokens
    assert (again.pad_id, again.bos_id, again.eos_id) == (0, 2, 3)
    assert again.vocab_size == byte_bpe.vocab_size


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("ignore_merges", [False, True])
def test_pretrained_bpe_goes_out_and_comes_back(byte_bpe, tmp_path, pattern, ignore_merges):
    tokens = [*Vocabulary.of(byte_bpe).tokens, None]
    tokens[4] = None  # the byte 0
    end = len(tokens) - 1
    tokenizer = PretrainedBPETokenizer.from_vocabulary(
        tokens,
        byte_bpe.state()["merges"],
        pattern=pattern,
        special_tokens={"<unk>": 1, "<|im_end|>": end},
        unk_id=1,
        eos_id=end,
        ignore_merges=ignore_merges,
    )
    again = read_tokenizer_json(written(tokenizer, tmp_path)).tokenizer()
    assert again.state() == tokenizer.state()


def test_ranks_go_out_and_come_back(byte_bpe, tmp_path):
    path = tmp_path / "gpt2.tiktoken"
    path.write_bytes(tiktoken_bytes(Vocabulary.of(byte_bpe)))
    again = read_tiktoken(path).tokenizer()
    assert again.encode(TEXT).tolist() == byte_bpe.encode(TEXT).tolist()
    assert tiktoken_bytes(Vocabulary.of(again)) == path.read_bytes()


def test_merges_that_no_order_of_ids_tells_have_no_ranks(byte_bpe):
    vocabulary = Vocabulary.of(byte_bpe)
    unordered = PretrainedBPETokenizer.from_vocabulary(vocabulary.tokens, vocabulary.merges[::-1])
    with pytest.raises(NpgptError, match="do not follow from the order of its ids"):
        tiktoken_bytes(Vocabulary.of(unordered))


def test_bpe_of_characters_goes_out_as_what_it_is(tmp_path):
    tokenizer = BPETokenizer(vocab_size=60)
    tokenizer.train([TEXT])
    with pytest.raises(NpgptError, match="decoder is 'Fuse', supported is 'ByteLevel'"):
        read_tokenizer_json(written(tokenizer, tmp_path))
    with pytest.raises(NpgptError, match="tokenizer 'bpe' are no bytes: train with byte-bpe"):
        Vocabulary.of(tokenizer)
    tokenizer.train(["\udc80 lone"])
    with pytest.raises(NpgptError, match="lone surrogate"):
        tokenizer_json(tokenizer)


def test_what_has_no_bytes_does_not_go_out():
    tokenizer = CharTokenizer()
    tokenizer.train(["ab"])
    with pytest.raises(NpgptError, match="the tokens of the tokenizer 'char' are no bytes"):
        tokenizer_json(tokenizer)


def test_a_token_that_is_spelled_as_a_special_one_is_refused():
    tokens = [b"a", b"<eos>", None]
    colliding = PretrainedBPETokenizer.from_vocabulary(tokens, [], special_tokens={"<eos>": 2})
    with pytest.raises(NpgptError, match=r"both spelled '<eos>', and tokenizer.json can hold one"):
        tokenizer_json(colliding)


# ------------------------------------------------------------------ strangers' files

EXAMPLES = int(os.environ.get("NPGPT_TEST_FUZZ", "100"))
HOSTILE = settings(
    max_examples=EXAMPLES,
    deadline=2000,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
VALUES = st.recursive(
    st.sampled_from([None, True, 0, -1, 1, 2**20, 2**64, 0.5, 1e999, "", "a", "ab", "Ġ", "BPE"])
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
CUTS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 30),
        st.binary(max_size=6)
        | st.sampled_from([b"[" * 5000, b'{"a":' * 3000, b"9" * 5000, b"1e999", b"\\ud800", b"\n"]),
    ),
    max_size=3,
)


def replaced(value, places, new):
    """A JSON value with one node replaced."""
    if not places or not isinstance(value, dict | list) or not value:
        return new
    keys = [*value] if isinstance(value, dict) else range(len(value))
    key = keys[int(places[0] * (len(keys) - 1))]
    copy = value.copy()
    copy[key] = replaced(value[key], places[1:], new)
    return copy


def refused_or_a_tokenizer(path, data, cuts, read):
    """A file with pieces of it replaced is an ``NpgptError``, or a tokenizer that encodes."""
    for place, length, piece in cuts:
        start = int(place * len(data))
        data = data[:start] + piece + data[start + length :]
    path.write_bytes(data)
    with suppress(NpgptError):
        tokenizer = read(path).tokenizer()
        assert tokenizer.encode("").size == 0
        with suppress(NpgptError):  # a byte that it lacks
            tokenizer.decode(tokenizer.encode(TEXT))


@pytest.mark.filterwarnings("ignore::npgpt_core.errors.NpgptWarning")
@HOSTILE
@given(st.lists(st.floats(0, 1), max_size=4), VALUES, CUTS)
def test_whatever_a_tokenizer_json_holds(byte_bpe, tmp_path, places, value, cuts):
    content = replaced(tokenizer_json(byte_bpe), places, value)
    path = tmp_path / "tokenizer.json"
    refused_or_a_tokenizer(path, json.dumps(content).encode(), cuts, read_tokenizer_json)


@HOSTILE
@given(CUTS)
def test_whatever_ranks_hold(byte_bpe, tmp_path, cuts):
    data = tiktoken_bytes(Vocabulary.of(byte_bpe))
    refused_or_a_tokenizer(tmp_path / "gpt2.tiktoken", data, cuts, read_tiktoken)


@HOSTILE
@given(CUTS)
def test_whatever_merges_hold(byte_bpe, tmp_path, cuts):
    model = tokenizer_json(byte_bpe)["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    lines = "".join(f"{left} {right}\n" for left, right in model["merges"])
    refused_or_a_tokenizer(
        tmp_path / "merges.txt",
        lines.encode(),
        cuts,
        lambda path: read_vocab_merges(tmp_path / "vocab.json", path),
    )
