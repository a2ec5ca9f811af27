"""What a running Asterisk lists of its dialplan in, the same dialplan out that its files would give.

A context is read when a call first comes there: what is odd in one that no call reaches is no error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.dialplan import Context, Contexts, Dialplan, check_settings
from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.asterisk.reader.patterns import Step

if TYPE_CHECKING:
    from policyc.targets.asterisk.reader.files import Entry


@dataclass(frozen=True, slots=True)
class ListedStep:
    """A priority of an extension, its texts as Asterisk has them, a character a byte.

    `caller` is what the extension wants of the caller's number (`102/0612…`), None for one that is for all.
    """

    exten: str
    priority: int
    label: str
    application: str
    data: str
    place: Place
    caller: str | None = None


@dataclass(frozen=True, slots=True)
class ListedContext:
    """A context; what it includes and the switches it asks, each with its place."""

    name: str
    steps: tuple[ListedStep, ...] = ()
    includes: tuple[tuple[str, Place], ...] = ()
    switches: tuple[tuple[str, Place], ...] = ()


def listed(contexts: Iterable[ListedContext], variables: Mapping[str, str], general: Iterable[Entry] = ()) -> Dialplan:
    """Return the dialplan of a listing, of the global variables, and of the settings in `[general]`.

    Raises NotUnderstood for a setting that changes how all calls run.
    """
    check_settings(general)
    return Dialplan(Contexts({one.name: partial(_context, one) for one in contexts}), variables)


def _context(listing: ListedContext) -> Context:
    context = Context(listing.name)
    for text, place in listing.switches:
        raise NotUnderstood(place, What.LINE, f"switch => {text}")
    for name, place in listing.includes:
        if re.search(r"[|,$]", name):  # only at some times
            raise NotUnderstood(place, What.CONTEXT, name)
        if name.lower() not in (other.lower() for other, _ in context.includes):
            context.includes.append((name, place))
    for step in listing.steps:
        try:
            _take(context, step)
        except Unclear as unclear:
            raise NotUnderstood(step.place, unclear.what, unclear.text) from None
    return context


def _take(context: Context, step: ListedStep) -> None:
    if step.caller is not None:
        raise Unclear(What.EXTENSION, f"{step.exten}/{step.caller}")
    if not re.fullmatch(r"\w+", step.application):
        raise Unclear(What.APPLICATION, step.application)
    exten = context.extens.exten(step.exten)
    if step.priority in exten.steps:  # Asterisk has one of each, unless they are for different callers
        raise Unclear(What.PRIORITY, str(step.priority))
    exten.steps[step.priority] = Step(step.application.lower(), step.data, step.place)
    if step.label:
        exten.labels.setdefault(step.label, step.priority)
