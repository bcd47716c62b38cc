"""The layers of a Llama in PyTorch, under the names of npgpt_core, in the field's usual form."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F


class TorchRotary(nn.Module):
    """Rotary positions in the form of rotate_half: (..., T, D) -> (..., T, D)."""

    def __init__(self, head_size: int, *, theta: float = 10_000.0, scaling=None) -> None:
        super().__init__()
        exponents = torch.arange(0, head_size, 2, dtype=torch.float64) / head_size
        self.inverse_frequencies = theta**-exponents
        if scaling is not None:
            self.inverse_frequencies = scaled_as_in_llama_3(self.inverse_frequencies, scaling)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        positions = torch.arange(x.shape[-2], dtype=torch.float64)
        angles = torch.outer(positions, self.inverse_frequencies)
        angles = torch.cat((angles, angles), dim=-1)
        x1, x2 = x.chunk(2, dim=-1)
        return x * angles.cos() + torch.cat((-x2, x1), dim=-1) * angles.sin()


def scaled_as_in_llama_3(inverse_frequencies: torch.Tensor, scaling) -> torch.Tensor:
    """By wavelength, a pair at a time, as the code that Meta released with Llama 3.1 does."""
    block_size = scaling.original_block_size
    scaled = []
    for frequency in inverse_frequencies.tolist():
        wavelength = 2 * math.pi / frequency
        if wavelength < block_size / scaling.high_freq_factor:
            scaled.append(frequency)
        elif wavelength > block_size / scaling.low_freq_factor:
            scaled.append(frequency / scaling.factor)
        else:
            smooth = block_size / wavelength - scaling.low_freq_factor
            smooth /= scaling.high_freq_factor - scaling.low_freq_factor
            scaled.append((1 - smooth) * frequency / scaling.factor + smooth * frequency)
    return torch.tensor(scaled, dtype=torch.float64)


class TorchGroupedQueryAttention(nn.Module):
    """Causal attention whose heads of keys and values are repeated: (B, T, C) -> (B, T, C)."""

    def __init__(
        self,
        n_embd: int,
        n_head: int,
        n_kv_head: int,
        head_size: int,
        *,
        rotary: TorchRotary | None = None,
        bias: bool = False,
        qk_norm_eps: float | None = None,
    ) -> None:
        super().__init__()
        self.heads, self.head_size = [n_head, n_kv_head, n_kv_head], head_size
        self.qkv = nn.Linear(n_embd, sum(self.heads) * head_size, bias=bias)
        self.q_norm = self.k_norm = nn.Identity()
        if qk_norm_eps is not None:
            self.q_norm = nn.RMSNorm(head_size, eps=qk_norm_eps)
            self.k_norm = nn.RMSNorm(head_size, eps=qk_norm_eps)
        self.rotary = rotary or nn.Identity()
        self.proj = nn.Linear(n_head * head_size, n_embd, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = self.qkv(x).unflatten(-1, (-1, self.head_size)).transpose(1, 2)
        q, k, v = heads.split(self.heads, dim=1)
        q, k = self.rotary(self.q_norm(q)), self.rotary(self.k_norm(k))
        k, v = (part.repeat_interleave(q.shape[1] // k.shape[1], dim=1) for part in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(y.transpose(1, 2).flatten(-2))


class TorchSwiGLU(nn.Module):
    """down(silu(gate(x)) * up(x)): (..., C) -> (..., C)."""

    def __init__(self, n_embd: int, n_hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(n_embd, n_hidden, bias=False)
        self.up = nn.Linear(n_embd, n_hidden, bias=False)
        self.down = nn.Linear(n_hidden, n_embd, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))
