"""Train for an hour with a checkpoint every few seconds: does memory grow, do files stay open?

    python tests/soak.py [--minutes 60]

Prints the resident memory and the number of open files of the training process over time, and
exits with 1 if the median of the last quarter after the warm-up is more than 5 % above that of the
first, in memory, or differs in files (a single look may meet a checkpoint being written). Needs
Linux, for /proc.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

WARM_UP = 0.1  # of the time
GROWTH = 0.05
LOOKS = 60
SETTINGS = ["--preset", "tiny", "--n-embd", "128", "--n-layer", "4", "--max-iters", "100000000"]
SETTINGS += ["--eval-interval", "50", "--eval-iters", "2", "--keep", "3", "--workers", "1"]


def main():
    """Start a run, watch it, end it, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    seconds = parser.parse_args().minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        text, out = Path(folder) / "text.txt", Path(folder) / "run"
        text.write_text("To be, or not to be, that is the question:\n" * 5000)
        command = ["npgpt", "train", "--data", str(text), "--out", str(out), *SETTINGS]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            looks = list(watch(process, seconds))
        finally:
            process.terminate()
            process.wait()
        steps = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])["step"]
        kept = len(list((out / "checkpoints").iterdir()))
    late = [look for look in looks if look["minutes"] * 60 > WARM_UP * seconds]
    memory, files = ([look[key] for look in late] for key in ("mebibytes", "files"))
    quarter = max(1, len(late) // 4)
    summary = {
        "minutes": round(seconds / 60),
        "steps": steps,
        "checkpoints_written": steps // 50,
        "checkpoints_kept": kept,
        "mebibytes_after_warm_up": [min(memory), max(memory)],
        "growth": round(median(memory[-quarter:]) / median(memory[:quarter]) - 1, 4),
        "open_files": [median(files[:quarter]), median(files[-quarter:])],
        "exit_code": process.returncode,
    }
    print(json.dumps(summary, indent=1))
    sys.exit(summary["growth"] > GROWTH or len(set(summary["open_files"])) > 1)


def watch(process, seconds):
    """Look at the process now and then."""
    begin = time.monotonic()
    for number in range(1, LOOKS + 1):
        time.sleep(max(0, begin + number * seconds / LOOKS - time.monotonic()))
        if process.poll() is not None:
            sys.exit(f"training ended by itself, with code {process.returncode}")
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        look = {
            "minutes": round((time.monotonic() - begin) / 60, 1),
            "mebibytes": round(int(resident.split()[1]) / 1024, 1),
            "files": len(list(Path(f"/proc/{process.pid}/fd").iterdir())),
        }
        print(json.dumps(look), flush=True)
        yield look


if __name__ == "__main__":
    main()
