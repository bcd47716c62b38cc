"""Change one token of a package at random, run its own tests: which changes does no test notice?

    python tests/mutation.py npgpt-optim [--count 40] [--seed 0] [--paths sgd.py ...]
        [--tests tests/test_schedules.py ...] [--log optim.jsonl] [--retry]

Each change is made in a copy of the package, where pytest stops at the first failure; one that
makes the tests hang, or take more than 4 GiB where the system can limit that, counts as noticed.
``--tests ../../tests/test_cli_runs.py`` are tests of the house instead of the package's. Prints the
changes that passed. With ``--log`` every result is a line of JSON in that file, and what it holds
is not tried again: an interrupted call continues, and a larger ``--count`` adds to it. ``--retry``
tries those that passed once more, after tests were added. Exits with 1 if a change passed.

A change is: another comparison or operator, ``and`` for ``or``, a ``not`` more or less, a number
one higher or lower, ``return None``, a statement left out. Some are harmless (the size of a buffer,
a faster way to the same result): judge them by eye. mutmut and cosmic-ray try every change instead
of a sample; the one knows no code outside functions and no Windows, the other works in place.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tokenize
from itertools import accumulate
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None

ROOT = Path(__file__).resolve().parents[1]
SLOWER = 5  # times: such tests hang
MEMORY = 4 * 2**30  # bytes of address space that the tests may take
SWAPS = {
    **{"<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"], ">=": [">", "<="]},
    **{"==": ["!="], "!=": ["=="], "+": ["-"], "-": ["+"], "*": ["/", "+"], "/": ["*"]},
    **{"//": ["*"], "%": ["*"], "**": ["*"], "@": ["*"], "&": ["|"], "|": ["&"]},
    **{"<<": [">>"], ">>": ["<<"], "+=": ["-=", "="], "-=": ["+=", "="], "*=": ["/=", "="]},
    **{"/=": ["*="], "|=": ["="], "and": ["or"], "or": ["and"], "not": [""]},
    **{"in": ["not in"], "is": ["is not"], "if": ["if not"], "while": ["while not"]},
    **{"True": ["False"], "False": ["True"], "break": ["continue"], "continue": ["break"]},
    **{"min": ["max"], "max": ["min"], "any": ["all"], "all": ["any"], "elif": ["elif not"]},
}


def places(source):
    """Where a source can be changed: (begin, end, what may stand there instead), in characters."""
    lines = source.splitlines(keepends=True)
    begins = [0, *accumulate(map(len, lines))]

    def span(node):
        ends = ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
        return tuple(
            begins[row - 1] + len(lines[row - 1].encode()[:column].decode()) for row, column in ends
        )

    nodes = list(ast.walk(ast.parse(source)))
    hints = [span(hint) for node in nodes if (hint := _type_hint(node))]
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (row, column), text = token.start, token.string
        begin = begins[row - 1] + column
        star = text in ("*", "**", "/") and before in ("(", ",", "[", "{")  # f(*a), def f(*, a)
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = text
        if star or any(start <= begin < end for start, end in hints):
            continue
        if token.type == tokenize.NUMBER:
            value = ast.literal_eval(text)
            yield begin, begin + len(text), [f"({value} + 1)", f"({value} - 1)"]
        elif token.type in (tokenize.OP, tokenize.NAME) and text in SWAPS:
            yield begin, begin + len(text), SWAPS[text]
    for node in nodes:
        if instead := _instead_of(node):
            yield *span(node), [instead]


def _type_hint(node):
    return getattr(node, "annotation", None) or getattr(node, "returns", None)


def _instead_of(node):
    if isinstance(node, ast.Return):
        return "return None" if node.value is not None else ""
    if isinstance(node, ast.Expr):
        return "" if isinstance(node.value, ast.Constant) else "pass"
    return "pass" if isinstance(node, ast.Assign | ast.AugAssign | ast.Raise | ast.Assert) else ""


def changes(source):
    """Every change that leaves a source that compiles: a dictionary each, grouped by place."""
    for begin, end, alternatives in places(source):
        group = []
        for text in alternatives:
            changed = source[:begin] + text + source[end:]
            with contextlib.suppress(SyntaxError, ValueError):
                compile(changed, "source", "exec", dont_inherit=True)
                if ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)):
                    group.append({"at": begin, "old": source[begin:end], "new": text})
        if group:
            yield group


def sampled(folder, paths, rng):
    """Places of the files in random order, with one change each."""
    files = [path for path in sorted(folder.rglob("*.py")) if _chosen(path, folder, paths)]
    found = []
    for path in files:
        source = path.read_text(encoding="utf-8")
        where = {
            "file": path.relative_to(folder).as_posix(),
            "source": hashlib.sha256(source.encode()).hexdigest()[:16],
        }
        for group in changes(source):
            line = source.count("\n", 0, group[0]["at"]) + 1
            found.append([{**where, "line": line, **change} for change in group])
    rng.shuffle(found)
    return [rng.choice(group) for group in found]


def _chosen(path, folder, paths):
    wanted = [folder / part for part in paths]
    return not paths or any(path == part or part in path.parents for part in wanted)


def run_tests(package, tests, limit, change=None):
    """Run the tests of a copy: passed, failed or hung; the seconds; the first failure."""
    with tempfile.TemporaryDirectory(prefix="npgpt-mutation-") as scratch:
        copy = Path(scratch, "packages", package.name)
        shutil.copytree(package, copy)
        shutil.copy(ROOT / "pyproject.toml", scratch)
        if any(path.startswith("..") for path in tests):
            shutil.copytree(ROOT / "tests", Path(scratch, "tests"))
        Path(scratch, "tmp").mkdir()
        if change is not None:
            _apply(change, source_folder(copy) / change["file"])
        environment = {
            **os.environ,
            "PYTHONPATH": str(copy / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENBLAS_NUM_THREADS": "1",  # each takes address space
            "TMPDIR": str(Path(scratch, "tmp")),
        }
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        begin = time.monotonic()
        process = subprocess.Popen(
            [*command, "--hypothesis-seed=0", *(str(copy / path) for path in tests)],
            cwd=scratch,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_prepare if resource else None,
        )
        try:
            output, _ = process.communicate(timeout=limit)
            result = "failed" if process.returncode else "passed"
        except subprocess.TimeoutExpired:
            output, result = "", "hung"
        finally:
            _end(process)
        if change is None and result != "passed":
            sys.exit(f"the tests of {package.name} do not pass as they are:\n{output}")
        if process.returncode == 5:  # any other code may be the work of the change
            sys.exit(f"there are no tests in {', '.join(tests)}")
        failure = re.search(r"(?m)^(?:FAILED|ERROR) (\S+)", output)
        return result, round(time.monotonic() - begin, 1), failure[1] if failure else ""


def _prepare():
    """Let the tests fail before memory runs out, and hear Ctrl-C in the background too."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _apply(change, path):
    source = path.read_text(encoding="utf-8")
    begin, end = change["at"], change["at"] + len(change["old"])
    path.write_text(source[:begin] + change["new"] + source[end:], encoding="utf-8")


def _end(process):
    """End what the tests started, too."""
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def source_folder(package):
    """The one import package of a distribution."""
    return next(path.parent for path in package.glob("src/*/__init__.py"))


def shown(change):
    """A change in one line or two."""
    old, new = (" ".join(change[key].split()) for key in ("old", "new"))
    return f"{change['file']}:{change['line']}: {old} -> {new or '(nothing)'}"


def identity(change):
    """What makes two changes the same."""
    return tuple(change[key] for key in ("file", "source", "at", "old", "new"))


def results(package, sample, chosen):
    """Yield the result of every change of a sample: as the log has it, or tried now."""
    lines = chosen.log.read_text().splitlines() if chosen.log and chosen.log.exists() else []
    known = {identity(change): change for change in map(json.loads, lines)}
    _, seconds, _ = run_tests(package, chosen.tests, None)
    print(f"{len(sample)} changes; the tests take {seconds} s", flush=True)
    for number, change in enumerate(sample, 1):
        done = known.get(identity(change))
        if done is None or (chosen.retry and done["result"] == "passed"):
            result, took, failure = run_tests(package, chosen.tests, 10 + SLOWER * seconds, change)
            done = {**change, "result": result, "seconds": took, "test": failure}
            print(f"[{number}] {result:6} {shown(done)}", flush=True)
            if chosen.log:
                with chosen.log.open("a") as file:
                    print(json.dumps(done), file=file)
        yield done


def main():
    """Sample, try each, tell which passed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("package", help="the folder's name in packages/")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--paths", nargs="+", default=[], help="files or folders in the package")
    parser.add_argument("--tests", nargs="+", default=["tests"])
    parser.add_argument("--log", type=Path)
    parser.add_argument("--retry", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="npgpt-mutation-") as kept:
        package = Path(kept, chosen.package)  # whoever goes on working changes nothing here
        ignore = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / "packages" / chosen.package, package, ignore=ignore)
        sample = sampled(source_folder(package), chosen.paths, random.Random(chosen.seed))
        done = list(results(package, sample[: chosen.count], chosen))
    passed = [change for change in done if change["result"] == "passed"]
    print(f"\n{len(passed)} of {len(done)} changes passed", *map(shown, passed), sep="\n")
    sys.exit(bool(passed))


if __name__ == "__main__":
    main()
