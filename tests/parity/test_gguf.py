"""Ours against the gguf package: every type of tensor bit for bit, and files both ways."""

import gguf
import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_convert.formats.gguf.reader import read_gguf
from npgpt_convert.formats.gguf.tensor_types import NAMES, TYPES, decode, encode
from npgpt_convert.formats.gguf.writer import write_gguf
from npgpt_convert.sources.installed import find_installed
from npgpt_core import NpgptError


@pytest.mark.parametrize("name", TYPES)
def test_numbers_are_equal_bit_for_bit(name):
    kind = GGMLQuantizationType[name]
    assert GGML_QUANT_SIZES[kind] == (TYPES[name].length, TYPES[name].block.itemsize)
    data = np.random.default_rng(0).integers(0, 256, (5000, TYPES[name].block.itemsize), np.uint8)
    with np.errstate(all="ignore"):
        theirs = gguf.dequantize(data, kind)
    assert decode(name, memoryview(data.tobytes())).tobytes() == theirs.tobytes()


@pytest.mark.parametrize("name", [name for name in TYPES if TYPES[name].encode])
def test_bytes_are_equal(name):
    numbers = np.random.default_rng(0).normal(0, 1, (1000, 96)).astype(np.float32)
    numbers[3] = 0
    theirs = gguf.quantize(numbers, GGMLQuantizationType[name])
    assert encode(name, numbers) == theirs.tobytes()


def test_every_tensor_of_smollm2_is_equal_bit_for_bit():
    """Two types, 134 million numbers; skipped where the model is not installed."""
    try:
        path = find_installed("smollm2")
    except NpgptError as error:
        pytest.skip(str(error))
    ours, theirs = read_gguf(path), gguf.GGUFReader(path)
    assert ours.tensors.keys() == {tensor.name for tensor in theirs.tensors}
    for tensor in theirs.tensors:
        numbers = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
        assert ours.tensors[tensor.name].read().tobytes() == numbers.tobytes(), tensor.name


def test_types_are_called_alike():
    for kind in GGMLQuantizationType:
        assert kind.value >= len(NAMES) or NAMES[kind.value] == kind.name


METADATA = {
    **{"general.architecture": "llama", "llama.block_count": 2, "epsilon": 0.5, "yes": True},
    **{"tokens": ["a", "Ġb"], "types": [1, 3, -1]},
}


@pytest.fixture
def tensors():
    rng = np.random.default_rng(0)
    shapes = {"matrix": (4, 64), "vector": (7,), "narrow": (3, 5)}
    return {name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}


def model_of(tensors):
    stored = {name: Tensor(array.shape, array.copy) for name, array in tensors.items()}
    return ForeignModel("gguf", METADATA, stored)


@pytest.mark.parametrize("kind", ["F32", "F16", "Q8_0"])
def test_the_package_reads_what_we_write(kind, tensors, tmp_path):
    path = tmp_path / "x.gguf"
    with path.open("wb") as file:
        write_gguf(file, model_of(tensors), kind)
    theirs, ours = gguf.GGUFReader(path), read_gguf(path)
    assert {key: theirs.get_field(key).contents() for key in METADATA} == METADATA
    for tensor in theirs.tensors:
        numbers = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
        np.testing.assert_array_equal(ours.tensors[tensor.name].read(), numbers)


def test_we_read_what_the_package_writes(tensors, tmp_path):
    path = tmp_path / "x.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_array("tokens", METADATA["tokens"])
    writer.add_block_count(2)
    writer.add_custom_alignment(64)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    for write in (writer.write_header_to_file, writer.write_kv_data_to_file):
        write()
    writer.write_tensors_to_file()
    writer.close()
    file = read_gguf(path)
    assert file.metadata["tokens"] == METADATA["tokens"]
    assert file.metadata["llama.block_count"] == 2
    for name, tensor in tensors.items():
        assert file.tensors[name].shape == tensor.shape
        np.testing.assert_array_equal(file.tensors[name].read(), tensor)
