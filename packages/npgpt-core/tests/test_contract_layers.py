"""Every layer of the house keeps the contract of layers."""

import pytest

from npgpt_core.testing import layer_checks
from npgpt_core.testing.layers.cases import layer_cases


@pytest.mark.parametrize("check_id", dict(layer_checks()))
@pytest.mark.parametrize("name", layer_cases())
def test_contract(name, check_id):
    dict(layer_checks())[check_id](layer_cases()[name])
