"""Training for npgpt: data, the loop, evaluation, checkpoints, metrics and plots."""

from typing import TYPE_CHECKING

from npgpt_core.lazy import lazy_names

if TYPE_CHECKING:
    from npgpt_train.evaluation import evaluate as evaluate
    from npgpt_train.events import ignore as ignore
    from npgpt_train.plots import plot_curves as plot_curves
    from npgpt_train.run.folder import LoadedRun as LoadedRun
    from npgpt_train.run.folder import Run as Run
    from npgpt_train.run.folder import load_run as load_run
    from npgpt_train.settings.choices import PRESETS as PRESETS
    from npgpt_train.settings.settings import Part as Part
    from npgpt_train.settings.settings import Settings as Settings
    from npgpt_train.training import train as train

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "LoadedRun": ".run.folder",
        "PRESETS": ".settings.choices",
        "Part": ".settings.settings",
        "Run": ".run.folder",
        "Settings": ".settings.settings",
        "evaluate": ".evaluation",
        "ignore": ".events",
        "load_run": ".run.folder",
        "plot_curves": ".plots",
        "train": ".training",
    },
)
