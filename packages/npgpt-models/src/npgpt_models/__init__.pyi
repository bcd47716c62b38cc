"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_models.gpt import GPT as GPT
from npgpt_models.gpt import Block as Block
from npgpt_models.gpt import GPTConfig as GPTConfig

__version__: str
