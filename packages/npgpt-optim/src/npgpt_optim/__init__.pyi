"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

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

__version__: str
