"""The model architectures of npgpt."""

from typing import TYPE_CHECKING

from npgpt_core.lazy import lazy_names

if TYPE_CHECKING:
    from npgpt_models.gpt import GPT as GPT
    from npgpt_models.gpt import Block as Block
    from npgpt_models.gpt import GPTConfig as GPTConfig

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(__name__, {"GPT": ".gpt", "Block": ".gpt", "GPTConfig": ".gpt"})
