"""The page as one file: the template, the style, the scripts, and a policy that forbids the rest.

The scripts are modules of plain JavaScript in ``templates``, each a file that one can read; in the
page they stand one after another. Whatever a run, a text or a token holds goes in as JSON, in which
no markup can begin.
"""

import base64
import hashlib
import importlib.util
import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.escaping import printable

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = (
    "data",
    "matrix",
    "slices",
    "layers",
    "attention_layers",
    "models",
    "passes",
    "tokenizers",
    "elements",
    "heatmap",
    "terms",
    "text",
    "flow",
    "attention",
    "prediction",
    "back",
    "nudge",
    "step",
    "page",
)


def require_jinja() -> None:
    """Raise an ``NpgptError`` unless what fills the template is installed."""
    if importlib.util.find_spec("jinja2") is None:
        raise NpgptError('a page needs jinja2: pip install "npgpt-train[report]"')


@cache
def script() -> str:
    """All scripts as one."""
    return "\n".join((TEMPLATES / f"{name}.js").read_text("utf-8") for name in SCRIPTS)


@cache
def computable() -> frozenset[str]:
    """The classes that the page can compute itself: those that its scripts ``define``."""
    return frozenset(re.findall(r'^define\("([\w.]+)"', script(), re.MULTILINE))


def render(title: str, data: dict[str, Any], arrays: str) -> str:
    """The page.

    Args:
        title: what it is called.
        data: what the scripts show, as JSON values.
        arrays: see ``ArrayStore.encode``.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    code, style = f"\n{script()}", (TEMPLATES / "page.css").read_text("utf-8")
    policy = (
        f"default-src 'none'; script-src '{_hash(code)}'; style-src '{_hash(style)}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template("page.html.jinja").render(
        title=printable(title),
        policy=policy,
        script=Markup(code),
        style=Markup(style),
        data=Markup(_json(data)),
        arrays=arrays,
    )


def _hash(text: str) -> str:
    """What the policy allows: the hash of an inline script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _json(data: dict[str, Any]) -> str:
    """JSON of ASCII characters in which no tag, comment or entity begins."""
    text = json.dumps(_spelled(data), separators=(",", ":"), allow_nan=False)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _spelled(value: Any) -> Any:
    """A value with numbers that JSON does not have as JavaScript spells them: "NaN", "Infinity"."""
    if isinstance(value, dict):
        return {key: _spelled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
