"""The tables of a report: which ones it has, and what stands in which row."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from npgpt_train.comparison import rows
from npgpt_train.comparison.differences import (
    Results,
    differing,
    diverged,
    is_lossy,
    own_settings,
    same_model,
    same_tokens,
)
from npgpt_train.comparison.rows import Row
from npgpt_train.formatting import NONE, duration, setting


class Table(NamedTuple):
    """One table: a run a column, each under its name."""

    title: str
    note: str
    names: list[str]
    rows: list[tuple[str, list[str]]]


def machine(results: Results) -> str:
    """When and where the numbers came about, and how long the steps of all runs took."""
    recorded = results["machine"]
    words = [
        results["date"],
        recorded["processor"],
        f"{recorded['cores']} cores",
        f"Python {recorded['python']}",
    ]
    words.append(f"NumPy {recorded['numpy']}")
    if recorded["openblas_coretype"]:
        words.append(f"OPENBLAS_CORETYPE={recorded['openblas_coretype']}")
    seconds = sum(run["timing"]["seconds"] for run in results["runs"].values())
    return f"{', '.join(words)}; all steps took {duration(seconds)}."


def all_tables(results: Results) -> list[Table]:
    """The tables that fit what is compared, without the rows that say nothing there."""
    prices = rows.PRICES if is_lossy(results) else []
    if same_tokens(results):
        text = [*rows.LOSSES, rows.BITS, *prices, rows.PER_WORD, rows.UNKNOWN]
    else:
        bits = [rows.BITS, *rows.BASELINES, *prices, rows.BYTES, rows.PER_WORD]
        text = [*bits, *rows.LOSSES, rows.UNKNOWN, rows.RECOVERED]
    return [
        *_differences(results),
        _model_table(results),
        _table(results, "The held-out text", _held_out_note(results), text),
        _table(results, "What they write", rows.WRITTEN_NOTE, rows.WRITTEN),
        _table(results, "Training", "", rows.TRAINING),
    ]


def _differences(results: Results) -> list[Table]:
    """The settings that differ; no table where the runs of an early report do not tell them."""
    names, settings = list(own_settings(results)), list(own_settings(results).values())
    keys = [key for key in differing(results) if any(key in own for own in settings)]
    cells = [(key, [setting(own[key]) if key in own else NONE for own in settings]) for key in keys]
    if found := diverged(results):
        cells.append(("outcome", [outcome(results, name) for name in names]))
    note = rows.DIVERGED if found else ""
    return [Table("What differs", note, names, cells)] if cells else []


def outcome(results: Results, name: str) -> str:
    """How the training of a run ended."""
    found = diverged(results).get(name)
    return f"diverged at step {found['step']:,}" if found else "complete"


def _model_table(results: Results) -> Table:
    """A column for each run, or a single one where all have the same model and tokens."""
    names = list(results["runs"])
    if len(names) == 1 or not same_model(results):
        return _table(results, "The models", "", rows.MODEL)
    first = {**results, "runs": {names[0]: results["runs"][names[0]]}}
    return _table(first, "The model", "", rows.MODEL)._replace(names=["all runs"])


def _table(results: Results, title: str, note: str, wanted: list[Row]) -> Table:
    found = [(row, list(_values(results["runs"], row.path))) for row in wanted]
    return Table(
        title,
        note,
        list(results["runs"]),
        [
            (plain(results, row.label), [row.form(value) for value in values])
            for row, values in found
            if not row.rare or any(value != 0 for value in values)
        ],
    )


def plain(results: Results, label: str) -> str:
    """A label, without "all restored" where nothing was lost."""
    return label if is_lossy(results) else label.removesuffix(rows.RESTORED)


def _held_out_note(results: Results) -> str:
    notes = [rows.CHOSEN]
    if len(results["runs"]) > 1:
        notes.append(rows.SAME_TOKENS if same_tokens(results) else rows.TOKENS_DIFFER)
    if is_lossy(results):
        cases = _values(results["runs"], "held_out.lost_bits_per_character.case")
        notes.append(rows.PRICE + (rows.PRICE_OF_CASE if any(cases) else "."))
    return " ".join(notes)


def setting_rows(results: Results) -> list[tuple[str, str]]:
    """A row for each setting that all runs have in common."""
    return [(name, setting(value)) for name, value in results["setting"].items()]


def spread_names(results: Results) -> list[str]:
    """What the columns of ``spread_rows`` are."""
    return [plain(results, rows.BITS.label), rows.LOSSES[0].label]


def spread_rows(results: Results) -> list[tuple[str, list[str]]]:
    """A row a group of seeds: mean, lowest and highest of bits per character and of the loss."""
    lost = Counter(run["group"] for run in diverged(results).values())
    return [
        (
            f"{group}, without {lost[group]} diverged" if lost[group] else group,
            [_spread(numbers["bits_per_character"]), _spread(numbers["loss"])],
        )
        for group, numbers in results["groups"].items()
    ]


def _spread(value: Mapping[str, float] | None) -> str:
    if value is None:
        return NONE
    return f"{value['mean']:.3f} ({value['lowest']:.3f} to {value['highest']:.3f})"


def _values(runs: Mapping[str, Any], path: str) -> Iterator[Any]:
    for run in runs.values():
        value: Any = run
        for key in path.split("."):
            value = None if value is None else value[key]
        yield value
