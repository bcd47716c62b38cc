"""Muon beside PyTorch's, whose Newton-Schulz runs in bfloat16 unless a test says otherwise."""

import numpy as np
import pytest

from npgpt_core import Linear
from npgpt_optim import MatrixMuon

torch = pytest.importorskip("torch")
if not hasattr(torch.optim, "Muon"):
    pytest.skip("torch.optim.Muon came with PyTorch 2.9", allow_module_level=True)

STEPS = 10


class Matrix(Linear):
    """A layer of which only the weight is a parameter of the optimizer."""

    def parameters(self):
        return {"weight": self.weight}

    def grads(self):
        return {"weight": self.dweight}


@pytest.mark.parametrize("shape", [(6, 6), (4, 12), (12, 4)])
@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_is_that_of_pytorch_step_for_step(shape, nesterov, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor.clone())
    layer = Matrix(*shape, rng=np.random.default_rng(0), std=1.0, dtype=np.float64)
    twin = torch.nn.Parameter(torch.from_numpy(layer.weight.copy()))
    ours = MatrixMuon(layer, lr=0.1, momentum=0.9, nesterov=nesterov, weight_decay=0.2)
    theirs = torch.optim.Muon(
        [twin],
        lr=0.1,
        momentum=0.9,
        nesterov=nesterov,
        weight_decay=0.2,
        adjust_lr_fn="match_rms_adamw",
    )
    for step in range(STEPS):
        layer.dweight[...] = np.random.default_rng((1, step)).normal(size=shape)
        twin.grad = torch.from_numpy(layer.dweight.copy())
        ours.step()
        theirs.step()
        np.testing.assert_allclose(layer.weight, twin.detach().numpy(), rtol=1e-9, atol=1e-9)
