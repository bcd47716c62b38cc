"""Write down what transformers gives: ``python -m tests.parity.record_golden``.

npgpt-models holds its models to these numbers, and so to transformers, without PyTorch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .transformers_twin import CONFIGS, IDS, Twins, double

PATH = Path(__file__).parents[2] / "packages/npgpt-models/tests/golden.json"


def golden(name: str) -> dict[str, Any]:
    """A model of transformers with the weights of ours that ``randomize`` makes: what it gives.

    The logits are those of the last position of the first row, the loss is that of every next id.
    """
    with double():
        twins = Twins(name)
        ids = torch.from_numpy(IDS)
        logits = twins.theirs(ids[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        text = twins.their_text()
    return {
        "model": twins.model,
        "options": twins.options,
        "ids": IDS.tolist(),
        "loss": loss.item(),
        "logits": logits[0, -1].tolist(),
        "gradient_norms": {
            parameter: float(np.linalg.norm(grad))
            for parameter, grad in twins.their_grads().items()
        },
        "continued": text[:, IDS.shape[1] :].tolist(),
    }


def main() -> None:
    """Write the file, one model a line."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(golden(name))}" for name in CONFIGS)
    PATH.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
