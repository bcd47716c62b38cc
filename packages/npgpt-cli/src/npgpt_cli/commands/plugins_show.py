"""``npgpt plugins show``."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.plugins.registry import Spec
from npgpt_core.shell import command


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
    from npgpt_cli.show.plugins_show import print_part

    spec = registry.find(*words) if len(words) == 2 else _find(words[0])
    print_part(spec, registry.load_spec(spec))


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
