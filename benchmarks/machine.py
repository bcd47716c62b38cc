"""What the figures were measured on: processor, cores, BLAS and its kernel, versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.child import Run
from benchmarks.side import Side, Work

FLAGS = (
    *("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16"),
    *("amx_tile", "amx_bf16", "asimd", "sve", "bf16"),
)
LIBRARIES = (
    *("npgpt-core", "numpy", "torch", "tokenizers", "tiktoken"),
    *("threadpoolctl", "click", "regex"),
)


def describe_machine(physical_cores: int) -> dict[str, Any]:
    """Processor, cores, SIMD flags of interest, system and library versions."""
    cpu = _cpu_info()
    flags = cpu.get("flags", cpu.get("Features", "")).split()
    return {
        "cpu": cpu.get("model name") or platform.processor() or platform.machine(),
        "physical_cores": physical_cores,
        "logical_cores": os.cpu_count(),
        "simd": [flag for flag in FLAGS if flag in flags],
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def describe_blas(environments: Mapping[str, Mapping[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """NumPy's BLAS in each environment: name, version, kernel and threads."""
    found = {}
    for label, environment in environments.items():
        with Side(Work("benchmarks.machine:blas"), environment) as side:
            _, found[label] = side.run()
    return found


@contextmanager
def blas() -> Iterator[Run]:
    """Report the BLAS of this process."""
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_info

    def run() -> tuple[float, list[dict[str, Any]]]:
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        return 0.0, [
            {
                "name": pool["internal_api"],
                "version": pool["version"],
                "kernel": pool.get("architecture"),
                "threads": pool["num_threads"],
            }
            for pool in pools
        ]

    yield run


def _cpu_info() -> dict[str, str]:
    """The first processor in /proc/cpuinfo; nothing where there is no such file."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text().split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
