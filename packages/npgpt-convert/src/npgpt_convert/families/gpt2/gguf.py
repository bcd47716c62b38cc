"""GPT-2 as GGUF writes it: every matrix is (O, I)."""

from collections.abc import Mapping
from typing import Any

from npgpt_convert.families.family import Dialect, Options, Stored, matrix
from npgpt_convert.families.gpt2.limits import EPS, require_no_head_bias
from npgpt_convert.families.metadata import Metadata
from npgpt_convert.foreign import Tensor, rows_of
from npgpt_core.errors import NpgptError

KIND = "gpt2"
TABLE, HEAD = "token_embd.weight", "output.weight"


def _options(metadata: Metadata, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The options of ``gpt`` from GGUF's metadata."""
    own = metadata.below(f"{KIND}.")
    width = own.whole("embedding_length")
    own.one_of("feed_forward_length", (4 * width,), 4 * width)
    own.one_of("attention.layer_norm_epsilon", (EPS,), EPS)
    return {
        "vocab_size": rows_of(TABLE, tensors),
        "block_size": own.whole("context_length"),
        "n_layer": own.whole("block_count"),
        "n_head": own.whole("attention.head_count"),
        "n_embd": width,
        "activation": "gelu",
        "tie_embeddings": HEAD not in tensors,
        "head_bias": False,
    }


def _metadata(options: Options) -> dict[str, Any]:
    """GGUF's metadata from the options of ``gpt``."""
    require_no_head_bias(options)
    if options["activation"] != "gelu":
        raise NpgptError(
            f"llama.cpp computes GPT-2 with gelu, and this model has {options['activation']}"
        )
    own = {
        "context_length": options["block_size"],
        "embedding_length": options["n_embd"],
        "feed_forward_length": 4 * options["n_embd"],
        "block_count": options["n_layer"],
        "attention.head_count": options["n_head"],
        "attention.layer_norm_epsilon": EPS,
    }
    return {"general.architecture": KIND, **{f"{KIND}.{key}": own[key] for key in own}}


def _linear(ours: str, theirs: str) -> dict[str, Stored]:
    return {
        f"blocks.{{}}.{ours}.weight": matrix(f"blk.{{}}.{theirs}.weight"),
        f"blocks.{{}}.{ours}.bias": Stored((f"blk.{{}}.{theirs}.bias",)),
    }


DIALECT = Dialect(
    architectures=(KIND,),
    options=_options,
    metadata=_metadata,
    names={
        "token_embedding.weight": Stored((TABLE,)),
        "position_embedding.weight": Stored(("position_embd.weight",)),
        "blocks.{}.ln_1.gamma": Stored(("blk.{}.attn_norm.weight",)),
        "blocks.{}.ln_1.beta": Stored(("blk.{}.attn_norm.bias",)),
        **_linear("attn.qkv", "attn_qkv"),
        **_linear("attn.proj", "attn_output"),
        "blocks.{}.ln_2.gamma": Stored(("blk.{}.ffn_norm.weight",)),
        "blocks.{}.ln_2.beta": Stored(("blk.{}.ffn_norm.bias",)),
        **_linear("ff.expand", "ffn_up"),
        **_linear("ff.proj", "ffn_down"),
        "ln_f.gamma": Stored(("output_norm.weight",)),
        "ln_f.beta": Stored(("output_norm.bias",)),
        "head.weight": matrix(HEAD),
    },
)
