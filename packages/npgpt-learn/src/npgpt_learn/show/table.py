"""What ``npgpt learn check --all`` prints: a row for each folder, or for each exercise of one."""

from collections.abc import Mapping, Sequence

from npgpt_learn.report import NOT_WRITTEN, PASSED, Report
from npgpt_learn.show.signs import sign
from npgpt_learn.show.text import say
from npgpt_learn.workbook import Workbook

Marked = tuple[Workbook, Mapping[str, Report]]


def print_table(marked: Sequence[Marked]) -> None:
    """A table: ✓ done, ✗ wrong, · not written yet."""
    if len(marked) == 1:
        _print_one(*marked[0])
    else:
        _print_class(marked)


def _print_one(workbook: Workbook, reports: Mapping[str, Report]) -> None:
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


def _print_class(marked: Sequence[Marked]) -> None:
    names = [workbook.folder.name or str(workbook.folder) for workbook, _ in marked]
    width = max(map(len, names))
    numbers = [name[:2] for name in marked[0][1]]
    say(f"{'':{width}}  {' '.join(numbers)}")
    for name, (_, reports) in zip(names, marked, strict=True):
        marks = "  ".join(sign(report.state) for report in reports.values())
        say(f"{name:{width}}   {marks}  {_passed(reports)}/{len(reports)}")


def _passed(reports: Mapping[str, Report]) -> int:
    return sum(report.passed for report in reports.values())
