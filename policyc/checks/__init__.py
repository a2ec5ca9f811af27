"""Checks of a resolved policy, one function a code, one file a family: a policy in, diagnostics out."""

from collections.abc import Callable, Iterator
from datetime import date

from policyc.checks.loops import forward_loops
from policyc.checks.times import ended_rules, rules_without_time
from policyc.diagnostics import Diagnostic
from policyc.model import Policy

CHECKS: tuple[Callable[[Policy], Iterator[Diagnostic]], ...] = (forward_loops, rules_without_time)


def check(policy: Policy, today: date | None = None) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a policy. With `today`, warn about rules that have ended."""
    found = [diagnostic for one in CHECKS for diagnostic in one(policy)]
    if today is not None:
        found += ended_rules(policy, today)
    return tuple(found)
