"""A 3CX as its documentation describes it: `policyc-3cx.json` and a call in, what happens out.

Written from the published schema, the manuals and the guide on exceptions alone. It shares no code with the compiler,
and imports nothing of policyc, so that both can be wrong only in different ways.

    pbx = Pbx(document, {"102": Phone(20, True)}, holidays={date(2026, 12, 25)})
    pbx.events("+33612345678", "102", datetime(2026, 11, 23, 10))     # 'voicemail 101 unavailable'

Events are those of tests/calls/suite.py. The PBX has one greeting of a mailbox, which reads `unavailable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

LAST_SECOND = time(23, 59, 59)  # stands for the end of the day, as a time of day cannot be 24:00
SYSTEMS = ("Queue", "RingGroup", "IVR")


@dataclass(frozen=True)
class Phone:
    """What the status profile of an extension says: seconds of ringing, then its mailbox or busy."""

    seconds: int
    mailbox: bool


@dataclass(frozen=True)
class Pbx:
    """One PBX; its clock is in its own zone. `anonymous` is how it shows a call without a number."""

    document: Mapping[str, Any]
    phones: Mapping[str, Phone]
    holidays: frozenset[date] = frozenset()
    anonymous: str = "anonymous"
    exceptions: Mapping[str, list[Mapping[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        found = {one["Number"]: one["ForwardingExceptions"] for one in self.document["value"]}
        if len(found) != len(self.document["value"]):
            raise ValueError("an extension stands twice")
        object.__setattr__(self, "exceptions", found)

    def events(
        self,
        presented: str | None,
        called: str,
        local: datetime,
        lines: Mapping[str, str] | None = None,
        *,
        internal: bool = False,
    ) -> str:
        """Return what happens on a call; None is presented when the number is hidden."""
        shown = presented or self.anonymous
        return " > ".join(self._happens(shown, called, local, lines or {}, internal=internal))

    def _happens(
        self, shown: str, called: str, local: datetime, lines: Mapping[str, str], *, internal: bool
    ) -> Iterator[str]:
        for _ in range(100):
            if called not in self.exceptions:
                yield f"system {called}"
                return
            to = self._destination(shown, called, local, internal=internal)
            if to is None or to["To"] == "ProceedWithNoExceptions":
                yield from self._ring(called, lines)
                return
            if to["To"] != "Extension":
                yield from self._ends(to, called, lines)
                return
            called = to["Number"]
        yield "loop"

    def _destination(self, shown: str, called: str, local: datetime, *, internal: bool) -> Mapping[str, Any] | None:
        """Return the destination of the first exception that matches."""
        for one in self.exceptions[called]:
            if matches(one, shown, internal=internal) and self._holds(one["Hours"], local):
                return one["Destination"]
        return None

    def _holds(self, hours: Mapping[str, Any], local: datetime) -> bool:
        within = any(_in_period(period, local) for period in hours["Periods"])
        holiday = local.date() in self.holidays
        match hours["Type"]:
            case "AllHours":
                return True
            case "Never":
                return False
            case "SpecificHours":
                return within
            case "SpecificHoursExcludingHolidays":
                return within and not holiday
            case "OutOfSpecificHours":
                return not within
            case "OutOfSpecificHoursIncludingHolidays":
                return not within or holiday
        raise ValueError(f"hours of the PBX's own: {hours['Type']}")

    def _ring(self, called: str, lines: Mapping[str, str]) -> Iterator[str]:
        phone = self.phones[called]
        yield f"ring {called} {phone.seconds}s"
        if lines.get(called) != "answer":
            yield f"voicemail {called} unavailable" if phone.mailbox else "busy"

    def _ends(self, to: Mapping[str, Any], called: str, lines: Mapping[str, str]) -> Iterator[str]:
        """Yield what happens at a destination that is no extension's line."""
        number, outside = to["Number"], to["External"]
        match to["To"]:
            case "VoiceMail":
                yield f"voicemail {number} unavailable"
            case "None":
                yield "busy"
            case "External":
                yield f"external {outside}"
                state = lines.get(outside, "noanswer")
                if state in ("noanswer", "busy", "unavailable"):
                    yield "busy" if state == "busy" else "hangup"
            case "Boomerang":
                yield from ("answer", "play wait", f"digits {called}")
                yield f"rebound {outside} {self.phones[called].seconds}s"
                if lines.get(outside) != "accept":
                    yield from ("play unavailable", f"voicemail {number} unavailable")
            case kind if kind in SYSTEMS:
                yield f"system {number}"
            case other:
                raise ValueError(f"a destination without a meaning here: {other}")


def matches(exception: Mapping[str, Any], shown: str, *, internal: bool) -> bool:
    """Tell whether an exception is for a caller; it has a kind and a switch since 20.0.9."""
    if "CallType" in exception:
        kinds = {"AllCalls": True, "InternalCallsOnly": internal, "ExternalCallsOnly": not internal}
        if not (exception["Enabled"] and exception["Condition"] == "BasedOnCallerID"):
            raise ValueError(exception)
        if not kinds[exception["CallType"]]:
            return False
    patterns = exception["Data" if "CallType" in exception else "CallerId"].split(" ")
    return any(shown.startswith(one[:-1]) if one.endswith("*") else shown == one for one in patterns)


def _in_period(period: Mapping[str, str], local: datetime) -> bool:
    start, stop = time.fromisoformat(period["Start"]), time.fromisoformat(period["Stop"])
    if f"{local:%A}" != period["DayOfWeek"]:
        return False
    at = local.time()
    return start <= at and (at < stop or stop == LAST_SECOND)
