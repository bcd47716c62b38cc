"""``npgpt check-grads``."""

import click


@click.command("check-grads")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.pass_context
def check_grads(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Hold explicit gradients against central differences.

    Those of every layer are checked, or those of a NAME. The error of an array is
    |numerical - explicit| / (|numerical| + |explicit|), in float64.
    """
    from npgpt_cli.show.check_grads import print_checks
    from npgpt_core.errors import NpgptError
    from npgpt_core.escaping import printable
    from npgpt_core.plugins.hooks import describe_error
    from npgpt_core.testing.gradients import TOLERANCE, gradient_errors
    from npgpt_core.testing.layers.cases import gradient_cases

    cases = gradient_cases()
    unknown = [name for name in names if name not in cases]
    if unknown:
        raise NpgptError(f"there is no {unknown[0]!r} to check: choose from {', '.join(cases)}")
    checks, failed = {}, False
    for name in names or cases:
        built = False
        try:
            module, x = cases[name]()
            built = True
            checks[name] = gradient_errors(module, x)
        except Exception as error:  # a stranger's model may raise anything
            click.echo(f"Warning: {name} is left out: {printable(describe_error(error))}", err=True)
            failed |= built or name in names
    wrong = [name for name, errors in checks.items() if not errors[0].error < TOLERANCE]
    print_checks(checks, wrong)
    ctx.exit(1 if wrong or failed else 0)
