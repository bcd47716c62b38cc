"""Samples of a run's model: what a text begins with, what ends it, and what is not drawn."""

from itertools import chain

import numpy as np

from npgpt_core.generation import generate
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids
from npgpt_train.machine.blas import one_blas_thread
from npgpt_train.run.folder import Run

SAMPLE_TOKENS = 500
SAMPLE_TEMPERATURE = 0.8


def sample_text(run: Run) -> str:
    """500 tokens that follow a line break, from the best checkpoint; the same every time.

    They are fewer if the model ends the text (``stop_token``).

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
            stop_token=stop_token(run, tokenizer),
            suppress_tokens=suppressed_ids(tokenizer),
        )
    return tokenizer.decode(ids[len(prompt) :])


def first_ids(tokenizer: Tokenizer) -> Ids:
    """What a text without a prompt begins with: a line break, else a token that begins or ends one.

    Of a tokenizer that has neither, it is the first id that may be written.
    """
    ids = np.asarray(tokenizer.encode("\n"))
    if len(ids):
        return ids
    avoided = suppressed_ids(tokenizer)
    others = (i for i in range(tokenizer.vocab_size) if i not in avoided)
    marks = (i for i in (tokenizer.bos_id, tokenizer.eos_id) if i is not None)
    return np.array([next(chain(marks, others))])


def stop_token(run: Run, tokenizer: Tokenizer) -> int | None:
    """The id that ends a text; None of a model that was not taught to draw it."""
    return tokenizer.eos_id if run.record.ends_texts else None


def suppressed_ids(tokenizer: Tokenizer) -> list[int]:
    """The ids for ``suppress_tokens``: padding and unknown, because they stand for no text.

    A token that also ends a text stays, because a text must be able to end.
    """
    unwritten = {tokenizer.pad_id, tokenizer.unk_id} - {tokenizer.eos_id}
    return sorted(i for i in unwritten if i is not None)
