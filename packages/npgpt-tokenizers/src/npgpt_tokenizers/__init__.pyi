"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_tokenizers.bpe import BPETokenizer as BPETokenizer
from npgpt_tokenizers.byte_bpe import ByteBPETokenizer as ByteBPETokenizer
from npgpt_tokenizers.char import CharTokenizer as CharTokenizer
from npgpt_tokenizers.pretrained_bpe import PretrainedBPETokenizer as PretrainedBPETokenizer
from npgpt_tokenizers.word import WordTokenizer as WordTokenizer

__version__: str
