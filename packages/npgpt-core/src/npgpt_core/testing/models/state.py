"""Contract checks of models: parameters saved and loaded, and shared with replicas."""

from typing import Any

import numpy as np

from npgpt_core.testing.checklist import CheckList, require
from npgpt_core.testing.shared import loading
from npgpt_core.testing.small import B, T, V, random_ids, randomized_model, small_model

model_state = CheckList("model")


def _with_state(factory: Any) -> tuple[Any, Any]:
    model = small_model(factory)
    return model, model.state_dict()


model_state.include(loading, _with_state)


@model_state
def state_round_trip(factory: Any) -> None:
    """A model that loads another's state gives its logits, bit for bit."""
    saved, loaded = (randomized_model(factory, seed=seed, training=False) for seed in (0, 9))
    for array in loaded.parameters().values():
        array += 1
    loaded.load_state_dict(saved.state_dict())
    require(
        np.array_equal(saved.forward(random_ids()), loaded.forward(random_ids())),
        "a model that loaded the state gives other logits: state_dict must hold all that forward"
        " depends on",
    )


@model_state
def state_is_copied(factory: Any) -> None:
    """Changing a state changes no model, neither the one that gave it nor one that loaded it."""
    model = randomized_model(factory, training=False)
    logits = model.forward(random_ids())
    given, loaded = model.state_dict(), model.state_dict()
    for what, state in (("gave it: state_dict", given), ("loaded it: load_state_dict", loaded)):
        if state is loaded:
            model.load_state_dict(state)
        for array in state.values():
            array += 1
        require(
            np.array_equal(model.forward(random_ids()), logits),
            f"writing into a state changed the model that {what} must copy",
        )


@model_state
def load_in_place(factory: Any) -> None:
    """Loading writes into the parameters; they stay the same arrays."""
    model = small_model(factory)
    before = model.parameters()
    model.load_state_dict(small_model(factory, seed=9).state_dict())
    for name, array in model.parameters().items():
        require(
            array is before[name],
            f"{name!r} is another array after loading: write array[...] = value, because optimizers"
            " and replicas hold it",
        )


@model_state
def replica_shares_weights(factory: Any) -> None:
    """A replica has the same parameter arrays, not copies, under the same names."""
    model = small_model(factory)
    parameters, copies = model.parameters(), model.replica().parameters()
    require(list(copies) == list(parameters), "a replica has other parameters than its model")
    for name, array in parameters.items():
        require(
            copies[name] is array,
            f"{name!r} of a replica is another array: a step must reach all replicas at once",
        )


@model_state
def replica_owns_gradients(factory: Any) -> None:
    """A replica has gradients of its own, which equal those the model itself would get."""
    model = randomized_model(factory)
    replica = model.replica()
    dlogits = np.random.default_rng(0).normal(size=(B, T, V))
    replica.forward(random_ids())
    replica.backward(dlogits)
    for name, grad in model.grads().items():
        require(
            not grad.any(),
            f"a replica's backward changed the model's gradient of {name!r}: workers run at once,"
            " each into gradients of its own",
        )
    model.forward(random_ids())
    model.backward(dlogits)
    for name, grad in model.grads().items():
        require(
            np.array_equal(grad, replica.grads()[name]),
            f"the gradient of {name!r} in a replica differs from the model's on the same ids",
        )


@model_state
def replica_owns_kept_values(factory: Any) -> None:
    """A replica's forward between a model's forward and backward does not disturb them."""
    model, alone = randomized_model(factory), randomized_model(factory)
    replica = model.replica()
    dlogits = np.random.default_rng(0).normal(size=(B, T, V))
    for each in (alone, model):
        each.forward(random_ids())
    replica.forward(random_ids(seed=3))
    for each in (alone, model):
        each.backward(dlogits)
    for name, grad in model.grads().items():
        require(
            np.array_equal(grad, alone.grads()[name]),
            f"a replica's forward changed the model's gradient of {name!r}: share no caches and"
            " no scratch arrays",
        )
