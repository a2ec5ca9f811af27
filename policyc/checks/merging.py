"""Rules that stand one after another and could be one line."""

from collections.abc import Hashable, Iterator
from itertools import groupby

from policyc.diagnostics import Diagnostic, Secondary
from policyc.digits import NumberSet
from policyc.model import Policy, Rule


def mergeable_rules(policy: Policy) -> Iterator[Diagnostic]:
    """PC317: consecutive rules of an extension say the same for other callers. One diagnostic for all of them."""
    for rules in policy.own.values():
        for said, run in groupby(rules, _said):
            one_line = [] if said is None else _side_by_side(list(run))
            if len(one_line) > 1:
                others = tuple(Secondary(rule.span, "same") for rule in one_line[1:])
                yield Diagnostic("PC317", one_line[0].span, {"count": len(one_line)}, others)


def _said(rule: Rule) -> Hashable:
    """Return all that a rule says but whom it is for; None when its callers cannot simply join those of another."""
    if rule.written.narrowed or not rule.callers:
        return None
    times = frozenset((clause.named.period, clause.inside) for clause in rule.times)
    return rule.destination, times, rule.until, rule.reason, rule.written.kind


def _side_by_side(run: list[Rule]) -> list[Rule]:
    """Return the rules whose callers no other rule holds, nor is held by: that is another matter."""
    nested = set()
    for one, other in _overlapping([rule.callers for rule in run]):
        both = run[one].callers & run[other].callers
        if both in (run[one].callers, run[other].callers):
            nested |= {one, other}
    return [rule for at, rule in enumerate(run) if at not in nested]


def _overlapping(sets: list[NumberSet]) -> set[tuple[int, int]]:
    """Return which sets have callers in common."""
    found = set()
    going: list[tuple[int, int]] = []  # end, set
    for low, high, at in sorted((low, high, at) for at, callers in enumerate(sets) for low, high in callers.intervals):
        going = [(end, other) for end, other in going if end > low]
        found |= {(other, at) for _, other in going}
        going.append((high, at))
    return found
