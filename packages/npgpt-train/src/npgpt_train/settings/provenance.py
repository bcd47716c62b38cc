"""Where the parts and the text of a run came from: recorded when made, found again when opened."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning, PluginError
from npgpt_core.plugins.kinds import KINDS
from npgpt_core.shell import command
from npgpt_train.settings.settings import PARTS, Settings
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.datasets.finding import exists

RECORDED = tuple(kind.name for kind in KINDS.values() if kind.recorded)
"""The kinds that a run's file has the provenance of; a dataset where there is one."""


def provenance(settings: Settings) -> dict[str, dict[str, str]]:
    """Kind -> name, distribution and version of each part."""
    parts = {kind: origin_of(kind, getattr(settings, kind).name) for kind in PARTS}
    return {**parts, **dataset_provenance(settings.data)}


def dataset_provenance(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The same of the data where it is a dataset; nothing where it is files."""
    if len(names) == 1 and (names[0] in registry.names("dataset") or not exists(names[0])):
        return {"dataset": origin_of("dataset", names[0])}
    return {}


def origin_of(kind: str, name: str) -> dict[str, str]:
    """Name, distribution and version of a part."""
    spec = registry.find(kind, name)
    return {"name": spec.name, "distribution": spec.distribution, "version": spec.version}


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


def starting_folder(names: Sequence[str]) -> dict[str, str]:
    """What to record of the data of a run beside its names: whence relative paths lead."""
    relative = any(not os.path.isabs(name) and exists(name) for name in names)
    return {"folder": os.getcwd()} if relative else {}


def _current_folder() -> str:
    """The current folder; nothing if it was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def find_text(
    names: Sequence[str],
    record: Mapping[str, Any],
    where: Path,
    read: Callable[[Sequence[str]], Corpus],
) -> Corpus:
    """The text that a run was trained on; its digest tells it from all others.

    Relative paths lead from the current folder, or from that in which the run was started.

    Args:
        names: the data: a dataset's name, or paths.
        record: what the run's file holds.
        where: the run, for messages.
        read: opens the text of names or paths.

    Raises:
        NpgptError: there is no text, or another one.
    """
    sha256, started_in = record["data"]["sha256"], record["data"].get("folder", "")
    is_dataset = _origin(record.get("parts"), "dataset") is not None
    places = [tuple(names)]
    if not is_dataset and started_in != _current_folder():
        places.append(tuple(_from(started_in, name) for name in names))
    found = []
    for place in dict.fromkeys(places):
        if not (is_dataset or all(map(exists, place))):
            continue
        try:
            corpus = read(place)
        except NpgptError as error:
            found.append(str(error))
        else:
            if corpus.sha256 == sha256:
                return corpus
            found.append(f"{command(*place)} has {corpus.sha256} now")
    advice = f"say where it is: train with `resume=True` `out={where}` `data=PATH`"
    if not found:
        missing = ", nor ".join(command(*place) for place in dict.fromkeys(places))
        raise NpgptError(f"the data of {where} is not found, there is no {missing}: {advice}")
    raise NpgptError(
        f"the data of {where} changed: it was trained on a text with SHA-256 {sha256},"
        f" {', '.join(found)}. Restore it, or {advice}"
    )


def _from(folder: str, name: str) -> str:
    """A path or glob, relative to a folder whose own name is no pattern."""
    path = os.path.join(folder, name)
    return path if os.path.exists(path) else os.path.join(glob.escape(folder), name)


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
