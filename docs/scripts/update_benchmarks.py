"""Take what the benchmarks measured into docs/ARCHITECTURE.md, docs/MODELS.md and the README.

    python -m benchmarks --coretype Haswell --json benchmarks/results.json    # or tox -e bench
    python docs/scripts/update_benchmarks.py benchmarks/results.json

Writes the results (without the single rounds), the tables made from them, and their figures under
short keys into docs/results/benchmarks; then ``python docs/scripts/sync.py`` renews the pages, and
names what they claim and no longer holds. Those of SmolLM2 have a file of their own, because
``python -m benchmarks generate`` alone renews it; the other file needs every benchmark.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from npgpt_train.machine.json_text import format_json

FOLDER = Path(__file__).parents[1] / "results/benchmarks"
UNPINNED = "unpinned"
SHOWN = 0.005  # the smallest part of a step that has a row
ALL, REAL = "results.json", "smollm2.json"
Results = dict[str, Any]


def main(results: str) -> None:
    """Copy a file that ``python -m benchmarks --json`` wrote, and make the rest of it."""
    taken = json.loads(Path(results).read_text("utf-8"))
    found: dict[str, list[Results]] = {ALL: [], REAL: []}
    for comparison in taken["comparisons"]:
        for side in comparison["sides"].values():
            side.pop("rounds", None)
        found[REAL if comparison["case"].startswith("SmolLM2") else ALL].append(comparison)
    if not any(c["benchmark"] == "train" for c in found[ALL]):
        del found[ALL]
    for name, comparisons in found.items():
        if comparisons:
            content = format_json({**taken, "comparisons": comparisons})
            (FOLDER / name).write_text(content + "\n", "utf-8")
    for name, text in fragments().items():
        (FOLDER / name).write_text(text, "utf-8")


def fragments() -> dict[str, str]:
    """What the pages show, by file, made from the results that are there."""
    made: dict[str, str] = {}
    for name, make in ((ALL, of_all), (REAL, of_smollm2)):
        if (FOLDER / name).exists():
            made |= make(json.loads((FOLDER / name).read_text("utf-8")))
    return made


def of_all(results: Results) -> dict[str, str]:
    """What is made of every benchmark."""
    return {
        "figures.json": format_json(figures(results)) + "\n",
        "machine.md": machine(results),
        "parts.md": "\n".join(map(parts, of(results, "parts"))),
        "pytorch.md": beside_pytorch(results),
        "mpi.md": "\n".join(map(mpi, of(results, "mpi"))),
    }


def of_smollm2(results: Results) -> dict[str, str]:
    """What is made of the real model."""
    return {
        "smollm2-figures.json": format_json(figures(results)) + "\n",
        "smollm2.md": smollm2(results) + "\n" + machine(results),
    }


def of(results: Results, benchmark: str) -> list[Results]:
    """The comparisons of a benchmark."""
    return [c for c in results["comparisons"] if c["benchmark"] == benchmark]


def figures(results: Results) -> Results:
    """benchmark.case.kernels.side -> its median, and its ratio to the base; slugs for keys."""
    found: Results = {}
    for c in results["comparisons"]:
        cases = found.setdefault(c["benchmark"], {}).setdefault(slug(c["case"]), {})
        cases[slug(c["blas"] or UNPINNED)] = {
            slug(name): {"median": digits(side["median"]), "ratio": digits(side["median_ratio"])}
            for name, side in c["sides"].items()
            if "median" in side
        }
    return found


def slug(name: str) -> str:
    """``step, V = 69`` -> ``step-v-69``."""
    return re.sub(r"\W+", "-", name).strip("-").lower()


def digits(figure: float) -> float:
    """Four of them."""
    return float(f"{figure:.4g}")


def machine(results: Results) -> str:
    """One paragraph: when, on what, and whether anything disturbed it."""
    about, settings = results["machine"], results["settings"]
    pools = about["blas"][UNPINNED]
    blas = ", ".join(f"{p['name']} {p['version']} with {p['kernel']} kernels" for p in pools)
    text = (
        f"{settings['date'][:10]}, {about['cpu']}, {about['physical_cores']} cores"
        f" ({' '.join(about['simd'])}), load {about['load']} before, {about['threads']} threads;"
        f" Python {about['python']}, NumPy {about['libraries']['numpy']} ({blas}),"
        f" PyTorch {about['libraries']['torch']}; medians."
    )
    disturbances = [c["disturbance"] for c in results["comparisons"]]
    for name, what in (
        ("others", "other work kept {:.0%} of the machine busy"),
        ("withheld", "its host withheld {:.0%} of this virtual machine"),
    ):
        if (most := max(d[name] or 0 for d in disturbances)) > 0.03:
            text += f" **Disturbed:** at times {what.format(most)}."
    return text + (" **Tiny numbers, which say nothing.**" if settings["tiny"] else "") + "\n"


def parts(comparison: Results) -> str:
    """Where the time of a step goes, in milliseconds and as a share of its products."""
    sides = comparison["sides"]
    shown = {n: s for n, s in sides.items() if s["median"] > SHOWN * sides["step"]["median"]}
    rows = [
        f"| {names(n)} | {s['median'] * 1000:.1f} | {s['median_ratio']:.0%} |"
        for n, s in shown.items()
    ]
    return table([comparison["case"], "ms", "of the limit"], rows)


def names(side: str) -> str:
    """How a row of the parts is called."""
    return {"step": "**step**", "matrix products": "its matrix products alone: the limit"}.get(
        side, side
    )


def beside_pytorch(results: Results) -> str:
    """npgpt, PyTorch and the products: a step, a generation, the memory."""
    columns = ["npgpt", "PyTorch eager", "PyTorch bf16"]
    return table(["", *columns, "products alone"], list(pytorch_rows(results, columns)))


def pytorch_rows(results: Results, columns: list[str]) -> Iterator[str]:
    """A row a comparison; that of generation has one for all threads and one for a single one."""
    limits = {(c["case"], c["blas"]): c["sides"]["matrix products"] for c in of(results, "limit")}
    for c in of(results, "train"):
        pin = "" if c["blas"] == UNPINNED else f", {c['blas']}"
        sides = [*(c["sides"][name] for name in columns), limits[c["case"], c["blas"]]]
        yield row(c["case"] + pin, sides)
    for c in of(results, "generate"):
        for held in ("", ", held to 1 thread") if c["blas"] == UNPINNED else ():
            sides = [c["sides"].get(name + held, {}) for name in columns[:2]]
            yield row(c["case"] + held, [*sides, {}, {}])
    for c in of(results, "memory"):
        yield row(c["case"], [*(c["sides"][name] for name in columns[:2]), {}, {}], "MB", 1)


def row(label: str, sides: list[Results], unit: str = "ms", factor: float = 1000) -> str:
    """A row of medians; empty where nothing was measured."""
    cells = [f"{s['median'] * factor:,.0f} {unit}" if "median" in s else "" for s in sides]
    return f"| {' | '.join([label, *cells])} |"


def mpi(comparison: Results) -> str:
    """Milliseconds a batch of one rank and of two, and of the products on one thread and on two."""
    rows = [
        f"| {name} | {side['median'] * 1000:,.0f} |"
        for name, side in comparison["sides"].items()
        if "median" in side
    ]
    return table([comparison["case"], "ms"], rows)


def smollm2(results: Results) -> str:
    """Milliseconds of the prompt and new tokens a second, a row a side; the limit has no prompt."""
    (prompt, prompts), (tokens, news) = (
        (c["case"].removeprefix("SmolLM2, "), c["sides"]) for c in of(results, "generate")
    )
    count = int(tokens.removesuffix(" new tokens"))
    rows = [
        f"| {name} | {ms(prompts.get(name, {}))} | {count / side['median']:.1f} |"
        for name, side in news.items()
        if "median" in side
    ]
    return table(["", f"{prompt}, ms", "new tokens a second"], rows)


def ms(side: Results) -> str:
    """The median in milliseconds, if there is one."""
    return f"{side['median'] * 1000:,.0f}" if "median" in side else ""


def table(heads: list[str], rows: list[str]) -> str:
    """A Markdown table: text at the left, numbers at the right."""
    return "\n".join([f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1), *rows, ""])


if __name__ == "__main__":
    main(*sys.argv[1:])
