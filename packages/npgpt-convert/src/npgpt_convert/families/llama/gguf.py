"""The Llama family as GGUF writes it: matrices are (O, I), and Llama's q and k permuted.

llama.cpp turns the channels 2c and 2c + 1 of a head of Llama by one angle; ours, Hugging Face, and
llama.cpp where it computes Qwen, turn the channels c and c + D/2.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from npgpt_convert.families.family import Dialect, Options, Stored, matrix
from npgpt_convert.families.llama.members import MEMBERS, member, qkv_widths
from npgpt_convert.families.metadata import Metadata
from npgpt_convert.foreign import Tensor, rows_of
from npgpt_core import RopeScaling, Rotary
from npgpt_core.errors import NpgptError
from npgpt_core.types import Array

TABLE, HEAD, QUOTIENTS = "token_embd.weight", "output.weight", "rope_freqs.weight"
SCALING = "rope.llama3."
SCALINGS = {
    "factor": "rope_factor",
    "low_freq_factor": "rope_low_freq_factor",
    "high_freq_factor": "rope_high_freq_factor",
    "original_context_length": "rope_original_block_size",
}
"""What npgpt alone writes of scaled rotations -> our option, in the order of ``RopeScaling``."""


def _options(metadata: Metadata, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The options of ``llama`` from GGUF's metadata."""
    kind = metadata["general.architecture"]
    own = metadata.below(f"{kind}.")
    n_embd, n_head = own.whole("embedding_length"), own.whole("attention.head_count")
    head_size = own.whole("attention.key_length", n_embd // n_head)
    theta = own.real("rope.freq_base", 10_000.0)
    for key, supported in {
        **{"attention.value_length": head_size, "rope.dimension_count": head_size},
        **{"rope.scaling.type": "none", "rope.scaling.factor": 1.0, "rope.scale_linear": 1.0},
        **{"attention.sliding_window": 0, "expert_count": 0},
    }.items():
        own.one_of(key, (supported,), supported)
    return {
        "vocab_size": rows_of(TABLE, tensors),
        "block_size": own.whole("context_length"),
        "n_layer": own.whole("block_count"),
        "n_head": n_head,
        "n_kv_head": own.whole("attention.head_count_kv", n_head),
        "n_embd": n_embd,
        "n_hidden": own.whole("feed_forward_length"),
        "head_size": head_size,
        "norm_eps": own.real("attention.layer_norm_rms_epsilon"),
        "qkv_bias": kind == "qwen2",
        "qk_norm": kind == "qwen3",
        "tie_embeddings": HEAD not in tensors,
        "rope_theta": theta,
        **_scaling(own.below(SCALING), tensors, head_size, theta),
    }


def _scaling(
    own: Metadata, tensors: Mapping[str, Tensor], head_size: int, theta: float
) -> dict[str, Any]:
    """How the rotations are scaled: llama.cpp reads quotients, and ours say what they are of.

    The quotients of other files must be those of Llama 3.
    """
    stored = tensors.get(QUOTIENTS)
    if stored is None:
        return {}
    if stored.shape != (head_size // 2,):
        raise NpgptError(f"{QUOTIENTS} is {stored.shape}, expected ({head_size // 2},)")
    quotients = stored.read()
    scaling = RopeScaling(
        own.real("factor", float(quotients.max())),
        own.real("low_freq_factor", RopeScaling.low_freq_factor),
        own.real("high_freq_factor", RopeScaling.high_freq_factor),
        own.whole("original_context_length", RopeScaling.original_block_size),
    )
    if not np.allclose(_quotients(head_size, theta, scaling), quotients, rtol=1e-4):
        raise NpgptError(f"{QUOTIENTS} scales the rotations otherwise than Llama 3 does")
    return dict(zip(SCALINGS.values(), vars(scaling).values(), strict=True))


def _constants(options: Options) -> dict[str, Array]:
    """The quotients, if the rotations are scaled."""
    if options["rope_factor"] == 1:
        return {}
    if member(options) != "llama":
        raise NpgptError("llama.cpp scales the rotations of Llama alone: rope_factor must be 1")
    scaling = RopeScaling(*(options[ours] for ours in SCALINGS.values()))
    return {QUOTIENTS: _quotients(options["head_size"], options["rope_theta"], scaling)}


def _quotients(head_size: int, theta: float, scaling: RopeScaling) -> Array:
    """By what the angle of each pair of channels is divided: float32 (D/2,)."""
    thetas = np.array(Rotary(head_size, 1, theta=theta).thetas)
    return (thetas / scaling.scaled(thetas)).astype(np.float32)


def _metadata(options: Options) -> dict[str, Any]:
    """GGUF's metadata from the options of ``llama``."""
    kind = member(options)
    own = {
        "context_length": options["block_size"],
        "embedding_length": options["n_embd"],
        "block_count": options["n_layer"],
        "feed_forward_length": options["n_hidden"],
        "vocab_size": options["vocab_size"],
        "attention.head_count": options["n_head"],
        "attention.head_count_kv": options["n_kv_head"],
        "attention.key_length": options["head_size"],
        "attention.value_length": options["head_size"],
        "attention.layer_norm_rms_epsilon": float(options["norm_eps"]),
        "rope.dimension_count": options["head_size"],
        "rope.freq_base": float(options["rope_theta"]),
    }
    if options["rope_factor"] != 1:
        own |= {SCALING + key: options[ours] for key, ours in SCALINGS.items()}
    return {"general.architecture": kind, **{f"{kind}.{key}": own[key] for key in own}}


def _order(options: Options) -> npt.NDArray[np.intp]:
    """Their columns of q, k and v, in our order."""
    q, k, v = qkv_widths(options)
    order = np.arange(q + k + v)
    if member(options) == "llama":
        pairs = order[: q + k].reshape(-1, options["head_size"] // 2, 2)
        order[: q + k] = pairs.swapaxes(1, 2).reshape(-1)
    return order


def _qkv(suffix: str) -> tuple[str, ...]:
    return tuple(f"blk.{{}}.attn_{part}.{suffix}" for part in "qkv")


DIALECT = Dialect(
    architectures=tuple(MEMBERS.values()),
    ignored=(r"rope_freqs\.weight",),
    options=_options,
    metadata=_metadata,
    constants=_constants,
    names={
        "token_embedding.weight": Stored((TABLE,)),
        "blocks.{}.norm_1.gamma": Stored(("blk.{}.attn_norm.weight",)),
        "blocks.{}.attn.qkv.weight": matrix(*_qkv("weight"), widths=qkv_widths, order=_order),
        "blocks.{}.attn.qkv.bias": Stored(_qkv("bias"), widths=qkv_widths, order=_order),
        "blocks.{}.attn.q_norm.gamma": Stored(("blk.{}.attn_q_norm.weight",)),
        "blocks.{}.attn.k_norm.gamma": Stored(("blk.{}.attn_k_norm.weight",)),
        "blocks.{}.attn.proj.weight": matrix("blk.{}.attn_output.weight"),
        "blocks.{}.norm_2.gamma": Stored(("blk.{}.ffn_norm.weight",)),
        "blocks.{}.ff.gate.weight": matrix("blk.{}.ffn_gate.weight"),
        "blocks.{}.ff.up.weight": matrix("blk.{}.ffn_up.weight"),
        "blocks.{}.ff.down.weight": matrix("blk.{}.ffn_down.weight"),
        "norm_f.gamma": Stored(("output_norm.weight",)),
        "head.weight": matrix(HEAD),
    },
)
