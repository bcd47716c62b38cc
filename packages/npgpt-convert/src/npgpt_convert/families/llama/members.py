"""What tells the members of the family apart, in every format."""

from npgpt_convert.families.family import Options
from npgpt_core.errors import NpgptError

MEMBERS = {(False, False): "llama", (True, False): "qwen2", (False, True): "qwen3"}
"""Whether q, k and v have a bias, whether q and k are normalized -> the architecture."""


def member(options: Options) -> str:
    """The architecture that our options describe.

    Raises:
        NpgptError: there is none.
    """
    differences = (options["qkv_bias"], options["qk_norm"])
    if differences not in MEMBERS:
        raise NpgptError(
            "no architecture has both qkv_bias and qk_norm: Qwen2 has the one, Qwen3 the other"
        )
    return MEMBERS[differences]


def qkv_widths(options: Options) -> tuple[int, ...]:
    """Columns of q, k and v."""
    d = options["head_size"]
    return options["n_head"] * d, options["n_kv_head"] * d, options["n_kv_head"] * d
