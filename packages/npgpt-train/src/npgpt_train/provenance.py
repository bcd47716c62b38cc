"""Where the parts of a run came from: recorded when it is made, found again when it is opened."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from npgpt_core import registry
from npgpt_core.errors import NpgptWarning, PluginError
from npgpt_train.datasets.finding import exists
from npgpt_train.settings import PARTS, Settings

RECORDED = (*PARTS, "dataset")
"""The kinds that a run's file has the provenance of; a dataset where there is one."""


def provenance(settings: Settings) -> dict[str, dict[str, str]]:
    """Kind -> name, distribution and version of each part."""
    specs = {kind: registry.find(kind, getattr(settings, kind).name) for kind in PARTS}
    if len(settings.data) == 1:
        name = settings.data[0]
        if name in registry.names("dataset") or not exists(name):
            specs["dataset"] = registry.find("dataset", name)
    return {
        kind: {"name": s.name, "distribution": s.distribution, "version": s.version}
        for kind, s in specs.items()
    }


def located(settings: Settings, recorded: Any) -> Settings:
    """The settings with ``distribution/name`` for each part whose bare name no longer finds it.

    Args:
        settings: of a run.
        recorded: what ``provenance`` gave when the run was made, as its file has it.
    """
    changed: dict[str, Any] = {}
    for kind in RECORDED:
        name = settings.data[0] if kind == "dataset" else getattr(settings, kind).name
        origin = _origin(recorded, kind)
        if origin and _found(kind, name) != origin["distribution"]:
            name = f"{origin['distribution']}/{origin['name']}"
            if kind == "dataset":
                changed["data"] = (name,)
            else:
                changed[kind] = replace(getattr(settings, kind), name=name)
    return replace(settings, **changed)


def require_installed(recorded: Any, kinds: Iterable[str], where: Path) -> None:
    """Refuse parts that are not installed any more; warn of those at another version.

    Args:
        recorded: what ``provenance`` gave when the run was made, as its file has it.
        kinds: the parts that are needed.
        where: the run, for the message.

    Raises:
        PluginError: says which distribution to install, and at which version.
    """
    differing = {}
    for kind in kinds:
        if not (origin := _origin(recorded, kind)):
            continue
        distribution, version = origin["distribution"], origin["version"]
        try:
            spec = registry.find(kind, f"{distribution}/{origin['name']}")
        except PluginError as error:
            raise PluginError(
                f"{where} was made with {kind} {origin['name']!r} of {distribution} {version},"
                f" {_why_missing(distribution)}: {registry.how_to_install(distribution, version)}"
            ) from error
        if spec.version != version:
            differing[distribution] = f"{distribution} {version}, installed is {spec.version}"
    if differing:
        warnings.warn(
            f"{where} was made with {'; '.join(differing.values())}", NpgptWarning, stacklevel=3
        )


def _origin(recorded: Any, kind: str) -> dict[str, str] | None:
    """What a run's file says of a part; None if it says nothing that could be used."""
    origin = recorded.get(kind) if isinstance(recorded, dict) else None
    keys = ("name", "distribution", "version")
    if isinstance(origin, dict) and all(isinstance(origin.get(key), str) for key in keys):
        return origin
    return None


def _found(kind: str, name: str) -> str | None:
    try:
        return registry.find(kind, name).distribution
    except PluginError:
        return None


def _why_missing(distribution: str) -> str:
    for plugin in registry.plugins():
        if plugin.distribution == distribution:
            reason = f" ({plugin.reason})" if plugin.reason else ""
            return f"and the installed {plugin.version} is {plugin.status}{reason} and lacks it"
    return "which is not installed"
