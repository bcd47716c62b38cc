"""What our ``gpt`` and GPT-2 have in common in every format, and what only ours has."""

from npgpt_convert.families.family import Options
from npgpt_core.errors import NpgptError

EPS = 1e-5  # of our LayerNorm


def require_no_head_bias(options: Options) -> None:
    """Raise an ``NpgptError`` if the head has a bias."""
    if options["head_bias"]:
        raise NpgptError("GPT-2 has no bias in its head: fold it with `fold_head_bias=True`")
