"""What a page says of each module: what it is, its mathematics, its parameters and its source."""

import inspect
import textwrap
from collections.abc import Iterable
from typing import Any

from npgpt_core.module import Module
from npgpt_train.explain.formulas import backward_formulas, forward_formula


def describe(model: Module, names: Iterable[str]) -> list[dict[str, Any]]:
    """Describe the modules of these names, in their order."""
    modules: dict[str, Module] = {}
    for name, module in model.named_modules():
        modules.setdefault(name, module)
    above: dict[str, tuple[str | None, str]] = {"": (None, "")}
    for name, module in modules.items():
        for attribute, _ in module.named_children():
            above.setdefault(f"{name}.{attribute}" if name else attribute, (name, attribute))
    of_array = {id(array): name for name, array in model.parameters().items()}
    return [
        {
            "name": name,
            "above": above[name][0],
            "attribute": above[name][1],
            **_describe(modules[name], of_array),
        }
        for name in names
    ]


def class_name(module: Module) -> str:
    """Where the class of a module is: ``npgpt_core.layers.linear.Linear``."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _describe(module: Module, of_array: dict[int, str]) -> dict[str, Any]:
    own = {
        own: of_array[id(array)]
        for own, array in module.own_parameters().items()
        if id(array) in of_array
    }
    backward, formulas = backward_formulas(module, len(own))
    return {
        "kind": type(module).__name__,
        "class": class_name(module),
        "formula": forward_formula(module),
        "backward": backward,
        "parameters": own,
        "formulas": dict(zip(own, formulas, strict=True)),
        "numbers": _numbers(module),
    }


def _numbers(module: Module) -> dict[str, Any]:
    """The public attributes that are numbers, or tuples of them: ``n_head``, ``eps``."""
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    plain = (bool, int, float)
    return {
        name: value
        for name, value in public.items()
        if name != "training"
        and (
            isinstance(value, plain)
            or (isinstance(value, tuple) and all(isinstance(item, plain) for item in value))
        )
    }


def sources(model: Module) -> dict[str, dict[str, Any]]:
    """The source lines of ``forward`` and ``backward`` by class; nothing where there are none."""
    classes = {class_name(module): type(module) for _, module in model.named_modules()}
    return {
        name: {method: _source(kind, method) for method in ("forward", "backward")}
        for name, kind in classes.items()
    }


def _source(kind: type[Module], method: str) -> dict[str, Any] | None:
    """The lines of a method and where they stand; None if its file is not to be had."""
    function = inspect.unwrap(getattr(kind, method))
    try:
        lines, start = inspect.getsourcelines(function)
    except (OSError, TypeError):  # the class was made at a prompt, or is compiled
        return None
    file = function.__module__.replace(".", "/") + ".py"
    return {"file": file, "line": start, "text": textwrap.dedent("".join(lines))}
