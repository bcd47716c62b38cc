"""A case, drawn from its number: a command with its options, what is planted, and its state."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from plants import PLANTS

from npgpt_core import registry
from npgpt_core.testing.layers.cases import gradient_cases

TINY = ["--preset", "tiny", "--n-layer", "1", "--n-embd", "8", "--block-size", "8"]
TINY += ["--batch-size", "2", "--max-iters", "2", "--eval-interval", "2", "--eval-iters", "1"]
RUNS = ["run", "runs/begun", "compared/runs/char"]
TEXTS = ["the king", "HAMLET:\n", "é", "“élan” ☃ 🙂", "a" * 300, "the king speaks " * 300]
ODD = [
    *("", " ", "-", "--", "-1", "\n", "\t", "\x1b[31m", "\r", "\x7f", "\u202e", "☃", "e\u0301"),
    *("$(touch owned)", "`touch owned`", "; touch owned", "| cat", "<b>&amp;", "%s%n", "{0}", "*"),
    *("a" * 300, "a" * 5000, "a b/c d", os.fsdecode(b"\xff\xfe"), "[0-9", "**", "~", "~nobody/x"),
    *("nan", "null", "None", "true", "[[[[", "{", '"', "'", "\\", "a=b", "a=b=c", "=", "a.b.c=1"),
]
WHOLE = [
    *("0", "-1", "1", "2", "3", "7", "100", str(2**31), str(2**53 + 1), str(2**63 - 1)),
    *(str(2**63), "9" * 400, "1e3", "1.5", "0x10", "1_0", "٣", " 2 ", "+2", "nan", "inf", ""),
]
REAL = ["0", "-0.0", "-1", "1", "0.5", "1e-3", "1e-320", "1e308", "1e400", "nan", "inf", "-inf", ""]
ASSIGNMENTS = [
    *("tokenizer.min_frequency=2", "model.dropout=0.5", "model.dropout=2", "model.n_layer=0"),
    *("model.activation=gelu", "model.activation=x", "model.tie_embeddings=true", "model.n_head=3"),
    *("optimizer.weight_decay=inf", "optimizer.beta2=nan", "optimizer.beta1=-1", "optimizer.lr=1"),
    *("model.__class__=1", "schedule.warmup_iters=9223372036854775808", "schedule.min_lr=1e308"),
    *("model.n_layer=9223372036854775807", "model.n_embd=1000000", "tokenizer.vocab_size=[]"),
    *("model.dropout=0.99999999999", "optimizer.eps=0", "optimizer.eps=1e-320", "dataset.x=1"),
]
CONFIGS = ["config.toml", "bad.toml", "play.txt", "run", "missing.toml", *ODD]
PATHS = ["play.txt", "a b/$(x).txt", "run", "empty", "runs", "missing", "play.txt/x", *ODD]
LONG = {"max_iters", "eval_iters", "max_new_tokens", "num_samples"}
"""Options that may rightly make a command endless."""
HEAVY = {"batch_size", "block_size", "grad_accumulation", "n_layer", "n_embd", "n_head"}
HEAVY |= {"vocab_size", "workers", "seeds", "top", "assignments", "variants", "config", "preset"}
"""Options that may rightly make a single step long."""
BESIDE = [
    *(".{}.new", "checkpoints/.step-000002.new", "checkpoints/.step-000004.new", ".lock"),
    *("checkpoints/.step-9", "checkpoints/.step-000002.old", "checkpoints/step-000003"),
    *("curves.png", "sample.txt", "figures", "figures/all.svg", "report.html", "latest", "best"),
    *("metrics.jsonl", ".curves.png.new", ".metrics.jsonl.new", ".run.json.new", "checkpoints"),
]
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
DEAF = ["closed", "full", "left"]
ENCODINGS = ["latin-1", "ascii", "utf-16", "cp1252", "cp037", "utf-8:strict", "shift_jis", "utf-7"]
ENVIRONMENTS: list[dict[str, str | None]] = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"HOME": "/proc/none", "MPLCONFIGDIR": None, "TMPDIR": "/proc/none"},
    {"HOME": None, "LC_ALL": "xx_YY.nonsense", "TZ": "Nowhere/Nothing"},
    {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "1"},
    {"TERM": "", "FORCE_COLOR": "1", "COLUMNS": "1000000"},
    {"COLUMNS": "0", "LINES": "0", "TERM": "unknown"},
    {"COLUMNS": "-1", "TMPDIR": "/missing"},
    *({"NPGPT_CACHE": name} for name in ("play.txt", "run", "a" * 300, "\udcff", "a b", "\t")),
    *({"NPGPT_DISABLE_PLUGINS": name} for name in ("npgpt-train", "x", ",,", "npgpt-optim")),
    *({"NPGPT_LOAD_PLUGINS": name} for name in ("", "x", "\udcff")),
    {"NPGPT_PLUGIN_STRICT": "1"},
    {"MPLBACKEND": "nonsense"},
    {"PYTHONOPTIMIZE": "2"},
    *({"OPENBLAS_NUM_THREADS": value} for value in ("0", "-1", "x")),
    *({"PMI_SIZE": value} for value in ("x", "-1", "1")),
    *(
        {"PYTHONIOENCODING": value}
        for value in ("ascii:ignore", "utf-8:surrogateescape", ":replace")
    ),
]


@dataclass
class Case:
    """One call of the command, and the world that it meets.

    Args:
        number: decides everything else.
        command: what follows ``npgpt``.
        writes: paths below the case's folder at which it may change something.
        plants: path -> what is put there before.
        state: of the process; see ``state_of``.
        given: names of the options that were given an odd value.
    """

    number: int
    command: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    plants: dict[str, str] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)

    @property
    def is_endless(self) -> bool:
        """Whether it may rightly need more time than there is."""
        waits = self.state.get("stdin") == "waiting"
        endless = any(
            kind == "holes" and path.endswith(".txt") for path, kind in self.plants.items()
        )
        return waits or endless or bool(self.given & (LONG | HEAVY))


def draw(number: int, place: Path) -> Case:
    """The case of a number, for a place as ``place.make`` makes it."""
    rng, case = random.Random(number), Case(number)
    usual, writes = rng.choice(COMMANDS)(rng)
    case.command, case.writes = usual, [*writes, "cache"]
    if rng.random() < 0.5:
        _with_odd_options(case, rng)
    if rng.random() < 0.7:
        _with_plants(case, rng, place)
    if rng.random() < 0.6:
        case.state = state_of(rng, case)
    return case


# ------------------------------------------------------------------------- commands


def _train(rng):
    out = rng.choice(["new", "new/deep/run", "a b/new", "ne\udcffw", "empty", "run", "play.txt"])
    data = rng.choice(["play.txt", "a b/$(x).txt", "a b"])
    tokenizer = rng.choice(["char", "word", "bpe", "byte-bpe"])
    command = ["train", "--data", data, "--out", out, *TINY, "--tokenizer", tokenizer]
    if rng.random() < 0.2:
        del command[3:5]
        out = "runs"
    return command, [f"work/{out}"]


def _from_run(rng):
    command = ["train", "--init-from", rng.choice(RUNS), "--data", "play.txt", "--out", "new"]
    return [*command, *TINY], ["work/new"]


def _resume(rng):
    run = rng.choice(RUNS)
    command = ["train", "--resume", "--out", run, "--max-iters", str(rng.choice([2, 4, 6]))]
    if rng.random() < 0.2:
        return ["train", "--resume"], ["work/runs/begun"]
    return command, [f"work/{run}"]


def _compare(rng):
    out = rng.choice(["new", "compared", "compared", "a b/new"])
    command = ["compare", "--out", out, "--data", "play.txt", *TINY]
    return [*command, "--tokenizers", rng.choice(["char", "char,word"])], [f"work/{out}"]


def _plot(rng):
    run = rng.choice(RUNS)
    inside = f"{run}/{rng.choice(['p.png', 'checkpoints/p.svg', 'run.json', 'curves.png'])}"
    out = rng.choice([None, "p.png", "a b/p.svg", "missing/p.png", "play.txt", inside])
    command = ["plot", run, *(["--out", out] if out else [])]
    return command, [f"work/{out or run + '/curves.png'}"]


def _attention(rng):
    run = rng.choice(RUNS)
    out = rng.choice([None, "p.png", f"{run}/p.png", "p.svg"])
    command = ["explain", "attention", run, rng.choice(TEXTS), *(["--out", out] if out else [])]
    return command, [f"work/{out}"] if out else []


def _reads(*words):
    """A command that only reads."""

    def command(rng):
        ready = {"RUN": RUNS, "TEXT": TEXTS}
        return [rng.choice(ready.get(word, [word])) for word in words], []

    return command


def _scaffold(rng):
    kind = rng.choice(list(registry.KINDS))
    return ["plugins", "new", kind, "mine", "--out", "new"], ["work/new"]


def _check(rng):
    return ["check-grads", rng.choice(list(gradient_cases()))], []


COMMANDS = [
    *(_train, _train, _train, _from_run, _resume, _resume, _resume, _compare, _compare),
    *(_plot, _plot, _attention, _scaffold, _check),
    *[_reads("generate", "RUN", "--max-new-tokens", "20", "--prompt", "TEXT")] * 2,
    *[_reads("generate", "RUN", "--max-new-tokens", "9", "--prompt", "-")],
    *[_reads("evaluate", "RUN")] * 2,
    *(_reads("tokenize", "RUN", "TEXT"), _reads("tokenize", "run/tokenizer.json", "TEXT")),
    *(_reads("tokenize", "RUN"), _reads("tokenize", "RUN", "--decode", "3 4 5")),
    *(_reads("explain", "forward", "RUN", "TEXT"), _reads("explain", "backward", "RUN", "TEXT")),
    *(_reads("explain", "step", "RUN"), _reads("explain", "tokenize", "RUN", "TEXT")),
    *(_reads("explain", "tokenize", "bpe", "TEXT"), _reads("runs"), _reads("runs", ".")),
    *(_reads("cache"), _reads("cache", "clear"), _reads("plugins"), _reads("plugins", "--check")),
    *(_reads("plugins", "show", "optimizer", "adam"), _reads("--version"), _reads("--help")),
]


def _with_odd_options(case: Case, rng: random.Random) -> None:
    """Replace arguments, and add options that the command has, some with absurd values."""
    found, depth = _command(case.command)
    options = [p for p in found.params if isinstance(p, click.Option) and p.name != "help"]
    for option in rng.sample(options, min(len(options), rng.choice([1, 1, 2, 4]))):
        case.given.add(str(option.name))
        flag = rng.choice(option.opts)
        if option.is_flag:
            case.command.append(flag)
            continue
        value = rng.choice(_values(option))
        case.command += [flag, value]
        if option.name == "out":
            case.writes.append(f"work/{value}")
    if rng.random() < 0.15 and len(case.command) > depth:
        place = rng.randrange(depth, len(case.command))
        case.command[place] = rng.choice([*ODD, *PATHS])
        case.given |= LONG
        case.writes.append(f"work/{case.command[place]}")


def _command(words: list[str]) -> tuple[click.Command, int]:
    """The command that some words begin with, and how many of them are its name."""
    if words[0].startswith("-"):
        return click.Command("npgpt"), 0
    found, depth = registry.load("command", words[0]), 1
    while isinstance(found, click.Group) and len(words) > depth and words[depth] in found.commands:
        found, depth = found.commands[words[depth]], depth + 1
    return found, depth


def _values(option: click.Option) -> list[str]:
    name, kind = option.name, option.type.name
    if name == "assignments":
        return ASSIGNMENTS + ODD
    if name == "variants":
        return [*ASSIGNMENTS, "optim=sgd lr=0.5", "name=a lr=1", "name=../../x", "name=" + ODD[-1]]
    if name == "config":
        return CONFIGS
    if name == "checkpoint":
        return ["best", "latest", "0", "2", "4", "3", *WHOLE, *ODD]
    if name in ("tokenizers", "models", "optimizers"):
        return ["char", "char,char", "adam,sgd", "gpt", "x", ",,", *ODD]
    if "integer" in kind:
        return WHOLE
    if "float" in kind:
        return REAL
    if isinstance(option.type, click.Choice):
        return [*option.type.choices, *ODD]
    if kind in registry.KINDS:
        return [*registry.names(kind), *ODD]
    return PATHS


# --------------------------------------------------------------------------- plants


def _with_plants(case: Case, rng: random.Random, place: Path) -> None:
    """Choose what to plant where the command works, or anywhere."""
    near = [word for word in case.command if word and os.path.isdir(place / "work" / word)]
    base = place / rng.choice([*(f"work/{word}" for word in near * 3), "work", "cache"])
    paths = [path.relative_to(place) for path in base.rglob("*")] or [Path("cache")]
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        path = rng.choice(sorted(paths))
        if rng.random() < 0.4:
            name = rng.choice(BESIDE)
            if "{}" in name:
                path = path.with_name(name.format(path.name))
            else:
                path = base.relative_to(place) / name
        case.plants[str(path)] = rng.choice(PLANTS)


# --------------------------------------------------------------------------- states


def state_of(rng: random.Random, case: Case) -> dict[str, Any]:
    """One or two things that are unusual about a process, as ``process.py`` knows them."""
    choices: list[dict[str, Any]] = [
        {"stdout": rng.choice([*DEAF, "terminal", "slow"])},
        {"stdout": rng.choice(DEAF), "stderr": rng.choice(DEAF)},
        {"stderr": rng.choice(DEAF)},
        {"stdin": rng.choice(["closed", "text", "bytes", "write-only", "waiting"])},
        {"encoding": rng.choice(ENCODINGS)},
        {"memory": rng.choice([0, 2**20, 2**23, 2**25, 2**27])},
        {"file size": rng.choice([0, 1, 100, 4096, 20_000])},
        {"files": rng.choice([6, 8, 10, 12, 16, 20])},
        {"read only": rng.choice([*case.writes, "work", "cache", "work/run", "work/runs/begun"])},
        {"folder": rng.choice(["deleted", "closed"])},
        {"umask": rng.choice([0o777, 0o000, 0o277, 0o477])},
        {"signals": [(rng.random() ** 2 * 1.5, int(rng.choice(SIGNALS)))]},
        {"signals": [(rng.random(), int(rng.choice(SIGNALS))), (1.0, int(signal.SIGTERM))]},
        {"environment": rng.choice(ENVIRONMENTS)},
    ]
    state: dict[str, Any] = {}
    for chosen in rng.sample(choices, rng.choice([1, 1, 1, 2])):
        state |= chosen
    if "signals" in state:  # how Python ends while it starts is not npgpt's
        state.pop("environment", None)
    elif "environment" in state or rng.random() < 0.2:
        state["fresh"] = True
    return state


def shown(case: Case) -> str:
    """A case in a line."""
    state = {key: value for key, value in case.state.items() if value is not False}
    planted = ", ".join(f"{path!r}: {kind}" for path, kind in case.plants.items())
    words = " ".join(map(_word, case.command)).replace(" ".join(TINY), "TINY")
    return f"npgpt {words} | planted {{{planted}}} | {state}"


def _word(word: str) -> str:
    """A word of a command, so that it can be seen."""
    plain = word.isascii() and word.isprintable() and word and " " not in word
    shown = word if plain else ascii(word)
    return shown if len(shown) < 60 else f"{shown[:20]}...({len(shown)})"
