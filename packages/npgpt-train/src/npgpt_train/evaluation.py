"""The loss of a trained model over the whole of a text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.module import Module
from npgpt_core.numbers import whole_number
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Ids
from npgpt_train.loop.batches import last_start, require_batch_memory, windows
from npgpt_train.loop.diagnosis import first_not_finite
from npgpt_train.loop.workers import Workers, open_workers
from npgpt_train.run.folder import Run
from npgpt_train.settings.provenance import origin_of
from npgpt_train.settings.settings import Settings
from npgpt_train.text.corpus import Corpus, open_dataset
from npgpt_train.text.token_file import token_files
from npgpt_train.text.unknown import unknown_share


@dataclass(frozen=True)
class Evaluation:
    """The loss over the whole of a text.

    ``loss`` is in nats per token. ``bits_per_character`` is comparable across tokenizers that lose
    nothing; what becomes ``<unk>`` or loses its case costs nothing here (``npgpt compare`` adds
    that price). The first token has nothing before it and is not counted.

    Args:
        loss: mean over the tokens.
        tokens: how many were predicted.
        characters: of the text.
        unknown: share of the tokens that are ``<unk>``.
    """

    loss: float
    tokens: int
    characters: int
    unknown: float

    @property
    def perplexity(self) -> float:
        """exp(loss), per token."""
        return math.exp(min(self.loss, 700))

    @property
    def bits_per_character(self) -> float:
        """The loss of all tokens in bits, over the number of characters they spell."""
        return self.loss * self.tokens / math.log(2) / self.characters


def evaluate(
    workers: Workers, tokens: Ids, *, batch_size: int, block_size: int
) -> tuple[float, int]:
    """Mean loss over all of ``tokens`` (n,) but the first, and how many they are.

    The text is cut into blocks side by side; the last window is a shorter one.

    Raises:
        NpgptError: fewer tokens than one block, or a loss that is not finite.
    """
    last = last_start(tokens, block_size)
    starts = np.arange(0, last + 1, block_size)
    pieces = [(starts[i : i + batch_size], block_size) for i in range(0, len(starts), batch_size)]
    rest = int(starts[-1]) + block_size
    if rest + 1 < len(tokens):
        pieces.append((np.array([rest]), len(tokens) - rest - 1))
    total, count = 0.0, 0
    for begin, length in pieces:
        x, y = windows(tokens, begin, length)
        total += _finite_loss(workers, x, y) * y.size
        count += y.size
    return total / count, count


def _finite_loss(workers: Workers, x: Ids, y: Ids) -> float:
    """Mean loss of a batch (B, T), or where its first number that is not finite comes from."""
    loss = workers.loss(x, y)
    if not math.isfinite(loss):
        model = workers.models[0]
        model.eval()
        with np.errstate(all="ignore"):
            where = first_not_finite(model, lambda: model(x))
        origin = f": the first such number is in {where}" if where else ""
        raise NpgptError(f"the loss is {loss}{origin}")
    return loss


def evaluate_run(
    run: Run,
    data: Sequence[str] = (),
    checkpoint: str = "best",
    block_size: int | None = None,
) -> Evaluation:
    """Evaluate a run on the whole validation split of its own text, or on the whole of ``data``.

    Args:
        run: with a checkpoint.
        data: a dataset's name or paths; none for its own text.
        checkpoint: "best", "latest" or a step.
        block_size: tokens that the model sees at once; as many as it can unless given.

    Raises:
        NpgptError: no such checkpoint or data, a longer block than the model's, a text of less than
            one block, or weights or a loss that are not finite.
    """
    run.require_parts("model", "tokenizer")
    return evaluate_model(run, run.model(checkpoint), data, block_size)


def evaluate_model(
    run: Run, model: Module, data: Sequence[str] = (), block_size: int | None = None
) -> Evaluation:
    """Evaluate a model as ``evaluate_run`` does that of the run."""
    tokenizer, s = run.tokenizer(), run.settings
    if block_size is not None:
        largest = s.block_size + 1
        s = replace(s, block_size=whole_number("block_size", block_size, below=largest))
    corpus = Corpus(open_dataset(data), validation_fraction=0) if data else run.corpus()
    tokens = token_files(corpus, tokenizer, origin_of("tokenizer", s.tokenizer.name))
    ids = tokens.train if data else tokens.val
    characters = corpus.n_characters if data else corpus.n_characters - corpus.val_start
    return evaluate_text(model, tokenizer, s, ids, characters)


def evaluate_text(
    model: Module, tokenizer: Tokenizer, settings: Settings, ids: Ids, characters: int
) -> Evaluation:
    """Evaluate a model on the tokens (n,) of a whole text, that has so many characters.

    Raises:
        NpgptError: a text of less than one block, or a loss that is not finite.
    """
    batch_size = max(1, min(settings.batch_size, len(ids) // settings.block_size))
    require_batch_memory(
        batch_size, settings.block_size, tokenizer.vocab_size, settable=["block_size"]
    )
    with open_workers(model, settings.workers, batch_size) as workers:
        loss, count = evaluate(workers, ids, batch_size=batch_size, block_size=settings.block_size)
    return Evaluation(loss, count, characters, unknown_share(tokenizer, ids))
