"""The seams that BPETokenizer publishes, used as a stranger would: byte fallback, as in Llama."""

from hypothesis import given
from hypothesis import strategies as st

from npgpt_tokenizers import BPETokenizer


class ByteFallback(BPETokenizer):
    """Characters outside the alphabet are spelled in byte tokens."""

    name = "test-byte-fallback"

    def __init__(self, *, vocab_size=6551, rarest=1):
        self.rarest = rarest
        super().__init__(vocab_size=vocab_size)

    def options(self):
        return {**super().options(), "rarest": self.rarest}

    def fixed_tokens(self):
        return {f"<0x{byte:02X}>": bytes([byte]) for byte in range(256)}

    def spell_unknown(self, character):
        first = len(self.special_tokens)
        return [first + byte for byte in character.encode("utf-8", "surrogatepass")]


@given(st.data())
def test_lossless_and_never_unknown(any_text, data):
    tokenizer = ByteFallback()
    tokenizer.train([data.draw(any_text)])
    text = data.draw(any_text)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert 1 not in ids


def test_known_characters_take_no_bytes():
    tokenizer = ByteFallback()
    tokenizer.train(["ab"])
    assert tokenizer.vocab_size == 4 + 256 + 2 + 1
    assert tokenizer.encode("abé").tolist() == [262, 4 + 0xC3, 4 + 0xA9]


def test_its_options_are_in_its_state():
    tokenizer = ByteFallback(rarest=3)
    tokenizer.train(["abab"])
    assert ByteFallback.from_state(tokenizer.state()).rarest == 3
