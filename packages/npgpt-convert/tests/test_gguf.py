"""GGUF files: what is written is read again; what is claimed is held against the file."""

import io
import json
from pathlib import Path
from struct import pack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npgpt_convert.foreign import ForeignModel, Tensor
from npgpt_convert.formats.gguf.reader import read_gguf
from npgpt_convert.formats.gguf.tensor_types import NAMES, TYPES, decode, encode
from npgpt_convert.formats.gguf.values import Reader, encode_value
from npgpt_convert.formats.gguf.writer import write_gguf
from npgpt_core import NpgptError

GOLDEN = json.loads((Path(__file__).parent / "data/gguf_types.json").read_text())
METADATA = {
    **{"general.architecture": "llama", "general.alignment": 32, "no": False, "yes": True},
    **{"least": -(2**31), "most": 2**64 - 1, "epsilon": 1e-05, "pre": "höhe\n", "none": []},
    **{"tokens": ["a", "Ġb", ""], "types": [1, 3, -1], "scores": [0.5, -1.0], "flags": [True]},
}
NUMBER, TEXT, LIST = 4, 8, 9


@pytest.fixture
def tensors(rng):
    shapes = {"a": (4, 64), "b": (7,), "c": (3, 5), "d": (2, 3, 32)}
    return {name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def write(tmp_path, tensors):
    def write(kind="F32"):
        path = tmp_path / f"{kind}.gguf"
        with path.open("wb") as file:
            write_gguf(file, model_of(tensors), kind)
        return path

    return write


def model_of(tensors):
    stored = {name: Tensor(array.shape, array.copy) for name, array in tensors.items()}
    return ForeignModel("gguf", METADATA, stored)


def file_of(metadata=(), tensors=(), data=b"", *, counts=None, version=3):
    """The bytes of a file that claims anything."""
    n_tensors, n_values = counts or (len(tensors), len(metadata))
    text = [b"GGUF", pack("<IQQ", version, n_tensors, n_values)]
    for key, kind, value in metadata:
        text += [pack("<Q", len(key)), key, pack("<I", kind), value]
    for name, shape, number, offset in tensors:
        text += [pack("<Q", len(name)), name, pack(f"<I{len(shape)}Q", len(shape), *shape)]
        text += [pack("<IQ", number, offset)]
    header = b"".join(text)
    return header + bytes(-len(header) % 32) + data


def test_what_is_written_is_read_again(write, tensors):
    file = read_gguf(write())
    written = {"general.file_type": 0, "general.quantization_version": 2}
    assert file.metadata == {**METADATA, **written}
    assert file.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert file.tensors[name].shape == tensor.shape
        np.testing.assert_array_equal(file.tensors[name].read(), tensor)


@pytest.mark.parametrize(("kind", "error"), [("F16", 2**-11), ("Q8_0", 0.5 / 127)])
def test_matrices_are_written_in_fewer_bits_and_vectors_are_not(kind, error, write, tensors):
    file = read_gguf(write(kind))
    np.testing.assert_array_equal(file.tensors["b"].read(), tensors["b"])
    for name, tensor in tensors.items():
        np.testing.assert_allclose(
            file.tensors[name].read(), tensor, atol=error * np.abs(tensor).max()
        )


def test_a_number_too_large_for_the_type_is_told():
    with pytest.raises(NpgptError, match="too large for F16: write F32"):
        encode("F16", np.full(3, 1e5, np.float32))


@pytest.mark.parametrize("name", TYPES)
def test_the_bytes_of_a_type_are_the_numbers_of_the_gguf_package(name):
    golden = GOLDEN[name]
    numbers = decode(name, memoryview(bytes.fromhex(golden["bytes"])))
    assert numbers.astype("<f4").tobytes().hex() == golden["numbers"]


def test_bytes_of_zeros_are_numbers_of_zero():
    for name, kind in TYPES.items():
        np.testing.assert_array_equal(decode(name, memoryview(bytes(3 * kind.size(256)))), 0)


def test_zeros_are_written_as_zeros():
    np.testing.assert_array_equal(decode("Q8_0", encode("Q8_0", np.zeros(64, np.float32))), 0)


def test_tensors_are_decoded_in_parts_as_at_once(rng, monkeypatch):
    data = memoryview(rng.integers(0, 100, TYPES["Q4_1"].size(32 * 70), np.uint8).tobytes())
    whole = decode("Q4_1", data)
    monkeypatch.setattr("npgpt_convert.formats.gguf.tensor_types.CHUNK", 32 * 16)
    np.testing.assert_array_equal(decode("Q4_1", data), whole)


INT32 = st.integers(-(2**31), 2**31 - 1)
FLOAT32 = st.floats(width=32).map(lambda x: float(str(np.float32(x))))


@given(
    st.booleans()
    | st.integers(-(2**31), 2**64 - 1)
    | st.text()
    | FLOAT32
    | st.lists(st.text())
    | st.lists(INT32)
)
def test_values_are_read_as_they_were_written(value):
    data = encode_value(value)
    read = Reader(data, len(data), NpgptError).value()
    assert type(read) is type(value)
    assert repr(read) == repr(value)


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        *[(0, b"\xff", 255), (1, b"\xff", -1), (2, b"\xff\xff", 65535), (3, b"\xff\xff", -1)],
        *[(5, b"\xff" * 4, -1), (11, b"\xff" * 8, -1), (12, pack("<d", 0.1), 0.1)],
        (LIST, pack("<IQIQHIQ", LIST, 2, 2, 1, 7, 8, 0), [[7], []]),
    ],
)
def test_all_types_of_values_are_read(kind, data, value, tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(file_of([(b"key", kind, data)]))
    assert read_gguf(path).metadata == {"key": value}


F32, Q8_0, IQ3_S = 0, 8, NAMES.index("IQ3_S")
DAMAGED = {
    "does not begin with GGUF": b"PK\x03\x04" + bytes(60),
    "its header does not end": file_of()[:20],
    "version 1,": file_of(version=1),
    "version 50331648": file_of(version=3 << 24),
    "claims 1,099,511,627,776 names": file_of(counts=(2**40, 0)),
    "claims 1,000,000 names": file_of(counts=(0, 10**6)),
    "names 'x' twice": file_of([(b"x", 7, b"\0"), (b"x", 7, b"\0")]),
    "no UTF-8": file_of([(b"\xff", 7, b"\0")]),
    "unknown type 99": file_of([(b"x", 99, bytes(8))]),
    "list of 1,152,921,504,606,846,976 values": file_of([(b"x", LIST, pack("<IQ", TEXT, 2**60))]),
    "list of 4,194,305 values": file_of([(b"x", LIST, pack("<IQ", 0, 2**22 + 1))]),
    "too deep": file_of([(b"x", LIST, pack("<IQ", LIST, 1) * 9)]),
    "does not end where": file_of([(b"x", TEXT, pack("<Q", 2**62))]),
    "alignment is 12": file_of([(b"general.alignment", NUMBER, pack("<I", 12))]),
    "alignment is 0": file_of([(b"general.alignment", NUMBER, pack("<I", 0))]),
    "alignment is 'x'": file_of([(b"general.alignment", TEXT, pack("<Q", 1) + b"x")]),
    "has 0 dimensions": file_of(tensors=[(b"t", (), F32, 0)]),
    "has 5 dimensions": file_of(tensors=[(b"t", (1,) * 5, F32, 0)]),
    "is of type IQ3_S; what is read": file_of(tensors=[(b"t", (256,), IQ3_S, 0)]),
    "is of type number 4000000000": file_of(tensors=[(b"t", (256,), 4 * 10**9, 0)]),
    "shape (0,)": file_of(tensors=[(b"t", (0,), F32, 0)]),
    "shape (4, 33)": file_of(tensors=[(b"t", (33, 4), Q8_0, 0)], data=bytes(1000)),
    "at 4": file_of(tensors=[(b"t", (1,), F32, 4)], data=bytes(64)),
    "ends at byte": file_of(tensors=[(b"t", (2**40,), F32, 0)], data=bytes(64)),
    "t' ends at byte": file_of(tensors=[(b"t", (2**63,) * 4, F32, 0)], data=bytes(64)),
    "ends at byte 18,446": file_of(tensors=[(b"t", (1,), F32, 2**64 - 32)], data=bytes(64)),
    "share bytes": file_of(tensors=[(n, (16,), F32, 0) for n in (b"a", b"b")], data=bytes(64)),
}


@pytest.mark.parametrize("reason", DAMAGED)
def test_a_claim_that_the_file_does_not_hold_is_one_line(reason, tmp_path):
    path = tmp_path / "x.gguf"
    path.write_bytes(DAMAGED[reason])
    with pytest.raises(NpgptError) as error:
        read_gguf(path)
    assert reason in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("length", range(0, 700, 7))
def test_a_file_that_is_cut_off_is_told(length, write, tmp_path):
    path = tmp_path / "cut.gguf"
    path.write_bytes(write().read_bytes()[:length])
    with pytest.raises(NpgptError):
        read_gguf(path)


def test_what_is_no_file_is_told(tmp_path):
    for name in ("", "no such.gguf", "empty.gguf"):
        (tmp_path / "empty.gguf").touch()
        with pytest.raises(NpgptError, match=r"give the path of a \.gguf file"):
            read_gguf(tmp_path / name)


def test_a_file_is_written_without_a_place_to_seek(tensors):
    file = io.BytesIO()
    write_gguf(file, model_of(tensors), "F32")
    assert len(file.getvalue()) % 32 == 0
