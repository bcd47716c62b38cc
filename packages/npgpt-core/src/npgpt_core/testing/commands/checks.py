"""The contract checks of commands: named, explained, and quick to start."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from npgpt_core.testing.checklist import Check, CheckList, require, require_protocol

commands = CheckList("command")


def command_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every command check; a function takes the Click command itself."""
    return iter(commands)


@commands
def protocol(factory: Any) -> None:
    """It is a Click command: it has ``main``."""
    require_protocol("command", factory)


@commands
def has_a_name(factory: Any) -> None:
    """Its name is of lower-case letters, digits and dashes, as it is typed."""
    name = factory.name
    require(
        isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name),
        f"the name is {name!r}, expected such as 'check-grads': @click.command('check-grads')",
    )


@commands
def has_help(factory: Any) -> None:
    """Its help begins with a line that says what it does."""
    require(
        (factory.help or "").strip(),
        f"{factory.name!r} has no help: give its function a docstring",
    )


@commands
def options_explained(factory: Any) -> None:
    """Every option has a help text."""
    silent = [
        parameter.name
        for parameter in factory.params
        if parameter.param_type_name == "option"
        and not (parameter.help or "").strip()
        and not parameter.hidden
    ]
    require(not silent, f"options without help: {', '.join(silent)}; give each help='...'")


@commands
def help_runs(factory: Any) -> None:
    """``--help`` prints the help and exits with 0."""
    code, output = _run(factory, "--help")
    require(code == 0, f"--help exited with {code}, expected 0; it printed {output!r:.200}")
    first_words = " ".join((factory.help or "").split()[:3])
    require(
        first_words in " ".join(output.split()),
        f"--help does not print the help {first_words!r}...; it printed {output!r:.200}",
    )


@commands
def unknown_option_refused(factory: Any) -> None:
    """An option that it does not have exits with 2 and names the option."""
    code, output = _run(factory, "--no-such-option")
    require(
        code == 2 and "--no-such-option" in output,
        f"--no-such-option exited with {code} and printed {output!r:.200}; expected exit 2 and its"
        " name: do not ignore unknown options",
    )


@commands
def imports_no_numpy(factory: Any) -> None:
    """Importing its module imports no NumPy, so that ``--help`` is quick."""
    module = (getattr(factory, "callback", None) or factory).__module__
    code = f"import sys, {module}; sys.exit(3 * ('numpy' in sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    require(
        done.returncode != 3,
        f"importing {module} imports NumPy, and with it --help is slow: import what needs it"
        " inside the command's function",
    )
    require(done.returncode == 0, f"{module} does not import by its name: {done.stderr[-300:]}")


def _run(command: Any, *arguments: str) -> tuple[object, str]:
    """The exit code of a command, and what it printed."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        try:
            command.main(args=list(arguments), prog_name=command.name or "command")
        except SystemExit as exit:
            return exit.code or 0, output.getvalue()
    return None, output.getvalue()
