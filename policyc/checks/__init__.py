"""Checks of a resolved policy, one function a code, one file a family: a policy in, diagnostics out."""

from collections.abc import Callable, Iterator
from datetime import date

from policyc.checks.loops import forward_loops
from policyc.checks.times import ended_rules, rules_without_time
from policyc.diagnostics import Diagnostic
from policyc.model import Policy
from policyc.outcomes import DecisionModel

# What is to be asked of the decision model, and what the rules tell by themselves.
MODEL_CHECKS: tuple[Callable[[DecisionModel], Iterator[Diagnostic]], ...] = (forward_loops,)
CHECKS: tuple[Callable[[Policy], Iterator[Diagnostic]], ...] = (rules_without_time,)


def check(policy: Policy, today: date | None = None) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a policy. With `today`, warn about rules that have ended."""
    model = DecisionModel(policy)
    found = [diagnostic for one in MODEL_CHECKS for diagnostic in one(model)]
    found += [diagnostic for one in CHECKS for diagnostic in one(policy)]
    if today is not None:
        found += ended_rules(policy, today)
    return tuple(found)
