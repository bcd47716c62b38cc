"""The observers of a run: found by name, called with every event, and dropped once they fail."""

import copy
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from npgpt_core import registry
from npgpt_core.errors import NpgptError, PluginError, short_repr, warn
from npgpt_core.events import Event, Stopped
from npgpt_core.plugins.hooks import describe_error
from npgpt_core.protocols import Observer
from npgpt_train.events import Reporter
from npgpt_train.machine.interruption import Interrupted

KIND = registry.KINDS["observer"]


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the run's parts, and those of observers: "observer.NAME.OPTION" -> value."""
    observer_options = {key: options[key] for key in options if key.startswith(f"{KIND.name}.")}
    return {key: options[key] for key in options if key not in observer_options}, observer_options


def with_observers(
    report: Reporter, observe: Sequence[str | Observer], options: Mapping[str, Any]
) -> tuple[Reporter, dict[str, Any]]:
    """A report that passes every event on to the observers too, and the options of none of them.

    Args:
        report: shows the run; what it raises ends the run.
        observe: names of observers, which are built here, or observers.
        options: of those that are named, and of the parts of the run.

    Raises:
        NpgptError: an unknown name, an observer that cannot be built, or an option of none of them.
    """
    part_options, options = split_options(options)
    asked = [observe] if isinstance(observe, str) else list(observe)
    for key in options:
        name = _part(key).partition(".")[2]
        if name not in asked:
            raise NpgptError(
                f"{key} is set, but {KIND.name} {name!r} is not named: add `observe={name}`"
            )
    observers = [
        _named(each, options) if isinstance(each, str) else (_label(each), each) for each in asked
    ]
    return _Broadcast(report, observers) if observers else report, part_options


def _part(key: str) -> str:
    """``observer.NAME`` of ``observer.NAME.OPTION``."""
    return key.rpartition(".")[0]


def _named(name: str, options: Mapping[str, Any]) -> tuple[str, Observer]:
    """What to call an observer, and the observer, built with those of the options that are its."""
    spec = registry.find(KIND.name, name)
    own = {key.rpartition(".")[2]: options[key] for key in options if _part(key) == KIND.key(name)}
    try:
        return spec.label, registry.create(KIND.name, name, **own)
    except (NpgptError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a stranger's part may raise anything
        raise PluginError(f"{spec.label} cannot be built: {describe_error(error)}") from error


def _label(observer: Observer) -> str:
    """What to call an observer that was not named: what its function or its class is called."""
    if isinstance(observer, type) or not callable(observer):
        raise NpgptError(
            f"`observe` has {short_repr(observer, 80)}, expected names or functions of events"
        )
    return f"{KIND.name} {getattr(observer, '__qualname__', type(observer).__qualname__)}"


def stopped_event(folder: Path, error: BaseException) -> Stopped:
    """The event of a run that ends early because of what was raised."""
    if isinstance(error, Interrupted):
        return Stopped(folder, str(error), error.signal)
    return Stopped(folder, describe_error(error), 0)


class _Broadcast:
    """Passes every event to ``report``, and to each observer until it fails."""

    def __init__(self, report: Reporter, observers: list[tuple[str, Observer]]) -> None:
        self.report, self.observers = report, observers

    def __call__(self, event: Event) -> None:
        self.report(event)
        for label, observer in tuple(self.observers):
            try:
                observer(copy.deepcopy(event))  # it may change its own copy
            except (Interrupted, KeyboardInterrupt):  # by a signal that came meanwhile
                raise
            except BaseException as error:  # a stranger's part may raise anything
                self.observers.remove((label, observer))
                place = traceback.extract_tb(error.__traceback__)[-1]
                warn(
                    f"{label} failed and gets no more events, the run goes on:"
                    f" {describe_error(error)} ({Path(place.filename).name}, line {place.lineno})"
                )
