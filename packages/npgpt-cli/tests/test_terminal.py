"""Where standard output takes no more, the work ends, unless it is worth more than its output."""

import errno
import io
import sys

import pytest

from npgpt_cli.terminal import outlasting_output, standard_streams


class Full(io.RawIOBase):
    """Takes nothing."""

    def writable(self):
        return True

    def write(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")


def run(work, monkeypatch):
    """The exit code of some work that prints to a full disk."""
    stdout = io.TextIOWrapper(io.BufferedWriter(Full()), encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", stdout)

    def attempt():
        with standard_streams():
            work()
            raise SystemExit(0)  # as a command does

    with pytest.raises(SystemExit) as caught:
        attempt()
    stdout.detach().detach()
    return caught.value.code


def say(text="word"):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def test_work_ends_with_its_output(monkeypatch, capsys):
    done = []

    def work():
        say()
        done.append("more")

    assert (run(work, monkeypatch), done) == (1, [])
    assert "cannot write to standard output: No space left on device" in capsys.readouterr().err


def test_work_that_outlasts_its_output_is_done(monkeypatch):
    done = []

    def work():
        with outlasting_output():
            say()
            done.append("more")

    assert (run(work, monkeypatch), done) == (1, ["more"])


def test_after_such_work_output_is_needed_again(monkeypatch):
    done = []

    def work():
        with outlasting_output():
            done.append("silent")
        say()
        done.append("more")

    assert (run(work, monkeypatch), done) == (1, ["silent"])
