"""What this package adds to npgpt."""

from collections.abc import Mapping

from npgpt_core.plugins.hookspecs import hookimpl


@hookimpl
def npgpt_commands() -> Mapping[str, str]:
    """The commands that take models in and give them out."""
    return {
        "import": "npgpt_convert.commands.import_:import_",
        "export": "npgpt_convert.commands.export:export",
    }
