"""``npgpt check-grads``."""

from __future__ import annotations

import click


@click.command("check-grads")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.pass_context
def check_grads(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Hold explicit gradients against central differences: every layer, or those of a NAME.

    The error of an array is |numerical - explicit| / (|numerical| + |explicit|), in float64.
    """
    from rich.console import Console
    from rich.table import Table

    from npgpt_core.errors import NpgptError
    from npgpt_core.testing.gradients import TOLERANCE, gradient_errors
    from npgpt_core.testing.layers.cases import gradient_cases
    from npgpt_train.machine.escaping import printable

    cases = gradient_cases()
    unknown = [name for name in names if name not in cases]
    if unknown:
        raise NpgptError(f"there is no {unknown[0]!r} to check: choose from {', '.join(cases)}")
    table = Table("module", "arrays", "worst array", "error", "")
    failed = False
    for name in names or cases:
        try:
            module, x = cases[name]()
        except Exception as error:  # a stranger's model may raise anything
            if names:
                raise
            click.echo(f"Warning: {name} is left out: {printable(str(error))}", err=True)
            continue
        checks = gradient_errors(module, x)
        worst = checks[0]
        passed = worst.error < TOLERANCE
        failed |= not passed
        table.add_row(
            name, str(len(checks)), worst.name, f"{worst.error:.1e}", "ok" if passed else "WRONG"
        )
    Console().print(table)
    ctx.exit(1 if failed else 0)
