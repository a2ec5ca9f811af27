"""A policy, an extension and a call in; each rule that was tried in order, and all that did not match of it, out.

The interpreter says which rule decides; this says why those before it did not. It asks rules themselves, and shares
nothing with the decision model either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from policyc import schedule
from policyc.digits import Caller, Kind
from policyc.model import NamedPeriod, Policy, Rule, TimeClause

# Where a rule stands: `pour tous en priorité`, the extension's own, `pour tous`.
LAYERS = FIRST, OWN, REST = "first", "own", "rest"


@dataclass(frozen=True, slots=True)
class NotNamed:
    """The caller is not among those that the rule names; `excepted`: is among them, and `sauf` takes them out."""

    excepted: bool


@dataclass(frozen=True, slots=True)
class OnlyKind:
    """The rule takes only calls of the other kind: it says so, or holds for the same number from there."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class NotThen:
    """A `pendant` or `hors` does not hold.

    `days` are the declared days that make it so, by name: the holiday or the closures that take the day out of hours
    which would be open, or those that the day must be out of.
    """

    clause: TimeClause
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Over:
    """The last day of `jusqu'au` is past."""

    last: date


Reason = NotNamed | OnlyKind | NotThen | Over


@dataclass(frozen=True, slots=True)
class Closed:
    """A `hors` some hours that holds only because the day is closed, by these holidays and closures."""

    clause: TimeClause
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was tried, the layer it stands in, and why it did not match; it did when there is no reason.

    Of one that matched, `closed` tells what may surprise.
    """

    rule: Rule
    layer: str
    failed: tuple[Reason, ...]
    closed: tuple[Closed, ...] = ()

    @property
    def matched(self) -> bool:
        """Whether the rule takes the call."""
        return not self.failed


def tried(policy: Policy, extension: str, caller: Caller, local: datetime) -> tuple[Tried, ...]:
    """Return the rules tried for a call at an extension, in order, up to the one that decides if one does.

    The instant is local to the policy's zone.
    """
    found: list[Tried] = []
    for layer, rules in zip(LAYERS, policy.layers(extension), strict=True):
        for rule in rules:
            failed = tuple(reasons(policy, rule, caller, local))
            if not failed:
                return (*found, Tried(rule, layer, (), tuple(_closed(policy, rule, local))))
            found.append(Tried(rule, layer, failed))
    return tuple(found)


def reasons(policy: Policy, rule: Rule, caller: Caller, local: datetime) -> Iterator[Reason]:
    """Yield all that keeps a rule from taking a call, nothing when it takes it."""
    if caller not in rule.callers:
        yield from _who(rule, caller)
    for clause in rule.times:
        if not clause.holds(local):
            yield NotThen(clause, tuple(_days(policy, clause, local)))
    if rule.until is not None and local.date() > rule.until:
        yield Over(rule.until)


def _who(rule: Rule, caller: Caller) -> Iterator[Reason]:
    """Yield why a caller is not of a rule's callers."""
    written = rule.written
    other = Kind.EXTERNAL if caller.kind is Kind.INTERNAL else Kind.INTERNAL
    is_filtered = written.kind is other
    is_named = any(caller in part.callers for part in written.parts)
    # A rule that was never written has no parts: its set alone tells that it takes this number from there.
    is_from_there = not is_named and Caller(other, caller.number) in rule.callers
    if is_filtered or is_from_there:
        yield OnlyKind(other)
    if is_named and not is_filtered:
        yield NotNamed(excepted=True)
    elif not is_named and not is_from_there:
        yield NotNamed(excepted=False)


def _closed(policy: Policy, rule: Rule, local: datetime) -> Iterator[Closed]:
    """Yield the `hors` of a rule that hold though the clock is within the hours."""
    for clause in rule.times:
        if clause.named.kind == "hours" and not clause.inside:
            days = tuple(_closing(policy, clause.named, local))
            if days and clause.holds(local):
                yield Closed(clause, days)


def _closing(policy: Policy, named: NamedPeriod, local: datetime) -> Iterator[str]:
    """Yield the names of the holidays and closures that take an instant out of hours which would be open."""
    day = local.date()
    if schedule.weekly(named.spans).holds(local):
        yield from (name for one, name in policy.holidays if one == day)
        yield from (one.name for one in policy.closures if _holds_on(one, day))


def _days(policy: Policy, clause: TimeClause, local: datetime) -> Iterator[str]:
    """Yield the names of the declared days because of which a clause does not hold."""
    named, day = clause.named, local.date()
    if named.kind == "hours":
        yield from _closing(policy, named, local) if clause.inside else ()
    elif named.kind == "holidays" and not clause.inside:
        yield from (name for one, name in policy.holidays if one == day)
    elif not clause.inside and _holds_on(named, day):
        yield named.name


def _holds_on(closure: NamedPeriod, day: date) -> bool:
    return any(first <= day <= last for first, last in closure.dates)
