"""What each kind of part must offer.

The registry checks that every loaded part has the members of these; inheriting from them is
neither needed nor useful. A model alone has a base class, ``npgpt_core.Module``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from npgpt_core.errors import NpgptError
from npgpt_core.plugins.kinds import KINDS

if TYPE_CHECKING:
    from npgpt_core.events import Event
    from npgpt_core.module import Module
    from npgpt_core.types import Array, Ids


class Tokenizer(Protocol):
    """Text to ids and back. Options are keyword arguments of ``__init__``; ``presets`` are as a
    model's.

    A special token stands for no text, and text that spells one never gives its id. Of the four
    that npgpt knows the meaning of, a tokenizer says in ``pad_id`` and so on which it has; two of
    them may be the same token.

    ``npgpt explain tokenize`` shows more of a tokenizer that offers ``merge_stages(text)``, which
    yields for each word its ids before any merge and after each, and ``token_bytes(i)``, the bytes
    of one id. ``npgpt explain page`` encodes other texts with the tokenizers of npgpt-tokenizers.
    """

    @property
    def vocab_size(self) -> int:
        """Number of ids, special tokens included."""

    @property
    def special_tokens(self) -> Mapping[str, int]:
        """Spelling -> id of every special token; empty if there are none."""

    @property
    def pad_id(self) -> int | None:
        """The id that fills a row that is too short."""

    @property
    def unk_id(self) -> int | None:
        """The id of what the vocabulary lacks; None where nothing becomes such an id."""

    @property
    def bos_id(self) -> int | None:
        """The id that begins a text."""

    @property
    def eos_id(self) -> int | None:
        """The id that ends a text."""

    def train(self, texts: Iterable[str]) -> None:
        """Learn the vocabulary from texts, each read once; a pretrained one has nothing to do."""

    def encode(self, text: str) -> Ids:
        """Ids of a text, shape (n,)."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; that of ``encode(text)`` is ``text`` wherever it can be represented."""

    def state(self) -> dict[str, Any]:
        """Everything that ``from_state`` needs, as a JSON object; whoever asks writes the file."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Tokenizer:
        """The tokenizer of a state; a foreign or damaged one is an ``NpgptError``."""


class Optimizer(Protocol):
    """Updates ``model.parameters()`` in place from ``model.grads()``.

    Built as ``Optimizer(model, lr=..., **options)``; ``lr`` is a plain attribute that the training
    loop sets before every step. An optimizer with an attribute ``map`` is given that of a thread
    pool, to update independent pieces in parallel.
    """

    lr: float

    def step(self) -> None:
        """Apply one update."""

    def zero_grad(self) -> None:
        """Set every gradient of the model to zero, in place."""

    def state_dict(self) -> dict[str, Array | float | int]:
        """What the next step depends on: a flat name -> array or number, possibly empty."""

    def load_state_dict(self, state: Mapping[str, Array | float | int]) -> None:
        """Take over what ``state_dict`` gave, in place."""


class Schedule(Protocol):
    """A pure function from step (0, 1, ...) to learning rate.

    Built as ``Schedule(lr=..., max_iters=..., **options)``. An option that is None is left to the
    schedule; if it keeps the number that it chose as an attribute of that name, a run records it.
    """

    def __call__(self, step: int) -> float:
        """Learning rate of a step; a step past the end is legal."""


class ModelConfig(Protocol):
    """What every model's config says, whatever else shapes it."""

    @property
    def vocab_size(self) -> int:
        """V, number of token ids."""

    @property
    def block_size(self) -> int:
        """The longest context in tokens."""


class Model(Protocol):
    """A Module from ids (B, T) to logits (B, T, V): ``Model(Config(...), rng=rng, dtype=dtype)``.

    It inherits from ``npgpt_core.Module``, which supplies all that is not said here: parameters,
    gradients, both modes, state, replicas, the tree and ``use_rng``. ``Config`` is a frozen
    dataclass with at least ``vocab_size`` and ``block_size``.

    It may offer more, and then more is done with it:

    - ``new_cache(batch)`` and ``forward(ids, cache)``: generation feeds it one token at a time, and
      needs the logits of the last position alone, (B, 1, V); one that gives all T is right too.
    - ``blocks``, modules that each take the residual stream (B, T, C) as their first input and give
      it on, and ``logits(x)``, which reads it, (B, T, C) -> (B, T, V): ``explain forward`` shows
      what would come next after each block.
    - layers with ``attention_weights(x)``, the softmax (B, H, T, T) for an input of theirs in
      evaluation mode: ``explain attention`` shows it.
    - layers whose ``forward`` takes ``ids``: their parameters count as embeddings.
    - ``Config.num_parameters``: a model that does not fit into memory is refused before it is made.
    - ``presets``, a mapping such as ``{"tiny": {"n_layer": 2}}`` of the class: the options that
      ``train(preset="tiny")`` sets; a preset that is not there leaves the model its own defaults.
    """

    Config: ClassVar[Callable[..., Any]]

    @property
    def config(self) -> ModelConfig:
        """What the model was built from."""

    def forward(self, ids: Ids) -> Array:
        """Logits (B, T, V) of ids (B, T)."""

    def backward(self, dlogits: Array) -> None:
        """Add the gradient of every parameter, from the gradient of the logits (B, T, V)."""


def config_of(model: Module) -> ModelConfig:
    """The ``config`` of a model.

    Raises:
        NpgptError: it keeps none.
    """
    if not hasattr(model, "config"):
        raise NpgptError(
            f"{type(model).__name__} has no config, which says its block_size and vocab_size:"
            " keep it in __init__, self.config = config"
        )
    return model.config


class Dataset(Protocol):
    """A source of text, built as ``Dataset(**options)``."""

    def texts(self) -> Iterator[str]:
        """The text in pieces; joined, they are the corpus. Every call starts from the beginning."""


class Observer(Protocol):
    """Gets every event of a run, to show it or to record it. Built as ``Observer(**options)``.

    It is called between two steps, by the process of rank 0 alone, and the run waits for it. What
    it raises becomes one warning; from then on it gets no more events, and the run goes on.
    """

    def __call__(self, event: Event) -> None:
        """Take an event; one of a class that it does not know is none of its business."""


class Exercise(Protocol):
    """A set of exercises, as ``npgpt_learn.ExerciseSet`` reads one from a folder."""

    @property
    def exercises(self) -> Sequence[Any]:
        """All of them, each an ``npgpt_learn.Exercise``, in the order of their numbers."""

    def find(self, word: str) -> Any:
        """The exercise of a number, a name or a file; an ``NpgptError`` if there is none."""


class Command(Protocol):
    """A Click command."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, as ``click.Command.main`` does."""


def missing_members(kind: str, target: object) -> list[str]:
    """What the protocol of ``kind`` asks for and ``target`` (a class or command) lacks.

    Attributes of instances (``Optimizer.lr``, ``Tokenizer.vocab_size``) are not asked of a class;
    the contract checks in ``npgpt_core.testing`` look at instances.
    """
    protocol = globals()[KINDS[kind].protocol]
    members = [name for name, type in protocol.__annotations__.items() if "ClassVar" in type]
    members += [
        name
        for name, member in vars(protocol).items()
        if (name == "__call__" or not name.startswith("_")) and not isinstance(member, property)
    ]
    abstract = getattr(target, "__abstractmethods__", ())
    missing = [name for name in members if name in abstract or not _has(target, name)]
    if kind == "model" and not _is_module_class(target):
        missing.insert(0, "the base class npgpt_core.Module")
    return missing


def _has(target: object, name: str) -> bool:
    if name == "__call__" and isinstance(target, type):  # every class has one: it makes instances
        return any(name in vars(base) for base in target.__mro__)
    return hasattr(target, name)


def _is_module_class(target: object) -> bool:
    from npgpt_core.module import Module  # imports NumPy, as a model has done

    return isinstance(target, type) and issubclass(target, Module)
