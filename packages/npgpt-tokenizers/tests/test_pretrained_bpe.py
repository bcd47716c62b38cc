"""Vocabularies that somebody else learned: merges, ranks, whole words, bytes that are not there."""

import json
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError
from npgpt_tokenizers import ByteBPETokenizer, PretrainedBPETokenizer
from npgpt_tokenizers.patterns import PATTERNS

END, START = "<|endoftext|>", "<|im_start|>"
SPECIAL_TOKENS = {START: 0, END: 3}


def given_as_learned(learned, **options):
    """The vocabulary of a trained byte-bpe, whose ids 0 to 3 are special tokens."""
    tokens = [None] * 4 + [learned.token_bytes(i) for i in range(4, learned.vocab_size)]
    return PretrainedBPETokenizer.from_vocabulary(
        tokens,
        learned.state()["merges"],
        special_tokens=SPECIAL_TOKENS,
        bos_id=0,
        eos_id=3,
        **options,
    )


@pytest.fixture(scope="module")
def learned(text):
    tokenizer = ByteBPETokenizer(vocab_size=400)
    tokenizer.train([text, f"{START} {END}" * 9])
    return tokenizer


@pytest.fixture(scope="module", params=PATTERNS)
def pretrained(request, learned):
    return given_as_learned(learned, pattern=request.param)


@given(data=st.data())
def test_the_vocabulary_of_a_trained_tokenizer_gives_its_ids(learned, any_text, data):
    text = data.draw(any_text)
    assert given_as_learned(learned).encode(text).tolist() == learned.encode(text).tolist()


@given(data=st.data())
def test_a_vocabulary_of_all_bytes_loses_nothing(pretrained, any_text, data):
    text = data.draw(any_text)
    assert pretrained.decode(pretrained.encode(text)) == text


@given(data=st.data())
def test_no_text_becomes_a_special_token(pretrained, any_text, data):
    pieces = st.sampled_from([START, END, END[:-1], ">", "<|"])
    text = "".join(data.draw(st.lists(pieces | any_text)))
    ids = pretrained.encode(text)
    assert ids.dtype == np.int32
    assert not set(ids.tolist()) & {0, 1, 2, 3}
    assert pretrained.decode(ids) == text


def test_a_special_token_decodes_to_nothing_and_an_unused_id_to_the_replacement(pretrained):
    assert pretrained.decode([0, 4 + 97, 3]) == "a"
    assert pretrained.decode([1]) == "\ufffd"
    assert pretrained.special_tokens == SPECIAL_TOKENS


# ------------------------------------------------------------------ ranks


def tiktoken_rule(ids, word):
    """Join the two neighbours whose bytes are the token of the lowest id; whole words at once."""
    if word in ids:
        return [ids[word]]
    parts = [bytes([byte]) for byte in word]
    while known := [ids[a + b] for a, b in pairwise(parts) if a + b in ids]:
        place = [ids.get(a + b) for a, b in pairwise(parts)].index(min(known))
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return [ids[part] for part in parts]


few_bytes = st.lists(st.sampled_from(b"ab "), min_size=1, max_size=6).map(bytes)


@given(st.lists(few_bytes, unique=True, max_size=25), st.text("ab ", max_size=30))
def test_merges_of_any_ranks_do_what_the_ranks_do(longer, text):
    tokens = [b"a", b"b", b" ", *(token for token in longer if len(token) > 1)]
    ids = {token: i for i, token in enumerate(tokens)}
    tokenizer = PretrainedBPETokenizer.from_vocabulary(tokens, ignore_merges=True)
    words = [word.encode() for word in PATTERNS["gpt2"].findall(text)]
    expected = [i for word in words for i in tiktoken_rule(ids, word)]
    assert tokenizer.encode(text).tolist() == expected


def test_the_merges_of_learned_ranks_are_those_that_were_learned(learned):
    tokens = [None] * 4 + [learned.token_bytes(i) for i in range(4, learned.vocab_size)]
    by_rank = PretrainedBPETokenizer.from_vocabulary(tokens)
    assert by_rank.state()["merges"] == learned.state()["merges"]


def test_a_token_too_long_to_recover_its_merge_is_refused():
    with pytest.raises(NpgptError, match=r"token 1 has 300 bytes.* give the merges"):
        PretrainedBPETokenizer.from_vocabulary([b"a", b"a" * 300])


# ------------------------------------------------------------------ whole words


def test_whole_words_are_taken_at_once_only_where_the_vocabulary_says_so():
    tokens, merges = [b"a", b"b", b"c", b"ab", b"bc", b"abc"], [(1, 2), (0, 1), (3, 2)]
    merging = PretrainedBPETokenizer.from_vocabulary(tokens, merges)
    whole = PretrainedBPETokenizer.from_vocabulary(tokens, merges, ignore_merges=True)
    assert merging.encode("abc").tolist() == [0, 4]
    assert whole.encode("abc").tolist() == [5]
    assert whole.encode("abcab").tolist() == merging.encode("abcab").tolist() == [0, 4, 3]
    assert list(merging.merge_stages("abc")) == [[[0, 1, 2], [0, 4]]]
    assert list(whole.merge_stages("abca")) == [[[0, 1, 2, 0], [0, 4, 0]]]
    assert list(whole.merge_stages("abc")) == [[[0, 1, 2], [5]]]
    assert list(whole.merge_stages("a")) == [[[0]]]


# ------------------------------------------------------------------ bytes that are not there


def test_a_lacking_byte_is_named():
    tokenizer = PretrainedBPETokenizer.from_vocabulary([b"a", b"\xc3"])
    with pytest.raises(NpgptError, match="no token for the byte 0xA9 of 'é', and no unk_id"):
        tokenizer.encode("aéa")


def test_a_lacking_byte_becomes_unk_and_can_be_seen():
    tokenizer = PretrainedBPETokenizer.from_vocabulary(
        [b"a", b"\xc3", None], special_tokens={"<unk>": 2}, unk_id=2, eos_id=2
    )
    assert tokenizer.encode("aéa").tolist() == [0, 1, 2, 0]
    assert tokenizer.decode([0, 2, 0]) == "a\ufffda"
    assert repr(tokenizer).startswith("PretrainedBPETokenizer(3 ids, pattern 'gpt2', 1 special")
    assert "lacks: 00 01" in repr(tokenizer)
    assert " 61" not in repr(tokenizer)


def test_where_no_byte_is_lacking_nothing_is_unknown():
    tokens = [*(bytes([byte]) for byte in range(256)), None]
    tokenizer = PretrainedBPETokenizer.from_vocabulary(
        tokens, special_tokens={END: 256}, unk_id=256, eos_id=256
    )
    assert (tokenizer.unk_id, tokenizer.eos_id) == (None, 256)
    assert tokenizer.decode([256]) == ""
    assert repr(tokenizer).endswith("bytes that it lacks: none)")


# ------------------------------------------------------------------ no vocabulary


@pytest.mark.parametrize("use", [lambda t: t.train(["a"]), lambda t: t.encode("a")])
def test_without_a_vocabulary_it_says_where_one_comes_from(use):
    with pytest.raises(NpgptError, match=r"npgpt import SOURCE.*from_vocabulary") as caught:
        use(PretrainedBPETokenizer())
    assert "\n" not in str(caught.value)
    assert repr(PretrainedBPETokenizer()) == "PretrainedBPETokenizer()"


def test_training_leaves_a_vocabulary_as_it_is(learned):
    tokenizer = given_as_learned(learned)
    tokenizer.train(pytest.fail(text) for text in ["unread"])
    assert tokenizer.state() == given_as_learned(learned).state()
    with pytest.raises(NpgptError, match="several texts"):
        tokenizer.train("one string")


# ------------------------------------------------------------------ damaged vocabularies


def state_of(**changes):
    tokenizer = PretrainedBPETokenizer.from_vocabulary(
        [b"a", b"b", b"ab", None, None], special_tokens={"<unk>": 3, END: 4}, unk_id=3, eos_id=4
    )
    return {**tokenizer.state(), **changes}


BAD_FIELDS = [
    {"pattern": "(a+)+$"},
    {"pattern": None},
    {"pattern": ["gpt2"]},
    {"ignore_merges": 1},
    {"options": {"vocab_size": 5}},
    {"extra": 1},
    {"special_tokens": []},
    {"special_tokens": {"": 3}},
    {"special_tokens": {"<unk>": 0}},  # that is b"a"
    {"special_tokens": {"<unk>": 5}},
    {"special_tokens": {"<unk>": -1}},
    {"special_tokens": {"<unk>": True}},
    {"special_tokens": {"<unk>": 10**4000}},
    {"special_tokens": {"<unk>": 3, END: 3}},
    {"unk_id": 0},
    {"eos_id": "4"},
    {"eos_id": True},
    {"bos_id": [3]},
    {"pad_id": 1e999},
    {"tokens": []},
    {"tokens": "ab"},
    {"tokens": 5},
    {"tokens": {"a": 0}},
    {"tokens": ["a", "b", "a", None, None]},
    {"tokens": ["a", "", "ab", None, None]},
    {"tokens": ["a", "b", "\u0120ab", None, None]},  # as GPT-2's files spell it
    {"tokens": ["a", "b", 3, None, None]},
    {"tokens": ["a", "b", ["ab"], None, None]},
    {"tokens": ["a", "b", "ba", None, None]},  # no token is what the merge makes
    {"tokens": ["a", "b", "ab"]},  # the special tokens are beyond the end
    {"merges": None},
    {"merges": [[0, 1], [0, 1]]},
    {"merges": [[0, -4]]},
    {"merges": [[0, 3]]},
    {"merges": [[0, 5]]},
    {"merges": [[0, 10**4000]]},
    {"merges": [[0, 1.0]]},
    {"merges": [[0]]},
]


@pytest.mark.parametrize("changes", BAD_FIELDS, ids=lambda changes: repr(changes)[:60])
def test_a_damaged_state_is_refused(changes):
    with pytest.raises(NpgptError, match="no state of the tokenizer 'pretrained-bpe'") as caught:
        PretrainedBPETokenizer.from_state(state_of(**changes))
    assert len(str(caught.value)) < 600


def test_the_undamaged_is_taken():
    again = PretrainedBPETokenizer.from_state(json.loads(json.dumps(state_of())))
    assert again.encode("abbac").tolist() == [2, 1, 0, 3]


@pytest.mark.parametrize("missing", [*state_of()])
def test_a_missing_field_is_named(missing):
    state = state_of()
    del state[missing]
    with pytest.raises(NpgptError, match=re.escape(f"field '{missing}' is missing")):
        PretrainedBPETokenizer.from_state(state)


@pytest.mark.parametrize("field", [*state_of()])
def test_nesting_without_end_is_refused(field):
    deep = []
    for _ in range(10**6):
        deep = [deep]
    with pytest.raises(NpgptError, match="no state of the tokenizer"):
        PretrainedBPETokenizer.from_state(state_of(**{field: deep}))
    while deep:  # freed from outside in, or freeing it would nest as deeply
        deep = deep.pop()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda values: (
        st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=3), values, max_size=3)
    ),
)


@given(st.dictionaries(st.sampled_from([*state_of()]), json_values))
def test_whatever_a_field_holds_the_answer_is_an_error_or_a_tokenizer(changes):
    try:
        tokenizer = PretrainedBPETokenizer.from_state(state_of(**changes))
        ids = tokenizer.encode("abba")
    except NpgptError:
        return
    assert tokenizer.decode(ids) is not None


@pytest.mark.parametrize("tokens", [["a"], [5], [b""], ["a", b"a"]], ids=repr)
def test_tokens_are_bytes(tokens):
    with pytest.raises(NpgptError, match="give its bytes, or None"):
        PretrainedBPETokenizer.from_vocabulary(tokens)


def test_merges_are_given_once():
    with pytest.raises(NpgptError, match=r"the merge \(0, 1\) is there twice"):
        PretrainedBPETokenizer.from_vocabulary([b"a", b"b", b"ab"], [(0, 1), (0, 1)])


def test_the_ids_of_numpy_are_ids():
    i = np.arange(4)
    tokenizer = PretrainedBPETokenizer.from_vocabulary(
        [b"a", b"b", b"ab", None], [i[:2]], special_tokens={END: i[3]}, eos_id=i[3]
    )
    again = PretrainedBPETokenizer.from_state(json.loads(json.dumps(tokenizer.state())))
    assert (again.encode("ab").tolist(), again.eos_id) == ([2], 3)
