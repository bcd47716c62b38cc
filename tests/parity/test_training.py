"""Optimizers, clipping and ten steps of training the whole GPT, step for step beside PyTorch."""

import math

import numpy as np
import pytest

from npgpt_core import CrossEntropy, Linear, clip_grad_norm
from npgpt_models import GPT, GPTConfig
from npgpt_optim import SGD, Adam, AdamW

torch = pytest.importorskip("torch")

from .torch_gpt import TorchGPT, copy_weights, twin_parameters  # noqa: E402

CLOSE = {"rtol": 1e-9, "atol": 1e-9}
STEPS = 10


def twin_linear():
    """The same layer twice, in float64."""
    layer = Linear(5, 4, rng=np.random.default_rng(0), std=1.0, dtype=np.float64)
    twin = torch.nn.Linear(5, 4).double()
    copy_weights(layer, twin)
    return layer, twin


def draw_gradients(layer, twin, seed, scale=1.0):
    """The same gradients for both, of a size that changes from step to step."""
    rng = np.random.default_rng(seed)
    for name, grad in layer.grads().items():
        grad[...] = scale * rng.normal(0, 1 + seed, grad.shape)
        tensor = torch.from_numpy(grad.copy())
        getattr(twin, name).grad = tensor.T if grad.ndim == 2 else tensor


def assert_same_weights(module, twin):
    for name, tensor, _ in twin_parameters(twin):
        np.testing.assert_allclose(module.parameters()[name], tensor, **CLOSE, err_msg=name)


def decay_by_axes(module, weight_decay):
    """PyTorch's parameter groups: what has two or more axes decays, the rest does not."""
    wide = [parameter for parameter in module.parameters() if parameter.ndim >= 2]
    flat = [parameter for parameter in module.parameters() if parameter.ndim < 2]
    return [
        {"params": wide, "weight_decay": weight_decay},
        {"params": flat, "weight_decay": 0.0},
    ]


OPTIMIZERS = {
    "sgd": (
        lambda layer: SGD(layer, lr=0.1),
        lambda twin: torch.optim.SGD(twin.parameters(), lr=0.1),
    ),
    "sgd with momentum": (
        lambda layer: SGD(layer, lr=0.1, momentum=0.9),
        lambda twin: torch.optim.SGD(twin.parameters(), lr=0.1, momentum=0.9),
    ),
    "sgd with nesterov": (
        lambda layer: SGD(layer, lr=0.1, momentum=0.9, nesterov=True),
        lambda twin: torch.optim.SGD(twin.parameters(), lr=0.1, momentum=0.9, nesterov=True),
    ),
    "adam": (
        lambda layer: Adam(layer, lr=0.1),
        lambda twin: torch.optim.Adam(twin.parameters(), lr=0.1),
    ),
    "adam with options": (
        lambda layer: Adam(layer, lr=0.1, beta1=0.7, beta2=0.9, eps=1e-3),
        lambda twin: torch.optim.Adam(twin.parameters(), lr=0.1, betas=(0.7, 0.9), eps=1e-3),
    ),
    "adamw": (
        lambda layer: AdamW(layer, lr=0.1, weight_decay=0.2),
        lambda twin: torch.optim.AdamW(decay_by_axes(twin, 0.2), lr=0.1),
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ten_steps_of_an_optimizer_equal_pytorch(name):
    layer, twin = twin_linear()
    make, make_twin = OPTIMIZERS[name]
    optimizer, torch_optimizer = make(layer), make_twin(twin)
    for step in range(STEPS):
        draw_gradients(layer, twin, seed=step)
        optimizer.lr = 0.1 / (1 + step)
        for group in torch_optimizer.param_groups:
            group["lr"] = optimizer.lr
        optimizer.step()
        torch_optimizer.step()
        assert_same_weights(layer, twin)


@pytest.mark.parametrize("max_norm", [1.0, 1e9])
def test_clipping_equals_pytorch(max_norm):
    layer, twin = twin_linear()
    # PyTorch divides by norm + 1e-6: with a norm of about 5e5 that is below the tolerance
    draw_gradients(layer, twin, seed=0, scale=1e5)
    norm = torch.nn.utils.clip_grad_norm_(twin.parameters(), max_norm).item()
    assert clip_grad_norm(layer, max_norm) == pytest.approx(norm, rel=1e-12)
    for name, _, grad in twin_parameters(twin):
        np.testing.assert_allclose(layer.grads()[name], grad, **CLOSE)


def clip_exactly(parameters, max_norm):
    """PyTorch's clipping without the 1e-6 that it adds to the norm."""
    grads = [parameter.grad for parameter in parameters]
    norm = torch.nn.utils.get_total_norm(grads).item()
    if norm > max_norm:
        for grad in grads:
            grad.mul_(max_norm / norm)
    return norm


def test_ten_steps_of_training_the_whole_gpt_equal_pytorch():
    v, t, max_norm = 17, 9, 1.0
    config = GPTConfig(vocab_size=v, block_size=t, n_layer=2, n_head=4, n_embd=16)
    gpt = GPT(config, rng=np.random.default_rng(0), dtype=np.float64)
    twin = TorchGPT(config).double()
    copy_weights(gpt, twin)
    criterion, optimizer = CrossEntropy(), Adam(gpt, lr=1e-2)
    torch_optimizer = torch.optim.Adam(twin.parameters(), lr=1e-2)

    losses, norms = [], []
    for step in range(STEPS):
        x, y = np.random.default_rng(step).integers(0, v, (2, 4, t))
        loss = criterion(gpt(x), y)
        optimizer.zero_grad()
        gpt.backward(criterion.backward())
        norm = clip_grad_norm(gpt, max_norm)
        optimizer.step()

        torch_loss = torch.nn.functional.cross_entropy(
            twin(torch.from_numpy(x)).reshape(-1, v), torch.from_numpy(y).reshape(-1)
        )
        torch_optimizer.zero_grad()
        torch_loss.backward()
        torch_norm = clip_exactly(list(twin.parameters()), max_norm)
        torch_optimizer.step()

        assert loss == pytest.approx(torch_loss.item(), rel=1e-9)
        assert norm == pytest.approx(torch_norm, rel=1e-9)
        losses.append(loss)
        norms.append(norm)

    assert_same_weights(gpt, twin)
    assert losses[0] == pytest.approx(math.log(v), abs=0.1)
    assert min(norms) < max_norm < max(norms)  # both branches of clipping were taken
