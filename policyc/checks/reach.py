"""Which calls come to a rule: what checks of rules ask before they speak of one."""

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

from policyc import decision, schedule
from policyc.decision import Region, less, mask_of, periods_of
from policyc.diagnostics import Witness
from policyc.digits import NumberSet
from policyc.model import Policy, Rule
from policyc.schedule import Partition, Period

Layer = tuple[tuple[str, ...], tuple[Rule, ...]]


def layers(policy: Policy) -> Iterator[Layer]:
    """Yield the rules that are tried one after another, with the extensions that they are for."""
    everyone = tuple(policy.extensions)
    yield everyone, policy.first
    for extension, rules in policy.own.items():
        yield (extension,), rules
    yield everyone, policy.rest


def witness(
    policy: Policy,
    extensions: Iterable[str],
    rule: Rule,
    callers: NumberSet,
    times: Callable[[Partition], int],
    periods: Iterable[Period] = (),
) -> Witness | None:
    """Return a call that comes to a rule at one of some classes of time, or None when others take all those calls.

    `callers` are among the rule's; `times` may ask for the rule's own periods and for `periods`.
    """
    asked = tuple(periods)
    for extension in extensions:
        if extension in rule.excepted:
            continue
        before = [
            one
            for one in takewhile(lambda one: one is not rule, policy.rules_for(extension))
            if not one.callers.isdisjoint(callers)
        ]
        own = (period for one in (rule, *before) for period in periods_of(one))
        partition = schedule.partition(policy.zone, (*asked, *own))
        mask = times(partition)
        region: Region = tuple((low, high, mask) for low, high in callers.intervals) if mask else ()
        for one in before:
            if taken := mask & mask_of(partition, one):
                region = less(region, tuple((low, high, taken) for low, high in one.callers.intervals))
        if region:
            caller, instant = decision.witness(partition, region)
            return Witness.of(caller, extension, instant)
    return None
