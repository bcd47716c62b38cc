"""Looking parts up by name: ``registry.load("tokenizer", "bpe")``.

``discovery`` finds what is installed without importing any of it; a part is imported when it is
asked for here, and held against its protocol.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from npgpt_core.errors import NpgptError, PluginError, short_repr
from npgpt_core.plugins.discovery import OWN_DISTRIBUTIONS as OWN_DISTRIBUTIONS
from npgpt_core.plugins.discovery import Plugin as Plugin
from npgpt_core.plugins.discovery import Spec as Spec
from npgpt_core.plugins.discovery import plugins as plugins
from npgpt_core.plugins.entry_points import normalized
from npgpt_core.plugins.hooks import HOW_TO_CHANGE, describe_error, import_target
from npgpt_core.plugins.kinds import KINDS as KINDS
from npgpt_core.shell import command


def specs(kind: str) -> list[Spec]:
    """All parts of a kind, npgpt's own first."""
    if kind not in KINDS:
        raise PluginError(f"unknown kind {kind!r}, expected one of {', '.join(KINDS)}")
    return [spec for plugin in plugins() for spec in plugin.provides if spec.kind == kind]


def names(kind: str) -> list[str]:
    """The names under which the parts of a kind are found, sorted; ambiguous ones qualified."""
    found = specs(kind)
    return sorted(
        spec.name if _candidates(found, spec.name) == [spec] else spec.qualified for spec in found
    )


def _candidates(found: list[Spec], name: str) -> list[Spec]:
    distribution, _, bare = name.rpartition("/")
    if distribution:
        return [s for s in found if (s.distribution, s.name) == (normalized(distribution), bare)]
    matches = [spec for spec in found if spec.name == bare]
    return [spec for spec in matches if spec.distribution in OWN_DISTRIBUTIONS] or matches


def has(kind: str, name: str) -> bool:
    """Whether a name is a part's, or begins with a plugin that was found, in working order or not.

    ``find`` gives the part of such a name, or says why there is none.
    """
    distribution, _, _ = name.rpartition("/")
    found = {plugin.distribution for plugin in plugins()}
    return bool(_candidates(specs(kind), name)) or normalized(distribution) in found


def find(kind: str, name: str) -> Spec:
    """The part of a name, or of a ``distribution/name``.

    Raises:
        PluginError: unknown (names the close ones, all there are, and the plugins that failed and
            might have had it) or ambiguous (lists the qualified names).
    """
    candidates = _candidates(specs(kind), name)
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        qualified = ", ".join(spec.qualified for spec in candidates)
        raise PluginError(
            f"{kind} {name!r} is ambiguous, several packages bring it: use one of {qualified}"
        )
    raise PluginError(_unknown(kind, name))


def _unknown(kind: str, name: str) -> str:
    from difflib import get_close_matches

    known = names(kind)
    message = f"unknown {kind} {name!r:.200}"
    close = get_close_matches(name, known, n=3)
    message += f", did you mean {' or '.join(close)}?" if close else "."
    message += f" Installed: {', '.join(known)}." if known else f" No {kind} is installed."
    for plugin in plugins():
        if plugin.status in ("failed", "disabled") and kind in (plugin.kinds or KINDS):
            failed = plugin.status == "failed"
            message += (
                f" Plugin {plugin.name} ({plugin.distribution} {plugin.version}), which might have"
                f" had it, {'has failed' if failed else 'is disabled'}: {plugin.reason}."
            )
            if failed:
                mending = command("pip", "install", "--upgrade", plugin.distribution)
                message += f" To mend it: {mending}."
    home = KINDS[kind].home
    if home and home not in {plugin.distribution for plugin in plugins()}:
        message += f" To install npgpt's own: {how_to_install(home)}."
    return message


def how_to_install(distribution: str, version: str = "") -> str:
    """What to type to get a package, at a version; npgpt's own are not on an index yet."""
    if distribution in OWN_DISTRIBUTIONS:
        checkout = f"a checkout of npgpt {version}".rstrip()
        return f"pip install ./packages/{distribution} in {checkout}"
    return command("pip", "install", f"{distribution}=={version}" if version else distribution)


def load(kind: str, name: str) -> Any:
    """Import the part of a name and hold it against its protocol.

    Raises:
        PluginError: unknown or ambiguous name, a target that does not import or misses members.
    """
    return load_spec(find(kind, name))


def load_spec(spec: Spec) -> Any:
    """Import the part of a spec and hold it against its protocol.

    Raises:
        PluginError: a target that does not import, or misses members.
    """
    from npgpt_core.protocols import missing_members

    who = f"{spec.kind} {spec.qualified} ({spec.target})"
    try:
        target = import_target(spec.target)
        missing = missing_members(spec.kind, target)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a stranger's module may raise anything, SystemExit too
        gone = isinstance(error, ImportError) and str(error.name).startswith("npgpt_")
        hint = _hint_of_contract_1(spec) if gone else ""
        raise PluginError(f"{who} does not import: {describe_error(error)}{hint}") from error
    if missing:
        protocol = f"npgpt_core.protocols.{KINDS[spec.kind].protocol}"
        lacking = f"{who} lacks {', '.join(missing)} of {protocol}"
        raise PluginError(f"{lacking}{_hint_of_contract_1(spec)}")
    return target


def _hint_of_contract_1(spec: Spec) -> str:
    """What may be wrong with a part whose plugin states no contract."""
    changed = KINDS[spec.kind].changed
    if spec.contract is not None or not changed:
        return ""
    return f". Was it written for contract 1? {HOW_TO_CHANGE}: {changed}"


def create(kind: str, name: str, /, *args: Any, **options: Any) -> Any:
    """Build the part of a name: ``create("optimizer", "adam", model, lr=3e-4)``.

    Raises:
        PluginError: as ``load``, an option that the part does not take (lists those it takes), or
            a value that it does not.
    """
    spec = find(kind, name)
    target = load_spec(spec)
    valid = option_names(target)
    unknown = sorted(set(options) - set(valid)) if valid is not None else []
    if unknown:
        raise PluginError(
            f"{spec.label} has no option {', '.join(map(repr, unknown))};"
            f" it takes {', '.join(valid or []) or 'none'}"
        )
    with naming_part(spec.label, options):
        return target(*args, **options)


@contextmanager
def naming_part(label: str, options: Mapping[str, Any]) -> Iterator[None]:
    """Say of a part that refuses its options which part and options these are."""
    try:
        yield
    except NpgptError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())  # a stranger's may have several lines
        raise PluginError(f"{label} refuses {short_repr(options, 400)}: {reason}") from error


def option_names(target: Any) -> list[str] | None:
    """Keyword arguments that building ``target`` takes; None when it takes any.

    Positional-only arguments do not count.
    """
    from inspect import Parameter, signature

    parameters = signature(target).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return [parameter.name for parameter in parameters if parameter.kind in by_name]
