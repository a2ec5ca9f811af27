"""How Asterisk's dialplan is held to a policy: files, or a live dialplan, read back; and what should happen on a call.

Proved is what the dialplan does: what is dialled and how long, who is shown, what is announced, which mailbox with
which greeting, what follows for each state of a dialled line. What other files say (whether a mailbox exists, how a
channel reaches a phone) is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from policyc import numbering
from policyc.proof.protocol import UNKNOWN, Calls, NotUnderstood, Stop
from policyc.targets.asterisk import parts as _parts
from policyc.targets.asterisk import reader
from policyc.targets.asterisk.normal import normal
from policyc.targets.asterisk.reader.laying import Layouts, Presented, found_alike
from policyc.targets.asterisk.reader.plans import (
    FAR_CAUSE,
    NAME_AS_PRESENTED,
    NUMBER_AS_PRESENTED,
    PRESENTED_NAME,
    PRESENTED_NUMBER,
    Answered,
    Asked,
    AskedKeys,
    Connected,
    Declined,
    Dialled,
    Failed,
    HandedOver,
    HungUp,
    LeftMessage,
    Parted,
    Party,
    Plan,
    Played,
    RanOut,
    SaidDigits,
    SoundedBusy,
)
from policyc.targets.asterisk.reader.texts import digits_from, encode

if TYPE_CHECKING:
    from datetime import datetime

    from policyc.model import Policy
    from policyc.outcomes import Ending
    from policyc.targets.asterisk.reader import Diagram, Dialplan, Walk
    from policyc.targets.asterisk.reader.laying import Laid
    from policyc.targets.asterisk.reader.plans import Event

__all__ = ["FILES", "Reading", "expected", "happens", "normal", "read", "reading"]

FILES: Final = ("policyc.conf",)
parts = _parts.parts
WAIT, UNAVAILABLE, ACCEPT = "policyc/veuillez-patienter", "policyc/indisponible", "policyc/accepter"
_ENTRIES: Final = {True: "policyc-internal", False: "policyc-external"}
# Of CALLERID(num-pres): what shows the number, the usual one first, and what does not.
_SHOWN: Final = ("allowed_not_screened", "allowed", "allowed_passed_screen", "allowed_failed_screen")
_HIDDEN: Final = (
    *("prohib_not_screened", "prohib", "prohib_passed_screen", "prohib_failed_screen"),
    "unavailable",
)
_WITH_ALL: Final = ("0?????????", "???", "")
"""Presented numbers that are looked at with all presentations; of the others with the usual one."""


def read(files: Mapping[str, str], policy: Policy, settings: Mapping[str, Any]) -> Reading:
    """Return the dialplan of files; of the policy only its zone is looked at. Raises NotUnderstood."""
    (main,) = FILES
    try:
        return reading(reader.read(files, main), policy, settings)
    except reader.NotUnderstood as unclear:
        raise _told(unclear) from unclear


def reading(dialplan: Dialplan, policy: Policy, settings: Mapping[str, Any]) -> Reading:
    """Return a dialplan, wherever it comes from, as the PBX of these settings has it."""
    return Reading(dialplan, policy, frozenset((str(settings["system_context"]),)))


def _told(unclear: reader.NotUnderstood) -> NotUnderstood:
    return NotUnderstood(unclear.place.file, unclear.place.line, unclear.what.value, unclear.text)


class Reading:
    """A dialplan, and what was found of it so far. `outside`: contexts of the PBX that it need not hold."""

    def __init__(self, dialplan: Dialplan, policy: Policy, outside: frozenset[str]) -> None:
        """Take a dialplan."""
        self._dialplan = dialplan
        self._zone = policy.zone
        self._outside = outside
        self._walk = self._at(None)
        self._calls: Sequence[Calls] = ()
        self._layouts = Layouts(self._walk, ())

    def _at(self, instant: datetime | None) -> Walk:
        return reader.Walk(self._dialplan, self._zone, outside=self._outside, instant=instant)

    def found(self, called: str, calls: Sequence[Calls]) -> Sequence[Diagram[Plan]]:
        """Return what becomes of each of the calls to a number. Raises NotUnderstood."""
        return [found_alike(self._walk, encode(called), _presented(one)) for one in calls]

    def laid(self, called: str, calls: Sequence[Calls]) -> Laid:
        """Return the same, laid out over the rows of numbers of any length that calls share. Raises NotUnderstood."""
        if calls is not self._calls:
            self._calls, self._layouts = calls, Layouts(self._walk, [*map(_presented, calls)])
        return self._layouts.laid(encode(called))

    def forget(self) -> None:
        """Let go of what was found so far."""
        self._layouts.forget()

    def forget_all(self) -> None:
        """Let go of all that was found."""
        self._calls, self._layouts = (), Layouts(self._walk, ())
        self._walk.forget(())

    def path(self, called: str, one: Calls, local: datetime) -> Sequence[Stop]:
        """Return the lines that one call runs through, all its digits known, at a local instant of the zone."""
        walk = self._at(local)
        presentation = (_HIDDEN if one.hidden else _SHOWN)[0]
        walk.found(_ENTRIES[one.internal], encode(called), encode(one.presented), presentation)
        return [Stop(place.file, place.line, text) for place, text in walk.stops]


@lru_cache(maxsize=1024)
def _presented(one: Calls) -> tuple[Presented, ...]:
    """Return the ways in which calls are presented that should all come to the same."""
    presentations: tuple[str, ...] = _HIDDEN if one.hidden else _SHOWN
    if one.presented not in _WITH_ALL:
        presentations = presentations[:1]
    return tuple(Presented(_ENTRIES[one.internal], _symbolic(one.presented), shown) for shown in presentations)


def _symbolic(presented: str) -> str:
    """Return a presented text as the reader has it, its unknown digits told apart."""
    before, *behind = encode(presented).split(UNKNOWN)
    unknown = digits_from(len(behind))
    return before + "".join(digit + text for digit, text in zip(unknown, behind, strict=True))


# --- what must happen -----------------------------------------------------------------------------

_AS_PRESENTED: Final = Party(PRESENTED_NUMBER, PRESENTED_NAME, NUMBER_AS_PRESENTED, NAME_AS_PRESENTED)
_PRIVATE: Final = Party(PRESENTED_NUMBER, PRESENTED_NAME, "prohib", "prohib")
_NO_ROUTE: Final = "34"


_SETTINGS: Final = (
    *("system_context", "voicemail_context", "extension_channel", "external_channel"),
    *("language", "rebound_confirm"),
)
"""That say what must happen."""
_told_by: Final = itemgetter(*_SETTINGS)


def expected(policy: Policy, settings: Mapping[str, Any], ending: Ending, called: Calls) -> Plan:  # noqa: ARG001
    """Return the normal form of what must happen where a call ends so, whoever calls."""
    its = policy.extensions.get(ending.extension or "")
    line = (its.mailbox, its.ring_seconds) if its else (False, 0)
    return _expected(ending, *line, *_told_by(settings))


@lru_cache(maxsize=64)  # the same is asked for each manner of calls
def _expected(ending: Ending, mailbox: bool, ring_seconds: int, *settings: str | bool) -> Plan:
    return _Expected(mailbox, ring_seconds, dict(zip(_SETTINGS, settings, strict=True))).plan(ending)


class _Expected:
    """Plans of calls that end at an extension that has a mailbox or not, and rings so long."""

    def __init__(self, mailbox: bool, ring_seconds: int, settings: Mapping[str, str | bool]) -> None:
        self.has_mailbox = mailbox
        self.ring_seconds = ring_seconds
        self.settings = settings

    def plan(self, ending: Ending) -> Plan:
        extension, number = ending.extension or "", ending.number or ""
        match ending.kind:
            case "ring":
                return self.ring(extension)
            case "voicemail":
                return Plan((self.mailbox(extension, "u"),))
            case "external":
                far = Parted(Asked("cause", 0, "0"), Plan((HungUp(_NO_ROUTE),)), Plan((HungUp(FAR_CAUSE),)))
                told = Parted(Asked("status", 0, "BUSY"), Plan((SoundedBusy(),)), Plan((), far))
                return normal(Plan((self.dialled("external_channel", number, None),), told))
            case "rebound":
                return self.rebound(extension, number)
            case "system":
                return Plan((HandedOver(str(self.settings["system_context"]), extension, 1, _AS_PRESENTED),))
            case "busy":
                return Plan((SoundedBusy(),))
        raise AssertionError(f"an ending that no policy without errors has: {ending}")

    def ring(self, extension: str) -> Plan:
        """Ring an extension; then its mailbox, with the greeting for how the line was, or busy."""
        dialled = self.dialled("extension_channel", extension, self.ring_seconds)
        if not self.has_mailbox:
            return Plan((dialled, SoundedBusy()))
        busy, other = (Plan((self.mailbox(extension, greeting),)) for greeting in "bu")
        return Plan((dialled,), Parted(Asked("status", 0, "BUSY"), busy, other))

    def rebound(self, extension: str, number: str) -> Plan:
        """Announce, ring outside as a private call that must be accepted; else announce, and the own mailbox."""
        language = str(self.settings["language"])
        confirm = self.confirmation() if self.settings["rebound_confirm"] else None
        dialled = self.dialled(
            "external_channel", number, self.ring_seconds, options="I", caller=_PRIVATE, confirm=confirm
        )
        return normal(
            Plan(
                (
                    Played((WAIT,), "", language),
                    SaidDigits(extension, language),
                    dialled,
                    Played((UNAVAILABLE,), "", language),
                    self.mailbox(extension, "u"),
                )
            )
        )

    def confirmation(self) -> Plan:
        """Ask for a key, twice if none came, so that it is waited for where the prompt is missing: 1 accepts."""
        declined = Declined()
        again = Plan((AskedKeys("", 1, declined),), self.accepted(1))
        first = Parted(Asked("keys", 0, ""), again, Plan((), self.accepted(0)))
        return Plan((AskedKeys(ACCEPT, 1, declined),), first)

    def accepted(self, reading: int) -> Parted:
        return Parted(Asked("keys", reading, "1"), Plan((Connected(),)), Plan((Declined(),)))

    def mailbox(self, extension: str, greeting: str) -> LeftMessage:
        return LeftMessage((f"{extension}@{self.settings['voicemail_context']}",), greeting)

    def dialled(
        self,
        setting: str,
        number: str,
        seconds: int | None,
        *,
        options: str = "",
        caller: Party = _AS_PRESENTED,
        confirm: Plan | None = None,
    ) -> Dialled:
        """Return the call of a number by the channel of a setting."""
        e164 = number if setting == "extension_channel" else numbering.e164(number)
        channel = str(self.settings[setting]).replace("{number}", number).replace("{e164}", e164)
        return Dialled(tuple(channel.split("&")), seconds, options, caller, confirm)


# --- for people -----------------------------------------------------------------------------------

_GREETINGS: Final = {"b": "busy", "u": "unavailable"}
_STATES: Final = {"BUSY": "busy", "NOANSWER": "noanswer", "CHANUNAVAIL": "unavailable", "CONGESTION": "unavailable"}


def happens(plan: Plan) -> Sequence[tuple[str, Mapping[str, str]]]:
    """Return a normal plan as keys and values of sentences (`words`, section `proof`), in order."""
    found: list[tuple[str, Mapping[str, str]]] = []
    for event in plan.events:
        found += _told_of(event)
    if plan.then is not None and isinstance(plan.then.asked, Asked):
        asked = plan.then.asked
        if asked.what == "status":
            found.append(("state", {"state": _STATES.get(asked.value, "answer")}))
            found += happens(plan.then.yes)
            found.append(("otherwise", {}))
        elif asked.what == "keys":
            found.append(("keys", {"keys": asked.value}))
            found += happens(plan.then.yes)
            found.append(("otherwise", {}))
        found += happens(plan.then.no)
    return found


def _told_of(event: Event) -> list[tuple[str, Mapping[str, str]]]:
    match event:
        case Dialled(channels=channels, seconds=seconds, caller=caller):
            line = "&".join(channels)
            told: list[tuple[str, Mapping[str, str]]] = [("line", {"line": line})]
            if seconds is not None:
                told = [("line-for", {"line": line, "seconds": str(seconds)})]
            if caller.number != PRESENTED_NUMBER:
                told.append(("shown", {"number": caller.number or ""}))
            if caller.number_presentation != NUMBER_AS_PRESENTED:
                told.append(("presentation", {"presentation": caller.number_presentation}))
            if event.options:
                told.append(("options", {"options": event.options}))
            if event.confirm is not None:
                told.append(("confirmation", {}))
            return told
        case LeftMessage(boxes=boxes, options=options):
            return [("voicemail", {"mailbox": "&".join(boxes), "greeting": _GREETINGS.get(options, "none")})]
        case Played(files=files):
            return [("prompt", {"prompt": ", ".join(files)})]
        case SaidDigits(digits=digits):
            return [("digits", {"digits": digits})]
        case Answered():
            return [("answer", {})]
        case SoundedBusy():
            return [("busy", {})]
        case HungUp(cause=cause):
            return [("hangup", {"cause": cause or "16"})]
        case HandedOver(context=context, exten=exten):
            return [("system", {"number": exten, "context": context})]
        case RanOut() | Failed():
            return [("ran-out", {})]
        case Connected():
            return [("connected", {})]
        case Declined():
            return [("declined", {})]
        case AskedKeys(file=file):
            return [("asked-keys", {"prompt": file})]
    return [("event", {"event": type(event).__name__})]
