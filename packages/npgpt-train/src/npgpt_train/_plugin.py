"""What this package adds to npgpt."""

from collections.abc import Mapping

from npgpt_core.hookspecs import hookimpl


@hookimpl
def npgpt_datasets() -> Mapping[str, str]:
    """The datasets of the house."""
    return {
        "shakespeare": "npgpt_train.datasets.shakespeare:Shakespeare",
        "python-docs": "npgpt_train.datasets.python_docs:PythonDocs",
        "tiny-shakespeare": "npgpt_train.datasets.tiny_shakespeare:TinyShakespeare",
    }
