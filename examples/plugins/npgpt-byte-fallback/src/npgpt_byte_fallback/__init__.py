"""Byte-pair encoding with byte fallback, a plugin of npgpt."""

__version__ = "0.2.0"
