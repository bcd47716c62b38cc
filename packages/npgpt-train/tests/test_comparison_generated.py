"""What models write and how they trained, in numbers counted by hand."""

import math

import numpy as np
import pytest

from npgpt_train.comparison import generated
from npgpt_train.comparison.generated import (
    KnownWords,
    names_of,
    repeated_share,
    whole_words_of,
    words_of,
)
from npgpt_train.comparison.stability import count_spikes, measure, require_finite, timing
from npgpt_train.loop.diagnosis import NonFiniteError
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.token_texts import token_texts


class Text:
    def __init__(self, text):
        self.text = text

    def texts(self):
        yield self.text


SPECIAL_TOKENS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}


class Pieces:
    """Each id from 4 on is a piece of text."""

    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)

    def __init__(self, *pieces):
        self.pieces = ["", "\ufffd", "", "", *pieces]

    def decode(self, ids):
        return "".join(self.pieces[i] for i in ids)


class Bytes:
    def decode(self, ids):
        return bytes(ids).decode("utf-8", "replace")


# -------------------------------------------------------------------- generated


def test_words_and_names_are_found_without_regard_to_case():
    text = "\n\nKING HENRY:\nWhat's this? 'Tis\n\nnot a name: here\nnor this:\n\nFool :\n"
    assert words_of(text)[:3] == ["king", "henry", "what's"]
    assert names_of(text) == ["king henry", "fool"]


def test_a_last_word_that_may_go_on_does_not_count():
    assert whole_words_of("to be or no") == ["to", "be", "or"]
    assert whole_words_of("to be!") == ["to", "be"]


def test_repeated_runs_are_counted_after_their_first_time():
    assert repeated_share(["a", "b", "c", "d", "a", "b", "c", "d"]) == pytest.approx(1 / 5)
    assert repeated_share(["a", "b", "c"]) is None


def test_repetitions_are_of_four_words():
    assert repeated_share(list("abcabc")) == 0
    assert repeated_share(list("abcdabcd")) == 1 / 5
    assert repeated_share(list("abcd")) == 0
    assert repeated_share(list("abab"), n=2) == 1 / 3


def test_known_words_are_those_of_both_splits():
    text = "\n\nFool:\nTo be\n" * 9 + "\n\nHamlet:\nor\n"
    known = KnownWords(Corpus(Text(text)))
    assert known.words == {"fool", "to", "be", "hamlet", "or"}
    assert known.names == {"fool", "hamlet"}


KNOWN = KnownWords(Corpus(Text("\n\nFool:\nTo be or not\n" * 9)))


def written(monkeypatch, tokenizer, rows):
    monkeypatch.setattr(generated, "draw_samples", lambda *arguments: np.array(rows))
    return generated.measure(None, tokenizer, 0, KNOWN)


def test_what_is_written_is_counted(monkeypatch):
    tokenizer = Pieces("to be or no ", "zz.", "x\n\nFool:\n\nKing :\n", "to be", "t")
    rows = [[4, 4, 5, 0], [6, 7, 1, 8]]
    # to be or no to be or no zz.   and   x fool king to be, the rest of the word may follow
    assert written(monkeypatch, tokenizer, rows) == {
        "samples": 2,
        "tokens": 8,
        "characters_in_500_tokens": (2 * 12 + 3 + 17 + 5 + 1 + 1) / 2,
        "words": 9 + 5,
        "known_words": (6 + 3) / 14,
        "names": 2,
        "known_names": 1 / 2,
        "repeated_4grams": (1 / 6 + 0) / 2,
        "unknown_rate": 1 / 8,
        "sample": ["to be or no ", "to be or no ", "zz.", ""],
    }


def test_a_share_of_nothing_is_none(monkeypatch):
    found = written(monkeypatch, Pieces("1 2. "), [[4], [4]])
    assert (found["words"], found["names"]) == (0, 0)
    assert found["known_words"] is found["known_names"] is found["repeated_4grams"] is None
    assert found["unknown_rate"] == 0


def test_repetitions_are_counted_in_the_first_80_words_only(monkeypatch):
    letters = [a + b for a in "abcdefghij" for b in "abcdefgh"]  # 80 different words
    late = Pieces(" ".join([*letters, *letters]) + ".")
    assert written(monkeypatch, late, [[4]])["repeated_4grams"] == 0
    early = Pieces(" ".join([*letters[:76], *letters[:4]]) + ".")
    assert written(monkeypatch, early, [[4]])["repeated_4grams"] == 1 / 77


def test_token_texts_join_to_the_text_and_give_a_character_to_its_last_byte():
    texts = token_texts(Bytes(), "né€!".encode())
    assert texts == ["n", "", "é", "", "", "€", "!"]


# -------------------------------------------------------------------- stability


@pytest.mark.parametrize(
    ("norms", "spikes"),
    [
        ([1.0] * 20 + [3.5] + [1.0] * 5 + [math.nan] + [1.0], 2),
        ([9.0, 1.0, 1.0], 0),
        ([1.0] * 10 + [3.01], 1),
        ([1.0] * 10 + [3.0], 0),
        ([1.0] * 9 + [3.01], 0),
        ([10.0] * 50 + [1.0] * 50 + [3.01], 0),  # the median of 100 is 5.5
        ([1.0] + [10.0] * 50 + [1.0] * 50 + [3.01], 0),
        ([10.0] * 50 + [1.0] * 51 + [3.01], 1),
        ([1.0] * 10 + [math.inf], 1),
    ],
)
def test_spikes_are_far_above_the_median_before_and_nan_is_one(norms, spikes):
    assert count_spikes(norms) == spikes


LOSSES = [3.0, 2.0, 2.5, 2.25]
STEPS = [
    {"step": i, "loss": loss, "grad_norm": norm, "tokens_per_second": 100.0 * i, "seconds": 0.5}
    for i, (loss, norm) in enumerate(zip(LOSSES, [1.0, 4.0, 2.0, 1.0], strict=True), start=1)
]
EVALUATIONS = [
    {"step": step, "train_loss": loss - 0.25, "val_loss": loss}
    for step, loss in [(0, 1.0), (2, 2.5), (3, 2.0), (4, 2.75)]
]


def test_stability_reads_the_evaluations_after_the_start():
    assert measure([*STEPS, *EVALUATIONS]) == {
        "steps": 4,
        "best_step": 3,
        "best_val_loss": 2.0,
        "final_train_loss": 2.5,
        "final_val_loss": 2.75,
        "largest_grad_norm": 4.0,
        "grad_norm_spikes": 0,
        "largest_loss_jump": 0.5,
        "largest_val_loss_jump": 0.75,
    }


def test_what_is_not_finite_is_not_the_best():
    last = {"step": 5, "train_loss": math.nan, "val_loss": math.nan}
    early = {"step": 1, "train_loss": 1.0, "val_loss": math.nan}
    assert measure([*STEPS, early, *EVALUATIONS, last])["best_step"] == 3


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ([*EVALUATIONS[:1], *EVALUATIONS[2:]], "all steps were left out"),
        (
            [*STEPS, *({**event, "val_loss": math.nan} for event in EVALUATIONS)],
            "the validation loss of step 2 is nan, and no later one is finite. A lower `lr`",
        ),
    ],
)
def test_what_was_never_finite_cannot_be_compared(metrics, told):
    require_finite([*STEPS, *EVALUATIONS[:2]], 0.5)
    with pytest.raises(NonFiniteError, match=told):
        require_finite(metrics, 0.5)


def test_a_loss_that_only_falls_does_not_jump():
    falling = [{**step, "loss": 3.0 - i} for i, step in enumerate(STEPS)]
    numbers = measure([*falling, *EVALUATIONS[:3]])
    assert (numbers["largest_loss_jump"], numbers["largest_val_loss_jump"]) == (0, 0)


def test_speed_is_that_of_the_median_step():
    assert timing([*EVALUATIONS, *STEPS], 2.5) == {
        "tokens_per_second": 250.0,
        "characters_per_second": 625.0,
        "seconds": 2.0,
    }
