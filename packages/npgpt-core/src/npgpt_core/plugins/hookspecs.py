"""The extension points of npgpt, and nothing else.

A hook returns names and *where* each part is (``"package.module:attribute"``), so that finding
parts imports none of them. The names are the ones a user types: ``npgpt train --tokenizer NAME``.
"""

# mypy: disable-error-code="empty-body"
# A hook specification is its signature and its docstring.

from collections.abc import Mapping

import pluggy

PROJECT = "npgpt"
PLUGIN_API = 2  # a plugin module may state the contract it was written for as NPGPT_PLUGIN_API

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def npgpt_tokenizers() -> Mapping[str, str]:
    """Name -> class that turns text into ids and back (``protocols.Tokenizer``)."""


@hookspec
def npgpt_optimizers() -> Mapping[str, str]:
    """Name -> class that updates a model's parameters in place (``protocols.Optimizer``)."""


@hookspec
def npgpt_schedules() -> Mapping[str, str]:
    """Name -> class whose instances map a step to a learning rate (``protocols.Schedule``)."""


@hookspec
def npgpt_models() -> Mapping[str, str]:
    """Name -> Module class from ids to logits, with a ``Config`` (``protocols.Model``)."""


@hookspec
def npgpt_datasets() -> Mapping[str, str]:
    """Name -> class whose instances give texts (``protocols.Dataset``)."""


@hookspec
def npgpt_observers() -> Mapping[str, str]:
    """Name -> class whose instances get every event of a run (``protocols.Observer``)."""


@hookspec
def npgpt_exercises() -> Mapping[str, str]:
    """Name -> set of exercises that mark themselves (``protocols.Exercise``)."""


@hookspec
def npgpt_commands() -> Mapping[str, str]:
    """Name -> Click command that becomes ``npgpt NAME`` (``protocols.Command``)."""
