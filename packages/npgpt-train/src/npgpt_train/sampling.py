"""What a run's model writes: where a text begins, and which tokens it is not asked for."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np

from npgpt_core.errors import NpgptWarning
from npgpt_core.generation import generate
from npgpt_core.protocols import Tokenizer, special_id
from npgpt_core.types import Ids
from npgpt_train.explain.tokenization import unknown_parts
from npgpt_train.loop.workers import one_blas_thread
from npgpt_train.run.folder import Run

SAMPLE_TOKENS = 500
SAMPLE_TEMPERATURE = 0.8
NAMED = 3  # unknown parts of a prompt


def sample_text(run: Run) -> str:
    """500 tokens that follow a line break, from the best checkpoint; the same every time.

    Raises:
        NpgptError: its weights, or what it computes with them, are not finite.
    """
    known = run.checkpoints.pointer("best") is not None  # no loss may have been finite
    model, tokenizer = run.model("best" if known else "latest"), run.tokenizer()
    prompt = first_ids(tokenizer)
    with one_blas_thread():
        ids = generate(
            model,
            prompt,
            SAMPLE_TOKENS,
            temperature=SAMPLE_TEMPERATURE,
            seed=run.settings.seed,
            suppress_tokens=never_written(tokenizer),
        )
    return tokenizer.decode(ids[len(prompt) :])


def first_ids(tokenizer: Tokenizer) -> Ids:
    """What a text without a prompt begins with: a line break, or ``<bos>`` if that has no ids."""
    ids = np.asarray(tokenizer.encode("\n"))
    return ids if len(ids) else np.array([special_id(tokenizer, "<bos>")])


def never_written(tokenizer: Tokenizer) -> list[int]:
    """The ids of ``<pad>`` and ``<unk>``, which stand for no text: for ``suppress_tokens``."""
    ids = (special_id(tokenizer, spelling) for spelling in ("<pad>", "<unk>"))
    return [i for i in ids if i is not None]


def unknown_share(tokenizer: Tokenizer, ids: Ids) -> float:
    """The share of ids (n,) that are ``<unk>``."""
    return float(np.mean(ids == special_id(tokenizer, "<unk>")))


def warn_if_unknown(tokenizer: Tokenizer, prompt: str, ids: Ids) -> None:
    """Warn of a prompt with parts that its ids (n,) do not tell the model, and name a few."""
    unknown = int(np.sum(ids == special_id(tokenizer, "<unk>")))
    if unknown:
        parts = unknown_parts(tokenizer, prompt, ids)
        warnings.warn(
            f"{unknown} of the {len(ids)} tokens of the prompt"
            f" {'is' if unknown == 1 else 'are'} unknown to the model, which reads <unk>"
            f" instead{_named(parts or ())}",
            NpgptWarning,
            stacklevel=2,
        )


def _named(parts: Iterable[str]) -> str:
    """A few of the distinct parts, and how many there are besides."""
    distinct = list(dict.fromkeys(parts))
    named = ", ".join(f"{part!r:.20}" for part in distinct[:NAMED])
    more = len(distinct) - NAMED
    return (f": {named}" if named else "") + (f" and {more} more" if more > 0 else "")
