"""The mathematics of a module, from the one place where it is written: its docstrings.

A class may annotate a parameter that not all of its modules have, such as a bias: ``bias: Array;
dbias: Array``. Where it is absent, what the docstrings say of it is left out.
"""

import inspect
import re

from npgpt_core.module import Module


def forward_formula(module: Module) -> str:
    """What the module computes: the first line of its class's docstring.

    Without the parameter of which ``backward`` says ``db = Σ dy``, ``y = x W + b`` is ``y = x W``.
    """
    formula = _first_line(type(module).__doc__)
    for line, is_there in _parameter_lines(module):
        if not is_there:
            symbol = line.partition(" ")[0].removeprefix("d")
            formula = re.sub(rf" \+ {re.escape(symbol)}\b", "", formula)
    return formula


def backward_formulas(module: Module, n_parameters: int) -> tuple[str, list[str]]:
    """What ``backward`` computes: the line for the input, and one for each parameter of its own.

    The first line of the docstring has them in this order, with semicolons between; a line that has
    another number of parts is about the whole.
    """
    first = _backward_parts(module)[0]
    others = [line for line, is_there in _parameter_lines(module) if is_there]
    if len(others) == n_parameters:
        return first, others
    return "; ".join([first, *others]), [""] * n_parameters


def _backward_parts(module: Module) -> list[str]:
    return _first_line(type(module).backward.__doc__).rstrip(".").split("; ")


def _parameter_lines(module: Module) -> list[tuple[str, bool]]:
    """What ``backward`` says of each parameter, and whether the module has it."""
    lines, annotated = _backward_parts(module)[1:], _annotated_parameters(type(module))
    if len(lines) != len(annotated):
        return [(line, True) for line in lines]
    own = module.own_parameters()
    return [(line, name in own) for line, name in zip(lines, annotated, strict=True)]


def _annotated_parameters(kind: type[Module]) -> list[str]:
    """Names that are annotated together with their gradients, in order."""
    names = [name for base in reversed(kind.__mro__) for name in inspect.get_annotations(base)]
    return [name for name in dict.fromkeys(names) if f"d{name}" in names]


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0].replace("``", "")
