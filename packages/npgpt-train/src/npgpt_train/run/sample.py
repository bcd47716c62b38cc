"""What a run's model writes: where a text begins, and which tokens it is not asked for."""

from __future__ import annotations

import numpy as np

from npgpt_core.generation import generate
from npgpt_core.protocols import Tokenizer, special_id
from npgpt_core.types import Ids
from npgpt_train.machine.processors import one_blas_thread
from npgpt_train.run.folder import Run

SAMPLE_TOKENS = 500
SAMPLE_TEMPERATURE = 0.8


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
