"""What this package adds to npgpt."""

from collections.abc import Mapping

from npgpt_core.plugins.hookspecs import hookimpl


@hookimpl
def npgpt_models() -> Mapping[str, str]:
    """The architectures of the house."""
    return {"gpt": "npgpt_models.gpt:GPT", "llama": "npgpt_models.llama:Llama"}
