"""Checks for authors of layers and plugins: gradients against central differences, contracts."""

from npgpt_core.lazy import lazy_names

__getattr__, __dir__ = lazy_names(__name__, __file__)
