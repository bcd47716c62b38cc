import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_tokenizers import BPETokenizer, ByteBPETokenizer


def tokens(tokenizer, text):
    return [tokenizer.decode([i]) for i in tokenizer.encode(text)]


def test_the_example_of_the_paper():
    # Sennrich et al. 2016: "low" and "est" emerge; here the space is part of the word.
    tokenizer = BPETokenizer(vocab_size=4 + 11 + 6)
    tokenizer.train([" low" * 5 + " lower" * 2 + " newest" * 6 + " widest" * 3])
    assert tokenizer.vocab_size == 21
    assert tokens(tokenizer, " lowest") == [" low", "est"]


def test_of_equally_frequent_pairs_the_lowest_ids_merge_first():
    tokenizer = BPETokenizer(vocab_size=4 + 5 + 1)
    tokenizer.train(["dc ba"])  # once each: d c, space b, b a; the space has the lowest id
    assert tokenizer.decode([9]) == " b"


def test_unknown_characters_are_one_unk_each():
    tokenizer = BPETokenizer()
    tokenizer.train(["abab"])
    assert tokenizer.decode(tokenizer.encode("abéabü")) == "ab\ufffdab\ufffd"


def test_the_vocabulary_ends_where_the_merges_end():
    tokenizer = BPETokenizer(vocab_size=1000)
    tokenizer.train(["abc"])
    assert tokenizer.vocab_size == 4 + 3 + 2
    assert tokens(tokenizer, "abc") == ["abc"]


def test_a_vocabulary_below_the_alphabet_states_both_numbers():
    tokenizer = BPETokenizer(vocab_size=10)
    with pytest.raises(NpgptError, match=r"vocab_size=10 .* 11 .* give vocab_size=11"):
        tokenizer.train(["abcdefg"])
    BPETokenizer(vocab_size=11).train(["abcdefg"])


def test_a_failed_training_changes_nothing():
    tokenizer = BPETokenizer(vocab_size=7)
    tokenizer.train(["abc"])
    with pytest.raises(NpgptError):
        tokenizer.train(["defghi"])
    assert tokenizer.decode(tokenizer.encode("abc")) == "abc"


@given(st.data())
def test_bpe_is_lossless_on_its_alphabet(any_text, data):
    text = data.draw(any_text)
    tokenizer = BPETokenizer()
    tokenizer.train([text])
    scrambled = data.draw(st.text(st.sampled_from(text))) if text else ""
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode(tokenizer.encode(scrambled)) == scrambled


@given(st.data())
def test_byte_bpe_is_lossless_on_any_text(any_text, data):
    tokenizer = ByteBPETokenizer(vocab_size=300)
    tokenizer.train([data.draw(any_text)])
    text = data.draw(any_text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert 1 not in ids


def test_byte_tokens_are_bytes():
    tokenizer = ByteBPETokenizer(vocab_size=260)
    tokenizer.train(["any"])
    assert tokenizer.encode("Aé").tolist() == [4 + 0x41, 4 + 0xC3, 4 + 0xA9]


@pytest.mark.parametrize("data", [b"\xff", b"a\xc3", b"\xc3(", b"\xf0\x9f\x98"])
def test_bytes_that_are_not_utf8_decode_to_replacement_characters(data):
    tokenizer = ByteBPETokenizer(vocab_size=260)
    tokenizer.train([])
    assert tokenizer.decode([4 + byte for byte in data]) == data.decode("utf-8", "replace")


def test_bytes_that_are_not_utf8_leave_a_lone_surrogate_alone():
    tokenizer = ByteBPETokenizer(vocab_size=260)
    tokenizer.train([])
    surrogate = "\ud83d".encode("utf-8", "surrogatepass")
    data = surrogate + b"\xf0\x9f" + surrogate + b"\xed\xa0"
    assert tokenizer.decode([4 + byte for byte in data]) == "\ud83d\ufffd\ud83d\ufffd\ufffd"


@pytest.mark.parametrize(("tokenizer", "least"), [(BPETokenizer, 4), (ByteBPETokenizer, 260)])
@pytest.mark.parametrize("vocab_size", [-1, 3, 0x110000, "6551", 300.0, None, True], ids=repr)
def test_a_vocab_size_out_of_range_is_named(tokenizer, least, vocab_size):
    for size in (least, 0x10FFFF):
        assert tokenizer(vocab_size=size).options() == {"vocab_size": size}
    with pytest.raises(NpgptError, match=f"vocab_size={least - 1}: .* from {least} to {0x10FFFF}"):
        tokenizer(vocab_size=least - 1)
    with pytest.raises(NpgptError, match=f"vocab_size=.* from {least} to"):
        tokenizer(vocab_size=vocab_size)
