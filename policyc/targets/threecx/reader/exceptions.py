"""The list of one extension in, its exceptions as plain data out, in both forms of the API.

An API call writes a list as a whole, so one value that is not of its form spoils the list. What is of the form, but
without a meaning that is known, is a trouble of its exception alone: it matters if a call gets there.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from policyc.targets.threecx.reader import patterns
from policyc.targets.threecx.reader.document import Doubled, shown
from policyc.targets.threecx.reader.errors import Path, Trouble, Unclear, What
from policyc.targets.threecx.reader.hours import DAYS, TIME, TYPES, Clock, Hours
from policyc.targets.threecx.reader.plans import (
    Dialled,
    Event,
    Forwarded,
    HandedOver,
    LeftMessage,
    Rang,
    Rebounded,
    SoundedBusy,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST: Final = 15
"""How many exceptions an extension may have."""
_CALL_TYPES: Final = {
    "AllCalls": (True, True),
    "InternalCallsOnly": (True, False),
    "ExternalCallsOnly": (False, True),
}
_CONDITIONS: Final = ("BasedOnCallerID", "BasedOnDID")
_DESTINATIONS: Final = (
    *("None", "VoiceMail", "Extension", "Queue", "RingGroup", "IVR", "External", "Fax", "Boomerang", "Deflect"),
    *("VoiceMailOfDestination", "Callback", "RoutePoint", "ProceedWithNoExceptions"),
)
_SYSTEMS: Final = ("Queue", "RingGroup", "IVR")


@dataclass(frozen=True, slots=True)
class ForwardingException:
    """One exception. `kinds`: whether it is for internal calls, and for external ones; for neither if it is off.

    `patterns` and `hours` may be in trouble; of hours, as of the event, a call may still know nothing then.
    """

    kinds: tuple[bool, bool]
    patterns: tuple[str, ...] | Trouble
    hours: Hours | Trouble
    event: Event


@dataclass(frozen=True, slots=True)
class Lists:
    """How lists of exceptions are read. `current`: in the form from 20.0.9 on.

    `systems` are the extensions of the PBX that are no telephones, with the destination that each is; `extensions` are
    those that have a list. `known` are values of exceptions, packed, that need no second look: they are of their form.
    """

    current: bool
    clock: Clock
    systems: Mapping[str, str]
    extensions: Mapping[str, object]
    known: set[bytes] = field(default_factory=set)

    def read(self, extension: str, values: Any, path: Path) -> tuple[ForwardingException, ...]:
        """Return the exceptions of an extension. Raises Unclear if some are not of their form."""
        if not isinstance(values, list):
            raise _wrong(values, path)
        if len(values) > MOST:
            raise Unclear(What.COUNT, str(len(values)), (*path, MOST))
        for at, value in enumerate(values):
            _check(value, _CURRENT if self.current else _FORMER, (*path, at), self.known)
        return tuple(self._exception(extension, value, (*path, at)) for at, value in enumerate(values))

    def _exception(self, extension: str, value: Any, path: Path) -> ForwardingException:
        name = "Data" if self.current else "CallerId"
        kinds = (True, True)
        some = patterns.split(value[name])
        callers = Trouble(What.PATTERN, shown(value[name]), (*path, name)) if some is None else some
        if self.current:
            kinds = _CALL_TYPES[value["CallType"]] if value["Enabled"] else (False, False)
            if value["Condition"] != "BasedOnCallerID":
                callers = Trouble(What.CONDITION, value["Condition"], (*path, "Condition"))
        try:
            hours: Hours | Trouble = self.clock.hours(value["Hours"], (*path, "Hours"))
        except Unclear as error:
            hours = error.trouble
        try:
            event = self._event(extension, value["Destination"])
        except _UnknownError:
            event = Trouble(What.DESTINATION, shown(value["Destination"]), (*path, "Destination"))
        return ForwardingException(kinds, callers, hours, event)

    def _event(self, extension: str, to: Mapping[str, str]) -> Event:
        """Return what happens at a destination."""
        match to["To"], to["Number"], to["External"]:
            case "ProceedWithNoExceptions", "", "":
                return Rang(extension)
            case "None", "", "":
                return SoundedBusy()
            case "VoiceMail", number, "":
                return LeftMessage(number)
            case "External", "", outside:
                return Dialled(outside)
            case "Boomerang", number, outside:
                return Rebounded(outside, extension, number)
            case "Extension", number, "" if number in self.extensions:
                return Forwarded(number)
            case ("Extension" | "Queue" | "RingGroup" | "IVR") as kind, number, "":
                if number not in self.extensions and self.systems.get(number, kind) == kind:
                    return HandedOver(number)
        raise _UnknownError


class _UnknownError(Exception):
    """A destination without a meaning that is known."""


# --- the form of values ---------------------------------------------------------------------------

_Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _one_of(*words: str) -> _Check:
    return lambda value: isinstance(value, str) and value in words


def _is_number(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None


_Form = dict[str, "_Check | _Form | list[_Form] | _Often"]


class _Often(NamedTuple):
    """A form of large values, of which most exceptions have the same few."""

    form: _Form


_PERIOD: Final[_Form] = {"DayOfWeek": _one_of(*DAYS), "Start": _is_time, "Stop": _is_time}
_FORMER: Final[_Form] = {
    "CallerId": _is_text,
    "Destination": {"External": _is_text, "Number": _is_text, "To": _one_of(*_DESTINATIONS)},
    "Hours": _Often({"Periods": [_PERIOD], "Type": _one_of(*TYPES)}),
    "Id": _is_number,  # 0 is a new one; it does not say what an exception does
}
_CURRENT: Final[_Form] = {
    "CallType": _one_of(*_CALL_TYPES),
    "Condition": _one_of(*_CONDITIONS),
    "Data": _is_text,
    **{name: form for name, form in _FORMER.items() if name != "CallerId"},
    "Enabled": lambda value: isinstance(value, bool),
}


def _check(value: Any, form: _Form, path: Path, known: set[bytes]) -> None:
    """Raise Unclear if a value is not of a form: it has all its keys, no other, and values that it takes."""
    check_keys(value, form.keys(), path)
    for name, inner in form.items():
        one = value[name]
        if callable(inner):
            if not inner(one):
                raise _wrong(one, (*path, name))
        elif isinstance(inner, dict):
            _check(one, inner, (*path, name), known)
        elif isinstance(inner, _Often):
            packed = pickle.dumps(one)
            if packed not in known:
                _check(one, inner.form, (*path, name), known)
                known.add(packed)
        elif not isinstance(one, list):
            raise _wrong(one, (*path, name))
        else:
            for at, element in enumerate(one):
                _check(element, inner[0], (*path, name, at), known)


def check_keys(value: Any, names: AbstractSet[str], path: Path) -> None:
    """Raise Unclear if a value is no object that has just these keys."""
    if not isinstance(value, dict):
        raise _wrong(value, path)
    if value.keys() == names:
        return
    for extra in sorted(value.keys() - names):
        raise Unclear(What.KEY, shown(extra), (*path, extra))
    for lacking in sorted(names - value.keys()):
        raise Unclear(What.KEY, lacking, path)


def _wrong(value: Any, path: Path) -> Unclear:
    return Unclear(What.KEY if isinstance(value, Doubled) else What.VALUE, shown(value), path)
