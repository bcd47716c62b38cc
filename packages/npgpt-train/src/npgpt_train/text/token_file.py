"""Tokens on disk: a corpus is encoded once, and read through memory-mapped files ever after.

An entry of the cache is a folder, complete or absent: written under another name, synced, renamed::

    tokens/KEY/train.bin   val.bin    ids, uint16 or uint32, little-endian, nothing else
    tokens/KEY/tokens.json            size and checksum of each

KEY is a digest of the text, the splits and the tokenizer, and a digest of what ``encode`` makes of
a sample of the text: after any change, of the code too, there is another entry.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError, warn
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids
from npgpt_train.machine.cache import TOKENS, cache_dir, scratch_name
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.lock import RunLock
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.tokenizer_file import encoding_digest, tokenizer_bytes

FORMAT = 2
SPLITS = ("train", "val")


@dataclass(frozen=True)
class Tokens:
    """The ids of a corpus, read-only and mapped into memory page by page as they are used.

    Attributes:
        train: shape (n,), uint16 or uint32.
        val: shape (m,), of the same dtype.
        path: the folder in the cache.
        sha256: of both splits, hexadecimal.
        tokenizer: what the file of their tokenizer holds.
        encoding_sha256: of what it makes of ``PROBE``, hexadecimal.
    """

    train: Ids
    val: Ids
    path: Path
    sha256: str
    tokenizer: bytes
    encoding_sha256: str


def token_files(
    corpus: Corpus,
    tokenizer: Tokenizer,
    origin: object,
    *,
    on_progress: Callable[[int], object] | None = None,
) -> Tokens:
    """The tokens of both splits of a corpus: from the cache, or encoded now in one pass.

    Memory holds a piece at a time, whatever the size of the corpus. A damaged entry of the cache is
    written again, and several processes may ask for the same tokens at once.

    Args:
        corpus: what to encode.
        tokenizer: trained.
        origin: says in its repr where the tokenizer came from, at which version. Whether its code
            is still the same shows on a sample of the text, too; an ``NpgptWarning`` says if not.
        on_progress: called after each piece with the number of characters done so far.

    Raises:
        NpgptError: the cache cannot be written (disk full, no permission), the text changed while
            it was read, or the tokenizer gave an id outside its vocabulary.
    """
    written = tokenizer_bytes(tokenizer)
    learned = hashlib.sha256(written + repr(origin).encode()).hexdigest()
    identity = [FORMAT, corpus.sha256, corpus.n_characters, corpus.val_start, learned]
    text = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    key = f"{text}-{encoding_digest(tokenizer, *corpus.sample)[:16]}"
    dtype = np.dtype("<u2" if tokenizer.vocab_size <= 2**16 else "<u4")
    described = {
        "format": FORMAT,
        "key": key,
        "dtype": dtype.name,
        "about": f"{type(tokenizer).__name__} of {tokenizer.vocab_size:,} ids,"
        f" {corpus.n_characters:,} characters with SHA-256 {corpus.sha256[:12]}...",
    }
    cache, entry = Folder(cache_dir()), f"{TOKENS}/{key}"
    try:
        if (found := _opened(cache, entry, described)) is None:
            _warn_of_other_code(cache, text, key, tokenizer)
            with _scratch(cache, entry) as scratch:
                _write_entry(cache, f"{scratch}/entry", described, corpus, tokenizer, on_progress)
                _put_in_place(cache, scratch, entry, described)
            if (found := _opened(cache, entry, described)) is None:
                raise OSError("the disk does not give back what was written to it")
        train, val, sha256 = found
        probed = encoding_digest(tokenizer)
        return Tokens(train, val, cache.path / entry, sha256, written, probed)
    except OSError as error:
        raise NpgptError(
            f"tokens cannot be kept in {cache.path / TOKENS} ({error.strerror or error}):"
            " make room or allow writing there, or set NPGPT_CACHE to another folder"
        ) from error


def _warn_of_other_code(cache: Folder, text: str, key: str, tokenizer: Tokenizer) -> None:
    entries = (name for name in cache.names(TOKENS) if "." not in name)
    if any(name.startswith(f"{text}-") and name != key for name in entries):
        warn(
            f"{type(tokenizer).__name__} encodes this text otherwise than before, so its code"
            " changed: the text is encoded anew"
        )


@contextmanager
def _scratch(cache: Folder, entry: str) -> Iterator[str]:
    """A folder that is ours alone, and locked so that nobody takes it for abandoned."""
    name = scratch_name(entry)
    cache.make()
    cache.make(f"{name}/entry")
    try:
        lock = RunLock(cache.path / name, "written")
        try:
            yield name
        finally:
            lock.close()
    finally:
        with suppress(OSError):
            cache.remove(name)


# ------------------------------------------------------------------------ reading


def _opened(cache: Folder, entry: str, described: dict[str, Any]) -> tuple[Ids, Ids, str] | None:
    """Both splits of an entry and their digest, if its files hold what was once written to them."""
    dtype = np.dtype(described["dtype"]).newbyteorder("<")
    splits, ids = {}, []
    try:
        written = cache.read_json(f"{entry}/tokens.json")
        recorded = written.get("parts")
        if not isinstance(recorded, dict) or written != {**described, "parts": recorded}:
            return None
        for split in SPLITS:
            with cache.open(f"{entry}/{split}.bin") as file:
                splits[split] = _checksum(file, recorded.get(split))
                if splits[split] != recorded.get(split):
                    return None
                ids.append(_map(file, dtype))
    except NpgptError:  # missing, or damaged
        return None
    train, val = ids
    return train, val, hashlib.sha256(json.dumps(splits).encode()).hexdigest()


def _checksum(file: BufferedReader, recorded: object) -> dict[str, Any]:
    """Size and digest of a file; the size alone if another is recorded: the file may be huge."""
    size = file.seek(0, os.SEEK_END)
    if not isinstance(recorded, dict) or recorded.get("bytes") != size:
        return {"bytes": size}
    file.seek(0)
    return {"bytes": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _map(file: BufferedReader, dtype: np.dtype[Any]) -> Ids:
    if file.seek(0, os.SEEK_END) == 0:
        return np.empty(0, dtype)  # an empty file cannot be mapped
    return np.asarray(np.memmap(file, dtype, mode="r"))


# ------------------------------------------------------------------------ writing


def _write_entry(
    cache: Folder,
    entry: str,
    described: dict[str, Any],
    corpus: Corpus,
    tokenizer: Tokenizer,
    on_progress: Callable[[int], object] | None,
) -> None:
    dtype = np.dtype(described["dtype"]).newbyteorder("<")
    digest = hashlib.sha256()
    done = 0

    def encoded(texts: Iterable[str]) -> Iterator[bytes]:
        nonlocal done
        for text in texts:
            yield _valid_ids(tokenizer, text).astype(dtype).tobytes()
            digest.update(text.encode("utf-8", "surrogatepass"))
            done += len(text)
            if on_progress is not None:
                on_progress(done)

    splits = {
        "train": _write(cache, f"{entry}/train.bin", encoded(corpus.train_texts())),
        "val": _write(cache, f"{entry}/val.bin", encoded(corpus.val_texts())),
    }
    if digest.hexdigest() != corpus.sha256:
        raise NpgptError("the text changed while it was encoded: leave it alone and try again")
    cache.write(f"{entry}/tokens.json", json.dumps({**described, "parts": splits}).encode())


def _valid_ids(tokenizer: Tokenizer, text: str) -> Ids:
    ids = np.asarray(tokenizer.encode(text))
    if ids.size and not (ids.min() >= 0 and ids.max() < tokenizer.vocab_size):
        raise NpgptError(
            f"{type(tokenizer).__name__} gave ids from {ids.min()} to {ids.max()},"
            f" expected 0 to {tokenizer.vocab_size - 1}: its vocab_size or encode is wrong"
        )
    return ids


def _write(cache: Folder, name: str, blocks: Iterable[bytes]) -> dict[str, Any]:
    """Write and sync a file; the checksum of what it must now hold."""
    size, sha256 = 0, hashlib.sha256()
    with cache.create(name) as file:
        for block in blocks:
            file.write(block)
            size += len(block)
            sha256.update(block)
    return {"bytes": size, "sha256": sha256.hexdigest()}


def _put_in_place(cache: Folder, scratch: str, entry: str, described: dict[str, Any]) -> None:
    try:
        cache.rename(f"{scratch}/entry", entry)
    except OSError:  # something is there
        if _opened(cache, entry, described) is None:  # it is not another process's equal entry
            cache.rename(entry, f"{scratch}/damaged")
            cache.rename(f"{scratch}/entry", entry)
