"""A model of another program, made a run at step 0; a tokenizer alone, made a file of npgpt's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from npgpt_convert.conversion import Converted, from_foreign
from npgpt_convert.foreign import Tensor
from npgpt_convert.sources.installed import MODELS, find_installed
from npgpt_convert.sources.reading import Source, read_source
from npgpt_core.errors import NpgptError
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Array
from npgpt_train.imported import create_imported
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.run.folder import Run
from npgpt_train.run.paths import next_free
from npgpt_train.text.tokenizer_file import tokenizer_bytes

RUNS = Path("runs")
TABLE = "token_embedding.weight"
TOKENIZER = "pretrained-bpe"  # what every vocabulary becomes


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Args:
        path: the run's folder, or the tokenizer's file.
        read: what was read, in words.
        tokenizer: of the model, or alone.
        run: of the model; None of a tokenizer alone.
    """

    path: Path
    read: str
    tokenizer: Tokenizer
    run: Run | None = None


def import_model(source: str | Path, out: str | Path | None = None) -> Imported:
    """Make a run of a model of another program, or a tokenizer's file of its tokenizer alone.

    Args:
        source: a folder or file, or the name of an installed model.
        out: the run's folder, or the tokenizer's file; the next free ``runs/NAME-N`` unless given.

    Raises:
        NpgptError: it is of no format that is known, damaged, or needs what is not supported;
            nothing has been written.
    """
    name = str(source)
    is_name = name in MODELS and not Path(name).exists()
    path = find_installed(name) if is_name else Path(source)
    stem = name if is_name else path.resolve().stem[:50]
    target = next_free(RUNS, stem) if out is None else Path(out)
    with _naming(path):
        read = read_source(path)
        if read.model is None:
            return _write_tokenizer(read, target)
        converted = from_foreign(read.model)
        _require_fit(converted)
        size = converted.options["vocab_size"]
        tokenizer = read.vocabulary.padded(size).tokenizer()
        run = create_imported(
            target,
            model=converted.model,
            options=converted.options,
            parameters=converted.parameters,
            fill=lambda parameters: _fill(parameters, converted.tensors),
            tokenizer=tokenizer,
            tokenizer_name=TOKENIZER,
            imported_from=name,
        )
    return Imported(target, read.words, tokenizer, run)


def _require_fit(converted: Converted) -> None:
    """Raise an ``NpgptError`` unless there is a row for each id, before ids are made."""
    size, table = converted.options["vocab_size"], converted.tensors.get(TABLE)
    if table is None or table.shape[0] != size:
        rows = "no" if table is None else f"{table.shape[0]:,}"
        raise NpgptError(f"its vocab_size is {size:,}, and there are {rows} rows of {TABLE}")


def _write_tokenizer(read: Source, path: Path) -> Imported:
    """A file of npgpt's of a tokenizer without a model."""
    tokenizer = read.vocabulary.tokenizer()
    folder = Folder(path.parent)
    if folder.has(path.name):
        raise NpgptError(f"{path} is there already: choose another `out`")
    with writing(str(path)), folder.made():
        folder.replace(path.name, tokenizer_bytes(tokenizer))
    return Imported(path, read.words, tokenizer)


def _fill(parameters: Mapping[str, Array], tensors: Mapping[str, Tensor]) -> None:
    """Read every tensor into the parameter of its name, one after the other.

    Raises:
        NpgptError: they are not those of the model, or numbers are not finite.
    """
    for name in parameters.keys() - tensors.keys():
        raise NpgptError(f"there are no weights for {name}")
    for name, tensor in tensors.items():
        if name not in parameters:
            raise NpgptError(f"there are weights for {name}, which its configuration does not have")
        if tensor.shape != parameters[name].shape:
            raise NpgptError(
                f"the weights of {name} are {tensor.shape}, its configuration says"
                f" {parameters[name].shape}"
            )
    for name, tensor in tensors.items():
        parameters[name][...] = tensor.read()
        if not np.isfinite(parameters[name]).all():
            raise NpgptError(f"the weights of {name} hold numbers that are not finite")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the path before what is wrong there."""
    try:
        yield
    except NpgptError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from error
