"""How FreeSWITCH's dialplan is held to a policy: files read back, and what should happen on a call.

Proved is what the dialplan does: what is dialled and how long, who is shown, what is announced, which mailbox, what
follows when a line takes the call or does not. What other files say (whether a mailbox exists, how a line reaches a
phone, which numbers a trunk presents) is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from policyc import numbering
from policyc.proof.protocol import Calls, NotUnderstood, Stop
from policyc.targets.freeswitch import parts as _parts
from policyc.targets.freeswitch import reader
from policyc.targets.freeswitch.normal import NO_LIMIT, normal
from policyc.targets.freeswitch.reader import causes, dialling, texts
from policyc.targets.freeswitch.reader.elements import with_globals
from policyc.targets.freeswitch.reader.expanding import leading_number
from policyc.targets.freeswitch.reader.plans import (
    Answered,
    Confirm,
    Dialled,
    Event,
    Failed,
    HandedOver,
    HungUp,
    LeftMessage,
    Parted,
    Plan,
    Played,
    Said,
    Shown,
    Taken,
    Talked,
    Waited,
)

if TYPE_CHECKING:
    from datetime import datetime

    from policyc.model import Policy
    from policyc.outcomes import Ending
    from policyc.targets.freeswitch.reader import Dialplan, Found, Laid

__all__ = ["FILES", "Reading", "expected", "happens", "normal", "read"]

FILES: Final = ("policyc.xml",)
parts = _parts.parts
WAIT: Final = "policyc/veuillez-patienter.wav"
UNAVAILABLE: Final = "policyc/indisponible.wav"
_ACCEPT: Final = "file_string://policyc/accepter.wav!silence_stream://200"
_ACCEPT_KEY: Final = "1"
_ACCEPT_SECONDS: Final = 15
_ACCEPT_PAUSE: Final = "5000"
_ENTRIES: Final = {True: "policyc-internal", False: "policyc-external"}
_NAME: Final = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")


def read(files: Mapping[str, str], policy: Policy, settings: Mapping[str, Any]) -> Reading:  # noqa: ARG001
    """Return the dialplan of files; of the policy only its zone is looked at. Raises NotUnderstood."""
    (main,) = FILES
    try:
        return Reading(reader.read({main: files[main]}), policy)
    except reader.NotUnderstood as unclear:
        raise _told(unclear) from unclear


def _told(unclear: reader.NotUnderstood) -> NotUnderstood:
    return NotUnderstood(unclear.place.file, unclear.place.line, unclear.what.value, unclear.text)


class Reading:
    """A dialplan, and what was found of it so far."""

    def __init__(self, dialplan: Dialplan, policy: Policy) -> None:
        """Take a dialplan."""
        self._dialplan = dialplan
        self._reading = reader.Reading(dialplan, policy.zone, _ENTRIES)

    def found(self, called: str, calls: Sequence[Calls]) -> Sequence[Found]:
        """Return what becomes of each of the calls to a number. Raises NotUnderstood."""
        try:
            return self._reading.found(called, calls)
        except reader.NotUnderstood as unclear:
            raise _told(unclear) from unclear

    def laid(self, called: str, calls: Sequence[Calls]) -> Laid:
        """Return the same upon sources that the calls share. Raises NotUnderstood."""
        try:
            return self._reading.laid(called, calls)
        except reader.NotUnderstood as unclear:
            raise _told(unclear) from unclear

    def forget(self) -> None:
        """Let go of what was found so far."""
        self._reading.forget()

    def forget_all(self) -> None:
        """Let go of all that was found."""
        self._reading.forget(wholly=True)

    def path(self, called: str, one: Calls, local: datetime) -> Sequence[Stop]:
        """Return the lines that one call runs through, all its digits known, at a local instant of the zone."""
        try:
            places = self._reading.path(called, one, local)
        except reader.NotUnderstood as unclear:
            raise _told(unclear) from unclear
        return [Stop(place.file, place.line, self._dialplan.text(place)) for place in places]


# -- what must happen --------------------------------------------------------------------------------------------------

_PRIVATE: Final = Shown("anonymous", "Anonymous", hides_number=True, hides_name=True, cid_type="none", asked="id")
_BUSY: Final = HungUp(causes.BUSY)


_SETTINGS: Final = (
    *("extension_dial", "external_dial", "language", "rebound_confirm", "system_context"),
    *("voicemail_domain", "voicemail_profile"),
)
_SET: Final = itemgetter(*_SETTINGS)
_SHOWING: Final = frozenset(("ring", "external", "system"))
"""The ends of calls at which it matters whether the caller is hidden."""


def expected(policy: Policy, settings: Mapping[str, Any], ending: Ending, called: Calls) -> Plan:
    """Return the normal form of what must happen where a call ends so."""
    its = policy.extensions.get(ending.extension or "")
    wanted = _Wanted(
        ending.kind,
        ending.extension or "",
        ending.number or "",
        its is not None and its.mailbox,
        None if its is None else its.ring_seconds,
        called.hidden and ending.kind in _SHOWING,
        _SET(settings),
    )
    return _expected(wanted)


class _Wanted(NamedTuple):
    """All that says what must happen: where a call ends, and what a policy and settings say of that."""

    kind: str
    extension: str
    number: str
    mailbox: bool
    ring_seconds: int | None
    hidden: bool
    settings: tuple[Any, ...]


@lru_cache(maxsize=4096)
def _expected(wanted: _Wanted) -> Plan:
    """Return the normal form of what must happen: calls in several manners end so, one after the other."""
    return normal(_Expected(wanted).plan())


class _Expected:
    def __init__(self, wanted: _Wanted) -> None:
        self.wanted = wanted
        self.settings = dict(zip(_SETTINGS, wanted.settings, strict=True))

    def plan(self) -> Plan:
        kind, extension, number, mailbox, ring_seconds, hidden, _ = self.wanted
        match kind:
            case "ring":
                rest = self.mailbox(extension) if mailbox else (_BUSY,)
                return self.dialled("extension_dial", extension, extension, ring_seconds, rest)
            case "voicemail":
                return Plan(self.mailbox(extension))
            case "external":
                return self.dialled("external_dial", number, None, None, (HungUp(texts.cause_symbol(0)),))
            case "rebound":
                return self.rebound(extension, number)
            case "system":
                caller = Shown(texts.PRESENTED, texts.NAME, hidden, hidden)
                context = texts.encode(str(self.settings["system_context"]))
                return Plan((HandedOver(context, extension or number, caller),))
            case "busy":
                return Plan((_BUSY,))
            case "loop":  # until the call may not be transferred any more
                return Plan((HungUp(causes.EXCHANGE),))
        raise AssertionError(f"not an ending: {self.wanted}")

    def rebound(self, extension: str, number: str) -> Plan:
        """Announce, ring outside as a private call that must be accepted; else announce, and the own mailbox."""
        language = texts.encode(str(self.settings["language"]))
        confirm = None
        if self.settings["rebound_confirm"]:
            confirm = Confirm(_ACCEPT_KEY, _ACCEPT, _ACCEPT_SECONDS, _ACCEPT_PAUSE)
        before = (Answered(), Played(WAIT), Said(language, "number", "iterated", extension))
        rest = (Played(UNAVAILABLE), *self.mailbox(extension))
        plan = self.dialled("external_dial", number, extension, self.wanted.ring_seconds, rest, _PRIVATE, confirm)
        return Plan((*before, *plan.events), plan.then)

    def mailbox(self, extension: str) -> tuple[Event, ...]:
        """Lead the caller to a mailbox, and hang up."""
        profile, domain = (_text(str(self.settings[f"voicemail_{one}"]), None) for one in ("profile", "domain"))
        return LeftMessage(profile, domain, extension), HungUp(causes.CLEARING)

    def dialled(
        self,
        setting: str,
        number: str,
        own: str | None,
        seconds: int | None,
        rest: tuple[Event, ...],
        shown: Shown | None = None,
        confirm: Confirm | None = None,
    ) -> Plan:
        """Dial a number by the dial string of a setting; `own` is the extension that is called, where that is clear."""
        e164 = number if setting == "extension_dial" else numbering.e164(number)
        template = str(self.settings[setting]).replace("{number}", number).replace("{e164}", e164)
        string = dialling.read(_text(template, own))
        set_there = {**string.variables, **string.own}  # by whoever wrote the setting
        caller = shown or (_PRIVATE if self.wanted.hidden else Shown(texts.PRESENTED, texts.NAME, False, False))
        limit = leading_number(set_there.get("leg_timeout", "")) or seconds or NO_LIMIT
        whole = leading_number(string.variables.get("originate_timeout", ""))
        event = Dialled(string.line, min(limit, whole or limit), False, caller, confirm)
        talked = Plan((Talked(), HungUp(causes.CLEARING)))
        return Plan((event,), Parted(Taken(0), talked, Plan(rest)))


@lru_cache(maxsize=64)
def _text(template: str, own: str | None) -> str:
    """Return a text of the settings as the reader has it, variables and all; `own` is the number called, if it is."""

    def value(found: re.Match[str]) -> str:
        if own is not None and found[1].lower() == "destination_number":
            return own
        return texts.variable_token(found[1])

    return _NAME.sub(value, with_globals(texts.encode(template)))


# -- for people --------------------------------------------------------------------------------------------------------

_ENDS_WELL: Final = (Talked(), HungUp(causes.CLEARING))


def happens(plan: Plan) -> Sequence[tuple[str, Mapping[str, str]]]:
    """Return a normal plan as keys and values of sentences (`words`, section `proof`), in order."""
    found: list[tuple[str, Mapping[str, str]]] = []
    for event in plan.events:
        found += _told_of(event)
    if plan.then is not None:
        asked, yes = plan.then.asked, plan.then.yes
        if not isinstance(asked, Taken) or yes.events != _ENDS_WELL:
            found.append(("state", {"state": _state(asked)}))
            found += happens(yes)
            found.append(("otherwise", {}))
        found += happens(plan.then.no)
    return found


def _state(asked: object) -> str:
    if isinstance(asked, Failed):
        some = asked.causes
        return "busy" if causes.BUSY in some else "noanswer" if "NO_ANSWER" in some else "unavailable"
    return "answer"


def _told_of(event: Event) -> list[tuple[str, Mapping[str, str]]]:
    match event:
        case Dialled(line=line, seconds=seconds, shown=caller, confirm=confirm):
            told: list[tuple[str, Mapping[str, str]]] = [("line", {"line": texts.show(line)})]
            if seconds < NO_LIMIT:
                told = [("line-for", {"line": texts.show(line), "seconds": str(seconds)})]
            told += _told_of_caller(caller)
            if confirm is not None:
                told.append(("confirmation", {}))
            return told
        case LeftMessage(box=box):
            return [("mailbox", {"mailbox": texts.show(box)})]
        case Played(file=file):
            return [("prompt", {"prompt": texts.show(file)})]
        case Said(text=text):
            return [("digits", {"digits": texts.show(text)})]
        case Answered():
            return [("answer", {})]
        case HungUp(cause=cause):
            if cause == causes.BUSY:
                return [("busy", {})]
            return [("hangup", {"cause": "far" if texts.is_cause(cause) else cause})]
        case HandedOver(context=context, number=number, shown=caller):
            return [
                ("system", {"number": texts.show(number), "context": texts.show(context)}),
                *_told_of_caller(caller),
            ]
        case Talked():
            return [("connected", {})]
        case Waited(milliseconds=milliseconds):
            return [("event", {"event": f"sleep {texts.show(milliseconds)}"})]
    return [("event", {"event": type(event).__name__})]


def _told_of_caller(caller: Shown) -> list[tuple[str, Mapping[str, str]]]:
    told: list[tuple[str, Mapping[str, str]]] = []
    if caller.number != texts.PRESENTED:
        told.append(("shown", {"number": texts.show(caller.number)}))
    hidden = [name for name, hides in (("number", caller.hides_number), ("name", caller.hides_name)) if hides]
    if hidden:
        told.append(("presentation", {"presentation": " ".join(f"hide_{name}" for name in hidden)}))
    said = [
        f"{name}={value}" for name, value in (("sip_cid_type", caller.cid_type), ("Privacy", caller.asked)) if value
    ]
    if said:
        told.append(("options", {"options": ", ".join(map(texts.show, said))}))
    return told
