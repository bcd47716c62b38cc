"""The file of a tokenizer: its state as JSON, a line for each field, in ASCII.

The same state has the same bytes, which are those of npgpt 0.1 for the tokenizers of the house.
"""

import hashlib
import json
import os
from collections.abc import Iterable

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError
from npgpt_core.protocols import Tokenizer

MAX_SIZE = 64 * 2**20  # bytes; a vocabulary of a million tokens takes about a third
SUFFIX = ".json"
OTHERS = (".gguf", ".tiktoken")  # suffixes of files in which other programs have tokenizers
PROBE = "The 7 quick-brown foxes can't jump:\r\n\t  NAÏVE café — 你好 🙂 <unk>\n"


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


def is_tokenizer_path(name: object) -> bool:
    """Whether a name is that of no tokenizer, but the path of a run or a file, there or not.

    What is not there is meant as a path if it has a separator or the suffix of a file.
    """
    if not isinstance(name, str) or registry.has("tokenizer", name):
        return False
    looks_so = os.path.dirname(name) != "" or name.endswith((SUFFIX, *OTHERS))
    return looks_so or os.path.exists(name)


def require_run_or_file(path: str | os.PathLike[str]) -> None:
    """Raise a ``PluginError`` where neither a run nor a file is that could have a tokenizer."""
    if not (os.path.isdir(path) or os.path.isfile(path)):
        raise PluginError(f"there is no run and no file {os.fspath(path)}")


def encoding_digest(tokenizer: Tokenizer, *texts: str) -> str:
    """A digest of what ``encode`` makes of some texts and of ``PROBE``, hexadecimal.

    Of one tokenizer it differs only where its code changed.
    """
    import numpy as np  # only here: it would slow every start of the command down

    digest = hashlib.sha256()
    for text in (*texts, PROBE):
        try:
            ids = np.asarray(tokenizer.encode(text), np.int64)
        except Exception as error:  # that it has no answer is what its code does, too
            digest.update(type(error).__name__.encode())
        else:
            digest.update(ids.size.to_bytes(8) + ids.tobytes())
    return digest.hexdigest()


def require_restorable(
    name: str, tokenizer: Tokenizer, written: bytes, texts: Iterable[str]
) -> None:
    """Make sure that what the file of a tokenizer holds gives the tokenizer again.

    Args:
        name: of the tokenizer's class in the registry.
        tokenizer: trained.
        written: what its file will hold.
        texts: of which both must make the same ids.

    Raises:
        PluginError: it gives another one, which would show only when the trained run is opened.
    """
    try:
        again = registry.load("tokenizer", name).from_state(json.loads(written))
    except NpgptError as error:
        raise PluginError(
            f"tokenizer {name!r} refuses in from_state what its state() gave: {error}"
        ) from error
    if encoding_digest(again, *texts) != encoding_digest(tokenizer, *texts):
        raise PluginError(
            f"tokenizer {name!r} gives other ids once it is read back: its state() or from_state()"
            " leaves something out"
        )
