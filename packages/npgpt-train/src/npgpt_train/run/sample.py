"""What a run's model writes: where a text begins, and which tokens it is not asked for."""

from __future__ import annotations

from itertools import chain

import numpy as np

from npgpt_core.generation import generate
from npgpt_core.protocols import Tokenizer
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
    """What a text without a prompt begins with: a line break, else a token that begins or ends one.

    Of a tokenizer that has neither, it is the first id that may be written.
    """
    ids = np.asarray(tokenizer.encode("\n"))
    if len(ids):
        return ids
    avoided = never_written(tokenizer)
    others = (i for i in range(tokenizer.vocab_size) if i not in avoided)
    marks = (i for i in (tokenizer.bos_id, tokenizer.eos_id) if i is not None)
    return np.array([next(chain(marks, others))])


def never_written(tokenizer: Tokenizer) -> list[int]:
    """The ids of padding and of the unknown, which stand for no text: for ``suppress_tokens``.

    Where a text ends with the same token, it is written: that is what it is for, too.
    """
    unwritten = {tokenizer.pad_id, tokenizer.unk_id} - {tokenizer.eos_id}
    return sorted(i for i in unwritten if i is not None)
