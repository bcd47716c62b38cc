"""Every layer against PyTorch: output, input gradient and every parameter gradient."""

import dataclasses

import numpy as np
import pytest

from npgpt_core import Dropout
from npgpt_core.testing.layers.cases import SCALING, layer_cases
from npgpt_core.testing.small import LONG, B, C, H, T, V, random_ids
from npgpt_models import GPT, GPTConfig

torch = pytest.importorskip("torch")

from .torch_gpt import (  # noqa: E402
    TorchAttention,
    TorchFeedForward,
    TorchGPT,
    TorchTiedHead,
    copy_weights,
    twin_parameters,
)
from .torch_llama import (  # noqa: E402
    TorchGroupedQueryAttention,
    TorchRotary,
    TorchSwiGLU,
)

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
CONFIG = GPTConfig(vocab_size=V, block_size=T + 2, n_layer=2, n_head=H, n_embd=C)
MODELS = {"GPT": CONFIG, "GPT with GELU": dataclasses.replace(CONFIG, activation="gelu")}
SEED = 5  # of dropout's mask

TWINS = {
    "Linear": lambda layer: torch.nn.Linear(C, C + 1),
    "Linear without bias": lambda layer: torch.nn.Linear(C, C + 1, bias=False),
    "TiedHead": lambda layer: TorchTiedHead(V, C),
    "Embedding": lambda layer: torch.nn.Embedding(V, C),
    "LayerNorm": lambda layer: torch.nn.LayerNorm(C),
    "RMSNorm": lambda layer: torch.nn.RMSNorm(C, eps=layer.eps),
    "ReLU": lambda layer: torch.nn.ReLU(),
    "GELU": lambda layer: torch.nn.GELU(approximate="tanh"),
    "Softmax": lambda layer: torch.nn.Softmax(dim=-1),
    "Dropout": lambda layer: Masked(layer.p),
    "MultiHeadAttention": lambda layer: TorchAttention(C, H),
    "Rotary": lambda layer: TorchRotary(C),
    "Rotary scaled": lambda layer: TorchRotary(C, scaling=SCALING),
    "GroupedQueryAttention": lambda layer: TorchGroupedQueryAttention(C, H, 1, C // H),
    "GroupedQueryAttention rotated": lambda layer: TorchGroupedQueryAttention(
        C, H, H, C // H, rotary=TorchRotary(C // H)
    ),
    "GroupedQueryAttention with all": lambda layer: TorchGroupedQueryAttention(
        C, 4, 2, 6, rotary=TorchRotary(6), bias=True, qk_norm_eps=1e-6
    ),
    "FeedForward": lambda layer: TorchFeedForward(C),
    "SwiGLU": lambda layer: TorchSwiGLU(C, C + 5),
    "CrossEntropy": lambda layer: WithTargets(layer.targets),
    "GPT": lambda layer: TorchGPT(layer.config),
    "GPT with GELU": lambda layer: TorchGPT(layer.config),
}


class Masked(torch.nn.Module):
    """Dropout by the mask that npgpt draws, because PyTorch would draw another."""

    def __init__(self, p):
        super().__init__()
        mask = Dropout(p, rng=np.random.default_rng(SEED))(np.ones((B, T, C)))
        self.mask = torch.from_numpy(mask)

    def forward(self, x):
        return x * self.mask


class WithTargets(torch.nn.Module):
    """The loss as a function of the logits alone."""

    def __init__(self, targets):
        super().__init__()
        self.targets = torch.from_numpy(targets)

    def forward(self, logits):
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), self.targets.flatten())


def case(name):
    if name in MODELS:
        return GPT(MODELS[name], rng=np.random.default_rng(0), dtype=np.float64), random_ids()
    return layer_cases()[name]()


@pytest.mark.parametrize("name", TWINS)
def test_output_and_every_gradient_equal_pytorch(name):
    hold_to_pytorch(name, *case(name))


@pytest.mark.parametrize("name", [name for name in TWINS if "Attention" in name])
def test_attention_across_blocks_of_queries_equals_pytorch(name):
    hold_to_pytorch(name, case(name)[0], np.random.default_rng(0).normal(size=(B, LONG, C)))


def hold_to_pytorch(name, layer, x):
    """Compare the output, the gradient of the input and that of every parameter."""
    rng = np.random.default_rng(1)
    for array in layer.parameters().values():
        array[...] = rng.normal(size=array.shape) / np.sqrt(len(array))
    layer.use_rng(np.random.default_rng(SEED))
    twin = TWINS[name](layer).double()
    copy_weights(layer, twin)
    torch_x = torch.from_numpy(x).requires_grad_(x.dtype.kind == "f")

    y, torch_y = layer(x), twin(torch_x)
    dy = np.asarray(rng.normal(size=np.shape(y)))
    dx = layer.backward(dy)
    torch_y.backward(torch.from_numpy(dy))

    np.testing.assert_allclose(y, torch_y.detach(), **CLOSE)
    if dx is not None:
        np.testing.assert_allclose(dx, torch_x.grad, **CLOSE)
    assert (dx is None) == (torch_x.grad is None)
    expected = {name: grad for name, _, grad in twin_parameters(twin)}
    assert layer.grads().keys() == expected.keys()
    for name, grad in layer.grads().items():
        np.testing.assert_allclose(grad, expected[name], **CLOSE, err_msg=name)


def test_dropout_scales_what_it_keeps_as_pytorch_does():
    ones = np.ones(999)
    y = Dropout(0.3, rng=np.random.default_rng(SEED))(ones)
    assert y.max() == torch.nn.Dropout(0.3)(torch.from_numpy(ones)).max().item()
