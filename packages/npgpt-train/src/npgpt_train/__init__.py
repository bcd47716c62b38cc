"""Training for npgpt: data, the loop, evaluation, checkpoints, metrics and plots."""

from typing import TYPE_CHECKING

from npgpt_core.lazy import lazy_names

if TYPE_CHECKING:
    from npgpt_train.choices import PRESETS as PRESETS
    from npgpt_train.evaluation import evaluate as evaluate
    from npgpt_train.plots import plot_curves as plot_curves
    from npgpt_train.progress import ignore as ignore
    from npgpt_train.run import LoadedRun as LoadedRun
    from npgpt_train.run import Run as Run
    from npgpt_train.run import load_run as load_run
    from npgpt_train.settings import Part as Part
    from npgpt_train.settings import Settings as Settings
    from npgpt_train.training import train as train

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "LoadedRun": ".run",
        "PRESETS": ".choices",
        "Part": ".settings",
        "Run": ".run",
        "Settings": ".settings",
        "evaluate": ".evaluation",
        "ignore": ".progress",
        "load_run": ".run",
        "plot_curves": ".plots",
        "train": ".training",
    },
)
