"""What ``npgpt learn check --all`` prints: a row for each folder, or for each exercise of one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from npgpt_core.errors import NpgptError
from npgpt_learn.report import NOT_WRITTEN, PASSED, Marked, Report
from npgpt_learn.show.signs import sign
from npgpt_learn.show.text import say


def print_table(found: Mapping[str, Marked]) -> None:
    """A table of what was found in folders: ✓ done, ✗ wrong, · not written yet."""
    (first, *more) = found.values()
    if more or isinstance(first, NpgptError):
        _print_class(found)
    else:
        _print_one(first)


def _print_one(reports: Mapping[str, Report]) -> None:
    for name, report in reports.items():
        say(f"  {sign(report.state)} {name:<20} {_brief(report)}".rstrip())
    say()
    say(f"{_passed(reports)} of {len(reports)} are right.")


def _brief(report: Report) -> str:
    """Which results are wrong, or what failed, in half a line."""
    if report.problem:
        return f"line {report.line}: {report.problem}"[:52]
    if report.state == NOT_WRITTEN:
        return NOT_WRITTEN
    wrong = [result.name for result in report.results if result.state != PASSED]
    return f"wrong: {', '.join(wrong)}" if wrong else ""


def _print_class(found: Mapping[str, Marked]) -> None:
    names = _names(list(found))
    width = max(map(len, names))
    numbers = max((_numbers(marked) for marked in found.values()), key=len)
    say(f"{'':{width}}  {' '.join(numbers)}".rstrip())
    for name, marked in zip(names, found.values(), strict=True):
        if isinstance(marked, NpgptError):
            say(f"{name:{width}}   {marked}")
            continue
        marks = "  ".join(sign(report.state) for report in marked.values())
        say(f"{name:{width}}   {marks}  {_passed(marked)}/{len(marked)}")


def _names(folders: Sequence[str]) -> list[str]:
    """The last part of each path, if no two have the same."""
    names = [Path(folder).name or folder for folder in folders]
    return names if len(set(names)) == len(names) else list(folders)


def _numbers(marked: Marked) -> list[str]:
    return [] if isinstance(marked, NpgptError) else [name[:2] for name in marked]


def _passed(reports: Mapping[str, Report]) -> int:
    return sum(report.passed for report in reports.values())
