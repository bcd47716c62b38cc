"""Vocabularies that somebody else learned fit the contract: special tokens anywhere, or nowhere.

They are found as a plugin, pass the contract kit, and take every command's way.
"""

import importlib
import json
from typing import ClassVar

import numpy as np
import pytest

from npgpt_core import NpgptError, hookimpl, registry
from npgpt_core.testing import parametrize_with_checks
from npgpt_train.explain.tokens import Token, token
from npgpt_train.run.sample import first_ids, suppressed_ids

SMOLLM2 = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>", "<reponame>", "<file_sep>"),
    *("<filename>", "<gh_stars>", "<issue_start>", "<issue_comment>", "<issue_closed>"),
    *("<jupyter_start>", "<jupyter_text>", "<jupyter_code>", "<jupyter_output>"),
    *("<jupyter_script>", "<empty_output>"),
)


class NoSpecialTokens:
    """Each byte is an id, from ``first`` on; further ids are pairs of bytes."""

    first = 0
    vocab_size = 256
    special_tokens: ClassVar[dict[str, int]] = {}
    pad_id = unk_id = bos_id = eos_id = None

    def train(self, texts):
        """The vocabulary came with it."""

    def encode(self, text):
        data = text.encode("utf-8", "surrogatepass")
        return np.frombuffer(data, np.uint8).astype(np.int32) + np.int32(self.first)

    def decode(self, ids):
        data = b"".join(self._bytes(int(i)) for i in ids)
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace")

    def _bytes(self, i):
        if not 0 <= i < self.vocab_size:
            raise NpgptError(f"{i} is no id")
        if i in self.special_tokens.values():
            return b""
        place = i - self.first
        return bytes([place] if place < 256 else divmod(place - 256, 256))

    def state(self):
        return {"vocabulary": type(self).__name__}

    @classmethod
    def from_state(cls, state):
        if state != {"vocabulary": cls.__name__}:
            raise NpgptError(f"this is no state of {cls.__name__}")
        return cls()


class LikeGPT2(NoSpecialTokens):
    """Its one special token is the last of 50,257 ids, and stands between texts."""

    vocab_size = 50_257
    special_tokens: ClassVar = {"<|endoftext|>": 50_256}
    bos_id = eos_id = 50_256


class LikeSmolLM2(NoSpecialTokens):
    """Its seventeen special tokens are the first ids; what ends a text fills rows, too."""

    first = len(SMOLLM2)
    vocab_size = first + 256 + 1000
    special_tokens: ClassVar = {spelling: i for i, spelling in enumerate(SMOLLM2)}
    unk_id, bos_id, eos_id, pad_id = 0, 1, 2, 2


class Plugin:
    @staticmethod
    @hookimpl
    def npgpt_tokenizers():
        return {name: f"{__name__}:{kind.__name__}" for name, kind in TOKENIZERS.items()}


TOKENIZERS = {"plain": NoSpecialTokens, "like-gpt2": LikeGPT2, "like-smollm2": LikeSmolLM2}


@parametrize_with_checks("tokenizer", NoSpecialTokens)
def test_contract_without_special_tokens(check):
    check()


@parametrize_with_checks("tokenizer", LikeGPT2)
def test_contract_with_a_special_token_at_the_end(check):
    check()


@parametrize_with_checks("tokenizer", LikeSmolLM2)
def test_contract_with_seventeen_special_tokens(check):
    check()


@pytest.mark.parametrize(
    ("kind", "unwritten"), [(NoSpecialTokens, []), (LikeGPT2, []), (LikeSmolLM2, [0])]
)
def test_what_stands_for_no_text_is_not_written_but_the_end_of_a_text_is(kind, unwritten):
    assert suppressed_ids(kind()) == unwritten
    assert first_ids(kind()).tolist() == [kind.first + ord("\n")]


def test_a_special_token_is_named_wherever_its_id_is():
    assert token(LikeGPT2(), 50_256) == Token(50_256, "<|endoftext|>", special=True)
    assert token(LikeGPT2(), 0) == Token(0, "\0")
    assert token(LikeSmolLM2(), 16) == Token(16, "<empty_output>", special=True)
    assert token(NoSpecialTokens(), 3) == Token(3, "\x03")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The three of them as a plugin."""
    info = tmp_path / "site/npgpt_pretrained-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: npgpt-pretrained\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[npgpt]\npretrained = {__name__}:Plugin\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    importlib.invalidate_caches()
    registry.plugins.cache_clear()
    yield
    registry.plugins.cache_clear()


TINY = "--preset tiny --eval-interval 2 --eval-iters 1 --workers 1 --batch-size 2"
SMALL = [*TINY.split(), "--n-layer", "1", "--n-head", "1", "--n-embd", "4", "--block-size", "16"]


@pytest.mark.filterwarnings("ignore:.*can learn the text by heart")
@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.usefixtures("installed")
def test_a_pretrained_vocabulary_takes_the_way_of_every_command(npgpt, text_file, tmp_path, name):
    def told(*command):
        result = npgpt(*command)
        assert result.exit_code == 0, result.output
        return result.stdout

    run, kind = tmp_path / "run", TOKENIZERS[name]
    told("train", "--data", text_file, "--tokenizer", name, "--out", run, *SMALL, "--max-iters", 2)
    told("train", "--resume", "--out", run, "--max-iters", 4)
    assert json.loads((run / "tokenizer.json").read_text()) == kind().state()
    written = json.loads(told("generate", run, "--max-new-tokens", 50, "--json"))
    assert written["text"] == kind().decode(written["ids"])
    assert json.loads(told("evaluate", run, "--json"))["unknown"] == 0
    text = "the king — sleeps <|endoftext|>"
    ids = told("tokenize", run, text)
    assert ids.split() == [str(i) for i in kind().encode(text)]
    assert told("tokenize", run, "--decode", ids) == text + "\n"
    tokens = json.loads(told("explain", "tokenize", run, text, "--json"))["tokens"]
    assert not any(token["special"] for token in tokens)
    for part in ("forward", "attention", "backward"):
        told("explain", part, run, "the king")
    told("explain", "step", run)


@pytest.mark.usefixtures("installed")
def test_they_can_be_compared(npgpt, text_file, tmp_path):
    flags = ["--data", text_file, "--tokenizers", "plain,like-smollm2", "--out", tmp_path / "out"]
    result = npgpt("compare", *flags, *SMALL, "--max-iters", 2)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert [run["held_out"]["unknown_rate"] for run in report["runs"].values()] == [0, 0]


def test_without_a_vocabulary_training_says_where_one_comes_from(npgpt, text_file, tmp_path):
    out = tmp_path / "run"
    flags = ["--data", text_file, "--tokenizer", "pretrained-bpe", "--out", out]
    result = npgpt("train", *flags, *SMALL)
    assert result.exit_code == 2
    (line,) = [line for line in result.output.splitlines() if "Error" in line]
    assert "npgpt import SOURCE" in line
    assert not out.exists()
