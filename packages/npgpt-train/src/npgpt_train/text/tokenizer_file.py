"""The file of a tokenizer: its state as JSON, a line for each field, in ASCII.

The same state has the same bytes, which are those of npgpt 0.1 for the tokenizers of the house.
"""

import json

from npgpt_core.errors import NpgptError, PluginError
from npgpt_core.protocols import Tokenizer

MAX_SIZE = 64 * 2**20  # bytes; a vocabulary of a million tokens takes about a third


def tokenizer_bytes(tokenizer: Tokenizer) -> bytes:
    """What the file of a trained tokenizer holds.

    Raises:
        PluginError: its state is no JSON object.
        NpgptError: its state is too large to be read again.
    """
    who = type(tokenizer).__name__
    state = tokenizer.state()
    try:
        fields = [json.dumps({key: value}, allow_nan=False) for key, value in state.items()]
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise PluginError(
            f"state() of {who} gave no JSON object: {error}. It must be a dict of strings to what"
            " JSON can hold"
        ) from error
    data = ("{\n" + ",\n".join(field[1:-1] for field in fields) + "\n}\n").encode("ascii")
    if len(data) > MAX_SIZE:
        raise NpgptError(
            f"this {who} takes {len(data):,} bytes and a file may have {MAX_SIZE:,}: train with a"
            " smaller vocab_size"
        )
    return data
