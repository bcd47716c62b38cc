"""Every tokenizer of the house keeps the contract of tokenizers, as a stranger's would."""

from functools import partial

from npgpt_core.testing import parametrize_with_checks
from npgpt_tokenizers import BPETokenizer, ByteBPETokenizer, CharTokenizer, WordTokenizer


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
