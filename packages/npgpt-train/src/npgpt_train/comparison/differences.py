"""What a comparison compares: read off the settings that its runs do not have in common."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from npgpt_train.settings.settings import PARTS, Settings

Results = Mapping[str, Any]  # what ``report.json`` holds
OTHER = "settings"


def diverged(results: Results) -> Mapping[str, Any]:
    """The runs that diverged, by name; an early report has none."""
    return results.get("diverged", {})


def own_settings(results: Results) -> dict[str, Mapping[str, Any]]:
    """The settings that not all runs have, of each, the diverged ones last."""
    runs = {**results["runs"], **diverged(results)}
    return {name: run.get("settings", {}) for name, run in runs.items()}


def differing(results: Results) -> list[str]:
    """The settings that differ between the runs, options of parts as ``part.option``."""
    common = results["setting"]
    own = (key for settings in own_settings(results).values() for key in settings)
    names = [field.name for field in fields(Settings)]  # an early report has no settings of runs
    return [key for key in dict.fromkeys([*names, *own]) if key not in common]


def differs(results: Results, *names: str) -> bool:
    """Whether a setting differs, or for a part an option of it."""
    return any(key.partition(".")[0] in names for key in differing(results))


def same_tokens(results: Results) -> bool:
    """Whether a token is the same thing in all runs, so that losses per token compare."""
    return not differs(results, "tokenizer")


def same_model(results: Results) -> bool:
    """Whether all runs have the same tokens and the same parameters."""
    return not differs(results, "tokenizer", "model", "block_size")


def is_lossy(results: Results) -> bool:
    """Whether a tokenizer loses something of the text: it has a price then, or none can be told."""
    lost = [run["held_out"]["lost_bits_per_character"] for run in results["runs"].values()]
    return any(prices is None or any(prices.values()) for prices in lost)


def title(results: Results) -> str:
    """The runs, what is compared, and what is the same."""
    names = list(own_settings(results))
    if len(names) == 1:
        return f"{names[0]}: one run"
    kinds = compared(results)
    words = " and ".join(filter(None, [", ".join(kinds[:-1]), *kinds[-1:]]))
    same = "text" if differs(results, "model") else "model and text"
    return f"{', '.join(names)}: {words} compared on the same {same}"


def compared(results: Results) -> list[str]:
    """The kinds of things that differ, in words: the parts, else the settings, and the seeds."""
    keys = differing(results)
    kinds = [f"{part}s" for part in PARTS if part in keys]
    if not kinds and any(key != "seed" for key in keys):
        kinds.append(OTHER)
    return [*kinds, "seeds"] if "seed" in keys else kinds or [OTHER]
