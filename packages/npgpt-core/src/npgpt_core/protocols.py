"""What each kind of part must offer.

The registry holds every loaded part against these by its members; inheriting from them is
neither needed nor useful.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from npgpt_core.plugins.kinds import KINDS

if TYPE_CHECKING:
    from npgpt_core.types import Array, Ids

SPECIAL_TOKENS = ("<pad>", "<unk>", "<bos>", "<eos>")
"""The first ids of every tokenizer, 0 to 3. They are never produced from text that spells them."""


class Tokenizer(Protocol):
    """Text to ids and back. Options are keyword arguments of ``__init__``.

    ``npgpt explain tokenize`` shows more of a tokenizer that offers ``merge_stages(text)``, which
    yields for each word its ids before any merge and after each, and ``token_bytes(i)``, the bytes
    of one id.
    """

    @property
    def vocab_size(self) -> int:
        """Number of ids, special tokens included."""

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """The special tokens in id order, from id 0."""

    def train(self, texts: Iterable[str]) -> None:
        """Learn the vocabulary from texts, each read once."""

    def encode(self, text: str) -> Ids:
        """Ids of a text, shape (n,)."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; that of ``encode(text)`` is ``text`` wherever it can be represented."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything ``load`` needs as one JSON file."""

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Tokenizer:
        """Read what ``save`` wrote; a foreign or damaged file is an ``NpgptError``."""


def special_id(tokenizer: Tokenizer, spelling: str) -> int | None:
    """The id of a special token of a tokenizer; None if it has none of this spelling."""
    tokens = tokenizer.special_tokens
    return tokens.index(spelling) if spelling in tokens else None


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

    Built as ``Schedule(lr=..., max_iters=..., **options)``.
    """

    def __call__(self, step: int) -> float:
        """Learning rate of a step; a step past the end is legal."""


class Model(Protocol):
    """A Module from ids (B, T) to logits (B, T, V): ``Model(Config(...), rng=rng, dtype=dtype)``.

    ``Config`` is a frozen dataclass with at least ``vocab_size`` and ``block_size``, kept as
    ``config``. ``npgpt_core.Module`` supplies everything else but the mathematics.
    """

    Config: ClassVar[Callable[..., Any]]

    def forward(self, ids: Ids) -> Array:
        """Logits (B, T, V) of ids (B, T)."""

    def backward(self, dlogits: Array) -> None:
        """Add the gradient of every parameter, from the gradient of the logits (B, T, V)."""

    def parameters(self) -> dict[str, Array]:
        """Dotted name -> parameter."""

    def grads(self) -> dict[str, Array]:
        """The same dotted names -> gradient."""

    def zero_grad(self) -> None:
        """Set every gradient to zero, in place."""

    def train(self) -> Any:
        """Switch to training mode: forward keeps what backward needs."""

    def eval(self) -> Any:
        """Switch to evaluation mode: nothing is kept, dropout is off."""

    def state_dict(self) -> dict[str, Array]:
        """Copies of the parameters."""

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Write parameters in place."""

    def replica(self) -> Any:
        """The same weights with caches and gradients of its own."""


class Dataset(Protocol):
    """A source of text, built as ``Dataset(**options)``."""

    def texts(self) -> Iterator[str]:
        """The text in pieces; joined, they are the corpus. Every call starts from the beginning."""


class Command(Protocol):
    """A Click command."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, as ``click.Command.main`` does."""


def missing_members(kind: str, target: object) -> list[str]:
    """Names that the protocol of ``kind`` asks for and ``target`` (a class or command) lacks.

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
    return [name for name in members if not hasattr(target, name)]
