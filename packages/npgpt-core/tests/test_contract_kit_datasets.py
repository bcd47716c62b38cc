"""Each dataset check can fail: for every id, a dataset that is broken in one place."""

import io
import random

import pytest

from npgpt_core.testing import dataset_checks, parametrize_with_checks

CHECKS = dict(dataset_checks())
PIECES = [f"piece {i}\n" for i in range(150)]


class Pieces:
    """A right dataset, to be broken in one place at a time."""

    def texts(self):
        yield from PIECES


class NoTexts:
    pass


class DefaultIsAnObject(Pieces):
    def __init__(self, select=str.strip):
        pass


class OneString(Pieces):
    def texts(self):
        return "".join(PIECES)


class Bytes(Pieces):
    def texts(self):
        yield from (piece.encode() for piece in PIECES)


class Empty(Pieces):
    def texts(self):
        yield ""


class Surrogates(Pieces):
    def texts(self):
        yield b"caf\xe9".decode("utf-8", "surrogateescape")


class Shuffled(Pieces):
    def texts(self):
        yield from random.sample(PIECES, len(PIECES))


class OneFile(Pieces):
    file = io.StringIO("".join(PIECES))

    def texts(self):
        self.file.seek(0)
        while line := self.file.readline():
            yield line


BROKEN = {
    "protocol": NoTexts,
    "options-are-data": DefaultIsAnObject,
    "pieces-are-text": OneString,
    "not-empty": Empty,
    "is-unicode": Surrogates,
    "same-every-time": Shuffled,
    "independent-readers": OneFile,
}


@parametrize_with_checks("dataset", Pieces)
def test_a_right_dataset_passes(check):
    check()


@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_dataset_fails(check_id):
    with pytest.raises(AssertionError, match=f"dataset check {check_id}: .{{20}}"):
        CHECKS[check_id](BROKEN[check_id])


def test_every_check_has_its_broken_dataset():
    assert set(BROKEN) == set(CHECKS)


def test_bytes_are_no_text():
    with pytest.raises(AssertionError, match="piece 0 is bytes, expected str"):
        CHECKS["pieces-are-text"](Bytes)


def test_an_endless_dataset_passes():
    class Endless:
        def texts(self):
            while True:
                yield "and so on "

    for check in CHECKS.values():
        check(Endless)
