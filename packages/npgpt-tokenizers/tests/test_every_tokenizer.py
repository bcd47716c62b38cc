"""What holds for every tokenizer of the package beyond the contract."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_core.protocols import missing_members

PAD, UNK, BOS, EOS = range(4)


def known_text(tokenizer, text):
    """What decoding gives back of a text without unknown parts."""
    return text.lower() if tokenizer.name == "word" else text


def test_offers_the_protocol(tokenizer):
    assert missing_members("tokenizer", type(tokenizer)) == []
    assert tokenizer.special_tokens == {"<pad>": PAD, "<unk>": UNK, "<bos>": BOS, "<eos>": EOS}
    ids = (tokenizer.pad_id, tokenizer.unk_id, tokenizer.bos_id, tokenizer.eos_id)
    assert ids == (PAD, UNK, BOS, EOS)


@given(data=st.data())
def test_round_trip_of_any_text_where_nothing_is_unknown(tokenizer, any_text, data):
    text = data.draw(any_text)
    ids = tokenizer.encode(text)
    if UNK not in ids:
        assert tokenizer.decode(ids) == known_text(tokenizer, text)


@given(data=st.data())
def test_ids_are_int32_in_range_and_never_pad_bos_or_eos(tokenizer, any_text, data):
    ids = tokenizer.encode(data.draw(any_text))
    assert ids.dtype == np.int32
    assert ids.ndim == 1
    assert not set(ids.tolist()) & {PAD, BOS, EOS}
    assert ids.max(initial=0) < tokenizer.vocab_size


@given(data=st.data())
def test_any_ids_decode(tokenizer, data):
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1)))
    expected = tokenizer.decode(np.array(ids, np.int64))
    assert tokenizer.decode(iter(ids)) == expected
    assert tokenizer.decode([PAD, *ids, BOS, EOS]) == expected


def test_unknown_decodes_to_the_replacement_character(tokenizer):
    assert tokenizer.decode([PAD, UNK, BOS, EOS]) == "\ufffd"


def test_trained_on_nothing_everything_has_an_answer(untrained):
    untrained.train([])
    assert untrained.vocab_size == {"byte-bpe": 260}.get(untrained.name, 4)
    expected = "a b" if untrained.name == "byte-bpe" else "\ufffd" * 3
    assert untrained.decode(untrained.encode("a b")) == expected


@pytest.mark.parametrize(
    "use",
    [
        lambda tokenizer: tokenizer.encode("a"),
        lambda tokenizer: tokenizer.decode([4]),
        lambda tokenizer: tokenizer.vocab_size,
        lambda tokenizer: tokenizer.state(),
    ],
)
def test_use_before_training_says_to_train(untrained, use):
    with pytest.raises(NpgptError, match=r"call train\(\[text\]\)"):
        use(untrained)


@pytest.mark.parametrize(
    "ids",
    [[-1], [10**6], [2**70], [0.5], ["4"], [[4, 5]], [[4], [5, 6]], [True], None, 4, [None]],
    ids=repr,
)
def test_what_are_no_ids_is_refused(tokenizer, ids):
    with pytest.raises(NpgptError):
        tokenizer.decode(ids)


def test_the_offending_id_is_named(tokenizer):
    with pytest.raises(
        NpgptError, match=f"id {tokenizer.vocab_size} .* to {tokenizer.vocab_size - 1}"
    ):
        tokenizer.decode([4, tokenizer.vocab_size])


@pytest.mark.parametrize("ids", [[2**70], [-(2**70), 4], [2**63, -1], [10**5000]])
def test_ids_beyond_the_integers_of_numpy_are_said_to_be_out_of_range(tokenizer, ids):
    with pytest.raises(
        NpgptError, match=f"an id is far out of range: .* 0 to {tokenizer.vocab_size - 1}"
    ):
        tokenizer.decode(ids)


@pytest.mark.parametrize("texts", ["one string", 3, [b"bytes"], [None]], ids=repr)
def test_what_are_no_texts_is_refused(untrained, texts):
    with pytest.raises(NpgptError):
        untrained.train(texts)


@pytest.mark.parametrize(
    ("text", "came"),
    [(b"bytes", "bytes: decode it first"), (None, "NoneType"), (["text"], "list")],
    ids=repr,
)
def test_what_is_no_text_is_refused(tokenizer, text, came):
    with pytest.raises(NpgptError, match=f"a tokenizer reads str, not {came}$"):
        tokenizer.encode(text)
