"""How the modules of a pass hang together: what only hands on, and what is added to the stream."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from npgpt_core.types import Array
from npgpt_train.explain.page.recording import Passage

CLOSE = 2e-3  # relative, and absolute: sums of float32 in another order


def structure(
    parents: Mapping[str, str | None], passages: Mapping[str, Passage], blocks: Iterable[str]
) -> dict[str, Any]:
    """What the page draws of a model, and takes sums apart with.

    Args:
        parents: the module that each is in, in the order of ``passages``.
        passages: of a forward pass.
        blocks: the names of those that add to the residual stream.

    Returns:
        ``identities`` hand on what they got, such as dropout that is off. ``branches`` has for each
        block the modules of every branch, None of a block of another structure. ``embeddings`` are
        the modules whose outputs add up to the stream that the first block gets, if any do.
    """
    identities = [name for name, p in passages.items() if p.x is p.y and p.x is not None]

    def parts(of: str) -> list[str]:
        return [name for name in passages if parents[name] == of and name not in identities]

    blocks = list(blocks)
    return {
        "identities": identities,
        "branches": {name: _branches(passages[name], parts(name), passages) for name in blocks},
        "embeddings": _embeddings(blocks, parts(""), passages),
    }


def _branches(
    block: Passage, parts: list[str], passages: Mapping[str, Passage]
) -> list[list[str]] | None:
    """The parts of a block by branch: each ends where what it gave is added to the stream."""
    found: list[list[str]] = []
    branch, stream = [], block.x
    for name, after in zip(parts, [*(passages[n].x for n in parts[1:]), block.y], strict=True):
        branch.append(name)
        if _is_sum(after, stream, passages[name].y):
            found.append(branch)
            branch, stream = [], after
    return None if branch else found


def _embeddings(blocks: list[str], parts: list[str], passages: Mapping[str, Passage]) -> list[str]:
    """The two modules before the first block whose outputs add up to what it gets."""
    before = parts[: parts.index(blocks[0])] if blocks and blocks[0] in parts else []
    if len(before) == 2 and _is_sum(passages[blocks[0]].x, *(passages[n].y for n in before)):
        return before
    return []


def _is_sum(total: Array | None, a: Array | None, b: Array | None) -> bool:
    if total is None or a is None or b is None or not total.shape == a.shape == b.shape:
        return False
    return bool(np.allclose(total, a + b, rtol=CLOSE, atol=CLOSE, equal_nan=True))
