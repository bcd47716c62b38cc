"""What ``npgpt check-grads`` prints: a row a module, with its worst array."""

from collections.abc import Collection, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from npgpt_core.testing.gradients import GradientCheck


def print_checks(checks: Mapping[str, Sequence[GradientCheck]], wrong: Collection[str]) -> None:
    """A table of the modules, the error of each the largest of its arrays'."""
    table = Table("module", "arrays", "worst array", "error", "")
    for name, arrays in checks.items():
        worst, verdict = arrays[0], "WRONG" if name in wrong else "ok"
        table.add_row(name, str(len(arrays)), worst.name, f"{worst.error:.1e}", verdict)
    Console().print(table)
