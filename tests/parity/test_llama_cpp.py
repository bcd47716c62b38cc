"""Ours against llama.cpp, which opens the GGUF files that we write."""

import dataclasses
import itertools
import random

import numpy as np
import pytest

from npgpt_convert import export_model, import_model
from npgpt_convert.conversion import to_foreign
from npgpt_convert.foreign import ForeignModel
from npgpt_convert.formats.gguf.vocabulary import WRITTEN, vocabulary_metadata
from npgpt_convert.formats.gguf.writer import FILE_TYPES, write_gguf
from npgpt_convert.sources.installed import find_installed
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core import NpgptError, generate, registry
from npgpt_train import load_run, train
from npgpt_train.events import ignore

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


def exported(run, path, kind):
    """What llama.cpp makes of a run."""
    export_model(run, "gguf", path, type=kind)
    return LlamaCpp(path)


@pytest.mark.filterwarnings("ignore::npgpt_core.errors.NpgptWarning")  # of so small a text
def test_a_llama_that_was_trained_here_gives_the_same_greedy_text(tmp_path, monkeypatch):
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "cache"))
    text = tmp_path / "text.txt"
    text.write_text("To be, or not to be, that is the question.\nAye, there's the rub!\n" * 200)
    settings = {"preset": "tiny", "tokenizer": "byte-bpe", "vocab_size": 300, "max_iters": 60}
    settings["block_size"] = 64  # llama.cpp ends where the context does
    run = tmp_path / "run"
    train(data=str(text), model="llama", out=run, report=ignore, eval_interval=60, **settings)
    ours, theirs = load_run(run), exported(run, tmp_path / "llama.gguf", "F32")
    ids = ours.tokenizer.encode("To be, ")
    assert theirs.encode("To be, ") == ids.tolist()
    text = generate(ours.model, ids, 32, temperature=0)
    assert theirs.greedy(ids, 32) == text[len(ids) :].tolist()


@pytest.mark.filterwarnings("ignore::npgpt_core.errors.NpgptWarning")  # of so small a text
def test_smollm2_fine_tuned_here_goes_back_and_continues_text(tmp_path, monkeypatch):
    """A step is enough to change every weight."""
    monkeypatch.setenv("NPGPT_CACHE", str(tmp_path / "cache"))
    try:
        find_installed("smollm2")
    except NpgptError as error:
        pytest.skip(str(error))
    text = tmp_path / "text.txt"
    text.write_text("The parrot is not dead, it is resting. " * 100)
    import_model("smollm2", tmp_path / "smollm2")
    settings = {"max_iters": 1, "warmup_iters": 0, "batch_size": 1, "block_size": 16, "lr": 1e-4}
    settings |= {"eval_interval": 1, "eval_iters": 1, "workers": 1}
    run = tmp_path / "run"
    train(data=str(text), init_from=str(tmp_path / "smollm2"), out=run, report=ignore, **settings)
    ours, theirs = load_run(run), exported(run, tmp_path / "smollm2.gguf", "F32")
    before = load_run(tmp_path / "smollm2").model.parameters()
    assert all((before[name] != array).any() for name, array in ours.model.parameters().items())
    ids = ours.tokenizer.encode("The parrot is")
    text = generate(ours.model, ids, 12, temperature=0)
    assert theirs.greedy(ids, 12) == text[len(ids) :].tolist()
