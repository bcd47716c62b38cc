"""Asking one plugin: import its module, hold it against the hook specifications, call its hooks.

Whatever is wrong with it is raised here; ``discovery`` records it.
"""

import importlib
import re
from collections.abc import Iterator, Mapping
from inspect import iscoroutinefunction, signature  # pluggy imports it anyway
from typing import Any

import pluggy

from npgpt_core.errors import PluginError
from npgpt_core.plugins import hookspecs
from npgpt_core.plugins.kinds import KINDS

HOOKS = {kind.hook: kind.name for kind in KINDS.values()}

HOW_TO_CHANGE = 'docs/PLUGINS.md says how to change it ("From contract 1 to 2")'

NAME = re.compile(r"\w([\w.+-]*[\w+])?", re.ASCII)
TARGET = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")


class OldContractError(PluginError):
    """A plugin of an older contract that brings parts of ``kinds``, of which some changed."""

    def __init__(self, problem: str, kinds: tuple[str, ...]) -> None:
        super().__init__(problem)
        self.kinds = kinds


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows the hooks and has no plugin."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def ask(manager: pluggy.PluginManager, module: str) -> Iterator[tuple[str, str, str, int | None]]:
    """Yield each part of the plugin at ``module``, or ``module:attribute``.

    That is its kind, name and target, and the contract that the plugin states. The manager is as
    it was afterwards, unless something was raised.
    """
    plugin = import_target(module)
    contract = _stated_contract(plugin)
    _check_hooks(manager, plugin)
    manager.register(plugin)
    manager.check_pending()  # whatever pluggy finds that _check_hooks does not
    if contract is not None and contract < hookspecs.PLUGIN_API:
        _check_unchanged(manager, contract)
    for hook, kind in HOOKS.items():
        for parts in getattr(manager.hook, hook)():
            if not isinstance(parts, Mapping):
                raise PluginError(
                    f"{hook} gave {_brief(parts)}, expected a mapping of names to"
                    " 'package.module:attribute'"
                )
            for name, target in parts.items():
                yield kind, *_checked(hook, name, target), contract
    manager.unregister(plugin)


def import_target(target: str) -> Any:
    """What is at ``package.module`` or ``package.module:attribute``."""
    module, _, attribute = target.partition(":")
    found: Any = importlib.import_module(module.strip())
    for part in filter(None, attribute.strip().split(".")):
        found = getattr(found, part)
    return found


def describe_error(error: BaseException) -> str:
    """One line that says what a stranger's code raised, whatever that is."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = "its message cannot be shown"
    kind = type(error).__name__
    text = text if isinstance(error, PluginError) else f"{kind}: {text}" if text else kind
    return text if len(text) <= 400 else f"{text[:400]} ..."


def _stated_contract(plugin: Any) -> int | None:
    """The contract that a plugin says it was written for, no newer than this one; or None."""
    if not hasattr(plugin, "NPGPT_PLUGIN_API"):
        return None
    api = plugin.NPGPT_PLUGIN_API
    if type(api) is not int or api < 1:
        raise PluginError(f"NPGPT_PLUGIN_API is {_brief(api)}, expected {hookspecs.PLUGIN_API}")
    if api > hookspecs.PLUGIN_API:
        raise PluginError(f"{_written_for(api)}: upgrade npgpt-core")
    return api


def _check_unchanged(manager: pluggy.PluginManager, api: int) -> None:
    """Refuse an older plugin if the contract of a kind that it brings changed since."""
    hooks = manager.hook
    brought = tuple(kind for hook, kind in HOOKS.items() if getattr(hooks, hook).get_hookimpls())
    if changes := [KINDS[kind].changed for kind in brought if KINDS[kind].changed]:
        problem = f"{_written_for(api)}. {HOW_TO_CHANGE}: {'; '.join(changes)}"
        raise OldContractError(problem, brought)


def _written_for(api: int) -> str:
    supported = f"this npgpt-core supports {hookspecs.PLUGIN_API}"
    return f"it is written for plugin contract {api}, and {supported}"


def _check_hooks(manager: pluggy.PluginManager, plugin: Any) -> None:
    """Refuse what looks like a hook and would be ignored, and arguments that no hook has."""
    for name in dir(plugin):
        value = getattr(plugin, name)
        options = manager.parse_hookimpl_opts(plugin, name)
        if not callable(value) or (options is None and not name.startswith("npgpt_")):
            continue
        hook = (options and options["specname"]) or name
        if hook not in HOOKS and not (options and options["optionalhook"]):
            raise PluginError(f"{hook} is no hook{_close(hook)}; there are {', '.join(HOOKS)}")
        if options is None:
            raise PluginError(f"{name} is not marked with @hookimpl, so it would be ignored")
        if iscoroutinefunction(value):
            raise PluginError(f"{name} is async, and hooks are plain functions")
        if wanted := _required_arguments(value):
            raise PluginError(f"{name} asks for {', '.join(wanted)}, and hooks take no arguments")


def _close(hook: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(hook, HOOKS, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _required_arguments(function: Any) -> list[str]:
    parameters = signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and "VAR" not in p.kind.name]


def _checked(hook: str, name: Any, target: Any) -> tuple[str, str]:
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise PluginError(
            f"{hook} gave the name {_brief(name)}, expected letters, digits and . _ + - inside"
        )
    if not (isinstance(target, str) and TARGET.fullmatch(target)):
        raise PluginError(
            f"{hook} gave {name!r}: {_brief(target)}, expected 'package.module:attribute'"
        )
    return name, target


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]} ..."
