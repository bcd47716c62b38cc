"""Byte-pair encoding with byte fallback, a plugin of npgpt."""

__version__ = "0.1.0"
