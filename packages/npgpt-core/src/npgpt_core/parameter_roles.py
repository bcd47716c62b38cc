"""Which parameters of a model belong to its vocabulary and positions, found from the tree alone."""

from inspect import signature

from npgpt_core.module import Module
from npgpt_core.types import Array


def embeddings_and_head(model: Module, vocab_size: int | None = None) -> dict[str, Array]:
    """Name -> parameter of every embedding, and of the head that gives the logits.

    Of the modules without modules below them, the embeddings are those whose ``forward`` takes
    ``ids``, and the head is the last that has a parameter with an axis of ``vocab_size``.

    Args:
        model: of any architecture.
        vocab_size: V; None takes that of ``model.config``, and finds no head where there is none.
    """
    if vocab_size is None:
        vocab_size = getattr(getattr(model, "config", None), "vocab_size", None)
    leaves = [m for _, m in model.named_modules() if not any(True for _ in m.named_children())]
    embeddings = [leaf for leaf in leaves if "ids" in signature(type(leaf).forward).parameters]
    head = [m for m in leaves if any(vocab_size in a.shape for a in m.parameters().values())][-1:]
    arrays = {id(array) for m in (*embeddings, *head) for array in m.parameters().values()}
    return {name: array for name, array in model.parameters().items() if id(array) in arrays}
