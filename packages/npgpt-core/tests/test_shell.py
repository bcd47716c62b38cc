"""Command lines for the user to copy."""

import shlex
from pathlib import Path

import pytest

from npgpt_core import shell
from npgpt_core.shell import command


def test_plain_words_stay_plain():
    assert command("npgpt", "generate", Path("runs/play-char-1")) == (
        "npgpt generate runs/play-char-1"
    )


@pytest.mark.parametrize(
    "name", ["my run", "it's", '"', "$(rm -rf x)", "`x`", "a\nb", "é;*?[x]", ""]
)
def test_a_shell_reads_the_words_as_they_are(name):
    words = ["npgpt", "generate", name]
    assert shlex.split(command(*words)) == words
    if name:
        assert shlex.split(command("npgpt", Path(name))) == ["npgpt", name]


def test_a_path_that_begins_with_a_hyphen_is_no_option():
    assert command("npgpt", "generate", Path("-x y")) == "npgpt generate './-x y'"
    assert command("npgpt", "train", "--resume") == "npgpt train --resume"


def test_windows_has_other_quotes(monkeypatch):
    monkeypatch.setattr(shell.os, "name", "nt")
    assert command("npgpt", "generate", "my run") == 'npgpt generate "my run"'
