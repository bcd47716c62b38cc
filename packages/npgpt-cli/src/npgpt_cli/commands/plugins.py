"""``npgpt plugins``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.protocols import KINDS


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--check", is_flag=True, help="Import every part; exit with 1 if one fails.")
@click.pass_context
def plugins(ctx: click.Context, as_json: bool, check: bool) -> None:
    """List installed plugins, what they provide, and why one failed."""
    if ctx.invoked_subcommand is not None:
        return
    found = registry.plugins()
    failures = _failures(found) if check else {}
    if as_json:
        click.echo(json.dumps([{**asdict(p), "check": failures.get(p.name)} for p in found]))
    else:
        for plugin in found:
            _print_plugin(plugin, failures.get(plugin.name, []))
    if check and (any(failures.values()) or any(p.status == "failed" for p in found)):
        ctx.exit(1)


def _failures(found: tuple[registry.Plugin, ...]) -> dict[str, list[str]]:
    failures: dict[str, list[str]] = {}
    for plugin in found:
        failures[plugin.name] = []
        for spec in plugin.provides:
            try:
                registry.load_spec(spec)
            except PluginError as error:
                failures[plugin.name].append(str(error))
    return failures


def _print_plugin(plugin: registry.Plugin, failures: list[str]) -> None:
    click.echo(f"{plugin.distribution} {plugin.version}  {plugin.status}")
    if plugin.reason:
        click.echo(f"    {plugin.reason}")
    for kind in KINDS:
        names = [spec.name for spec in plugin.provides if spec.kind == kind]
        if names:
            click.echo(f"    {kind}: {', '.join(names)}")
    for failure in failures:
        click.echo(f"    FAILED {failure}")
