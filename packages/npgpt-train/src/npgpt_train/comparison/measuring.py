"""Everything that is measured of finished runs, on the same text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from npgpt_core.events import Preparing
from npgpt_core.module import Module
from npgpt_core.roles import embeddings_and_head
from npgpt_train.comparison import generated, held_out, stability
from npgpt_train.comparison.generated import Vocabulary
from npgpt_train.comparison.held_out import HeldOut
from npgpt_train.comparison.variants import Variant
from npgpt_train.evaluation import evaluate_text
from npgpt_train.events import Report
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import Metrics
from npgpt_train.settings.provenance import origin_of
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.token_file import token_files


def measure_all(
    runs: Mapping[Variant, Run],
    metrics: Mapping[Variant, Metrics],
    corpus: Corpus,
    report: Report,
) -> tuple[HeldOut, dict[Variant, dict[str, Any]]]:
    """The text on which all are measured, and what ``report.json`` holds of each.

    Raises:
        NpgptError: a file of a run is damaged, or a number is not finite.
    """
    report(Preparing("counting the text"))
    text, vocabulary = HeldOut.of(corpus), Vocabulary(corpus)
    measured = {}
    for variant, run in runs.items():
        report(Preparing(f"measuring {variant.name}"))
        measured[variant] = _measure(run, metrics[variant], text, vocabulary)
    return text, measured


def _measure(run: Run, metrics: Metrics, text: HeldOut, vocabulary: Vocabulary) -> dict[str, Any]:
    """What is measured of one run; for that, its model and tokenizer are opened once."""
    model, tokenizer, settings = run.model(), run.tokenizer(), run.settings
    origin = origin_of("tokenizer", settings.tokenizer.name)
    tokens = token_files(text.corpus, tokenizer, origin)
    evaluation = evaluate_text(model, tokenizer, settings, tokens.val, text.characters)
    on_text = held_out.measure(text, tokenizer, evaluation, tokens.train, tokens.val)
    return {
        "model": _sizes(model, tokenizer.vocab_size),
        "train_tokens": len(tokens.train),
        "held_out": on_text,
        "training": stability.measure(metrics),
        "generated": generated.measure(model, tokenizer, settings.seed, vocabulary),
        "timing": stability.timing(metrics, on_text["characters_per_token"]),
    }


def _sizes(model: Module, vocab_size: int) -> dict[str, Any]:
    """Parameters, and how many of them are embeddings or the head that gives the logits."""
    total = model.num_parameters()
    embedding = sum(array.size for array in embeddings_and_head(model, vocab_size).values())
    return {
        "vocab_size": vocab_size,
        "parameters": total,
        "embedding_parameters": embedding,
        "embedding_share": embedding / total,
    }
