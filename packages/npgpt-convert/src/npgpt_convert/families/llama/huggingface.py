"""The Llama family as Hugging Face writes it: every matrix is (O, I)."""

from collections.abc import Mapping
from typing import Any

from npgpt_convert.families.family import Dialect, Options, Stored, matrix
from npgpt_convert.families.llama.members import member, qkv_widths
from npgpt_convert.families.metadata import Metadata
from npgpt_convert.foreign import Tensor
from npgpt_core.errors import NpgptError, short_repr

ROPE_TYPES = ("default", "llama3")


def _options(metadata: Metadata, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The options of ``llama`` from config.json."""
    kind = metadata["model_type"]
    n_layer, n_head = metadata.whole("num_hidden_layers"), metadata.whole("num_attention_heads")
    n_embd = metadata.whole("hidden_size")
    metadata.one_of("hidden_act", ("silu",), "silu")
    metadata.one_of("attention_bias", (False,), False)
    metadata.one_of("mlp_bias", (False,), False)
    _require_full_attention(metadata, n_layer)
    head_size = 128 if kind == "qwen3" else n_embd // n_head
    block_size = metadata.whole("max_position_embeddings")
    return {
        "vocab_size": metadata.whole("vocab_size"),
        "block_size": block_size,
        "n_layer": n_layer,
        "n_head": n_head,
        "n_kv_head": metadata.whole("num_key_value_heads", n_head),
        "n_embd": n_embd,
        "n_hidden": metadata.whole("intermediate_size"),
        "head_size": metadata.whole("head_dim", head_size),
        "norm_eps": metadata.real("rms_norm_eps", 1e-6),
        "qkv_bias": kind == "qwen2",
        "qk_norm": kind == "qwen3",
        "tie_embeddings": metadata.flag("tie_word_embeddings", False),
        **_rotation(metadata, block_size),
    }


def _require_full_attention(metadata: Metadata, n_layer: int) -> None:
    """Raise an ``NpgptError`` if a block sees only the last tokens."""
    none_is_full = metadata.get("max_window_layers") == 0
    if none_is_full or metadata.whole("max_window_layers", 28) < n_layer:  # the blocks after these
        metadata.one_of("use_sliding_window", (False,), False)
    kinds = metadata.get("layer_types", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind != "full_attention":
            raise NpgptError(
                f"layer_types has {short_repr(kind, 60)}, supported is 'full_attention'"
            )


def _rotation(metadata: Metadata, block_size: int) -> dict[str, Any]:
    """The rotation of positions: ``rope_parameters`` of transformers 5, or what 4 wrote."""
    new, old = metadata.table("rope_parameters"), metadata.table("rope_scaling")
    rope = new or old
    for values in (metadata, rope):
        values.one_of("partial_rotary_factor", (1, 1.0), 1.0)
    theta = rope.real("rope_theta", metadata.real("rope_theta", 10_000.0))
    kind = rope.one_of("rope_type" if "rope_type" in rope else "type", ROPE_TYPES, "default")
    if kind == "default":
        return {"rope_theta": theta}
    return {
        "rope_theta": theta,
        "rope_factor": rope.real("factor"),
        "rope_low_freq_factor": rope.real("low_freq_factor"),
        "rope_high_freq_factor": rope.real("high_freq_factor"),
        "rope_original_block_size": rope.whole("original_max_position_embeddings", block_size),
    }


CLASSES = {
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
}
"""Architecture -> the class that computes it."""


def _metadata(options: Options) -> dict[str, Any]:
    """config.json from the options of ``llama``."""
    model_type = member(options)
    head_size, n_head = options["head_size"], options["n_head"]
    if model_type == "qwen2" and head_size * n_head != options["n_embd"]:
        raise NpgptError(
            f"head_size = {head_size} does not fit Qwen2, whose heads have n_embd / n_head ="
            f" {options['n_embd'] // n_head} channels"
        )
    return {
        "architectures": [CLASSES[model_type]],
        "model_type": model_type,
        "vocab_size": options["vocab_size"],
        "max_position_embeddings": options["block_size"],
        "num_hidden_layers": options["n_layer"],
        "num_attention_heads": n_head,
        "num_key_value_heads": options["n_kv_head"],
        "hidden_size": options["n_embd"],
        "intermediate_size": options["n_hidden"],
        "head_dim": head_size,
        "hidden_act": "silu",
        "rms_norm_eps": options["norm_eps"],
        "tie_word_embeddings": options["tie_embeddings"],
        "rope_theta": options["rope_theta"],
        "rope_scaling": _scaling(options),
    }


def _scaling(options: Options) -> dict[str, Any] | None:
    """How rotations are scaled, if they are, in the words that transformers 4 and 5 both read."""
    if options["rope_factor"] == 1:
        return None
    return {
        "rope_type": "llama3",
        "factor": options["rope_factor"],
        "low_freq_factor": options["rope_low_freq_factor"],
        "high_freq_factor": options["rope_high_freq_factor"],
        "original_max_position_embeddings": options["rope_original_block_size"],
    }


def _qkv(suffix: str) -> tuple[str, ...]:
    return tuple(f"model.layers.{{}}.self_attn.{part}_proj.{suffix}" for part in "qkv")


DIALECT = Dialect(
    architectures=tuple(CLASSES),
    prefix="model.",
    ignored=(r"(model\.)?layers\.\d+\.self_attn\.rotary_emb\.inv_freq",),
    options=_options,
    metadata=_metadata,
    names={
        "token_embedding.weight": Stored(("model.embed_tokens.weight",)),
        "blocks.{}.norm_1.gamma": Stored(("model.layers.{}.input_layernorm.weight",)),
        "blocks.{}.attn.qkv.weight": matrix(*_qkv("weight"), widths=qkv_widths),
        "blocks.{}.attn.qkv.bias": Stored(_qkv("bias"), widths=qkv_widths),
        "blocks.{}.attn.q_norm.gamma": Stored(("model.layers.{}.self_attn.q_norm.weight",)),
        "blocks.{}.attn.k_norm.gamma": Stored(("model.layers.{}.self_attn.k_norm.weight",)),
        "blocks.{}.attn.proj.weight": matrix("model.layers.{}.self_attn.o_proj.weight"),
        "blocks.{}.norm_2.gamma": Stored(("model.layers.{}.post_attention_layernorm.weight",)),
        "blocks.{}.ff.gate.weight": matrix("model.layers.{}.mlp.gate_proj.weight"),
        "blocks.{}.ff.up.weight": matrix("model.layers.{}.mlp.up_proj.weight"),
        "blocks.{}.ff.down.weight": matrix("model.layers.{}.mlp.down_proj.weight"),
        "norm_f.gamma": Stored(("model.norm.weight",)),
        "head.weight": matrix("lm_head.weight"),
    },
)
