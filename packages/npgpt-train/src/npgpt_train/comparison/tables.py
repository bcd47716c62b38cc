"""The tables of a report: what stands in which row, and how a number is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

Run = Mapping[str, Any]


class Table(NamedTuple):
    """One table: a run a column."""

    title: str
    note: str
    rows: list[tuple[str, list[str]]]


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands apart; a dash for none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def share(value: float | None) -> str:
    """A share in percent; a dash for none."""
    return "–" if value is None else f"{value:.1%}"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as many as it takes."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def machine(record: Mapping[str, Any]) -> str:
    """When and where the numbers came about, and how long the steps of all runs took."""
    of = record["machine"]
    words = [record["date"], of["processor"], f"{of['cores']} cores", f"Python {of['python']}"]
    words.append(f"NumPy {of['numpy']}")
    if of["openblas_coretype"]:
        words.append(f"OPENBLAS_CORETYPE={of['openblas_coretype']}")
    seconds = sum(run["timing"]["seconds"] for run in record["runs"].values())
    return f"{', '.join(words)}; all steps took {duration(seconds)}."


def _digits(digits: int) -> Callable[[float | None], str]:
    return lambda value: number(value, digits)


def _perplexity(value: float | None) -> str:
    return number(value) if value is None or value < 1e9 else f"{value:.1e}"


def _step(value: int) -> str:
    return f"{value:,}"


ROWS: Mapping[str, list[tuple[str, str, Callable[[Any], str]]]] = {
    "The models": [
        ("ids in the vocabulary", "model.vocab_size", _step),
        ("parameters", "model.parameters", _step),
        ("of them embeddings and head", "model.embedding_parameters", _step),
        ("their share", "model.embedding_share", share),
        ("training tokens", "train_tokens", _step),
        ("characters per token", "held_out.characters_per_token", _digits(2)),
    ],
    "The held-out text": [
        ("bits per character, all restored", "held_out.restored_bits_per_character", _digits(3)),
        (
            "a unigram of its tokens, all restored",
            "held_out.restored_unigram_bits_per_character",
            _digits(3),
        ),
        (
            "guessing evenly among its tokens, all restored",
            "held_out.restored_uniform_bits_per_character",
            _digits(3),
        ),
        ("bits per character, tokens alone", "held_out.bits_per_character", _digits(3)),
        ("to spell unknown words", "held_out.lost_bits_per_character.spelling", _digits(3)),
        ("to restore case", "held_out.lost_bits_per_character.case", _digits(3)),
        ("bits per byte, all restored", "held_out.restored_bits_per_byte", _digits(3)),
        ("perplexity per word, all restored", "held_out.perplexity_per_word", _perplexity),
        ("loss, nats per token", "held_out.loss", _digits(3)),
        ("loss of a unigram", "held_out.unigram_loss", _digits(3)),
        ("loss of guessing evenly", "held_out.uniform_loss", _digits(3)),
        ("unknown tokens", "held_out.unknown_rate", share),
        ("lines with text recovered exactly", "held_out.lines_recovered", share),
    ],
    "What they write": [
        ("characters in 500 tokens", "generated.characters_in_500_tokens", _digits(0)),
        ("words that the corpus has", "generated.known_words", share),
        ("speakers' names written", "generated.names", _step),
        ("of them in the corpus", "generated.known_names", share),
        ("repeated runs of four words, in 80 words", "generated.repeated_4grams", share),
        ("unknown tokens", "generated.unknown_rate", share),
    ],
    "Training": [
        ("steps", "training.steps", _step),
        ("lowest validation loss", "training.best_val_loss", _digits(3)),
        ("at step", "training.best_step", _step),
        ("validation loss at the end", "training.final_val_loss", _digits(3)),
        ("training loss at the end", "training.final_train_loss", _digits(3)),
        ("spikes of the gradient norm", "training.grad_norm_spikes", _step),
        ("largest gradient norm", "training.largest_grad_norm", _digits(2)),
        ("largest rise of the loss in a step", "training.largest_loss_jump", _digits(3)),
        ("tokens a second", "timing.tokens_per_second", _digits(0)),
        ("characters a second", "timing.characters_per_second", _digits(0)),
        ("time of all steps", "timing.seconds", duration),
    ],
}
NOTES: Mapping[str, str] = {
    "The held-out text": (
        "Measured with the checkpoint of the lowest validation loss, which samples of this same"
        " text chose. Losses per token do not compare across tokenizers; bits per character do. A"
        " tokenizer that loses something pays for it under a unigram model of single characters,"
        " learned from the training part: each unknown word is spelled, and the case of every other"
        " letter is told."
    ),
    "What they write": "Counted in eight texts of 500 tokens from each best checkpoint.",
}


def all_tables(record: Mapping[str, Any]) -> list[Table]:
    """The tables that have a column for each run."""
    return [
        Table(
            title,
            NOTES.get(title, ""),
            [
                (label, [form(value) for value in _values(record["runs"], path)])
                for label, path, form in rows
            ],
        )
        for title, rows in ROWS.items()
    ]


def setting_rows(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A row for each setting that all runs have in common."""
    return [(name, _setting(value)) for name, value in record["setting"].items()]


def _setting(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def spread_rows(record: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """A row a group of seeds: mean, lowest and highest of bits per character and of the loss."""
    return [
        (group, [_spread(numbers["bits_per_character"]), _spread(numbers["loss"])])
        for group, numbers in record["groups"].items()
    ]


def _spread(value: Mapping[str, float] | None) -> str:
    if value is None:
        return "–"
    return f"{value['mean']:.3f} ({value['lowest']:.3f} to {value['highest']:.3f})"


def _values(runs: Mapping[str, Run], path: str) -> Iterator[Any]:
    for run in runs.values():
        value: Any = run
        for key in path.split("."):
            value = None if value is None else value[key]
        yield value
