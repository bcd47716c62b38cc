"""How long ``npgpt --help`` takes with 20 plugins, beside a Click program that does nothing.

The plugins are lazy ones as ``npgpt plugins new`` writes them, real distributions on PYTHONPATH.
All programs run from compiled files, as installed ones do.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.comparison import Comparison
from benchmarks.plan import Plan
from benchmarks.side import Rounds

ROUNDS = 20
PLUGINS = 20
BARE = "bare Click --help"

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


def measure(plan: Plan) -> Iterator[Comparison]:
    """The commands in turn, the first round not counted: it writes the compiled files."""
    rounds = Rounds({}, {}, {})
    with TemporaryDirectory() as folder:
        plugins = Path(folder) / "plugins"
        plugins.mkdir()
        write_plugins(plugins, PLUGINS)
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE_CLICK)
        environment = {**plan.environment, "PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled")}
        for variable in ("PYTHONDONTWRITEBYTECODE", "NPGPT_LOAD_PLUGINS", "PYTHONPATH"):
            environment.pop(variable, None)
        alone = {**environment, "NPGPT_LOAD_PLUGINS": ""}
        with_plugins = {**environment, "PYTHONPATH": str(plugins)}
        npgpt = [sys.executable, "-c", NPGPT]
        commands = {
            "Python alone": ([sys.executable, "-c", ""], alone),
            BARE: ([sys.executable, str(bare), "--help"], alone),
            "npgpt --help, no plugins": ([*npgpt, "--help"], alone),
            "npgpt --help": ([*npgpt, "--help"], with_plugins),
            "npgpt train --help": ([*npgpt, "train", "--help"], with_plugins),
            "npgpt plugins": ([*npgpt, "plugins"], with_plugins),
        }
        for turn in range(plan.rounds(ROUNDS) + 1):
            for name, (command, variables) in commands.items():
                start = time.perf_counter()
                subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
                if turn:
                    rounds.figures.setdefault(name, []).append(time.perf_counter() - start)
    yield Comparison("startup", f"{PLUGINS} lazy plugins", BARE, rounds)
