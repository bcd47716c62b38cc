"""Every layer against PyTorch: output, input gradient and every parameter gradient."""

import numpy as np
import pytest

from npgpt_core import (
    GELU,
    CrossEntropy,
    Dropout,
    Embedding,
    FeedForward,
    LayerNorm,
    Linear,
    MultiHeadAttention,
    ReLU,
    Softmax,
)
from npgpt_models import GPT, GPTConfig

torch = pytest.importorskip("torch")

from .torch_gpt import (  # noqa: E402
    TorchAttention,
    TorchFeedForward,
    TorchGPT,
    copy_weights,
    twin_parameters,
)

B, T, C, H, V = 3, 7, 12, 3, 11
CLOSE = {"rtol": 1e-9, "atol": 1e-9}
CONFIG = GPTConfig(vocab_size=V, block_size=T + 2, n_layer=2, n_head=H, n_embd=C)
OPTIONS = {"rng": np.random.default_rng(0), "dtype": np.float64}

PAIRS = {
    "Linear": lambda: (Linear(C, C + 1, **OPTIONS), torch.nn.Linear(C, C + 1)),
    "Embedding": lambda: (Embedding(V, C, **OPTIONS), torch.nn.Embedding(V, C)),
    "LayerNorm": lambda: (LayerNorm(C, dtype=np.float64), torch.nn.LayerNorm(C)),
    "ReLU": lambda: (ReLU(), torch.nn.ReLU()),
    "GELU": lambda: (GELU(), torch.nn.GELU(approximate="tanh")),
    "Softmax": lambda: (Softmax(), torch.nn.Softmax(dim=-1)),
    "MultiHeadAttention": lambda: (MultiHeadAttention(C, H, **OPTIONS), TorchAttention(C, H)),
    "FeedForward": lambda: (FeedForward(C, **OPTIONS), TorchFeedForward(C)),
    "GPT": lambda: (GPT(CONFIG, **OPTIONS), TorchGPT(CONFIG)),
}
FROM_IDS = ("Embedding", "GPT")


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def assert_same_gradients(layer, twin):
    expected = {name: grad for name, _, grad in twin_parameters(twin)}
    assert layer.grads().keys() == expected.keys()
    for name, grad in layer.grads().items():
        np.testing.assert_allclose(grad, expected[name], **CLOSE, err_msg=name)


@pytest.mark.parametrize("name", PAIRS)
def test_output_and_every_gradient_equal_pytorch(name, rng):
    layer, twin = PAIRS[name]()
    for array in layer.parameters().values():
        array[...] = rng.normal(size=array.shape) / np.sqrt(len(array))
    twin.double()
    copy_weights(layer, twin)
    x = rng.integers(0, V, (B, T)) if name in FROM_IDS else rng.normal(size=(B, T, C))
    torch_x = torch.from_numpy(x).requires_grad_(x.dtype.kind == "f")

    y, torch_y = layer(x), twin(torch_x)
    dy = rng.normal(size=y.shape)
    dx = layer.backward(dy)
    torch_y.backward(torch.from_numpy(dy))

    np.testing.assert_allclose(y, torch_y.detach(), **CLOSE)
    if name not in FROM_IDS:
        np.testing.assert_allclose(dx, torch_x.grad, **CLOSE)
    assert_same_gradients(layer, twin)


def test_cross_entropy_equals_pytorch(rng):
    logits, targets = 3 * rng.normal(size=(B, T, V)), rng.integers(0, V, (B, T))
    torch_logits = torch.from_numpy(logits).requires_grad_()
    loss = torch.nn.functional.cross_entropy(
        torch_logits.reshape(-1, V), torch.from_numpy(targets).reshape(-1)
    )
    loss.backward()
    criterion = CrossEntropy()
    assert criterion(logits, targets) == pytest.approx(loss.item(), rel=1e-9)
    np.testing.assert_allclose(criterion.backward(), torch_logits.grad, **CLOSE)


def test_dropout_equals_pytorch_under_the_same_mask(rng):
    p, x, dy = 0.3, rng.normal(size=(B, T, C)), rng.normal(size=(B, T, C))
    mask = Dropout(p, rng=np.random.default_rng(5))(np.ones_like(x))
    torch_x = torch.from_numpy(x).requires_grad_()
    torch_y = torch_x * torch.from_numpy(mask)
    torch_y.backward(torch.from_numpy(dy))
    layer = Dropout(p, rng=np.random.default_rng(5))
    np.testing.assert_allclose(layer(x), torch_y.detach(), **CLOSE)
    np.testing.assert_allclose(layer.backward(dy), torch_x.grad, **CLOSE)
    assert set(np.unique(mask)) == {0, torch.nn.Dropout(p)(torch.ones(999).double()).max().item()}
