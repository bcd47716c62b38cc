"""The mathematics of a module, from the one place where it is written: its docstrings."""

from npgpt_core.module import Module


def forward_formula(module: Module) -> str:
    """What the module computes: the first line of its class's docstring."""
    return _first_line(type(module).__doc__)


def backward_formulas(module: Module, n_parameters: int) -> tuple[str, list[str]]:
    """What ``backward`` computes: the line for the input, and one for each parameter of its own.

    The first line of the docstring has them in this order, with semicolons between; a line that has
    another number of parts is about the whole.
    """
    line = _first_line(type(module).backward.__doc__).rstrip(".")
    first, *others = line.split("; ")
    if len(others) == n_parameters:
        return first, others
    return line, [""] * n_parameters


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0].replace("``", "")
