"""Finding parts by name: ``registry.load("tokenizer", "bpe")``.

Every distribution with an entry point in the group ``npgpt`` is a plugin. Plugins are called one at
a time, and what goes wrong in one is recorded with its reason and harms no other. Nothing but the
thin plugin modules is imported until a part is asked for by name.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import pluggy

from npgpt_core import hookspecs
from npgpt_core.errors import NpgptError, PluginError
from npgpt_core.protocols import KINDS, missing_members

GROUP = "npgpt"
HOUSE = frozenset(f"npgpt-{part}" for part in ("tokenizers", "optim", "models", "train", "cli"))
HOOKS = {kind: f"npgpt_{kind}s" for kind in KINDS}


@dataclass(frozen=True)
class Spec:
    """A part: what it is called, where it is and who brought it."""

    kind: str
    name: str
    target: str  # "package.module:attribute"
    distribution: str
    version: str

    @property
    def qualified(self) -> str:
        """The name that is never ambiguous: ``distribution/name``."""
        return f"{self.distribution}/{self.name}"


@dataclass(frozen=True)
class Plugin:
    """An installed plugin and how finding it went.

    ``status`` is "ok", "failed", "disabled" or "shadowed" (a name it brings was taken already);
    ``reason`` says why when it is not "ok".
    """

    name: str
    distribution: str
    version: str
    status: str
    reason: str
    provides: tuple[Spec, ...]

    @property
    def house(self) -> bool:
        """Whether it is one of npgpt's own packages."""
        return self.distribution in HOUSE


# -------------------------------------------------------------------- discovery


@functools.cache
def plugins() -> tuple[Plugin, ...]:
    """All installed plugins, npgpt's own first, then by distribution; found once a process.

    ``NPGPT_DISABLE_PLUGINS=name,...`` leaves those out; ``NPGPT_LOAD_PLUGINS=name,...`` leaves all
    third parties out but those; with ``NPGPT_PLUGIN_STRICT=1`` a failure raises ``PluginError``.
    """
    points = metadata.entry_points(group=GROUP)
    found = [_discover(point) for point in points]
    found.sort(key=lambda plugin: (not plugin.house, plugin.distribution, plugin.name))
    found = _mark_shadowed(found)
    if os.environ.get("NPGPT_PLUGIN_STRICT") == "1":
        for plugin in found:
            if plugin.status in ("failed", "shadowed"):
                raise PluginError(f"plugin {plugin.name} {plugin.status}: {plugin.reason}")
    return tuple(found)


def _discover(point: metadata.EntryPoint) -> Plugin:
    dist = point.dist
    distribution = dist.metadata["Name"] if dist else "unknown"
    version = dist.version if dist else "0"
    provides: tuple[Spec, ...] = ()
    reason = _disabled(point.name, distribution)
    status = "disabled" if reason else "ok"
    if not reason:
        try:
            provides = tuple(_specs(point, distribution, version))
        except (Exception, SystemExit) as error:  # a stranger's module may raise anything
            status, reason = "failed", f"{type(error).__name__}: {error}".strip()
    return Plugin(point.name, distribution, version, status, reason, provides)


def _disabled(name: str, distribution: str) -> str:
    disabled, allowed = (
        os.environ.get("NPGPT_DISABLE_PLUGINS"),
        os.environ.get("NPGPT_LOAD_PLUGINS"),
    )
    if disabled is not None and {name, distribution} & _names_in(disabled):
        return "named in NPGPT_DISABLE_PLUGINS"
    third_party = distribution not in HOUSE
    if allowed is not None and third_party and not {name, distribution} & _names_in(allowed):
        return "not named in NPGPT_LOAD_PLUGINS"
    return ""


def _names_in(variable: str) -> set[str]:
    return {name.strip() for name in variable.split(",") if name.strip()}


def _specs(point: metadata.EntryPoint, distribution: str, version: str) -> Iterable[Spec]:
    """Import one plugin module, hold it against the hooks, call them; raises what goes wrong."""
    module = point.load()
    api = getattr(module, "NPGPT_PLUGIN_API", 1)
    if api != hookspecs.PLUGIN_API:
        raise PluginError(
            f"it is written for plugin contract {api}, this npgpt-core speaks"
            f" {hookspecs.PLUGIN_API}: upgrade {'npgpt-core' if api > 1 else distribution}"
        )
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    _refuse_unmarked_hooks(manager, module)
    manager.register(module, point.name)  # refuses arguments that a hook does not have
    manager.check_pending()  # refuses hooks that do not exist
    specs = []
    for kind, hook in HOOKS.items():
        for parts in getattr(manager.hook, hook)():
            for name, target in dict(parts).items():
                if not (isinstance(name, str) and name and isinstance(target, str)):
                    raise PluginError(
                        f"{hook} gave {name!r}: {target!r}, expected name: 'module:attr'"
                    )
                specs.append(Spec(kind, name, target, distribution, version))
    return specs


def _refuse_unmarked_hooks(manager: pluggy.PluginManager, module: Any) -> None:
    for name, value in vars(module).items():
        looks_like_a_hook = name.startswith("npgpt_") and inspect.isfunction(value)
        if looks_like_a_hook and manager.parse_hookimpl_opts(module, name) is None:
            raise PluginError(f"{name} is not marked with @hookimpl, so it would be ignored")


def _mark_shadowed(found: list[Plugin]) -> list[Plugin]:
    """The house's names stay its own: a third party that brings one is reported."""
    taken = {(s.kind, s.name): s.distribution for p in found if p.house for s in p.provides}
    marked = []
    for plugin in found:
        lost = [s for s in plugin.provides if not plugin.house and (s.kind, s.name) in taken]
        if lost:
            reason = "; ".join(
                f"{s.kind} {s.name!r} stays that of {taken[s.kind, s.name]},"
                f" this one is {s.qualified!r}"
                for s in lost
            )
            plugin = Plugin(
                plugin.name,
                plugin.distribution,
                plugin.version,
                "shadowed",
                reason,
                plugin.provides,
            )
        marked.append(plugin)
    return marked


# -------------------------------------------------------------------- looking up


def specs(kind: str) -> list[Spec]:
    """All parts of a kind, npgpt's own first."""
    if kind not in KINDS:
        raise PluginError(f"unknown kind {kind!r}, expected one of {', '.join(KINDS)}")
    return [spec for plugin in plugins() for spec in plugin.provides if spec.kind == kind]


def names(kind: str) -> list[str]:
    """The names under which the parts of a kind are found, sorted; ambiguous ones qualified."""
    found = specs(kind)
    return sorted(
        {spec.name if _candidates(found, spec.name) == [spec] else spec.qualified for spec in found}
    )


def _candidates(found: list[Spec], name: str) -> list[Spec]:
    matches = [spec for spec in found if name in (spec.name, spec.qualified)]
    return [spec for spec in matches if spec.distribution in HOUSE and spec.name == name] or matches


def find(kind: str, name: str) -> Spec:
    """The part of a name, or of a ``distribution/name``.

    Raises:
        PluginError: unknown (names the close ones, all there are, and the failed plugins that might
            have had it) or ambiguous (lists the qualified names).
    """
    found = specs(kind)
    candidates = _candidates(found, name)
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        qualified = ", ".join(spec.qualified for spec in candidates)
        raise PluginError(
            f"{kind} {name!r} is ambiguous, several packages bring it: use one of {qualified}"
        )
    raise PluginError(_unknown(kind, name))


def _unknown(kind: str, name: str) -> str:
    known = names(kind)
    message = f"unknown {kind} {name!r}"
    close = difflib.get_close_matches(name, known, n=3)
    if close:
        message += f", did you mean {' or '.join(close)}?"
    message += f" Installed: {', '.join(known)}." if known else f" No {kind} is installed."
    for plugin in plugins():
        if plugin.status == "failed":
            message += f" Plugin {plugin.name} ({plugin.distribution}) failed: {plugin.reason}."
    if not known or not close:
        message += ' Parts come with packages: pip install "npgpt-cli[all]" brings npgpt\'s own.'
    return message


def load(kind: str, name: str) -> Any:
    """Import the part of a name and hold it against its protocol.

    Raises:
        PluginError: unknown or ambiguous name, a target that does not import or misses members.
    """
    return load_spec(find(kind, name))


def load_spec(spec: Spec) -> Any:
    """Import the part of a spec and hold it against its protocol."""
    module_name, _, attribute = spec.target.partition(":")
    try:
        target: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            target = getattr(target, part)
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        raise PluginError(
            f"{spec.kind} {spec.qualified} ({spec.target}) does not import:"
            f" {type(error).__name__}: {error}"
        ) from error
    missing = missing_members(spec.kind, target)
    if missing:
        raise PluginError(
            f"{spec.kind} {spec.qualified} ({spec.target}) lacks {', '.join(missing)}"
            f" of npgpt_core.protocols.{spec.kind.title()}"
        )
    return target


def create(kind: str, name: str, /, *args: Any, **options: Any) -> Any:
    """Build the part of a name: ``create("optimizer", "adam", model, lr=3e-4)``.

    Raises:
        PluginError: as ``load``, or an option that the part does not take (lists those it takes).
    """
    target = load(kind, name)
    valid = option_names(target)
    unknown = sorted(set(options) - set(valid)) if valid is not None else []
    if unknown:
        raise PluginError(
            f"{kind} {name!r} has no option {', '.join(map(repr, unknown))};"
            f" it takes {', '.join(valid or []) or 'none'}"
        )
    return target(*args, **options)


def option_names(target: Any) -> list[str] | None:
    """Keyword arguments that building ``target`` takes; None when it takes any.

    Positional-only arguments do not count.
    """
    parameters = inspect.signature(target).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [parameter.name for parameter in parameters if parameter.kind in by_name]


__all__ = [
    "NpgptError",
    "Plugin",
    "PluginError",
    "Spec",
    "create",
    "find",
    "load",
    "load_spec",
    "names",
    "option_names",
    "plugins",
    "specs",
]
