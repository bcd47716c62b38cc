"""Models and tokenizers of other programs, into npgpt and out of it."""

from npgpt_core.lazy import lazy_names

__version__ = "0.3.0"

__getattr__, __dir__ = lazy_names(__name__, __file__)
