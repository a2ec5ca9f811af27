"""A policy in, the exceptions of each extension out: `policyc-3cx.json`, and a report in French on what they rely on.

A 3CX keeps one list of exceptions an extension. Rules of `pour tous` become part of each list; what a list does not
say is the PBX's: the line rings, and the status profile decides after that.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

from policyc import capabilities, processes
from policyc.diagnostics import Diagnostic, Secondary
from policyc.model import Destination, Extension, External, Mailbox, Policy, Rule
from policyc.targets import Piece, Rendered
from policyc.targets.threecx import assembly, deciding, dialect, plan, report, times
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
_ENOUGH: Final = 50  # lists
_TOGETHER: Final = 50  # lists: a tenth of a second, so that no process waits long for another at the end
_RARELY: Final = 10  # one list out of so many may need a fine tree, when it was tried without
_CODES: Final = {"anonymous": "PC403", "kinds": "PC404", "hours": "PC405", "patterns": "PC406"}


def render(policy: Policy, settings: Mapping[str, Any]) -> Rendered:
    """Return the files of a policy that has no errors. `settings` holds every key of `DEFAULTS`."""
    lists = {number: policy.rules_for(number) for number in sorted(policy.extensions)}
    doubtful = _doubtful(policy, policy.rules)
    asking = deciding.asking(policy, doubtful, lists.values())
    dated = tuple(dict.fromkeys(chain.from_iterable(asking.values())))
    dates = times.calendar(policy, dated)
    if _refuses(dated, dates):  # then all of them are told
        dated = tuple(deciding.deciding(policy, [rule for rule in policy.rules if rule in doubtful], lists.values()))
        dates = times.calendar(policy, dated)
    refused = {rule for rule in dated if rule.until is not None or rule in dates.refused}
    maker = _maker(policy, settings, _looked_at(lists, refused), dates, asking, refused=bool(refused))
    parts = maker.all_parts()
    found = (*_refused(dated, dates), *(problem for one in parts for problem in one.problems))
    if found:
        return Rendered({}, found)
    pieces = {number: piece for one in parts for number, piece in one.pieces.items()}
    return Rendered(assembled(policy, settings, pieces), pieces=pieces)


def revised(
    policy: Policy, settings: Mapping[str, Any], changed: Collection[str], others: Mapping[str, Piece]
) -> Mapping[str, Piece] | None:
    """Return the pieces of changed extensions, as `targets.InPieces` says.

    None also if the PBX needs other holidays now: lists may be others then.
    """
    lists = {number: policy.rules_for(number) for number in sorted(changed)}
    asking = deciding.asking(policy, _doubtful(policy, chain.from_iterable(lists.values())), lists.values())
    facts = assembly.facts_of(others).values()
    dated = tuple(chain.from_iterable(asking.values()))
    of_others = times.with_times(policy, {name for one in facts for name in one.dated})
    dates = times.calendar(policy, (*of_others, *dated))
    if _refuses(dated, dates) or any(one.calendar != dates.mark for one in facts):
        return None
    parts = _maker(policy, settings, lists, dates, asking).all_parts()
    if any(one.problems for one in parts):
        return None
    return {number: piece for one in parts for number, piece in one.pieces.items()}


def assembled(policy: Policy, settings: Mapping[str, Any], pieces: Mapping[str, Piece]) -> Mapping[str, str]:
    """Return the files that the pieces of all extensions make."""
    return assembly.files(policy, settings, pieces)


def _doubtful(policy: Policy, rules: Iterable[Rule]) -> AbstractSet[Rule]:
    """Return the rules, out of some, that ask for dates if they decide."""
    rules = dict.fromkeys(rules)
    return {rule for rule in rules if rule.until is not None}.union(times.dated(policy, rules))


def _refuses(dated: Iterable[Rule], dates: Calendar) -> bool:
    """Tell whether the PBX cannot tell the dates of some rules that decide."""
    return bool(dates.refused) or any(rule.until is not None for rule in dated)


def _maker(
    policy: Policy,
    settings: Mapping[str, Any],
    lists: Mapping[str, tuple[Rule, ...]],
    dates: Calendar,
    asking: Mapping[tuple[Rule, ...], tuple[Rule, ...]],
    *,
    refused: bool = False,
) -> "_Maker":
    current = dialect.is_current(settings["version"])
    limits = Limits(
        kinds=current,
        anonymous=settings["anonymous"],
        single=settings["one_pattern_per_rule"],
        most=dialect.MOST_EXCEPTIONS,
    )
    space = Space(frozenset(settings["presentations"]), frozenset(policy.extensions))
    shared = {rules for rules, count in Counter(lists.values()).items() if count > 1}
    planner = _Planner(Goals(space, dates, lists.values()), limits, shared, refused=refused)
    return _Maker(policy, lists, planner, dialect.Validator(current=current), dates.mark, asking)


def _looked_at(lists: Mapping[str, tuple[Rule, ...]], refused: AbstractSet[Rule]) -> Mapping[str, tuple[Rule, ...]]:
    """Return the lists that are to be found: of those that hold refused rules, the first ones only.

    Nothing will be written then, and each takes some 20 ms where rules are long: what else is wrong with these is told
    at once, what is wrong with hundreds of others once the rules can be said.
    """
    doubtful = [number for number, rules in lists.items() if not refused.isdisjoint(rules)]
    left_out = set(doubtful[_ENOUGH:])
    return {number: rules for number, rules in lists.items() if number not in left_out}


@dataclass(frozen=True, slots=True)
class _Part:
    """What is made of some extensions: their pieces, or what is wrong."""

    pieces: Mapping[str, Piece] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the pieces of some extensions, whose rules these are.

    `calendar` is the mark of the dates that they are made for, `asking` the rules by which lists ask for these.
    Many are shared among processes, and a part of them is but text: so plans need not be sent, nor kept.
    """

    policy: Policy
    rules: Mapping[str, tuple[Rule, ...]]
    planner: "_Planner"
    validator: dialect.Validator
    calendar: str
    asking: Mapping[tuple[Rule, ...], tuple[Rule, ...]]

    def all_parts(self) -> list[_Part]:
        """Return what is made of all extensions, the same for any number of processes."""
        numbers = tuple(self.rules)
        tasks = [partial(self._part, numbers[at : at + _TOGETHER]) for at in range(0, len(numbers), _TOGETHER)]
        jobs = processes.cores_for(sum(map(len, self.rules.values())))
        shared = self.policy.sources if jobs > 1 else ()
        return processes.each(tasks, shared, jobs)  # problems come back with the caller's own files

    def _part(self, numbers: Sequence[str]) -> _Part:
        policy, limits = self.policy, self.planner.limits
        plans = {number: self.planner.of(policy.extensions[number], self.rules[number]) for number in numbers}
        if problems := tuple(_problems(policy, plans, limits)):
            return _Part(problems=problems)
        if self.planner.refused:
            return _Part()
        written = zip(plans.items(), self._written(plans), strict=True)
        return _Part({number: self._piece(number, one, text) for (number, one), text in written})

    def _piece(self, number: str, one: Plan, text: str) -> Piece:
        dated = [times.named(rule.times) for rule in self.asking.get(self.rules[number], ())]
        facts = assembly.Facts(report.told(one.exceptions, single=self.planner.limits.single), self.calendar, (*dated,))
        return Piece((text, report.section(self.policy, self.policy.extensions[number], one)), facts.texts())

    def _written(self, plans: Mapping[str, Plan]) -> Iterator[str]:
        policy, limits = self.policy, self.planner.limits
        value: list[dialect.Json] = [
            {
                "ForwardingExceptions": [
                    *dialect.entries(
                        one.exceptions, policy, policy.extensions[number], current=limits.kinds, single=limits.single
                    )
                ],
                "Number": number,
            }
            for number, one in plans.items()
        ]
        self.validator.validate(value)
        return dialect.texts(value)


@dataclass
class _Planner:
    """Makes the plan of each extension; extensions whose rules are alike, those of `shared`, share it.

    `refused`: nothing will be written, so lists are only found as far as what is wrong with them goes.
    """

    goals: Goals
    limits: Limits
    shared: AbstractSet[tuple[Rule, ...]]
    refused: bool
    known: dict[tuple[Rule, ...], list[tuple[tuple[Destination, ...], Plan]]] = field(default_factory=dict)
    tried: int = 0
    failed: int = 0

    def of(self, extension: Extension, rules: tuple[Rule, ...]) -> Plan:
        destinations = tuple(_own(rule.destination, extension) for rule in rules)
        for others, found in self.known.get(rules, ()):
            if others == destinations:
                return found
        made = self._made(rules, destinations)
        if rules in self.shared:
            self.known.setdefault(rules, []).append((destinations, made))
        self.refused = self.refused or bool(made.troubles) or made.size(self.limits) > self.limits.most
        return made

    def _made(self, rules: tuple[Rule, ...], destinations: tuple[Destination, ...]) -> Plan:
        """Return a plan, by a tree that is not fine where mostly that will do: it takes a quarter less time then."""
        if self.failed * _RARELY <= self.tried:
            self.tried += 1
            try:
                return plan.plan(self.goals.of(rules, destinations), self.limits, refused=self.refused)
            except PartError:
                self.failed += 1
        return plan.plan(self.goals.of(rules, destinations, fine=True), self.limits, refused=self.refused)


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
