"""What this package adds to npgpt."""

from collections.abc import Mapping

from npgpt_core.plugins.hookspecs import hookimpl


@hookimpl
def npgpt_datasets() -> Mapping[str, str]:
    """The datasets of the house."""
    return {
        "shakespeare": "npgpt_train.text.datasets.shakespeare:Shakespeare",
        "python-docs": "npgpt_train.text.datasets.python_docs:PythonDocs",
        "tiny-shakespeare": "npgpt_train.text.datasets.tiny_shakespeare:TinyShakespeare",
    }
