"""The GPT of npgpt_models in PyTorch, under the same names, and the way to give it its weights.

Used by the parity tests, and by the benchmarks to run the two side by side.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class TorchAttention(nn.Module):
    """Causal self-attention from one fused product: (B, T, C) -> (B, T, C)."""

    def __init__(self, n_embd: int, n_head: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.n_head, self.dropout = n_head, dropout
        self.qkv = nn.Linear(n_embd, 3 * n_embd)
        self.proj = nn.Linear(n_embd, n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, t, c = x.shape
        heads = (b, t, self.n_head, c // self.n_head)
        q, k, v = (part.reshape(heads).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        p = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
        return self.proj(y.transpose(1, 2).reshape(b, t, c))


class TorchFeedForward(nn.Module):
    """Widen to 4C, ReLU or GELU, narrow: (B, T, C) -> (B, T, C)."""

    def __init__(self, n_embd: int, activation: str = "relu") -> None:
        super().__init__()
        self.activation = nn.ReLU() if activation == "relu" else nn.GELU(approximate="tanh")
        self.expand = nn.Linear(n_embd, 4 * n_embd)
        self.proj = nn.Linear(4 * n_embd, n_embd)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.proj(self.activation(self.expand(x)))


class TorchTiedHead(nn.Module):
    """x Eᵀ + b: (..., C) -> (..., V)."""

    def __init__(self, n_ids: int, n_embd: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_ids, n_embd))
        self.bias = nn.Parameter(torch.empty(n_ids))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight, self.bias)


class TorchBlock(nn.Module):
    """x + attention(norm(x)), then x + feedforward(norm(x))."""

    def __init__(self, n_embd: int, n_head: int, dropout: float, activation: str) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(n_embd)
        self.attn = TorchAttention(n_embd, n_head, dropout)
        self.ln_2 = nn.LayerNorm(n_embd)
        self.ff = TorchFeedForward(n_embd, activation)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.drop(self.attn(self.ln_1(x)))
        return x + self.drop(self.ff(self.ln_2(x)))


class TorchGPT(nn.Module):
    """Ids (B, T) -> logits (B, T, V). ``config`` is a ``GPTConfig`` or anything with its fields."""

    def __init__(self, config) -> None:
        super().__init__()
        self.config = config
        c = config.n_embd
        self.token_embedding = nn.Embedding(config.vocab_size, c)
        self.position_embedding = nn.Embedding(config.block_size, c)
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            TorchBlock(c, config.n_head, config.dropout, config.activation)
            for _ in range(config.n_layer)
        )
        self.ln_f = nn.LayerNorm(c)
        self.head = nn.Linear(c, config.vocab_size)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        positions = torch.arange(ids.shape[-1], device=ids.device)
        x = self.drop(self.token_embedding(ids) + self.position_embedding(positions))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


def copy_weights(gpt, torch_gpt: nn.Module) -> None:
    """Write the parameters of an npgpt module into its PyTorch twin, in the twin's dtype."""
    arrays = gpt.parameters()
    twins = {name: tensor for name, tensor, _ in twin_parameters(torch_gpt)}
    if arrays.keys() != twins.keys():
        raise ValueError(f"no twins of each other: {sorted(arrays.keys() ^ twins.keys())}")
    with torch.no_grad():
        for name, array in arrays.items():
            if array.shape != twins[name].shape:
                raise ValueError(f"{name}: {array.shape} is not {tuple(twins[name].shape)}")
            twins[name].copy_(torch.from_numpy(np.ascontiguousarray(array)))


def twin_parameters(
    torch_module: nn.Module,
) -> Iterator[tuple[str, torch.Tensor, torch.Tensor | None]]:
    """Yield npgpt's name, the parameter and its gradient, both in npgpt's shape (views).

    ``nn.Linear`` keeps its weight as (O, I), npgpt as (I, O); ``nn.LayerNorm`` and ``nn.RMSNorm``
    say weight and bias where npgpt says gamma and beta.
    """
    for prefix, module in torch_module.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            tensor, grad = parameter.detach(), parameter.grad
            if isinstance(module, nn.Linear) and name == "weight":
                tensor, grad = tensor.T, None if grad is None else grad.T
            if isinstance(module, nn.LayerNorm | nn.RMSNorm):
                name = {"weight": "gamma", "bias": "beta"}[name]
            yield f"{prefix}.{name}" if prefix else name, tensor, grad
