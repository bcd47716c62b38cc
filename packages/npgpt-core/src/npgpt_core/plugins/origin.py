"""Which third party's plugin an exception came out of: its author can mend it, npgpt's cannot."""

from traceback import walk_tb

from npgpt_core.errors import PluginError
from npgpt_core.plugins.discovery import Spec, plugins


def origin(error: BaseException) -> str | None:
    """``tokenizer 'nibbles' of npgpt-nibbles 1.0``, whose code raised; None if no plugin's did.

    It is the innermost code of a plugin's package in the traceback, whatever it called.
    """
    if isinstance(error, PluginError):  # names the plugin itself; or there is none to ask
        return None
    specs = [spec for plugin in plugins() for spec in plugin.provides if not spec.is_own]
    frames = [
        (frame.f_globals.get("__name__", ""), frame.f_code.co_qualname)
        for frame, _ in reversed(list(walk_tb(error.__traceback__)))
    ]
    for module, _ in frames:
        package = _package(module)
        if own := [spec for spec in specs if _package(spec.target) == package]:
            return _label(own, [frame for frame in frames if _package(frame[0]) == package])
    return None


def _package(name: str) -> str:
    return name.partition(":")[0].partition(".")[0]


def _label(specs: list[Spec], frames: list[tuple[str, str]]) -> str:
    """The part that the innermost function is of, or else the only one in the modules of all.

    Where neither is known it is the distribution alone: several parts may share a function.
    """
    for module, function in frames:
        for spec in specs:
            if f"{module}:{function}.".startswith(f"{spec.target}."):
                return spec.label
    modules = {module for module, _ in frames}
    near = {spec.target: spec for spec in specs if spec.target.partition(":")[0] in modules}
    if len(near) == 1:
        return near.popitem()[1].label
    return f"{specs[0].distribution} {specs[0].version}"
