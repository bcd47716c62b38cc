"""Write down what the gguf package and transformers give: ``python -m tests.parity.record_gguf``.

The ordinary tests hold ours to these numbers without those programs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from transformers import LlamaConfig, LlamaForCausalLM

from npgpt_convert.formats.gguf.tensor_types import TYPES
from npgpt_convert.sources.installed import find_installed

ROOT = Path(__file__).parents[2]
TYPES_PATH = ROOT / "packages/npgpt-convert/tests/data/gguf_types.json"
SMOLLM2_PATH = ROOT / "tests/data/smollm2.json"

IDS = [6403, 1980, 253, 655, 28, 281, 253, 1165, 6560]  # Once upon a time, in a small village
NEW = 64
STRIDE = 97  # of the logits that are written down

LAYERS = {
    **{"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"},
    **{f"attn_{part}": f"self_attn.{part}_proj" for part in "qkv"},
    "attn_output": "self_attn.o_proj",
    **{f"ffn_{part}": f"mlp.{part}_proj" for part in ("gate", "up", "down")},
}
ENDS = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}


def numbers_of_types() -> dict[str, Any]:
    """Random bytes of each type of tensor, and the numbers that the gguf package makes of them."""
    rng = np.random.default_rng(0)
    golden = {}
    for name in TYPES:
        kind = GGMLQuantizationType[name]
        data = rng.integers(0, 112, (2, GGML_QUANT_SIZES[kind][1]), np.uint8)  # all are finite
        numbers = gguf.dequantize(data, kind).astype("<f4")
        golden[name] = {"bytes": data.tobytes().hex(), "numbers": numbers.tobytes().hex()}
    return golden


def smollm2() -> LlamaForCausalLM:
    """The installed SmolLM2 in transformers, float32; the gguf package dequantizes it."""
    reader = gguf.GGUFReader(find_installed("smollm2"))
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=49_152,
            hidden_size=576,
            intermediate_size=1536,
            num_hidden_layers=30,
            num_attention_heads=9,
            num_key_value_heads=3,
            max_position_embeddings=8192,
            rms_norm_eps=1e-5,
            rope_theta=100_000.0,
            tie_word_embeddings=True,
        )
    )
    state = dict(_theirs(tensor) for tensor in reader.tensors)
    model.load_state_dict(state | {"lm_head.weight": state["model.embed_tokens.weight"]})
    return model.eval()


def _theirs(tensor: Any) -> tuple[str, torch.Tensor]:
    """A tensor of the file by the name that transformers has, its rows in that order."""
    numbers = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
    if tensor.name in ENDS:
        return ENDS[tensor.name], torch.from_numpy(numbers.copy())
    _, block, layer, _ = tensor.name.split(".")
    if layer in ("attn_q", "attn_k"):
        numbers = numbers.reshape(-1, 32, 2, 576).swapaxes(1, 2).reshape(numbers.shape)
    name = f"model.layers.{block}.{LAYERS[layer]}.weight"
    return name, torch.from_numpy(numbers.copy())


def answers_of_smollm2() -> dict[str, Any]:
    """Logits of the last id, every 97th of them, and the greedy text."""
    model, ids = smollm2(), torch.tensor([IDS])
    with torch.no_grad():
        logits = model(ids).logits[0, -1]
        text = model.generate(ids, do_sample=False, max_new_tokens=NEW, eos_token_id=None)
    return {
        "ids": IDS,
        "stride": STRIDE,
        "logits": logits[::STRIDE].tolist(),
        "continued": text[0, len(IDS) :].tolist(),
    }


def write(path: Path, golden: Mapping[str, Any]) -> None:
    """One line for each entry."""
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items())
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    write(TYPES_PATH, numbers_of_types())
    write(SMOLLM2_PATH, answers_of_smollm2())
