"""Packages that can be installed and found: metadata, READMEs, and every line that installs."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
BY_NAME = pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
PATHS = re.compile(r"\./packages/([\w-]+)")
OWN_BY_NAME = re.compile(
    rf"pip install [^\n`]*?(?<!/)\b((?:{'|'.join(p.name for p in PACKAGES)})\b.*)"
)
EXTRA = re.compile(r"npgpt-train\[\w+\]")


def project(package):
    return tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]


def siblings(name):
    """The packages of npgpt that one needs, itself included."""
    needed = project(ROOT / "packages" / name)["dependencies"]
    direct = {re.split(r"[^\w-]", line)[0] for line in needed}
    own = {name for name in direct if name.startswith("npgpt-")}
    return {name}.union(*(siblings(sibling) for sibling in own))


@BY_NAME
def test_the_metadata_say_what_an_index_shows(package):
    about = project(package)
    assert about["readme"] == "README.md"
    assert about["license"] == "MIT"
    assert about["license-files"] == ["LICENSE"]
    assert about["authors"] == [{"name": "The npgpt developers"}]
    assert len(about["keywords"]) >= 4
    pythons = [c.rpartition(" ")[2] for c in about["classifiers"] if "Python :: 3." in c]
    (tested,) = re.findall(r"py\{([\d,]+)\}-\{core", (ROOT / "tox.ini").read_text("utf-8"))
    assert pythons == [f"3.{version[1:]}" for version in tested.split(",")]
    assert about["requires-python"] == f">={pythons[0]}"


@BY_NAME
def test_its_readme_can_be_read_anywhere(package):
    """An index shows it without the files beside it, so it links to none of them."""
    text = (package / "README.md").read_text("utf-8")
    assert all(link.startswith("#") for link in re.findall(r"\]\(([^)]+)\)", text))


@BY_NAME
def test_its_readme_installs_it_with_the_siblings_that_it_needs(package):
    text = (package / "README.md").read_text("utf-8").replace("\\\n", "")
    line = next(line for line in text.splitlines() if line.startswith("pip install ./"))
    named = set(PATHS.findall(line))
    everything = {path.name for path in PACKAGES}
    assert named == (everything if "[all]" in line else siblings(package.name))


def test_no_line_takes_npgpts_own_from_an_index():
    """They are on none; but npgpt-train may name an extra of itself, because it is there."""
    texts = ("*.md", "docs/*.md", "examples/**/*.md", "packages/*/README.md")
    sources = ("packages/*/src/**/*.py", "packages/*/src/**/*.tmpl")
    for path in (path for pattern in texts + sources for path in ROOT.glob(pattern)):
        for what in OWN_BY_NAME.findall(path.read_text("utf-8")):
            in_train = "packages/npgpt-train/" in path.as_posix()
            assert in_train, f"{path}: {what}"
            assert EXTRA.match(what), f"{path}: {what}"


@pytest.mark.once
def test_an_extra_of_an_installed_package_needs_no_index():
    """What npgpt-train says where an extra is missing: pip takes the package that is there."""
    extras = project(ROOT / "packages/npgpt-train")["optional-dependencies"]
    there = [name for name in ("plot", "report", "shakespeare", "download") if name in extras]
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--dry-run", "--quiet"]
    subprocess.run([*command, f"npgpt-train[{','.join(there)}]"], check=True, timeout=120)


@pytest.mark.once
@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="needs hatchling")
def test_a_wheel_holds_its_metadata_its_readme_and_its_licence(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    options = ["--no-build-isolation", "--wheel-dir", tmp_path]
    subprocess.run([*command, *options, *PACKAGES], check=True, timeout=300)
    for package in PACKAGES:
        (wheel,) = tmp_path.glob(f"{package.name.replace('-', '_')}-*.whl")
        with ZipFile(wheel) as files:
            folder = f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info/"
            metadata = Parser().parsestr(files.read(f"{folder}METADATA").decode("utf-8"))
            assert f"{folder}licenses/LICENSE" in files.namelist()
        assert metadata["Name"] == package.name
        assert metadata["Author"] == "The npgpt developers"
        assert metadata["License-Expression"] == "MIT"
        assert metadata["Description-Content-Type"] == "text/markdown"
        assert metadata.get_payload().strip() == (package / "README.md").read_text("utf-8").strip()
