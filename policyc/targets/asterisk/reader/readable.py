"""Events as people read them: bytes are characters again, and marks may stand for what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policyc.targets.asterisk.reader.plans import (
    Dialled,
    Event,
    HandedOver,
    Party,
    Plan,
)
from policyc.targets.asterisk.reader.texts import decode

if TYPE_CHECKING:
    from collections.abc import Mapping


def readable(event: Event) -> Event:
    """Return an event whose texts are as people read them: itself, if they are so."""
    return _decoded(event)  # type: ignore[no-any-return]


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else decode(value)
    if isinstance(value, tuple):
        return tuple(map(_decoded, value))
    names = getattr(value, "__dataclass_fields__", None)
    if names is None or isinstance(value, Plan):
        return value  # a plan of its own is readable already
    others = {}
    for name in names:
        was = getattr(value, name)
        now = was if was is None else _decoded(was)
        if now != was:
            others[name] = now
    return replace(value, **others) if others else value


def with_marks(event: Event, marks: Mapping[str, str | None]) -> Event:
    """Return an event that shows what marks stand for."""
    if not isinstance(event, Dialled | HandedOver):
        return event
    shown = event.caller
    number, name, number_presentation, name_presentation = (
        marks.get(one, one) if one is not None else None
        for one in (shown.number, shown.name, shown.number_presentation, shown.name_presentation)
    )
    return replace(event, caller=Party(number, name or "", number_presentation or "", name_presentation or ""))
