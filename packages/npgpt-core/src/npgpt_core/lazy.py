"""Lazy package namespaces (PEP 562), so that importing a package imports none of its parts."""

import importlib
import os
import re
from collections.abc import Callable
from typing import Any

_NAME = re.compile(r"^from (\S+) import (\w+) as \2$", re.MULTILINE)


def lazy_names(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the ``__getattr__`` and ``__dir__`` of a package whose public names load on first use.

    The names are those that the stub beside ``file``, ``__init__.pyi``, exports to type checkers:
    ``from module import Name as Name``, a line each (scientific-python.org/specs/spec-0001).
    """
    with open(f"{os.path.splitext(file)[0]}.pyi", encoding="utf-8") as stub:
        homes = {name: module for module, name in _NAME.findall(stub.read())}

    def __getattr__(name: str) -> Any:
        if name == "__all__":  # asked for by ``from package import *``
            return sorted(homes)
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = importlib.import_module(homes[name])
        if name in vars(home):
            return vars(home)[name]
        return importlib.import_module(f"{homes[name]}.{name}")  # a module itself

    def __dir__() -> list[str]:
        return sorted(homes)

    return __getattr__, __dir__
