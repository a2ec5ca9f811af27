"""Periods in, the contexts that tell them out: `policyc-time`, one extension a period, and `policyc-holidays`.

The instant of a call is read once, in the policy's zone, into POLICYC_DATE (20261224), POLICYC_DAY (Monday 1) and
POLICYC_TIME (930 for 09:30): so half-open spans are exact, which GotoIfTime's inclusive end minute is not, and a call
is judged at one instant however many rules look at the clock.
"""

from collections.abc import Iterable, Sequence

from policyc import schedule
from policyc.model import NamedPeriod, Policy
from policyc.targets.asterisk.dialect import comment
from policyc.targets.asterisk.plan import Context, Exten, Step
from policyc.targets.naming import period_slug

_MAX_SPANS = 12  # in one condition: Asterisk cuts an expression of 4096 bytes
_IS_HOLIDAY = "${DIALPLAN_EXISTS(policyc-holidays,${POLICYC_DATE},1)}"


def contexts(policy: Policy, periods: Iterable[NamedPeriod]) -> list[Context]:
    """Return the contexts for the periods that rules ask about."""
    asked = {period_slug(period): period for period in periods}
    if not asked:
        return []
    extens = [_period(name, period) for name, period in sorted(asked.items())]
    if any(period.closures for period in asked.values()):
        extens.append(_closed(policy))
    title = "Périodes : 1 si l'instant de l'appel en est, 0 sinon"
    found = [Context("policyc-time", title, tuple(extens))]
    if policy.holidays:
        days = (Exten(f"{day:%Y%m%d}", (Step("NoOp()", comment(name)),)) for day, name in policy.holidays)
        found.append(Context("policyc-holidays", "Jours fériés", tuple(days)))
    return found


def _period(name: str, period: NamedPeriod) -> Exten:
    if period.kind == "holidays":
        return Exten(name, (Step(f"Return({_IS_HOLIDAY})", _note(period)),))
    steps = []
    if period.closures:
        steps = [Step("Gosub(policyc-time,closed,1)"), Step("GotoIf(${GOSUB_RETVAL}?no)")]
    conditions = _hours(period) if period.kind == "hours" else _dates(period)
    steps += [Step(f"GotoIf($[{condition}]?yes)", _note(period)) for condition in conditions]
    return Exten(name, (*steps, Step("Return(0)", label="no"), Step("Return(1)", label="yes")))


def _closed(policy: Policy) -> Exten:
    """Return the extension that tells days off: holidays and closures, which hours leave out."""
    steps = [Step(f"GotoIf({_IS_HOLIDAY}?yes)", "jours fériés")] if policy.holidays else []
    for closure in policy.closures:
        steps += [Step(f"GotoIf($[{condition}]?yes)", _note(closure)) for condition in _dates(closure)]
    return Exten("closed", (*steps, Step("Return(0)"), Step("Return(1)", label="yes")))


def _note(period: NamedPeriod) -> str:
    return f"{comment(period.name)} ({comment(period.span.place)})"


def _hours(period: NamedPeriod) -> list[str]:
    """Return conditions on POLICYC_DAY and POLICYC_TIME, one or more for each group of days with the same hours."""
    found = []
    for days, spans in schedule.by_day(schedule.weekly(period.spans).week):
        on = _any([_between("POLICYC_DAY", first + 1, last + 1) for first, last in schedule.runs(days)])
        for begin in range(0, len(spans), _MAX_SPANS):
            at = _any([_from_until(start, end) for start, end in spans[begin : begin + _MAX_SPANS]])
            found.append(f"({on}) & ({at})")
    return found


def _any(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " | ".join(f"({one})" for one in conditions)


def _between(variable: str, first: object, last: object) -> str:
    if first == last:
        return f"${{{variable}}} = {first}"
    return f"${{{variable}}} >= {first} & ${{{variable}}} <= {last}"


def _from_until(start: int, end: int) -> str:
    return f"${{POLICYC_TIME}} >= {_clock(start)} & ${{POLICYC_TIME}} < {_clock(end)}"


def _clock(minute: int) -> int:
    """Return a minute of the day as hours and minutes in one number: 750 is 1230."""
    hours, minutes = divmod(minute, 60)
    return hours * 100 + minutes


def _dates(period: NamedPeriod) -> list[str]:
    return [_between("POLICYC_DATE", f"{first:%Y%m%d}", f"{last:%Y%m%d}") for first, last in period.dates]
