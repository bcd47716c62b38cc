"""Finding plugins: each is asked alone, so that a broken one harms no other.

Every distribution with an entry point in the group ``npgpt`` is a plugin. Nothing but its thin
plugin module is imported; what goes wrong is recorded with its reason.
"""

import contextlib
import functools
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pluggy

from npgpt_core.errors import PluginError
from npgpt_core.plugins.entry_points import EntryPoint, entry_points, normalized
from npgpt_core.plugins.hooks import OldContractError, ask, describe_error, new_manager
from npgpt_core.plugins.kinds import KINDS

GROUP = "npgpt"
OWN_DISTRIBUTIONS = {kind.home for kind in KINDS.values() if kind.home} | {"npgpt-convert"}
"""npgpt's own packages that bring parts: the homes of the kinds, and one that adds commands."""


@dataclass(frozen=True)
class Spec:
    """A part: what it is called, where it is and who brought it.

    ``contract`` is the number that its plugin states, or None.
    """

    kind: str
    name: str
    target: str  # "package.module:attribute"
    distribution: str  # normalized: lower case, with hyphens
    version: str
    contract: int | None = None

    @property
    def qualified(self) -> str:
        """The name that is never ambiguous: ``distribution/name``."""
        return f"{self.distribution}/{self.name}"

    @property
    def label(self) -> str:
        """``tokenizer 'bpe'``; of a third party, ``optimizer 'lion' of npgpt-lion-wsd 0.2.0``."""
        label = f"{self.kind} {self.name!r}"
        return label if self.is_own else f"{label} of {self.distribution} {self.version}"

    @property
    def is_own(self) -> bool:
        """Whether one of npgpt's own packages brought it."""
        return self.distribution in OWN_DISTRIBUTIONS


@dataclass(frozen=True)
class Plugin:
    """An installed plugin and how finding it went.

    Attributes:
        name: of its entry point.
        distribution: what brought it, normalized.
        version: of the distribution.
        status: "ok"; "failed": it brings nothing; "disabled": by an environment variable;
            "shadowed": a name it brings is one of npgpt's own, and stays that; "ambiguous": a name
            it brings is another third party's too.
        reason: why the status is not "ok".
        provides: its parts.
        kinds: of the parts of one that failed, as far as it is known; else it may be any.
    """

    name: str
    distribution: str
    version: str
    status: str = "ok"
    reason: str = ""
    provides: tuple[Spec, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is one of npgpt's own packages."""
        return self.distribution in OWN_DISTRIBUTIONS


@functools.cache
def plugins() -> tuple[Plugin, ...]:
    """All installed plugins, npgpt's own first, then by distribution; found once a process.

    ``NPGPT_DISABLE_PLUGINS=name,...`` leaves those out; ``NPGPT_LOAD_PLUGINS=name,...`` leaves all
    third parties out but those. A name is that of an entry point or of a distribution.

    Raises:
        PluginError: with ``NPGPT_PLUGIN_STRICT=1``, if one failed or a name is taken twice.
    """
    found = []
    manager = new_manager()
    for point in entry_points(GROUP):
        plugin = _discover(manager, point)
        if plugin.status == "failed":
            manager = new_manager()
        found.append(plugin)
    found.sort(key=lambda plugin: (not plugin.is_own, plugin.distribution, plugin.name))
    found = list(_mark_taken(list(_refuse_repeated(found))))
    if os.environ.get("NPGPT_PLUGIN_STRICT", "") not in ("", "0"):
        _raise_failures(found)
    return tuple(found)


def _discover(manager: pluggy.PluginManager, point: EntryPoint) -> Plugin:
    plugin = Plugin(point.name, point.distribution, point.version)
    if reason := _disabled(point):
        return replace(plugin, status="disabled", reason=reason)
    if point.error:
        return replace(plugin, status="failed", reason=point.error)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what a module prints is not our output
            parts = list(ask(manager, point.value))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's module may raise anything, SystemExit too
        kinds = error.kinds if isinstance(error, OldContractError) else ()
        return replace(plugin, status="failed", reason=describe_error(error), kinds=kinds)
    specs = (
        Spec(kind, name, target, point.distribution, point.version, contract)
        for kind, name, target, contract in parts
    )
    return replace(plugin, provides=tuple(specs))


def _disabled(point: EntryPoint) -> str:
    own = {normalized(point.name), point.distribution}
    disabled = os.environ.get("NPGPT_DISABLE_PLUGINS", "")
    allowed = os.environ.get("NPGPT_LOAD_PLUGINS")
    if own & _names_in(disabled):
        return "named in NPGPT_DISABLE_PLUGINS"
    if (
        allowed is not None
        and point.distribution not in OWN_DISTRIBUTIONS
        and not own & _names_in(allowed)
    ):
        return "not named in NPGPT_LOAD_PLUGINS"
    return ""


def _names_in(variable: str) -> set[str]:
    return {normalized(name.strip()) for name in variable.split(",") if name.strip()}


# -------------------------------------------------------------------- names taken twice


def _refuse_repeated(found: Iterable[Plugin]) -> Iterator[Plugin]:
    """Of two entry points of one distribution that bring the same name, the second fails."""
    taken: dict[tuple[str, str], Plugin] = {}
    for plugin in found:
        repeated = [s for s in plugin.provides if (s.kind, s.qualified) in taken]
        if repeated:
            first = taken[repeated[0].kind, repeated[0].qualified]
            reason = (
                f"{repeated[0].kind} {repeated[0].name!r} is brought by the entry point"
                f" {first.name!r} of the same distribution already"
            )
            plugin = replace(plugin, status="failed", reason=reason, provides=())
        taken |= {(s.kind, s.qualified): plugin for s in plugin.provides}
        yield plugin


def _mark_taken(found: list[Plugin]) -> Iterator[Plugin]:
    """npgpt's names stay its own; a name that two third parties bring belongs to neither."""
    owners: dict[tuple[str, str], list[str]] = {}
    for plugin in found:
        for s in plugin.provides:
            owners.setdefault((s.kind, s.name), []).append(s.distribution)
    for plugin in found:
        shadowed, ambiguous = [], []
        for s in plugin.provides:
            first, *others = owners[s.kind, s.name]
            if plugin.is_own or not others:
                continue
            if first in OWN_DISTRIBUTIONS:
                shadowed.append(
                    f"{s.kind} {s.name!r} stays that of {first}, this one is {s.qualified!r}"
                )
            else:
                rivals = ", ".join(d for d in (first, *others) if d != s.distribution)
                ambiguous.append(
                    f"{s.kind} {s.name!r} is brought by {rivals} too, this one is {s.qualified!r}"
                )
        if shadowed or ambiguous:
            status = "shadowed" if shadowed else "ambiguous"
            plugin = replace(plugin, status=status, reason="; ".join(shadowed + ambiguous))
        yield plugin


def _raise_failures(found: Iterable[Plugin]) -> None:
    for plugin in found:
        if plugin.status not in ("ok", "disabled"):
            raise PluginError(
                f"plugin {plugin.name!r} ({plugin.distribution} {plugin.version}) is"
                f" {plugin.status}: {plugin.reason} (NPGPT_PLUGIN_STRICT is set)"
            )
