"""``npgpt import``."""

from pathlib import Path

import click

from npgpt_convert.commands.options import PATH


@click.command("import")
@click.argument("source", metavar="SOURCE")
@click.option(
    "--out",
    type=PATH,
    metavar="PATH",
    help="The run's folder, or the tokenizer's file.  [default: the next free runs/NAME-N]",
)
def import_(source: str, out: Path | None) -> None:
    """Take in a model or a tokenizer of another program.

    SOURCE is a Hugging Face folder, a .gguf file, or the name of an installed model (smollm2): it
    becomes a run at step 0, on which every command works. Or it is a tokenizer alone, a
    tokenizer.json, a vocab.json beside its merges.txt, or a .tiktoken file: it becomes a file that
    npgpt tokenize reads, and npgpt train --tokenizer takes as it is.
    """
    from npgpt_convert.importing import import_model
    from npgpt_convert.show.import_ import print_imported

    print_imported(import_model(source, out))
