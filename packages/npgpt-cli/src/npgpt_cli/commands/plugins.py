"""``npgpt plugins``: what is installed, whether it is sound, and the start of a new one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from npgpt_cli.group import LazyGroup
from npgpt_cli.options import PATH, json_option
from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.plugins.registry import Plugin, Spec
from npgpt_core.shell import command


@click.group(cls=LazyGroup, invoke_without_command=True)
@json_option
@click.option("--check", is_flag=True, help="Import every part; exit with 1 if one fails.")
@click.pass_context
def plugins(ctx: click.Context, as_json: bool, check: bool) -> None:
    """List, check, describe and start plugins.

    Without a command, those that are installed: what they provide, and why one failed.

    NPGPT_DISABLE_PLUGINS=NAME,... leaves plugins out, NPGPT_LOAD_PLUGINS=NAME,... leaves out all
    third parties' but those, and NPGPT_PLUGIN_STRICT=1 makes a failure an error.
    """
    if ctx.invoked_subcommand is not None:
        return
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.plugins import print_plugins

    found: Sequence[Plugin] = registry.plugins()
    if check:
        found = [_checked(plugin) for plugin in found]
    if as_json:
        print_json(found)
    else:
        print_plugins(found)
    if check and any(plugin.status == "failed" for plugin in found):
        ctx.exit(1)


def _checked(plugin: Plugin) -> Plugin:
    """The plugin as it is after importing every part and holding it against its protocol."""
    failures = []
    for spec in plugin.provides:
        try:
            registry.load_spec(spec)
        except PluginError as error:
            failures.append(str(error))
    return replace(plugin, status="failed", reason="; ".join(failures)) if failures else plugin


class KindOrName(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A kind or the name of a part; completes to both."""

    name = "name"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names of parts, and kinds, that begin like this."""
        names = {name for kind in registry.KINDS for name in (kind, *registry.names(kind))}
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


@plugins.command()
@click.argument("words", nargs=-1, required=True, type=KindOrName(), metavar="[KIND] NAME")
def show(words: tuple[str, ...]) -> None:
    """Describe a part: what it is, who brought it, and its options.

    NAME may be DISTRIBUTION/NAME; KIND, which npgpt plugins lists beside it, is needed only where
    several kinds have the name.
    """
    if len(words) > 2:
        raise click.UsageError(f"expected [KIND] NAME, got {' '.join(words)!r}")
    from npgpt_cli.show.plugins import print_part

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


@plugins.command()
@click.argument("kind", type=click.Choice(registry.KINDS))
@click.argument("name")
@click.option(
    "--out", type=PATH, metavar="DIR", help="The package's folder.  [default: ./npgpt-NAME]"
)
def new(kind: str, name: str, out: Path | None) -> None:
    """Write a small package that adds a part.

    The part is called NAME and works as it is, and the package's tests pass; make it yours.
    """
    from npgpt_cli.scaffold import Scaffold
    from npgpt_cli.show.plugins import print_package

    scaffold = Scaffold(kind, name)
    folder = out or Path(scaffold.distribution)
    print_package(scaffold, folder, scaffold.write(folder))
