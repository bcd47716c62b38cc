"""Byte-pair encoding: training and encoding, beside the Rust of Hugging Face and tiktoken.

All split words as GPT-2 does. A tokenizer that encodes is a fresh one each time: its cache is cold.
Hugging Face's learns its own merges from the same text; tiktoken, which learns nothing, is given
those of npgpt's ``byte-bpe``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.child import Run, timed
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.side import Rounds, Work, alternate
from npgpt_core import registry
from npgpt_train.text.corpus import open_dataset

ROUNDS = 7
CHARACTERS = 1_115_394  # as many as tiny-shakespeare has
TINY = 20_000
KINDS = ("bpe", "byte-bpe")


def measure(plan: Plan) -> Iterator[Comparison]:
    """Training, then encoding, of characters and of bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        name, text = read_text(plan)
        path.write_text(text, encoding="utf-8", newline="")
        vocab_size = plan.vocabularies[1]
        note = f"{len(text):,} characters of {name}"
        for job in ("train", "encode"):
            for kind in KINDS:
                options = {"kind": kind, "vocab_size": vocab_size, "path": str(path)}
                works = _works(job, kind, options)
                rounds = alternate(works, plan.environment, rounds=plan.rounds(ROUNDS), warmup=1)
                case = f"{job} {kind}, V = {vocab_size}"
                notes = (note, _counts(job, rounds))
                yield Comparison("tokenizers", case, "npgpt", rounds, notes=notes)


def read_text(plan: Plan) -> tuple[str, str]:
    """A name for the text and the text itself."""
    if plan.text is not None:
        name, text = plan.text.name, plan.text.read_bytes().decode("utf-8")
    else:
        name, length, pieces = "shakespeare", 0, []
        for piece in open_dataset(["shakespeare"]).texts():
            pieces.append(piece)
            length += len(piece)
            if length >= CHARACTERS:
                break
        text = "".join(pieces)[:CHARACTERS]
    return name, text[:TINY] if plan.tiny else text


def _works(job: str, kind: str, options: dict[str, Any]) -> dict[str, Work]:
    works = {
        "npgpt": Work(f"benchmarks.bpe:npgpt_{job}", options),
        "tokenizers": Work(f"benchmarks.bpe:hugging_face_{job}", options),
    }
    if job == "encode":
        name = "tokenizers, no offsets"
        works[name] = Work("benchmarks.bpe:hugging_face_encode", {**options, "fast": True})
        if kind == "byte-bpe":
            works["tiktoken"] = Work("benchmarks.bpe:tiktoken_encode", options)
    return works


def _counts(job: str, rounds: Rounds) -> str:
    what = "ids" if job == "encode" else "tokens in the vocabulary"
    counts = (f"{name} {values[0]:,}" for name, values in rounds.values.items())
    return f"{what}: " + ", ".join(counts)


def _read(path: str) -> str:
    return Path(path).read_bytes().decode("utf-8")


def _trained(kind: str, vocab_size: int, text: str) -> Any:
    tokenizer = registry.create("tokenizer", kind, vocab_size=vocab_size)
    tokenizer.train([text])
    return tokenizer


@contextmanager
def npgpt_train(kind: str, vocab_size: int, path: str) -> Iterator[Run]:
    """Train a new tokenizer a turn."""
    text = _read(path)
    yield lambda: timed(lambda: _trained(kind, vocab_size, text).vocab_size)


@contextmanager
def npgpt_encode(kind: str, vocab_size: int, path: str) -> Iterator[Run]:
    """Encode the text with a tokenizer that has just been loaded."""
    text = _read(path)
    tokenizer = _trained(kind, vocab_size, text)
    state = tokenizer.state()

    def run() -> tuple[float, int]:
        fresh = type(tokenizer).from_state(state)
        return timed(lambda: len(fresh.encode(text)))

    yield run


def _hugging_face(kind: str, vocab_size: int) -> Callable[[str], Any]:
    """A function that trains a tokenizer of ``tokenizers`` on a text."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    from npgpt_tokenizers.base import SPECIAL_TOKENS
    from npgpt_tokenizers.split import GPT2_WORD

    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    in_bytes = kind == "byte-bpe"
    split = pre_tokenizers.Split(Regex(GPT2_WORD.pattern), "isolated")

    def train(text: str) -> Any:
        tokenizer = Tokenizer(models.BPE() if in_bytes else models.BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = byte_level if in_bytes else split
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=list(SPECIAL_TOKENS),
            show_progress=False,
            initial_alphabet=byte_level.alphabet() if in_bytes else [],
        )
        tokenizer.train_from_iterator([text], trainer)
        return tokenizer

    return train


@contextmanager
def hugging_face_train(kind: str, vocab_size: int, path: str) -> Iterator[Run]:
    """Train a new tokenizer a turn."""
    text, train = _read(path), _hugging_face(kind, vocab_size)
    yield lambda: timed(lambda: train(text).get_vocab_size())


@contextmanager
def hugging_face_encode(kind: str, vocab_size: int, path: str, fast: bool = False) -> Iterator[Run]:
    """Encode the text with a tokenizer made anew; ``fast`` leaves out where each token stood."""
    from tokenizers import Tokenizer

    text = _read(path)
    saved = _hugging_face(kind, vocab_size)(text).to_str()

    def run() -> tuple[float, int]:
        fresh = Tokenizer.from_str(saved)
        if fast:
            return timed(lambda: len(fresh.encode_batch_fast([text])[0].ids))
        return timed(lambda: len(fresh.encode(text).ids))

    yield run


@contextmanager
def tiktoken_encode(kind: str, vocab_size: int, path: str) -> Iterator[Run]:
    """Encode the text with npgpt's merges in an encoding made anew."""
    import tiktoken

    from npgpt_tokenizers.split import GPT2_WORD

    text = _read(path)
    tokenizer = _trained(kind, vocab_size, text)
    ranks: dict[bytes, int] = {}
    for i in range(len(tokenizer.special_tokens), tokenizer.vocab_size):
        ranks.setdefault(tokenizer.token_bytes(i), len(ranks))

    def run() -> tuple[float, int]:
        fresh = tiktoken.Encoding(
            "npgpt", pat_str=GPT2_WORD.pattern, mergeable_ranks=ranks, special_tokens={}
        )
        return timed(lambda: len(fresh.encode_ordinary(text)))

    yield run
