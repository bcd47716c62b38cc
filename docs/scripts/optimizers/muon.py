"""Train GPTs with Adam and Muon at five learning rates each, for docs/OPTIMIZERS.md: muon.json.

    python docs/scripts/optimizers/muon.py            about twenty minutes on two quiet cores

What was interrupted goes on with the same command, and what is finished in ``--out`` is not trained
again; docs/results/optimizers/muon.json, or what ``--json`` names, is written after every run.
Neither optimizer decays weights here, so that they differ in nothing else. After the ten runs, Muon
trains at its best rate for shorter times, each with a cosine of its own: a curve that crosses
another's end says less, because its learning rate is still high there. What a step costs is taken
from short runs of both in turn, so that what else the machine does strikes both.
"""

import argparse
import math
import statistics
from pathlib import Path
from typing import Any

from npgpt_train import Run, train
from npgpt_train.machine.json_text import format_json

RESULTS = Path(__file__).parents[2] / "results/optimizers/muon.json"
RATES = {
    "adam": ("5e-4", "1e-3", "2e-3", "4e-3", "8e-3"),
    "muon": ("1e-3", "2e-3", "4e-3", "8e-3", "1.6e-2"),
}
OPTIONS = {"adam": {}, "muon": {"optimizer.weight_decay": 0.0}}
SHORTER = (0.5, 0.6, 0.7, 0.8)  # shares of the steps
EVALUATIONS = 20  # a run
WINDOW = 10  # steps: the curves of training are means over so many
PAIRS, TIMED = 6, 60  # short runs of each that are timed in turn, and the steps of one


def trained(
    folder: Path,
    optimizer: str,
    lr: str,
    steps: int,
    given: dict[str, Any],
    evaluations: int = EVALUATIONS,
) -> Run:
    """The finished run in ``folder``: found there, continued, or trained from the start."""
    if (folder / "run.json").exists():
        run = Run.open(folder)
        return run if run.is_finished else train(out=folder, resume=True)
    return train(
        out=folder,
        optim=optimizer,
        lr=float(lr),
        max_iters=steps,
        eval_interval=max(1, steps // evaluations),
        options=OPTIONS[optimizer],
        **given,
    )


def steps_of(run: Run) -> list[dict[str, Any]]:
    """The events of its steps."""
    return [event for event in run.metrics() if "loss" in event]


def measured(run: Run) -> dict[str, Any]:
    """What muon.json keeps of a run; losses that are not finite are null."""
    losses = [event["loss"] for event in steps_of(run)]
    evaluations = [event for event in run.metrics() if "val_loss" in event]
    return {
        "steps": len(losses),
        "val": finite(evaluations[-1]["val_loss"]),
        "evaluations": [[e["step"], finite(e["val_loss"])] for e in evaluations],
        "curve": [
            finite(statistics.fmean(losses[i : i + WINDOW])) for i in range(0, len(losses), WINDOW)
        ],
    }


def timed(out: Path, rates: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    """Seconds of a step of each, minimum and median, and Muon's as multiples of Adam's."""
    seconds: dict[str, list[float]] = {name: [] for name in rates}
    for number in range(PAIRS):
        for name, lr in rates.items():
            run = trained(out / f"timed-{name}-{number}", name, lr, TIMED, given, 1)
            seconds[name] += [event["seconds"] for event in steps_of(run)]
    found = {
        name: {"minimum": min(of), "median": statistics.median(of)} for name, of in seconds.items()
    }
    ratio = {key: found["muon"][key] / found["adam"][key] for key in ("minimum", "median")}
    return {**found, "ratio": ratio}


def finite(loss: float) -> float | None:
    """A loss to five digits; None if it is no number."""
    return float(f"{loss:.5g}") if math.isfinite(loss) else None


def best(runs: dict[str, dict[str, Any]]) -> str:
    """The learning rate with the lowest loss at the end."""
    return min(runs, key=lambda lr: math.inf if runs[lr]["val"] is None else runs[lr]["val"])


def summary(runs: dict[str, dict[str, Any]], shorter: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The best of each; when Muon is where Adam ends, and what a step of it costs."""
    rates = {name: best(of) for name, of in runs.items()}
    adam, muon = (runs[name][rates[name]] for name in ("adam", "muon"))
    reached = [step for step, val in muon["evaluations"] if val is not None and val <= adam["val"]]
    enough = [run["steps"] for run in shorter.values() if (run["val"] or math.inf) <= adam["val"]]
    return {
        "best": {
            name: {"lr": float(lr), "val": runs[name][lr]["val"]} for name, lr in rates.items()
        },
        "best_is_inside": {name: lr in RATES[name][1:-1] for name, lr in rates.items()},
        "adam_steps": adam["steps"],
        "crossed_at": min(reached, default=None),  # the evaluation at which the curve is there
        "enough_steps": min(enough, default=None),  # the shortest whole run that ends there
    }


def main() -> None:
    """Train what is missing, and write what there is after every run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/muon"), help="folder of the runs")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--preset", default="quick", help="of npgpt train")
    parser.add_argument("--data", default="shakespeare", help="of npgpt train")
    parser.add_argument("--steps", type=int, default=1200, help="of every run but the shorter ones")
    parser.add_argument("--seed", type=int, default=1337)
    asked = parser.parse_args()
    given = {"preset": asked.preset, "data": asked.data, "eval_iters": 20, "seed": asked.seed}
    runs: dict[str, dict[str, Any]] = {name: {} for name in RATES}
    shorter: dict[str, dict[str, Any]] = {}
    found: dict[str, Any] = {
        "setting": {**given, "steps": asked.steps, "window": WINDOW},
        "runs": runs,
        "shorter": shorter,
    }

    def write() -> None:
        asked.json.write_text(format_json(found) + "\n", "utf-8")

    for name, rates in RATES.items():
        for lr in rates:
            folder = asked.out / f"{name}-{lr}"
            runs[name][lr] = measured(trained(folder, name, lr, asked.steps, given))
            print(f"{name} {lr}: {runs[name][lr]['val']}", flush=True)
            write()
    lr = best(runs["muon"])
    for share in SHORTER:
        steps = round(share * asked.steps)
        folder = asked.out / f"muon-{lr}-{steps}"
        shorter[str(steps)] = measured(trained(folder, "muon", lr, steps, given))
        print(f"muon {lr}, {steps} steps: {shorter[str(steps)]['val']}", flush=True)
        write()
    found["seconds_per_step"] = timed(asked.out, {name: best(runs[name]) for name in RATES}, given)
    found["summary"] = summary(runs, shorter)
    write()
    print(format_json(found["summary"]))


if __name__ == "__main__":
    main()
