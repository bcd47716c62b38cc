"""Contract checks of tokenizers: a state makes the tokenizer again, and any other is refused."""

import json
from typing import Any

import numpy as np

from npgpt_core.errors import NpgptError
from npgpt_core.special_tokens import SPECIAL_IDS
from npgpt_core.testing.checklist import CheckList, must_raise, require
from npgpt_core.testing.tokenizers.texts import TEXTS, UNSEEN, trained

tokenizer_states = CheckList("tokenizer")


def _with_state(factory: Any) -> tuple[Any, Any]:
    tokenizer = trained(factory, *TEXTS)
    return tokenizer, tokenizer.state()


with_state = tokenizer_states.given(_with_state)

FOREIGN: dict[str, dict[str, Any]] = {
    "an empty one": {},
    "another program's": {"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}}},
    "one of absurd values": {"format": [[[]]], "version": -1, "vocab_size": 10**30, "": None},
}


@with_state
def state_is_json(tokenizer: Any, state: Any) -> None:
    """``state`` is a JSON object, of dicts with string keys, lists, strings, numbers and None."""
    require(isinstance(state, dict), f"state() gave {type(state).__name__}, expected a dict")
    try:
        same = json.loads(json.dumps(state, allow_nan=False)) == state
    except (TypeError, ValueError, RecursionError) as error:
        raise AssertionError(
            f"state() is no JSON ({error}): a run is data, never code; give plain dicts, lists,"
            " strings and numbers"
        ) from error
    require(
        same, "state() is another after JSON: give lists instead of tuples, and strings as keys"
    )


@with_state
def state_round_trip(tokenizer: Any, state: Any) -> None:
    """What is made from a state has the same ids, texts, special tokens and size."""
    again = type(tokenizer).from_state(_read_again(state))
    for name in ("vocab_size", "special_tokens", *SPECIAL_IDS):
        given, expected = getattr(again, name), getattr(tokenizer, name)
        require(
            given == expected,
            f"{name} is {given!r:.60} from the state, {expected!r:.60} before: it belongs into it",
        )
    for text in (*TEXTS, UNSEEN):
        ids = tokenizer.encode(text)
        require(
            np.array_equal(again.encode(text), ids) and again.decode(ids) == tokenizer.decode(ids),
            f"{text!r:.30} has other ids from the state: what encode depends on belongs into it",
        )


@with_state
def state_same_again(tokenizer: Any, state: Any) -> None:
    """The state of what is made from a state is that state, in the same order."""
    again = type(tokenizer).from_state(_read_again(state)).state()
    require(
        json.dumps(again) == json.dumps(state),
        "state(), given to from_state, makes a tokenizer with another state(): hold no times, no"
        " sets, no order that changes, and every option",
    )


@with_state
def state_is_copied(tokenizer: Any, state: Any) -> None:
    """Changing a state changes no tokenizer, neither the one that gave it nor one made from it."""
    made = type(tokenizer).from_state(state)
    before = json.dumps(state)
    _empty(state)
    for which, other in (("that gave it", tokenizer), ("made from it", made)):
        require(
            json.dumps(other.state()) == before,
            f"emptying a state changed the tokenizer {which}: give copies, and keep copies",
        )


@with_state
def from_state_refuses_foreign(tokenizer: Any, state: Any) -> None:
    """A state that no tokenizer of the kind gave is an ``NpgptError``."""
    for what, foreign in FOREIGN.items():
        if foreign != state:  # what is pretrained may have nothing to say
            with must_raise(f"from_state of another kind of state ({what})"):
                type(tokenizer).from_state(foreign)


@with_state
def from_state_refuses_wrong_fields(tokenizer: Any, state: Any) -> None:
    """A state with a field missing or of another type is an ``NpgptError``, or harmless."""
    for key in state:
        without = {name: value for name, value in state.items() if name != key}
        for what, fields in {
            f"without its field {key!r}": without,
            f"with null as its field {key!r}": {**state, key: None},
            f"with a nested list as its field {key!r}": {**state, key: [[["x"]]]},
        }.items():
            _require_refused_or_same(tokenizer, _read_again(fields), what)


def _require_refused_or_same(tokenizer: Any, state: dict[str, Any], what: str) -> None:
    advice = "expected an npgpt_core.NpgptError from from_state: check every field as it is taken"
    try:
        made = type(tokenizer).from_state(state)
    except NpgptError:
        return
    except Exception as error:
        problem = f"the state {what} raised {type(error).__name__}: {error}; {advice}"
        raise AssertionError(problem) from error
    try:
        same = all(
            np.array_equal(made.encode(text), tokenizer.encode(text)) for text in (*TEXTS, UNSEEN)
        )
    except Exception as error:
        problem = f"the state {what} was taken, but encode then raised {error!r}; {advice}"
        raise AssertionError(problem) from error
    require(same, f"the state {what} was taken as that of another tokenizer; {advice}")


def _read_again(state: Any) -> Any:
    """A state as a file gives it back."""
    return json.loads(json.dumps(state))


def _empty(value: Any) -> None:
    """Take everything out of a JSON value, and out of what is in it."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _empty(item)
        value.clear()
