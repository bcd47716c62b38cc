"""The record of each kind: what it names exists, and whatever lists kinds lists these."""

from importlib import import_module

import pytest

from npgpt_core import protocols
from npgpt_core.plugins import hookspecs
from npgpt_core.plugins.kinds import KINDS


def test_every_hook_is_that_of_a_kind():
    hooks = [name for name in vars(hookspecs) if name.startswith("npgpt_")]
    assert hooks == [kind.hook for kind in KINDS.values()]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_follows_from_its_name_is_there(kind):
    assert protocols.missing_members(kind.name, object())
    assert getattr(protocols, kind.protocol).__doc__
    assert callable(
        getattr(import_module(f"npgpt_core.testing.{kind.plural}.checks"), f"{kind.name}_checks")
    )


def test_what_npgpt_gives_and_what_a_config_takes_are_told_apart():
    class Part:
        class Config:
            def __init__(self, vocab_size, block_size, width=3, **rest):
                pass

        def __init__(self, model, lr, *, vocab_size=1, rate=0.1):
            pass

    def options(kind):
        return [option.name for option in KINDS[kind].options(Part)]

    assert options("model") == ["width", "rest"]
    assert options("optimizer") == ["vocab_size", "rate"]
    assert options("schedule") == ["model", "vocab_size", "rate"]
    assert options("tokenizer") == ["model", "lr", "vocab_size", "rate"]


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("model", {"Config", "forward", "backward"}),
        ("schedule", {"__call__"}),
        ("optimizer", {"step", "zero_grad", "state_dict", "load_state_dict"}),
        ("dataset", {"texts"}),
    ],
)
def test_a_class_misses_what_the_protocol_defines_and_no_attribute_of_instances(kind, members):
    missing = protocols.missing_members(kind, object())
    assert members <= set(missing)
    assert not {"lr", "vocab_size", "special_tokens", "__init__"} & set(missing)
