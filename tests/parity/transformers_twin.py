"""Small models of transformers with the weights of ours, computed in float64 throughout.

Used by the parity tests, and by ``record_golden.py``, which writes down what they give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, Qwen2Config, Qwen3Config

from npgpt_convert.conversion import Converted, from_foreign, to_foreign
from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_core import registry
from npgpt_core.testing.small import randomize
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

    Its configuration comes to us through npgpt-convert, our weights go there and its gradients come
    back in the same way.

    Args:
        name: in ``CONFIGS``.
    """

    def __init__(self, name: str) -> None:
        self._metadata = CONFIGS[name].to_dict()
        with double():
            made = AutoModelForCausalLM.from_config(CONFIGS[name], attn_implementation="eager")
        self.theirs = made.double()
        self.tensors = dict(self.theirs.named_parameters())
        converted = self._in_our_terms(self.tensors)
        self.model, self.options = converted.model, converted.options
        model_class = registry.load("model", self.model)
        config = model_class.Config(**self.options)
        self.ours = randomize(model_class(config, rng=np.random.default_rng(0), dtype=np.float64))
        foreign = to_foreign("huggingface", self.model, asdict(config), self.ours.parameters())
        for tensor, given in foreign.tensors.items():
            self.tensors[tensor].data.copy_(torch.from_numpy(given.read()))

    def their_grads(self) -> dict[str, Array]:
        """The gradients that transformers computed, by our names and in our shapes."""
        grads = {name: tensor.grad for name, tensor in self.tensors.items()}
        return {name: t.read() for name, t in self._in_our_terms(grads).tensors.items()}

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

    def _in_our_terms(self, tensors: Mapping[str, torch.Tensor]) -> Converted:
        arrays = {name: tensor.detach().numpy() for name, tensor in tensors.items()}
        foreign = {name: Tensor(array.shape, array.copy) for name, array in arrays.items()}
        return from_foreign(ForeignModel("huggingface", self._metadata, foreign))
