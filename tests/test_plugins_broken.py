"""Ten plugins broken in ten ways beside a healthy one: every command works, each has its reason.

They are wheels, installed by pip into a folder that is put on PYTHONPATH.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from npgpt_cli.scaffold import Scaffold

HEAD = "from npgpt_core import hookimpl\n@hookimpl\n"

BROKEN = {
    "import-error": ("import no_such_module", "ModuleNotFoundError: No module named"),
    "system-exit": ("raise SystemExit('I quit')", "SystemExit: I quit"),
    "raising-hook": (f"{HEAD}def npgpt_models(): return 1 / 0", "ZeroDivisionError"),
    "misspelled-hook": (f"{HEAD}def npgpt_tokeniser(): return {{}}", "did you mean npgpt_tokeni"),
    "unmarked-hook": ("def npgpt_tokenizers(): return {}", "not marked with @hookimpl"),
    "extra-argument": (f"{HEAD}def npgpt_models(run): return {{}}", "asks for run"),
    "no-mapping": (f"{HEAD}def npgpt_models(): return 'gpt'", "expected a mapping"),
    "newer-contract": ("NPGPT_PLUGIN_API = 99", "upgrade npgpt-core"),
    "no-target": (
        f"{HEAD}def npgpt_models(): return {{'absent': 'broken_no_target.absent:Absent'}}\n"
        f"{HEAD}def npgpt_commands(): return {{'absent': 'broken_no_target.absent:main'}}",
        "does not import: ModuleNotFoundError",
    ),
    "no-protocol": (
        f"{HEAD}def npgpt_tokenizers(): return {{'a-hollow-one': 'builtins:dict'}}",
        "lacks train, encode",
    ),
}
INSTALLED = ",".join(["npgpt-healthy", *(f"broken-{name}" for name in BROKEN)])
LATE = ("no-target", "no-protocol")  # show only where they are used, or with --check


def write_wheel(folder, distribution, files, version="1.0"):
    """A wheel as build backends write them (https://packaging.python.org/specifications)."""
    package = distribution.replace("-", "_")
    info = f"{package}-{version}.dist-info"
    files = {f"{package}/{name}": text for name, text in files.items()} | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[npgpt]\n{distribution} = {package}._plugin\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    path = folder / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return path


def pip_install(folder, *wheels):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    where = ["--no-deps", "--no-index", "--no-compile", "--target", folder]
    subprocess.run([*pip, *where, *wheels], check=True, capture_output=True)


def part_of(kind, name):
    """The files of the package that ``npgpt plugins new`` writes."""
    scaffold = Scaffold(kind, name)
    prefix = f"src/{scaffold.substitutions['package']}/"
    files = scaffold.render().items()
    return {path.removeprefix(prefix): text for path, text in files if path.startswith(prefix)}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the eleven plugins installed."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    paths = [
        write_wheel(wheels, f"broken-{name}", {"__init__.py": "", "_plugin.py": source})
        for name, (source, _) in BROKEN.items()
    ]
    paths.append(write_wheel(wheels, "npgpt-healthy", part_of("tokenizer", "healthy")))
    pip_install(site, *paths)
    return site


@pytest.fixture
def run(site, cache):
    """Run ``npgpt`` as a process of its own, with the folder's plugins and no other installed."""

    def run(*args, code=0, path=site, **environment):
        own = {"PYTHONPATH": str(path), "COLUMNS": "100", "NPGPT_LOAD_PLUGINS": INSTALLED}
        done = subprocess.run(
            [Path(sys.executable).with_name("npgpt"), *map(str, args)],
            env={**os.environ, **own, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return run


def test_each_is_named_with_its_reason(run):
    plugins = {plugin["distribution"]: plugin for plugin in json.loads(run("plugins", "--json"))}
    for name, (_, reason) in BROKEN.items():
        plugin = plugins[f"broken-{name}"]
        if name in LATE:
            assert plugin["status"] == "ok"
        else:
            assert plugin["status"] == "failed"
            assert reason in plugin["reason"]
    assert plugins["npgpt-healthy"]["status"] == "ok"
    table, *reasons = run("plugins").split("\n\n")
    heading, *lines = [line.split() for line in table.splitlines()]
    assert heading == ["distribution", "version", "status", "kind", "name"]
    assert {line[0] for line in lines} == set(plugins)
    assert len(reasons) == sum(bool(plugin["reason"]) for plugin in plugins.values())


def test_check_finds_the_late_ones_too_and_exits_with_1(run):
    plugins = {
        p["distribution"]: p for p in json.loads(run("plugins", "--check", "--json", code=1))
    }
    for name, (_, reason) in BROKEN.items():
        assert plugins[f"broken-{name}"]["status"] == "failed"
        assert reason in plugins[f"broken-{name}"]["reason"]
    assert plugins["npgpt-healthy"]["status"] == plugins["npgpt-cli"]["status"] == "ok"


def test_every_command_works_and_training_with_the_healthy_one(run, text_file, tmp_path):
    out = tmp_path / "run"
    small = ["--preset", "tiny", "--max-iters", 2, "--eval-interval", 2, "--eval-iters", 1]
    run("train", "--data", text_file, "--out", out, "--tokenizer", "healthy", *small)
    record = json.loads((out / "run.json").read_text())
    assert record["parts"]["tokenizer"] == {
        "name": "healthy",
        "distribution": "npgpt-healthy",
        "version": "1.0",
    }
    run("train", "--out", out, "--resume", "--max-iters", 3)
    run("generate", out, "--max-new-tokens", 5)
    run("evaluate", out)
    run("plot", out)
    assert run("tokenize", out, "To").split() == ["84", "111"]
    (tmp_path / "alone.json").write_bytes((out / "tokenizer.json").read_bytes())
    assert run("tokenize", tmp_path / "alone.json", "To").split() == ["84", "111"]
    assert "absent is left out" in run("check-grads")
    assert "npgpt_healthy.tokenizer:HealthyTokenizer" in run("plugins", "show", "healthy")
    run("plugins", "new", "tokenizer", "other", "--out", tmp_path / "other")


def test_every_help_works(run):
    text = run("--help")
    commands = re.findall(r"^  ([a-z][a-z-]*)  ", text, re.M)
    assert {"train", "plugins", "absent"} <= set(commands)
    assert "(from broken-no-target)" in text
    assert "8 plugins failed: see npgpt plugins." in text
    for command in commands:
        if command != "absent":
            run(command, "--help")


def test_a_command_that_does_not_import_is_one_line(run):
    message = run("absent", code=2)
    assert message.startswith("Error: command broken-no-target/absent")
    assert message.count("\n") == 1


def test_an_unknown_name_tells_of_those_that_failed(run, text_file, tmp_path):
    args = ["train", "--data", text_file, "--out", tmp_path / "run", "--tokenizer", "wanted"]
    message = run(*args, code=2)
    assert "Installed: a-hollow-one, bpe, byte-bpe, char, healthy, pretrained-bpe, word." in message
    assert "Plugin broken-import-error (broken-import-error 1.0)" in message


def test_environment_variables(run):
    def statuses(**environment):
        found = json.loads(run("plugins", "--json", **environment))
        return {plugin["distribution"]: plugin["status"] for plugin in found}

    assert statuses(NPGPT_DISABLE_PLUGINS="npgpt-healthy")["npgpt-healthy"] == "disabled"
    loaded = statuses(NPGPT_LOAD_PLUGINS="npgpt-healthy")
    assert loaded["npgpt-healthy"] == loaded["npgpt-cli"] == "ok"
    assert {status for name, status in loaded.items() if "broken" in name} == {"disabled"}
    assert statuses(NPGPT_LOAD_PLUGINS="")["npgpt-healthy"] == "disabled"
    for command in (["plugins"], ["--help"], ["train"]):
        message = run(*command, NPGPT_PLUGIN_STRICT="1", code=2)
        assert re.match(r"Error: plugin 'broken-\S+' .* is failed: .*STRICT is set\)\n$", message)
    run("plugins", NPGPT_PLUGIN_STRICT="1", NPGPT_LOAD_PLUGINS="npgpt-healthy")


def complete(run, words, **environment):
    words = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    lines = run(_NPGPT_COMPLETE="bash_complete", **words, **environment).split()
    return [line.partition(",")[2] for line in lines]


def test_shell_completion(run):
    names = ["a-hollow-one", "bpe", "byte-bpe", "char", "healthy", "pretrained-bpe", "word"]
    assert complete(run, "npgpt train --tokenizer ") == names
    assert complete(run, "npgpt train --tokenizer b") == ["bpe", "byte-bpe"]
    assert complete(run, "npgpt train --optim a") == ["adam", "adamw"]
    assert complete(run, "npgpt plugins show heal") == ["healthy"]
    assert "plugins" in complete(run, "npgpt pl")
    assert complete(run, "npgpt absent ") == []
    assert complete(run, "npgpt train --tokenizer ", NPGPT_PLUGIN_STRICT="1") == []
    assert complete(run, "npgpt tr", NPGPT_PLUGIN_STRICT="1") == []
