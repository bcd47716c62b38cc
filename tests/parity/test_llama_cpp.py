"""Ours against llama.cpp, which opens the GGUF files that we write."""

import dataclasses
import itertools
import random

import numpy as np
import pytest

from npgpt_convert.conversion import to_foreign
from npgpt_convert.foreign import ForeignModel
from npgpt_convert.formats.gguf.vocabulary import WRITTEN, vocabulary_metadata
from npgpt_convert.formats.gguf.writer import FILE_TYPES, write_gguf
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core import generate, registry

from .llama_cpp import LlamaCpp

SIGNS = [bytes([byte]) for byte in b"aAsz19 \n\r\t'!.-"]
PAIRS = list(itertools.product(SIGNS, SIGNS))  # any two are a merge, so that each boundary shows
TEXTS = ["a", "A", "s", "z", "1", "9", " ", "  ", "\n", "\r\n", "\t", "'", "'s", "'LL", "!", ".-"]
TEXTS += ["é", "Ω", "日本", "\u0301", "😀", "\u00a0", "ǅ", "٣", "½", "—"]

SHAPE = {"block_size": 64, "n_layer": 2, "n_head": 4, "n_embd": 64}
LLAMA = {**SHAPE, "n_kv_head": 2, "n_hidden": 96}
GPT2 = {**SHAPE, "activation": "gelu", "tie_embeddings": True, "head_bias": False}
MEMBERS = {
    "llama": ("llama", LLAMA),
    "untied": ("llama", {**LLAMA, "tie_embeddings": False}),
    "wide": ("llama", {**LLAMA, "head_size": 32}),
    "llama3": (
        "llama",
        {**LLAMA, "rope_factor": 8.0, "rope_theta": 5e5, "rope_original_block_size": 64},
    ),
    "qwen2": ("llama", {**LLAMA, "qkv_bias": True}),
    "qwen3": ("llama", {**LLAMA, "qk_norm": True}),
    "gpt2": ("gpt", GPT2),
}


def vocabulary(pattern="gpt2"):
    """The 256 bytes, all pairs of some signs, and an end of text."""
    tokens = [bytes([byte]) for byte in range(256)]
    merges = [(left[0], right[0]) for left, right in PAIRS]
    tokens += [left + right for left, right in PAIRS]
    return Vocabulary(
        tokens=[*tokens, None],
        merges=merges,
        pattern=pattern,
        special_tokens={"<|endoftext|>": len(tokens)},
        eos_id=len(tokens),
        ignore_merges=pattern == "llama3",
    )


def model_of(name, options, seed=0):
    """A model of random weights that have an effect."""
    kind = registry.load("model", name)
    config = kind.Config(vocab_size=480, **options)  # more ids than the vocabulary has
    model = kind(config, rng=np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    for parameter, array in model.parameters().items():
        array += rng.normal(0, 0.15, array.shape).astype(array.dtype)
        assert np.isfinite(array).all(), parameter
    return model.eval(), config


def prompt(model, size):
    """Ids that text follows, and the logarithms of the probabilities of what follows."""
    rng = np.random.default_rng(0)
    while True:
        ids = rng.integers(0, 256, size)
        logits = model(ids[None])[0, -1].astype(np.float64)
        if not 128 <= logits.argmax() < 256:  # a byte of a character
            return ids, logits - np.log(np.exp(logits).sum())


def opened(path, name, model, config, kind="F32", pattern="gpt2"):
    """What llama.cpp makes of the model."""
    foreign = to_foreign("gguf", name, dataclasses.asdict(config), model.parameters())
    tokenizer = vocabulary_metadata(vocabulary(pattern), config.vocab_size)
    whole = ForeignModel("gguf", {**foreign.metadata, **tokenizer}, foreign.tensors)
    with path.open("wb") as file:
        write_gguf(file, whole, kind)
    return LlamaCpp(path)


@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_gives_the_same_logits_and_greedy_text(member, tmp_path):
    name, options = MEMBERS[member]
    model, config = model_of(name, options)
    theirs = opened(tmp_path / "x.gguf", name, model, config)
    ids, expected = prompt(model, 20)
    exact = member != "gpt2"  # llama.cpp looks GELU up in a table of float16
    for i, probability in theirs.log_probabilities(ids, 20):
        assert probability == pytest.approx(expected[i], abs=1e-4 if exact else 5e-3)
    ours = generate(model, ids, 32, temperature=0)[len(ids) :]
    assert theirs.greedy(ids, 32) == ours.tolist() or not exact


@pytest.mark.parametrize("kind", FILE_TYPES)
@pytest.mark.parametrize("member", ["llama", "gpt2"])
def test_every_type_of_file_is_opened(member, kind, tmp_path):
    name, options = MEMBERS[member]
    model, config = model_of(name, options)
    theirs = opened(tmp_path / "x.gguf", name, model, config, kind)
    ids, expected = prompt(model, 10)
    for i, probability in theirs.log_probabilities(ids, 5):
        assert probability == pytest.approx(expected[i], abs=0.5 if kind == "Q8_0" else 0.02)


@pytest.mark.parametrize("pattern", WRITTEN)
def test_texts_are_split_alike(pattern, tmp_path):
    model, config = model_of("llama", LLAMA)
    theirs = opened(tmp_path / "x.gguf", "llama", model, config, pattern=pattern)
    ours = vocabulary(pattern).tokenizer()
    rng = random.Random(0)
    for _ in range(500):
        text = "".join(rng.choices(TEXTS, k=20))
        assert theirs.encode(text) == ours.encode(text).tolist(), repr(text)
