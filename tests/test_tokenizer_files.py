"""Tokenizers of npgpt go out as files of other programs and come back with the same ids."""

import json

import pytest

from npgpt_convert.formats.tiktoken import read_tiktoken, tiktoken_bytes
from npgpt_convert.formats.tokenizer_json.pre_tokenizers import REGEXES, STEPS
from npgpt_convert.formats.tokenizer_json.reader import read_tokenizer_json
from npgpt_convert.formats.tokenizer_json.writer import GPT2, tokenizer_config, tokenizer_json
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core.errors import NpgptError
from npgpt_tokenizers import (
    BPETokenizer,
    ByteBPETokenizer,
    PretrainedBPETokenizer,
    WordTokenizer,
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
    tokenizer = WordTokenizer()
    tokenizer.train(["ab"])
    with pytest.raises(NpgptError, match="the tokens of the tokenizer 'word' are no bytes"):
        tokenizer_json(tokenizer)


def test_a_token_that_is_spelled_as_a_special_one_is_refused():
    tokens = [b"a", b"<eos>", None]
    colliding = PretrainedBPETokenizer.from_vocabulary(tokens, [], special_tokens={"<eos>": 2})
    with pytest.raises(NpgptError, match=r"both spelled '<eos>', and tokenizer.json can hold one"):
        tokenizer_json(colliding)
