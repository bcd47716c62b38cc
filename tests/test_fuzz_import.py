"""Files of other programs from strangers: each becomes a right run, or one documented error.

NPGPT_TEST_FUZZ=10000 tries as many inputs for each file as the documents speak of.
"""

import base64
import json
import math
import shutil
from struct import pack

import numpy as np
import pytest
import safetensors.numpy
from fuzzing import CUTS, FAST, PLACES, VALUES, mutated, refused_or_fine, replaced, watch_memory
from hypothesis import given
from hypothesis import strategies as st

from npgpt_convert import import_model
from npgpt_convert.byte_spelling import spelled
from npgpt_convert.conversion import to_foreign
from npgpt_convert.foreign import ForeignModel
from npgpt_convert.formats.gguf.reader import read_gguf
from npgpt_convert.formats.gguf.values import encode_string, encode_value
from npgpt_convert.formats.gguf.vocabulary import vocabulary_metadata
from npgpt_convert.formats.gguf.writer import write_gguf
from npgpt_convert.formats.tokenizer_json.writer import tokenizer_json
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core import NpgptError, registry
from npgpt_train import load_run

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore::npgpt_core.errors.NpgptWarning"),
]

TOKENS = [bytes([byte]) for byte in range(256)]
MERGES = [(ord("t"), ord("h")), (256, ord("e")), (ord(" "), 257)]
VOCABULARY = Vocabulary(
    tokens=[*TOKENS, b"th", b"the", b" the", None],
    merges=MERGES,
    pattern="gpt2",
    special_tokens={"<|endoftext|>": 259},
    eos_id=259,
)
OPTIONS = {
    **{"vocab_size": 260, "block_size": 16, "n_layer": 2, "n_head": 2, "n_kv_head": 1, "n_embd": 8},
    **{"n_hidden": 12, "head_size": 4, "norm_eps": 1e-5, "rope_theta": 1e4, "rope_factor": 1.0},
    **{"rope_low_freq_factor": 1.0, "rope_high_freq_factor": 4.0, "rope_original_block_size": 8192},
    **{"qkv_bias": False, "qk_norm": False, "tie_embeddings": True},
}
ABSURD = [0, 1, 2**16, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1]
OVERWRITTEN = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([*(pack("<Q", n) for n in ABSURD), b"\xff" * 4])),
    min_size=1,
    max_size=3,
)


def foreign(format):
    kind = registry.load("model", "llama")
    model = kind(kind.Config(**OPTIONS), rng=np.random.default_rng(0))
    return to_foreign(format, "llama", OPTIONS, model.parameters())


@pytest.fixture(autouse=True, scope="module")
def _memory_before():
    watch_memory()


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A file or folder of each format, which is sound."""
    root = tmp_path_factory.mktemp("originals")
    model = foreign("gguf")
    metadata = {**model.metadata, **vocabulary_metadata(VOCABULARY, 260)}
    (root / "gguf").mkdir()
    with (root / "gguf/model.gguf").open("wb") as file:
        write_gguf(file, ForeignModel("gguf", metadata, model.tensors), "Q8_0")
    tokenizer = json.dumps(tokenizer_json(VOCABULARY.tokenizer()))
    model = foreign("huggingface")
    arrays = {name: tensor.read() for name, tensor in model.tensors.items()}
    for folder, shards in (("whole", 1), ("sharded", 2)):
        path = root / folder
        path.mkdir()
        (path / "tokenizer.json").write_text(tokenizer)
        (path / "config.json").write_text(json.dumps(model.metadata))
        names = ["model.safetensors"] if shards == 1 else ["a.safetensors", "b.safetensors"]
        for i, name in enumerate(names):
            safetensors.numpy.save_file(dict([*arrays.items()][i::shards]), path / name)
    files = {name: names[i % 2] for i, name in enumerate(arrays)}
    (root / "sharded/model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    (root / "bare").mkdir()
    spelling = {i: spelled(token) for i, token in enumerate(VOCABULARY.tokens) if token}
    vocab = {token: i for i, token in spelling.items()} | {"<|endoftext|>": 259}
    (root / "bare/vocab.json").write_text(json.dumps(vocab))
    merges = [f"{spelling[left]} {spelling[right]}\n" for left, right in MERGES]
    (root / "bare/merges.txt").write_text("".join(["#version: 0.2\n", *merges]))
    lines = [
        base64.b64encode(token) + b" %d\n" % i for i, token in enumerate(VOCABULARY.tokens[:259])
    ]
    (root / "ranks").mkdir()
    (root / "ranks/r50k_base.tiktoken").write_bytes(b"".join(lines))
    return root


@pytest.fixture(scope="module")
def attempt(originals, tmp_path_factory):
    """What imports a copy of an original in which one file has other bytes, and uses the run."""
    root = tmp_path_factory.mktemp("attempts")
    sources = shutil.copytree(originals, root / "sources")

    def use(source):
        out = root / "out"
        try:
            imported = import_model(source, out)
            assert isinstance(imported.tokenizer.decode(imported.tokenizer.encode("the")), str)
            if imported.run is not None:
                run = load_run(out)
                with np.errstate(over="ignore", invalid="ignore"):  # of weights as large as can be
                    logits = run.model(np.array([[0, 1]]))
                assert logits.shape == (1, 2, run.tokenizer.vocab_size)
        finally:
            if out.is_dir():
                shutil.rmtree(out)
            out.unlink(missing_ok=True)

    def attempt(file, data, judge=refused_or_fine):
        folder = (sources / file).parent
        source = next(iter(folder.iterdir())) if folder.name in ("gguf", "ranks") else folder
        (sources / file).write_bytes(data)
        try:
            judge(lambda: use(source))
        finally:
            shutil.copyfile(originals / file, sources / file)

    return attempt


JSON_FILES = (
    *("whole/config.json", "whole/tokenizer.json", "bare/vocab.json"),
    "sharded/model.safetensors.index.json",
)
OTHERS = (
    *("gguf/model.gguf", "whole/model.safetensors", "sharded/b.safetensors"),
    *("bare/merges.txt", "ranks/r50k_base.tiktoken"),
)


@pytest.mark.parametrize("file", [*JSON_FILES, *OTHERS])
def test_the_originals_are_sound(file, originals, attempt):
    attempt(file, (originals / file).read_bytes(), judge=lambda work: work())


@pytest.mark.parametrize("file", [*JSON_FILES, *OTHERS])
@FAST
@given(cuts=CUTS)
def test_files_with_other_bytes(file, cuts, originals, attempt):
    attempt(file, mutated((originals / file).read_bytes(), cuts))


@pytest.mark.parametrize("file", JSON_FILES)
@FAST
@given(places=PLACES, value=VALUES)
def test_json_with_other_values(file, places, value, originals, attempt):
    record = json.loads((originals / file).read_bytes())
    attempt(file, json.dumps(replaced(record, places, value)).encode())


@FAST
@given(places=PLACES, value=VALUES)
def test_headers_of_safetensors_with_other_values(places, value, originals, attempt):
    data = (originals / "whole/model.safetensors").read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(replaced(json.loads(data[8:end]), places, value)).encode()
    attempt("whole/model.safetensors", pack("<Q", len(header)) + header + data[end:])


@FAST
@given(cuts=OVERWRITTEN)
def test_gguf_with_other_numbers(cuts, originals, attempt):
    """Four or eight bytes anywhere are such as lengths, counts and places have."""
    data = (originals / "gguf/model.gguf").read_bytes()
    attempt("gguf/model.gguf", mutated(data, [(p, len(piece), piece) for p, piece in cuts]))


GGUF_VALUES = (
    st.booleans()
    | st.integers(-(2**31), 2**64 - 1)
    | st.sampled_from(ABSURD)
    | st.floats(width=32)
    | st.text(max_size=8)
    | st.lists(st.text(max_size=3), max_size=4)
    | st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4)
)


@FAST
@given(place=st.floats(0, 1), value=GGUF_VALUES)
def test_gguf_with_other_metadata(place, value, originals, attempt):
    data = (originals / "gguf/model.gguf").read_bytes()
    metadata = read_gguf(originals / "gguf/model.gguf").metadata
    key = [*metadata][int(place * (len(metadata) - 1) + 0.5)]
    old, new = (encode_string(key) + encode_value(v) for v in (metadata[key], value))
    assert data.count(old) == 1
    attempt("gguf/model.gguf", data.replace(old, new))


@pytest.mark.parametrize("width", [2**16, 2**18])
def test_terabytes_of_holes_take_no_memory(width, tmp_path):
    """A whole model, as its header says, whose numbers are holes in the file."""
    options = {**OPTIONS, "vocab_size": 2**16, "n_embd": width, "head_size": width // 2}
    metadata = {
        **to_foreign("gguf", "llama", options, {}).metadata,
        **vocabulary_metadata(VOCABULARY, 260),
    }
    shapes, place = {name: tensor.shape for name, tensor in foreign("gguf").tensors.items()}, 0
    claims = []
    for name, shape in shapes.items():
        wide = [{8: width, 4: width // 2, 260: 2**16}.get(n, n) for n in reversed(shape)]
        claims += [encode_string(name), pack(f"<I{len(wide)}Q", len(wide), *wide)]
        claims += [pack("<IQ", 0, place)]
        place += -(-4 * math.prod(wide) // 32) * 32
    pairs = [encode_string(key) + encode_value(metadata[key]) for key in metadata]
    header = [b"GGUF", pack("<IQQ", 3, len(shapes), len(metadata)), *pairs, *claims]
    path = tmp_path / "model.gguf"
    with path.open("wb") as file:
        file.truncate(file.write(b"".join(header)) + 32 + place)
    with pytest.raises(NpgptError, match=r"takes at least [\d,]+ GiB, this machine has"):
        import_model(path, tmp_path / "run")
    refused_or_fine(lambda: import_model(path, tmp_path / "run"))
    assert not (tmp_path / "run").exists()
