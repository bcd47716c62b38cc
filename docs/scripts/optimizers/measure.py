"""Train small GPTs in many ways for docs/OPTIMIZERS.md: results.json, and from it the figures.

    python docs/scripts/optimizers/measure.py            less than five minutes on two quiet cores
    python docs/scripts/optimizers/measure.py --draw     only the figures, from results.json

Runs of one seed start from the same weights and meet the same batches, so that two of them differ
in what they are named after and in nothing else. The same machine gives the same results.json, bit
for bit; another BLAS rounds differently, and training makes more of that.
"""

import argparse
import functools
import json
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import figures
import numpy as np
from threadpoolctl import threadpool_limits
from variants import L2Adam, UncorrectedAdam

from npgpt_core import CrossEntropy, registry
from npgpt_models import GPT, GPTConfig
from npgpt_optim import SGD, Adam, AdamW, Constant, WarmupCosine, clip_grad_norm
from npgpt_tokenizers import CharTokenizer
from npgpt_train.loop.batches import draw_batch
from npgpt_train.machine.json_text import format_json

DOCS = Path(__file__).parents[2]
RESULTS, FIGURES = DOCS / "results/optimizers/results.json", DOCS / "figures/optimizers"
CHARACTERS = 1_000_000  # the beginning of shakespeare; the last tenth of it is for validation
SHAPE = {"block_size": 64, "n_layer": 2, "n_head": 4, "n_embd": 64}
BATCH, STEPS, SEED, VALIDATION_BATCHES = 16, 300, 1337, 32
WINDOW = 5  # steps: the curves of results.json are means over so many
BAD = 150  # the step that meets the bad batch


# ------------------------------------------------------------------------ variants


def warmup_constant(lr: float, max_iters: int) -> Callable[[int], float]:
    """WarmupCosine without the cosine."""
    schedule = WarmupCosine(lr=lr, max_iters=max_iters)
    return lambda step: schedule(min(step, max_iters // 10))


OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "sgd": SGD,
    "momentum": functools.partial(SGD, momentum=0.9),
    "adam": Adam,
    "uncorrected": UncorrectedAdam,
    "adamw-1e-1": functools.partial(AdamW, weight_decay=0.1),
    "adamw-1": functools.partial(AdamW, weight_decay=1.0),
    "l2-1e-4": functools.partial(L2Adam, weight_decay=1e-4),
    "l2-1e-3": functools.partial(L2Adam, weight_decay=1e-3),
}
RECIPES: dict[str, tuple[Callable[..., Callable[[int], float]], float]] = {
    "alone": (Constant, math.inf),  # schedule, largest norm of the gradient
    "clipped": (Constant, 1.0),
    "full": (WarmupCosine, 1.0),
    "no-warmup": (functools.partial(WarmupCosine, warmup_iters=0), 1.0),
    "no-cosine": (warmup_constant, 1.0),
    "no-clipping": (WarmupCosine, math.inf),
}


@dataclass(frozen=True)
class Variant:
    """One run: optimizer, learning rate as written in results.json, recipe, seed."""

    optimizer: str
    lr: str
    recipe: str = "alone"
    seed: int = SEED
    bad: bool = False


ALONE = {
    "sgd": ("1e-2", "3e-2", "1e-1", "3e-1", "1", "3"),
    "momentum": ("3e-3", "1e-2", "3e-2", "1e-1", "3e-1", "1"),
    "adam": ("1e-4", "3e-4", "1e-3", "3e-3", "1e-2", "3e-2"),
    "uncorrected": ("1e-4", "3e-4", "1e-3", "3e-3", "1e-2"),
}
REMOVED = ("full", "no-warmup", "no-cosine", "no-clipping")
RATES = ("1e-3", "3e-3", "1e-2", "3e-2", "1e-1")
HIGH = "1e-2"  # where each removal is repeated with other seeds
SEEDS = (SEED, SEED + 1, SEED + 2)
DECAY = ("adam", "adamw-1e-1", "adamw-1", "l2-1e-4", "l2-1e-3")


def variants() -> list[Variant]:
    """Every run of the chapter, each once."""
    found = [Variant(name, lr) for name, rates in ALONE.items() for lr in rates]
    found += [Variant("adam", lr, recipe) for recipe in REMOVED for lr in RATES]
    found += [Variant("adam", HIGH, recipe, seed) for recipe in REMOVED for seed in SEEDS]
    found += [Variant("momentum", "3e-1", recipe) for recipe in ("full", "no-warmup")]
    found += [Variant("momentum", "1", recipe) for recipe in ("full", "no-clipping")]
    found += [Variant("uncorrected", "3e-3", "full")]
    found += [Variant(name, "3e-3", "full") for name in DECAY]
    found += [
        Variant(name, lr, recipe, bad=True)
        for name, lr in (("momentum", "1e-1"), ("adam", "3e-3"))
        for recipe in ("alone", "clipped")
    ]
    return list(dict.fromkeys(found))


# ------------------------------------------------------------------------ training


@functools.cache
def data() -> tuple[int, Any, Any]:
    """V, the training tokens and the validation tokens."""
    pieces, length = [], 0
    for piece in registry.create("dataset", "shakespeare").texts():
        pieces.append(piece)
        length += len(piece)
        if length >= CHARACTERS:
            break
    text = "".join(pieces)[:CHARACTERS]
    tokenizer = CharTokenizer()
    tokenizer.train([text])
    tokens = tokenizer.encode(text)
    return tokenizer.vocab_size, tokens[: -CHARACTERS // 10], tokens[-CHARACTERS // 10 :]


def run(variant: Variant) -> dict[str, Any]:
    """Train one GPT; the curve, the validation loss and the sizes of what the run left behind."""
    vocab_size, train_tokens, val_tokens = data()
    lr, (recipe, max_norm) = float(variant.lr), RECIPES[variant.recipe]
    config = GPTConfig(vocab_size=vocab_size, **SHAPE)
    model = GPT(config, rng=np.random.default_rng((variant.seed, 0)))
    optimizer = OPTIMIZERS[variant.optimizer](model, lr=lr)
    criterion, schedule = CrossEntropy(), recipe(lr=lr, max_iters=STEPS)
    rng, losses, norms, unused = np.random.default_rng((variant.seed, 1)), [], [], []
    with threadpool_limits(1, user_api="blas"), np.errstate(all="ignore"):
        for step in range(STEPS):
            x, y = draw_batch(train_tokens, BATCH, SHAPE["block_size"], rng)
            if variant.bad and step == BAD:
                x, y = np.ones_like(x), np.ones_like(y)  # a page of nothing but <unk>
            losses.append(float(criterion(model(x), y)))
            optimizer.zero_grad()
            model.backward(criterion.backward())
            norms.append(clip_grad_norm(model, max_norm))
            unused.append(rms(model.token_embedding.weight[:4]))  # the special tokens
            if not (math.isfinite(losses[-1]) and math.isfinite(norms[-1])):
                return {"val": None, "diverged": step, "curve": curve(losses[:-1]), "norms": norms}
            optimizer.lr = schedule(step)
            optimizer.step()
        val = validate(model, criterion, val_tokens)
    if variant.bad:
        losses[BAD] = math.nan  # tells nothing of the model
    return {
        "val": val,
        "curve": curve(losses),
        "norms": norms,
        "unused": unused,
        "weights": sizes(model, train_tokens),
        "gradients": quantiles(optimizer) if "v" in optimizer.slots else None,
    }


def validate(model: GPT, criterion: CrossEntropy, tokens: Any) -> float:
    """Mean loss over batches that are the same for every run."""
    rng = np.random.default_rng(0)
    model.eval()
    criterion.eval()
    block_size = SHAPE["block_size"]
    batches = (draw_batch(tokens, BATCH, block_size, rng) for _ in range(VALIDATION_BATCHES))
    return float(np.mean([criterion(model(x), y) for x, y in batches]))


# ------------------------------------------------------------------------ numbers


def rms(x: Any) -> float:
    """The root of the mean square: the size of a typical number."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))


def curve(losses: list[float]) -> list[float]:
    """Means over windows of steps."""
    return [float(np.nanmean(losses[i : i + WINDOW])) for i in range(0, len(losses), WINDOW)]


def sizes(model: GPT, tokens: Any) -> dict[str, float]:
    """The size of a typical weight in some places."""
    table = model.token_embedding.weight
    frequent = np.argsort(np.bincount(tokens, minlength=len(table)))[-16:]
    return {
        "unused": rms(table[:4]),
        "frequent": rms(table[frequent]),
        "expand": rms(model.blocks[0].ff.expand.weight),
        "head": rms(model.head.weight),
    }


def quantiles(optimizer: Adam) -> dict[str, list[float]]:
    """√v̂ of every array and of all together: its 5, 50 and 95 % quantiles, where it is not 0."""
    correction = math.sqrt(1 - optimizer.beta2**optimizer.t)
    roots = {}
    for name, v in optimizer.slots["v"].items():
        root = np.sqrt(v.ravel()) / correction
        if name.endswith("qkv.bias"):
            for part, third in zip("qkv", np.split(root, 3), strict=True):
                roots[name.replace("qkv", part)] = third
        else:
            roots[name] = root[root > 0]
    roots["all"] = np.concatenate(list(roots.values()))
    return {name: np.quantile(root, (0.05, 0.5, 0.95)).tolist() for name, root in roots.items()}


def counting() -> dict[str, float]:
    """Validation losses of what needs no network: the shares of characters, and of pairs."""
    vocab_size, train_tokens, val_tokens = data()
    single = np.bincount(train_tokens, minlength=vocab_size) + 1.0
    pair = np.ones((vocab_size, vocab_size))
    np.add.at(pair, (train_tokens[:-1], train_tokens[1:]), 1)
    before, after = val_tokens[:-1], val_tokens[1:]
    return {
        "guessing": math.log(vocab_size),
        "characters": float(-np.log(single / single.sum())[after].mean()),
        "pairs": float(-np.log(pair / pair.sum(axis=1, keepdims=True))[before, after].mean()),
    }


def collect(runs: dict[Variant, dict[str, Any]]) -> dict[str, Any]:
    """The runs by section of the chapter, with what the text says about them."""

    def table(optimizer: str, recipe: str, rates: tuple[str, ...]) -> dict[str, Any]:
        rows = {lr: runs[Variant(optimizer, lr, recipe)] for lr in rates}
        best = min(rates, key=lambda lr: rows[lr]["val"] or math.inf)
        near = [lr for lr in rates if (rows[lr]["val"] or math.inf) < rows[best]["val"] + 0.1]
        kept = {lr: {key: rows[lr].get(key) for key in ("val", "curve")} for lr in rates}
        return {
            "best": {"lr": float(best), "val": rows[best]["val"]},
            "near": {"lowest": float(near[0]), "highest": float(near[-1])},
            "at": kept,
        }

    def repeated(recipe: str) -> dict[str, float]:
        values = [runs[Variant("adam", HIGH, recipe, seed)]["val"] for seed in SEEDS]
        return {"mean": float(np.mean(values)), "low": min(values), "high": max(values)}

    def kept(variant: Variant, *keys: str) -> dict[str, Any]:
        return {key: runs[variant].get(key) for key in keys}

    vocab_size, train_tokens, _ = data()
    shape = GPTConfig(vocab_size=vocab_size, **SHAPE)
    adam, full = runs[Variant("adam", "3e-3")], runs[Variant("adam", HIGH, "full")]
    low, median, high = adam["gradients"]["all"]
    names = [n for n in adam["gradients"] if n != "all" and not n.endswith("attn.k.bias")]
    largest = max(names, key=lambda n: adam["gradients"][n][1])
    bad = {
        f"{name}-{recipe}": Variant(name, lr, recipe, bad=True)
        for name, lr in (("momentum", "1e-1"), ("adam", "3e-3"))
        for recipe in ("alone", "clipped")
    }
    return {
        "setting": {
            "parameters": shape.num_parameters,
            "train_tokens": len(train_tokens),
            "tokens_seen": STEPS * BATCH * SHAPE["block_size"],
            "vocab_size": vocab_size,
            "batch": BATCH,
            "steps": STEPS,
            "window": WINDOW,
            "runs": len(runs),
            "share_read": STEPS * BATCH * SHAPE["block_size"] / len(train_tokens),
            **SHAPE,
        },
        "counting": counting(),
        "alone": {name: table(name, "alone", rates) for name, rates in ALONE.items()},
        "gradients": {
            "of": {n: q for n, q in adam["gradients"].items() if n != "all"},
            "all": {"low": low, "median": median, "high": high, "ratio": high / low},
            "keys": adam["gradients"]["blocks.0.attn.k.bias"][1],
            "largest": {"name": largest, "median": adam["gradients"][largest][1]},
            "reach": {  # lr / √v̂: the learning rate that SGD would need to go as far
                "median": 3e-3 / median,
                "largest": 3e-3 / adam["gradients"][largest][1],
            },
        },
        "removed": {recipe: table("adam", recipe, RATES) for recipe in REMOVED},
        "seeds": {recipe: repeated(recipe) for recipe in REMOVED},
        "norms": {
            "first": full["norms"][0],
            "median": float(np.median(full["norms"])),
            "clipped": float(np.mean(np.array(full["norms"]) > 1)),
        },
        "momentum": {
            f"{recipe}-{lr}": kept(Variant("momentum", lr, recipe), "val", "diverged", "curve")
            for recipe, lr in (
                ("full", "3e-1"),
                ("no-warmup", "3e-1"),
                ("full", "1"),
                ("no-clipping", "1"),
            )
        },
        "uncorrected_full": kept(Variant("uncorrected", "3e-3", "full"), "val"),
        "decay": {
            name: kept(Variant(name, "3e-3", "full"), "val", "weights", "unused") for name in DECAY
        },
        "bad": {
            "step": BAD,
            **{
                name: {
                    "norm": runs[variant]["norms"][BAD],
                    "before": float(np.median(runs[variant]["norms"][BAD - 50 : BAD])),
                    **kept(variant, "val", "curve"),
                }
                for name, variant in bad.items()
            },
        },
    }


def rounded(value: Any) -> Any:
    """Floats to five digits: enough for a figure, and easy to compare."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    """Measure, unless told not to, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draw", action="store_true", help="only draw, from results.json")
    if not parser.parse_args().draw:
        wanted = variants()
        with ProcessPoolExecutor(2) as pool:
            runs = {}
            for i, (variant, result) in enumerate(
                zip(wanted, pool.map(run, wanted), strict=True), 1
            ):
                runs[variant] = result
                print(f"{i}/{len(wanted)} {variant} -> {result['val']}", flush=True)
        RESULTS.write_text(format_json(rounded(collect(runs))) + "\n")
    figures.draw(json.loads(RESULTS.read_text()), FIGURES)


if __name__ == "__main__":
    main()
