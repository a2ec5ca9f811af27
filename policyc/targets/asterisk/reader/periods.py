"""Questions about the instant of a call that come one after the other, as one: where it leads to the same two plans."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from policyc.schedule import Period, WeekSpan, always, weekly
from policyc.targets.asterisk.reader.plans import Parted, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T", int, date)
_ALWAYS, _NEVER = always(), Period((), ())
_EVERY_DAY = WeekSpan(frozenset(range(7)), 0, 0)


def asked_once(asked: Period, yes: Plan, no: Plan) -> Parted:
    """Return a question about a period, put together with those right behind it if there is a period for them all."""
    for behind in (_question(yes), _question(no)):
        if behind is not None:
            when_in, when_out = _when(yes, behind), _when(no, behind)
            if when_in is not None and when_out is not None:
                both = _either(_both(asked, when_in), _both(_outside(asked), when_out))
                if both is not None and both not in (_ALWAYS, _NEVER):
                    return Parted(both, behind.yes, behind.no)
    return Parted(asked, yes, no)


def _question(plan: Plan) -> Parted | None:
    """Return the question about a period that a plan begins with, None if it does not."""
    then: object = plan.then
    return then if not plan.events and isinstance(then, Parted) and isinstance(then.asked, Period) else None


def _when(plan: Plan, behind: Parted) -> Period | None:
    """Return when a plan is what a question leads to if it is answered by yes; None if it leads elsewhere."""
    if plan is behind.yes:
        return _ALWAYS
    if plan is behind.no:
        return _NEVER
    also = _question(plan)
    if also is None or not isinstance(also.asked, Period):
        return None
    if also.yes is behind.yes and also.no is behind.no:
        return also.asked
    return _outside(also.asked) if also.yes is behind.no and also.no is behind.yes else None


@lru_cache(maxsize=4096)
def _both(one: Period | None, other: Period) -> Period | None:
    """Return the instants of both of two periods."""
    if _NEVER in (one, other):
        return _NEVER
    if one is None:
        return None
    return Period(tuple(_common(one.week, other.week)), tuple(_common(one.dates, other.dates)))


def _common(one: Sequence[tuple[T, T]], other: Sequence[tuple[T, T]]) -> Iterator[tuple[T, T]]:
    """Yield what two sorted rows of disjoint ranges have in common, and perhaps empty ranges."""
    at = to = 0
    while at < len(one) and to < len(other):
        (low, high), (start, end) = one[at], other[to]
        yield max(low, start), min(high, end)
        if high < end:
            at += 1
        else:
            to += 1


@lru_cache(maxsize=4096)
def _either(one: Period | None, other: Period | None) -> Period | None:
    """Return the instants of one or the other of two periods, None if these are no period."""
    if one is None or other is None:
        return None
    if _NEVER in (one, other):
        return other if one == _NEVER else one
    if one.dates == other.dates:
        return Period((*one.week, *other.week), one.dates)
    return Period(one.week, (*one.dates, *other.dates)) if one.week == other.week else None


@lru_cache(maxsize=4096)
def _outside(period: Period) -> Period | None:
    """Return the instants that are not in a period, None if these are no period."""
    if period.dates == _ALWAYS.dates:
        [(low, high)] = _ALWAYS.week
        ends = (low, *(bound for span in period.week for bound in span), high)
        return Period(tuple(zip(ends[::2], ends[1::2], strict=True)), period.dates)
    if period.week == _ALWAYS.week:
        return weekly((_EVERY_DAY,), closed=period.dates)
    return None
