"""How a part is used: the command line that its name ends."""

from npgpt_core import registry

ELSE = {"exercise": ("npgpt", "learn", "start", "--set"), "command": ("npgpt",)}
"""Kinds that are no argument of training."""


def used_by(kind: str) -> tuple[str, ...]:
    """The words before the name of a part of a kind."""
    return ELSE.get(kind) or ("npgpt", "train", f"--{registry.KINDS[kind].argument}")
