"""The command line of npgpt: one file a command; each parses, calls and prints."""

__version__ = "0.1.0"
