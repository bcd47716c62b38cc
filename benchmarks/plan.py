"""What to run, on how many threads, with which kernels of OpenBLAS, on which numbers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from npgpt_train.settings import parts
from npgpt_train.settings.choices import choose
from npgpt_train.settings.settings import Settings

PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


@dataclass(frozen=True)
class Plan:
    """The choices of the command line.

    Args:
        repeats: rounds of every benchmark; None leaves each its own number.
        threads: of every side.
        tiny: numbers that take no time and say nothing, to see that all of it runs.
        text: for the tokenizers; None for the shakespeare dataset.
        environments: label -> environment of the child processes, one for each way in which
            OpenBLAS chooses its kernels; the first has no pin.
    """

    repeats: int | None
    threads: int
    tiny: bool
    text: Path | None
    environments: Mapping[str, Mapping[str, str]]

    def rounds(self, default: int) -> int:
        """How many rounds a benchmark with its own ``default`` runs."""
        return self.repeats or default

    @property
    def environment(self) -> Mapping[str, str]:
        """Of children to whom BLAS does not matter."""
        return next(iter(self.environments.values()))

    @property
    def vocabularies(self) -> tuple[int, int]:
        """The V of characters and of byte-pair encoding."""
        return (69, 512) if self.tiny else (69, 6551)


def environments(threads: int, coretype: str | None) -> dict[str, dict[str, str]]:
    """Without a pin; and with it, if the environment has one or ``coretype`` names one."""
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
    free = {name: value for name, value in environment.items() if name not in PINS}
    found = {"unpinned": free}
    if pins := given_pins():
        found[" ".join(f"{name}={value}" for name, value in pins.items())] = environment
    if coretype is not None:
        found[f"OPENBLAS_CORETYPE={coretype}"] = {**free, "OPENBLAS_CORETYPE": coretype}
    return found


def given_pins() -> dict[str, str]:
    """The variables of this environment that choose OpenBLAS's kernels or blocks."""
    return {name: os.environ[name] for name in PINS if name in os.environ}


def published_settings(tiny: bool, threads: int, **flags: int) -> Settings:
    """The settings of a run: the published ones or those of the preset ``tiny``, and flags."""
    preset = "tiny" if tiny else "full"
    return parts.resolve(choose(preset=preset, flags={"workers": threads, **flags}))
