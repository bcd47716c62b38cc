"""Each observer check can fail: for every id, an observer that is broken in one place."""

import asyncio
import sys

import pytest

from npgpt_core.events import Checkpointed, Evaluated, Finished, Started, Stepped, Stopped
from npgpt_core.testing import observer_checks, parametrize_with_checks

CHECKS = dict(observer_checks())


class Lines:
    """A right observer, to be broken in one place at a time: a line an event, in a file."""

    follows = False

    def __init__(self, *, name="lines.txt"):
        self.name, self.file = name, None

    def __call__(self, event):
        match event:
            case Started():
                path = event.folder / self.name
                if self.follows or not path.is_symlink():
                    self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115
            case Stepped():
                self.step(event.metrics)
            case Evaluated():
                self.evaluation(event.metrics)
            case Finished() | Stopped():
                if isinstance(event, Finished):
                    self.file.write(repr(event.sample))
                self.end()

    def step(self, metrics):
        self.file.write(f"{metrics['step']} {metrics.get('loss')}\n")

    def evaluation(self, metrics):
        self.file.write(f"{metrics['step']} {metrics['val_loss']}\n")

    def end(self):
        if self.file:
            self.file.close()


class NoCall:
    pass


class DefaultIsAnObject(Lines):
    def __init__(self, *, stream=sys.stdout):
        super().__init__()


class MisspellsAField(Lines):
    def __call__(self, event):
        if isinstance(event, Checkpointed):
            self.file.write(event.path.name)
        super().__call__(event)


class MakesTheSameFileAgain(Lines):
    def __call__(self, event):
        if isinstance(event, Started):
            (event.folder / "folder").mkdir()
        super().__call__(event)


class EndsWhatNeverBegan(Lines):
    def end(self):
        self.file.close()


class WantsEveryLoss(Lines):
    def step(self, metrics):
        self.file.write(f"{metrics['loss']}\n")


class Rounds(Lines):
    def evaluation(self, metrics):
        self.file.write(f"{round(metrics['val_loss'])}\n")


class WritesTheSampleAsItIs(Lines):
    def __call__(self, event):
        if isinstance(event, Finished):
            self.file.write(event.sample)
        super().__call__(event)


class KnowsAllEvents(Lines):
    def __call__(self, event):
        super().__call__(event)
        if type(event).__module__ != "npgpt_core.events":
            raise TypeError(event)


class CountsSteps(Lines):
    last = 0

    def step(self, metrics):
        if metrics["step"] <= self.last:
            raise ValueError("time goes backwards")
        self.last = metrics["step"]


class LeavesItsFileOpen(Lines):
    def end(self):
        if self.file:
            self.file.flush()


class FollowsLinks(Lines):
    follows = True


BROKEN = {
    "protocol": NoCall,
    "options-are-data": DefaultIsAnObject,
    "takes-a-whole-run": MisspellsAField,
    "takes-a-resumed-run": MakesTheSameFileAgain,
    "takes-a-run-without-a-step": EndsWhatNeverBegan,
    "takes-a-skipped-step": WantsEveryLoss,
    "takes-losses-that-are-not-finite": Rounds,
    "takes-any-sample": WritesTheSampleAsItIs,
    "passes-over-unknown-events": KnowsAllEvents,
    "takes-runs-one-after-another": CountsSteps,
    "closes-its-files": LeavesItsFileOpen,
    "follows-no-link": FollowsLinks,
}


@parametrize_with_checks("observer", Lines)
def test_a_right_observer_passes(check):
    check()


@parametrize_with_checks("observer", lambda: lambda event: None)
def test_a_function_is_an_observer(check):
    check()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("check_id", BROKEN)
def test_a_broken_observer_fails(check_id):
    if check_id == "closes-its-files" and sys.platform not in ("linux", "win32"):
        pytest.skip("this system tells nobody which files are open")
    with pytest.raises(AssertionError, match=f"observer check {check_id}: .{{20}}"):
        CHECKS[check_id](BROKEN[check_id])


def test_every_check_has_its_broken_observer():
    assert set(BROKEN) == set(CHECKS)


@pytest.mark.filterwarnings("ignore:coroutine .* never awaited:RuntimeWarning")
def test_an_observer_that_wants_to_be_awaited_is_refused():
    async def observer(event):
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="not async def"):
        CHECKS["takes-a-whole-run"](lambda: observer)
