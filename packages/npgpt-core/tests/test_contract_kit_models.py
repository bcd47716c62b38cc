"""Each model check can fail: for every id, a model that is broken in one place."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest

from npgpt_core import Dropout, Embedding, Linear, Module, NpgptError
from npgpt_core.testing import model_checks, parametrize_with_checks
from npgpt_core.testing.small import small_config

CHECKS = dict(model_checks())


@dataclass(frozen=True)
class AveragesConfig:
    vocab_size: int
    block_size: int
    n_embd: int = 8
    dropout: float = 0.0

    def __post_init__(self):
        for name in ("vocab_size", "block_size"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise NpgptError(f"{name} is {value!r}, expected 1 or more")


class Averages(Module):
    """A right model, to be broken in one place at a time: the mean of all vectors so far."""

    Config = AveragesConfig

    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__()
        self.config = config
        self.embedding = Embedding(config.vocab_size, config.n_embd, rng=rng, dtype=dtype)
        self.blocks = [Dropout(config.dropout, rng=rng)]
        self.head = Linear(config.n_embd, config.vocab_size, rng=rng, dtype=dtype)

    def forward(self, ids, cache=None):
        cache = cache or Cache()
        x = self.embedding(ids)
        end = cache.length + ids.shape[1]
        if end > self.config.block_size:
            raise NpgptError(f"{end} ids, block_size is {self.config.block_size}")
        counts = np.arange(cache.length + 1, end + 1, dtype=x.dtype)[:, None]
        sums = x.cumsum(axis=1) + cache.sums
        cache.sums, cache.length = sums[:, -1:], end
        self.keep(counts)
        return self.head(self.blocks[0](sums / counts))

    def logits(self, x):
        return self.head(x)

    def attention_weights(self, ids):
        t = ids.shape[1]
        shares = np.tri(t) / np.arange(1, t + 1)[:, None]
        return np.broadcast_to(shares, (len(ids), 1, t, t))

    def backward(self, dlogits):
        dsums = self.blocks[0].backward(self.head.backward(dlogits)) / self.take()
        self.embedding.backward(dsums[:, ::-1].cumsum(axis=1)[:, ::-1])

    def new_cache(self, batch):
        return Cache()


class Cache:
    sums = np.float32(0)
    length = 0


NO_MODULE = type("NoModule", (), {**vars(Module), **vars(Averages)})  # it only looks like one


@dataclass
class Mutable:
    vocab_size: int
    block_size: int


@dataclass(frozen=True)
class NeedsWidth:
    vocab_size: int
    block_size: int
    n_embd: int


@dataclass(frozen=True)
class AnythingGoes:
    vocab_size: int
    block_size: int
    n_embd: int = 8
    dropout: float = 0.0


def with_config(config):
    return type(config.__name__ + "Model", (Averages,), {"Config": config})


class KeepsNoConfig(Averages):
    def __init__(self, config, **options):
        super().__init__(config, **options)
        self.config = AveragesConfig(config.vocab_size, config.block_size + 1)


class WidensLogits(Averages):
    def forward(self, ids, cache=None):
        return super().forward(ids, cache) * np.float64(1) + np.zeros(1)


class IgnoresDtype(Averages):
    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__(config, rng=rng)


class DrawsForItself(Averages):
    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__(config, rng=np.random.default_rng(), dtype=dtype)


class LosesAGradient(Averages):
    def grads(self):
        return {"head.weight": self.head.dweight}


class LastPositionOnly(Averages):
    def forward(self, ids, cache=None):
        return super().forward(ids, cache)[:, -1]


class TakesAnyLength(Averages):
    def forward(self, ids, cache=None):
        return super().forward(ids[:, -self.config.block_size :], cache)


class ForgetsTheInputSide(Averages):
    def backward(self, dlogits):
        self.take()
        self.blocks[0].backward(self.head.backward(dlogits))
        self.embedding.take()


class Overwrites(Averages):
    def backward(self, dlogits):
        self.zero_grad()
        super().backward(dlogits)


class ScalesItsInput(Averages):
    def backward(self, dlogits):
        dlogits *= 0.5
        super().backward(dlogits)


class WritesIds(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        ids[0, 0] = 0
        return logits


class SeesTheFuture(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        return logits + logits.mean(axis=1, keepdims=True)


class SeesTheBatch(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        return logits - logits.mean(axis=0)


class LargeWeights(Averages):
    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__(config, rng=rng, dtype=dtype)
        self.head.bias[...] = rng.normal(0, 1, config.vocab_size)


class NoisyInEvaluation(Averages):
    def forward(self, ids, cache=None):
        self.noise = np.random.default_rng()
        return super().forward(ids, cache) + self.noise.uniform()


class NoisyWithoutAGenerator(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        return logits * np.random.default_rng(0).uniform() if self.training else logits


class Careless(Averages):
    """Keeps its ids itself, in whatever mode, and as long as it lives."""

    ids = np.zeros((2, 7), int)

    def forward(self, ids, cache=None):
        self.ids = ids
        return super().forward(ids, cache)

    def backward(self, dlogits):
        mode = self.training
        self.train()
        super().forward(self.ids)
        super().backward(dlogits)
        self.train(mode)


class CachesNoCount(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        if cache:
            cache.length = 0
        return logits


class HasHiddenState(Averages):
    def __init__(self, config, *, rng, dtype=np.float32):
        super().__init__(config, rng=rng, dtype=dtype)
        self.shift = rng.normal(size=config.vocab_size).astype(dtype)

    def forward(self, ids, cache=None):
        return super().forward(ids, cache) + self.shift


class GivesItsArrays(Averages):
    def state_dict(self):
        return self.parameters()


class RebindsOnLoad(Averages):
    def load_state_dict(self, state):
        super().load_state_dict(state)
        vars(self.head)["weight"] = self.head.weight.copy()


class LoadIsKeyError(Averages):
    def load_state_dict(self, state):
        for name, array in self.parameters().items():
            array[...] = state[name]


class LoadsHalf(Averages):
    def load_state_dict(self, state):
        own = self.parameters()
        for name in state:
            if name in own:
                own[name][...] = state[name]
        super().load_state_dict(state)


class CopiesWeights(Averages):
    def replica(self):
        return copy.deepcopy(self)


class SharesGradients(Averages):
    def replica(self):
        return copy.copy(self)


class ReadsWithoutTheHead(Averages):
    def forward(self, ids, cache=None):
        return super().forward(ids, cache) + 1


class WeighsTheFuture(Averages):
    def attention_weights(self, ids):
        return super().attention_weights(ids).swapaxes(2, 3)


BROKEN = {
    "protocol": NO_MODULE,
    "config-is-frozen-dataclass": with_config(Mutable),
    "config-is-data": with_config(NeedsWidth),
    "config-kept": KeepsNoConfig,
    "config-refuses": with_config(AnythingGoes),
    "float32-throughout": WidensLogits,
    "float64-on-request": IgnoresDtype,
    "same-seed-same-weights": DrawsForItself,
    "gradients-beside-parameters": LosesAGradient,
    "logits-shape": LastPositionOnly,
    "too-long-refused": TakesAnyLength,
    "gradients": ForgetsTheInputSide,
    "gradients-accumulate": Overwrites,
    "input-unchanged": WritesIds,
    "output-gradient-unchanged": ScalesItsInput,
    "causality": SeesTheFuture,
    "batch-invariance": SeesTheBatch,
    "first-loss": LargeWeights,
    "eval-deterministic": NoisyInEvaluation,
    "noise-can-be-turned-off": NoisyWithoutAGenerator,
    "backward-needs-forward": Careless,
    "backward-once": Careless,
    "eval-keeps-nothing": Careless,
    "cache-equals-recomputation": CachesNoCount,
    "generates": LastPositionOnly,
    "state-round-trip": HasHiddenState,
    "state-is-copied": GivesItsArrays,
    "load-in-place": RebindsOnLoad,
    "load-refuses-missing": LoadIsKeyError,
    "load-refuses-unexpected": LoadIsKeyError,
    "load-refuses-misshapen": LoadIsKeyError,
    "load-all-or-none": LoadsHalf,
    "replica-shares-weights": CopiesWeights,
    "replica-owns-gradients": SharesGradients,
    "replica-owns-kept-values": SharesGradients,
    "blocks-carry-the-stream": ReadsWithoutTheHead,
    "attention-weights-are-shares": WeighsTheFuture,
}


@parametrize_with_checks("model", Averages)
def test_a_right_model_passes(check):
    check()


def test_a_config_that_refuses_the_small_sizes_keeps_its_own():
    @dataclass(frozen=True)
    class Config(AveragesConfig):
        n_head: int = 4

        def __post_init__(self):
            super().__post_init__()
            if self.n_head % 2:
                raise NpgptError(f"n_head is {self.n_head}, expected an even number")

    config = small_config(with_config(Config), dropout=0.1)
    assert (config.n_head, config.n_embd, config.dropout) == (4, 8, 0.1)
    with pytest.raises(NpgptError, match="block_size"):
        small_config(with_config(Config), block_size=0)


@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_model_fails(check_id):
    with pytest.raises(AssertionError, match=f"model check {check_id}: .{{20}}"):
        CHECKS[check_id](BROKEN[check_id])


@pytest.mark.parametrize(
    ("options", "told"),
    [({"n_embd": 4}, None), ({"width": 4}, "expected some of"), ({"dropout": 2}, "dropout is 2")],
)
def test_a_preset_that_makes_no_config_fails(options, told):
    @dataclass(frozen=True)
    class Config(AveragesConfig):
        def __post_init__(self):
            if self.dropout > 1:
                raise NpgptError(f"dropout is {self.dropout}")

    model = with_config(Config)
    model.presets = {"tiny": {"n_embd": 2}, "quick": options}
    if told is None:
        CHECKS["config-is-data"](model)
    else:
        with pytest.raises(AssertionError, match=told):
            CHECKS["config-is-data"](model)


def test_every_check_has_its_broken_model():
    assert set(BROKEN) == set(CHECKS)


def test_a_model_without_a_cache_passes():
    class Uncached(Averages):
        new_cache = property()

    CHECKS["cache-equals-recomputation"](Uncached)
    CHECKS["generates"](Uncached)


class CachesTheLastLogits(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        return logits[:, -1:] if cache else logits


class CachesTheFirstLogits(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        return logits[:, :1] if cache else logits


class CachesLogitsWithoutPositions(Averages):
    def forward(self, ids, cache=None):
        logits = super().forward(ids, cache)
        return logits[:, -1] if cache else logits


def test_with_a_cache_the_logits_are_those_of_the_last_position():
    check = CHECKS["cache-equals-recomputation"]
    check(CachesTheLastLogits)
    with pytest.raises(AssertionError, match="positions up to 2 differ"):
        check(CachesTheFirstLogits)
    with pytest.raises(AssertionError, match=r"ids \(3, 3\) gave \(3, 11\), expected .*\(3, 1, 11"):
        check(CachesLogitsWithoutPositions)


def test_a_model_that_offers_nothing_to_be_taken_apart_passes():
    class Closed(Averages):
        logits = attention_weights = property()

    CHECKS["blocks-carry-the-stream"](Closed)
    CHECKS["attention-weights-are-shares"](Closed)
