"""What a marking found, for the learner."""

from collections.abc import Sequence

from npgpt_learn.exercise import Exercise
from npgpt_learn.report import PASSED, Report, ResultReport
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
    groups: dict[tuple[str, str], list[ResultReport]] = {}
    for result in report.results:
        groups.setdefault((result.state, result.mistake or result.finding), []).append(result)
    for (state, why), results in groups.items():
        _print_results(state, why, [result.name for result in results])
    for (_, why), results in groups.items():
        for result in results[:1] if why else results:  # what has one cause needs one picture
            if result.picture is not None:
                say()
                print_picture(result.name, result.picture)
    if report.results and report.line:
        say()
        say(f"Line {report.line} is still to be written.")
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


def _print_results(state: str, why: str, names: Sequence[str]) -> None:
    """Print the mark of results of which the same is to be said, and that."""
    start = f"  {sign(state)} "
    listed = ", ".join(names)
    if state == PASSED or len(listed) > COLUMNS // 4:
        paragraph(listed, "    ", start)
        start = "    "
    else:
        start += f"{listed}  "
    if state != PASSED:
        paragraph(why or state, " " * len(start), start)
