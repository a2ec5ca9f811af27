"""How the exceptions of 3CX are held to a policy: the file read back, and what should happen where a call ends.

Proved is what the file says: for each call, whether the extension rings, or which mailbox, extension, system, outside
number or rebound takes it, or that it is busy. What the PBX does of its own accord is not in the file, and so not
proved: how long an extension rings and what comes after that (`NoAnswerTimeout` and the routes of its status profile),
how a rebound sounds, the greeting of a mailbox, what becomes of a call outside that nobody takes. Nor is it proved that
the PBX has the zone, the holidays, the mailboxes and the systems that the report asks for, or that it takes exceptions
to mean what the reader does: that rests on its documentation.

A 3CX answers only for callers who are presented in the forms that the settings list, and for numbers that telephones
have: see `listed` and `counted`.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from policyc import schedule
from policyc.outcomes import DecisionModel, Ending
from policyc.proof.protocol import UNKNOWN, Calls, NotUnderstood, Stop
from policyc.schedule import MINUTES_PER_WEEK
from policyc.targets.threecx import counted as _counted
from policyc.targets.threecx import parts as _parts
from policyc.targets.threecx import reader as _reader
from policyc.targets.threecx.reader import plans
from policyc.targets.threecx.reader.plans import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from policyc.digits import NumberSet
    from policyc.model import NamedPeriod, Policy, Rule, TimeClause
    from policyc.schedule import WeekSpan

FILES: Final = ("policyc-3cx.json",)
_CHANGED: Final = (20, 0, 9)  # from this version on, exceptions have a kind of calls
_SYSTEMS: Final = {"group": "RingGroup", "queue": "Queue", "menu": "IVR"}


def read(files: Mapping[str, str], policy: Policy, settings: Mapping[str, Any]) -> Reading:
    """Return the file read back; of the policy only the zone, the holidays and the systems of the PBX."""
    systems = {number: _SYSTEMS[system.kind] for number, system in policy.systems.items()}
    pbx = _reader.Pbx(
        policy.zone, _is_current(settings["version"]), settings["anonymous"], tuple(holidays(policy)), systems
    )
    (name,) = FILES
    try:
        return Reading(_reader.read(name, files[name], pbx, partial(_asked, policy, settings)))
    except _reader.NotUnderstood as error:
        raise _told(error) from error


class Reading:
    """The file, read back."""

    def __init__(self, reading: _reader.Reading) -> None:
        """Take what the reader read."""
        self._reading = reading

    def found(self, called: str, calls: Sequence[Calls]) -> Sequence[_reader.Found]:
        """Return what becomes of each of the calls to a number. Raises NotUnderstood."""
        try:
            return self._reading.found(called, calls)
        except _reader.NotUnderstood as error:
            raise _told(error) from error

    def laid(self, called: str, calls: Sequence[Calls]) -> _reader.Laid:
        """Return the same for callers that count, laid out on lines that calls share. Raises NotUnderstood."""
        try:
            return self._reading.laid(called, calls)
        except _reader.NotUnderstood as error:
            raise _told(error) from error

    def forget(self) -> None:
        """Let go of what was found so far."""
        self._reading.forget()

    def path(self, called: str, one: Calls, local: datetime) -> Sequence[Stop]:
        """Return the lines that one call runs through, all its digits known, at a local instant of the zone."""
        try:
            return [Stop(stop.file, stop.line, stop.text) for stop in self._reading.path(called, one, local)]
        except _reader.NotUnderstood as error:
            raise _told(error) from error


def _told(error: _reader.NotUnderstood) -> NotUnderstood:
    return NotUnderstood(error.file, error.line, error.what.value, error.text)


def _is_current(version: str) -> bool:
    """Tell whether exceptions of a version such as `20.0.9` have a kind of calls."""
    numbers = tuple(int(part) for part in re.findall(r"[0-9]+", version))
    return numbers[:3] + (0,) * (3 - len(numbers)) >= _CHANGED


# --- what must happen -----------------------------------------------------------------------------


def expected(policy: Policy, settings: Mapping[str, Any], ending: Ending, called: Calls) -> Plan:  # noqa: ARG001
    """Return what must happen where a call ends so, whatever the settings, and whoever calls."""
    extension, number = ending.extension or "", ending.number or ""
    event: plans.Event
    match ending.kind:
        case "ring":
            event = plans.Rang(extension)
        case "voicemail":
            event = plans.LeftMessage(extension)
        case "external":
            event = plans.Dialled(number)
        case "rebound":
            event = plans.Rebounded(number, extension, extension)
        case "system":
            event = plans.HandedOver(extension or number)
        case "busy":
            event = plans.SoundedBusy()
        case "loop":
            event = plans.Looped()
        case other:
            raise AssertionError(f"an ending without a plan: {other}")
    return Plan((event,))


def normal(plan: Plan) -> Plan:
    """Return a found plan as it is: one event is all that a list of exceptions makes happen."""
    if plan.then is not None or len(plan.events) != 1:
        raise AssertionError(f"a plan that still asks: {plan}")
    if plan.events == (plans.NotAsked(),):
        raise AssertionError("compared for callers that do not count")
    return plan


def happens(plan: Plan) -> Sequence[tuple[str, Mapping[str, str]]]:
    """Return a normal plan as keys and values of sentences (`words`, section `proof`)."""
    (event,) = plan.events
    match event:
        case plans.Rang(extension=extension):
            return [("rings", {"extension": extension})]
        case plans.LeftMessage(mailbox=mailbox):
            return [("mailbox", {"mailbox": mailbox})]
        case plans.Dialled(number=number):
            return [("external", {"number": number})]
        case plans.Rebounded(number=number, extension=extension, mailbox=mailbox):
            return [("rebound-from", {"number": number, "extension": extension}), ("mailbox", {"mailbox": mailbox})]
        case plans.HandedOver(number=number):
            return [("handed-over", {"number": number})]
        case plans.SoundedBusy():
            return [("busy", {})]
        case plans.Looped():
            return [("loop", {})]
    raise AssertionError(f"no end of a call: {event}")


# --- who calls ------------------------------------------------------------------------------------


def counted(policy: Policy, settings: Mapping[str, Any], called: str) -> NumberSet:
    """Return the callers that a 3CX answers for at a called number: others have no numbers of telephones."""
    return _counter(policy, frozenset(settings["presentations"])).callers(called)


parts = _parts.parts


def circumstances(policy: Policy, settings: Mapping[str, Any]) -> str:  # noqa: ARG001 - as for any target
    """Return which extensions, holidays and systems the PBX has."""
    systems = sorted((number, system.kind) for number, system in policy.systems.items())
    return repr((sorted(policy.extensions), list(holidays(policy)), systems))


class _Policies:
    """The last policy asked about: it has no hash of its own, and is asked about once for each extension."""

    def __init__(self) -> None:
        self.known: tuple[Policy, frozenset[str], _counted.Counted] | None = None


_last: Final = _Policies()


def _counter(policy: Policy, forms: frozenset[str]) -> _counted.Counted:
    known = _last.known
    if known is None or known[0] is not policy or known[1] != forms:
        known = _last.known = policy, forms, _counted.Counted(policy, forms)
    return known[2]


def listed(settings: Mapping[str, Any], calls: Calls) -> Sequence[tuple[int, int]]:
    """Return which of the calls are presented in a form that the settings list: intervals of their unknown digits.

    So `+262612345678` is not: 06 12 34 56 78 is no number of La Réunion.
    """
    if calls.hidden:
        return ((0, calls.size),)
    if not any(char == UNKNOWN or char.isdigit() for char in calls.presented):
        return ((0, 1),) if calls.presented in anonymous(settings) else ()
    return _counted.listed(frozenset(settings["presentations"]), calls.presented, internal=calls.internal)


def _asked(policy: Policy, settings: Mapping[str, Any], calls: _reader.Calls) -> _counted.Intervals:
    """Return for which of their unknown digits calls may be from callers that count at some number."""
    if calls.hidden or UNKNOWN not in calls.presented:
        return ((0, 10 ** calls.presented.count(UNKNOWN)),)
    forms = frozenset(settings["presentations"])
    return _counted.listed_of(forms, calls.presented, _counter(policy, forms).anywhere, internal=calls.internal)


def anonymous(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how callers without a number are presented: by nothing, and in the one spelling that is set, if any."""
    spelling = settings["anonymous"]
    return ("", spelling) if spelling else ("",)


# --- what the PBX knows by itself -----------------------------------------------------------------

_Sort = tuple[bool, frozenset[int]]  # a date: whether it is a holiday, and which closures of the policy it is in
_ORDINARY: Final[_Sort] = (False, frozenset())
_WHOLE_WEEK: Final = (1 << MINUTES_PER_WEEK) - 1


def holidays(policy: Policy) -> Iterable[tuple[date, date]]:
    """Return the holidays that the PBX is to have: the dates on which a rule that decides holds at unusual minutes.

    A 3CX has one calendar, which the report gives; a policy with rules that would need two of them is refused.
    """
    sorts = _sorts(policy)
    special = _special(policy, policy.rules, frozenset(sorts.values()))
    if len(special) > 1:  # some of them may be of rules that never decide
        deciding = DecisionModel.of(policy).deciding
        special = _special(policy, deciding, frozenset(sorts.values()))
    off = frozenset[_Sort]().union(*special)
    return [(day, day) for day, sort in sorted(sorts.items()) if sort in off]


def _sorts(policy: Policy) -> Mapping[date, _Sort]:
    """Return of what sort each date is that is not an ordinary one."""
    feasts = {day for day, _ in policy.holidays}
    closed: dict[date, set[int]] = {day: set() for day in feasts}
    for at, closure in enumerate(policy.closures):
        for first, last in closure.dates:
            for later in range((last - first).days + 1):
                closed.setdefault(first + timedelta(later), set()).add(at)
    return {day: (day in feasts, frozenset(places)) for day, places in closed.items()}


def _special(policy: Policy, rules: Iterable[Rule], sorts: frozenset[_Sort]) -> set[frozenset[_Sort]]:
    """Return, for rules that are not indifferent, the sorts of dates on which one holds at unusual minutes."""
    found = set()
    for times in dict.fromkeys(rule.times for rule in rules if rule.times):
        usual = _minutes(policy, times, _ORDINARY)
        found.add(frozenset(sort for sort in sorts if _minutes(policy, times, sort) != usual))
    return found - {frozenset()}


def _minutes(policy: Policy, times: tuple[TimeClause, ...], sort: _Sort) -> int:
    """Return the minutes of the week at which some times hold on dates of a sort, a bit each."""
    found = _WHOLE_WEEK
    for clause in times:
        minutes = _inside(policy, clause.named, sort)
        found &= minutes if clause.inside else ~minutes
    return found


def _inside(policy: Policy, named: NamedPeriod, sort: _Sort) -> int:
    """Return the minutes of the week within a period."""
    if named.kind == "holidays":
        return _WHOLE_WEEK if sort[0] else 0
    if named.kind == "closure":
        return _WHOLE_WEEK if any(policy.closures[at] is named for at in sort[1]) else 0
    return 0 if named.closures and sort != _ORDINARY else _bits(named.spans)


@lru_cache(maxsize=256)
def _bits(spans: tuple[WeekSpan, ...]) -> int:
    return sum((1 << end) - (1 << start) for start, end in schedule.weekly(spans).week)
