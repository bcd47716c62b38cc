"""``npgpt plugins``, with only core, train and cli installed, and a small plugin written here."""

import ast
import json
import re
import subprocess
import sys
from importlib.resources import files

import click
import pytest
from click.testing import CliRunner

from npgpt_cli.group import LazyGroup, summary
from npgpt_cli.main import main
from npgpt_cli.scaffold import Scaffold
from npgpt_cli.show.describe import arguments_in, options_of
from npgpt_cli.show.plugins import print_part
from npgpt_core import NpgptError, registry
from npgpt_core.plugins.discovery import Spec

PLUGIN = """
from npgpt_core import hookimpl
@hookimpl
def npgpt_datasets():
    return {"tiny": "npgpt_cli_test_plugin.part:Tiny", "both": "npgpt_cli_test_plugin.part:Tiny"}
@hookimpl
def npgpt_commands():
    return {
        "both": "npgpt_cli_test_plugin.part:both",
        "odd": "npgpt_cli_test_plugin.part:Odd",
        "family": "npgpt_cli_test_plugin.part:family",
    }
"""
PART = '''
import click
from npgpt_core.errors import NpgptError
class Tiny:
    """A tiny dataset,
    over two lines.

    More of it.

    Args:
        size: how large
            it is.
        mode (str): how [bold]it[/bold] is read.
    """
    def __init__(self, *, size: int = 3, mode="plain\\x1b[31m", where): pass
    def texts(self): yield ""
class Odd:
    def main(self): pass
@click.command()
@click.argument("run")
@click.option("--loud", is_flag=True, help="Shout.")
@click.option("--times", default=2, help="How often.")
def both(run, loud, times):
    """Do both."""
    if loud:
        raise NpgptError("too loud")
    raise RuntimeError
made = click.Command("made", help="Make it.\\n\\nAnd more.")
@click.group()
def family():
    """Have children."""
@family.command()
@click.argument("word")
def child(word):
    """Say a word."""
    if word == "bad":
        raise NpgptError("no such word")
    click.echo(word)
'''


@pytest.fixture
def npgpt(tmp_path, monkeypatch):
    """Run the command with a stranger's plugin installed beside the house's."""
    package, info = tmp_path / "npgpt_cli_test_plugin", tmp_path / "odd_one-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    for name, text in {"__init__": "", "_plugin": PLUGIN, "part": PART}.items():
        (package / f"{name}.py").write_text(text)
    (info / "entry_points.txt").write_text("[npgpt]\nx = npgpt_cli_test_plugin._plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    registry.plugins.cache_clear()
    yield lambda *args: CliRunner().invoke(main, [str(arg) for arg in args])
    registry.plugins.cache_clear()
    for name in [name for name in sys.modules if name.startswith("npgpt_cli_test_plugin")]:
        del sys.modules[name]


# -------------------------------------------------------------------- the list


def test_in_a_pipe_the_list_is_an_aligned_line_for_each_part(npgpt):
    heading, *lines = npgpt("plugins").output.splitlines()
    starts = [heading.index(word) for word in heading.split()]
    assert all(line[start - 1] == " " != line[start] for line in lines for start in starts[1:])
    assert max(map(len, lines)) < 80
    assert [line.split() for line in lines if line.startswith("odd-one")] == [
        ["odd-one", "1.0", "ok", "dataset", "tiny"],
        ["odd-one", "1.0", "ok", "dataset", "both"],
        ["odd-one", "1.0", "ok", "command", "both"],
        ["odd-one", "1.0", "ok", "command", "odd"],
        ["odd-one", "1.0", "ok", "command", "family"],
    ]


def test_a_reason_is_told_below_on_a_line_of_its_own(npgpt, monkeypatch):
    monkeypatch.setenv("NPGPT_DISABLE_PLUGINS", "x")
    registry.plugins.cache_clear()
    table, _, reasons = npgpt("plugins").output.partition("\n\n")
    assert [line.split() for line in table.splitlines() if line.startswith("odd-one")] == [
        ["odd-one", "1.0", "disabled", "-", "-"]
    ]
    assert reasons.startswith("odd-one 1.0 disabled: ")
    assert reasons.count("\n") == 1


def test_on_a_terminal_it_is_a_table_as_wide_as_the_terminal(npgpt, monkeypatch):
    monkeypatch.setattr("npgpt_cli.terminal.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    output = npgpt("plugins").output
    assert "┃" in output
    assert "dataset tiny, both; command both" in output
    assert max(map(len, output.splitlines())) <= 80


def test_json_has_every_field(npgpt):
    found = json.loads(npgpt("plugins", "--json").output)
    (plugin,) = [plugin for plugin in found if plugin["distribution"] == "odd-one"]
    fields = {"name", "distribution", "version", "status", "reason", "provides", "kinds"}
    assert set(plugin) == fields
    assert plugin["provides"][0] == {
        "kind": "dataset",
        "name": "tiny",
        "target": "npgpt_cli_test_plugin.part:Tiny",
        "distribution": "odd-one",
        "version": "1.0",
        "contract": None,
    }


def test_check_passes_where_all_is_sound(npgpt):
    assert npgpt("plugins", "--check").exit_code == 0


# -------------------------------------------------------------------- one part


def test_show_a_part(npgpt):
    result = npgpt("plugins", "show", "tiny")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[:2] == ["dataset tiny", "A tiny dataset, over two lines."]
    assert "size: int = 3 how large it is." in lines
    assert "where (required)" in lines
    assert "from odd-one 1.0" in lines
    assert "use npgpt train --data tiny" in lines
    assert "\x1b" not in result.output
    assert not result.output.endswith("\n\n")


def test_show_says_how_options_are_set_and_what_training_gives(capsys):
    class Slow:
        """Slow.

        Args:
            warmup: a tenth of the run unless given.
        """

        def __init__(self, model, lr, eps=1e-8, warmup: int | None = None):
            pass

    spec = Spec("optimizer", "slow", "slow:Slow", "npgpt-slow", "1.0")
    print_part(spec, Slow)
    text = " ".join(capsys.readouterr().out.split())
    assert "Set an option with --set optimizer.OPTION=VALUE." in text
    assert "Training itself gives model, lr." in text
    assert "eps: float = 1e-08" in text
    assert "warmup: int | None a tenth of the run unless given." in text
    print_part(spec, lambda model, lr: None)
    assert "Set an option" not in capsys.readouterr().out


def test_show_needs_the_kind_where_several_have_the_name(npgpt):
    result = npgpt("plugins", "show", "both")
    assert result.exit_code == 2
    assert "npgpt plugins show dataset both or npgpt plugins show command both" in result.output
    output = npgpt("plugins", "show", "command", "odd-one/both").output
    assert re.search(r"--loud: flag +Shout\.", output)
    assert re.search(r"--times: integer = 2 +How often\.", output)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tyny"], "no part is called 'tyny', did you mean tiny?"),
        (["dataset", "tyny"], "unknown dataset 'tyny', did you mean tiny?"),
        (["datasets", "tiny"], "unknown kind 'datasets'"),
        (["npgpt-train/tiny"], "no part is called 'npgpt-train/tiny'"),
    ],
)
def test_show_what_is_not_there(npgpt, words, message):
    result = npgpt("plugins", "show", *words)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert message in result.output


def test_every_option_of_the_house_is_documented():
    for kind in registry.KINDS:
        for spec in registry.specs(kind):
            if spec.distribution in registry.OWN_DISTRIBUTIONS and kind != "command":
                for option in options_of(kind, registry.load_spec(spec)):
                    assert option.text, f"{spec.qualified} says nothing of {option.name}"


def test_arguments_of_a_docstring():
    doc = """Do.

    Args:
        one: the first,
            continued: here.
        and more text, at the margin: of it.

        *rest: more.
        two (int, optional): the second.

    Returns:
        three: not an argument.
    """
    assert dict(arguments_in(doc)) == {
        "one": "the first, continued: here. and more text, at the margin: of it.",
        "rest": "more.",
        "two": "the second.",
    }
    assert dict(arguments_in("No section.")) == {}


# -------------------------------------------------------------------- a new package


@pytest.mark.parametrize("kind", registry.KINDS)
def test_a_new_package_is_python_and_toml(kind, tmp_path, npgpt):
    import tomllib

    result = npgpt("plugins", "new", kind, "nice-one", "--out", tmp_path / "new")
    assert result.exit_code == 0, result.output
    project = tomllib.loads((tmp_path / "new/pyproject.toml").read_text())["project"]
    assert project["name"] == "npgpt-nice-one"
    assert project["entry-points"]["npgpt"] == {"nice-one": "npgpt_nice_one._plugin"}
    sources = list((tmp_path / "new").rglob("*.py"))
    assert {f"{kind}.py", "_plugin.py", f"test_{kind}.py"} <= {path.name for path in sources}
    for path in sources:
        ast.parse(path.read_text("utf-8"))
        assert max(map(len, path.read_text("utf-8").splitlines())) <= 100


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("tokenizer", "Two Words", "expected lower-case letters, digits and single hyphens"),
        ("tokenizer", "a--b", "expected lower-case"),
        ("tokenizer", "9lives", "expected lower-case"),
        ("tokenizer", "../escape", "expected lower-case"),
        ("tokenizer", "npgpt-x", "npgpt- is put before it"),
        ("tokenizer", "train", "npgpt-train is one of npgpt's own packages"),
        ("tokenizer", "core", "npgpt-core is one of npgpt's own packages"),
        ("dataset", "tiny", "'tiny' is that of the dataset of odd-one"),
        ("command", "plugins", "is that of the command of npgpt-cli"),
    ],
)
def test_a_name_that_cannot_be_used(npgpt, kind, name, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    result = npgpt("plugins", "new", kind, name)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert message in result.output
    assert sorted(tmp_path.iterdir()) == before


def test_an_existing_folder_is_left_alone(npgpt, tmp_path):
    (tmp_path / "mine").mkdir()
    result = npgpt("plugins", "new", "tokenizer", "nice", "--out", tmp_path / "mine")
    assert result.exit_code == 2
    assert "exists already" in result.output
    assert not list((tmp_path / "mine").iterdir())


def test_the_templates_are_where_the_package_is():
    assert {path.name for path in (files("npgpt_cli") / "templates").iterdir()} == {
        "package",
        *registry.KINDS,
    }


@pytest.mark.parametrize("name", ["class", "lambda", "module", "linear-model", "a", "x-tokenizer"])
@pytest.mark.parametrize("kind", ["model", "command", "tokenizer"])
def test_any_name_gives_python(kind, name):
    for path, text in Scaffold(kind, name).render().items():
        if path.endswith(".py"):
            ast.parse(text)
        assert "$" not in text


# -------------------------------------------------------------------- the command itself


def _groups():
    house = [spec for spec in registry.specs("command") if spec.distribution == "npgpt-cli"]
    commands = {spec.name: registry.load_spec(spec) for spec in house}
    yield "npgpt", main, commands
    for name, command in commands.items():
        if isinstance(command, click.Group):
            yield name, command, dict(command.commands)


GROUPS = {name: (group, commands) for name, group, commands in _groups()}


def test_there_are_groups_at_both_levels():
    assert set(GROUPS) == {"npgpt", "explain", "plugins", "cache"}


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_lists_the_first_line_of_each_docstring(name):
    group, commands = GROUPS[name]
    assert isinstance(group, LazyGroup)
    listed = group.summaries()
    assert set(commands) <= set(listed)
    for own, command in commands.items():
        assert command.help.splitlines()[0] == listed[own] != ""


def test_a_summary_that_no_source_has_is_that_of_the_command(npgpt):
    assert summary("npgpt_cli_test_plugin.part:both") == "Do both."
    assert "npgpt_cli_test_plugin.part" not in sys.modules
    assert summary("npgpt_cli_test_plugin.part:made") == "Make it."


def test_a_name_that_is_nearly_a_sub_command_is_told_in_a_line(npgpt):
    result = npgpt("explain", "forwrad")
    assert result.exit_code == 2
    assert "No such command 'forwrad'" in result.output


def test_completion_of_sub_commands_imports_nothing_for_them():
    code = (
        "import sys, click\nfrom npgpt_cli.commands.explain import explain\n"
        "found = explain.shell_complete(click.Context(explain), 'ste')\n"
        "print([item.value for item in found], 'npgpt_cli.show.explain_step' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['step'] False\n"


def test_a_command_that_is_no_click_command_is_one_line(npgpt):
    result = npgpt("odd")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "is a type, expected a Click command" in result.output


def test_a_strangers_command_runs_and_its_errors_are_its_own(npgpt):
    assert isinstance(npgpt("both", "x").exception, RuntimeError)
    assert "(from odd-one)" in npgpt("--help").output


def test_a_strangers_sub_commands_run_and_their_errors_are_a_line(npgpt):
    assert "Say a word." in npgpt("family", "--help").output
    assert npgpt("family", "child", "good").output == "good\n"
    result = npgpt("family", "child", "bad")
    assert result.exit_code == 2
    assert result.output == "Error: no such word (from odd-one 1.0)\n"


LISTS = [["--help"], ["explain", "--help"], ["plugins", "--help"], ["cache", "--help"]]
HELPS = [
    *([name, "--help"] for name in GROUPS["npgpt"][1]),
    *(
        [name, own, "--help"]
        for name, (_, subs) in GROUPS.items()
        if name != "npgpt"
        for own in subs
    ),
]


@pytest.mark.parametrize(
    ("runs", "absent"),
    [
        (LISTS, ("numpy", "rich", "npgpt_cli.commands.train", "npgpt_cli.show.explain_step")),
        (HELPS, ("numpy", "rich")),
        ([["plugins"]], ("numpy", "rich")),
    ],
)
def test_what_is_not_needed_is_not_imported(runs, absent):
    code = (
        "import sys\nfrom npgpt_cli.main import main\n"
        f"for args in {runs!r}:\n"
        "    try: main(args)\n    except SystemExit as end: assert not end.code, args\n"
        f"print([name for name in {absent!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


# -------------------------------------------------------------------- a plugin that raises


def test_an_error_of_a_plugin_names_it_and_keeps_its_traceback(npgpt):
    error = npgpt("both", "x").exception
    assert type(error) is RuntimeError
    assert error.__notes__ == [
        "This is an error of command 'both' of odd-one 1.0, which is not part of npgpt."
    ]


def test_what_a_plugin_refuses_is_one_line_that_names_it(npgpt):
    result = npgpt("both", "x", "--loud")
    assert result.exit_code == 2
    assert result.output == "Error: too loud (from command 'both' of odd-one 1.0)\n"


def test_its_author_can_have_the_traceback(npgpt, monkeypatch):
    monkeypatch.setenv("NPGPT_DEBUG", "1")
    assert type(npgpt("both", "x", "--loud").exception) is NpgptError


def test_npgpts_own_errors_name_no_plugin(npgpt):
    assert "(from" not in npgpt("generate", "nowhere").output
