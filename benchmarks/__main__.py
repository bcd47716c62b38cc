"""The command: ``python -m benchmarks [NAME...] [--json FILE]``, from the root of the house."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import machine, report
from benchmarks.comparison import Comparison
from benchmarks.plan import Plan, environments, given_pins
from benchmarks.side import Rounds
from npgpt_core.errors import NpgptError
from npgpt_train.machine.json_text import format_json
from npgpt_train.machine.processors import physical_cores

MODULES = {
    "train": "train",
    "limit": "limit",
    "parts": "parts",
    "mpi": "mpi",
    "generate": "generate",
    "tokenizers": "bpe",
    "startup": "startup",
    "memory": "memory",
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--repeats", type=click.IntRange(1), help="Rounds; each benchmark's own by default.")
@click.option("--threads", type=click.IntRange(1), help="Of every side; default: physical cores.")
@click.option("--coretype", metavar="KERNEL", help="Measure with these OpenBLAS kernels too.")
@click.option(
    "--text",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="For the tokenizers; default: the beginning of the shakespeare dataset.",
)
@click.option("--tiny", is_flag=True, help="Tiny numbers that say nothing, to see that all runs.")
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write this too."
)
def main(
    names: tuple[str, ...],
    repeats: int | None,
    threads: int | None,
    coretype: str | None,
    text: Path | None,
    tiny: bool,
    json_path: Path | None,
) -> None:
    """Run npgpt and its peers in turn on the same work, and print the ratios.

    NAME is train (with the limit in the same rounds), limit, parts, mpi, generate, tokenizers,
    startup or memory; all of them if none is given.
    """
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        raise click.UsageError(f"there is no benchmark {unknown[0]!r}, only {', '.join(MODULES)}")
    cores = physical_cores()
    threads = threads or cores
    plan = Plan(repeats, threads, tiny, text, environments(threads, coretype))
    about = machine.describe_machine(cores)
    about |= {"threads": threads, "blas": machine.describe_blas(plan.environments)}
    settings = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "names": list(names or MODULES),
        "repeats": repeats,
        "tiny": tiny,
        "text": text.name if text else "shakespeare",
        "pins": given_pins(),
    }
    console = report.make_console()
    report.print_machine(console, about, given_pins())
    comparisons = []
    for name in wanted(names):
        for comparison in measure(name, plan):
            comparisons.append(comparison)
            report.print_comparison(console, comparison)
            if json_path is not None:  # after each, so that an interruption loses little
                content = report.to_json(about, settings, comparisons)
                json_path.write_text(format_json(content) + "\n", encoding="utf-8")


def wanted(names: tuple[str, ...]) -> list[str]:
    """The benchmarks in their own order; ``train`` measures the limit as well."""
    chosen = [name for name in MODULES if not names or name in names]
    return [name for name in chosen if name != "limit" or "train" not in chosen]


def measure(name: str, plan: Plan) -> Iterator[Comparison]:
    """The comparisons of one benchmark; what it cannot do without is said in its place."""
    try:
        yield from importlib.import_module(f"benchmarks.{MODULES[name]}").measure(plan)
    except NpgptError as error:
        yield Comparison(name, "not measured", "npgpt", Rounds({}, {}, {"npgpt": str(error)}))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
