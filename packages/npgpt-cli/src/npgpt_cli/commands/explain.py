"""``npgpt explain``: what happens inside, made visible."""

from pathlib import Path

import click

from npgpt_cli.group import LazyGroup
from npgpt_cli.options import (
    PATH,
    checkpoint_option,
    data_option,
    given,
    json_option,
    number_option,
    run_argument,
    step_option,
)
from npgpt_core.escaping import one_line


@click.group(cls=LazyGroup)
def explain() -> None:
    """Look inside: tokens, layers, gradients, attention, a step.

    Each takes a part of the work apart: what it computes, and what comes out. Nothing of a run is
    changed. With --json, each prints what it found as JSON.
    """


@explain.command()
@click.argument("source", metavar="RUN|FILE.json|NAME")
@click.argument("text")
@data_option("What the tokenizer NAME is trained on.  [default: TEXT itself]")
@click.option(
    "--vocab-size", type=int, metavar="N", help="Ids of the tokenizer NAME, if it takes a number."
)
@json_option
def tokenize(
    source: str, text: str, data: tuple[str, ...], vocab_size: int | None, as_json: bool
) -> None:
    """Show how TEXT becomes tokens, merge by merge.

    The tokenizer is that of a run or a file, or an installed one (bpe, char, ...) that is trained
    on the spot: on TEXT itself, or on --data. The ids are shown too, and what became unknown.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_tokenize import print_tokenization
    from npgpt_train.explain.tokenization import explain_tokenization, find_tokenizer

    tokenizer, origin = find_tokenizer(source, text, data, **given(vocab_size=vocab_size))
    explanation = explain_tokenization(tokenizer, text)
    if as_json:
        print_json(explanation)
    else:
        print_tokenization(explanation, origin)


@explain.command()
@run_argument
@click.argument("text")
@click.option(
    "--top", type=click.IntRange(1), default=5, show_default=True, help="How many next tokens."
)
@json_option
@checkpoint_option
def forward(run: Path, text: str, top: int, as_json: bool, checkpoint: str) -> None:
    """Show what each module makes of TEXT, and what comes next.

    Of a model with blocks, also what would come next if it ended after each of them.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_forward import print_forward
    from npgpt_train.explain.forward import explain_forward
    from npgpt_train.run.loading import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    explanation = explain_forward(model, tokenizer, text, top)
    (print_json if as_json else print_forward)(explanation)


@explain.command()
@run_argument
@click.argument("text")
@json_option
@checkpoint_option
def backward(run: Path, text: str, as_json: bool, checkpoint: str) -> None:
    """Follow the gradient of the loss of TEXT back to the ids.

    Each token but the first is predicted from those before it. What is shown are the norms of the
    gradients, √(Σ d²), beside the mathematics that makes them. Dropout is off.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_backward import print_backward
    from npgpt_train.explain.backward import explain_backward
    from npgpt_train.run.loading import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    explanation = explain_backward(model, tokenizer, text)
    (print_json if as_json else print_backward)(explanation)


@explain.command()
@run_argument
@click.argument("text")
@number_option("--layer", "Only this layer, from 0.", least=0)
@number_option("--head", "Only this head, from 0.", least=0)
@click.option(
    "--out",
    type=PATH,
    metavar="FILE.png",
    help="Draw the heads into this file too, PNG or SVG; needs matplotlib.",
)
@json_option
@checkpoint_option
def attention(
    run: Path,
    text: str,
    layer: int | None,
    head: int | None,
    out: Path | None,
    as_json: bool,
    checkpoint: str,
) -> None:
    """Show which tokens of TEXT look at which.

    An overview of all heads, or with --layer, --head or both, every token's row in those heads.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_attention import print_attention
    from npgpt_train.explain.attention import explain_attention
    from npgpt_train.explain.picture import plot_attention
    from npgpt_train.run.loading import load_run

    model, tokenizer, _, _ = load_run(run, checkpoint)
    explanation = explain_attention(model, tokenizer, text, layer, head)
    if out is not None:
        plot_attention(explanation, out, title=run.name)
    if as_json:
        print_json(explanation)
    else:
        print_attention(explanation, overview=layer is None and head is None)
        if out is not None:
            click.echo(f"\nThe picture is {one_line(str(out))}.")


@explain.command()
@run_argument
@click.argument("text", required=False)
@click.option("--out", type=PATH, required=True, metavar="FILE.html", help="The page to write.")
@number_option("--target", "The token whose loss goes back, counted from 0.  [default: the last]")
@checkpoint_option
def page(run: Path, text: str | None, out: Path, target: int | None, checkpoint: str) -> None:
    """Write one HTML file that shows everything, forward and back.

    It needs no server and no network. With the weights in it (up to about 3 MB), the page computes
    any text itself: attention, predictions, gradients, and the loss after a nudge of a weight. TEXT
    is what it begins with; what the model writes itself unless given. Needs jinja2.
    """
    from npgpt_train.explain.page.page import write_page
    from npgpt_train.run.folder import Run

    write_page(Run.open(run), out, text, target=target, checkpoint=checkpoint)
    click.echo(f"The page is {one_line(str(out))}.")


@explain.command()
@run_argument
@data_option("Of an imported run: the text whose batch is taken.")
@number_option("--batch-size", "Of an imported run: rows of the batch.  [default: 1]")
@number_option(
    "--block-size",
    "Of an imported run: tokens of a row.  [default: 128, or all that the model sees]",
)
@json_option
@step_option("latest", "The step that follows these weights.")
def step(
    run: Path,
    data: tuple[str, ...],
    batch_size: int | None,
    block_size: int | None,
    as_json: bool,
    checkpoint: str,
) -> None:
    """Take one step of training apart, on a copy.

    It is the next one that the run would do: batch, learning rate and optimizer state are those
    that training would have. An imported run has no text of its own: name one with --data. Its step
    is the first of a training on that text, with a small batch and the other defaults of training.
    """
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.explain_step import print_step
    from npgpt_train.explain.step import explain_step
    from npgpt_train.run.folder import Run

    sizes = given(batch_size=batch_size, block_size=block_size)
    explanation = explain_step(Run.open(run), checkpoint, data=data, **sizes)
    (print_json if as_json else print_step)(explanation)
