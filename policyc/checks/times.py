"""Rules whose times never come, are over, or are soon."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from policyc import schedule
from policyc.decision import mask_of, partition_of
from policyc.diagnostics import Diagnostic
from policyc.edits import without_rule
from policyc.model import Policy, Promise, Rule, TimeClause
from policyc.outcomes import DecisionModel
from policyc.schedule import Partition

SOON: Final = timedelta(days=30)


def rules_without_time(model: DecisionModel) -> Iterator[Diagnostic]:
    """PC308: the times of a rule, or of a guarantee, contradict one another, so it never matches."""
    policy = model.policy
    known: dict[tuple[Partition, tuple[TimeClause, ...], date | None], bool] = {}  # most rules say what others say
    for rule, partition in _timed(model):
        said = partition, rule.times, rule.until
        never = known.get(said)
        if never is None:
            never = known[said] = not mask_of(partition, rule)
        if never:
            yield Diagnostic("PC308", rule.span, fix=without_rule(rule.span, safe=True))
    for promise in (one for guarantee in policy.guarantees for one in guarantee.promises):
        if _never_holds(policy, promise):
            fix = without_rule(promise.span, safe=True)
            yield Diagnostic("PC308", promise.span, {"case": "promise"}, fix=fix)


def _timed(model: DecisionModel) -> Iterator[tuple[Rule, Partition]]:
    """Yield the rules that say when they hold, with classes of time that know what they say."""
    policy = model.policy

    def shared(rules: Iterable[Rule]) -> Iterator[tuple[Rule, Partition]]:
        for rule in rules:
            if rule.times:
                extension = next((one for one in policy.extensions if one not in rule.excepted), None)
                yield rule, partition_of(policy.zone, (rule,)) if extension is None else model.partition(extension)

    yield from shared(policy.first)
    for extension, rules in policy.own.items():
        yield from ((rule, model.partition(extension)) for rule in rules if rule.times)
    yield from shared(policy.rest)


def skipped_instants(policy: Policy) -> Iterator[Diagnostic]:
    """PC704: a test calls at a time that clocks leave out when daylight saving begins."""
    for call in (one for test in policy.tests for one in test.calls):
        if call.local is not None and not schedule.exists(call.local.replace(tzinfo=policy.zone)):
            yield Diagnostic("PC704", call.span, {"at": f"{call.local:%Y-%m-%d %H:%M}", "zone": policy.zone.key})


def ended_rules(policy: Policy, today: date) -> Iterator[Diagnostic]:
    """PC309: the last day of a rule is over."""
    for rule in policy.rules:
        if rule.until is not None and rule.until < today:
            fix = without_rule(rule.span, safe=False)  # it did change calls, on the days before
            yield Diagnostic("PC309", rule.span, {"date": rule.until.isoformat()}, fix=fix)


def rules_ending_soon(policy: Policy, today: date) -> Iterator[Diagnostic]:
    """PC320: the last day of a rule is near: what it says will be over unless someone puts it off."""
    for rule in policy.rules:
        if rule.until is None or not timedelta() <= rule.until - today <= SOON:
            continue
        if not _never_holds(policy, rule):  # else nothing ends
            left = (rule.until - today).days
            case = "days" if left else "last"
            yield Diagnostic("PC320", rule.span, {"case": case, "date": rule.until.isoformat(), "days": left})


def _never_holds(policy: Policy, rule: Rule | Promise) -> bool:
    return bool(rule.times) and not mask_of(partition_of(policy.zone, (rule,)), rule)
