"""What is wanted and what a PBX has in, what differs out. Pure: no network, no files, no words.

Exceptions are compared by what they do. Ids, names, and whatever the PBX fills in by itself do not count; neither does
the order of two exceptions that no call can tell apart, since nothing says that a PBX keeps it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from policyc.targets.threecx import dialect

Raw = Mapping[str, Any]
Form = Literal["20.0.8", "20.0.9"]  # the last version with the old form of an exception, the first with the new one
OLD: Final[Form] = "20.0.8"
NEW: Final[Form] = "20.0.9"
_NEW_KEYS: Final = ("CallType", "Condition", "Data", "Enabled")


@dataclass(frozen=True, slots=True)
class Period:
    """A span of one day of the week, times as `HH:MM:SS`."""

    day: str
    start: str
    stop: str


@dataclass(frozen=True, slots=True)
class Rule:
    """An exception by what it does, whatever its form. `ignore_holidays` is None where it is not said."""

    patterns: tuple[str, ...]
    calls: str
    condition: str
    enabled: bool
    to: str
    number: str
    external: str
    hours: str
    periods: tuple[Period, ...]
    ignore_holidays: bool | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The exceptions that an extension shall have, as they are sent."""

    number: str
    rules: tuple[Raw, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """The exceptions that an extension of the PBX has, as they came, and its Id there."""

    ident: int
    number: str
    rules: tuple[Raw, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """An extension that differs: what is there, and what replaces it."""

    ident: int
    number: str
    before: tuple[Raw, ...]
    after: tuple[Raw, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to change, in order, and how many extensions are right already."""

    changes: tuple[Change, ...]
    unchanged: int


def compare(wanted: Iterable[Wanted], present: Mapping[str, Present]) -> Plan:
    """Return what has to change. Every number that is wanted must be present (KeyError)."""
    changes: list[Change] = []
    unchanged = 0
    for one in wanted:
        there = present[one.number]
        if same(one.rules, there.rules):
            unchanged += 1
        else:
            changes.append(Change(there.ident, one.number, there.rules, one.rules))
    return Plan(tuple(changes), unchanged)


# -- one exception -----------------------------------------------------------------------------------------------------


def rule(raw: Raw) -> Rule:
    """Return an exception by what it does; what it does not say has the value that a PBX gives it."""
    destination = raw.get("Destination") or {}
    hours = raw.get("Hours") or {}
    periods = (
        Period(one.get("DayOfWeek") or "", _time(one.get("Start")), _time(one.get("Stop")))
        for one in hours.get("Periods") or ()
    )
    return Rule(
        patterns=tuple(sorted(set((raw.get("CallerId") or raw.get("Data") or "").split()))),
        calls=raw.get("CallType") or "AllCalls",
        condition=raw.get("Condition") or "BasedOnCallerID",
        enabled=raw.get("Enabled") is not False,
        to=destination.get("To") or "None",
        number=destination.get("Number") or "",
        external=destination.get("External") or "",
        hours=hours.get("Type") or "AllHours",
        periods=tuple(sorted(periods, key=lambda one: (one.day, one.start, one.stop))),
        ignore_holidays=hours.get("IgnoreHolidays"),
    )


def _time(text: str | None) -> str:
    """Return a time of day without the fractions of a second that .NET writes."""
    return (text or "").partition(".")[0]


def _agree(one: Rule, other: Rule) -> bool:
    """Tell whether two exceptions do the same, as far as both say it."""
    if None in (one.ignore_holidays, other.ignore_holidays):
        one, other = (replace(each, ignore_holidays=None) for each in (one, other))
    return one == other


def _overlap(one: str, other: str) -> bool:
    """Tell whether a caller may match two patterns: numbers, or prefixes with a star."""
    head, tail = one.removesuffix("*"), other.removesuffix("*")
    if one == head and other == tail:
        return head == tail
    if one == head:
        return head.startswith(tail)
    if other == tail:
        return tail.startswith(head)
    return head.startswith(tail) or tail.startswith(head)


def _commute(one: Rule, other: Rule) -> bool:
    """Tell whether it cannot matter which of two exceptions comes first."""
    if not (one.enabled and other.enabled):
        return True
    if {one.calls, other.calls} == {"InternalCallsOnly", "ExternalCallsOnly"}:
        return True
    if (one.to, one.number, one.external) == (other.to, other.number, other.external):
        return True
    if not one.condition == other.condition == "BasedOnCallerID" or not (one.patterns and other.patterns):
        return False
    return not any(_overlap(mine, theirs) for mine in one.patterns for theirs in other.patterns)


# -- the exceptions of one extension -----------------------------------------------------------------------------------


def same(wanted: Sequence[Raw], present: Sequence[Raw]) -> bool:
    """Tell whether two lists of exceptions treat every call alike."""
    ours, theirs = [rule(one) for one in wanted], [rule(one) for one in present]
    if len(ours) != len(theirs):
        return False
    places = _places(ours, theirs)
    if None in places:
        return False
    return all(
        earlier is None or later is None or earlier < later or _commute(ours[first], ours[second])
        for first, earlier in enumerate(places)
        for second, later in enumerate(places[first + 1 :], first + 1)
    )


def _places(ours: Sequence[Rule], theirs: Sequence[Rule]) -> list[int | None]:
    """Return where each of our rules is among theirs, each place used once; None: nowhere."""
    free = dict(enumerate(theirs))
    places: list[int | None] = []
    for one in ours:
        at = next((at for at, other in free.items() if _agree(one, other)), None)
        if at is not None:
            del free[at]
        places.append(at)
    return places


def lines(before: Sequence[Raw], after: Sequence[Raw]) -> list[tuple[Literal["-", "+", " "], Rule]]:
    """Return two lists of exceptions as one, with what goes, comes and stays, in order."""
    new = [rule(one) for one in after]
    old = [rule(one) for one in before]
    for ours, place in zip(new, _places(new, old), strict=True):
        if place is not None:
            old[place] = ours  # they agree: what only one of them says is no difference
    found: list[tuple[Literal["-", "+", " "], Rule]] = []
    for tag, low, high, start, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [(" ", one) for one in old[low:high]]
        else:
            found += [("-", one) for one in old[low:high]]
            found += [("+", one) for one in new[start:stop]]
    return found


# -- what is sent ------------------------------------------------------------------------------------------------------


def bare(raw: Raw) -> dict[str, Any]:
    """Return an exception without what only the PBX gives it: annotations, and an Id that is of no use later."""
    return {key: _plain(value) for key, value in raw.items() if key != "Id" and "@" not in key}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if "@" not in key}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def body(rules: Iterable[Raw]) -> list[dict[str, Any]]:
    """Return exceptions as they are written: all of them new, which Id 0 says."""
    return [{"Id": 0, **bare(one)} for one in rules]


# -- versions ----------------------------------------------------------------------------------------------------------


def form(rules: Iterable[Raw]) -> Form | None:
    """Return the form that exceptions have, None if none of them tells. Raises ValueError if they have both."""
    found: set[Form] = set()
    for one in rules:
        if "CallerId" in one:
            found.add(OLD)
        if any(key in one for key in _NEW_KEYS):
            found.add(NEW)
    if len(found) > 1:
        raise ValueError("both forms")
    return next(iter(found), None)


def form_of_version(version: str) -> Form:
    """Return the form of exceptions that a version of the PBX has."""
    return NEW if dialect.is_current(version) else OLD
