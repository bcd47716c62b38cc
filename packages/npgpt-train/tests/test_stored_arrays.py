"""Arrays in files: read one by one as the library safetensors reads them; no claim is believed."""

import json

import numpy as np
import pytest
import safetensors.numpy

from npgpt_core import NpgptError
from npgpt_train.machine.arrays_file import DTYPES
from npgpt_train.machine.disk import Folder
from npgpt_train.machine.stored_arrays import stored_arrays

ARRAYS = {
    f"{dtype} {shape}": np.full(shape, 3, dtype)
    for dtype in DTYPES
    for shape in [(2, 3), (3,), (0, 2), ()]
}


def raw(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.fixture
def read(tmp_path):
    def read(data):
        (tmp_path / "model.safetensors").write_bytes(data)
        return stored_arrays(Folder(tmp_path), "model.safetensors")

    return read


def test_arrays_are_those_that_the_library_wrote(read):
    stored = read(safetensors.numpy.save(ARRAYS))
    assert stored.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        numbers = stored[name].read()
        assert (stored[name].shape, numbers.dtype) == (array.shape, array.dtype)
        np.testing.assert_array_equal(numbers, array)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", "CF")
def test_an_array_is_written_into_another_in_its_type_and_order(dtype, order, read):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    given = np.zeros((2, 3), dtype, order)
    read(safetensors.numpy.save({"a": array}))["a"].read_into(given)
    np.testing.assert_array_equal(given, array)


def test_what_a_file_says_of_itself_is_no_array(read):
    header = {"__metadata__": {"format": "pt"}, "a": entry("F32", [1], 0, 4)}
    assert list(read(raw(header, bytes(4)))) == ["a"]


def test_a_type_that_numpy_has_not_is_read_as_its_bits(read):
    stored = read(raw({"a": entry("BF16", [2], 0, 4)}, b"\1\2\3\4"))
    assert stored["a"].read().tolist() == [0x201, 0x403]


TERABYTE = 2**40


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\1\0\0",
        TERABYTE.to_bytes(8, "little") + b"{}",
        raw(b"[]"),
        raw(b"{"),
        raw(b'{"a": 1}'),
        raw(b"[" * 100_000),
        raw({"a": entry("F32", [TERABYTE], 0, 4 * TERABYTE)}),
        raw({"a": entry("F32", [TERABYTE], 0, 4)}, bytes(4)),
        raw({"a": entry("F32", [-1], 0, -4)}),
        raw({"a": entry("F32", [True], 0, 4)}, bytes(4)),
        raw({"a": entry("F32", [1] * 1000, 0, 4)}, bytes(4)),
        raw({"a": entry("F5", [1], 0, 4)}, bytes(4)),
        raw({"a": entry(["F32"], [1], 0, 4)}, bytes(4)),
        raw({"a": entry("F32", [1], 4, 8)}, bytes(8)),
        raw({"a": entry("F32", [1], 0, 4)}, bytes(8)),
        raw({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 0, 4)}, bytes(4)),
        raw({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 4]}}, bytes(4)),
    ],
)
def test_what_contradicts_itself_is_damaged(data, read):
    with pytest.raises(NpgptError, match=r"model\.safetensors is damaged"):
        read(data)


def test_a_file_that_shrinks_after_it_was_opened_is_told(read, tmp_path):
    stored = read(raw({"a": entry("F32", [2], 0, 8)}, bytes(8)))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(NpgptError, match="changed while it was read"):
        stored["a"].read()
