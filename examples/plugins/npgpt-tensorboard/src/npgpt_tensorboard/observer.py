"""What TensorBoard shows of a run: curves of every number, the settings, the sample."""

import json
from textwrap import indent

from tensorboardX import SummaryWriter

from npgpt_core import NpgptError
from npgpt_core.events import Evaluated, Finished, Started, Stepped, Stopped

NO_CURVE = ("step", "skipped")


class TensorBoard:
    """Writes an event file into ``tensorboard`` in the run's folder.

    Args:
        every: steps between two points of the curves of steps.
    """

    def __init__(self, *, every: int = 1) -> None:
        if type(every) is not int or every < 1:
            raise NpgptError(f"every is {every!r}, expected a whole number of at least 1")
        self.every = every
        self.writer: SummaryWriter | None = None

    def __call__(self, event) -> None:
        """Take an event."""
        if isinstance(event, Started):
            self.close()
            folder = event.folder / "tensorboard"
            if folder.is_symlink():  # in a stranger's run that is resumed
                raise NpgptError(f"{folder} is a link, expected a folder of the run's own")
            # what a run wrote that died after its last checkpoint is written anew, and hidden
            again = event.step + 1 if event.step else None
            self.writer = SummaryWriter(str(folder), purge_step=again)
            self.text("settings", json.dumps(event.settings, indent=2), event.step)
        if self.writer is None:
            return
        match event:
            case Stepped(metrics=metrics) if metrics["step"] % self.every == 0:
                self.curves("step", metrics)
            case Evaluated(metrics=metrics):
                self.curves("evaluation", metrics)
                self.writer.flush()
            case Finished():
                self.text("sample", event.sample, event.metrics["step"])
                self.close()
            case Stopped():
                self.close()

    def curves(self, group, metrics) -> None:
        """A point of each number's curve."""
        for name in metrics.keys() - NO_CURVE:
            self.writer.add_scalar(f"{group}/{name}", metrics[name], metrics["step"])

    def text(self, tag, text, step) -> None:
        """A text as it is: TensorBoard reads Markdown, where four spaces begin code."""
        lines = text.encode("utf-8", "replace").decode()  # a sample may hold what UTF-8 cannot
        self.writer.add_text(tag, indent(lines, "    ", lambda line: True), step)

    def close(self) -> None:
        """Let go of the file, if one is open."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None
