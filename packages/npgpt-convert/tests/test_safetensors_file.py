"""safetensors files as weights: float32 bit for bit, and no type that weights do not have."""

import numpy as np
import pytest
import safetensors.numpy

from npgpt_convert.formats.huggingface.safetensors_file import read_tensors
from npgpt_core import NpgptError
from npgpt_train.machine.disk import Folder

RNG = np.random.default_rng(0)


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
    header = b'{"a": {"dtype": "BF16", "shape": [5, 3], "data_offsets": [0, 30]}}'  # NumPy has none
    tensors = read(len(header).to_bytes(8, "little") + header + upper.tobytes())
    numbers = tensors["a"].read()
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers.view(np.uint32), upper.astype(np.uint32) << 16)


def test_a_type_that_is_no_weight_is_refused_when_it_is_read(read):
    tensors = read(safetensors.numpy.save({"mask": np.zeros((2, 2), bool)}))
    assert tensors["mask"].shape == (2, 2)
    with pytest.raises(NpgptError, match="'mask' is of BOOL, supported are F64, F32, F16, BF16"):
        tensors["mask"].read()
