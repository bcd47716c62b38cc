"""The process that marks: ``python -m npgpt_learn.marking.child EXERCISE FILE FOLDER``.

It executes the learner's code. Into FOLDER it writes ``report.json``, and, if time runs out,
``trace.txt``. Whatever ends it before is seen by ``marker``, which waits for it.
"""

import json
import os
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from npgpt_core.errors import NpgptError
from npgpt_learn.exercise import Exercise
from npgpt_learn.marking.code import read_source, said
from npgpt_learn.marking.earlier import use_learners_own
from npgpt_learn.marking.judge import Judge
from npgpt_learn.marking.limits import LimitedOutput, limit_memory, limit_time
from npgpt_learn.report import FAILED, REPORT, TRACE, Report


def main(exercise: str, file: str, folder: str) -> None:
    """Mark a file, and end the process with all that it may have started in itself."""
    written = Path(folder, REPORT)

    def end(report: Report) -> NoReturn:
        written.write_text(json.dumps(asdict(report)), encoding="utf-8")
        with suppress(ValueError, OSError):  # the code may have closed it
            sys.stdout.flush()
        os._exit(0)

    try:
        judge = Judge(Exercise(Path(exercise)))
    except NpgptError as error:  # something that it needs is not installed
        end(Report(FAILED, str(error)))
    except Exception as error:
        end(_own_fault(error))
    limit_memory(lambda problem: end(Report(FAILED, problem)))
    sys.stdout = LimitedOutput(sys.stdout.buffer, sys.stdout.encoding, sys.stdout.errors)
    use_learners_own(os.path.dirname(file))
    with open(Path(folder, TRACE), "w", encoding="utf-8") as trace:
        limit_time(judge.exercise.seconds, trace)
        end(_marked(judge, file))


def _marked(judge: Judge, file: str) -> Report:
    try:
        source = read_source(Path(file))
    except UnicodeDecodeError:
        return Report(FAILED, "the file is not text in UTF-8: save it as that")
    except FileNotFoundError:
        return Report(FAILED, "the file is not there: npgpt learn start writes it")
    except OSError as error:
        return Report(FAILED, f"the file cannot be read: {error.strerror}")
    try:
        return judge.mark(source, file)
    except KeyboardInterrupt:
        return Report(FAILED, "the code raised KeyboardInterrupt: leave that out")
    except MemoryError:  # in comparing: the code's own is answered with its line
        return Report(FAILED, "a result needs more memory than it may take")
    except Exception as error:
        return _own_fault(error)


def _own_fault(error: Exception) -> Report:
    """What a learner is told of an error that is not in the learner's code."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Report(
        FAILED,
        f"marking failed, and your code is not to blame: {said(error)}, at {frame.filename} line"
        f" {frame.lineno}. Tell whoever wrote the exercise.",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
