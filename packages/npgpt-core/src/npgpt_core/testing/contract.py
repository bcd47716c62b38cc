"""A pytest test for every promise of a part: ``parametrize_with_checks``."""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.plugins.kinds import KINDS
from npgpt_core.testing.checklist import Check

CHECKED_KINDS = (*KINDS, "layer")
"""The kinds that have checks: ``tokenizer_checks()`` and so on."""


def checks_of(kind: str) -> dict[str, Check]:
    """Id -> check of a kind.

    Raises:
        NpgptError: there is no such kind.
    """
    if kind not in CHECKED_KINDS:
        raise NpgptError(f"kind is {kind!r}, expected one of {', '.join(CHECKED_KINDS)}")
    module = import_module(f"npgpt_core.testing.{kind}s.checks")
    return dict(getattr(module, f"{kind}_checks")())


def parametrize_with_checks(
    kind: str, factory: Any, expected_failures: Mapping[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a pytest test so that it runs once for each check of a kind.

    ::

        @parametrize_with_checks("tokenizer", MyTokenizer)
        def test_contract(check):
            check()

    Args:
        kind: what is checked: a kind of part, or "layer".
        factory: gives a fresh part at every call, from what ``tokenizer_checks`` and its like say.
            A class serves where its options have defaults, else ``functools.partial``.
        expected_failures: id of a check -> why the part cannot pass it. These are strict: one that
            passes after all fails the test, so that the list stays true.

    Raises:
        NpgptError: an unknown kind, an id that is no check of the kind, or a missing reason.
    """
    import pytest  # only authors of tests need it

    checks = checks_of(kind)
    expected = expected_failures or {}
    _validate(kind, checks, expected)
    parameters = [
        pytest.param(
            partial(check, factory),
            id=check_id,
            marks=[pytest.mark.xfail(raises=AssertionError, reason=expected[check_id], strict=True)]
            if check_id in expected
            else [],
        )
        for check_id, check in checks.items()
    ]
    return pytest.mark.parametrize("check", parameters)


def _validate(kind: str, checks: Mapping[str, Check], expected: Mapping[str, str]) -> None:
    unknown = [check_id for check_id in expected if check_id not in checks]
    if unknown:
        raise NpgptError(
            f"expected_failures names {', '.join(map(repr, unknown))}, which is no {kind} check:"
            f" choose from {', '.join(checks)}"
        )
    for check_id, reason in expected.items():
        if not isinstance(reason, str) or not reason.strip():
            raise NpgptError(f"expected_failures[{check_id!r}] is {reason!r}, expected the reason")
