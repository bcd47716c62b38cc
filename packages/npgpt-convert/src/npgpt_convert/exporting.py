"""A run, written as another program reads it: complete or absent."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from npgpt_convert.targets.names import FORMATS, TYPES
from npgpt_convert.targets.writing import WRITERS, Export
from npgpt_core.errors import NpgptError, short_repr
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.run.folder import Run


@dataclass(frozen=True)
class Exported:
    """What came of an export: the folder or file, and what there is to say of it, in lines."""

    path: Path
    notes: tuple[str, ...]


def export_model(
    run: str | Path,
    format: str,
    out: str | Path,
    *,
    checkpoint: str = "best",
    fold_head_bias: bool = False,
    data: Sequence[str] = (),
    type: str | None = None,
) -> Exported:
    """Write the model of a run, with its tokenizer, or the tokenizer alone.

    Args:
        run: its folder.
        format: "huggingface", "gguf", "tokenizer.json" or "tiktoken".
        out: the folder to make for "huggingface", the file for the others.
        checkpoint: "best", "latest" or a step.
        fold_head_bias: whether the bias of a GPT's head, which no other program has there, moves
            into the shift before the head. The loss before and after is in the notes.
        data: a dataset's name or paths, over whose text that loss is; none for the validation text
            of the run.
        type: of the matrices in GGUF, "F32", "F16" or "Q8_0"; F32 unless given.

    Raises:
        NpgptError: the format cannot hold this model or tokenizer, or ``out`` is there; nothing has
            been written.
    """
    if format not in FORMATS:
        raise NpgptError(f"format is {short_repr(format)}, expected one of {', '.join(FORMATS)}")
    if type is not None and (format != "gguf" or type not in TYPES):
        raise NpgptError(
            f"type is {short_repr(type)}, expected {', '.join(TYPES)} with the format"
            " gguf, and none with another"
        )
    if data and not fold_head_bias:
        raise NpgptError("`data` is the text of the loss that `fold_head_bias` tells: leave it out")
    export = Export(Run.open(run), checkpoint, fold_head_bias, data, type or TYPES[0], [])
    with _complete_or_absent(Path(out)) as (folder, name):
        WRITERS[format](export, folder, name)
    return Exported(Path(out), tuple(export.notes))


@contextmanager
def _complete_or_absent(out: Path) -> Iterator[tuple[Folder, str]]:
    """A ``with`` block that makes a file or folder of another name, which is ``out`` after it."""
    folder, temporary = Folder(out.parent), f".{out.name}.new"
    if folder.has(out.name) and not (out.is_dir() and not any(out.iterdir())):
        raise NpgptError(f"{out} is there already and not empty: choose another `out`")
    with writing(str(out)), folder.made():
        try:
            folder.remove(temporary)
            yield folder, temporary
            if out.is_dir():
                os.rmdir(out)
            folder.rename(temporary, out.name)
            folder.sync()
        finally:
            folder.remove(temporary)
