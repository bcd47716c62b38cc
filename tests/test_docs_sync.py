"""The documents are in step with the code, and docs/scripts/sync.py notices when they are not."""

import json
import math
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYER = '''
class Double:
    """y = 2 x."""

    factor = 2

    def forward(self, x):
        """Twice."""
        return self.factor * x

    @staticmethod
    def backward(dy):
        return 2 * dy


def half(x):
    return x / 2
'''


def sync(root, *options):
    """Run the script of the house at ``root``; give its exit code and what it says."""
    command = [sys.executable, root / "docs/scripts/sync.py", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def house(tmp_path):
    """A small house: the script, a package of one module, figures and a table."""
    source = tmp_path / "packages/zoo-core/src/zoo_core"
    (tmp_path / "docs/scripts").mkdir(parents=True)
    (tmp_path / "docs/results").mkdir()
    source.mkdir(parents=True)
    for script in ("sync.py", "holds.py"):
        shutil.copy(ROOT / "docs/scripts" / script, tmp_path / "docs/scripts")
    (source / "layer.py").write_text(LAYER)
    (tmp_path / "docs/results/report.json").write_text(json.dumps({"runs": [{"loss": 2.1518}]}))
    (tmp_path / "docs/results/table.md").write_text("| a |\n|---|\n| 1 |\n")
    (tmp_path / "README.md").write_text("# Zoo\n")
    return tmp_path


def synced(house, text):
    """What the script makes of a page."""
    page = house / "docs/PAGE.md"
    page.write_text(text, "utf-8")
    assert sync(house) == (0, "")
    assert sync(house, "--check") == (0, "")
    return page.read_text("utf-8")


def test_all_documents_are_in_sync():
    assert sync(ROOT, "--check") == (0, "")


@pytest.mark.parametrize("folder", ["experiments", "benchmarks"])
def test_what_the_pages_include_is_made_from_the_measured_files(folder):
    script = ROOT / f"docs/scripts/update_{folder}.py"
    for name, text in runpy.run_path(str(script))["fragments"]().items():
        assert (ROOT / "docs/results" / folder / name).read_text("utf-8") == text, name


def test_the_curves_are_those_of_the_report():
    folder = ROOT / "docs/results/experiments"
    curves, report = (json.loads((folder / f"{n}.json").read_text()) for n in ("curves", "report"))
    assert curves.keys() == report["runs"].keys()
    for name, run in report["runs"].items():
        best = min(curves[name], key=curves[name].get)
        assert int(best) == run["training"]["best_step"]
        lost = sum(run["held_out"]["lost_bits_per_character"].values())
        nats = (curves[name][best] - lost) * math.log(2) * run["held_out"]["characters_per_token"]
        assert nats == pytest.approx(run["training"]["best_val_loss"], abs=2e-4)


def test_the_curves_of_a_comparison_are_json_by_step():
    update = runpy.run_path(str(ROOT / "docs/scripts/update_experiments.py"))
    written = update["by_step"]({"char": [(0, 6.02694), (250, 3.5)], "bpe": []})
    assert json.loads(written) == {"char": {"0": 6.0269, "250": 3.5}, "bpe": {}}


def test_a_function(house):
    text = "Before.\n<!-- code: zoo_core.layer:half -->\nold\n<!-- /code -->\nAfter.\n"
    block = "<!-- fmt: off -->\n```python\ndef half(x):\n    return x / 2\n```\n<!-- fmt: on -->"
    assert synced(house, text) == text.replace("old", block)


def test_methods_are_dedented_and_separated_and_keep_their_decorators(house):
    text = "<!-- code: zoo_core.layer:Double.forward, Double.backward -->\n<!-- /code -->\n"
    assert synced(house, text).splitlines()[2:-2] == [
        "```python",
        "def forward(self, x):",
        '    """Twice."""',
        "    return self.factor * x",
        "",
        "@staticmethod",
        "def backward(dy):",
        "    return 2 * dy",
        "```",
    ]


def test_a_class_without_docstrings(house):
    text = "<!-- code: zoo_core.layer:Double without-docstring -->\n<!-- /code -->\n"
    shown = synced(house, text)
    assert '"""' not in shown
    assert "class Double:\n    factor = 2\n\n    def forward(self, x):\n        return" in shown


def test_a_figure_is_formatted(house):
    text = "It is <!-- = report.json runs.0.loss .2f -->9<!-- /= --> nats.\n"
    assert synced(house, text) == text.replace("9", "2.15")


def test_a_figure_without_a_format(house):
    text = "It is <!-- = report.json runs.0.loss --><!-- /= --> nats.\n"
    assert "-->2.1518<!--" in synced(house, text)


def test_a_figure_may_be_calculated_and_a_name_chosen_by_the_data(house):
    runs = {"char": {"loss": 1.5}, "bpe": {"loss": 4.5}}
    (house / "docs/results/report.json").write_text(json.dumps({"runs": runs}))
    text = (
        "<!-- = report.json argmin(runs.*.loss) -->bpe<!-- /= --> is first,"
        " by <!-- = report.json runs.bpe.loss - runs.char.loss .1f -->9<!-- /= -->,"
        " a factor of <!-- = report.json runs.bpe.loss / runs.char.loss .0f -->8<!-- /= -->.\n"
    )
    renewed = text.replace(">bpe<", ">char<").replace(">9<", ">3.0<").replace(">8<", ">3<")
    assert synced(house, text) == renewed


def test_a_key_may_have_dots(house):
    (house / "docs/results/report.json").write_text(json.dumps({"setting": {"model.n_layer": 4}}))
    text = "It has <!-- = report.json setting.model.n_layer --><!-- /= --> blocks.\n"
    assert "-->4<!--" in synced(house, text)


def test_a_file_is_included(house):
    text = "<!-- include: table.md -->\n<!-- /include -->\n"
    assert "-->\n| a |\n|---|\n| 1 |\n<!--" in synced(house, text)


def test_the_readme_is_a_page_too(house):
    text = "<!-- = report.json runs.0.loss .1f --><!-- /= -->\n"
    (house / "README.md").write_text(text)
    sync(house)
    assert ">2.2<" in (house / "README.md").read_text()


def test_a_changed_source_is_noticed_and_nothing_is_written(house):
    text = synced(house, "One.\n\n<!-- code: zoo_core.layer:half -->\n<!-- /code -->\n")
    (house / "packages/zoo-core/src/zoo_core/layer.py").write_text(
        LAYER.replace("x / 2", "x * 0.5")
    )
    code, said = sync(house, "--check")
    assert code == 1
    assert said.splitlines() == [
        "docs/PAGE.md:3: zoo_core.layer:half is stale",
        "To renew: python docs/scripts/sync.py",
    ]
    assert (house / "docs/PAGE.md").read_text() == text
    assert "x * 0.5" in synced(house, text)


def test_a_false_claim_is_named_where_it_stands(house):
    text = "Low.\n<!-- holds: report.json runs.0.loss < 3;\n 2.1 < runs.0.loss < 2.15 -->\n"
    (house / "docs/PAGE.md").write_text(text)
    for option in ([], ["--check"]):
        assert sync(house, *option) == (
            1,
            "docs/PAGE.md:2: 2.1 < runs.0.loss < 2.15 does not hold\n",
        )
    assert (house / "docs/PAGE.md").read_text() == text


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ("<!-- code: zoo_core.lair:half --><!-- /code -->", "no module 'zoo_core.lair'"),
        ("<!-- code: zoo_core.layer:halve --><!-- /code -->", "no 'halve' in zoo_core.layer"),
        ("<!-- code: zoo_core.layer:Double.up --><!-- /code -->", "no 'Double.up' in zoo_core"),
        ("<!-- include: chair.md --><!-- /include -->", "No such file or directory"),
        ("<!-- = report.json runs.7.loss .3f --><!-- /= -->", "no 'runs.7.loss', it ends at '7'"),
        ("<!-- = report.json runs .3f --><!-- /= -->", "unsupported format string"),
        ("<!-- = table.md runs .3f --><!-- /= -->", "Expecting value"),
        ("<!-- holds: report.json runs.7.loss < 3 -->", "no 'runs.7.loss', it ends at '7'"),
        ("<!-- holds: report.json runs.0.loss -->", "'runs.0.loss' compares nothing"),
        ("<!-- holds: report.json 1 < open(2) -->", "'open(2)' is not understood"),
        ("<!-- holds: report.json 1 < (2).real -->", "'2 .real' is not understood"),
        ("<!-- holds: report.json 1 < _ -->", "'_' is not understood"),
        ("<!-- holds: report.json 1 in 2 -->", "'1 in 2' is not understood"),
        ("<!-- holds: report.json 1 < runs.0.loss / 0 -->", "division by zero"),
        ("<!-- holds: report.json 1 < < 2 -->", "invalid syntax"),
        ("<!-- code: zoo_core.layer:half -->", "not followed by its other half"),
        ("<!-- include: table.md --><!-- /code -->", "not followed by its other half"),
        ("<!-- /code -->", "not followed by its other half"),
    ],
)
def test_an_error_is_one_line_with_its_place(house, marker, reason):
    (house / "docs/PAGE.md").write_text(f"# Page\n\n{marker}\n")
    code, said = sync(house)
    assert code == 1
    assert said.startswith("docs/PAGE.md:3: ")
    assert reason in said
    assert said.count("\n") == 1
