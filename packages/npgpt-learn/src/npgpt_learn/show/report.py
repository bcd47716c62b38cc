"""What a marking found, for the learner."""

from npgpt_learn.exercise import Exercise
from npgpt_learn.report import NOT_WRITTEN, PASSED, Report, ResultReport
from npgpt_learn.show.picture import print_picture
from npgpt_learn.show.signs import RIGHT, WRONG, sign
from npgpt_learn.show.text import COLUMNS, from_here, paragraph, say
from npgpt_learn.workbook import Workbook

PRINTED_LINES = 20


def print_report(workbook: Workbook, exercise: Exercise, report: Report) -> None:
    """Print what is right, what is wrong and why, and what to do next."""
    file = workbook.file(exercise)
    heading = f"{exercise.number:02} {exercise.statement.title}"
    say(f"{heading}{file.name:>{max(COLUMNS - len(heading), len(file.name) + 2)}}")
    say()
    if report.printed:
        _print_printed(report.printed)
    if report.passed:
        _print_passed(workbook, exercise)
        return
    if report.problem:
        _print_problem(workbook, exercise, report)
    elif not report.results:
        say(f"  Not written yet: line {report.line} is yours.")
    for result in report.results:
        _print_result(result)
    for result in report.results:
        if result.picture is not None:
            say()
            print_picture(result.name, result.picture)
    say()
    say(f"A hint: npgpt learn hint {exercise.number}")


def print_all_done(workbook: Workbook) -> None:
    """Print that nothing is left."""
    say(f"All {len(workbook.exercise_set.exercises)} exercises are done.")


def _print_passed(workbook: Workbook, exercise: Exercise) -> None:
    say(f"  {RIGHT} All right.")
    say()
    paragraph(exercise.statement.learned)
    say()
    if (following := workbook.current) is None:
        print_all_done(workbook)
    elif following is not exercise:  # that one is done, though its progress could not be kept
        say(f"Next: {from_here(workbook.file(following))}")


def _print_printed(text: str) -> None:
    """Print what the learner's code printed, or its beginning."""
    say("  Your code printed:")
    lines = text.splitlines()
    for line in lines[:PRINTED_LINES]:
        say(f"  | {line[: COLUMNS - 4]}")
    if len(lines) > PRINTED_LINES:
        say("  | ...")
    say()


def _print_problem(workbook: Workbook, exercise: Exercise, report: Report) -> None:
    """Print what failed, the line and what its arrays look like."""
    file = workbook.file(exercise)
    if report.line:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        source = lines[report.line - 1].strip() if report.line <= len(lines) else ""
        say(f"  {WRONG} line {report.line}: {source}")
    paragraph(report.problem, "    ")
    if report.shapes:
        say()
        paragraph(f"There {', '.join(report.shapes)}.", "    ")
    if report.mistake:
        say()
        paragraph(report.mistake, "    ")


def _print_result(result: ResultReport) -> None:
    """Print a result's mark, and what is wrong with it."""
    start = f"  {sign(result.state)} {result.name}"
    if result.state == PASSED:
        say(start)
        return
    why = NOT_WRITTEN if result.state == NOT_WRITTEN else result.mistake or result.finding
    start += "  "
    paragraph(why or "is wrong", " " * len(start), start)
