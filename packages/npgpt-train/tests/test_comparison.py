import math
from collections import Counter

import numpy as np
import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.comparison import held_out
from npgpt_train.comparison.characters import CODE_POINTS, CharacterModel
from npgpt_train.comparison.held_out import HeldOut
from npgpt_train.evaluation import Evaluation
from npgpt_train.text.corpus import Corpus


class Text:
    def __init__(self, text):
        self.text = text

    def texts(self):
        yield self.text


SPECIAL_TOKENS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}


class Words:
    """Lowercased words; "the" and single marks are known."""

    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)
    known = ("the", " ", "\n", "a")
    vocab_size = 8

    def encode(self, text):
        pieces, word = [], ""
        for character in text.lower():
            if character in " \n":
                pieces += [word] * bool(word) + [character]
                word = ""
            else:
                word += character
        pieces += [word] * bool(word)
        return np.array([self.known.index(p) + 4 if p in self.known else 1 for p in pieces])

    def decode(self, ids):
        return "".join("\ufffd" if i == 1 else self.known[i - 4] for i in ids)


class Bytes:
    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)
    vocab_size = 260

    def encode(self, text):
        return np.frombuffer(text.encode(), np.uint8).astype(int) + 4

    def decode(self, ids):
        return bytes(int(i) - 4 for i in ids).decode("utf-8", "replace")


# ------------------------------------------------------------------- characters


def test_the_unigram_costs_the_entropy_of_its_own_text():
    text = "aaab" * 50
    model = CharacterModel([text])
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert model.bits(text) / len(text) == pytest.approx(entropy, rel=0.01)
    assert model.uniform_bits == 1


def test_an_unseen_character_costs_an_escape_and_its_code_point():
    model = CharacterModel(["abc"])
    assert model.bits("é") == pytest.approx(2 + CODE_POINTS)  # 1 of 4, counting the escape


def test_the_probabilities_of_what_may_come_next_in_a_word_sum_to_one():
    model = CharacterModel(["ab ab c"])
    costs = [model.spelling_bits(c) - model.spelling_bits("") for c in model.counts]
    stop, escape = model.spelling_bits(""), math.log2(model.total + 1 + model.words)
    assert sum(2**-bits for bits in [*costs, stop, escape]) == pytest.approx(1)


def test_case_costs_little_where_it_can_be_guessed():
    model = CharacterModel(["a" * 999 + "A"])
    assert model.case_bits("a") < 0.01 < 5 < model.case_bits("A")
    assert model.case_bits("123 .") == 0


# --------------------------------------------------------------------- held out


def _measured(text, tokenizer, loss=1.0):
    corpus = Corpus(Text(text))
    held = HeldOut.from_corpus(corpus)
    train = np.concatenate([tokenizer.encode(t) for t in corpus.train_texts()])
    val = np.concatenate([tokenizer.encode(t) for t in corpus.val_texts()])
    evaluation = Evaluation(loss, len(val) - 1, held.characters, 0)
    return held, held_out.measure(held, tokenizer, evaluation, train, val), val


def test_a_lossless_tokenizer_pays_nothing_more():
    held, numbers, val = _measured("the king\n" * 40, Bytes())
    assert numbers["lost_bits_per_character"] == {"spelling": 0, "case": 0}
    assert numbers["restored_bits_per_character"] == numbers["bits_per_character"]
    assert numbers["bits_per_character"] == pytest.approx(
        (len(val) - 1) / math.log(2) / held.characters
    )
    assert numbers["lines_recovered"] == 1
    assert numbers["unknown_rate"] == 0
    assert numbers["uniform_loss"] == math.log(260)


def test_a_lossy_tokenizer_pays_for_unknown_words_and_case():
    text = "The a the\n" * 90 + "The king A\n" * 10
    held, numbers, _ = _measured(text, Words())
    model = held.model
    (part,) = held.corpus.val_texts()
    kings = part.count("king")
    assert kings > 5
    spelling = kings * model.spelling_bits("king")
    case = model.case_bits(part.replace("king", ""))
    lost = numbers["lost_bits_per_character"]
    assert lost["spelling"] * held.characters == pytest.approx(spelling)
    assert lost["case"] * held.characters == pytest.approx(case)
    assert numbers["restored_bits_per_character"] == pytest.approx(
        numbers["bits_per_character"] + lost["spelling"] + lost["case"]
    )
    assert numbers["lines_recovered"] == 0


def test_what_is_lost_otherwise_has_no_price():
    class Dropping(Bytes):
        def encode(self, text):
            return super().encode(text.replace("k", ""))

    _, numbers, _ = _measured("the king\n" * 40, Dropping())
    assert numbers["lost_bits_per_character"] is None
    assert numbers["restored_bits_per_character"] is None
    assert numbers["perplexity_per_word"] is None


def test_only_lines_with_text_are_counted():
    held, numbers, _ = _measured("the king\n\n\n" * 400, Words())
    assert 2.5 * held.lines < sum(len(text.splitlines()) for text in held.corpus.val_texts())
    assert numbers["lines_recovered"] == 0


def test_without_words_there_is_no_perplexity_per_word():
    _, numbers, _ = _measured("the king" + "\n" * 100, Bytes())
    assert numbers["perplexity_per_word"] is None
    assert numbers["lines_recovered"] is None


def test_a_unigram_pays_for_what_its_tokenizer_lost():
    held, numbers, val = _measured("The a the\n" * 90 + "The king A\n" * 10, Words())
    lost = numbers["lost_bits_per_character"]
    alone = numbers["unigram_loss"] * (len(val) - 1) / math.log(2) / held.characters
    assert numbers["restored_unigram_bits_per_character"] == pytest.approx(
        alone + lost["spelling"] + lost["case"]
    )


def test_the_token_unigram_is_the_cross_entropy_of_the_counts():
    _, numbers, val = _measured("the king\n" * 40, Bytes())
    corpus = Corpus(Text("the king\n" * 40))
    counts = Counter(np.concatenate([Bytes().encode(t) for t in corpus.train_texts()]).tolist())
    total = counts.total() + 260
    expected = np.mean([-math.log((counts[int(i)] + 1) / total) for i in val])
    assert numbers["unigram_loss"] == pytest.approx(expected)


def test_a_corpus_without_text_is_an_error():
    with pytest.raises(NpgptError):
        HeldOut.from_corpus(Corpus(Text("")))


@pytest.mark.parametrize("chunk", [3, 1 << 22])
def test_every_number_of_the_held_out_text_is_counted(chunk, monkeypatch):
    monkeypatch.setattr(held_out, "CHUNK", chunk)
    text = "The a the\n" * 18 + "The é \n a\nA the\n\n \n"
    split = int(len(text) * 0.9)
    train, val = text[:split], text[split:]
    assert val == "\nThe é \n a\nA the\n\n \n"
    held, numbers, ids = _measured(text, Words(), loss=1.5)
    assert held.to_json() == {
        "characters": 20,
        "bytes": 21,
        "words": 5,
        "lines": 3,
        "uniform_bits_per_character": math.log2(len(set(train))),
        "unigram_bits_per_character": pytest.approx(CharacterModel([train]).bits(val) / 20),
    }
    # \n The _ é _ \n _ a \n A _ the \n \n _ \n: only "é" is unknown
    assert ids.tolist() == [6, 4, 5, 1, 5, 6, 5, 7, 6, 7, 5, 4, 6, 6, 5, 6]
    counts = Counter(Words().encode(train).tolist())
    total = counts.total() + 8
    unigram = sum(math.log(total / (counts[i] + 1)) for i in ids.tolist()) / 16
    tokens = 15 / math.log(2)  # predicted ones, at a loss of 1
    lost = numbers["lost_bits_per_character"]
    model = CharacterModel([train])
    spelling = model.spelling_bits("é")
    assert lost["spelling"] == pytest.approx(spelling / 20)
    assert lost["case"] == pytest.approx(model.case_bits("\nThe  \n a\nA the\n\n \n") / 20)
    bill = (lost["spelling"] + lost["case"]) * 20
    assert numbers == {
        "tokens": 16,
        "characters_per_token": 20 / 16,
        "loss": 1.5,
        "uniform_loss": math.log(8),
        "unigram_loss": pytest.approx(unigram),
        "bits_per_character": pytest.approx(1.5 * tokens / 20),
        "bits_per_byte": pytest.approx(1.5 * tokens / 21),
        "lost_bits_per_character": lost,
        "restored_bits_per_character": pytest.approx((1.5 * tokens + bill) / 20),
        "restored_bits_per_byte": pytest.approx((1.5 * tokens + bill) / 21),
        "restored_uniform_bits_per_character": pytest.approx((math.log(8) * tokens + bill) / 20),
        "restored_unigram_bits_per_character": pytest.approx((unigram * tokens + bill) / 20),
        "perplexity_per_word": pytest.approx(2 ** ((1.5 * tokens + bill) / 5)),
        "unknown_rate": 1 / 16,
        "lines_recovered": 1 / 3,
    }


@pytest.mark.parametrize(("bits", "told"), [(999.99, True), (1000.01, False)])
def test_a_perplexity_is_told_as_long_as_it_is_a_number(bits, told):
    held, _, ids = _measured("the king\n" * 40, Bytes())
    loss = bits * held.words * math.log(2) / (len(ids) - 1)
    _, numbers, _ = _measured("the king\n" * 40, Bytes(), loss)
    assert (numbers["perplexity_per_word"] is not None) == told


def test_a_text_of_lone_surrogates_has_bytes():
    assert HeldOut.from_corpus(Corpus(Text("\ud800" * 20))).bytes == 2 * 3
