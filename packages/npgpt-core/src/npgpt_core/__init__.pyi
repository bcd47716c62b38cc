"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_core import functional as functional
from npgpt_core.clipping import clip_grad_norm as clip_grad_norm
from npgpt_core.errors import NpgptError as NpgptError
from npgpt_core.errors import PluginError as PluginError
from npgpt_core.generation import generate as generate
from npgpt_core.generation import stream as stream
from npgpt_core.layers.activation import GELU as GELU
from npgpt_core.layers.activation import ReLU as ReLU
from npgpt_core.layers.activation import Softmax as Softmax
from npgpt_core.layers.attention import KeyValueCache as KeyValueCache
from npgpt_core.layers.attention import MultiHeadAttention as MultiHeadAttention
from npgpt_core.layers.dropout import Dropout as Dropout
from npgpt_core.layers.embedding import Embedding as Embedding
from npgpt_core.layers.feedforward import FeedForward as FeedForward
from npgpt_core.layers.grouped_query_attention import GroupedQueryAttention as GroupedQueryAttention
from npgpt_core.layers.layernorm import LayerNorm as LayerNorm
from npgpt_core.layers.linear import Linear as Linear
from npgpt_core.layers.rmsnorm import RMSNorm as RMSNorm
from npgpt_core.layers.rotary import RopeScaling as RopeScaling
from npgpt_core.layers.rotary import Rotary as Rotary
from npgpt_core.layers.swiglu import SwiGLU as SwiGLU
from npgpt_core.layers.tied_head import TiedHead as TiedHead
from npgpt_core.losses import CrossEntropy as CrossEntropy
from npgpt_core.module import Module as Module
from npgpt_core.plugins import registry as registry
from npgpt_core.plugins.hookspecs import hookimpl as hookimpl
from npgpt_core.testing.gradients import check_gradients as check_gradients

__version__: str
