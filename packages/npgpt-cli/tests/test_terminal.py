"""Where standard output takes no more, the work ends, unless it is worth more than its output."""

import errno
import io
import os
import subprocess
import sys

import pytest

from npgpt_cli.terminal import ignoring_output_errors, standard_streams


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
        with ignoring_output_errors():
            say()
            done.append("more")

    assert (run(work, monkeypatch), done) == (1, ["more"])


def test_after_such_work_output_is_needed_again(monkeypatch):
    done = []

    def work():
        with ignoring_output_errors():
            done.append("silent")
        say()
        done.append("more")

    assert (run(work, monkeypatch), done) == (1, ["silent"])


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "█ – é 日\n".encode()),
        ("latin-1", b"# - \xe9 \\u65e5\n"),
        ("ascii", b"# - \\xe9 \\u65e5\n"),
    ],
)
def test_what_an_encoding_lacks_has_a_stand_in(encoding, shown, monkeypatch):
    taken = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(taken, encoding=encoding))
    with standard_streams():
        say("█ – é 日")
    assert taken.getvalue() == shown


def test_a_stream_without_bytes_stays_as_it_is(monkeypatch):
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    with standard_streams():
        say()
    assert text.getvalue() == "word\n"


@pytest.mark.once
@pytest.mark.skipif(os.name != "posix", reason="the shell of POSIX closes descriptors")
@pytest.mark.parametrize("closed", [0, 1, 2])
def test_no_file_gets_the_number_of_a_closed_stream(closed, tmp_path):
    work = (
        "from npgpt_cli.terminal import standard_streams\n"
        f"with standard_streams(): print(open({str(tmp_path / 'x')!r}, 'w').fileno() > 2)\n"
        f"raise SystemExit(os.fstat({closed}).st_rdev != os.stat(os.devnull).st_rdev)"
    )
    command = [
        "sh",
        "-c",
        f'exec "$@" {closed}>&-',
        "sh",
        sys.executable,
        "-c",
        f"import os\n{work}",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("" if closed == 1 else "True\n")
