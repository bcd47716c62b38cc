"""Every tokenizer of the house keeps the contract of tokenizers, as a stranger's would."""

from functools import partial

from npgpt_core.testing import parametrize_with_checks
from npgpt_tokenizers import (
    BPETokenizer,
    ByteBPETokenizer,
    CharTokenizer,
    PretrainedBPETokenizer,
    WordTokenizer,
)


@parametrize_with_checks("tokenizer", CharTokenizer)
def test_char(check):
    check()


@parametrize_with_checks(
    "tokenizer",
    WordTokenizer,
    expected_failures={"round-trip-ascii": "a word tokenizer lowercases, as its docstring says"},
)
def test_word(check):
    check()


@parametrize_with_checks("tokenizer", BPETokenizer)
def test_bpe(check):
    check()


@parametrize_with_checks("tokenizer", partial(BPETokenizer, vocab_size=150))
def test_bpe_of_few_merges(check):
    check()


@parametrize_with_checks("tokenizer", ByteBPETokenizer)
def test_byte_bpe(check):
    check()


@parametrize_with_checks("tokenizer", partial(ByteBPETokenizer, vocab_size=260))
def test_byte_bpe_without_merges(check):
    check()


def pretrained(ignore_merges=False):
    """As GPT-2's: the bytes, a few merges, and one special token at the end."""
    longer = [b"th", b"the", b" the", b"or", b" or", b"<|", b"|>"]
    tokens = [*(bytes([byte]) for byte in range(256)), *longer, None]
    end = len(tokens) - 1
    return PretrainedBPETokenizer.from_vocabulary(
        tokens, special_tokens={"<|endoftext|>": end}, eos_id=end, ignore_merges=ignore_merges
    )


@parametrize_with_checks("tokenizer", pretrained)
def test_pretrained_bpe(check):
    check()


@parametrize_with_checks("tokenizer", partial(pretrained, ignore_merges=True))
def test_pretrained_bpe_of_whole_words(check):
    check()
