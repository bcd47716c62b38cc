"""A new layer is its file, a line of the exports and its cases; a test names what is forgotten."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import npgpt_core
from npgpt_core import Module

ROOT = Path(__file__).parents[1]
SOURCE = Path("packages/npgpt-core/src/npgpt_core")
CASES = SOURCE / "testing/layers/cases.py"
TWINS = Path("tests/parity/test_layers.py")
EVERY_LAYER = Path("packages/npgpt-core/tests/test_every_layer.py")

EXPORTED = {name: getattr(npgpt_core, name) for name in dir(npgpt_core)}
LAYERS = {
    name
    for name, part in EXPORTED.items()
    if isinstance(part, type) and issubclass(part, Module) and part is not Module
}

LAYER = '''
class {name}(Module):
    """{formula} over the last axis: (..., C) -> (..., C)."""

    def __init__(self, n_embd, dtype):
        super().__init__()
        self.parameter("s", np.ones(n_embd), dtype)

    def forward(self, x):
        self.keep(x)
        return self.s * x

    def backward(self, dy):
        """dx = s dy; ds = Σ dy x."""
        self.ds += rows(dy * self.take()).sum(axis=0)
        return self.s * dy

'''
IMPORTS = """
import numpy as np
from npgpt_core.functional import rows
from npgpt_core.module import Module
"""


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_layer_has_its_twin_in_pytorch(name):
    """Read and not imported, so that it is told without PyTorch too."""
    tree = ast.parse((ROOT / TWINS).read_text("utf-8"))
    tables = [node for node in tree.body if isinstance(node, ast.Assign)]
    (twins,) = [node.value for node in tables if ast.unparse(node.targets[0]) == "TWINS"]
    assert name in [key.value for key in twins.keys]


@pytest.mark.once
def test_what_a_new_layer_lacks_fails_a_test_and_nothing_else_is_needed(tmp_path):
    """Five layers in a copy of the house: one is whole, each of the others lacks one thing."""
    core, here = EVERY_LAYER.parents[1], Path("tests", Path(__file__).name)
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / core, tmp_path / core, ignore=ignore)
    (tmp_path / TWINS.parent).mkdir(parents=True)
    for file in ("pyproject.toml", TWINS, here):
        shutil.copy(ROOT / file, tmp_path / file)
    names = ["Whole", "NoFormula", "NoExport", "NoCase", "NoTwin"]
    formulas = {name: "Scales each channel" if name == "NoFormula" else "y = s x" for name in names}
    layers = [LAYER.format(name=name, formula=formula) for name, formula in formulas.items()]
    (tmp_path / SOURCE / "layers/scale.py").write_text("\n".join([IMPORTS, *layers]))
    for lacking, file, before, line in [
        ("NoExport", SOURCE / "__init__.pyi", "", "from npgpt_core.layers.scale import {0} as {0}"),
        ("NoCase", CASES, "", "from npgpt_core.layers.scale import {0}"),
        ("NoCase", CASES, '        "Linear": ', '        "{0}": lambda rng, dtype: {0}(C, dtype),'),
        ("NoTwin", TWINS, '    "Linear": ', '    "{0}": lambda layer: None,'),
    ]:
        text = (tmp_path / file).read_text("utf-8")
        lines = "".join(f"{line.format(name)}\n" for name in names if name != lacking)
        place = text.index(before) if before else text.index("\nfrom npgpt_core") + 1
        (tmp_path / file).write_text(text[:place] + lines + text[place:], "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-m", "not once", EVERY_LAYER, here],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / SOURCE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.findall(r"^FAILED .*::(\w+)\[(\w+)\]", done.stdout, re.MULTILINE)
    assert sorted(failed) == [
        ("test_every_layer_has_a_case_of_its_name", "NoCase"),
        ("test_every_layer_has_its_twin_in_pytorch", "NoTwin"),
        ("test_every_layer_is_exported", "NoExport"),
        ("test_the_first_line_of_a_class_is_a_formula", "NoFormula"),
    ], done.stdout
