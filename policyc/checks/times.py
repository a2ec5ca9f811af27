"""Rules whose times never come, or are over."""

from collections.abc import Iterator
from datetime import date

from policyc.decision import mask_of, partition_of
from policyc.diagnostics import Diagnostic
from policyc.model import Policy


def rules_without_time(policy: Policy) -> Iterator[Diagnostic]:
    """PC308: the times of a rule contradict one another, so it never matches."""
    for rule in policy.rules:
        if rule.times and not mask_of(partition_of(policy.zone, (rule,)), rule):
            yield Diagnostic("PC308", rule.span)


def ended_rules(policy: Policy, today: date) -> Iterator[Diagnostic]:
    """PC309: the last day of a rule is over."""
    for rule in policy.rules:
        if rule.until is not None and rule.until < today:
            yield Diagnostic("PC309", rule.span, {"date": rule.until.isoformat()})
