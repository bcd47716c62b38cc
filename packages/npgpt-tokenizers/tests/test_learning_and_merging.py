"""The fast ways against the textbook's: count all pairs again, look at all pairs again."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from npgpt_tokenizers.learning import learn_merges
from npgpt_tokenizers.merging import LONG_WORD, PairMerges, WordCache
from npgpt_tokenizers.symbols import Spelling, to_ids, to_symbols

FIRST = 10  # id of the first merge: words are made of ids 4 to 9

few_ids = st.integers(4, FIRST - 1) | st.sampled_from([4, 5])
words = st.lists(few_ids, max_size=12) | st.builds(
    lambda ids, times: ids * times, st.lists(few_ids, max_size=3), st.integers(1, 8)
)
word_counts = st.dictionaries(words.map(tuple), st.integers(1, 5), max_size=12)


def textbook_merge(word, pair, new):
    merged = []
    for i in word:
        if merged and (merged[-1], i) == pair:
            merged[-1] = new
        else:
            merged.append(i)
    return merged


def textbook_learn(counts, first, end):
    words = [(list(word), count) for word, count in counts.items()]
    merges = []
    for new in range(first, end):
        pairs = Counter()
        for word, count in words:
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        words = [(textbook_merge(word, best, new), count) for word, count in words]
        merges.append(best)
    return merges


def textbook_encode(word, merges, first):
    new_of = {pair: new for new, pair in enumerate(merges, start=first)}
    while known := [new_of[pair] for pair in pairwise(word) if pair in new_of]:
        new = min(known)
        word = textbook_merge(word, merges[new - first], new)
    return word


@given(word_counts, st.integers(0, 30))
def test_learning_equals_counting_all_pairs_again(counts, n_merges):
    symbols = [to_symbols(word) for word in counts]
    pairs = learn_merges(symbols, counts.values(), FIRST, FIRST + n_merges)
    assert [tuple(map(ord, pair)) for pair in pairs] == textbook_learn(
        counts, FIRST, FIRST + n_merges
    )


@st.composite
def merge_lists(draw):
    """Merges that no text need have taught: any pairs of symbols that exist by then."""
    merges = []
    for new in range(FIRST, FIRST + draw(st.integers(0, 15))):
        pair = draw(st.tuples(st.integers(4, new - 1), st.integers(4, new - 1)))
        if pair not in merges:
            merges.append(pair)
    return merges


def learned(pairs):
    """Pairs that become the ids from ``FIRST`` on."""
    return PairMerges({to_symbols(pair): chr(new) for new, pair in enumerate(pairs, start=FIRST)})


@given(merge_lists(), st.lists(few_ids, max_size=40))
def test_both_ways_of_merging_equal_the_textbook(merges, word):
    pair_merges = learned(merges)
    expected = to_symbols(textbook_encode(word, merges, FIRST))
    assert pair_merges._apply_short(to_symbols(word)) == expected
    assert pair_merges._apply_long(to_symbols(word)) == expected
    assert pair_merges.apply(to_symbols(word)) == expected


@given(st.lists(few_ids, min_size=LONG_WORD - 2, max_size=LONG_WORD + 40))
def test_words_around_the_limit_of_length(word):
    merges = textbook_learn({tuple(word): 1}, FIRST, FIRST + 20)
    pair_merges = learned(merges)
    expected = to_symbols(textbook_encode(word, merges, FIRST))
    assert pair_merges.apply(to_symbols(word)) == expected


def test_one_word_of_two_hundred_thousand_characters():
    doublings = [(4, 4), *((i, i) for i in range(FIRST, FIRST + 16))]
    pair_merges = learned(doublings)
    merged = to_ids(pair_merges.apply(chr(4) * 200_000))
    lengths = [1 if i == 4 else 2 ** (i - FIRST + 1) for i in merged.tolist()]
    assert sum(lengths) == 200_000
    assert lengths == sorted(lengths, reverse=True)


def test_the_cache_keeps_no_long_words():
    spelling = Spelling({"a": 4}, lambda character: [1])
    cache = WordCache(spelling, learned([(4, 4)]))
    long = "aa" * LONG_WORD
    assert cache[long] == chr(FIRST) * LONG_WORD
    assert cache["aab"] == to_symbols([FIRST, 1])
    assert list(cache) == ["aab"]


@given(st.lists(st.integers(0, 0x10FFFF)))
def test_symbols_carry_any_id(ids):
    assert to_ids(to_symbols(ids)).tolist() == ids
