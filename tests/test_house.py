"""The house as a whole: arrows go one way, versions agree, licences stand in every package."""

import ast
import importlib
import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(path for path in (ROOT / "packages").iterdir() if path.is_dir())
MAY_IMPORT = {
    "npgpt-core": set(),
    "npgpt-tokenizers": {"npgpt_core"},
    "npgpt-optim": {"npgpt_core"},
    "npgpt-models": {"npgpt_core"},
    "npgpt-train": {"npgpt_core"},
    "npgpt-convert": {"npgpt_core", "npgpt_train"},
    "npgpt-learn": {"npgpt_core"},
    "npgpt-cli": {"npgpt_core", "npgpt_train"},
}


def _project(package):
    return tomllib.loads((package / "pyproject.toml").read_text())["project"]


def test_every_package_has_its_arrows():
    assert {package.name for package in PACKAGES} == set(MAY_IMPORT)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_arrows_go_one_way(package):
    own = package.name.replace("-", "_")
    for path in (*(package / "src").rglob("*.py"), *(package / "src").rglob("*.pyi")):
        for name in _imported(ast.parse(path.read_text(encoding="utf-8"))):
            top = name.split(".")[0]
            if top.startswith("npgpt_") and top != own:
                assert top in MAY_IMPORT[package.name], f"{path} imports {name}"


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


WINGS = {
    "machine": set(),
    "text": {"machine"},
    "settings": {"machine", "text"},
    "formatting": set(),
    "events": {"formatting"},
    "loop": {"machine", "settings", "events"},
    "run": {"machine", "text", "settings"},
}
"""What of npgpt-train each may know; the other files at the top know all of these."""
LAST = {"comparison", "explain"}
"""Know everything but each other."""


def test_arrows_between_the_wings_of_training_go_one_way():
    graph = _wings("npgpt-train")
    assert graph.keys() >= WINGS.keys() | LAST
    for wing, known in graph.items():
        unknown = LAST - {wing} if wing in LAST else LAST
        assert known <= WINGS.get(wing, graph.keys() - unknown), wing


MATHEMATICS = {"types", "functional", "module", "layers", "losses"}
USERS = {"generation", "sampling", "decoding", "tracing", "plugins", "protocols", "events"}
"""Of npgpt-core: what the layers are made of, and what uses them or knows none of them."""


def test_the_mathematics_knows_no_user_of_it_and_nobody_knows_the_contract_kit():
    graph = _wings("npgpt-core")
    assert graph.keys() >= MATHEMATICS | USERS
    for wing in MATHEMATICS:
        assert not graph[wing] & USERS, wing
    for wing in ("types", "functional", "module"):
        assert not graph[wing] & {"layers", "losses"}, wing
    assert graph["events"] == set()
    assert not graph["plugins"] & (MATHEMATICS | USERS - {"protocols"})
    knows_testing = {wing for wing, known in graph.items() if "testing" in known}
    assert knows_testing <= {"testing", "__init__"}


def test_formats_and_families_of_conversion_do_not_know_each_other():
    graph = _wings("npgpt-convert")
    assert "families" not in graph["formats"]
    assert "formats" not in graph["families"]


def test_what_a_command_prints_knows_no_command():
    assert not _wings("npgpt-cli")["show"] & {"commands", "options", "training_options", "main"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_no_module_imports_itself_by_way_of_others(package):
    """Imports in functions count; the name of a type, imported for its hint alone, does not."""
    try:
        TopologicalSorter(_modules(package.name, hints=False)).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def _wings(package):
    """Folder or file at the top of a package -> those that its modules import."""
    graph = {}
    for module, imported in _modules(package).items():
        known = {name.split(".")[1] for name in imported if "." in name}
        graph.setdefault([*module.split("."), "__init__"][1], set()).update(known)
    return {wing: known - {wing} for wing, known in graph.items()}


def _modules(package, hints=True):
    """Module -> the modules of the same package that it imports, wherever in its code.

    A name that a package itself offers counts as what its stub takes it from. ``hints=False``
    leaves out what stands under ``if TYPE_CHECKING``.
    """
    source = ROOT / "packages" / package / "src"
    paths = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    offered = {}
    for stub in source.rglob("*.pyi"):
        name = ".".join(stub.relative_to(source).parent.parts)
        offered |= {f"{name}.{alias}": f"{of}.{alias}" for of, alias in _names(stub, hints)}
    graph = {}
    for module, path in paths.items():
        whole = {f"{of}.{name}" for of, name in _names(path, hints)}
        whole = {offered.get(name, name) if name not in paths else name for name in whole}
        nearest = ({name, name.rpartition(".")[0]} & paths.keys() for name in whole)
        graph[module] = {max(known, key=len) for known in nearest if known} - {module}
    return graph


def _names(path, hints):
    """Every module that a file imports from, with the name that it imports of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = (node for node in ast.walk(tree) if isinstance(node, ast.If))
    for block in [] if hints else blocks:
        block.body = [] if getattr(block.test, "id", "") == "TYPE_CHECKING" else block.body
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.rpartition(".")[::2] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports a module by its place, not by its name"
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_a_package_declares_the_siblings_it_imports(package):
    declared = {re.split(r"[^\w-]", d)[0] for d in _project(package)["dependencies"]}
    siblings = {name for name in declared if name.startswith("npgpt-")}
    assert siblings == {name.replace("_", "-") for name in MAY_IMPORT[package.name]}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_versions_agree_and_siblings_are_pinned_to_the_minor(package):
    version = _project(PACKAGES[0])["version"]
    project = _project(package)
    assert project["version"] == version
    init = package / "src" / package.name.replace("-", "_") / "__init__.py"
    assert f'__version__ = "{version}"' in init.read_text()
    extras = list(chain(*project.get("optional-dependencies", {}).values()))
    for dependency in project["dependencies"] + extras:
        if dependency.startswith("npgpt-"):
            assert dependency.endswith(f"~={version}"), dependency


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_every_package_has_its_licence_readme_and_types(package):
    assert (package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert len((package / "README.md").read_text()) > 200
    assert (package / "src" / package.name.replace("-", "_") / "py.typed").exists()


@pytest.mark.parametrize("stub", sorted(ROOT.glob("packages/*/src/**/__init__.pyi")), ids=str)
def test_what_a_stub_exports_is_what_its_package_loads(stub):
    """A line of another form would be a name for type checkers only."""
    package = importlib.import_module(".".join(stub.relative_to(ROOT).parts[3:-1]))
    imports = [
        node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ImportFrom)
    ]
    assert dir(package) == sorted(alias.name for node in imports for alias in node.names)


def test_ci_runs_the_test_command_of_the_readme():
    command = "python -m pip install tox && tox -p auto"
    assert command in (ROOT / "README.md").read_text()
    assert command in (ROOT / ".ci/run").read_text()


def test_training_knows_no_gpt():
    for path in (ROOT / "packages/npgpt-train/src").rglob("*.py"):
        code = re.sub(r'"""[\s\S]*?"""', "", path.read_text(encoding="utf-8"))
        assert not re.search(r"\bGPT\b", code), path


@pytest.mark.parametrize("name", ["npgpt-core", "npgpt-train", "npgpt-convert"])
def test_the_library_speaks_of_arguments_not_of_flags(name):
    """``--upgrade`` and some others are pip's."""
    pips = "upgrade|no-deps|force-reinstall"
    for path in (ROOT / "packages" / name / "src").rglob("*.py"):
        if {"testing", "commands", "show"} & set(path.parts):  # they know the command line
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in documents:
                flags = re.findall(rf"(?<![\w-])--(?!{pips})[a-z][\w-]*", str(node.value))
                assert not flags, f"{path}:{node.lineno} speaks of {flags}"


RETIRED = {"agreed", "hear", "sick", "standing", "steadier", "told"}
"""Not terms of the field; CONTRIBUTING.md has the words of the house."""


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_retired_words_do_not_come_back_as_names(package):
    for path in (package / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for key in ("name", "id", "attr", "arg"):
                name = getattr(node, key, None) or ""
                words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
                assert not words & RETIRED, f"{path}, line {node.lineno}: {name}"
