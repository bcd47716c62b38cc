import pytest
from hypothesis import settings
from hypothesis import strategies as st

from npgpt_tokenizers import BPETokenizer, ByteBPETokenizer, CharTokenizer, WordTokenizer

settings.register_profile("npgpt", derandomize=True, deadline=None)
settings.load_profile("npgpt")

TEXT = """First Citizen:
Before we proceed any further, hear me speak.

All:
Speak, speak. You don't know: the people's 12 voices, the peoples' 24 choices!
\tÀ la bonne heure; été, naïve \U0001f600 <unk> <pad>
"""

TOKENIZERS = {
    "char": CharTokenizer,
    "word": WordTokenizer,
    "bpe": lambda: BPETokenizer(vocab_size=120),
    "byte-bpe": lambda: ByteBPETokenizer(vocab_size=300),
}


@pytest.fixture(scope="session")
def text():
    """A text with everything that the splitting treats differently."""
    return TEXT


@pytest.fixture(params=TOKENIZERS)
def untrained(request):
    """Each tokenizer, not yet trained."""
    return TOKENIZERS[request.param]()


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request):
    """Each tokenizer, trained on the text."""
    tokenizer = TOKENIZERS[request.param]()
    tokenizer.train([TEXT])
    return tokenizer


@pytest.fixture(scope="session")
def any_text():
    """A strategy: strings of any code points, lone surrogates and Python's oddest white space."""
    surrogates = st.characters(categories=["Cs"])
    spaces = st.sampled_from(" \t\r\n\x1c\x85\xa0\u2028\u3000")
    return st.text(st.one_of(st.characters(), st.sampled_from(TEXT), surrogates, spaces))
