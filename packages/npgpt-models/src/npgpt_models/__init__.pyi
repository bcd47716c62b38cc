"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_models.gpt import GPT as GPT
from npgpt_models.gpt import Block as Block
from npgpt_models.gpt import GPTConfig as GPTConfig
from npgpt_models.llama import Llama as Llama
from npgpt_models.llama_config import LlamaConfig as LlamaConfig

__version__: str
