"""Where the parts of a run came from: recorded when it is made, found again when it is opened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

from npgpt_core import registry
from npgpt_core.errors import PluginError
from npgpt_core.plugins.kinds import KINDS
from npgpt_train.settings.settings import Settings

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


def provenance(settings: Settings, is_dataset: bool) -> dict[str, Origin]:
    """The origin of each part, and of the data where it is a dataset and no files."""
    names = settings.names() | ({"dataset": settings.data[0]} if is_dataset else {})
    return {kind: origin_of(kind, name) for kind, name in names.items()}


def origin_of(kind: str, name: str) -> Origin:
    """Name, distribution and version of a part."""
    spec = registry.find(kind, name)
    return Origin(spec.name, spec.distribution, spec.version)


def read_origins(content: Any) -> dict[str, Origin]:
    """The origins of parts that ``run.json`` has, without malformed ones."""
    keys = [field.name for field in fields(Origin)]
    return {
        kind: Origin(**{key: origin[key] for key in keys})
        for kind, origin in (content.items() if isinstance(content, dict) else ())
        if isinstance(origin, dict) and all(isinstance(origin.get(key), str) for key in keys)
    }


def with_qualified_names(settings: Settings, origins: Origins) -> Settings:
    """The settings with ``distribution/name`` for each part that its bare name no longer finds.

    Args:
        settings: of a run.
        origins: of its parts when it was made.
    """
    changed: dict[str, Any] = {}
    names = {**settings.names(), "dataset": "".join(settings.data[:1])}
    for kind, name in names.items():
        origin = origins.get(kind)
        if origin and _found(kind, name) != origin.distribution:
            name = f"{origin.distribution}/{origin.name}"
            if kind == "dataset":
                changed["data"] = (name,)
            else:
                changed[kind] = replace(getattr(settings, kind), name=name)
    return replace(settings, **changed) if changed else settings


def require_installed(origins: Origins, kinds: Iterable[str], where: Path) -> dict[str, str]:
    """Refuse parts that are not installed any more.

    Args:
        origins: of the parts of a run when it was made.
        kinds: the parts that are needed.
        where: the run, for the message.

    Returns:
        Distribution -> its version then and now, where it is another.

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
            differing[distribution] = f"{version} (now {spec.version})"
    return differing


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
