"""The Llama family, our ``llama``: Llama 2 and 3, SmolLM2, Qwen2 and Qwen3."""

from npgpt_convert.families.family import Family
from npgpt_convert.families.llama import gguf, huggingface

FAMILY = Family("llama", {"huggingface": huggingface.DIALECT, "gguf": gguf.DIALECT})
