"""Embeddings and head are found in a tree of any architecture, tied or not."""

from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core import Embedding, Linear, Module
from npgpt_core.parameter_roles import embeddings_and_head

RNG = np.random.default_rng(0)


class TiedHead(Module):
    def __init__(self, embedding):
        super().__init__()
        self.share("table", embedding.weight, embedding.dweight)

    def forward(self, x):
        raise NotImplementedError

    backward = forward


class Table(Module):
    """A stranger's embedding."""

    def __init__(self, n_ids, width):
        super().__init__()
        self.parameter("rows", RNG.normal(size=(n_ids, width)))

    def forward(self, ids):
        raise NotImplementedError

    backward = forward


class Model(Module):
    """Named as no house names anything: ids of 5, features of 3."""

    def __init__(self, head):
        super().__init__()
        self.config = SimpleNamespace(vocab_size=5)
        self.words = Embedding(5, 3, rng=RNG)
        self.inside = {"a": [Linear(3, 3, rng=RNG), Linear(3, 5, rng=RNG)]}
        self.out = head(self)

    def forward(self, x):
        raise NotImplementedError

    backward = forward


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (lambda _: Linear(3, 5, rng=RNG), {"words.weight", "out.weight", "out.bias"}),
        (lambda _: Linear(5, 3, rng=RNG), {"words.weight", "out.weight", "out.bias"}),
        (lambda model: TiedHead(model.words), {"words.weight"}),
    ],
    ids=["untied", "a row for each id", "tied"],
)
def test_embeddings_and_the_last_module_that_is_as_wide_as_the_vocabulary(head, expected):
    model = Model(head)
    found = embeddings_and_head(model)
    assert set(found) == expected
    assert all(array is model.parameters()[name] for name, array in found.items())


def test_an_embedding_is_what_takes_ids_whatever_its_class():
    model = Model(lambda _: Linear(3, 5, rng=RNG))
    model.places = Table(7, 3)
    assert set(embeddings_and_head(model)) == {
        *("words.weight", "places.rows", "out.weight", "out.bias")
    }


def test_the_vocabulary_may_be_given_or_unknown():
    model = Model(lambda _: Linear(3, 7, rng=RNG))
    assert set(embeddings_and_head(model, 7)) == {"words.weight", "out.weight", "out.bias"}
    del model.config
    assert set(embeddings_and_head(model)) == {"words.weight"}
