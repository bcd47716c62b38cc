"""What is wrong with how a case ended."""

from __future__ import annotations

import re
import signal

from process import ESCAPED

BAD = [
    *("Traceback (most", "Exception ignored", "Fatal Python error", "RuntimeWarning", "Bug:"),
    *("ResourceWarning", "UserWarning", "DeprecationWarning", "FutureWarning", "SyntaxWarning"),
]
"""What no command may print."""


def judge(case, code, output, errors, late):
    """What is wrong with how a command ended."""
    state, told = case.state, errors + output
    for bad in BAD:
        if bad in told:
            yield f"{bad}: {_summary(told[told.index(bad) :])}"
            break
    if late:
        yield late
    deaf = state.keys() & {"stdout", "file size", "files"}
    expected = {0, 2}
    if deaf or case.command[:1] == ["check-grads"] or "--check" in case.command:
        expected.add(1)
    signals = [number for _, number in state.get("signals", [])]
    for number in [*signals, *([signal.SIGTERM] if case.is_endless else [])]:
        expected |= {128 + number, -number}
    if "left" in state.values():
        expected.add(-signal.SIGPIPE)
    if "memory" in state and "OpenBLAS error: Memory allocation" in errors:
        return  # the library ends the process itself
    if code not in expected and not (code == ESCAPED and BAD[0] in errors):
        yield f"exit code {code}: {errors.strip()[-500:]!r}"
    lines = [line for line in errors.splitlines() if line.startswith(("Error: ", "Usage: "))]
    if not deaf and "stderr" not in state and "encoding" not in state and not signals:
        if code == 2 and len(lines) != 1 + ("Usage: " in errors):
            yield f"an error of {len(lines)} lines: {errors.strip()[-500:]!r}"
        if code == 0 and lines:
            yield f"an error in vain: {lines[0]!r}"


def _summary(told):
    """Where in npgpt a traceback comes from, and its end."""
    frames = re.findall(r'File "[^"]*/(npgpt_[^"]*)", line (\d+)', told)
    lines = [
        line for line in told.splitlines() if re.match(r"\w[\w.]*(Error|Exception|Interrupt)", line)
    ]
    return f"{' '.join(frames[-1]) if frames else told[:200]!r}: {(lines or [told])[-1][:300]}"
