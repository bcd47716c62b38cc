"""The shared functions against plain references."""

import numpy as np
import pytest

from npgpt_core import functional as F


def test_softmax_may_write_into_its_input():
    x = np.random.default_rng(0).normal(size=(3, 4))
    expected = F.softmax(x)
    assert F.softmax(x, out=x) is x
    np.testing.assert_array_equal(x, expected)


def test_softmax_backward_is_the_product_with_the_jacobian():
    rng = np.random.default_rng(0)
    y, dy = F.softmax(rng.normal(size=6)), rng.normal(size=6)
    jacobian = np.diag(y) - np.outer(y, y)
    np.testing.assert_allclose(F.softmax_backward(dy, y), jacobian @ dy, rtol=1e-12)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3)])
def test_rows_joins_all_axes_but_the_last(shape):
    x = np.zeros(shape)
    assert F.rows(x).shape == (x.size // 3, 3)
    assert np.shares_memory(F.rows(x), x)
