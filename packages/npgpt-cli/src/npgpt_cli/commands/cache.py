"""``npgpt cache``: the tokens and downloads that are kept between runs."""

import click

from npgpt_cli.group import LazyGroup
from npgpt_cli.options import json_option


@click.group(cls=LazyGroup, invoke_without_command=True)
@json_option
@click.pass_context
def cache(ctx: click.Context, as_json: bool) -> None:
    """Show what is kept between runs, and clear it.

    Encoded texts and downloads are kept, in $NPGPT_CACHE, else in the folder npgpt of the user's
    caches (~/.cache on Linux). Nothing is lost without it: texts are encoded again, downloads
    fetched again.
    """
    if ctx.invoked_subcommand is not None:
        return
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.cache import print_cached
    from npgpt_train.machine.cache import cache_dir, cached

    folder, entries = cache_dir(), cached()
    total = sum(entry.size for entry in entries)
    if as_json:
        print_json({"folder": folder, "bytes": total, "entries": entries})
    else:
        print_cached(entries, total, folder)


@cache.command()
@click.option("--all", "everything", is_flag=True, help="Downloads, too.")
@json_option
def clear(everything: bool, as_json: bool) -> None:
    """Delete all tokens that are kept, and what killed processes left.

    What another process is writing stays, and so does whatever npgpt did not make.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.cache import print_cleared
    from npgpt_train.machine.cache import clear as clear_cache

    cleared = clear_cache(downloads=everything)
    (print_json if as_json else print_cleared)(cleared)
