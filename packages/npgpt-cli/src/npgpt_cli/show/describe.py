"""The description of a part: its options, types and defaults, from its signature and docstring.

Texts are those of a Google-style ``Args:`` section, in the docstring of the class or function, of
its ``__init__``, or of a class that it extends. Of a model they are those of its ``Config``.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import click

from npgpt_core.plugins.kinds import KINDS

_ARGUMENTS = re.compile(
    r"^( *)(?:Args|Arguments|Parameters): *\n((?:\1 +\S.*\n|\n)*)", re.MULTILINE
)
_ENTRY = re.compile(r"^\*{0,2}(\w+)(?: *\([^)]*\))?:", re.MULTILINE)
_OTHER_SECTION = re.compile(r"[A-Z]\w*:")


class Option(NamedTuple):
    """One option of a part, as text."""

    name: str
    type: str
    default: str
    text: str

    @property
    def heading(self) -> str:
        """``name: type = default``, without what is not known; None is the text's to explain."""
        kind = f": {self.type}" if self.type else ""
        return f"{self.name}{kind}" + (f" = {self.default}" if self.default else "")


def summary(target: Any) -> str:
    """The first paragraph of the docstring on one line, unless it is a section."""
    is_command = isinstance(target, click.Command)
    doc = inspect.cleandoc(target.help or "") if is_command else inspect.getdoc(target) or ""
    first = re.split(r"\n\s*\n", doc)[0]
    is_section = _OTHER_SECTION.fullmatch(first.split("\n")[0].strip())
    return "" if is_section else " ".join(first.split())


def options_of(kind: str, target: Any) -> list[Option]:
    """The options of a part: what a user can set, in the order of the signature."""
    if isinstance(target, click.Command):
        return [_command_option(parameter) for parameter in target.params]
    texts = _documented(KINDS[kind].built_with(target))
    options = []
    for parameter in KINDS[kind].options(target):
        if parameter.kind is parameter.POSITIONAL_ONLY:
            continue
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        required = parameter.default is parameter.empty
        default = "" if parameter.default in (parameter.empty, None) else repr(parameter.default)
        annotation = _annotation(parameter)
        text = texts.get(parameter.name, "")
        if required and not stars:
            text = f"{text} (required)".strip()
        options.append(Option(stars + parameter.name, annotation, default, text))
    return options


def _annotation(parameter: inspect.Parameter) -> str:
    if parameter.annotation is not parameter.empty:
        return inspect.formatannotation(parameter.annotation).strip("'\"")
    return "" if parameter.default in (parameter.empty, None) else type(parameter.default).__name__


def _command_option(parameter: click.Parameter) -> Option:
    if isinstance(parameter, click.Option):
        name = ", ".join((*parameter.opts, *parameter.secondary_opts))
        kind = "flag" if parameter.is_flag else parameter.metavar or parameter.type.name
        shown = isinstance(parameter.default, int | float | str) and not parameter.is_flag
        return Option(name, kind, repr(parameter.default) if shown else "", parameter.help or "")
    return Option(parameter.metavar or parameter.human_readable_name, "argument", "", "")


def _documented(source: Any) -> Mapping[str, str]:
    """Option -> text; what is nearest in the order of inheritance says it."""
    texts: dict[str, str] = {}
    for owner in getattr(source, "__mro__", (source,)):
        for documented in (owner, vars(owner).get("__init__")):
            for name, text in arguments_in(getattr(documented, "__doc__", None) or ""):
                texts.setdefault(name, text)
    return texts


def arguments_in(docstring: str) -> Iterator[tuple[str, str]]:
    """Yield name and text, on one line, of each entry of the ``Args:`` section of a docstring."""
    section = _ARGUMENTS.search(f"{inspect.cleandoc(docstring)}\n")
    entries = inspect.cleandoc(f"\n{section[2]}") if section else ""
    _, *found = _ENTRY.split(entries)
    for name, text in zip(found[::2], found[1::2], strict=True):
        yield name, " ".join(text.split())
