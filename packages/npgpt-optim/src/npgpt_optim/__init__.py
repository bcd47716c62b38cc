"""The optimizers and learning-rate schedules of npgpt."""

from typing import TYPE_CHECKING

from npgpt_core.lazy import lazy_names

if TYPE_CHECKING:
    from npgpt_core.clipping import clip_grad_norm as clip_grad_norm
    from npgpt_optim.adam import Adam as Adam
    from npgpt_optim.adam import AdamW as AdamW
    from npgpt_optim.groups import Group as Group
    from npgpt_optim.groups import Grouped as Grouped
    from npgpt_optim.groups import hidden_matrices as hidden_matrices
    from npgpt_optim.muon import MatrixMuon as MatrixMuon
    from npgpt_optim.muon import Muon as Muon
    from npgpt_optim.optimizer import Elementwise as Elementwise
    from npgpt_optim.optimizer import Optimizer as Optimizer
    from npgpt_optim.schedules import Constant as Constant
    from npgpt_optim.schedules import Step as Step
    from npgpt_optim.schedules import WarmupCosine as WarmupCosine
    from npgpt_optim.sgd import SGD as SGD

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Adam": ".adam",
        "AdamW": ".adam",
        "Constant": ".schedules",
        "Elementwise": ".optimizer",
        "Group": ".groups",
        "Grouped": ".groups",
        "MatrixMuon": ".muon",
        "Muon": ".muon",
        "Optimizer": ".optimizer",
        "SGD": ".sgd",
        "Step": ".schedules",
        "WarmupCosine": ".schedules",
        "clip_grad_norm": "npgpt_core.clipping",
        "hidden_matrices": ".groups",
    },
)
