"""Everything that is measured of one run; for that, its model and tokenizer are opened once."""

from __future__ import annotations

from typing import Any

from npgpt_core.module import Module
from npgpt_core.roles import embeddings_and_head
from npgpt_train.comparison import generated, held_out, stability
from npgpt_train.comparison.generated import Vocabulary
from npgpt_train.comparison.held_out import HeldOut
from npgpt_train.evaluation import evaluate_text
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import Metrics
from npgpt_train.settings.provenance import origin_of
from npgpt_train.text.token_file import token_files


def measure(run: Run, metrics: Metrics, text: HeldOut, vocabulary: Vocabulary) -> dict[str, Any]:
    """What ``report.json`` holds of a finished run, apart from its settings.

    Raises:
        NpgptError: a file of it is damaged, or a number is not finite.
    """
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
