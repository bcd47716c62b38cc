"""The kinds of parts: what npgpt must know of each, said once. Importing this imports no NumPy.

A new kind is its hook in ``hookspecs``, its class in ``protocols``, its entry here, its checks in
``npgpt_core.testing.KINDs.checks``, and its template in ``npgpt_cli/templates/KIND``.
"""

from __future__ import annotations

from inspect import Parameter, signature  # pluggy imports it anyway
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A kind of part.

    Attributes:
        name: in lower case, in the singular; the names of all that belongs to it follow from it.
        home: the distribution that brings npgpt's own, if there are any.
        argument: of ``npgpt_train.train``, and so the flag, that names one; none of a command.
        given: the arguments that npgpt itself passes to one, and that are no options of a user's.
        config: the attribute that takes the options in the place of the part itself.
        settable: whether a run has one whose options are settings of the run: "optimizer.beta1".
        several: whether a run may have several, none of which changes it: "observer.NAME.OPTION".
        recorded: whether a run records which one it was made with, and asks for it again.
        requires: what a new package of the kind needs beside npgpt-core.
        changed: what contract 2 asks of its parts that contract 1 did not; nothing if it asks the
            same.
    """

    name: str
    home: str = ""
    argument: str = ""
    given: tuple[str, ...] = ()
    config: str = ""
    settable: bool = False
    several: bool = False
    recorded: bool = False
    requires: tuple[str, ...] = ()
    changed: str = ""

    @property
    def plural(self) -> str:
        """``tokenizers``, as in ``npgpt_core.testing.tokenizers``."""
        return f"{self.name}s"

    @property
    def hook(self) -> str:
        """The hook that brings its parts: ``npgpt_tokenizers``."""
        return f"npgpt_{self.plural}"

    @property
    def protocol(self) -> str:
        """The class in ``npgpt_core.protocols`` that its parts are held against: ``Tokenizer``."""
        return self.name.title()

    def key(self, part: str) -> str:
        """What stands before the options of a part where they are set; "" where none can be."""
        if self.several:
            return f"{self.name}.{part}"
        return self.name if self.settable else ""

    def built_with(self, part: Any) -> Any:
        """What takes the options of a part: the part itself, or its config."""
        return getattr(part, self.config) if self.config else part

    def options(self, part: Any) -> list[Parameter]:
        """What a user can set of a part; its ``**options`` are among them.

        A part that is not built, but there already, has none.
        """
        target = self.built_with(part)
        if not callable(target):
            return []
        parameters = signature(target).parameters.values()
        return [parameter for parameter in parameters if parameter.name not in self.given]


NUMPY = "numpy>=1.26"

_ALL = (
    Kind(
        "tokenizer",
        home="npgpt-tokenizers",
        argument="tokenizer",
        settable=True,
        recorded=True,
        requires=(NUMPY,),
        changed="a tokenizer has state() and from_state(state) in the place of save and load, a"
        " mapping special_tokens of spellings to ids, and pad_id, unk_id, bos_id and eos_id",
    ),
    Kind(
        "optimizer",
        home="npgpt-optim",
        argument="optim",
        given=("model", "lr"),
        settable=True,
        recorded=True,
        requires=(NUMPY,),
        changed="an optimizer that derives from one of npgpt-optim takes"
        " update(name, parameter, gradient, slots)",
    ),
    Kind(
        "schedule",
        home="npgpt-optim",
        argument="schedule",
        given=("lr", "max_iters"),
        settable=True,
        recorded=True,
        changed="an option that is None is left to the schedule",
    ),
    Kind(
        "model",
        home="npgpt-models",
        argument="model",
        given=("vocab_size", "block_size"),
        config="Config",
        settable=True,
        recorded=True,
        requires=(NUMPY,),
        changed="a model derives from npgpt_core.Module, and its presets say which sizes a preset"
        " gives it",
    ),
    Kind("dataset", home="npgpt-train", argument="data", recorded=True),
    Kind("observer", argument="observe", several=True),
    Kind("exercise", home="npgpt-learn", requires=("npgpt-learn~=$minor", NUMPY)),
    Kind(
        "command",
        home="npgpt-cli",
        requires=("click>=8.1.7", "npgpt-train~=$minor"),
        changed="a run's record has attributes, such as record.parameters",
    ),
)

KINDS = {kind.name: kind for kind in _ALL}
"""Name -> kind, in the order in which npgpt lists them."""
