"""What a comparison compares: read off the settings that its runs do not have in common."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from npgpt_train.settings.settings import PARTS, Settings

Record = Mapping[str, Any]  # what ``report.json`` holds
OTHER = "settings"


def diverged(record: Record) -> Mapping[str, Any]:
    """The runs that diverged, by name; a record of old has none."""
    return record.get("diverged", {})


def own_settings(record: Record) -> dict[str, Mapping[str, Any]]:
    """The settings that not all runs have, of each, the diverged ones last."""
    runs = {**record["runs"], **diverged(record)}
    return {name: run.get("settings", {}) for name, run in runs.items()}


def differing(record: Record) -> list[str]:
    """The settings that differ between the runs, options of parts as ``part.option``."""
    common = record["setting"]
    own = (key for settings in own_settings(record).values() for key in settings)
    names = [field.name for field in fields(Settings)]  # a record of old has no settings of runs
    return [key for key in dict.fromkeys([*names, *own]) if key not in common]


def differs(record: Record, *names: str) -> bool:
    """Whether a setting differs, or for a part an option of it."""
    return any(key.partition(".")[0] in names for key in differing(record))


def same_tokens(record: Record) -> bool:
    """Whether a token is the same thing in all runs, so that losses per token compare."""
    return not differs(record, "tokenizer")


def same_model(record: Record) -> bool:
    """Whether all runs have the same tokens and the same parameters."""
    return not differs(record, "tokenizer", "model", "block_size")


def loses(record: Record) -> bool:
    """Whether a tokenizer loses something of the text: it has a price then, or none can be told."""
    lost = [run["held_out"]["lost_bits_per_character"] for run in record["runs"].values()]
    return any(prices is None or any(prices.values()) for prices in lost)


def title(record: Record) -> str:
    """The runs, what is compared, and what is the same."""
    names = list(own_settings(record))
    if len(names) == 1:
        return f"{names[0]}: one run"
    kinds = compared(record)
    words = " and ".join(filter(None, [", ".join(kinds[:-1]), *kinds[-1:]]))
    same = "text" if differs(record, "model") else "model and text"
    return f"{', '.join(names)}: {words} compared on the same {same}"


def compared(record: Record) -> list[str]:
    """The kinds of things that differ, in words: the parts, else the settings, and the seeds."""
    keys = differing(record)
    kinds = [f"{part}s" for part in PARTS if part in keys]
    if not kinds and any(key != "seed" for key in keys):
        kinds.append(OTHER)
    return [*kinds, "seeds"] if "seed" in keys else kinds or [OTHER]
