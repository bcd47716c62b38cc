"""What the contract checks of every kind share: a list with ids, and ways to say what is wrong."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import unwrap
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.plugins.kinds import KINDS
from npgpt_core.protocols import missing_members

Check = Callable[..., None]
"""Takes a factory of the part, and raises an ``AssertionError`` where the part breaks a promise."""


class CheckList:
    """The checks of a kind, in the order in which they are written; used as a decorator.

    A check's id is the name of its function with dashes, the first line of its docstring is the
    promise that it holds the part to. Whatever a part raises becomes an ``AssertionError`` that
    begins with kind and id.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.checks: dict[str, Check] = {}

    def __call__(self, function: Check) -> Check:
        """Add a check."""
        check_id = function.__name__.replace("_", "-")
        heading = f"{self.kind} check {check_id}"

        @functools.wraps(function)
        def check(factory: Any) -> None:
            __tracebackhide__ = True  # pytest shows the test and the message, not the kit
            try:
                function(factory)
            except AssertionError as error:
                error.args = (f"{heading}: {error}",)
                raise
            except (Exception, SystemExit) as error:  # a stranger's part may raise anything
                raise AssertionError(
                    f"{heading}: the part raised {type(error).__name__}: {error}; expected:"
                    f" {(function.__doc__ or '').splitlines()[0]} See the traceback above"
                ) from error

        self.checks[check_id] = check
        return check

    def given(self, make: Callable[[Any], tuple[Any, ...]]) -> Callable[[Check], Check]:
        """Add a check that takes what ``make(factory)`` gives in the place of the factory."""
        return lambda function: self(
            functools.wraps(function)(lambda factory: function(*make(factory)))
        )

    def include(self, others: CheckList, make: Callable[[Any], tuple[Any, ...]]) -> None:
        """Add checks that several kinds share, which take what ``make(factory)`` gives."""
        for check in others.checks.values():
            self.given(make)(unwrap(check))

    def __iter__(self) -> Iterator[tuple[str, Check]]:
        """Id and function of every check."""
        return iter(self.checks.items())


def require(condition: object, message: str) -> None:
    """Raise an ``AssertionError`` unless ``condition``; also where Python ignores ``assert``."""
    __tracebackhide__ = True
    if not condition:
        raise AssertionError(message)


@contextmanager
def must_raise(
    given: str, error: type[Exception] = NpgptError, *, naming: str = ""
) -> Iterator[None]:
    """Require that the block raises ``error``, with a message (that names ``naming``)."""
    try:
        yield
    except error as raised:
        require(str(raised), f"{given} raised a {error.__name__} that says nothing: say what to do")
        require(naming in str(raised), f"{given}: the error does not name {naming!r}: {raised}")
        return
    except Exception as raised:
        raise AssertionError(
            f"{given} raised {type(raised).__name__}: {raised}; expected {_where(error)}: check"
            " for it and say what was given, what was expected and what to do"
        ) from raised
    raise AssertionError(f"{given} was accepted; expected {_where(error)}: check for it")


def _where(error: type[Exception]) -> str:
    return "an npgpt_core.NpgptError" if error is NpgptError else f"a {error.__name__}"


@contextmanager
def as_failure() -> Iterator[None]:
    """A ``with`` block in which an ``NpgptError`` is what npgpt finds wrong with the part."""
    try:
        yield
    except NpgptError as error:
        raise AssertionError(str(error)) from error


def require_protocol(kind: str, target: Any) -> None:
    """Every member of the kind's protocol is there."""
    missing = missing_members(kind, target)
    name = getattr(target, "__name__", type(target).__name__)
    require(
        not missing,
        f"{name} lacks {', '.join(missing)}: add them as npgpt_core.protocols describes",
    )


def require_options_are_data(kind: str, part: Any) -> None:
    """Options can be given by name; their defaults and ``presets`` can be written as JSON."""
    options = {option.name: option for option in KINDS[kind].options(part)}
    takes_any = any(option.kind is option.VAR_KEYWORD for option in options.values())
    for preset, values in getattr(part, "presets", {}).items():
        unknown = [option for option in values if option not in options]
        require(
            takes_any or not unknown,
            f"presets[{preset!r}] sets {unknown}, expected some of {[*options]}",
        )
        require(_is_json(values), f"presets[{preset!r}] is {values!r:.60}, which JSON cannot hold")
    for parameter in options.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        require(
            parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY),
            f"option {parameter.name!r} cannot be given by name, as --set and run.json do: make it"
            " a keyword argument",
        )
        if parameter.default is not parameter.empty:
            require(
                _is_json(parameter.default),
                f"option {parameter.name!r} has the default {parameter.default!r:.60}, which JSON"
                " cannot hold, but run.json records every option: take None, a bool, a number, a"
                " string or a list of these",
            )


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True
