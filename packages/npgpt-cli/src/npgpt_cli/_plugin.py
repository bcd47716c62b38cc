"""What this package adds to npgpt."""

from collections.abc import Mapping

from npgpt_core.plugins.hookspecs import hookimpl


@hookimpl
def npgpt_commands() -> Mapping[str, str]:
    """The commands of the house."""
    return {
        "train": "npgpt_cli.commands.train:train",
        "compare": "npgpt_cli.commands.compare:compare",
        "explain": "npgpt_cli.commands.explain:explain",
        "generate": "npgpt_cli.commands.generate:generate",
        "evaluate": "npgpt_cli.commands.evaluate:evaluate",
        "plot": "npgpt_cli.commands.plot:plot",
        "runs": "npgpt_cli.commands.runs:runs",
        "tokenize": "npgpt_cli.commands.tokenize:tokenize",
        "cache": "npgpt_cli.commands.cache:cache",
        "plugins": "npgpt_cli.commands.plugins:plugins",
        "check-grads": "npgpt_cli.commands.check_grads:check_grads",
    }
