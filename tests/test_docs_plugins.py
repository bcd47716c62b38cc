"""docs/PLUGINS.md runs from top to bottom, and documents every hook, status and variable."""

import os
import re
import site
import subprocess
import sys
import typing
import venv
from pathlib import Path

import pytest

from npgpt_cli import errors
from npgpt_core import events
from npgpt_core.plugins import discovery, hookspecs

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/PLUGINS.md").read_text("utf-8")
BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>.*?) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
NO_TYPES = re.compile(r" -> .*(?=:$)|  #.*", re.MULTILINE)  # annotations of results, and comments


@pytest.fixture
def environment(tmp_path):
    """A virtual environment of its own that sees what is installed here; pip needs no network."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    (packages,) = (home / "lib").glob("python*/site-packages")
    folders = [*site.getsitepackages(), *filter(None, os.environ.get("PYTHONPATH", "").split(":"))]
    lines = [f"import site; site.addsitedir({folder!r})" for folder in folders]
    (packages / "outer.pth").write_text("\n".join(lines))
    python = home / "bin/python"
    for name, code in {
        "npgpt": "from npgpt_cli.main import main; main(prog_name='npgpt')",
        "pip": "import runpy; runpy.run_module('pip', run_name='__main__')",
        "pytest": "import pytest; raise SystemExit(pytest.main())",
    }.items():
        (home / "bin" / name).write_text(f"#!{python}\n{code}\n")
        (home / "bin" / name).chmod(0o755)
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # "0" is how pip spells it
    return {
        **os.environ,
        **offline,
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "-q -p no:cacheprovider",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "NPGPT_CACHE": str(tmp_path / "cache"),
        "COLUMNS": "100",
    }


def run(command, folder, environment, code):
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, f"{command[-1]}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def test_every_block_runs_in_order(tmp_path, environment):
    pytest.importorskip("hatchling", reason="pip needs it to build the tutorial's package offline")
    folder, output = tmp_path / "work", ""
    folder.mkdir()
    for block in BLOCK.finditer(PAGE):
        mark, kind, text = block["mark"] or "", block["kind"], block["text"]
        if mark.startswith("not run: "):
            continue
        if mark.startswith("file: "):
            path = folder / mark.removeprefix("file: ")
            assert path.is_file(), f"{path} is not what npgpt plugins new wrote"
            path.write_text(text, "utf-8")
        elif mark.startswith("shown: "):
            (path,) = folder.glob(f"npgpt-nibbles/**/{mark.removeprefix('shown: ')}")
            source = NO_TYPES.sub("", path.read_text("utf-8"))
            for line in text.splitlines():
                assert line in source
        elif kind == "sh":
            code = int(mark.removeprefix("fails with ")) if mark else 0
            output = run(["bash", "-ec", text], folder, environment, code)
        elif kind == "python":
            run(["python", "-c", text], folder, environment, 0)
        else:
            assert kind == "text"
            flat = " ".join(output.split())
            for line in text.splitlines():
                assert " ".join(line.split()) in flat, f"{line!r} is not in\n{output}"


def test_what_is_not_run_says_why():
    reasons = re.findall(r"<!-- not run: (.*) -->", PAGE)
    assert reasons == [
        "it publishes",
        "tests/test_plugins_new.py does",
        "it changes the reader's shell",
    ]


def test_every_hook_is_documented_as_its_docstring_says():
    section = PAGE.split("\n## The hooks\n")[1].split("\n## ")[0]
    documented = dict(re.findall(r"^\| `(npgpt_\w+)` \| (.*?) \|", section, re.MULTILINE))
    assert documented == {
        name: " ".join(hook.__doc__.split()).replace("``", "`")
        for name, hook in vars(hookspecs).items()
        if name.startswith("npgpt_")
    }


def test_every_hook_names_the_packages_that_use_it():
    used = {}
    for module in [*ROOT.glob("packages/*/src/*/_plugin.py"), *ROOT.glob("examples/**/_plugin.py")]:
        for hook in re.findall(r"^def (npgpt_\w+)\(", module.read_text("utf-8"), re.MULTILINE):
            used.setdefault(hook, set()).add(module.parents[2].name)
    rows = re.findall(r"^\| `(npgpt_\w+)` \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert {hook: set(packages.split(", ")) for hook, packages in rows} == used


def test_every_event_that_an_observer_is_told_is_documented_as_its_docstring_says():
    section = PAGE.split("\n## Observers\n")[1].split("\n## ")[0]
    told = [kind for kind in typing.get_args(events.Event) if kind is not events.Comparing]
    assert re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE) == [
        (kind.__name__, kind.__doc__.partition("\n")[0].replace("``", "`")) for kind in told
    ]


def test_every_status_and_variable_is_documented():
    source = "".join(Path(m.__file__).read_text("utf-8") for m in (discovery, errors))
    statuses = set(re.findall(r'"(\w+)"', discovery.Plugin.__doc__))
    section = PAGE.split("\n## Failures\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == statuses
    section = PAGE.split("\n## Environment variables\n")[1]
    variables = set(re.findall(r'"(NPGPT_\w+)"', source))
    assert set(re.findall(r"^\| `(NPGPT_\w+)=", section, re.MULTILINE)) == variables


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    headings = {heading.lower() for heading in re.findall(r"^## (.*)$", PAGE, re.MULTILINE)}
    anchors = {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}
    assert anchors == set(re.findall(r"\]\(#([^)]+)\)", PAGE))


def test_the_interpreter_is_the_one_that_runs_the_tests(environment, tmp_path):
    version = run(["python", "-c", "import sys; print(sys.version)"], tmp_path, environment, 0)
    assert version.strip() == sys.version.strip()
