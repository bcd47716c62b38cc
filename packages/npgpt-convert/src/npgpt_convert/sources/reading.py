"""What is at a path: a model with its tokenizer, or a tokenizer alone."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from npgpt_convert.files import is_there
from npgpt_convert.foreign import ForeignModel
from npgpt_convert.formats.gguf.reader import read_gguf
from npgpt_convert.formats.gguf.vocabulary import read_vocabulary
from npgpt_convert.formats.huggingface.reader import CONFIG, read_model
from npgpt_convert.formats.tiktoken import read_tiktoken
from npgpt_convert.formats.tokenizer_json.reader import read_tokenizer_json
from npgpt_convert.formats.vocab_merges import read_vocab_merges
from npgpt_convert.sources.installed import MODELS
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core.errors import NpgptError

TOKENIZER, VOCAB, MERGES = "tokenizer.json", "vocab.json", "merges.txt"
SENTENCEPIECE = "tokenizer.model"


class Source(NamedTuple):
    """What was read.

    ``words`` say it; ``model`` is None of a tokenizer alone.
    """

    words: str
    vocabulary: Vocabulary
    model: ForeignModel | None = None


def read_source(path: Path) -> Source:
    """Read what is at a path, but the numbers of a model's tensors.

    Raises:
        NpgptError: nothing is there, or nothing that is known; it is damaged, or not supported.
    """
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise NpgptError(
            f"there is no file or folder {path}, and no installed model has this name: there is"
            f" {', '.join(MODELS)}"
        )
    read = READERS.get(path.name) or READERS.get(path.suffix)
    if read is None:
        raise NpgptError(
            f"{path} is of no known format: expected a Hugging Face folder, or a file .gguf,"
            f" tokenizer.json, {VOCAB} beside {MERGES}, or .tiktoken"
        )
    return read(path)


def _folder(path: Path) -> Source:
    """A model of Hugging Face, or a tokenizer of theirs alone."""
    vocabulary = _vocabulary(path)
    if not is_there(path / CONFIG):
        return Source("the tokenizer of a folder without a model", vocabulary)
    model = read_model(path)
    return Source(f"a Hugging Face folder with {len(model.tensors):,} tensors", vocabulary, model)


def _vocabulary(folder: Path) -> Vocabulary:
    if is_there(folder / TOKENIZER):
        return read_tokenizer_json(folder / TOKENIZER)
    if is_there(folder / VOCAB):
        return read_vocab_merges(folder / VOCAB)
    if (folder / SENTENCEPIECE).exists():
        raise NpgptError(f"{folder} has a SentencePiece tokenizer: supported is byte-level BPE")
    raise NpgptError(f"{folder} has no tokenizer: expected {TOKENIZER}, or {VOCAB} and {MERGES}")


def _gguf(path: Path) -> Source:
    model = read_gguf(path)
    words = f"a GGUF file with {len(model.tensors):,} tensors"
    return Source(words, read_vocabulary(model.metadata), model)


def _merges(path: Path) -> Source:
    return Source(f"{VOCAB} and {MERGES}", read_vocab_merges(path.with_name(VOCAB), path))


READERS: dict[str, Callable[[Path], Source]] = {
    ".gguf": _gguf,
    MERGES: _merges,
    VOCAB: lambda path: Source(f"{VOCAB} and {MERGES}", read_vocab_merges(path)),
    ".json": lambda path: Source("a tokenizer.json", read_tokenizer_json(path)),
    ".tiktoken": lambda path: Source("a file of ranks", read_tiktoken(path)),
}
"""Name or ending of a file -> what reads it."""
