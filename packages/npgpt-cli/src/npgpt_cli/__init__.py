"""The command line of npgpt: ``commands`` have options and the call, ``show`` prints."""

__version__ = "0.3.0"
