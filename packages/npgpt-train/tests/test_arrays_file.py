"""Arrays into a file: the bytes are those of the library safetensors."""

import io

import numpy as np
import pytest
import safetensors.numpy

from npgpt_train.machine.arrays_file import DTYPES, Later, write_arrays

ARRAYS = {
    f"{dtype} {shape}": np.full(shape, 3, dtype)
    for dtype in DTYPES
    for shape in [(2, 3), (3,), (0, 2), ()]
} | {'é"\n': np.arange(3, dtype=np.float32)}


def written(arrays, *about):
    file = io.BytesIO()
    write_arrays(file, arrays, *about)
    return file.getvalue()


def test_the_bytes_are_those_of_the_library():
    assert written(ARRAYS) == safetensors.numpy.save(ARRAYS)
    assert written({}) == safetensors.numpy.save({})
    about = {"format": "pt"}
    assert written(ARRAYS, about) == safetensors.numpy.save(ARRAYS, metadata=about)


@pytest.mark.parametrize("order", "CF")
def test_rows_come_one_after_the_other_whatever_the_order_in_memory(order):
    array = np.asarray(np.arange(6.0).reshape(2, 3), order=order)
    turned = {"a": array, "b": array.astype(">f8"), "c": array[:, ::-1]}
    read = safetensors.numpy.load(written(turned))
    assert all((read[name] == turned[name]).all() for name in turned)


def test_an_array_may_be_made_when_it_is_written():
    later = {name: Later(a.dtype, a.shape, lambda a=a: a) for name, a in ARRAYS.items()}
    assert written(later) == written(ARRAYS)
