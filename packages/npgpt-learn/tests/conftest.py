"""What the tests share."""

import pytest
from click.testing import CliRunner

from npgpt_core.errors import NpgptError
from npgpt_learn.commands.learn import learn
from npgpt_learn.exercises import PATH


@pytest.fixture
def linear():
    return PATH.find("linear")


@pytest.fixture
def npgpt_learn(tmp_path, monkeypatch):
    """Run ``npgpt learn`` in a folder with a space in its name; what the user can fix is raised."""
    folder = tmp_path / "my folder"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*words):
        result = CliRunner().invoke(learn, [str(word) for word in words])
        if isinstance(result.exception, NpgptError):
            raise result.exception
        return result

    run.folder = folder
    return run
