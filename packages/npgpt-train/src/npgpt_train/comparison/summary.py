"""What ``report.json`` holds: all that is measured of each run, and what runs have in common."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from npgpt_core.events import Preparing
from npgpt_core.module import Module
from npgpt_core.parameter_roles import embeddings_and_head
from npgpt_train.comparison import generated, held_out, stability
from npgpt_train.comparison.generated import KnownWords
from npgpt_train.comparison.held_out import HeldOut
from npgpt_train.comparison.variants import Variant
from npgpt_train.evaluation import evaluate_text
from npgpt_train.events import Reporter
from npgpt_train.loop.diagnosis import NonFiniteError
from npgpt_train.machine.processors import physical_cores
from npgpt_train.run.folder import Run
from npgpt_train.run.metrics import Metrics
from npgpt_train.settings.provenance import origin_of
from npgpt_train.settings.settings import Settings
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.token_file import token_files

FORMAT = 1
SPREAD = {
    "bits_per_character": ("held_out", "restored_bits_per_character"),
    "loss": ("held_out", "loss"),
    "best_val_loss": ("training", "best_val_loss"),
    "known_words": ("generated", "known_words"),
}
"""The numbers that get a spread over seeds, and where a run has them."""


def measure_all(
    runs: Mapping[Variant, Run],
    metrics: Mapping[Variant, Metrics],
    corpus: Corpus,
    report: Reporter,
) -> tuple[HeldOut, dict[Variant, dict[str, Any]]]:
    """The text on which all are measured, and what ``report.json`` holds of each.

    Raises:
        NpgptError: a file of a run is damaged, or a number is not finite.
    """
    report(Preparing("counting the text"))
    text, known = HeldOut.from_corpus(corpus), KnownWords(corpus)
    measured = {}
    for variant, run in runs.items():
        report(Preparing(f"measuring {variant.name}"))
        measured[variant] = _measure(run, metrics[variant], text, known)
    return text, measured


def _measure(run: Run, metrics: Metrics, text: HeldOut, known: KnownWords) -> dict[str, Any]:
    """What is measured of one run; for that, its model and tokenizer are opened once."""
    run.require_parts("model", "tokenizer")
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
        "generated": generated.measure(model, tokenizer, settings.seed, known),
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


def summarize(
    settings: Mapping[Variant, Settings],
    measured: Mapping[Variant, dict[str, Any]],
    diverged: Mapping[Variant, NonFiniteError],
    text: HeldOut,
    preset: str,
) -> dict[str, Any]:
    """All of it, as JSON values. Only ``date``, ``machine`` and every ``timing`` vary with time."""
    flats = {variant: own.flat() for variant, own in settings.items()}
    shared = _shared(list(flats.values()))
    return {
        "format": FORMAT,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": _machine(),
        "setting": {"preset": preset, **shared},
        "data": {**text.corpus.record().to_json(), "held_out": text.to_json()},
        "runs": {
            variant.name: {"settings": _differing(flats[variant], shared), **numbers}
            for variant, numbers in measured.items()
        },
        "diverged": {
            variant.name: {
                "settings": _differing(flats[variant], shared),
                "group": variant.group,
                "step": error.step,
                "reason": error.reason,
            }
            for variant, error in diverged.items()
        },
        "groups": _groups(measured),
    }


def _shared(flats: list[dict[str, Any]]) -> dict[str, Any]:
    """The settings that all runs have in common; options of parts are dotted."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in flats[0].items()
        if all(name in flat and flat[name] == value for flat in flats)
    }


def _differing(flat: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run that not all have."""
    return {name: value for name, value in flat.items() if name not in shared}


def _groups(measured: Mapping[Variant, dict[str, Any]]) -> dict[str, Any]:
    """For each group of several seeds: mean, lowest and highest of the telling numbers."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for variant, numbers in measured.items():
        groups.setdefault(variant.group, []).append(numbers)
    return {
        group: {
            name: _spread([numbers[part][key] for numbers in members])
            for name, (part, key) in SPREAD.items()
        }
        for group, members in groups.items()
        if len(members) > 1
    }


def _spread(values: list[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"mean": mean(known), "lowest": min(known), "highest": max(known), "runs": len(known)}


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": physical_cores(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "openblas_coretype": os.environ.get("OPENBLAS_CORETYPE"),
    }


def _processor() -> str:
    """The name that Linux gives the first processor, else what Python knows."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
