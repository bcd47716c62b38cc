"""The tree of modules: names, sharing, state, modes and replicas."""

import copy

import numpy as np
import pytest

from npgpt_core import Dropout, Embedding, Linear, Module, NpgptError, ReLU, TiedHead
from npgpt_core.zero_weights import ZeroWeights

V, C = 5, 3


class Net(Module):
    """Everything that a tree can hold: a module, a list, a tuple, a tied parameter."""

    def __init__(self, dropout=0.0):
        super().__init__()
        rng = np.random.default_rng(0)
        options = {"rng": rng, "dtype": np.float64, "std": 1.0}
        self.embedding = Embedding(V, C, **options)
        self.layers = [Linear(C, C, **options), ReLU(), Linear(C, C, **options)]
        self.ends = (Dropout(dropout, rng=rng), TiedHead(self.embedding))
        self.parameter("scale", np.ones(C), np.float64)

    def forward(self, ids):
        x = self.embedding(ids) * self.scale
        self.keep(ids)
        for layer in (*self.layers, *self.ends):
            x = layer(x)
        return x

    def backward(self, dy):
        ids = self.take()
        for layer in reversed((*self.layers, *self.ends)):
            dy = layer.backward(dy)
        self.dscale += (dy * self.embedding.weight[ids]).sum(axis=0)
        self.embedding.backward(dy * self.scale)


IDS = np.array([0, 1, 1, 4, 2, 0])
NAMES = [
    "scale",
    "embedding.weight",
    "layers.0.weight",
    "layers.0.bias",
    "layers.2.weight",
    "layers.2.bias",
]


@pytest.fixture
def net():
    return Net()


def backward_of(net, ids, dlogits):
    net.zero_grad()
    net(ids)
    net.backward(dlogits)
    return {name: grad.copy() for name, grad in net.grads().items()}


# ---------------------------------------------------------------- parameters


def test_parameters_and_gradients_share_dotted_names_and_shapes(net):
    assert list(net.parameters()) == list(net.grads()) == NAMES
    for name, array in net.parameters().items():
        assert net.grads()[name].shape == array.shape
        assert net.grads()[name].dtype == array.dtype


def test_parameters_are_the_arrays_themselves(net):
    assert net.parameters()["layers.2.weight"] is net.layers[2].weight
    assert net.grads()["layers.2.weight"] is net.layers[2].dweight


def test_a_shared_array_appears_once_under_its_first_name(net):
    assert net.ends[1].weight is net.embedding.weight
    assert net.ends[1].dweight is net.embedding.dweight
    assert net.num_parameters() == C + V * C + 2 * (C * C + C)
    assert net.nbytes == 8 * net.num_parameters()


def test_modules_in_dicts_and_in_lists_of_lists_are_walked(net):
    net.layers = {"first": net.layers[0], "others": [[net.layers[1]], (net.layers[2],)]}
    assert list(net.parameters()) == [
        "scale",
        "embedding.weight",
        "layers.first.weight",
        "layers.first.bias",
        "layers.others.1.0.weight",
        "layers.others.1.0.bias",
    ]
    assert not any(module.training for _, module in net.eval().named_modules())
    assert net.replica().layers["first"].weight is net.layers["first"].weight


def test_a_parameter_owns_its_array_in_the_dtype_asked_for():
    value = np.ones((2, 3)).T
    layer = ReLU()
    layer.parameter("weight", value)
    value[:] = 7
    assert layer.weight.dtype == np.float32
    assert layer.weight.flags.c_contiguous
    assert (layer.weight == 1).all()
    assert (layer.dweight == 0).all()


@pytest.mark.parametrize("name", ["scale", "dscale"])
def test_rebinding_a_parameter_or_a_gradient_is_refused(net, name):
    before = getattr(net, name)
    with pytest.raises(AttributeError, match=rf"Net\.{name}.*write into it"):
        setattr(net, name, np.zeros(C))
    assert getattr(net, name) is before


def test_writing_in_place_is_allowed(net):
    scale = net.scale
    net.scale += 1
    net.scale[...] *= 2
    assert net.scale is scale
    assert (scale == 4).all()


def test_a_parameter_is_named_once(net):
    with pytest.raises(ValueError, match="'scale' already"):
        net.parameter("scale", np.zeros(C))


def test_zero_grad_writes_in_place(net):
    grads = net.grads()
    for grad in grads.values():
        grad += 1
    net.zero_grad()
    assert all(net.grads()[name] is grad and not grad.any() for name, grad in grads.items())


# ---------------------------------------------------------------- state


def test_state_survives_a_round_trip_in_place(net):
    state = net.state_dict()
    arrays = net.parameters()
    for array in arrays.values():
        array += 1
    net.load_state_dict(state)
    for name, array in net.parameters().items():
        assert array is arrays[name]
        np.testing.assert_array_equal(array, state[name])


def test_state_is_a_copy(net):
    state = net.state_dict()
    net.scale += 1
    assert (state["scale"] == 1).all()


def test_loading_names_every_wrong_key_and_changes_nothing(net):
    before = net.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    del state["scale"], state["layers.0.bias"]
    state["layers.1.weight"] = np.zeros(1)
    state["head"] = np.zeros(1)
    state["layers.2.weight"] = np.zeros((C, C + 1))
    with pytest.raises(NpgptError) as error:
        net.load_state_dict(state)
    for part in (
        "does not fit Net",
        "missing scale",
        "missing layers.0.bias",
        "unexpected layers.1.weight",
        "unexpected head",
        "layers.2.weight has shape (3, 4), expected (3, 3)",
    ):
        assert part in str(error.value)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


# ---------------------------------------------------------------- modes


def test_train_and_eval_reach_every_module(net):
    assert net.eval() is net
    assert not any(module.training for _, module in net.named_modules())
    assert net.train() is net
    assert all(module.training for _, module in net.named_modules())


def test_backward_without_forward_is_a_clear_error():
    with pytest.raises(RuntimeError, match=r"ReLU\.backward\(\) needs one forward\(\)"):
        ReLU().backward(np.ones(3))


def test_backward_twice_is_a_clear_error():
    layer = ReLU()
    layer(np.ones(3))
    layer.backward(np.ones(3))
    with pytest.raises(RuntimeError, match="needs one forward"):
        layer.backward(np.ones(3))


def test_evaluation_mode_keeps_nothing_and_says_so():
    layer = ReLU().eval()
    layer(np.ones(3))
    with pytest.raises(RuntimeError, match=r"in evaluation mode .* call train\(\)"):
        layer.backward(np.ones(3))


def test_switching_modes_drops_what_was_kept():
    layer = ReLU()
    layer(np.ones(3))
    layer.eval().train()
    with pytest.raises(RuntimeError, match="needs one forward"):
        layer.backward(np.ones(3))


def test_one_kept_value_is_taken_alone_and_several_as_a_tuple():
    layer = ReLU()
    layer.keep(None)
    assert layer.take() is None
    layer.keep(1, 2)
    assert layer.take() == (1, 2)


def test_use_rng_makes_the_dropout_masks_repeatable():
    net = Net(dropout=0.5)
    first, second, other = (
        (net.use_rng(np.random.default_rng(seed)), net(IDS))[1] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_a_model_that_is_about_to_be_loaded_draws_no_weights():
    rng = ZeroWeights()
    layer = Linear(C, V, rng=rng)
    assert not layer.weight.any()
    assert rng.normal(0, 1) == 0
    scaled = rng.normal(0, 1, (4, 5))
    scaled *= 2
    assert scaled.shape == (4, 5)
    assert not scaled.any()
    assert 0 < copy.deepcopy(rng).random() < 1


# ---------------------------------------------------------------- replicas


def test_a_replica_shares_weights_and_owns_its_gradients(net):
    net.dscale += 1
    replica = net.replica()
    assert list(replica.parameters()) == NAMES
    for name, array in replica.parameters().items():
        assert array is net.parameters()[name]
        assert replica.grads()[name] is not net.grads()[name]
        assert not replica.grads()[name].any()
    assert (net.dscale == 1).all()


def test_a_replica_keeps_its_tie(net):
    replica = net.replica()
    assert replica.ends[1] is not net.ends[1]
    assert replica.ends[1].weight is replica.embedding.weight is net.embedding.weight
    assert replica.ends[1].dweight is replica.embedding.dweight


def test_a_replica_keeps_values_of_its_own(net):
    net(IDS)
    replica = net.replica()
    with pytest.raises(RuntimeError, match="needs one forward"):
        replica.backward(np.ones((len(IDS), V)))
    replica(IDS[:2])
    net.backward(np.ones((len(IDS), V)))
    replica.backward(np.ones((2, V)))


def test_gradients_of_replicas_sum_to_those_of_the_whole_batch(net):
    dlogits = np.random.default_rng(1).normal(size=(len(IDS), V))
    whole = backward_of(net, IDS, dlogits)
    first = backward_of(net.replica(), IDS[:4], dlogits[:4])
    second = backward_of(net.replica(), IDS[4:], dlogits[4:])
    for name in NAMES:
        np.testing.assert_allclose(first[name] + second[name], whole[name], rtol=1e-12)
