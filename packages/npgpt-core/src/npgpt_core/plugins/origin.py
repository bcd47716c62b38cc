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
    specs = [spec for plugin in plugins() for spec in plugin.provides if not spec.house]
    for frame, _ in reversed(list(walk_tb(error.__traceback__))):
        module = frame.f_globals.get("__name__", "")
        if own := [spec for spec in specs if _package(spec.target) == _package(module)]:
            return _label(own, module, frame.f_code.co_qualname)
    return None


def _package(name: str) -> str:
    return name.partition(":")[0].partition(".")[0]


def _label(specs: list[Spec], module: str, function: str) -> str:
    """The part that the function is of; the distribution alone where that cannot be told."""
    own = [spec for spec in specs if f"{module}:{function}.".startswith(f"{spec.target}.")]
    near = [spec for spec in specs if spec.target.partition(":")[0] == module]
    if not own and len({spec.target for spec in near}) == 1:
        own = near
    return own[0].label if own else f"{specs[0].distribution} {specs[0].version}"
