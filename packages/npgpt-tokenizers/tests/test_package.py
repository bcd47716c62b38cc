import subprocess
import sys
from importlib import import_module

import pytest

import npgpt_tokenizers
from npgpt_tokenizers import _plugin


def test_every_tokenizer_is_where_the_plugin_says_and_bears_its_name():
    tokenizers = _plugin.npgpt_tokenizers()
    assert set(tokenizers) == {"char", "word", "bpe", "byte-bpe", "pretrained-bpe"}
    for name, target in tokenizers.items():
        module, _, attribute = target.partition(":")
        assert getattr(import_module(module), attribute).name == name


def test_public_names_are_listed_and_load():
    names = ["BPETokenizer", "ByteBPETokenizer", "CharTokenizer", "PretrainedBPETokenizer"]
    names.append("WordTokenizer")
    assert dir(npgpt_tokenizers) == names
    assert all(isinstance(getattr(npgpt_tokenizers, name), type) for name in names)
    with pytest.raises(AttributeError, match="Nonsense"):
        npgpt_tokenizers.Nonsense  # noqa: B018


def test_discovery_imports_neither_numpy_nor_regex():
    code = (
        "import sys, npgpt_tokenizers._plugin as p; p.npgpt_tokenizers();"
        "sys.exit(' '.join({'numpy', 'regex'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
