"""Record what other programs say: ``python record_golden.py``, with the packages gguf and so on.

The tests hold ours to these files where those programs are not installed.
"""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

DATA = Path(__file__).parent / "tests/data"
TYPES = "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K"
BLOCKS = 2


def record_types() -> None:
    """Random bytes of each type of tensor, and the numbers that the gguf package makes of them."""
    rng = np.random.default_rng(0)
    golden = {}
    for name in TYPES.split():
        kind = GGMLQuantizationType[name]
        data = rng.integers(0, 112, (BLOCKS, GGML_QUANT_SIZES[kind][1]), np.uint8)  # all finite
        numbers = gguf.dequantize(data, kind).astype("<f4")
        golden[name] = {"bytes": data.tobytes().hex(), "numbers": numbers.tobytes().hex()}
    write("gguf_types.json", golden)


def write(name: str, golden: dict[str, dict[str, str]]) -> None:
    """One line for each entry."""
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(golden[key])}" for key in golden)
    (DATA / name).write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    record_types()
