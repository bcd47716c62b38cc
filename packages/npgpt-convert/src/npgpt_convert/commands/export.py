"""``npgpt export``."""

from pathlib import Path
from typing import Any

import click

from npgpt_convert.commands.options import PATH
from npgpt_convert.targets.names import FORMATS, TYPES


@click.command()
@click.argument("run", type=PATH, metavar="RUN")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    required=True,
    help="What the other program reads.",
)
@click.option("--out", type=PATH, metavar="PATH", required=True, help="The folder or file to make.")
@click.option(
    "--type",
    type=click.Choice(TYPES),
    help=f"Of the matrices in a GGUF file.  [default: {TYPES[0]}]",
)
@click.option(
    "--fold-head-bias",
    is_flag=True,
    help="Fold the bias of a GPT's head, which no other program has there, into the shift before"
    " it; the loss before and after is printed.",
)
@click.option(
    "--data",
    multiple=True,
    metavar="NAME|PATH",
    help="Text of that loss.  [default: the validation split of the run's own]",
)
@click.option(
    "--checkpoint",
    default="best",
    show_default=True,
    metavar="best|latest|STEP",
    help="Which weights of the run.",
)
def export(run: Path, **flags: Any) -> None:
    """Give the model or the tokenizer of a run to another program.

    As huggingface, a folder that transformers opens; as gguf, a file for llama.cpp; both with the
    tokenizer. As tokenizer.json or tiktoken, a file of the tokenizer alone.
    """
    from npgpt_convert.exporting import export_model
    from npgpt_convert.show.export import print_exported

    print_exported(export_model(run, **flags))
