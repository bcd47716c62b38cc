"""safetensors files of strangers: every type bit for bit, and no claim is believed."""

import json

import numpy as np
import pytest
import safetensors.numpy

from npgpt_convert.formats.huggingface.safetensors_file import read_tensors
from npgpt_core import NpgptError
from npgpt_train.machine.disk import Folder

RNG = np.random.default_rng(0)


def raw(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.fixture
def read(tmp_path):
    def read(data):
        (tmp_path / "model.safetensors").write_bytes(data)
        return read_tensors(Folder(tmp_path), "model.safetensors")

    return read


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numbers_are_those_that_the_library_wrote(dtype, read):
    arrays = {"a": RNG.normal(size=(3, 4)).astype(dtype), "b": np.ones((), dtype)}
    for name, tensor in read(safetensors.numpy.save(arrays)).items():
        assert tensor.shape == arrays[name].shape
        numbers = tensor.read()
        assert numbers.dtype == np.float32
        np.testing.assert_array_equal(numbers, arrays[name].astype(np.float32))


def test_bfloat16_is_the_upper_half_of_float32(read):
    whole = RNG.normal(size=(5, 3)).astype(np.float32)
    upper = (whole.view(np.uint32) >> 16).astype("<u2")
    tensors = read(raw({"a": entry("BF16", [5, 3], 0, 30)}, upper.tobytes()))
    numbers = tensors["a"].read()
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers.view(np.uint32), upper.astype(np.uint32) << 16)


def test_what_a_file_says_of_itself_is_no_tensor(read):
    header = {"__metadata__": {"format": "pt"}, "a": entry("F32", [1], 0, 4)}
    assert list(read(raw(header, bytes(4)))) == ["a"]


def test_a_type_that_is_no_weight_is_refused_when_it_is_read(read):
    tensors = read(raw({"mask": entry("BOOL", [2, 2], 0, 4)}, bytes(4)))
    assert tensors["mask"].shape == (2, 2)
    with pytest.raises(NpgptError, match="'mask' is of BOOL, supported are F64, F32, F16, BF16"):
        tensors["mask"].read()


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
    tensors = read(raw({"a": entry("F32", [2], 0, 8)}, bytes(8)))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(NpgptError, match="changed while it was read"):
        tensors["a"].read()
