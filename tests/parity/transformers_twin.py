"""Small models of transformers with the weights of ours, computed in float64 throughout.

Used by the parity tests, and by ``record_golden.py``, which writes down what they give.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, Qwen2Config, Qwen3Config

from npgpt_convert.families.family import Dialect, Stored
from npgpt_convert.families.gpt2 import FAMILY as GPT2_FAMILY
from npgpt_convert.families.llama import FAMILY as LLAMA_FAMILY
from npgpt_convert.families.metadata import Metadata
from npgpt_core import Module, registry
from npgpt_core.testing.small import enliven
from npgpt_core.types import Array

V, NEW = 19, 8  # ids; how many more are generated
IDS = np.random.default_rng(0).integers(0, V, (2, 71))  # more than a query block of attention
SHARED = {"vocab_size": V, "max_position_embeddings": 80, "num_hidden_layers": 2}
LLAMA_3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,  # of 4 pairs one stays, one is slower, two are slow
}
SLOWER = {"rope_type": "default", "rope_theta": 100_000.0}


def _sizes(n_head: int, n_kv_head: int, n_embd: int, n_hidden: int) -> dict[str, int]:
    return SHARED | {
        "num_attention_heads": n_head,
        "num_key_value_heads": n_kv_head,
        "hidden_size": n_embd,
        "intermediate_size": n_hidden,
    }


CONFIGS = {
    "gpt2": GPT2Config(
        bos_token_id=0,
        eos_token_id=0,
        vocab_size=V,
        n_positions=80,
        n_layer=2,
        n_head=3,
        n_embd=12,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0),
    ),
    "llama": LlamaConfig(**_sizes(4, 2, 32, 40), rope_parameters=LLAMA_3),
    "smollm2": LlamaConfig(
        **_sizes(3, 1, 24, 64), rope_parameters=SLOWER, tie_word_embeddings=True
    ),
    "qwen2": Qwen2Config(**_sizes(4, 2, 24, 40), tie_word_embeddings=True),
    "qwen3": Qwen3Config(**_sizes(4, 2, 24, 40), head_dim=8),
}


@contextmanager
def double() -> Iterator[None]:
    """Let transformers compute in float64 what it computes in float32 always: RMSNorm, RoPE."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "float", torch.float64)
        patch.setattr(torch, "float32", torch.float64)
        patch.setattr(torch.Tensor, "float", torch.Tensor.double)
        yield


class Twins:
    """Our model and that of transformers, with the same weights.

    Args:
        name: in ``CONFIGS``.
    """

    def __init__(self, name: str) -> None:
        family = GPT2_FAMILY if name == "gpt2" else LLAMA_FAMILY
        self.dialect: Dialect = family.dialects["huggingface"]
        with double():
            made = AutoModelForCausalLM.from_config(CONFIGS[name], attn_implementation="eager")
        self.theirs = made.double()
        self.tensors = dict(self.theirs.named_parameters())
        self.model = family.model
        self.options = self.dialect.options(Metadata(CONFIGS[name].to_dict()), self.tensors)
        model_class: Any = registry.load("model", self.model)
        config = model_class.Config(**self.options)
        self.ours: Module = model_class(config, rng=np.random.default_rng(0), dtype=np.float64)
        self._copy(enliven(self.ours).parameters())

    def _copy(self, parameters: dict[str, Array]) -> None:
        """Give our weights to theirs."""
        for name, array in parameters.items():
            stored, names = self._stored(name)
            widths = stored.widths(self.options) if stored.widths else (array.shape[-1],)
            parts = np.split(array, np.cumsum(widths)[:-1], axis=-1)
            for part, tensor in zip(parts, names, strict=True):
                part = part.T if stored.transposed else part
                self.tensors[tensor].data.copy_(torch.from_numpy(part.copy()))

    def their_grads(self) -> dict[str, Array]:
        """The gradients that transformers computed, by our names and in our shapes."""
        grads = {}
        for name in self.ours.parameters():
            stored, names = self._stored(name)
            parts = [self.tensors[tensor].grad.numpy() for tensor in names]
            parts = [part.T if stored.transposed else part for part in parts]
            grads[name] = np.concatenate(parts, axis=-1)
        return grads

    def their_text(self) -> Array:
        """``IDS`` and the likeliest ``NEW`` that follow."""
        ids = torch.from_numpy(IDS)
        return (
            self.theirs.eval()
            .generate(
                ids,
                attention_mask=torch.ones_like(ids),  # else an id of padding would be left out
                do_sample=False,
                max_new_tokens=NEW,
                pad_token_id=0,
                eos_token_id=None,
            )
            .numpy()
        )

    def _stored(self, name: str) -> tuple[Stored, list[str]]:
        """How transformers stores our parameter, and the names of its tensors."""
        number = next((part for part in name.split(".") if part.isdecimal()), "")
        stored = self.dialect.names[name.replace(f".{number}.", ".{}.")]
        return stored, [tensor.format(number) for tensor in stored.names]
