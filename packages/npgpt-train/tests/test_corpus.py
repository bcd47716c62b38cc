"""A corpus: opened by name or path, split exactly, cut the same however it came."""

import hashlib
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError
from npgpt_train.text import corpus
from npgpt_train.text.corpus import Corpus, open_dataset
from npgpt_train.text.datasets.files import TextFiles


class Pieces:
    """A dataset of given pieces."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def texts(self):
        return iter(self.pieces)


any_text = st.text(st.characters(categories=("L", "Zs", "Cc", "Cs")), max_size=40)


@settings(deadline=None)
@given(st.lists(any_text).filter(any), st.sampled_from([0, 0.1, 0.3, 0.5, 0.9]))
def test_the_parts_are_the_whole_cut_at_the_split(pieces, fraction):
    text = "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "SAMPLE", 7)
        made = Corpus(Pieces(*pieces), fraction)
    assert made.n_characters == len(text)
    assert made.sha256 == hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert made.sample == (text[:7], text[-7:])
    assert made.val_start == math.floor(len(text) * (1 - Fraction(str(fraction))))
    for _ in range(2):  # every call starts from the beginning
        assert "".join(made.train_texts()) == text[: made.val_start]
        assert "".join(made.val_texts()) == text[made.val_start :]


@settings(deadline=None)
@given(any_text, st.integers(1, 10), st.data())
def test_pieces_depend_on_the_text_alone(text, size, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    given_pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "PIECE", size)
        pieces = list(corpus._pieces(given_pieces))
        assert pieces == list(corpus._pieces([text]))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= size for piece in pieces)
    assert all("\n" not in piece or piece.endswith("\n") for piece in pieces[:-1])


def test_a_line_without_end_comes_in_pieces_of_a_mebi_of_characters():
    pieces = Corpus(Pieces("x" * (2**20 + 1)), 0).train_texts()
    assert list(map(len, pieces)) == [2**20, 1]


def test_the_usual_split_of_tiny_shakespeare():
    assert Corpus(Pieces("x" * 1_115_394)).val_start == 1_003_854


@pytest.mark.parametrize("fraction", [-0.1, 1, 2, math.nan, math.inf])
def test_a_fraction_that_is_none_is_refused(fraction):
    with pytest.raises(NpgptError, match="expected at least 0 and below 1"):
        Corpus(Pieces("text"), fraction)


@pytest.mark.parametrize("pieces", [(), ("", "")])
def test_a_corpus_without_text_is_refused(pieces):
    with pytest.raises(NpgptError, match="no text"):
        Corpus(Pieces(*pieces))


# ------------------------------------------------------------------------ opening


@pytest.fixture
def datasets(monkeypatch):
    """The registry of a machine where one dataset is installed."""

    def create(kind, name, **options):
        if (kind, name) != ("dataset", "shakespeare"):
            raise PluginError(f"unknown {kind} {name!r:.200}, did you mean shakespeare?")
        return Pieces("Who's there?")

    monkeypatch.setattr(registry, "names", lambda kind: ["shakespeare"])
    monkeypatch.setattr(registry, "create", create)


def test_a_name_comes_before_a_file(datasets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shakespeare").write_text("a file")
    assert isinstance(open_dataset(["shakespeare"]), Pieces)
    assert "".join(open_dataset(["./shakespeare"]).texts()) == "a file"


def test_paths_and_globs(datasets, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    dataset = open_dataset([f"{tmp_path}/b*", str(tmp_path)])
    assert isinstance(dataset, TextFiles)
    assert "".join(dataset.texts()) == "b.txta.txt"


def test_what_is_neither_is_refused_with_the_close_names(datasets, tmp_path):
    with pytest.raises(NpgptError, match=r"'shakespear' is no file.* did you mean shakespeare"):
        open_dataset(["shakespear"])
    with pytest.raises(NpgptError, match="is no file") as error:
        open_dataset(["a text and no path, " * 100])
    assert len(str(error.value)) < 600
    with pytest.raises(NpgptError, match=r"no file, folder or glob 'b\.txt'.*shakespeare"):
        open_dataset([str(tmp_path), "b.txt"])
    with pytest.raises(NpgptError, match=r"named alone.*installed: shakespeare"):
        open_dataset(["shakespeare", "shakespeare"])
    with pytest.raises(NpgptError, match="no data given"):
        open_dataset([])
