"""GPT-2 as Hugging Face writes it: its Conv1D matrices are (I, O), as ours are."""

from collections.abc import Mapping
from typing import Any

from npgpt_convert.families.family import Dialect, Options, Stored, matrix
from npgpt_convert.families.gpt2.limits import EPS, require_no_head_bias
from npgpt_convert.families.metadata import Metadata
from npgpt_convert.foreign import Tensor

ACTIVATIONS = {"gelu_new": "gelu", "gelu_pytorch_tanh": "gelu", "relu": "relu"}
"""What config.json calls an activation -> our name; the first of equal ones is written."""


def _options(metadata: Metadata, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The options of ``gpt`` from config.json."""
    width = metadata.whole("n_embd")
    metadata.one_of("n_inner", (4 * width,), 4 * width)
    metadata.one_of("scale_attn_weights", (True,), True)
    metadata.one_of("scale_attn_by_inverse_layer_idx", (False,), False)
    metadata.one_of("add_cross_attention", (False,), False)
    metadata.one_of("layer_norm_epsilon", (EPS,), EPS)
    activation = metadata.one_of("activation_function", tuple(ACTIVATIONS), "gelu_new")
    return {
        "vocab_size": metadata.whole("vocab_size"),
        "block_size": metadata.whole("n_positions"),
        "n_layer": metadata.whole("n_layer"),
        "n_head": metadata.whole("n_head"),
        "n_embd": width,
        "activation": ACTIVATIONS[activation],
        "tie_embeddings": metadata.flag("tie_word_embeddings", True),
        "head_bias": False,
    }


def _metadata(options: Options) -> dict[str, Any]:
    """config.json from the options of ``gpt``."""
    require_no_head_bias(options)
    activations = (name for name, ours in ACTIVATIONS.items() if ours == options["activation"])
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": options["vocab_size"],
        "n_positions": options["block_size"],
        "n_layer": options["n_layer"],
        "n_head": options["n_head"],
        "n_embd": options["n_embd"],
        "activation_function": next(activations),
        "layer_norm_epsilon": EPS,
        "tie_word_embeddings": options["tie_embeddings"],
        **dict.fromkeys(("resid_pdrop", "embd_pdrop"), options["dropout"]),
        "attn_pdrop": 0.0,
    }


DIALECT = Dialect(
    architectures=("gpt2",),
    prefix="transformer.",
    ignored=(r"(transformer\.)?h\.\d+\.attn\.(masked_)?bias",),  # the causal mask
    options=_options,
    metadata=_metadata,
    names={
        "token_embedding.weight": Stored(("transformer.wte.weight",)),
        "position_embedding.weight": Stored(("transformer.wpe.weight",)),
        "blocks.{}.ln_1.gamma": Stored(("transformer.h.{}.ln_1.weight",)),
        "blocks.{}.ln_1.beta": Stored(("transformer.h.{}.ln_1.bias",)),
        "blocks.{}.attn.qkv.weight": Stored(("transformer.h.{}.attn.c_attn.weight",)),
        "blocks.{}.attn.qkv.bias": Stored(("transformer.h.{}.attn.c_attn.bias",)),
        "blocks.{}.attn.proj.weight": Stored(("transformer.h.{}.attn.c_proj.weight",)),
        "blocks.{}.attn.proj.bias": Stored(("transformer.h.{}.attn.c_proj.bias",)),
        "blocks.{}.ln_2.gamma": Stored(("transformer.h.{}.ln_2.weight",)),
        "blocks.{}.ln_2.beta": Stored(("transformer.h.{}.ln_2.bias",)),
        "blocks.{}.ff.expand.weight": Stored(("transformer.h.{}.mlp.c_fc.weight",)),
        "blocks.{}.ff.expand.bias": Stored(("transformer.h.{}.mlp.c_fc.bias",)),
        "blocks.{}.ff.proj.weight": Stored(("transformer.h.{}.mlp.c_proj.weight",)),
        "blocks.{}.ff.proj.bias": Stored(("transformer.h.{}.mlp.c_proj.bias",)),
        "ln_f.gamma": Stored(("transformer.ln_f.weight",)),
        "ln_f.beta": Stored(("transformer.ln_f.bias",)),
        "head.weight": matrix("lm_head.weight"),
    },
)
