"""``npgpt plugins``: what is installed, and whether it is sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from npgpt_cli.group import LazyGroup
from npgpt_cli.options import json_option
from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.plugins.registry import Plugin


@click.group(
    cls=LazyGroup,
    targets={
        "show": "npgpt_cli.commands.plugins_show:show",
        "new": "npgpt_cli.commands.plugins_new:new",
    },
    invoke_without_command=True,
)
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
        print_json(found, indent=2)
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
