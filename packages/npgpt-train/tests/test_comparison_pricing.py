"""What a tokenizer loses has a price: held against a pricing that knows each token's characters."""

import math
import random
import re
from collections import Counter

import numpy as np
import pytest

from npgpt_train.comparison import held_out
from npgpt_train.comparison.held_out import HeldOut
from npgpt_train.evaluation import Evaluation
from npgpt_train.text.corpus import Corpus

UNK = 1


class Text:
    def __init__(self, text):
        self.text = text

    def texts(self):
        yield self.text


SPECIAL_TOKENS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}


class Spans:
    """A tokenizer that says which characters each token stands for."""

    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)
    pattern = re.compile(r"\w+(?:'\w+)*|\s|[^\w\s]")  # a word, a white space, a mark
    normal = staticmethod(str.lower)

    def __init__(self, text, size):
        words = Counter(self.pattern.findall(self.normal(text)))
        self.known = [word for word, _ in words.most_common(size)]
        self.vocab_size = len(SPECIAL_TOKENS) + size

    def spans(self, text):
        """(begin, end, id) of each token."""
        for found in self.pattern.finditer(self.normal(text)):
            known = found[0] in self.known
            yield *found.span(), self.known.index(found[0]) + 4 if known else UNK

    def encode(self, text):
        return np.array([i for _, _, i in self.spans(text)], int)

    def decode(self, ids):
        return "".join("\ufffd" if i == UNK else self.known[i - 4] for i in ids)


class LowerWords(Spans):
    """Words in lower case, the most frequent ones known."""


class Words(Spans):
    """Words as they are written, the most frequent ones known."""

    normal = staticmethod(str)


class Characters(Words):
    """Characters, the most frequent ones known."""

    pattern = re.compile(r"(?s).")


class Capitalized(Spans):
    """Words of which only the first letter keeps its case."""

    @staticmethod
    def normal(text):
        return re.sub(r"\w+", lambda word: word[0][0] + word[0][1:].lower(), text)


TOKENIZERS = [LowerWords, Words, Characters]


def price(corpus, tokenizer):
    """Bits to spell the unknown tokens, and to tell the case of all other letters."""
    train, text = "".join(corpus.train_texts()), "".join(corpus.val_texts())
    counts = Counter(train)
    words = len(re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", train))
    total = len(train) + 1 + words  # an escape, and a stop for each word
    stop = math.log2(total / max(words, 1))
    spelling, case, before = 0.0, 0.0, None
    for begin, end, i in tokenizer.spans(text):
        for character in text[begin:end]:
            if i == UNK and counts[character]:
                spelling += math.log2(total / counts[character])
            elif i == UNK:
                spelling += math.log2(total) + math.log2(0x110000)
            elif tokenizer.normal is str.lower and character.isalpha():
                own, other = (counts[c] + 1 for c in (character, character.swapcase()))
                case -= math.log2(own / (own + other))
        spelling += stop * (i == UNK != before)  # unknown ones in a row are spelled together
        before = i
    return {"spelling": spelling, "case": case}


def measured(text, make, size):
    """The numbers of a text, its corpus, and the tokenizer."""
    corpus = Corpus(Text(text))
    tokenizer = make("".join(corpus.train_texts()), size)
    train, val = (
        np.concatenate([tokenizer.encode(text) for text in texts])
        for texts in (corpus.train_texts(), corpus.val_texts())
    )
    evaluation = Evaluation(1.0, len(val) - 1, corpus.n_characters - corpus.val_start, 0)
    numbers = held_out.measure(HeldOut.from_corpus(corpus), tokenizer, evaluation, train, val)
    return numbers, corpus, tokenizer


@pytest.mark.parametrize("make", TOKENIZERS)
@pytest.mark.parametrize("alphabet", ["aAbB'  .\n1", "abAB €'-", "aab c "])
def test_the_price_is_that_of_the_token_spans_on_many_texts(make, alphabet):
    lossy = 0
    for seed in range(100):
        rng = random.Random(seed)
        text = "".join(rng.choices(alphabet, k=rng.randint(60, 400)))
        numbers, corpus, tokenizer = measured(text, make, rng.randint(1, 10))
        expected = price(corpus, tokenizer)
        characters = corpus.n_characters - corpus.val_start
        found = {name: b * characters for name, b in numbers["lost_bits_per_character"].items()}
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), (seed, text)
        lossy += expected["spelling"] > 0
    assert lossy > 20


def test_case_is_told_even_where_all_capitals_stand_in_unknown_words():
    text = "the sea " * 90 + "the King " * 9
    numbers, corpus, tokenizer = measured(text, LowerWords, 3)
    assert "King" in "".join(corpus.val_texts())
    assert numbers["unknown_rate"] > 0
    assert numbers["lost_bits_per_character"]["case"] > 0
    assert price(corpus, tokenizer)["case"] > 0


def test_case_costs_nothing_where_only_unknown_words_have_letters():
    numbers, _, _ = measured("12 34 " * 90 + "12 King " * 9, LowerWords, 3)
    assert numbers["unknown_rate"] > 0
    assert numbers["lost_bits_per_character"]["case"] == 0


def test_case_that_is_lost_only_here_and_there_has_no_price():
    numbers, _, _ = measured("The Sea " * 90 + "The sEA " * 9, Capitalized, 4)
    assert numbers["lost_bits_per_character"] is None
