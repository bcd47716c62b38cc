"""``npgpt plugins show``: one part, its options and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.shell import command

if TYPE_CHECKING:
    from npgpt_core.plugins.registry import Spec


class KindOrName(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A kind or the name of a part; completes to both."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names of parts, and kinds, that begin like this."""
        names = {name for kind in registry.KINDS for name in (kind, *registry.names(kind))}
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


@click.command()
@click.argument("words", nargs=-1, required=True, type=KindOrName(), metavar="[KIND] NAME")
def show(words: tuple[str, ...]) -> None:
    """Describe a part: what it is, who brought it, and its options.

    NAME may be DISTRIBUTION/NAME; KIND, which npgpt plugins lists beside it, is needed only where
    several kinds have the name.
    """
    if len(words) > 2:
        raise click.UsageError(f"expected [KIND] NAME, got {' '.join(words)!r}")
    spec = registry.find(*words) if len(words) == 2 else _find(words[0])
    click.echo(_description(spec, registry.load_spec(spec)), nl=False)


def _find(name: str) -> Spec:
    """The part of a name, whatever its kind."""
    bare = name.rpartition("/")[2]
    kinds = [kind for kind in registry.KINDS if _has(kind, name)]
    if len(kinds) == 1:
        return registry.find(kinds[0], name)
    if kinds:
        choices = " or ".join(command("npgpt", "plugins", "show", kind, name) for kind in kinds)
        raise PluginError(f"{name!r} is a {' and a '.join(kinds)}: use {choices}")
    from difflib import get_close_matches

    known = {spec.name for kind in registry.KINDS for spec in registry.specs(kind)}
    close = get_close_matches(bare, sorted(known), n=3)
    hint = f", did you mean {' or '.join(close)}?" if close else "."
    raise PluginError(f"no part is called {name!r}{hint} npgpt plugins lists all there are")


def _has(kind: str, name: str) -> bool:
    if "/" in name:
        try:
            return bool(registry.find(kind, name))
        except PluginError:
            return False
    return any(spec.name == name for spec in registry.specs(kind))


def _description(spec: Spec, target: Any) -> str:
    from npgpt_cli.show.describe import options_of, summary
    from npgpt_train.machine.escaping import printable

    kind = registry.KINDS[spec.kind]
    use = ("npgpt", "train", f"--{kind.argument}") if kind.argument else ("npgpt",)
    formatter = click.HelpFormatter(max_width=100)
    formatter.write_text(f"{spec.kind} {spec.name}")
    with formatter.indentation():
        for paragraph in summary(target):
            formatter.write_text(paragraph)
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
    if kind.settable:
        formatter.write_paragraph()
        if options:
            formatter.write_text(f"Set an option with --set {kind.name}.OPTION=VALUE.")
        if kind.given:
            formatter.write_text(f"Training itself gives {', '.join(kind.given)}.")
    return printable(formatter.getvalue())
