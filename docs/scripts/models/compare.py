"""Take what ``npgpt compare --models gpt,llama`` found into docs/MODELS.md: comparison.json.

    npgpt compare --models gpt,llama --preset quick --data tiny-shakespeare --out runs/families
    python docs/scripts/models/compare.py runs/families

Times are left out, because they are the machine's; ladder.py measures them.
"""

import json
import sys
from pathlib import Path

from npgpt_train.machine.json_text import format_json

RESULTS = Path(__file__).parents[2] / "results/models/comparison.json"
SETTING = ("preset", "tokenizer", "batch_size", "block_size", "max_iters", "seed")


def main(folder: str) -> None:
    """Write what the page shows of the report in a folder."""
    report = json.loads((Path(folder) / "report.json").read_text("utf-8"))
    found = {
        "date": report["date"],
        "setting": {key: report["setting"][key] for key in SETTING},
        "data": {key: report["data"][key] for key in ("characters", "sha256")},
        "runs": {
            name: {"parameters": run["model"]["parameters"], **run["held_out"]}
            for name, run in report["runs"].items()
        },
    }
    RESULTS.write_text(format_json(found) + "\n", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
