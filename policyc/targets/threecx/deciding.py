"""The rules of each extension in, those that decide a call out: a rule that never does asks nothing of the PBX.

A table of all the rules says it too, but takes five times as long: mostly it is plain from a rule and few before it.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from itertools import chain
from zoneinfo import ZoneInfo

from policyc import decision
from policyc.model import Policy, Rule, TimeClause


def deciding(policy: Policy, rules: Collection[Rule], lists: Iterable[tuple[Rule, ...]]) -> Iterator[Rule]:
    """Yield those of some rules that decide a call of some extension, in the order of the policy."""
    sought = set(rules)
    left = _Left(policy.zone)
    for listed in dict.fromkeys(lists):
        for at, rule in enumerate(listed):
            if rule in sought and _decides(left, listed[:at], rule):
                sought.remove(rule)
    return (rule for rule in rules if rule not in sought)


def asking(
    policy: Policy, rules: AbstractSet[Rule], lists: Iterable[tuple[Rule, ...]]
) -> Mapping[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return those of some rules that decide a call by each list: the first one, of those that hold at the same times.

    Lists by which none does are left out.
    """
    left = _Left(policy.zone)
    found = {listed: tuple(_asking(left, rules, listed)) for listed in (dict.fromkeys(lists) if rules else ())}
    return {listed: some for listed, some in found.items() if some}


def _asking(left: "_Left", sought: AbstractSet[Rule], listed: tuple[Rule, ...]) -> Iterator[Rule]:
    known: set[_When] = set()
    for at, rule in enumerate(listed):
        if rule in sought and (when := (rule.times, rule.until)) not in known and _decides(left, listed[:at], rule):
            known.add(when)
            yield rule


def _decides(left: "_Left", before: Sequence[Rule], rule: Rule) -> bool:
    """Tell whether rules that are tried before one leave it a call."""
    ends = [one.callers.ends for one in before]
    own = rule.callers.ends
    seen: set[tuple[int, ...]] = set()
    for cut in chain(own[::2], (end for some in ends for end in some if bisect_right(own, end) & 1)):
        held = tuple([at for at, some in enumerate(ends) if bisect_right(some, cut) & 1])
        if held in seen:
            continue
        if left.of(rule, [before[at] for at in held]):
            return True
        if not seen:  # where a rule never decides, mostly those say so that hold for all of its callers
            wider = [before[at] for at in held if rule.callers <= before[at].callers]
            if not left.of(rule, wider):
                return False
        seen.add(held)
    return False


_When = tuple[tuple[TimeClause, ...], date | None]


class _Left:
    """Tells whether some rules leave any time to one, by what is said of when they hold."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._known: dict[tuple[_When, frozenset[_When]], bool] = {}

    def of(self, rule: Rule, others: Sequence[Rule]) -> bool:
        key = (rule.times, rule.until), frozenset([(one.times, one.until) for one in others])
        if key not in self._known:
            partition = decision.partition_of(self._zone, (rule, *others))
            mask = decision.mask_of(partition, rule)
            for one in others:
                mask &= ~decision.mask_of(partition, one)
            self._known[key] = bool(mask)
        return self._known[key]
