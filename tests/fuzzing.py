"""What the tests of readers share: values and bytes from strangers, and what may come of them."""

import contextlib
import os
import resource
import sys

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from npgpt_core.errors import NpgptError

EXAMPLES = int(os.environ.get("NPGPT_TEST_FUZZ", "100"))
MEMORY = 500 * 2**20  # bytes
FAST = settings(
    max_examples=EXAMPLES,
    deadline=2000,  # milliseconds
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

NUMBERS = st.sampled_from([0, -1, 1, 2, 2**31, 2**63, 2**64, 10**40, 0.5, -0.0, 1e308, 1e999])
LEAVES = (
    NUMBERS
    | st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["../../etc/passwd", "/dev/zero", "\x1b[31m", "gpt", "char", "NaN", "\ud800"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
PIECES = st.binary(max_size=6) | st.sampled_from(
    [b"", b"[" * 5000, b'{"a":' * 3000, b"9" * 5000, b"1e999", b"\xff\xfe", b"\x00", b"\n\n", b'"']
)
CUTS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES), min_size=1, max_size=4)


def mutated(data, cuts):
    """Bytes with pieces replaced: (place as a share of the length, length, what instead)."""
    for place, length, piece in cuts:
        start = int(place * len(data))
        data = data[:start] + piece + data[start + length :]
    return data


def replaced(record, places, value):
    """A JSON value with one node replaced; ``places`` lead to it."""
    if not places or not isinstance(record, (dict, list)) or not record:
        return value
    keys = sorted(record) if isinstance(record, dict) else range(len(record))
    key = keys[int(places[0] * (len(keys) - 1) + 0.5)]
    copy = dict(record) if isinstance(record, dict) else list(record)
    copy[key] = replaced(copy[key], places[1:], value)
    return copy


PLACES = st.lists(st.floats(0, 1), max_size=4)


PEAK_BEFORE = [0]


def watch_memory():
    """From now on, reading may take 500 MB more than this process has taken at most."""
    PEAK_BEFORE[0] = _peak()


def refused_or_fine(work):
    """Only the documented error may come out, and memory stays."""
    with contextlib.suppress(NpgptError):
        work()
    assert _peak() < PEAK_BEFORE[0] + MEMORY


def _peak():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)
