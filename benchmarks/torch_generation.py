"""Generation by PyTorch eager with a key/value cache, as one writes it by hand to be fast.

Weights of the twin, ``torch.inference_mode``, a cache that is there before the first token, one
token a step, its queries against the keys so far.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F


class TorchGeneration:
    """Continues one prompt.

    Args:
        model: the ``TorchGPT`` of the parity tests.
    """

    def __init__(self, model: Any) -> None:
        self.model = model.eval()
        c = model.config
        self.head_size = c.n_embd // c.n_head
        shape = (c.n_layer, 1, c.n_head, c.block_size, self.head_size)
        self.k, self.v = torch.empty(shape), torch.empty(shape)

    @torch.inference_mode()
    def generate(self, prompt: list[int], new_tokens: int, temperature: float) -> list[int]:
        """The prompt and what follows it; at temperature 0 the likeliest token each time."""
        ids = torch.empty(1, len(prompt) + new_tokens, dtype=torch.long)
        ids[0, : len(prompt)] = torch.tensor(prompt)
        start = 0
        for end in range(len(prompt), ids.shape[1]):
            logits = self._logits(ids[:, start:end], start)
            if temperature == 0:
                ids[:, end] = logits.argmax(-1)
            else:
                p = F.softmax(logits / temperature, -1)
                ids[:, end] = torch.multinomial(p, 1)[:, 0]
            start = end
        return ids[0].tolist()

    def _logits(self, ids: torch.Tensor, start: int) -> torch.Tensor:
        """Logits (1, V) after ids (1, T), which follow ``start`` positions in the cache."""
        model, end = self.model, start + ids.shape[1]
        x = model.token_embedding(ids) + model.position_embedding.weight[start:end]
        for i, block in enumerate(model.blocks):
            x = x + self._attention(block.attn, block.ln_1(x), self.k[i], self.v[i], start)
            x = x + block.ff(block.ln_2(x))
        return model.head(model.ln_f(x[:, -1]))

    def _attention(
        self, attn: Any, x: torch.Tensor, k: torch.Tensor, v: torch.Tensor, start: int
    ) -> torch.Tensor:
        b, t, c = x.shape
        end = start + t
        qkv = attn.qkv(x).view(b, t, 3, attn.n_head, self.head_size).permute(2, 0, 3, 1, 4)
        k[:, :, start:end], v[:, :, start:end] = qkv[1], qkv[2]
        y = F.scaled_dot_product_attention(
            qkv[0], k[:, :, :end], v[:, :, :end], is_causal=start == 0 and t > 1
        )
        return attn.proj(y.transpose(1, 2).reshape(b, t, c))
