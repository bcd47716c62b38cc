"""The text of a run: opened by name or path, measured once, split for validation, streamed."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError
from npgpt_core.events import Preparing
from npgpt_core.protocols import Dataset
from npgpt_train.text.datasets.files import TextFiles
from npgpt_train.text.datasets.finding import exists
from npgpt_train.text.record import TextRecord

PIECE = 2**20  # characters
SAMPLE = 2**14  # characters


class Corpus:
    """A dataset read once to know its length and digest, and split for validation.

    The last ``validation_fraction`` of the characters are the validation split: of N characters the
    first floor(N (1 - fraction)) are trained on. The splits come in pieces of at most 2**20
    characters that end at line ends where lines are shorter. How the dataset cut its own pieces
    makes no difference, so equal texts give equal tokens.

    Attributes:
        dataset: where the text comes from.
        is_dataset: whether that has a name, and is no files.
        validation_fraction: in [0, 1).
        n_characters: the length of the whole text.
        val_start: the character at which the validation split begins.
        sha256: hexadecimal digest of the whole text in UTF-8.
        sample: its beginning and its end, at most 2**14 characters each.

    Raises:
        NpgptError: no text at all, or a fraction outside [0, 1).
    """

    def __init__(self, dataset: Dataset, validation_fraction: float = 0.1) -> None:
        if not 0 <= validation_fraction < 1:
            raise NpgptError(
                f"validation_fraction is {validation_fraction}, expected at least 0 and below 1"
            )
        self.dataset = dataset
        self.is_dataset = not isinstance(dataset, TextFiles)
        self.validation_fraction = validation_fraction
        self.n_characters, self.sha256, self.sample = _measure(dataset.texts())
        if self.n_characters == 0:
            raise NpgptError("the dataset holds no text: choose one that does")
        train_fraction = 1 - Fraction(str(validation_fraction))  # 0.1 is 1/10, which no float is
        self.val_start = int(self.n_characters * train_fraction)

    def record(self, tokens_sha256: str | None = None) -> TextRecord:
        """What a run records of its text: length, digests and, of files, how many were read."""
        return TextRecord(
            characters=self.n_characters,
            sha256=self.sha256,
            tokens_sha256=tokens_sha256,
            **dataset_record(self.dataset),
        )

    def train_texts(self) -> Iterator[str]:
        """The training split in pieces, from its beginning."""
        yield from _pieces(_slice(self.dataset.texts(), 0, self.val_start))

    def val_texts(self) -> Iterator[str]:
        """The validation split in pieces, from its beginning."""
        yield from _pieces(_slice(self.dataset.texts(), self.val_start, self.n_characters))


def open_dataset(names: Sequence[str]) -> Dataset:
    """The dataset of one registered name, or of one or several paths, folders and globs.

    Raises:
        NpgptError: a name that is neither (lists the datasets there are and the close ones), or
            what the dataset itself has to say.
    """
    if not names:
        raise NpgptError("no data given: name a dataset, or the path of a file, folder or glob")
    if (name := _dataset_name(names)) is not None:
        return _create(name)
    if len(names) > 1 and (missing := [name for name in names if not exists(name)]):
        known = ", ".join(registry.names("dataset"))
        raise NpgptError(
            f"there is no file, folder or glob {missing[0]!r}: several are read one after another,"
            f" and a dataset is named alone (installed: {known})"
        )
    return TextFiles(names)


def _dataset_name(names: Sequence[str]) -> str | None:
    """The dataset that a name stands for which is no path; None of paths."""
    if len(names) == 1 and (names[0] in registry.names("dataset") or not exists(names[0])):
        return names[0]
    return None


def dataset_record(dataset: Dataset) -> dict[str, Any]:
    """What a run records of the files of its text, if there are any."""
    return dataset.record() if isinstance(dataset, TextFiles) else {}


def read_text(names: Sequence[str], report: Callable[[Preparing], object] = repr) -> Corpus:
    """Open and measure the text of one registered name, or of one or several paths.

    ``report`` hears of it before; of several files, which are read and which are not.
    """
    dataset = open_dataset(names)
    lines = dataset.summary_lines() if isinstance(dataset, TextFiles) else []
    for line in lines or ["reading the text"]:
        report(Preparing(line))
    return Corpus(dataset)


def _create(name: str) -> Dataset:
    try:
        dataset: Dataset = registry.create("dataset", name)
    except PluginError as error:
        raise NpgptError(
            f"{name!r:.200} is no file, folder or glob that exists, and {error}"
        ) from error
    return dataset


def _measure(texts: Iterable[str]) -> tuple[int, str, tuple[str, str]]:
    """The number of characters of a text, its SHA-256, its beginning and end."""
    length, digest = 0, hashlib.sha256()
    beginning = end = ""
    for text in texts:
        length += len(text)
        digest.update(text.encode("utf-8", "surrogatepass"))
        beginning += text[: SAMPLE - len(beginning)]
        end = (end + text[-SAMPLE:])[-SAMPLE:]
    return length, digest.hexdigest(), (beginning, end)


def _slice(texts: Iterable[str], start: int, stop: int) -> Iterator[str]:
    """The characters ``start`` to ``stop`` of a text."""
    position = 0
    for text in texts:
        if position >= stop:
            return
        yield text[max(start - position, 0) : stop - position]
        position += len(text)


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """The same text in pieces of at most ``PIECE`` characters, cut after the last line end."""
    waiting = ""
    for text in texts:
        waiting += text
        start = 0
        while len(waiting) - start > PIECE:
            stop = waiting.rfind("\n", start, start + PIECE) + 1 or start + PIECE
            yield waiting[start:stop]
            start = stop
        waiting = waiting[start:]
    if waiting:
        yield waiting
