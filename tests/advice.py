"""What a message advises: an option that it names is one that the command, or one it names, has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from npgpt_cli.main import main

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OTHER_PROGRAM = re.compile(r"pip install.*")
NAMES = {"train": "train(?:ing)?"}  # what a message may call a command


def require_known_options(words: Iterable[str], errors: str) -> None:
    """Raise an ``AssertionError`` at an error or a warning that names an option of another command.

    Of another command it may name one, if it names the command.
    """
    if errors.startswith("Usage:"):  # click's own, which says what was given
        return
    for line in errors.splitlines():
        if line.startswith(("Error: ", "Warning: ")):
            advised = {*OPTION.findall(OTHER_PROGRAM.sub("", line))}
            unknown = advised - {*_options(_called(words))} - {*_of_named(line)} - {*words}
            assert not unknown, f"{unknown} are no options of this command: {line}"


def _called(words: Iterable[str]) -> click.Command:
    command: click.Command = main
    for word in words:
        if isinstance(command, click.Group):
            command = _commands(command).get(word, command)
    return command


def _commands(group: click.Group) -> dict[str, click.Command]:
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def _of_named(line: str) -> Iterator[str]:
    for name, command in _commands(main).items():
        if re.search(rf"\b{NAMES.get(name, name)}\b", line):
            yield from _options(command)


def _options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from parameter.opts
    if isinstance(command, click.Group):
        for member in _commands(command).values():
            yield from _options(member)
