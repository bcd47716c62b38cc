"""The merges of a text, one by one, to look at: the way that ``encode`` goes, and its end."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_tokenizers import BPETokenizer, ByteBPETokenizer


@pytest.fixture(scope="module", params=[BPETokenizer, ByteBPETokenizer])
def tokenizer(request, text):
    tokenizer = request.param(vocab_size=300)
    tokenizer.train([text * 2, "low lower lowest newest widest " * 3])
    return tokenizer


def test_the_merges_of_a_word_come_in_the_order_in_which_they_were_learned():
    tokenizer = BPETokenizer(vocab_size=4 + 5 + 3)
    tokenizer.train(["low low low lot"])  # space l o t w: 4 to 8; l o: 9, space lo: 10
    assert list(tokenizer.merge_stages("low lo")) == [
        [[5, 6, 8], [9, 8]],
        [[4, 5, 6], [4, 9], [10]],
    ]


@given(st.data())
def test_the_last_stages_are_the_ids_of_the_text(tokenizer, any_text, data):
    text = data.draw(any_text)
    words = list(tokenizer.merge_stages(text))
    assert list(chain.from_iterable(stages[-1] for stages in words)) == list(tokenizer.encode(text))
    for stages in words:
        lengths = [len(stage) for stage in stages]
        assert lengths == list(range(lengths[0], lengths[-1] - 1, -1))
        for stage in stages:
            assert tokenizer.decode(stage) == tokenizer.decode(stages[0])


@given(st.data())
def test_the_bytes_of_all_ids_are_the_text(tokenizer, any_text, data):
    ids = tokenizer.encode(data.draw(any_text))
    joined = b"".join(tokenizer.token_bytes(int(i)) for i in ids)
    assert joined.decode("utf-8", "surrogatepass") == tokenizer.decode(ids)


def test_a_byte_token_is_its_byte():
    tokenizer = ByteBPETokenizer(vocab_size=260)
    tokenizer.train(["any"])
    assert tokenizer.token_bytes(4 + 0xC3) == b"\xc3"
    with pytest.raises(NpgptError, match="260"):
        tokenizer.token_bytes(260)


def test_an_untrained_tokenizer_has_no_merges():
    with pytest.raises(NpgptError, match="train"):
        next(BPETokenizer().merge_stages("x"))
