"""The contract checks of datasets: text in pieces, the same whenever it is asked for."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from npgpt_core.testing.checklist import Check, CheckList, require, require_protocol
from npgpt_core.testing.shared import part_options

datasets = CheckList("dataset")

MOST_PIECES = 100
"""A dataset may be larger than memory: no check reads more pieces than these."""


def dataset_checks() -> Iterator[tuple[str, Check]]:
    """Id and function of every dataset check; a function takes () -> dataset."""
    return iter(datasets)


@datasets
def protocol(factory: Any) -> None:
    """Every member of ``protocols.Dataset`` is there."""
    require_protocol("dataset", type(factory()))


datasets.include(part_options, lambda factory: ("dataset", type(factory())))


@datasets
def pieces_are_text(factory: Any) -> None:
    """``texts()`` gives strings, an iterator of them and not one string."""
    texts = factory().texts()
    require(
        isinstance(texts, Iterator),
        f"texts() gave {type(texts).__name__}, expected an iterator: yield piece after piece",
    )
    for i, piece in enumerate(islice(texts, MOST_PIECES)):
        require(
            isinstance(piece, str),
            f"piece {i} is {type(piece).__name__}, expected str: decode bytes, join lists",
        )


@datasets
def not_empty(factory: Any) -> None:
    """There is some text."""
    require(
        any(_pieces(factory())),
        f"the first {MOST_PIECES} pieces hold no text: raise an NpgptError where there is none",
    )


@datasets
def is_unicode(factory: Any) -> None:
    """The text can be written in UTF-8: it has no lone surrogates."""
    for i, piece in enumerate(_pieces(factory())):
        try:
            piece.encode("utf-8")
        except UnicodeEncodeError as error:
            raise AssertionError(
                f"piece {i} cannot be written in UTF-8 ({error}): decode with errors='replace' or"
                " refuse the file"
            ) from error


@datasets
def same_every_time(factory: Any) -> None:
    """Every call of ``texts()`` starts from the beginning and gives the same text."""
    dataset = factory()
    first = _pieces(dataset)
    for again in (_pieces(dataset), _pieces(factory())):
        require(
            first == again,
            "texts() gave other text the second time: open the source anew at every call, shuffle"
            " nothing and draw nothing, because training reads the text more than once",
        )


@datasets
def independent_readers(factory: Any) -> None:
    """Two iterators that are read in turn do not disturb each other."""
    dataset = factory()
    expected = _pieces(dataset)
    pairs = zip(islice(dataset.texts(), MOST_PIECES), dataset.texts(), strict=False)
    one, other = zip(*pairs, strict=True)
    require(
        list(one) == expected and list(other) == expected,
        "two iterators read in turn gave other text than one alone: share no file between them",
    )


def _pieces(dataset: Any) -> list[str]:
    return list(islice(dataset.texts(), MOST_PIECES))
