"""Your GPT beside npgpt's own with the same weights: logits, gradients, contract, training."""

import functools

import numpy as np

from npgpt_core import CrossEntropy, registry
from npgpt_core.testing.contract import checks_of
from npgpt_learn import Marking
from npgpt_learn.exercises import PATH
from npgpt_learn.marking.code import Code, Failure
from npgpt_learn.marking.earlier import require_passed

SHAPE = {"vocab_size": 11, "block_size": 9, "n_layer": 2, "n_head": 3, "n_embd": 12}
STEPS = 12


def ids(sizes, small, rng):
    """More rows than one, and an id twice."""
    return rng.integers(SHAPE["vocab_size"], size=(2, 4) if small else (3, 7))


def seed(sizes, small, rng):
    """Of the weights."""
    return int(rng.integers(1000))


def is_small(sizes, small, rng):
    """Whether there is nothing to do: once is enough of what takes long."""
    return small


def npgpts_own():
    """The class, with the layers of the exercises."""
    model = registry.load("model", "gpt")
    return lambda config, **options: model(model.Config(activation="gelu", **config), **options)


def learners(code):
    """The class in the file."""
    require_passed(PATH)
    names = code.names
    if not isinstance(names.get("GPT"), type):
        raise Failure("there is no class GPT in the file any more")
    return lambda config, **options: names["GPT"](names["GPT"].Config(**config), **options)


def made(make, seed):
    """A model with weights that are large enough for every path to count."""
    model = make(SHAPE, rng=np.random.default_rng(0), dtype=np.float64)
    rng = np.random.default_rng(seed)
    for _, weights in sorted(model.parameters().items()):
        weights[...] = rng.normal(0, 0.4, weights.shape)
    return model


def gradients(make, ids, seed):
    """The logits, and the gradients of every part; those of one part in one row."""
    model = made(make, seed)
    logits = model(ids)
    model.backward(np.cos(np.arange(logits.size)).reshape(logits.shape))
    found = {"logits": logits}
    for name, gradient in model.grads().items():
        part = ".".join(name.split(".")[: 3 if name.startswith("blocks") else 1])
        found.setdefault(f"d {part}", []).append(gradient.ravel())
    return {name: np.concatenate(v) if name != "logits" else v for name, v in found.items()}


def losses(make, seed):
    """A short training of the model, on a text that every Python has."""
    from pydoc_data.topics import topics

    text = np.frombuffer(topics["assert"].encode("ascii"), dtype=np.uint8).astype(np.int64)
    rng = np.random.default_rng(seed)
    model = make(SHAPE | {"vocab_size": 128}, rng=rng, dtype=np.float64)
    optimizer = registry.load("optimizer", "adam")(model, lr=1e-2)
    criterion, found = CrossEntropy(), []
    for _ in range(STEPS):
        windows = text[rng.integers(len(text) - 9, size=4)[:, None] + np.arange(9)]
        model.zero_grad()
        found.append(criterion(model(windows[:, :-1]), windows[:, 1:]))
        model.backward(criterion.backward())
        optimizer.step()
    return {"losses": np.array(found)}


@functools.cache
def contract(source, filename):
    """All that npgpt asks of a model; it takes seconds, so once is enough for a file."""
    code = Code(source, filename)
    learners(code)
    for check in checks_of("model").values():
        try:
            check(code.names["GPT"])
        except AssertionError as error:
            raise Failure(str(error)) from error
    return {"contract": "kept"}


MARKING = [
    Marking(
        lambda code, ids, seed: code.watched(lambda: gradients(learners(code), ids, seed)),
        reference=lambda ids, seed: gradients(npgpts_own(), ids, seed),
        seconds=40,
        ids=ids,
        seed=seed,
    ),
    Marking(
        lambda code, small: {"contract": "kept"} if small else contract(code.source, code.filename),
        reference=lambda small: {"contract": "kept"},
        last=True,
        small=is_small,
    ),
    Marking(
        lambda code, seed: code.watched(lambda: losses(learners(code), seed)),
        reference=lambda seed: losses(npgpts_own(), seed),
        says={"losses": "the losses of a short training are not those of npgpt's own GPT"},
        last=True,
        seed=seed,
    ),
]
