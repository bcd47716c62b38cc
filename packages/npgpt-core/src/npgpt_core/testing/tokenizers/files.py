"""Contract checks of tokenizers: what is saved is what is loaded, and any other file is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.testing.checklist import CheckList, refusal, require
from npgpt_core.testing.tokenizers.texts import TEXTS, UNSEEN, trained

tokenizer_files = CheckList("tokenizer")

FOREIGN = {
    "empty": b"",
    "prose": b"To be, or not to be",
    "binary": bytes(range(256)),
    "empty JSON": b"{}",
    "JSON list": b"[1, 2, 3]",
    "JSON null": b"null",
    "another program's JSON": b'{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}}}',
    "endless nesting": b"[" * 100_000,
}


@tokenizer_files
def save_load_same(factory: Any) -> None:
    """A loaded tokenizer has the ids, texts, special tokens and size of the saved one."""
    with _saved(factory) as (tokenizer, path):
        loaded = type(tokenizer).load(str(path))
        for name in ("vocab_size", "special_tokens"):
            given, expected = getattr(loaded, name), getattr(tokenizer, name)
            require(
                given == expected,
                f"{name} is {given!r:.60} after loading, {expected!r:.60} before: save it",
            )
        for text in (*TEXTS, UNSEEN):
            ids = tokenizer.encode(text)
            require(
                np.array_equal(loaded.encode(text), ids)
                and loaded.decode(ids) == tokenizer.decode(ids),
                f"{text!r:.30} has other ids after loading: save all that encode depends on",
            )


@tokenizer_files
def save_same_bytes(factory: Any) -> None:
    """Saving what was loaded gives the same bytes."""
    with _saved(factory) as (tokenizer, path):
        again = path.with_name("again.json")
        type(tokenizer).load(path).save(again)
        require(
            again.read_bytes() == path.read_bytes(),
            "saved, loaded and saved again, the file differs: write no times, no sets, no order"
            " that loading changes, and every option",
        )


@tokenizer_files
def save_is_json(factory: Any) -> None:
    """The file is one JSON value in UTF-8, and nothing stands beside it."""
    with _saved(factory) as (_, path):
        try:
            json.loads(path.read_bytes().decode("utf-8"))
        except ValueError as error:
            raise AssertionError(
                f"the saved file is no JSON ({error}): a run is data, never code; write it with"
                " json.dump"
            ) from error
        beside = sorted(file.name for file in path.parent.iterdir() if file != path)
        require(not beside, f"save wrote {beside} beside the file: keep everything in the one file")


@tokenizer_files
def load_refuses_foreign_file(factory: Any) -> None:
    """Loading a file that no tokenizer saved is an ``NpgptError``."""
    with _saved(factory) as (tokenizer, path):
        for what, data in FOREIGN.items():
            path.write_bytes(data)
            with refusal(f"loading a file of another kind ({what})"):
                type(tokenizer).load(path)


@tokenizer_files
def load_refuses_damaged_file(factory: Any) -> None:
    """Loading a file that ends early is an ``NpgptError``."""
    with _saved(factory) as (tokenizer, path):
        data = path.read_bytes().rstrip()
        for length in np.linspace(1, len(data) - 1, 20).astype(int).tolist():
            path.write_bytes(data[:length])
            with refusal(f"loading the first {length} of {len(data)} bytes"):
                type(tokenizer).load(path)


@tokenizer_files
def load_refuses_wrong_fields(factory: Any) -> None:
    """Loading JSON with a field missing or of another type is an ``NpgptError``, or harmless."""
    with _saved(factory) as (tokenizer, path):
        record = json.loads(path.read_bytes())
        for key in record if isinstance(record, dict) else ():
            without = {name: value for name, value in record.items() if name != key}
            for what, fields in {
                f"without its field {key!r}": without,
                f"with null as its field {key!r}": {**record, key: None},
                f"with a nested list as its field {key!r}": {**record, key: [[["x"]]]},
            }.items():
                path.write_text(json.dumps(fields), "utf-8")
                _require_refused_or_same(tokenizer, path, what)


@tokenizer_files
def load_refuses_missing_file(factory: Any) -> None:
    """Loading a file that is not there, or a folder, is an ``NpgptError`` that names it."""
    with _saved(factory) as (tokenizer, path):
        for absent in (path.with_name("absent.json"), path.parent):
            with refusal(f"loading {absent}, which is no file", naming=absent.name):
                type(tokenizer).load(absent)


def _require_refused_or_same(tokenizer: Any, path: Path, what: str) -> None:
    advice = "expected an npgpt_core.NpgptError from load: check every field as it is read"
    try:
        loaded = type(tokenizer).load(path)
    except NpgptError:
        return
    except Exception as error:
        problem = f"loading the file {what} raised {type(error).__name__}: {error}; {advice}"
        raise AssertionError(problem) from error
    try:
        same = all(
            np.array_equal(loaded.encode(text), tokenizer.encode(text)) for text in (*TEXTS, UNSEEN)
        )
    except Exception as error:
        problem = f"the file {what} was loaded, but encode then raised {error!r}; {advice}"
        raise AssertionError(problem) from error
    require(same, f"the file {what} was loaded as another tokenizer; {advice}")


@contextmanager
def _saved(factory: Any) -> Iterator[tuple[Any, Path]]:
    """A trained tokenizer and the file it was saved to, alone in its folder."""
    tokenizer = trained(factory, *TEXTS)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        tokenizer.save(path)
        yield tokenizer, path
