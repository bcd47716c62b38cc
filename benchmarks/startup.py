"""How long ``npgpt --help`` takes with 20 plugins, beside a Click program that does nothing.

    python benchmarks/startup.py

The plugins are lazy ones as ``npgpt plugins new`` writes them, real distributions on PYTHONPATH.
The commands run in turn, so that whatever else the machine does hits all of them alike; the figure
is the median, and the fastest stands beside it. The claim is a ratio of at most 2.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

PLUGINS = 20

BARE_CLICK = '''
import click

@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main():
    """Do nothing."""

@main.command()
def nothing():
    """Do it."""

main()
'''

NPGPT = "from npgpt_cli.main import main; main()"


def write_plugins(folder: Path, number: int) -> None:
    """Install ``number`` tokenizers of third parties into a folder."""
    from npgpt_cli.scaffold import Scaffold

    for i in range(number):
        scaffold = Scaffold("tokenizer", f"benchmark-{i}")
        values = scaffold.substitutions
        for path, text in scaffold.render().items():
            if path.startswith("src/"):
                target = folder / path.removeprefix("src/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        info = folder / f"{values['package']}-0.1.0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {scaffold.distribution}\nVersion: 0.1.0\n"
        (info / "METADATA").write_text(metadata)
        points = f"[npgpt]\n{scaffold.name} = {values['package']}._plugin\n"
        (info / "entry_points.txt").write_text(points)


def measure(repeats: int) -> dict[str, dict[str, float]]:
    """Seconds of each command, "median" and "fastest" of ``repeats`` rounds taken in turn."""
    with TemporaryDirectory() as folder:
        plugins = Path(folder) / "plugins"
        plugins.mkdir()
        write_plugins(plugins, PLUGINS)
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE_CLICK)
        alone = {**os.environ, "NPGPT_LOAD_PLUGINS": ""}
        with_plugins = {**os.environ, "PYTHONPATH": str(plugins)}
        with_plugins.pop("NPGPT_LOAD_PLUGINS", None)
        npgpt = [sys.executable, "-c", NPGPT]
        commands = {
            "python": ([sys.executable, "-c", ""], alone),
            "bare Click --help": ([sys.executable, str(bare), "--help"], alone),
            "npgpt --help, no plugins": ([*npgpt, "--help"], alone),
            f"npgpt --help, {PLUGINS} plugins": ([*npgpt, "--help"], with_plugins),
            f"npgpt train --help, {PLUGINS} plugins": ([*npgpt, "train", "--help"], with_plugins),
            f"npgpt plugins, {PLUGINS} plugins": ([*npgpt, "plugins"], with_plugins),
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for round_number in range(repeats + 1):
            for name, (command, environment) in commands.items():
                start = time.perf_counter()
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                if round_number:  # the first writes the compiled files
                    seconds[name].append(time.perf_counter() - start)
    return {
        name: {"median": statistics.median(times), "fastest": min(times)}
        for name, times in seconds.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=20)
    results = measure(parser.parse_args().repeats)
    bare = results["bare Click --help"]
    print(f"{'':36} {'median':>9} {'fastest':>9}   of bare Click")
    for name, times in results.items():
        ratios = "  ".join(f"{times[key] / bare[key]:5.2f}" for key in ("median", "fastest"))
        row = " ".join(f"{times[key] * 1000:6.1f} ms" for key in ("median", "fastest"))
        print(f"{name:36} {row}   {ratios}")


if __name__ == "__main__":
    main()
