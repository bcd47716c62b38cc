"""``npgpt runs``."""

from pathlib import Path

import click

from npgpt_cli.options import PATH, json_option


@click.command()
@click.argument("folder", type=PATH, metavar="[DIR]", default=Path("runs"), required=False)
@json_option
def runs(folder: Path, as_json: bool) -> None:
    """List runs: what they are, how far they are, how good.

    They are those below DIR, that last written to first. DIR is runs unless given. The best loss is
    the lowest validation loss, in nats per token, with its step. A run is running, unfinished
    (npgpt train --resume --out RUN goes on with it), finished, imported or damaged. All of them are
    only read.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.runs import print_runs
    from npgpt_train.run.listing import list_runs

    entries = list_runs(folder)
    if as_json:
        print_json(entries)
    else:
        print_runs(entries, folder)
