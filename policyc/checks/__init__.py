"""Checks of a resolved policy, one function a code, one file a family: a policy in, diagnostics out."""

from collections.abc import Callable, Iterator
from datetime import date

from policyc import digits
from policyc.checks.anonymous import anonymous_blocked
from policyc.checks.hours import gapped_hours, overlapping_hours
from policyc.checks.loops import forward_loops
from policyc.checks.merging import mergeable_rules
from policyc.checks.numbers import emergency_extensions, forwards_to_own_company
from policyc.checks.shadowing import partly_shadowed_rules, shadowed_rules
from policyc.checks.times import ended_rules, rules_ending_soon, rules_without_time, skipped_instants
from policyc.diagnostics import Diagnostic
from policyc.digits import NumberSet
from policyc.model import Policy
from policyc.outcomes import DecisionModel

_ModelCheck = Callable[[DecisionModel], Iterator[Diagnostic]]
_Check = Callable[[Policy], Iterator[Diagnostic]]
# What is to be asked of the decision model, and what the rules tell by themselves.
MODEL_CHECKS: tuple[_ModelCheck, ...] = (forward_loops, rules_without_time)
CHECKS: tuple[_Check, ...] = (skipped_instants,)
# Doubts: only a policy that was understood is worth them.
MODEL_DOUBTS: tuple[_ModelCheck, ...] = (shadowed_rules, partly_shadowed_rules)
DOUBTS: tuple[_Check, ...] = (
    overlapping_hours,
    gapped_hours,
    mergeable_rules,
    anonymous_blocked,
    emergency_extensions,
)


def check(
    policy: Policy | DecisionModel, today: date | None = None, company: NumberSet = digits.EMPTY, *, doubts: bool = True
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a policy, and what is doubtful in it unless `doubts` says not to ask.

    With `today`, warn about rules that have ended or soon will; `company` is the outside numbers that lead back to it.
    """
    model = policy if isinstance(policy, DecisionModel) else DecisionModel(policy)
    policy = model.policy
    found = [diagnostic for one in MODEL_CHECKS for diagnostic in one(model)]
    found += [diagnostic for one in CHECKS for diagnostic in one(policy)]
    if today is not None:
        found += ended_rules(policy, today)
    found += forwards_to_own_company(policy, company)
    if doubts:
        found += [diagnostic for one in MODEL_DOUBTS for diagnostic in one(model)]
        found += [diagnostic for one in DOUBTS for diagnostic in one(policy)]
        if today is not None:
            found += rules_ending_soon(policy, today)
    return tuple(found)
