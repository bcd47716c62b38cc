"""The text that small language models are usually compared on, fetched once and verified."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_train.machine.cache import TINY_SHAKESPEARE, cache_dir
from npgpt_train.machine.disk import Folder
from npgpt_train.text.datasets.files import TextFiles

URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


class TinyShakespeare:
    """The 1,115,394 characters of tiny-shakespeare (Karpathy, char-rnn, 2015).

    Read from ``tiny-shakespeare.txt`` in the cache folder; it is fetched if it is not there.
    """

    def texts(self) -> Iterator[str]:
        """The text in pieces of about a million characters.

        Raises:
            NpgptError: the file cannot be fetched, or is not the usual text.
        """
        path = cache_dir() / TINY_SHAKESPEARE
        if not Folder(path.parent).has(path.name):
            _fetch(path)
        _verify(path)
        return TextFiles([path]).texts()


def _fetch(path: Path) -> None:
    by_hand = f"or fetch {URL} yourself and save it as {path}"
    try:
        import pooch  # type: ignore[import-untyped]
    except ImportError as error:
        raise NpgptError(
            f'fetching tiny-shakespeare needs pooch: pip install "npgpt-train[download]", {by_hand}'
        ) from error
    try:
        pooch.retrieve(URL, known_hash=f"sha256:{SHA256}", fname=path.name, path=path.parent)
    except (OSError, ValueError) as error:  # no network, no permission; another text
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise NpgptError(
            f"tiny-shakespeare could not be fetched ({reason[0]}): try again, {by_hand}"
        ) from error


def _verify(path: Path) -> None:
    with Folder(path.parent).open(path.name) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise NpgptError(
            f"{path} is not tiny-shakespeare: its SHA-256 is {digest}, expected {SHA256};"
            " remove the file and it is fetched again, or pass your own text by its path"
        )
