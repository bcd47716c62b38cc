"""``npgpt cache``: the tokens and downloads that are kept between runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from npgpt_train.machine.cache import Cached


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def cache(ctx: click.Context, as_json: bool) -> None:
    """Show what is kept between runs: encoded texts and downloads.

    It is in $NPGPT_CACHE, else in the folder npgpt of the user's caches (~/.cache on Linux).
    Nothing is lost without it: texts are encoded again, downloads fetched again.
    """
    if ctx.invoked_subcommand is not None:
        return
    from npgpt_train.machine.cache import cache_dir, cached
    from npgpt_train.machine.escaping import printable

    items = cached()
    total = sum(item.size for item in items)
    if as_json:
        entries = [asdict(item) for item in items]
        click.echo(json.dumps({"folder": str(cache_dir()), "bytes": total, "entries": entries}))
        return
    for item in items:
        click.echo(printable(_line(item)))
    click.echo(printable(f"{_mebibytes(total)}  in {cache_dir()}"))


@cache.command()
@click.option("--all", "everything", is_flag=True, help="Downloads, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def clear(everything: bool, as_json: bool) -> None:
    """Delete all tokens that are kept, and what killed processes left.

    What another process is writing stays, and so does whatever npgpt did not make.
    """
    from npgpt_train.machine.cache import clear as clear_cache
    from npgpt_train.machine.escaping import printable

    done = clear_cache(downloads=everything)
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    for name, reason in done.left.items():
        click.echo(printable(f"left: {name}: {reason}"))
    click.echo(f"{_mebibytes(done.freed).strip()} freed")


def _line(item: Cached) -> str:
    what = item.about or item.name
    return f"{_mebibytes(item.size)}  {item.kind:10}  {_date(item.used):10}  {what}"


def _date(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds):%Y-%m-%d}" if seconds else ""
    except (OverflowError, ValueError, OSError):  # somebody gave the file an absurd time
        return "?"


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:9,.1f} MiB"
