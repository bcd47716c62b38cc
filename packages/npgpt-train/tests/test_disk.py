"""The one place that touches what is inside a run, and that nobody goes past it."""

import ast
import os
from pathlib import Path

import pytest

import npgpt_train
from npgpt_core.errors import NpgptError
from npgpt_train.machine.disk import Folder, writing
from npgpt_train.run.paths import containing_folder

SOURCES = Path(npgpt_train.__file__).parent
PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")

# ------------------------------------------------------------------- nobody goes past

ALLOWED = {
    ("machine/lock.py", "ftruncate"),  # of a descriptor that disk.py opened
    ("machine/lock.py", "write"),
    ("plots.py", "savefig"),  # into memory
    ("text/datasets/tiny_shakespeare.py", "retrieve"),  # pooch: renames into the cache
}
CHANGING = {
    *("chmod", "copy2", "copyfile", "copytree", "fdopen", "ftruncate", "link", "makedirs"),
    *("mkdir", "mkdtemp", "mkstemp", "move", "open_memmap", "removedirs", "rename", "renames"),
    *("retrieve", "rmdir", "rmtree", "save_file", "savefig", "savez", "symlink", "tofile", "touch"),
    *("NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile", "truncate", "unlink", "utime"),
    *("write_bytes", "write_text"),
}
OF_A_MODULE = {  # names that mean something else on other objects
    ("os", "open"),
    ("os", "remove"),
    ("os", "replace"),
    ("os", "write"),
    ("np", "save"),
    ("shutil", "copy"),
    ("shutil", "move"),
}
FOLDERS = ("cache", "files", "run")  # what variables that hold a ``Folder`` are called


def _changes(path: Path):
    """Calls in a source that can open a file to write, rename or delete."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name):
            name, owner = function.id, None
        elif isinstance(function, ast.Attribute):
            name = function.attr
            owner = function.value.id if isinstance(function.value, ast.Name) else None
        else:
            continue
        if _is_of_folder(function):
            continue
        of_a_path = name == "replace" and owner not in (None, "dataclasses") and len(node.args) == 1
        named = name in CHANGING or (owner, name) in OF_A_MODULE
        if named or of_a_path or _opens_to_write(name, node):
            yield name


def _is_of_folder(function: ast.expr) -> bool:
    """Whether a method is called on a ``Folder``, by the names that these have in the sources."""
    if not isinstance(function, ast.Attribute):
        return False
    value = function.value
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "Folder"
    return (value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")) in FOLDERS


def _opens_to_write(name: str, call: ast.Call) -> bool:
    """Whether a call is one of ``open`` or ``memmap`` with a mode that does more than read."""
    if name not in ("open", "memmap"):
        return False
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    if isinstance(call.func, ast.Name):
        modes += call.args[1:2]
    else:
        modes += [a for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return not all(isinstance(m, ast.Constant) and set(m.value) <= set("rbt") for m in modes)


def test_nobody_else_opens_to_write_renames_or_deletes():
    found = {
        (path.relative_to(SOURCES).as_posix(), name)
        for path in SOURCES.rglob("*.py")
        if path.name != "disk.py"
        for name in _changes(path)
    }
    assert found == ALLOWED


def test_the_search_finds_what_disk_does():
    found = set(_changes(SOURCES / "machine/disk.py"))
    assert found >= {"open", "fdopen", "mkdir", "rename", "unlink"}


# ------------------------------------------------------------------------ what it refuses


@pytest.fixture
def outside(tmp_path):
    """What must not change, nor be read: a file, and a folder with one."""
    folder = tmp_path / "outside"
    (folder / "within").mkdir(parents=True)
    (folder / "file").write_bytes(b"secret")
    (folder / "within" / "file").write_bytes(b"secret")
    yield folder
    assert sorted(path.name for path in folder.rglob("*")) == ["file", "file", "within"]
    assert {p.read_bytes() for p in folder.rglob("*") if p.is_file()} == {b"secret"}


OPERATIONS = {
    "has": lambda folder, name: folder.has(name),
    "names": lambda folder, name: folder.names(name),
    "checked_path": lambda folder, name: folder.checked_path(name),
    "open": lambda folder, name: folder.open(name),
    "read": lambda folder, name: folder.read(name, 100),
    "lines": lambda folder, name: list(folder.lines(name, 100)),
    "read_json": lambda folder, name: folder.read_json(name),
    "make": lambda folder, name: folder.make(name),
    "replace": lambda folder, name: folder.replace(name, b"new"),
    "append": lambda folder, name: folder.append(name),
    "open_descriptor": lambda folder, name: folder.open_descriptor(name),
    "rename": lambda folder, name: folder.rename(name, "other"),
}


@pytest.mark.once
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("target", ["file", "within", "nothing"])
def test_a_link_is_refused(operation, target, outside, tmp_path):
    root = tmp_path / "run"
    root.mkdir()
    (root / "name").symlink_to(outside / target)
    with pytest.raises(NpgptError, match="name is a link"):
        OPERATIONS[operation](Folder(root), "name")
    assert [path.name for path in root.iterdir()] == ["name"]


@pytest.mark.once
@pytest.mark.parametrize("operation", [*OPERATIONS, "write", "remove"])
def test_nothing_behind_a_linked_folder_is_touched(operation, outside, tmp_path):
    calls = {"write": Folder.write, "remove": Folder.remove, **OPERATIONS}
    root = tmp_path / "run"
    root.mkdir()
    (root / "linked").symlink_to(outside)
    for name in ("linked/file", "linked/new", "linked/within/file", "linked/within/new"):
        arguments = (b"new",) if operation == "write" else ()
        with pytest.raises(NpgptError, match="linked is a link"):
            calls[operation](Folder(root), name, *arguments)


@PIPES
@pytest.mark.once
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_pipe_is_refused_unopened(operation, tmp_path):
    os.mkfifo(tmp_path / "name")
    with pytest.raises(NpgptError, match="name is a device, pipe or socket"):
        OPERATIONS[operation](Folder(tmp_path), "name")


@PIPES
@pytest.mark.once
@pytest.mark.parametrize("planted", ["link to a file", "link to a folder", "pipe", "folder"])
def test_what_stands_where_a_file_is_written_beside_is_deleted_not_written_through(
    planted, outside, tmp_path
):
    beside = tmp_path / ".name.new"
    if planted == "pipe":
        os.mkfifo(beside)
    elif planted == "folder":
        beside.mkdir()
        (beside / "link").symlink_to(outside)
    else:
        beside.symlink_to(outside / ("file" if planted == "link to a file" else "within"))
    Folder(tmp_path).replace("name", b"new")
    assert (tmp_path / "name").read_bytes() == b"new"
    assert not os.path.lexists(beside)


@pytest.mark.once
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_file_that_cannot_be_written_leaves_nothing_beside(call, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError("no room")

    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="no room"):
        Folder(tmp_path).replace("file", b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.once
def test_deleting_a_folder_follows_no_link_in_it(outside, tmp_path):
    root = tmp_path / "run"
    (root / "gone").mkdir(parents=True)
    (root / "gone" / "file").symlink_to(outside / "file")
    (root / "gone" / "folder").symlink_to(outside)
    Folder(root).remove("gone")
    assert list(root.iterdir()) == []


@pytest.mark.once
@pytest.mark.parametrize("operation", ["append", "open_descriptor"])
def test_a_file_with_a_second_name_is_not_written_in_place(operation, outside, tmp_path):
    root = tmp_path / "run"
    root.mkdir()
    os.link(outside / "file", root / "name")
    with pytest.raises(NpgptError, match="no regular file with one name"):
        OPERATIONS[operation](Folder(root), "name")
    Folder(root).replace("name", b"new")  # which gives the name to another file


@pytest.mark.parametrize("name", ["../file", "within/../../file", "/etc/passwd"])
def test_a_name_that_leads_out_is_refused(name, outside, tmp_path):
    with pytest.raises(NpgptError, match="leads out"):
        Folder(outside).has(name)


@pytest.mark.once
def test_the_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folder = Folder(tmp_path / "link")
    folder.make("a/b")
    folder.replace("a/b/c", b"text")
    assert (tmp_path / "real" / "a" / "b" / "c").read_bytes() == b"text"
    assert folder.names("a") == ["b"]


@pytest.mark.once
def test_a_picture_inside_a_run_is_written_through_no_folder_that_is_a_link(outside, tmp_path):
    root = tmp_path / "run"
    root.mkdir()
    (root / "run.json").write_text("{}")
    (root / "pictures").symlink_to(outside)
    folder, name = containing_folder(root / "pictures" / "file")
    assert (folder.path, name) == (root, "pictures/file")
    with pytest.raises(NpgptError, match="pictures is a link"):
        folder.replace(name, b"new")
    assert containing_folder(tmp_path / "a.png")[0].path == tmp_path  # in no run: as the user says
    for path in (".", "pictures/..", ""):  # a folder, whatever it is called
        folder, name = containing_folder(path)
        assert (folder.path / name).resolve() == Path(path).resolve()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"step": 1' + "0" * 400 + "}", "a whole number of 401 digits"),
        ('{"step": 1' + "0" * 5000 + "}", "a whole number of 5001 digits"),
        ('{"step": 9223372036854775808}', "a whole number of 19 digits"),
        ("[1]", "no JSON object"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_json_of_absurd_content_is_damage(text, fault, tmp_path):
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(NpgptError, match=rf"state.json is damaged: .*{fault}"):
        Folder(tmp_path).read_json("state.json")
    (tmp_path / "state.json").write_text('{"step": -9223372036854775807, "loss": 1e400}')
    assert Folder(tmp_path).read_json("state.json")["step"] == 1 - 2**63


@pytest.mark.parametrize(
    ("error", "advice", "told"),
    [
        (OSError(28, "No space left", "a.txt"), "", "cannot write it: No space left (a.txt)"),
        (OSError(28, "No space left"), "Wait", "cannot write it: No space left. Wait"),
        (OSError(), "", "cannot write it: OSError"),
    ],
)
def test_what_cannot_be_written_is_one_line_with_file_and_advice(error, advice, told):
    with pytest.raises(NpgptError) as caught, writing("it", lambda: advice):
        raise error
    assert str(caught.value) == told
    with pytest.raises(BrokenPipeError), writing("it"):
        raise BrokenPipeError


def test_a_file_has_the_bytes_that_it_may_have_and_no_more(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    assert Folder(tmp_path).read("file", 5) == b"12345"
    with pytest.raises(NpgptError, match="has 5 bytes, expected at most 4"):
        Folder(tmp_path).read("file", 4)
    assert list(Folder(tmp_path).lines("file", 2)) == [b"12", b"34", b"5"]
    assert Folder(tmp_path).checked_path("file") == tmp_path / "file"
    assert Folder(tmp_path).checked_path("none") == tmp_path / "none"


@pytest.mark.parametrize("above", ["", "a/", "a/b/"])
def test_a_link_is_refused_however_deep_it_is(above, outside, tmp_path):
    root = tmp_path / "run"
    (root / above).mkdir(parents=True)
    (root / above / "link").symlink_to(outside)
    for work in (
        Folder(root).has,
        Folder(root).checked_path,
        Folder(root).make,
        Folder(root).append,
    ):
        with pytest.raises(NpgptError, match="link is a link"):
            work(f"{above}link/file")
    with pytest.raises(NpgptError, match="link is a link"):
        Folder(root).read(f"{above}link/file", 9)
