"""Lazy package namespaces (PEP 562), so that importing a package imports none of its parts."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the ``__getattr__`` and ``__dir__`` of a package whose public names load on first use.

    ``names`` maps a public name to the module that defines it, relative (``.module``) or absolute;
    a name that is mapped to a module of that name is the module itself.
    """

    def __getattr__(name: str) -> Any:
        if name == "__all__":  # asked for by ``from package import *``
            return sorted(names)
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(names[name], package)
        return module if names[name].endswith(f".{name}") else getattr(module, name)

    def __dir__() -> list[str]:
        return sorted(names)

    return __getattr__, __dir__
