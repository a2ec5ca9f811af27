"""A plan in, lines for people out: what goes (-), what comes (+), in words."""

from collections.abc import Iterator
from typing import Final

from policyc.apply import plan
from policyc.apply.plan import Plan, Rule
from policyc.report import visible
from policyc.words import Words

Part = tuple[str, str]  # text, style of rich or ""
_STYLES: Final = {"-": "red", "+": "green", " ": "", "title": "bold"}
_LONGEST: Final = 200

_DESTINATIONS: Final = frozenset(
    ("None", "VoiceMail", "Extension", "Queue", "RingGroup", "IVR", "External", "Fax", "Boomerang", "RoutePoint")
) | {"ProceedWithNoExceptions"}
_HOURS: Final = frozenset(
    ("OfficeHours", "OutOfOfficeHours", "SpecificHours", "SpecificHoursExcludingHolidays", "OutOfSpecificHours")
) | {"OutOfSpecificHoursIncludingHolidays", "Never", "BreakTime"}
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def difference(chosen: Plan, say: Words) -> Iterator[list[Part]]:
    """Yield the lines of a plan; texts that come from the PBX can do nothing to a terminal."""
    for change in chosen.changes:
        count = {"before": len(change.before), "after": len(change.after)}
        yield [(_clean(say("apply.extension", number=change.number, **count)), _STYLES["title"])]
        for sign, one in plan.lines(change.before, change.after):
            yield [(f"  {sign} {describe(one, say)}", _STYLES[sign])]


def describe(one: Rule, say: Words) -> str:
    """Return an exception in words."""
    parts = [" ".join(one.patterns) or say("apply.no_pattern")]
    if one.calls == "InternalCallsOnly":
        parts.append(say("apply.internal"))
    elif one.calls == "ExternalCallsOnly":
        parts.append(say("apply.external"))
    elif one.calls != "AllCalls":
        parts.append(one.calls)
    if one.condition != "BasedOnCallerID":
        parts.append(say("apply.condition", name=one.condition))
    if one.hours != "AllHours":
        hours = say(f"apply.hours_{one.hours.lower()}") if one.hours in _HOURS else one.hours
        parts.append(hours + (f" ({_periods(one, say)})" if one.periods else ""))
    if one.ignore_holidays:
        parts.append(say("apply.ignore_holidays"))
    values = {"number": one.number, "external": one.external}
    if one.to in _DESTINATIONS:
        where = say(f"apply.to_{one.to.lower()}", **values)
    else:
        where = " ".join(part for part in (one.to, one.number, one.external) if part)
    text = f"{', '.join(parts)} → {where}"
    return _clean(text if one.enabled else f"{text} {say('apply.disabled')}")


def _periods(one: Rule, say: Words) -> str:
    names = dict(zip(_DAYS, say.sequence("calendar.days"), strict=True))
    order = {day: at for at, day in enumerate(_DAYS)}
    ordered = sorted(one.periods, key=lambda each: (order.get(each.day, 7), each.start))
    return ", ".join(f"{names.get(each.day, each.day)} {_short(each.start)}-{_short(each.stop)}" for each in ordered)


def _short(time: str) -> str:
    return time.removesuffix(":00") if time.count(":") == 2 else time


def _clean(text: str) -> str:
    text = visible(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
