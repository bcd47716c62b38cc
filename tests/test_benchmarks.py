"""The benchmarks run and say what they measured; how fast anything is, no test asks."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[1]


def run(tmp_path, *arguments, **variables):
    result = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks", "--tiny", "--repeats", "1", "--json", result]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    subprocess.run(
        [*command, *arguments], cwd=ROOT, env={**environment, **variables}, check=True, timeout=120
    )
    return json.loads(result.read_text())


def sides(result, benchmark):
    return [c["sides"] for c in result["comparisons"] if c["benchmark"] == benchmark]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    text = tmp_path_factory.mktemp("text") / "text.txt"
    text.write_text("To be, or not to be, that is the question.\n" * 50)
    names = ["train", "parts", "tokenizers"]
    return run(tmp_path_factory.mktemp("results"), *names, "--threads", "2", "--text", text)


def test_the_json_describes_the_machine(result):
    machine = result["machine"]
    assert machine["threads"] == 2
    assert machine["libraries"]["numpy"][0].isdigit()
    assert machine["physical_cores"] >= 1
    assert list(machine["blas"]) == ["unpinned"]
    assert result["settings"]["repeats"] == 1


def test_every_side_has_figures_or_is_said_to_be_missing(result):
    assert {c["benchmark"] for c in result["comparisons"]} == {
        "train",
        "limit",
        "parts",
        "tokenizers",
    }
    for comparison in result["comparisons"]:
        assert comparison["base"] in comparison["sides"]
        assert set(comparison["disturbance"]) == {"others", "withheld"}
        for side in comparison["sides"].values():
            if "missing" in side:
                assert "not installed" in side["missing"]
            else:
                assert len(side["rounds"]) == 1
                assert side["minimum"] == side["median"] == side["rounds"][0]
                assert side["minimum"] > 0 or comparison["benchmark"] == "parts"
                assert side["ratio_of_minima"] == pytest.approx(side["median_ratio"])


def test_the_step_is_held_against_its_peers_and_its_products_at_both_vocabularies(result):
    assert [list(s) for s in sides(result, "limit")] == [["matrix products", "npgpt"]] * 2
    peers = {"npgpt", "PyTorch eager", "PyTorch bf16"}
    assert [set(s) for s in sides(result, "train")] == [peers] * 2


def test_the_parts_of_a_step_add_up_to_it(result):
    for parts in sides(result, "parts"):
        assert {"Linear.forward", "LayerNorm.backward", "step", "matrix products"} <= parts.keys()
        seconds = {name: side["median"] for name, side in parts.items()}
        step, _ = seconds.pop("step"), seconds.pop("matrix products")
        assert sum(seconds.values()) == pytest.approx(step)


def test_a_pin_of_openblas_is_said_and_measured_with_and_without(tmp_path):
    result = run(tmp_path, "limit", OPENBLAS_CORETYPE="Haswell")
    labels = ["unpinned", "OPENBLAS_CORETYPE=Haswell"]
    assert [c["blas"] for c in result["comparisons"]] == [labels[0]] * 2 + [labels[1]] * 2
    assert list(result["machine"]["blas"]) == labels
    assert result["settings"]["pins"] == {"OPENBLAS_CORETYPE": "Haswell"}


def test_an_unknown_benchmark_is_refused_with_the_names_there_are():
    command = [sys.executable, "-m", "benchmarks", "speed"]
    failed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert failed.returncode == 2
    assert "'speed'" in failed.stderr
    assert "generate" in failed.stderr


def test_the_documents_take_the_results_as_they_are(result, tmp_path, monkeypatch):
    update = runpy.run_path(str(ROOT / "docs/scripts/update_benchmarks.py"))
    monkeypatch.setitem(update["main"].__globals__, "FOLDER", tmp_path)
    taken = tmp_path / "taken.json"
    taken.write_text(json.dumps(result))
    update["main"](taken)
    figures = json.loads((tmp_path / "figures.json").read_text())
    for comparison in result["comparisons"]:
        case = update["slug"](comparison["case"])
        shown = figures[comparison["benchmark"]][case]["unpinned"]
        for name, side in comparison["sides"].items():
            if "rounds" in side:
                assert shown[update["slug"](name)]["median"] == pytest.approx(
                    side["median"], rel=1e-3
                )
    table = (tmp_path / "pytorch.md").read_text()
    assert (
        f"| step, V = 69 | {sides(result, 'train')[0]['npgpt']['median'] * 1000:,.0f} ms |" in table
    )
    parts = (tmp_path / "parts.md").read_text()
    step = sides(result, "parts")[0]["step"]["median"]
    assert f"| **step** | {step * 1000:.1f} |" in parts
    assert "Tiny numbers" in (tmp_path / "machine.md").read_text()


def test_the_way_to_the_first_step_leads_through_few_rooms(tmp_path):
    """Once it was a pinball; the recorded counts of then are the measure."""
    path = tmp_path / "rooms.json"
    command = [sys.executable, "-m", "benchmarks.rooms", "--json", path]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    recorded = json.loads((ROOT / "docs/results/benchmarks/rooms.json").read_text())
    now, then = (
        found["before_the_first_step"]
        for found in (json.loads(path.read_text())["now"], recorded["at_5511454"])
    )
    assert f"before the first step: {now['moves']} moves in {now['rooms']} rooms" in told
    assert 5 <= now["rooms"] <= then["rooms"] / 2
    assert now["rooms"] < now["moves"] <= then["moves"] / 2
