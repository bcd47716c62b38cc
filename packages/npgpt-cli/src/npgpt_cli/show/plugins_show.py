"""What ``npgpt plugins show`` prints: a part, its options, and where it comes from."""

from __future__ import annotations

from typing import Any

import click

from npgpt_cli.show.describe import options_of, summary
from npgpt_core import registry
from npgpt_core.plugins.registry import Spec
from npgpt_core.shell import command
from npgpt_train.machine.escaping import printable


def print_part(spec: Spec, target: Any) -> None:
    """What a part is, who brought it, how it is used, and its options."""
    kind = registry.KINDS[spec.kind]
    use = ("npgpt", "train", f"--{kind.argument}") if kind.argument else ("npgpt",)
    formatter = click.HelpFormatter(max_width=100)
    formatter.write_text(f"{spec.kind} {spec.name}")
    with formatter.indentation():
        if text := summary(target):
            formatter.write_text(text)
            formatter.write_paragraph()
        formatter.write_dl(
            [
                ("from", f"{spec.distribution} {spec.version}"),
                ("full name", spec.qualified),
                ("target", spec.target),
                ("use", command(*use, spec.name)),
            ]
        )
    options = options_of(spec.kind, target)
    if options:
        with formatter.section("Options"):
            formatter.write_dl([(option.heading, option.text or " ") for option in options])
    else:
        formatter.write_paragraph()
        formatter.write_text("It has no options.")
    if key := kind.key(spec.name):
        formatter.write_paragraph()
        if options:
            formatter.write_text(f"Set an option with --set {key}.OPTION=VALUE.")
        if kind.given:
            formatter.write_text(f"Training itself gives {', '.join(kind.given)}.")
    click.echo(printable(formatter.getvalue()), nl=False)
