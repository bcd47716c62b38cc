"""Where the parts and the text of a run came from: recorded when made, found again when opened."""

from __future__ import annotations

import glob
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

from npgpt_core import registry
from npgpt_core.errors import NpgptError, NpgptWarning, PluginError
from npgpt_core.plugins.kinds import KINDS
from npgpt_core.shell import command
from npgpt_train.settings.settings import PARTS, Settings
from npgpt_train.text.corpus import Corpus
from npgpt_train.text.datasets.finding import exists
from npgpt_train.text.record import TextRecord

RECORDED = tuple(kind.name for kind in KINDS.values() if kind.recorded)
"""The kinds that a run's file has the provenance of; a dataset where there is one."""


@dataclass(frozen=True)
class Origin:
    """Where a part came from: its name in the distribution that brought it, at this version."""

    name: str
    distribution: str
    version: str


Origins: TypeAlias = Mapping[str, Origin]
"""Kind -> origin, of the parts and the dataset of a run."""


def provenance(settings: Settings) -> dict[str, Origin]:
    """The origin of each part."""
    parts = {kind: origin_of(kind, getattr(settings, kind).name) for kind in PARTS}
    return {**parts, **dataset_provenance(settings.data)}


def dataset_provenance(names: Sequence[str]) -> dict[str, Origin]:
    """The same of the data where it is a dataset; nothing where it is files."""
    if len(names) == 1 and (names[0] in registry.names("dataset") or not exists(names[0])):
        return {"dataset": origin_of("dataset", names[0])}
    return {}


def origin_of(kind: str, name: str) -> Origin:
    """Name, distribution and version of a part."""
    spec = registry.find(kind, name)
    return Origin(spec.name, spec.distribution, spec.version)


def read_origins(record: Any) -> dict[str, Origin]:
    """What the file of a run says of its parts, as far as it can be used."""
    keys = [field.name for field in fields(Origin)]
    return {
        kind: Origin(**{key: origin[key] for key in keys})
        for kind, origin in (record.items() if isinstance(record, dict) else ())
        if isinstance(origin, dict) and all(isinstance(origin.get(key), str) for key in keys)
    }


def located(settings: Settings, origins: Origins) -> Settings:
    """The settings with ``distribution/name`` for each part whose bare name no longer finds it.

    Args:
        settings: of a run.
        origins: of its parts when it was made.
    """
    changed: dict[str, Any] = {}
    for kind in RECORDED:
        name = settings.data[0] if kind == "dataset" else getattr(settings, kind).name
        origin = origins.get(kind)
        if origin and _found(kind, name) != origin.distribution:
            name = f"{origin.distribution}/{origin.name}"
            if kind == "dataset":
                changed["data"] = (name,)
            else:
                changed[kind] = replace(getattr(settings, kind), name=name)
    return replace(settings, **changed)


def require_installed(origins: Origins, kinds: Iterable[str], where: Path) -> None:
    """Refuse parts that are not installed any more; warn of those at another version.

    Args:
        origins: of the parts of a run when it was made.
        kinds: the parts that are needed.
        where: the run, for the message.

    Raises:
        PluginError: says which distribution to install, and at which version.
    """
    differing = {}
    for kind in kinds:
        if not (origin := origins.get(kind)):
            continue
        distribution, version = origin.distribution, origin.version
        try:
            spec = registry.find(kind, f"{distribution}/{origin.name}")
        except PluginError as error:
            raise PluginError(
                f"{where} was made with {kind} {origin.name!r} of {distribution} {version},"
                f" {_why_missing(distribution)}: {registry.how_to_install(distribution, version)}"
            ) from error
        if spec.version != version:
            differing[distribution] = f"{distribution} {version}, installed is {spec.version}"
    if differing:
        warnings.warn(
            f"{where} was made with {'; '.join(differing.values())}", NpgptWarning, stacklevel=3
        )


def starting_folder(names: Sequence[str]) -> str | None:
    """Whence the relative paths among the data of a run lead; None where there are none."""
    relative = any(not os.path.isabs(name) and exists(name) for name in names)
    return os.getcwd() if relative else None


def _current_folder() -> str:
    """The current folder; nothing if it was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def find_text(
    names: Sequence[str],
    recorded: TextRecord,
    is_dataset: bool,
    where: Path,
    read: Callable[[Sequence[str]], Corpus],
) -> Corpus:
    """The text that a run was trained on; its digest tells it from all others.

    Relative paths lead from the current folder, or from that in which the run was started.

    Args:
        names: the data: a dataset's name, or paths.
        recorded: what the run says of it.
        is_dataset: whether it is no files.
        where: the run, for messages.
        read: opens the text of names or paths.

    Raises:
        NpgptError: there is no text, or another one.
    """
    sha256, started_in = recorded.sha256, recorded.folder or ""
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
