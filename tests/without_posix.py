"""``python tests/without_posix.py ARGS``: the command on a system that has only what Windows has.

Modules, functions, flags and signals that Windows lacks are hidden, a folder cannot be opened, and
what is open or mapped into memory can be neither replaced, renamed nor deleted. Windows' paths are
left to a machine that has them.
"""

import contextlib
import importlib
import os
import signal
import sys

MODULES = ("fcntl", "resource", "termios", "pwd", "grp", "tty", "pty")
FUNCTIONS = (
    "sched_getaffinity",
    "sysconf",
    "pread",
    "getuid",
    "geteuid",
    "fork",
    "mkfifo",
    "chown",
)
FUNCTIONS += ("getpgid", "killpg", "statvfs", "getloadavg", "posix_fallocate", "fchmod")
FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_SYNC")
SIGNALS = ("SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGKILL", "SIGWINCH", "SIGCHLD")


class Hidden:
    """A finder that knows no POSIX module."""

    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide() -> None:
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Hidden())
    for module, names in ((os, (*FUNCTIONS, *FLAGS)), (signal, SIGNALS)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    opened = os.open

    def open_files(path, flags, *args, **options):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, *args, **options)

    os.open = open_files
    for name in ("replace", "rename", "unlink", "remove", "rmdir"):
        setattr(os, name, refusing_what_is_open(getattr(os, name)))


def refusing_what_is_open(change):
    """A function of ``os`` that leaves its paths alone where this process has them open."""

    def run(*paths, **options):
        for path in map(os.path.realpath, paths):
            if path in in_use():
                raise PermissionError(13, "The file is used by a process", path)
        return change(*paths, **options)

    return run


def in_use():
    """The real paths of what is open or mapped into memory (by Linux' /proc)."""
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            yield os.readlink(f"/proc/self/fd/{descriptor}")
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        yield from (
            fields[5].rstrip("\n")
            for fields in (line.split(None, 5) for line in maps)
            if len(fields) > 5
        )


if __name__ == "__main__":
    hide()
    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        raise SystemExit(f"{name} is still there")
    from npgpt_cli.main import main

    main()
