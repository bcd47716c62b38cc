"""Tokens on disk: a corpus is encoded once, and read through memory-mapped files ever after.

An entry of the cache is a folder, complete or absent: written beside, synced, renamed::

    tokens/KEY/train.bin   val.bin    ids, uint16 or uint32, little-endian, nothing else
    tokens/KEY/tokens.json            size and checksum of each

KEY is a digest of the text, the split and the tokenizer: one that changed has another entry.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids
from npgpt_train.cache import cache_dir
from npgpt_train.corpus import Corpus
from npgpt_train.disk import Folder

FORMAT = 1


@dataclass(frozen=True)
class Tokens:
    """The ids of a corpus, read-only and mapped into memory page by page as they are used.

    Attributes:
        train: shape (n,), uint16 or uint32.
        val: shape (m,), of the same dtype.
        path: the folder in the cache.
    """

    train: Ids
    val: Ids
    path: Path


def token_files(
    corpus: Corpus,
    tokenizer: Tokenizer,
    tokenizer_digest: str,
    *,
    on_progress: Callable[[int], object] | None = None,
) -> Tokens:
    """The tokens of both parts of a corpus: from the cache, or encoded now in one pass.

    ``tokenizer_digest`` stands for everything that ``encode`` depends on. ``on_progress`` is called
    after each piece with the number of characters done so far. Memory holds a piece at a time,
    whatever the size of the corpus. A damaged entry of the cache is written again, and several
    processes may ask for the same tokens at once.

    Raises:
        NpgptError: the cache cannot be written (disk full, no permission), the text changed while
            it was read, or the tokenizer gave an id outside its vocabulary.
    """
    identity = [FORMAT, corpus.sha256, corpus.n_characters, corpus.split, tokenizer_digest]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    dtype = np.dtype("<u2" if tokenizer.vocab_size <= 2**16 else "<u4")
    cache, entry = Folder(cache_dir()), f"tokens/{key}"
    scratch = f"{entry}.{uuid.uuid4().hex}"  # ours alone
    try:
        if not _is_complete(cache, entry, key, dtype):
            cache.make()
            cache.make(f"{scratch}/entry")
            _write_entry(cache, f"{scratch}/entry", key, dtype, corpus, tokenizer, on_progress)
            _put_in_place(cache, scratch, entry, key, dtype)
        train, val = (_map(cache, f"{entry}/{part}.bin", dtype) for part in ("train", "val"))
        return Tokens(train, val, cache.path / entry)
    except OSError as error:
        raise NpgptError(
            f"tokens cannot be kept in {cache.path / 'tokens'} ({error.strerror or error}):"
            " make room or allow writing there, or set NPGPT_CACHE to another folder"
        ) from error
    finally:
        with suppress(OSError):
            cache.remove(scratch)


# ------------------------------------------------------------------------ reading


def _is_complete(cache: Folder, entry: str, key: str, dtype: np.dtype[Any]) -> bool:
    """Whether an entry's files hold, byte for byte, what was once written to them."""
    try:
        written = cache.read_json(f"{entry}/tokens.json")
        parts = {part: _checksum(cache, f"{entry}/{part}.bin") for part in ("train", "val")}
    except NpgptError:  # missing, or damaged
        return False
    return written == _description(key, dtype, parts)


def _checksum(cache: Folder, name: str) -> dict[str, Any]:
    with cache.open(name) as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": sha256}


def _description(key: str, dtype: np.dtype[Any], parts: dict[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "key": key, "dtype": dtype.name, "parts": parts}


def _map(cache: Folder, name: str, dtype: np.dtype[Any]) -> Ids:
    with cache.open(name) as file:
        if file.seek(0, 2) == 0:
            return np.empty(0, dtype)  # an empty file cannot be mapped
        return np.asarray(np.memmap(file, dtype, mode="r"))


# ------------------------------------------------------------------------ writing


def _write_entry(
    cache: Folder,
    entry: str,
    key: str,
    dtype: np.dtype[Any],
    corpus: Corpus,
    tokenizer: Tokenizer,
    on_progress: Callable[[int], object] | None,
) -> None:
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

    parts = {
        "train": _write(cache, f"{entry}/train.bin", encoded(corpus.train_texts())),
        "val": _write(cache, f"{entry}/val.bin", encoded(corpus.val_texts())),
    }
    if digest.hexdigest() != corpus.sha256:
        raise NpgptError("the text changed while it was encoded: leave it alone and try again")
    cache.write(f"{entry}/tokens.json", json.dumps(_description(key, dtype, parts)).encode())


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


def _put_in_place(cache: Folder, scratch: str, entry: str, key: str, dtype: np.dtype[Any]) -> None:
    if not _is_complete(cache, f"{scratch}/entry", key, dtype):
        raise OSError("the disk does not give back what was written to it")
    try:
        cache.rename(f"{scratch}/entry", entry)
    except OSError:  # something is there
        if not _is_complete(cache, entry, key, dtype):  # it is not another process's equal entry
            cache.rename(entry, f"{scratch}/damaged")
            cache.rename(f"{scratch}/entry", entry)
