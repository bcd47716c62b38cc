"""The metadata of a stranger's file, asked for by name: each value is checked, none is assumed."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from npgpt_core.errors import NpgptError, short_repr
from npgpt_core.numbers import is_real, is_whole

MISSING: Any = object()
LARGEST = 2**31  # of a whole number: vocabularies, widths and contexts are far below


class Metadata(Mapping[str, Any]):
    """What a file says of a model; a ``None`` is as good as nothing.

    Args:
        values: by their names.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def whole(self, name: str, default: Any = MISSING) -> int:
        """A whole number from 1."""
        value = self._value(name, default)
        if not is_whole(value) or not 1 <= value < LARGEST:
            raise NpgptError(f"{name} is {short_repr(value)}, expected a whole number from 1")
        return int(value)

    def real(self, name: str, default: Any = MISSING) -> float:
        """A finite number above 0."""
        value = self._value(name, default)
        if not is_real(value) or not 0 < value < math.inf:
            raise NpgptError(f"{name} is {short_repr(value)}, expected a finite number above 0")
        return float(value)

    def flag(self, name: str, default: Any = MISSING) -> bool:
        """True or False."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise NpgptError(f"{name} is {short_repr(value)}, expected true or false")
        return value

    def one_of(self, name: str, supported: tuple[Any, ...], default: Any = MISSING) -> Any:
        """A value that is supported; the error says which are."""
        value = self._value(name, default)
        if not any(type(value) is type(known) and value == known for known in supported):
            known = " or ".join(_shown(known) for known in supported)
            raise NpgptError(f"{name} {_shown(value)} is not supported: {known} is")
        return value

    def table(self, name: str) -> "Metadata":
        """An object in the metadata; an empty one where there is none."""
        value = self._values.get(name, {})
        if not isinstance(value, Mapping):
            raise NpgptError(f"{name} is {short_repr(value)}, expected an object")
        return Metadata(value)

    def below(self, prefix: str) -> "Metadata":
        """What begins with a prefix, without it."""
        own = {name.removeprefix(prefix): self[name] for name in self if name.startswith(prefix)}
        return Metadata(own)

    def _value(self, name: str, default: Any) -> Any:
        value = self._values.get(name, default)
        if value is MISSING:
            raise NpgptError(f"{name} is missing")
        return value


def _shown(value: Any) -> str:
    return (
        {True: "true", False: "false"}[value] if isinstance(value, bool) else short_repr(value, 60)
    )
