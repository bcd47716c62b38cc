"""``npgpt cache clear``."""

from __future__ import annotations

import click

from npgpt_cli.options import json_option


@click.command()
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
