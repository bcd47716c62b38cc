"""Which parameters of a model belong to its vocabulary and positions: told from the tree alone."""

from __future__ import annotations

from npgpt_core.layers.embedding import Embedding
from npgpt_core.module import Module
from npgpt_core.types import Array


def embeddings_and_head(model: Module, vocab_size: int | None = None) -> dict[str, Array]:
    """Name -> parameter of every ``Embedding``, and of the head that gives the logits.

    The head is the last module without modules below it that has a parameter with an axis of
    ``vocab_size``.

    Args:
        model: of any architecture.
        vocab_size: V; None takes that of ``model.config``, and finds no head where there is none.
    """
    if vocab_size is None:
        vocab_size = getattr(getattr(model, "config", None), "vocab_size", None)
    modules = [module for _, module in model.named_modules()]
    embeddings = [module for module in modules if isinstance(module, Embedding)]
    head = [module for module in modules if _gives_logits(module, vocab_size)][-1:]
    arrays = {
        id(array) for module in (*embeddings, *head) for array in module.parameters().values()
    }
    return {name: array for name, array in model.parameters().items() if id(array) in arrays}


def _gives_logits(module: Module, vocab_size: int | None) -> bool:
    leaf = not any(True for _ in module.named_children())
    return leaf and any(vocab_size in array.shape for array in module.parameters().values())
