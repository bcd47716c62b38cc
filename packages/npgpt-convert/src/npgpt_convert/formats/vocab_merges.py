"""``vocab.json`` and ``merges.txt``: the files of GPT-2, older than ``tokenizer.json``."""

from collections.abc import Iterator
from pathlib import Path

from npgpt_convert.files import read_file, read_object
from npgpt_convert.vocabulary import Vocabulary, listed
from npgpt_core.errors import NpgptError, short_repr

MAX_SIZE = 16 * 2**20  # bytes of either
END_OF_TEXT = "<|endoftext|>"


def read_vocab_merges(
    vocab: Path, merges: Path | None = None, *, pattern: str = "gpt2"
) -> Vocabulary:
    """The vocabulary of two files.

    They do not say which tokens are special: it is those of several characters that no merge makes.

    Args:
        vocab: the JSON object, token -> id.
        merges: a merge in each line; by default ``merges.txt`` in the same folder.
        pattern: what a word is, which the files do not say either.

    Raises:
        NpgptError: they are no such files, or damaged.
    """
    ids = read_object(vocab, MAX_SIZE)
    pairs = list(_pairs(merges or vocab.parent / "merges.txt"))
    made = {"".join(pair) for pair in pairs}
    tokens = listed(ids)
    special_tokens = {token: i for token, i in ids.items() if len(token) > 1 and token not in made}
    end = special_tokens.get(END_OF_TEXT)
    return Vocabulary.from_spellings(
        tokens, pairs, special_tokens=special_tokens, pattern=pattern, bos_id=end, eos_id=end
    )


def _pairs(path: Path) -> Iterator[list[str]]:
    try:
        text = read_file(path, MAX_SIZE).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NpgptError(f"{path} is damaged: {error}") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#version"):
            continue
        pair = line.rstrip("\r").split(" ")
        if len(pair) != 2:
            raise NpgptError(
                f"{path}, line {number}: {short_repr(line, 60)} is no pair of two tokens"
            )
        yield pair
