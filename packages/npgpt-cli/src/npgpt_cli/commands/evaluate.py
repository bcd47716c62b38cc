"""``npgpt evaluate``."""

from pathlib import Path

import click

from npgpt_cli.options import (
    checkpoint_option,
    data_option,
    json_option,
    number_option,
    run_argument,
)
from npgpt_cli.wording import as_flags


@click.command()
@run_argument
@data_option("Text to read whole.  [default: the validation split of the run's own]")
@number_option("--block-size", "Tokens that the model sees at once.  [default: as many as it can]")
@json_option
@checkpoint_option
def evaluate(
    run: Path, data: tuple[str, ...], block_size: int | None, as_json: bool, checkpoint: str
) -> None:
    """Measure a trained model on the whole of a text."""
    from npgpt_cli.show.as_json import print_json
    from npgpt_cli.show.evaluate import print_evaluation
    from npgpt_train.evaluation import evaluate_run
    from npgpt_train.run.folder import Run
    from npgpt_train.run.reference import compare_to_reference, verdict

    opened = Run.open(run)
    result = evaluate_run(opened, data, checkpoint, block_size)
    metrics = opened.metrics()
    line = as_flags(verdict(opened, metrics))
    if not as_json:
        print_evaluation(result, line)
        return
    print_json(
        {
            "loss": result.loss,
            "perplexity": result.perplexity,
            "bits_per_character": result.bits_per_character,
            "tokens": result.tokens,
            "characters": result.characters,
            "unknown": result.unknown,
            "reference": compare_to_reference(opened, metrics),
            "verdict": line or None,
        }
    )
