"""Fuzz the readers guided by coverage, with atheris (``pip install atheris``), as long as you like.

    python tests/fuzz_coverage.py READER [-max_total_time=60]

READER is run, arrays, state, metrics, config, or a tokenizer: char, word, bpe, byte-bpe. Begins
with the files of a run that is trained first; ends at the first error that is not documented.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["npgpt_core", "npgpt_tokenizers", "npgpt_train"]):
    from npgpt_core import registry
    from npgpt_core.errors import NpgptError
    from npgpt_train import Run, load_run, train
    from npgpt_train.machine.disk import Folder
    from npgpt_train.run.metrics import read_metrics
    from npgpt_train.settings.choices import choose, read_config
    from npgpt_train.settings.parts import resolve
    from npgpt_train.text.tokenizer_file import MAX_SIZE

TEXT = "The king, my lord!\nTo be, or not to be.\n" * 50
CHECKPOINT = "checkpoints/step-000002"
FILES = {
    "run": "run.json",
    "arrays": f"{CHECKPOINT}/model.safetensors",
    "state": f"{CHECKPOINT}/state.json",
    "metrics": "metrics.jsonl",
    "config": "config.toml",
}


def read(reader, run, path):
    """What npgpt does with such a file."""
    if reader in ("run", "arrays"):
        load_run(run)
    elif reader == "state":
        Run.open(run).checkpoints.load(2, 10**6)
    elif reader == "metrics":
        read_metrics(path)
    elif reader == "config":
        resolve(choose(config=read_config(path)))
    else:
        state = Folder(path.parent).read_json(path.name, MAX_SIZE)
        tokenizer = registry.load("tokenizer", reader).from_state(state)
        tokenizer.decode(tokenizer.encode("The king"))


def main():
    """Train, then feed."""
    reader = sys.argv.pop(1)
    folder = Path(tempfile.mkdtemp(prefix="npgpt-fuzz-"))
    (folder / "text.txt").write_text(TEXT)
    tokenizer = reader if reader not in FILES else "char"
    size = {} if tokenizer == "char" else {"vocab_size": 300}
    settings = {"preset": "tiny", "max_iters": 2, "eval_interval": 2, "eval_iters": 1, **size}
    run = train(data=str(folder / "text.txt"), tokenizer=tokenizer, out=folder / "run", **settings)
    path = run.folder / FILES.get(reader, "tokenizer.json")
    seeds = folder / "seeds"
    seeds.mkdir()
    if path.exists():
        (seeds / path.name).write_bytes(path.read_bytes())

    def one_input(data):
        path.write_bytes(data)
        with contextlib.suppress(NpgptError):
            read(reader, run.folder, path)

    atheris.Setup([*sys.argv, str(seeds)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
