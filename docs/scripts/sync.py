"""Keep the documents in step with the code: renew what stands between markers.

    python docs/scripts/sync.py            rewrites README.md and docs/*.md where they are stale
    python docs/scripts/sync.py --check    only names each stale place, and then exits with 1

Code, from the source. ``without-docstring`` is optional; a target without a module is in the one
before it:

    <!-- code: npgpt_core.layers.linear:Linear.forward, Linear.backward without-docstring -->
    <!-- /code -->

A file, whole. Its path, like the next one, is relative to docs/results/:

    <!-- include: experiments/table.md -->
    <!-- /include -->

A figure from JSON: the file, a dotted key (whole numbers index lists), and how to ``format`` it. In
place of the key, what holds.py calculates: then the data say who is first, and no one else:

    It ends at <!-- = experiments/report.json runs.char.bits_per_character .3f --><!-- /= --> bits.
    <!-- = experiments/report.json argmin(runs.*.bits_per_character) --><!-- /= --> is ahead.

A claim, which nothing can renew: whoever finds it false rewrites the sentence before it (holds.py):

    char is ahead. <!-- holds: experiments/report.json runs.char.loss < runs.bpe.loss -->
"""

import argparse
import ast
import json
import re
import sys
import textwrap
from pathlib import Path

from holds import false_claims, look_up, value_of

DOCS = Path(__file__).resolve().parents[1]
ROOT, RESULTS = DOCS.parent, DOCS / "results"
MARKER = re.compile(
    r"<!-- (?P<kind>code:|include:|=) (?P<target>.+?) -->|<!-- /(?:code|include|=) -->"
)
CLAIMS = re.compile(r"<!-- holds: (.+?) -->", re.DOTALL)
SPECIFIED = r"(.*?)(?: ([,.][.\d]*[defg%]?))?"
ERRORS = (OSError, LookupError, TypeError, ValueError, SyntaxError, ArithmeticError)
UNFORMATTED = "\n<!-- fmt: off -->\n```python\n{}\n```\n<!-- fmt: on -->\n"  # ruff formats Markdown
DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def main() -> None:
    """Renew all documents, or with --check only say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 if stale")
    check = parser.parse_args().check
    renewed, stale, false = {}, [], []
    for page in [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]:
        renewed[page], places = renew(page)
        stale += places
        false += untrue(page)
    if check and stale:
        sys.exit("\n".join([*stale, "To renew: python docs/scripts/sync.py", *false]))
    if not check:
        for page, text in renewed.items():
            if text != page.read_text("utf-8"):
                page.write_text(text, "utf-8")
    if false:
        sys.exit("\n".join(false))


def renew(page: Path) -> tuple[str, list[str]]:
    """The text of a page with all between markers renewed, and the places that were stale."""
    text, parts, stale, done = page.read_text("utf-8"), [], [], 0
    markers = MARKER.finditer(text)
    for opening in markers:
        place = place_of(page, text, opening.start())
        kind = (opening["kind"] or "").removesuffix(":")
        closing = next(markers, None)
        if closing is None or closing[0] != f"<!-- /{kind} -->":
            sys.exit(f"{place}: {opening[0]} is not followed by its other half")
        try:
            new = {"code": code, "include": include, "=": figure}[kind](opening["target"])
        except ERRORS as error:
            sys.exit(f"{place}: {error}")
        if new != text[opening.end() : closing.start()]:
            stale.append(f"{place}: {opening['target']} is stale")
        parts += [text[done : opening.end()], new]
        done = closing.start()
    return "".join([*parts, text[done:]]), stale


def untrue(page: Path) -> list[str]:
    """The claims of a page that do not hold, each with its place."""
    text, found = page.read_text("utf-8"), []
    for marker in CLAIMS.finditer(text):
        place = place_of(page, text, marker.start())
        try:
            claims = false_claims(" ".join(marker[1].split()), RESULTS)
        except ERRORS as error:
            sys.exit(f"{place}: {error}")
        found += [f"{place}: {claim} does not hold" for claim in claims]
    return found


def place_of(page: Path, text: str, start: int) -> str:
    """``page:line`` of a place in its text."""
    return f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, start) + 1}"


def code(targets: str) -> str:
    """A fenced block of the functions, methods and classes that ``module:name, name`` lists."""
    names = targets.removesuffix(" without-docstring")
    blocks, module = [], ""
    for target in names.split(","):
        before, _, name = target.strip().rpartition(":")
        module = before or module
        blocks.append(definition(module, name, docstrings=names == targets))
    return UNFORMATTED.format("\n\n".join(blocks))


def definition(module: str, name: str, *, docstrings: bool) -> str:
    """The source of ``name`` in ``module``, which is read and not imported."""
    folders = [ROOT, *ROOT.glob("packages/*/src")]
    stems = [folder / module.replace(".", "/") for folder in folders]
    files = [path for stem in stems for path in (stem.with_suffix(".py"), stem / "__init__.py")]
    source = next((path.read_text("utf-8") for path in files if path.is_file()), None)
    if source is None:
        raise LookupError(f"there is no module {module!r} in packages/*/src")
    node = ast.parse(source)
    for part in name.split("."):
        inside = {child.name: child for child in node.body if isinstance(child, DEFINITION)}
        if part not in inside:
            raise LookupError(f"there is no {name!r} in {module}")
        node = inside[part]
    lines = source.split("\n")
    first = min(child.lineno for child in [node, *node.decorator_list])
    skipped = set() if docstrings else docstring_lines(node, lines)
    kept = [i for i in range(first, node.end_lineno + 1) if i not in skipped]
    return textwrap.dedent("\n".join(lines[i - 1] for i in kept))


def docstring_lines(node: ast.AST, lines: list[str]) -> set[int]:
    """The numbers of the lines of every docstring in ``node``, and of a blank line after it."""
    numbers: set[int] = set()
    for child in ast.walk(node):
        if isinstance(child, DEFINITION) and ast.get_docstring(child) and len(child.body) > 1:
            end = child.body[0].end_lineno
            numbers.update(range(child.body[0].lineno, end + 1))
            if not lines[end].strip():
                numbers.add(end + 1)
    return numbers


def include(path: str) -> str:
    """The text of a file."""
    return "\n" + (RESULTS / path).read_text("utf-8").strip("\n") + "\n"


def figure(target: str) -> str:
    """``path expression spec`` -> that value of that file, formatted."""
    path, _, rest = target.partition(" ")
    expression, spec = re.fullmatch(SPECIFIED, rest, re.DOTALL).groups("")
    data = json.loads((RESULTS / path).read_text("utf-8"))
    is_key = not re.search(r"[ (]", expression)
    return format(look_up(data, expression) if is_key else value_of(expression, data), spec)


if __name__ == "__main__":
    main()
