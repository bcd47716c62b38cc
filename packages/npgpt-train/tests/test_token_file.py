"""Token files: what was encoded is what is mapped, and nothing else ever is."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_train.machine.disk import Folder
from npgpt_train.text import corpus as corpus_module
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.token_file import token_files
from npgpt_train.text.tokenizer_file import encoding_digest


class Pieces:
    """A dataset of given pieces."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def texts(self):
        return iter(self.pieces)


class CodePoints:
    """A toy tokenizer: a character is its code point."""

    def __init__(self, vocab_size=2**16):
        self.vocab_size = vocab_size
        self.read = 0  # characters

    def state(self):
        return {"vocab_size": self.vocab_size}

    def encode(self, text):
        self.read += len(text)
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


TEXT = "To be, or not to be:\nthat is the question—\n" * 5


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path))
    monkeypatch.setattr(corpus_module, "PIECE", 50)
    return tmp_path / "tokens"


def ids(text):
    return [ord(character) for character in text]


@pytest.mark.parametrize(("vocab_size", "dtype"), [(2**16, "<u2"), (2**16 + 1, "<u4")])
def test_the_tokens_are_those_of_the_tokenizer(vocab_size, dtype):
    corpus = Corpus(Pieces(TEXT))
    tokens = token_files(corpus, CodePoints(vocab_size), "origin")
    assert tokens.train.tolist() == ids(TEXT[: corpus.val_start])
    assert tokens.val.tolist() == ids(TEXT[corpus.val_start :])
    for part, name in ((tokens.train, "train.bin"), (tokens.val, "val.bin")):
        assert part.dtype == dtype
        assert not part.flags.writeable
        assert isinstance(part.base, np.memmap)
        assert (tokens.path / name).read_bytes() == part.tobytes()


@pytest.mark.parametrize("fraction", [0, 0.999])
def test_an_empty_part_is_an_empty_array(fraction):
    tokens = token_files(Corpus(Pieces("words"), fraction), CodePoints(), "origin")
    assert sorted([len(tokens.train), len(tokens.val)]) == [0, 5]
    assert tokens.train.dtype == tokens.val.dtype == np.uint16


def test_tokens_are_reused_while_text_split_and_tokenizer_are_unchanged(cache):
    tokenizer = CodePoints()
    first = token_files(Corpus(Pieces(TEXT)), tokenizer, "origin")
    written = (first.path / "train.bin").stat()
    again = token_files(Corpus(Pieces(TEXT[:7], TEXT[7:])), tokenizer, "origin")
    assert again.path == first.path
    assert (first.path / "train.bin").stat().st_mtime_ns == written.st_mtime_ns
    others = [
        token_files(Corpus(Pieces(TEXT + "!")), tokenizer, "origin"),
        token_files(Corpus(Pieces(TEXT), 0.2), tokenizer, "origin"),
        token_files(Corpus(Pieces(TEXT)), tokenizer, "other"),
        token_files(Corpus(Pieces(TEXT)), CodePoints(2**16 - 1), "origin"),
    ]
    assert len({tokens.path for tokens in [first, *others]}) == 5
    assert len(list(cache.iterdir())) == 5  # and nothing beside them


@pytest.mark.once
def test_what_is_mapped_is_what_was_verified_whatever_takes_its_name_meanwhile(monkeypatch):
    corpus, tokenizer, true = Corpus(Pieces(TEXT)), CodePoints(), Folder.open
    first = token_files(corpus, tokenizer, "origin")

    def exchange(folder, name):
        file = true(folder, name)
        if name.endswith(".bin"):
            size = os.path.getsize(folder.path / name)
            folder.replace(name, bytes(size))
        return file

    monkeypatch.setattr(Folder, "open", exchange)
    again = token_files(corpus, tokenizer, "origin")
    assert again.train.tolist() + again.val.tolist() == ids(TEXT)
    assert again.sha256 == first.sha256


class Lower(CodePoints):
    """The same tokenizer after its author changed the code."""

    def encode(self, text):
        return super().encode(text.lower())


def test_changed_code_of_a_tokenizer_is_told_and_its_tokens_are_others(cache):
    corpus = Corpus(Pieces(TEXT))
    first = token_files(corpus, CodePoints(), "origin")
    with pytest.warns(NpgptWarning, match="Lower encodes this text otherwise than before"):
        changed = token_files(corpus, Lower(), "origin")
    assert changed.train.tolist() == ids(TEXT[: corpus.val_start].lower())
    assert changed.sha256 != first.sha256
    for tokenizer, tokens in ((CodePoints(), first), (Lower(), changed)):  # both are kept, untold
        assert token_files(corpus, tokenizer, "origin").sha256 == tokens.sha256
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("place", ["beginning", "end"])
def test_what_changed_code_makes_of_either_end_shows(place):
    class Odd(CodePoints):
        def encode(self, text):
            return super().encode(text.replace("Z", "Q"))

    long = "quite a long line of words\n" * 2000
    corpus = Corpus(Pieces(f"Z{long}" if place == "beginning" else f"{long}Z"))
    token_files(corpus, CodePoints(), "origin")
    with pytest.warns(NpgptWarning, match="Odd encodes this text otherwise"):
        token_files(corpus, Odd(), "origin")


def test_a_look_at_what_the_code_does_is_short():
    corpus = Corpus(Pieces("a line of words\n" * 100_000))
    token_files(corpus, CodePoints(), "origin")
    tokenizer = CodePoints()
    token_files(corpus, tokenizer, "origin")
    assert 2 * 2**14 <= tokenizer.read < 2 * 2**14 + 200  # as docs/TOKENIZERS.md says


def test_a_tokenizer_without_an_answer_to_any_text_can_be_used():
    class Strict(CodePoints):
        def encode(self, text):
            return super().encode(text) if text.isascii() else {}[text]

    corpus = Corpus(Pieces("ascii"))
    assert token_files(corpus, Strict(), "origin").train.tolist() == ids("asci")
    assert encoding_digest(Strict()) == encoding_digest(Strict()) != encoding_digest(CodePoints())


def test_progress_counts_characters():
    seen = []
    token_files(Corpus(Pieces(TEXT)), CodePoints(), "origin", on_progress=seen.append)
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == len(TEXT)


def flip_a_bit(entry):
    path = entry / "train.bin"
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


def claim_another_size(entry):
    contents = json.loads((entry / "tokens.json").read_text())
    contents["parts"]["val"]["bytes"] += 2
    (entry / "tokens.json").write_text(json.dumps(contents))


def replace_by_a_file(entry):
    shutil.rmtree(entry)
    entry.write_text("no folder")


def make_it_holes(entry):
    os.truncate(entry / "train.bin", 2**43)  # hours, if it were read


def forget_the_parts(entry):
    contents = json.loads((entry / "tokens.json").read_text())
    (entry / "tokens.json").write_text(json.dumps({**contents, "parts": 1}))


DAMAGES = [
    pytest.param(make_it_holes, marks=pytest.mark.skipif(os.name == "nt", reason="no holes")),
    forget_the_parts,
    flip_a_bit,
    claim_another_size,
    replace_by_a_file,
    lambda entry: (entry / "train.bin").write_bytes(b""),
    lambda entry: (entry / "train.bin").write_bytes((entry / "train.bin").read_bytes()[:-1]),
    lambda entry: (entry / "val.bin").unlink(),
    lambda entry: (entry / "tokens.json").unlink(),
    lambda entry: (entry / "tokens.json").write_text('{"format": 1'),
    lambda entry: (entry / "tokens.json").write_text("[" * 100_000),
    lambda entry: (entry / "tokens.json").write_bytes(b"\xff\xfe"),
    lambda entry: (entry / "tokens.json").write_text("null"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_written_again(cache, damage):
    corpus = Corpus(Pieces(TEXT))
    damage(token_files(corpus, CodePoints(), "origin").path)
    tokens = token_files(corpus, CodePoints(), "origin")
    assert tokens.train.tolist() + tokens.val.tolist() == ids(TEXT)
    assert list(cache.iterdir()) == [tokens.path]


# ------------------------------------------------------------------------ failing


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_full_disk_is_an_error_and_leaves_nothing(cache, monkeypatch, call):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(NpgptError, match=r"No space left on device.*NPGPT_CACHE"):
        token_files(Corpus(Pieces(TEXT)), CodePoints(), "origin")
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "file"))
    with pytest.raises(NpgptError, match="File exists"):
        token_files(Corpus(Pieces(TEXT)), CodePoints(), "origin")


def test_an_interrupt_leaves_nothing(cache):
    def interrupt(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        token_files(Corpus(Pieces(TEXT)), CodePoints(), "origin", on_progress=interrupt)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("wrong", [-1, 100, 2**16 + 5])
def test_ids_outside_the_vocabulary_are_refused(cache, wrong):
    class Wrong(CodePoints):
        def encode(self, text):
            return np.array([0, wrong, 1])

    with pytest.raises(NpgptError, match=r"Wrong gave ids .* expected 0 to 99"):
        token_files(Corpus(Pieces(TEXT)), Wrong(vocab_size=100), "origin")
    assert list(cache.iterdir()) == []


def test_the_first_and_the_last_id_of_the_vocabulary_are_in_it():
    class Ends(CodePoints):
        def encode(self, text):
            return np.array([0, 99])

    tokens = token_files(Corpus(Pieces("text")), Ends(vocab_size=100), "origin")
    assert tokens.train.tolist() == tokens.val.tolist() == [0, 99]


def test_a_text_that_changes_meanwhile_is_refused(cache):
    dataset = Pieces(TEXT)
    corpus = Corpus(dataset)
    dataset.pieces = (TEXT.replace("To", "So"),)
    with pytest.raises(NpgptError, match="text changed"):
        token_files(corpus, CodePoints(), "origin")
    assert list(cache.iterdir()) == []


# ----------------------------------------------------------------------- together


def test_another_process_may_finish_first(cache):
    corpus, entries = Corpus(Pieces(TEXT)), []

    def overtake(done):
        if not entries:
            entries.append(None)
            entries.append(token_files(corpus, CodePoints(), "origin"))

    mine = token_files(corpus, CodePoints(), "origin", on_progress=overtake)
    assert mine.path == entries[1].path
    assert mine.train.tolist() == entries[1].train.tolist()
    assert list(cache.iterdir()) == [mine.path]


def child(*arguments):
    """This file run by another Python, see its last lines."""
    return subprocess.Popen(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_several_processes_at_once(cache):
    children = [child() for _ in range(4)]
    results = [process.communicate(timeout=60)[0] for process in children]
    assert results == [f"{sum(ids(TEXT * 1000))}\n"] * 4
    assert len(list(cache.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits on files here")
def test_a_limit_on_the_size_of_files_is_a_full_disk(cache):
    output = child("limited").communicate(timeout=60)[0]
    assert "tokens cannot be kept" in output
    assert list(cache.iterdir()) == []


if __name__ == "__main__":
    if sys.argv[1:] == ["limited"]:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        made = token_files(Corpus(Pieces(TEXT * 1000)), CodePoints(), "origin")
        print(int(made.train.sum()) + int(made.val.sum()))
    except NpgptError as error:
        print(error)
