"""Train every model from GPT to Llama on the same small text, for docs/MODELS.md: ladder.json.

    python docs/scripts/models/ladder.py            less than ten minutes on two quiet cores
    python docs/scripts/models/ladder.py --times    only the times anew; nothing else may run then

Each rung of rungs.py is trained with each seed. The runs of one seed meet the same batches. What is
in ladder.json is not trained again, so that what was interrupted goes on with the same command. A
step and a new token are timed in turns, rung after rung, so that what else the machine does strikes
all of them.
"""

import argparse
import functools
import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
from rungs import RUNGS, SHAPE
from threadpoolctl import threadpool_limits

from npgpt_core import CrossEntropy, Module, generate, registry
from npgpt_optim import Adam, WarmupCosine, clip_grad_norm
from npgpt_tokenizers import CharTokenizer
from npgpt_train.loop.batches import draw_batch
from npgpt_train.machine.json_text import format_json

RESULTS = Path(__file__).parents[2] / "results/models/ladder.json"
CHARACTERS = 1_000_000  # the beginning of shakespeare; the last tenth of it is for validation
BATCH, STEPS, LR, VALIDATION_BATCHES = 16, 600, 2e-3, 64
SEEDS = (1337, 1338, 1339)
TURNS, TIMED_STEPS, NEW_TOKENS = 12, 5, SHAPE["block_size"] - 1


@functools.cache
def data() -> tuple[int, Any, Any]:
    """V, the training tokens and the validation tokens."""
    text = "".join(registry.create("dataset", "shakespeare").texts())[:CHARACTERS]
    tokenizer = CharTokenizer()
    tokenizer.train([text])
    tokens = tokenizer.encode(text)
    return tokenizer.vocab_size, tokens[: -CHARACTERS // 10], tokens[-CHARACTERS // 10 :]


class Training:
    """A rung and what trains it, a step a call."""

    def __init__(self, rung: str, seed: int) -> None:
        vocab_size, self.tokens, _ = data()
        self.model = RUNGS[rung](vocab_size, np.random.default_rng((seed, 0)))
        self.optimizer, self.criterion = Adam(self.model, lr=LR), CrossEntropy()
        self.schedule = WarmupCosine(lr=LR, max_iters=STEPS)
        self.rng = np.random.default_rng((seed, 1))

    def __call__(self, step: int) -> None:
        """Forward, backward, update."""
        x, y = draw_batch(self.tokens, BATCH, SHAPE["block_size"], self.rng)
        self.criterion(self.model(x), y)
        self.optimizer.zero_grad()
        self.model.backward(self.criterion.backward())
        clip_grad_norm(self.model, 1.0)
        self.optimizer.lr = self.schedule(step)
        self.optimizer.step()


def validation_loss(model: Module) -> float:
    """Mean loss over batches that are the same for every run."""
    criterion, rng = CrossEntropy().eval(), np.random.default_rng(0)
    model.eval()
    tokens, block_size = data()[2], SHAPE["block_size"]
    batches = (draw_batch(tokens, BATCH, block_size, rng) for _ in range(VALIDATION_BATCHES))
    return float(np.mean([criterion(model(x), y) for x, y in batches]))


def trained(rung: str, seed: int) -> float:
    """The loss at the end of one run."""
    training = Training(rung, seed)
    with threadpool_limits(1, user_api="blas"):
        for step in range(STEPS):
            training(step)
        return validation_loss(training.model)


def timed() -> dict[str, Any]:
    """Milliseconds of a step and of a new token of every rung, and as multiples of the GPT's."""
    trainings = {rung: Training(rung, SEEDS[0]) for rung in RUNGS}
    steps: dict[str, list[float]] = {rung: [] for rung in RUNGS}
    tokens: dict[str, list[float]] = {rung: [] for rung in RUNGS}
    with threadpool_limits(1, user_api="blas"):
        for _ in range(TURNS):
            for rung, training in trainings.items():
                for step in range(TIMED_STEPS):
                    start = time.perf_counter()
                    training(step)
                    steps[rung].append(time.perf_counter() - start)
                start = time.perf_counter()
                generate(training.model, [1], NEW_TOKENS, seed=0)
                tokens[rung].append((time.perf_counter() - start) / NEW_TOKENS)
    return {"step": compared(steps), "token": compared(tokens)}


def compared(seconds: dict[str, list[float]]) -> dict[str, Any]:
    """The median and the shortest time of each rung, in ms, and as multiples of the GPT's."""
    found = {
        rung: {"minimum": 1000 * min(of), "median": 1000 * statistics.median(of)}
        for rung, of in seconds.items()
    }
    return {
        rung: {**of, "ratio": of["minimum"] / found["gpt"]["minimum"]} for rung, of in found.items()
    }


def sizes(rung: str) -> dict[str, int]:
    """Parameters of the model, and bytes of keys and values that a token leaves in the cache."""
    model = RUNGS[rung](data()[0], np.random.default_rng(0))
    cache = model.new_cache(1)  # type: ignore[attr-defined]
    model.eval()(np.zeros((1, 1), np.intp), cache)
    kept = [array[:, :, :1].nbytes for block in cache for array in (block.k, block.v)]
    return {"parameters": model.num_parameters(), "cache": sum(kept)}


def summary(losses: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Mean and spread of the losses over the seeds, and what each rung gains over the one below."""
    found: dict[str, Any] = {}
    below = None
    for rung, by_seed in losses.items():
        mean = statistics.fmean(by_seed.values())
        spread = max(by_seed.values()) - min(by_seed.values())
        found[rung] = {"mean": mean, "spread": spread}
        if below is not None:
            found[rung]["gain"] = found[below]["mean"] - mean
        below = rung
    return found


def main() -> None:
    """Train what is missing, and write what there is after every run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--times", action="store_true", help="measure only the times")
    asked = parser.parse_args()
    found = json.loads(asked.json.read_text("utf-8")) if asked.json.exists() else {}
    losses = found.setdefault("losses", {rung: {} for rung in RUNGS})

    def write() -> None:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(format_json(found) + "\n", "utf-8")

    vocab_size, train_tokens, _ = data()
    found["setting"] = {
        **SHAPE,
        "vocab_size": vocab_size,
        "train_tokens": len(train_tokens),
        "batch": BATCH,
        "steps": STEPS,
        "lr": LR,
        "seeds": len(SEEDS),
    }
    found["sizes"] = {rung: sizes(rung) for rung in RUNGS}
    missing = [(r, s) for s in SEEDS for r in RUNGS if str(s) not in losses[r]]
    if missing and not asked.times:
        with ProcessPoolExecutor(max_workers=2) as pool:
            runs = {pool.submit(trained, *run): run for run in missing}
            for future in as_completed(runs):
                rung, seed = runs[future]
                losses[rung][str(seed)] = round(future.result(), 5)
                print(f"{rung} {seed}: {losses[rung][str(seed)]}", flush=True)
                write()
    found["times"] = timed()
    found["summary"] = summary(losses)
    write()
    print(format_json(found["summary"]))


if __name__ == "__main__":
    main()
