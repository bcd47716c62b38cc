"""The process of a case: forked, put into its state, watched, and ended where it does not end."""

from __future__ import annotations

import fcntl
import os
import pty
import resource
import select
import signal
import struct
import sys
import termios
import time
import traceback
from contextlib import suppress
from pathlib import Path

from cases import HEAVY
from place import environment

SECONDS = 60  # for what takes one or two, on a machine with other work
ENDLESS = 4  # seconds for what may rightly go on
GRACE = 15  # seconds that a signal may take
ROOM = 2 * 2**30  # bytes of address space, so that a case never takes the machine's memory
STARTED = 0.005  # seconds until a forked process is inside the command
ESCAPED = 99  # exit code of a case that an exception left


def run(case, place, rng):
    """Play a command; gives its exit code, what it printed, and why it ended late, if it did."""
    outcome, ready = os.pipe(), os.pipe()
    files = {name: place.with_name(name) for name in ("stdout", "stderr")}
    streams = {
        name: Stream(case.state.get(name, "file"), path, rng) for name, path in files.items()
    }
    stdin = Input(case.state.get("stdin", "null"), rng)
    child = os.fork()
    if child == 0:
        code = ESCAPED
        try:
            os.setsid()
            code = _child(case, place, streams, stdin, ready[1], outcome[1], rng)
        except BaseException:
            with suppress(BaseException):
                os.write(outcome[1], traceback.format_exc().encode("utf-8", "backslashreplace"))
        finally:
            os._exit(code)
    os.close(outcome[1])
    os.close(ready[1])
    stdin.begin()
    for stream in streams.values():
        stream.begin()
    select.select([ready[0]], [], [], 30)
    os.close(ready[0])
    status, late = _wait(child, case, streams)
    escaped = b""
    while data := os.read(outcome[0], 2**16):
        escaped += data
    os.close(outcome[0])
    stdin.end()
    output, errors = (stream.end() for stream in streams.values())
    return os.waitstatus_to_exitcode(status), output, errors + escaped.decode(), late


def _wait(child, case, streams):
    """Read what a process prints, send it signals, and end it where it does not end by itself."""
    begin, late, sent = time.monotonic(), "", 0
    limit = ENDLESS if case.is_endless else SECONDS
    signals = list(case.state.get("signals", []))
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status, late
        now = time.monotonic() - begin
        while signals and now > max(signals[0][0], STARTED):
            os.kill(child, signals.pop(0)[1])
        if now > limit and sent == 0:
            sent, limit = 1, now + GRACE
            os.kill(child, signal.SIGTERM)
            if not case.is_endless:
                late = f"not done after {SECONDS} seconds"
        elif now > limit and sent == 1 and case.given & HEAVY:
            sent, limit = 2, now + GRACE
            os.kill(child, signal.SIGTERM)  # a step may be long, but the second one ends it
        elif now > limit:
            late = f"SIGTERM does not end it in {GRACE} seconds"
            os.kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1], late
        for stream in streams.values():
            stream.read(now)
        time.sleep(0.01)


class Stream:
    """Standard output or error of a case: a file, or something that takes little or nothing."""

    def __init__(self, kind, path, rng):
        self.kind, self.path, self.taken = kind, path, b""
        self.reader = self.writer = -1
        self.limit = rng.choice([0, 0, 10, 1000])
        if kind == "file":
            self.writer = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        elif kind == "full":
            self.writer = os.open("/dev/full", os.O_WRONLY)
        elif kind == "terminal":
            self.reader, self.writer = pty.openpty()
            size = rng.choice([(0, 0), (1, 1), (24, 80), (24, 20), (500, 5000)])
            fcntl.ioctl(self.writer, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        elif kind in ("left", "slow"):
            self.reader, self.writer = os.pipe()
            os.set_blocking(self.writer, kind == "left")

    def apply(self, number):
        """Make it the standard stream of a number, in the child, which reads nothing."""
        if self.reader >= 0:
            os.close(self.reader)
        if self.kind == "closed":
            with suppress(OSError):
                os.close(number)
        else:
            os.dup2(self.writer, number)

    def begin(self):
        """Leave the writing to the child, in the parent."""
        if self.writer >= 0:
            os.close(self.writer)
        if self.kind == "left" and self.limit == 0:
            os.close(self.reader)
            self.reader = -1

    def read(self, now):
        """Take what is there, or as much as this reader takes."""
        if self.reader < 0 or (self.kind == "slow" and now < 0.5):
            return
        while select.select([self.reader], [], [], 0)[0]:
            try:
                data = os.read(self.reader, 2**16)
            except OSError:  # a terminal whose other end is closed
                data = b""
            self.taken += data
            if not data or (self.kind == "left" and len(self.taken) >= self.limit):
                os.close(self.reader)
                self.reader = -1
                return

    def end(self):
        """All that it took, as text."""
        self.read(1)
        if self.reader >= 0:
            os.close(self.reader)
        data = self.path.read_bytes() if self.kind == "file" else self.taken
        return data.decode("utf-8", "backslashreplace")


class Input:
    """Standard input of a case."""

    def __init__(self, kind, rng):
        self.kind, self.reader, self.writer = kind, -1, -1
        if kind == "null":
            self.reader = os.open(os.devnull, os.O_RDONLY)
        elif kind == "write-only":
            self.reader = os.open(os.devnull, os.O_WRONLY)
        elif kind != "closed":
            self.reader, self.writer = os.pipe()
            if kind != "waiting":
                os.write(self.writer, b"the king" if kind == "text" else rng.randbytes(1000))

    def apply(self):
        """Make it standard input, in the child."""
        if self.writer >= 0:
            os.close(self.writer)
        if self.reader >= 0:
            os.dup2(self.reader, 0)
        else:
            with suppress(OSError):
                os.close(0)

    def begin(self):
        """Leave it to the child; one that waits stays open."""
        if self.reader >= 0:
            os.close(self.reader)
        if self.writer >= 0 and self.kind != "waiting":
            os.close(self.writer)
            self.writer = -1

    def end(self):
        """Close what is open."""
        if self.writer >= 0:
            os.close(self.writer)


def _child(case, place, streams, stdin, ready, outcome, rng):
    """Take on the state of a case, and be the command."""
    state = case.state
    work = place / "work"
    variables = environment(place)
    for name, value in state.get("environment", {}).items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    encoding = state.get("encoding")
    if encoding:
        variables |= {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    if state.get("folder") == "deleted":
        gone = place / "gone"
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()
    elif state.get("folder") == "closed":
        (place / "shut").mkdir()
        os.chdir(place / "shut")
        (place / "shut").chmod(0)
    else:
        with suppress(OSError):
            os.chdir(work)
    if "umask" in state:
        os.umask(state["umask"])
    stdin.apply()
    for number, stream in enumerate(streams.values(), start=1):
        stream.apply(number)
    for name, path in _size().items():
        resource.setrlimit(name, (path + state.get("memory", ROOM), resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if "file size" in state:
        resource.setrlimit(resource.RLIMIT_FSIZE, (state["file size"], resource.RLIM_INFINITY))
    if "files" in state:
        free = os.open(os.devnull, os.O_RDONLY)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + state["files"], 4096))
    os.close(ready)
    if state.get("fresh"):
        os.close(outcome)
        python = [sys.executable, "-m", "npgpt_cli", *case.command]
        os.execve(sys.executable, python, variables)
    os.environ.clear()
    os.environ.update(variables)
    return _command(case.command, encoding, outcome)


def _size():
    """The address space that this process has already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return {resource.RLIMIT_AS: pages * os.sysconf("SC_PAGE_SIZE")}


def _command(words, encoding, outcome):
    """Run the command in this process, as Python would have started it."""
    from npgpt_cli.main import main as npgpt

    name, _, errors = (encoding or "utf-8").partition(":")
    for number, stream in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            setattr(sys, stream, None)
            continue
        handler = "backslashreplace" if number == 2 else errors or "strict"
        mode = "r" if number == 0 else "w"
        setattr(sys, stream, os.fdopen(number, mode, encoding=name, errors=handler))
    sys.argv = ["npgpt", *words]
    try:
        npgpt(words, prog_name="npgpt")
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            os.write(outcome, f"Bug: exit with {code!r}".encode())
            return ESCAPED
        return code or 0
    return 0
