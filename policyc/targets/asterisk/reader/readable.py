"""Events as people read them: bytes are characters again, and marks may stand for what they are."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

from policyc.targets.asterisk.reader.plans import (
    PRESENTED_NAME,
    PRESENTED_NUMBER,
    Dialled,
    Event,
    HandedOver,
    Parted,
    Party,
    Plan,
)
from policyc.targets.asterisk.reader.texts import decode


@lru_cache(maxsize=65536)
def readable(event: Event) -> Event:
    """Return an event whose texts are as people read them."""
    return _decoded(event)  # type: ignore[no-any-return]


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return decode(value)
    if isinstance(value, tuple):
        return tuple(map(_decoded, value))
    if isinstance(value, Plan) or not is_dataclass(value) or isinstance(value, type):
        return value  # a plan of its own is readable already
    return replace(value, **{one.name: _decoded(getattr(value, one.name)) for one in fields(value)})


def with_marks(event: Event, number: str | None, name: str | None) -> Event:
    """Return an event that shows a number and a name where it showed those that were presented."""
    if not isinstance(event, Dialled | HandedOver):
        return event
    shown = event.caller
    return replace(
        event,
        caller=Party(
            number if shown.number == PRESENTED_NUMBER else shown.number,
            (name or "") if shown.name == PRESENTED_NAME else shown.name,
            shown.number_presentation,
            shown.name_presentation,
        ),
    )


def presented(plan: Plan, number: str | None, name: str) -> Plan:
    """Return a plan that shows these instead of marks."""
    events = tuple(with_marks(event, number, name) for event in plan.events)
    if plan.then is None:
        return Plan(events)
    yes, no = (presented(way, number, name) for way in (plan.then.yes, plan.then.no))
    return Plan(events, Parted(plan.then.asked, yes, no))
