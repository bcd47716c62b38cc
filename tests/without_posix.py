"""``python tests/without_posix.py ARGS``: the command on a system that has only what Windows has.

Modules, functions, flags and signals that Windows lacks are hidden, and a folder cannot be opened.
Its paths, and that no open file can be renamed, are left to a machine that has them.
"""

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
