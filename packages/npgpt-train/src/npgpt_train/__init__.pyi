"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_train.evaluation import evaluate as evaluate
from npgpt_train.events import ignore as ignore
from npgpt_train.plots import plot_curves as plot_curves
from npgpt_train.run.folder import Run as Run
from npgpt_train.run.loading import LoadedRun as LoadedRun
from npgpt_train.run.loading import load_run as load_run
from npgpt_train.settings.choices import PRESETS as PRESETS
from npgpt_train.settings.settings import Part as Part
from npgpt_train.settings.settings import Settings as Settings
from npgpt_train.training import train as train

__version__: str
