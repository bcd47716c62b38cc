"""What this package adds to npgpt."""

from collections.abc import Mapping

from npgpt_core.plugins.hookspecs import hookimpl


@hookimpl
def npgpt_commands() -> Mapping[str, str]:
    """The command that marks exercises."""
    return {"learn": "npgpt_learn.commands.learn:learn"}


@hookimpl
def npgpt_exercises() -> Mapping[str, str]:
    """The exercises of npgpt."""
    return {"npgpt": "npgpt_learn.exercises:PATH"}
