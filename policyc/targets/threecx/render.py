"""A policy in, the exceptions of each extension out: `policyc-3cx.json`, and a report in French on what they rely on.

A 3CX keeps one list of exceptions an extension. Rules of `pour tous` become part of each list; what a list does not
say is the PBX's: the line rings, and the status profile decides after that.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from policyc import capabilities, decision
from policyc.diagnostics import Diagnostic, Secondary
from policyc.model import Destination, Extension, External, Mailbox, Policy, Rule
from policyc.targets import Rendered
from policyc.targets.threecx import dialect, plan, report, times
from policyc.targets.threecx.goal import Goals
from policyc.targets.threecx.nodes import PartError
from policyc.targets.threecx.plan import Plan
from policyc.targets.threecx.presented import Space
from policyc.targets.threecx.times import Calendar
from policyc.targets.threecx.ways import Limits

NAME: Final = "3cx"
DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "version": "20.0.9",
        "presentations": ("national", "e164", "00"),
        "one_pattern_per_rule": False,
        "anonymous": "",
    }
)
CAPABILITIES: Final = capabilities.of(NAME)
_CODES: Final = {"anonymous": "PC403", "kinds": "PC404", "hours": "PC405", "patterns": "PC406"}


def render(policy: Policy, settings: Mapping[str, Any]) -> Rendered:
    """Return the files of a policy that has no errors. `settings` holds every key of `DEFAULTS`."""
    current = dialect.is_current(settings["version"])
    limits = Limits(
        kinds=current,
        anonymous=settings["anonymous"],
        single=settings["one_pattern_per_rule"],
        most=dialect.MOST_EXCEPTIONS,
    )
    lists = {number: tuple(policy.rules_for(number)) for number in sorted(policy.extensions)}
    doubtful = {rule for rule in policy.rules if rule.until is not None}.union(times.dated(policy, policy.rules))
    deciding = tuple(_deciding(policy, [rule for rule in policy.rules if rule in doubtful], lists.values()))
    dates = times.calendar(policy, deciding)
    space = Space(frozenset(settings["presentations"]), frozenset(policy.extensions))
    planner = _Planner(Goals(space, dates, lists.values()), limits)
    plans = {number: planner.of(policy.extensions[number], rules) for number, rules in lists.items()}
    found = (*_refused(deciding, dates), *_problems(policy, plans, limits))
    if found:
        return Rendered({}, found)
    value = {
        "value": [
            {
                "ForwardingExceptions": list(
                    dialect.entries(
                        one.exceptions, policy, policy.extensions[number], current=current, single=limits.single
                    )
                ),
                "Number": number,
            }
            for number, one in plans.items()
        ]
    }
    dialect.validate(value, current=current)
    return Rendered(
        {
            "policyc-3cx.json": dialect.text(value),
            "policyc-3cx-report.md": report.report(policy, settings, plans, dates),
        }
    )


def _deciding(policy: Policy, rules: Collection[Rule], lists: Iterable[tuple[Rule, ...]]) -> Iterator[Rule]:
    """Yield those of some rules that decide a call of some extension, in the order of the policy."""
    sought = set(rules)
    found: set[Rule] = set()
    for listed in dict.fromkeys(lists):
        unclear = False
        for at, rule in enumerate(listed):
            if rule in sought and rule not in found:
                if _is_first(policy, listed[:at], rule):
                    found.add(rule)
                else:
                    unclear = True
        if unclear:
            table = decision.lower(decision.partition_of(policy.zone, listed), listed)
            found |= {choice.rule for _, _, row in table.cells for choice in row.choices}
    return (rule for rule in rules if rule in found)


def _is_first(policy: Policy, before: Sequence[Rule], rule: Rule) -> bool:
    """Tell whether it is plain that a rule decides: it holds at some time, and some caller is in no rule before it."""
    ends = [one.callers.ends for one in before]
    first = any(not any(bisect_right(one, low) & 1 for one in ends) for low in rule.callers.ends[::2])
    return first and bool(decision.mask_of(decision.partition_of(policy.zone, [rule]), rule))


@dataclass
class _Planner:
    """Makes the plan of each extension; extensions whose rules are alike share it."""

    goals: Goals
    limits: Limits
    known: dict[tuple[Rule, ...], list[tuple[tuple[Destination, ...], Plan]]] = field(default_factory=dict)

    def of(self, extension: Extension, rules: tuple[Rule, ...]) -> Plan:
        destinations = tuple(_own(rule.destination, extension) for rule in rules)
        known = self.known.setdefault(rules, [])
        for others, found in known:
            if others == destinations:
                return found
        try:
            made = plan.plan(self.goals.of(rules, destinations), self.limits)
        except PartError:
            made = plan.plan(self.goals.of(rules, destinations, fine=True), self.limits)
        known.append((destinations, made))
        return made


def _own(destination: Destination, extension: Extension) -> Destination:
    """Return a destination with an extension's own mailbox and mobile said in one way."""
    match destination:
        case Mailbox(extension=extension.number):
            return Mailbox(None)
        case External(number=str() as number, rebound=rebound) if number == extension.mobile:
            return External(None, rebound)
    return destination


# -- what cannot be said -----------------------------------------------------------------------------------------------


def _refused(rules: Sequence[Rule], dates: Calendar) -> Iterator[Diagnostic]:
    """Yield the rules whose dates the PBX cannot tell."""
    for rule in rules:
        if rule.until is not None:
            yield Diagnostic("PC401", rule.span, {"target": NAME, "what": "<until>"})
        if rule in dates.refused:
            yield Diagnostic("PC405", rule.span, {"target": NAME, "case": "dates"})


def _problems(policy: Policy, plans: Mapping[str, Plan], limits: Limits) -> Iterator[Diagnostic]:
    """Yield what stands in the way of each extension's list."""
    for number, one in plans.items():
        extension = policy.extensions[number]
        for trouble in one.troubles:
            for rule in trouble.rules:
                args = {"target": NAME, "case": trouble.why} if trouble.why == "hours" else {"target": NAME}
                yield Diagnostic(_CODES[trouble.why], rule.span, args)
        size = one.size(limits)
        if size > limits.most:
            yield Diagnostic(
                "PC402",
                _beyond(one, limits).span,
                {"target": NAME, "number": number, "name": extension.name, "count": size, "limit": limits.most},
                (Secondary(extension.span, "extension"),),
            )


def _beyond(one: Plan, limits: Limits) -> Rule:
    """Return the rule of the first exception that is too many, or of the last before it that has a rule."""
    rules: list[Rule] = []
    size = 0
    for exception in one.exceptions:
        size += len(exception.patterns) if limits.single else 1
        rules += exception.rules
        if size > limits.most and rules:
            break
    return rules[-1]
