"""What launchers say of a job, and how several processes start and end together (without MPI)."""

import pytest

from npgpt_core.errors import NpgptError
from npgpt_train.processes import SIZE_VARIABLES, open_processes


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch):
    for name in SIZE_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", SIZE_VARIABLES)
@pytest.mark.parametrize("value", ["abc", "0", "-1", "1.5", "²", "9" * 30])
def test_a_number_of_ranks_that_is_none_is_one_error(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(NpgptError, match=f"{name} is '{value[:20]}.*expected the number of ranks"):
        open_processes()


@pytest.mark.parametrize("value", ["1", ""])
def test_one_rank_is_a_process_alone(value, monkeypatch):
    monkeypatch.setenv(SIZE_VARIABLES[0], value)
    assert open_processes().size == 1
