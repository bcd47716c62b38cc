"""Muon: what Newton-Schulz makes of a matrix, which parameters it takes, and how far it moves."""

from dataclasses import dataclass

import numpy as np
import pytest

from npgpt_core import Embedding, LayerNorm, Linear, Module, NpgptError
from npgpt_optim import AdamW, MatrixMuon, Muon, hidden_matrices
from npgpt_optim.muon import orthogonalize

RNG = np.random.default_rng(0)


def matrix(shape, singular_values, dtype=np.float64):
    """A matrix with these singular values, and its U and Vᵀ."""
    rows, columns = shape
    count = min(shape)
    u = np.linalg.qr(RNG.normal(size=(rows, count)))[0]
    v = np.linalg.qr(RNG.normal(size=(columns, count)))[0].T
    return ((u * singular_values) @ v).astype(dtype), u, v


@pytest.mark.parametrize("shape", [(16, 16), (16, 48), (48, 16), (1, 9), (9, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-4, 1, 1e4])
def test_every_singular_value_is_brought_near_1(shape, dtype, scale):
    x, u, v = matrix(shape, scale * np.geomspace(0.02, 1, min(shape)), dtype)
    before = x.copy()
    y = orthogonalize(x)
    assert y.shape == shape
    assert y.dtype == dtype
    np.testing.assert_array_equal(x, before)
    inside = u.T @ y @ v.T  # diagonal, because U and V stay
    np.testing.assert_allclose(inside, np.diag(np.diag(inside)), atol=1e-3)
    assert (np.diag(inside) > 0.65).all()
    assert (np.diag(inside) < 1.25).all()


def test_a_matrix_of_zeros_stays_one():
    assert not orthogonalize(np.zeros((3, 5))).any()


@pytest.mark.parametrize("shape", [(32, 32), (32, 96), (128, 32)])
def test_the_rms_of_an_update_is_that_of_adamw(shape):
    layer = Linear(*shape, rng=RNG)
    before = layer.weight.copy()
    layer.dweight += RNG.normal(size=shape)
    Muon(layer, lr=0.1, weight_decay=0).step()
    rms = np.sqrt(np.mean((layer.weight - before) ** 2)) / 0.1
    assert 0.7 * 0.2 < rms < 1.2 * 0.2  # as far as singular values are from 1


# ---------------------------------------------------------------- which parameters


@dataclass(frozen=True)
class Config:
    vocab_size: int = 11


class Mixer(Module):
    """A model of another architecture, whose attributes nobody knows."""

    def __init__(self, *, head=True):
        super().__init__()
        self.config = Config()
        self.words = Embedding(11, 4, rng=RNG)
        self.layers = {"wide": Linear(4, 8, rng=RNG), "narrow": [Linear(8, 4, rng=RNG)]}
        self.odd = Linear(4, 11, rng=RNG)  # as wide as the vocabulary, but not the last
        self.norm = LayerNorm(4)
        if head:
            self.out = Linear(4, 11, rng=RNG)

    def forward(self, ids):
        raise NotImplementedError

    backward = forward


HIDDEN = {"layers.wide.weight", "layers.narrow.0.weight", "odd.weight"}


def test_hidden_matrices_are_those_of_neither_embeddings_nor_head():
    assert hidden_matrices(Mixer()) == HIDDEN
    assert hidden_matrices(Mixer(head=False)) == HIDDEN - {"odd.weight"}  # now it is the last
    assert hidden_matrices(Linear(2, 3, rng=RNG)) == {"weight"}


def test_a_head_that_holds_a_row_for_each_id_is_one_too():
    model = Mixer()
    model.out = Linear(11, 4, rng=RNG)
    assert hidden_matrices(model) == HIDDEN


def test_a_pattern_says_otherwise():
    assert hidden_matrices(Mixer(), "layers.*") == HIDDEN - {"odd.weight"}
    assert hidden_matrices(Mixer(), "*") == {*HIDDEN, "words.weight", "out.weight"}
    muon = Muon(Mixer(), matrices="words.*")
    assert set(muon.optimizers["muon"].parameters) == {"words.weight"}


def test_a_pattern_that_no_matrix_has_is_told_with_the_names():
    muon = Muon(Mixer(), matrices="blocks.*")
    with pytest.raises(NpgptError, match=r"matrices is 'blocks\.\*', .* of words\.weight, "):
        muon.step()


def test_muon_is_matrix_muon_inside_and_adamw_outside():
    three = [Mixer() for _ in range(3)]
    for model in three:
        model.load_state_dict(three[0].state_dict())
        rng = np.random.default_rng(1)
        for grad in model.grads().values():
            grad += rng.normal(size=grad.shape)
    muon = Muon(three[0], lr=0.1, relative_lr=0.5)
    AdamW(three[1], lr=0.05, weight_decay=0.1).step()
    muon.step()
    for name, array in three[0].parameters().items():
        same = np.array_equal(array, three[1].parameters()[name])
        assert same is (name not in HIDDEN), name
    assert set(muon.state_dict()) >= {"muon.m.odd.weight", "adamw.v.out.bias", "adamw.t"}


def test_matrix_muon_takes_matrices_only():
    with pytest.raises(NpgptError, match=r"MatrixMuon: bias is \(3,\), expected a matrix"):
        MatrixMuon(Linear(2, 3, rng=RNG))
