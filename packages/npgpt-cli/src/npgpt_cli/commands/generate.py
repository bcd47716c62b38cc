"""``npgpt generate``."""

from pathlib import Path
from typing import Any

import click

from npgpt_cli.options import (
    PATH,
    checkpoint_option,
    raw_option,
    run_argument,
    special_tokens_option,
)
from npgpt_cli.reading import read_input


@click.command()
@run_argument
@click.option(
    "--prompt", metavar="TEXT|-", help="Text to continue; - reads it.  [default: a line break]"
)
@click.option("--prompt-file", type=PATH, help="A file whose text to continue.")
@special_tokens_option
@click.option(
    "--max-new-tokens",
    type=click.IntRange(0),
    default=500,
    show_default=True,
    help="How much to write.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0),
    default=0.8,
    show_default=True,
    help="Below 1: safer, above 1: wilder; 0 takes the likeliest token.",
)
@click.option("--top-k", type=click.IntRange(1), help="Draw from the k likeliest tokens.")
@click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Draw from this mass.")
@click.option(
    "--num-samples",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many texts, one after the other.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="The same seed gives the same text; sample number i has SEED + i - 1.",
)
@click.option(
    "--window",
    default="shift",
    show_default=True,
    metavar="shift|slide",
    help="Of a text longer than the block, drop half a block at a time, or one token: slow.",
)
@click.option(
    "--ignore-eos", is_flag=True, help="Go on behind the end that an imported model draws."
)
@click.option("--allow-special", is_flag=True, help="Let the padding and unknown tokens be drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each text.")
@raw_option
@checkpoint_option
def generate(
    run: Path,
    prompt: str | None,
    prompt_file: Path | None,
    special_tokens: bool,
    num_samples: int,
    seed: int | None,
    ignore_eos: bool,
    allow_special: bool,
    as_json: bool,
    raw: bool,
    checkpoint: str,
    **options: Any,
) -> None:
    """Continue a text with a trained model.

    What follows is shown while it is written. A model that was imported, or began with one that
    was, ends its text itself: it draws its tokenizer's end of a text (eos). With --json a line for
    each text: prompt, text (what follows it), ids (of text), seed, tokens, seconds, stop_reason
    ("eos", "length", or "interrupted" by Ctrl-C).
    """
    import secrets

    from npgpt_cli.show.generate import print_object, print_text
    from npgpt_core.errors import NpgptError
    from npgpt_core.generation import stream
    from npgpt_core.special_tokens import encode_text
    from npgpt_train.machine.blas import with_fastest_blas
    from npgpt_train.run.folder import Run
    from npgpt_train.run.loading import load_run
    from npgpt_train.run.sample import stop_token, suppressed_ids
    from npgpt_train.text.unknown import warn_of_unknown_prompt

    text = _prompt(prompt, prompt_file)
    model, tokenizer, _, _ = load_run(run, checkpoint)
    ids = encode_text(tokenizer, text, special_tokens=special_tokens)
    if ids.size == 0:
        raise NpgptError("the prompt is empty: give at least one character")
    warn_of_unknown_prompt(tokenizer, text, ids)
    options["suppress_tokens"] = () if allow_special else suppressed_ids(tokenizer)
    options["stop_token"] = None if ignore_eos else stop_token(Run.open(run), tokenizer)
    first = secrets.randbits(32) if seed is None else seed
    for i in range(num_samples):
        columns = stream(model, ids, seed=first + i, **options)
        new = (int(column[0]) for column in with_fastest_blas(columns, model.nbytes))
        if as_json:
            print_object(tokenizer, text, new, first + i, options["stop_token"])
        else:
            if num_samples > 1:
                click.echo(f"--- sample {i + 1} ---")
            print_text(tokenizer, text, new, raw)


def _prompt(prompt: str | None, path: Path | None) -> str:
    if prompt is not None and path is not None:
        raise click.UsageError("give --prompt or --prompt-file, not both")
    if path is not None or prompt == "-":
        return read_input(path)
    return "\n" if prompt is None else prompt
