"""A machine where four small parts are installed and no others, and a text to train on."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from npgpt_core import Dropout, Embedding, Module, registry
from npgpt_core.errors import PluginError
from npgpt_train.settings.settings import DEFAULTS

SPECIAL_TOKENS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}


class Letters:
    """An ASCII character an id, all others ``<unk>``; ``extra`` changes nothing."""

    special_tokens = SPECIAL_TOKENS
    pad_id, unk_id, bos_id, eos_id = range(4)
    vocab_size = 128

    def __init__(self, extra=1):
        self.extra = extra

    def train(self, texts):
        pass

    def encode(self, text):
        return np.array([ord(c) if 3 < ord(c) < 128 else 1 for c in text], int)

    def decode(self, ids):
        return "".join("\ufffd" if i == 1 else chr(i) for i in ids)

    def state(self):
        return {"extra": self.extra}

    @classmethod
    def from_state(cls, state):
        return cls(**state)


@dataclasses.dataclass(frozen=True)
class Config:
    vocab_size: int
    block_size: int
    dropout: float = 0.0

    @property
    def num_parameters(self):
        return self.vocab_size**2


class Table(Module):
    """The logits of a token are a row of a table."""

    Config = Config

    def __init__(self, config, *, rng):
        super().__init__()
        self.config = config
        self.table = Embedding(config.vocab_size, config.vocab_size, rng=rng)
        self.dropout = Dropout(config.dropout, rng=rng)

    def forward(self, ids):
        return self.dropout(self.table(ids))

    def backward(self, dlogits):
        self.table.backward(self.dropout.backward(dlogits))


class Momentum:
    """SGD with momentum, so that there is a state to keep."""

    def __init__(self, model, lr, beta=0.5):
        self.model, self.lr, self.beta = model, lr, beta
        self.v = {name: np.zeros_like(p) for name, p in model.parameters().items()}

    def zero_grad(self):
        self.model.zero_grad()

    def step(self):
        grads = self.model.grads()
        for name, parameter in self.model.parameters().items():
            self.v[name] = self.beta * self.v[name] + grads[name]
            parameter -= self.lr * self.v[name]

    def state_dict(self):
        return {f"v.{name}": array for name, array in self.v.items()}

    def load_state_dict(self, state):
        self.v = {name.removeprefix("v."): array for name, array in state.items()}


class Falling:
    """From ``lr`` in equal steps towards ``min_lr``, by default a tenth of it."""

    def __init__(self, lr, max_iters, min_lr=None, warmup_iters=None):
        self.lr, self.max_iters = lr, max_iters
        self.min_lr = lr / 10 if min_lr is None else min_lr

    def __call__(self, step):
        return self.lr + (self.min_lr - self.lr) * step / self.max_iters


TEXT = "to be or not to be\n" * 80


class Plays:
    def texts(self):
        yield TEXT


TARGETS = {
    ("tokenizer", "letters"): Letters,
    ("model", "table"): Table,
    ("optimizer", "momentum"): Momentum,
    ("schedule", "falling"): Falling,
}


@pytest.fixture
def small_parts(monkeypatch, tmp_path):
    """The settings of a tiny run with these parts, in a current folder with its text."""

    def find(kind, name):
        if (kind, name) not in TARGETS:
            raise PluginError(f"unknown {kind} {name!r}")
        return SimpleNamespace(name=name, distribution="test", version="1")

    def load(kind, name):
        find(kind, name)
        return TARGETS[kind, name]

    monkeypatch.setattr(registry, "find", lambda kind, name: find(kind, name.split("/")[-1]))
    monkeypatch.setattr(registry, "has", lambda kind, name: (kind, name.split("/")[-1]) in TARGETS)
    monkeypatch.setattr(registry, "load", load)
    monkeypatch.setattr(
        registry, "create", lambda kind, name, *a, **o: registry.load(kind, name)(*a, **o)
    )
    monkeypatch.setattr(registry, "names", lambda kind: [n for k, n in TARGETS if k == kind])
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "cache"))
    home = tmp_path / "home"
    home.mkdir()
    (home / "play.txt").write_text(TEXT)
    monkeypatch.chdir(home)
    settings = {"data": "play.txt", "max_iters": 6, "eval_interval": 2, "eval_iters": 1}
    names = {"tokenizer": "letters", "model": "table", "optim": "momentum", "schedule": "falling"}
    return {**settings, **names, "preset": "tiny", "batch_size": 2, "block_size": 4, "workers": 1}


@pytest.fixture
def plays(small_parts, monkeypatch):
    """A dataset of the same text is installed, too."""
    monkeypatch.setitem(TARGETS, ("dataset", "plays"), Plays)


@pytest.fixture
def published(small_parts, monkeypatch):
    """Small parts that have the names of the published setting."""
    for kind, small in (("optimizer", "momentum"), ("schedule", "falling")):
        monkeypatch.setitem(TARGETS, (kind, DEFAULTS[kind]), registry.load(kind, small))
