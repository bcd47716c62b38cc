"""Messages of the library, in which arguments become the flags of the command.

The library writes an argument in backquotes: `grad_clip=1`. To the shell that is --grad-clip 1, an
option of a part, `model.dropout=0.2`, is --set model.dropout=0.2, and `resume=True` is --resume.
"""

import re

from npgpt_core.shell import command

REPEATED = {"variants": "variant"}  # a list for the library, a flag for each for the command
_ARGUMENT = re.compile(  # a word by itself: file names may have backquotes too
    r"""(?<![\w'"/.-])`([a-z]\w*(?:\.\w+)?)(?:=([^`]*))?`(?![\w'"/-])"""
)


def as_flags(message: str) -> str:
    """A message of the library with its arguments as flags."""
    return _ARGUMENT.sub(_flag, message)


def _flag(argument: re.Match[str]) -> str:
    name, value = argument.groups()
    if "." in name:
        return command("--set", f"{name}={value}")
    flag = f"--{REPEATED.get(name, name).replace('_', '-')}"
    return flag if value in (None, "True") else command(flag, value.strip("\"'"))
