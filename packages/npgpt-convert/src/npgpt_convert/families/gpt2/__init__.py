"""GPT-2 (Radford et al. 2019): our ``gpt`` with GELU, a tied head and no bias in the head."""

from npgpt_convert.families.family import Family
from npgpt_convert.families.gpt2 import gguf, huggingface

FAMILY = Family("gpt", {"huggingface": huggingface.DIALECT, "gguf": gguf.DIALECT})
