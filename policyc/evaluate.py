"""Reference interpreter: a policy and a call in, the whole outcome out. Written to be read beside the semantics.

It tries rules one by one with plain set membership, shares nothing with the decision model or a target, and is what
they are all held to.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from policyc import numbering
from policyc.digits import Caller, Kind
from policyc.model import Busy, Extension, External, Forward, Mailbox, Policy, Ring, Rule, ToSystem
from policyc.values import dataclass

# States of a line that is dialled. A rebound line is asked to accept: an answering machine stays silent, and some
# answer and leave.
ANSWER, NO_ANSWER, BUSY, UNAVAILABLE = "answer", "noanswer", "busy", "unavailable"
ACCEPT, REFUSE, SILENT, LEAVE = "accept", "refuse", "silent", "leave"

# Prompts, by the name of the event; the sound files and their texts are the target's.
WAIT_PROMPT, UNAVAILABLE_PROMPT = "wait", "unavailable"


class RoutingLoopError(Exception):
    """Extensions forward this call to one another; `check` reports such policies as PC301."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who, to which number, at which instant (aware, or local to the policy's zone)."""

    caller: Caller
    called: str
    instant: datetime


@dataclass(frozen=True, slots=True)
class RingExtension:
    """The extension's line rings for some seconds; the caller is shown as they are."""

    extension: str
    seconds: int


@dataclass(frozen=True, slots=True)
class LeaveMessage:
    """The mailbox of an extension. The greeting is `busy` only where a ring found the line busy."""

    extension: str


@dataclass(frozen=True, slots=True)
class DialOutside:
    """An outside number. With `seconds`: private, for so long, to be accepted with a key. Else as the caller is."""

    number: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerCaller:
    """The call is answered, so that the caller hears prompts."""


@dataclass(frozen=True, slots=True)
class Play:
    """A prompt, by its name."""

    prompt: str


@dataclass(frozen=True, slots=True)
class SayDigits:
    """The digits of a number, spoken."""

    digits: str


@dataclass(frozen=True, slots=True)
class EnterSystem:
    """The call is the PBX's from here on."""

    number: str


@dataclass(frozen=True, slots=True)
class SoundBusy:
    """The caller hears busy."""


Attempt = RingExtension | LeaveMessage | DialOutside | AnswerCaller | Play | SayDigits | EnterSystem | SoundBusy


@dataclass(frozen=True, slots=True)
class Step:
    """What decided at one extension of the chain; a rule of None is "no rule matched"."""

    extension: str
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a call ends: `kind` is ring, voicemail, external, rebound, system or busy.

    `extension` or `number` says which; `attempts` are made in order until one takes the call; `steps` tell why.
    """

    kind: str
    extension: str | None
    number: str | None
    attempts: tuple[Attempt, ...]
    steps: tuple[Step, ...]


def evaluate(policy: Policy, call: Call) -> Outcome:
    """Return the outcome of a call. Raises RoutingLoopError where extensions forward it in a circle."""
    instant = call.instant
    local = instant if instant.tzinfo is None else instant.astimezone(policy.zone).replace(tzinfo=None)
    steps: list[Step] = []
    called = call.called
    while True:
        extension = policy.extensions.get(called)
        if extension is None:  # a system extension, or no number of the policy: the PBX's, unchanged
            return Outcome("system", called, None, (EnterSystem(called),), tuple(steps))
        if any(step.extension == called for step in steps):
            raise RoutingLoopError([step.extension for step in steps])
        rule = deciding_rule(policy, extension, call.caller, local)
        steps.append(Step(called, rule))
        destination = Ring() if rule is None else rule.destination
        if not isinstance(destination, Forward):
            return _outcome(extension, destination, tuple(steps))
        called = destination.extension


def deciding_rule(policy: Policy, extension: Extension, caller: Caller, local: datetime) -> Rule | None:
    """Return the first rule of an extension whose callers and times match, if one does."""
    for rule in policy.rules_for(extension.number):
        if caller in rule.callers and rule.times_hold(local):
            return rule
    return None


def _outcome(
    extension: Extension, destination: Ring | Mailbox | External | ToSystem | Busy, steps: tuple[Step, ...]
) -> Outcome:
    own = extension.number
    match destination:
        case Ring():
            last: Attempt = LeaveMessage(own) if extension.mailbox else SoundBusy()
            return Outcome("ring", own, None, (RingExtension(own, extension.ring_seconds), last), steps)
        case Mailbox(extension=other):
            return Outcome("voicemail", other or own, None, (LeaveMessage(other or own),), steps)
        case External(number=given, rebound=rebound):
            number = given or extension.mobile
            if number is None:
                raise AssertionError(f"{own} has no mobile, and was not refused")
            if not rebound:
                return Outcome("external", None, number, (DialOutside(number),), steps)
            attempts = (
                AnswerCaller(),
                Play(WAIT_PROMPT),
                SayDigits(own),
                DialOutside(number, extension.ring_seconds),
                Play(UNAVAILABLE_PROMPT),
                LeaveMessage(own),
            )
            return Outcome("rebound", own, number, attempts, steps)
        case ToSystem(number=number):
            return Outcome("system", number, None, (EnterSystem(number),), steps)
        case Busy():
            return Outcome("busy", own, None, (SoundBusy(),), steps)


def happens(outcome: Outcome, lines: Mapping[str, str]) -> Iterator[str]:
    """Yield what happens, one event after another, when dialled lines are in the given states (default: no answer)."""
    greeting = "unavailable"
    for attempt in outcome.attempts:
        match attempt:
            case RingExtension(extension=extension, seconds=seconds):
                yield f"ring {extension} {seconds}s"
                state = lines.get(extension, NO_ANSWER)
                if state == ANSWER:
                    return
                greeting = "busy" if state == BUSY else "unavailable"
            case LeaveMessage(extension=extension):
                yield f"voicemail {extension} {greeting}"
            case DialOutside(number=number, seconds=None):
                yield f"external {number}"
                state = lines.get(number, NO_ANSWER)
                if state not in (ANSWER, ACCEPT, REFUSE, SILENT, LEAVE):
                    yield "busy" if state == BUSY else "hangup"
            case DialOutside(number=number, seconds=seconds):
                yield f"rebound {number} {seconds}s"
                if lines.get(number, NO_ANSWER) == ACCEPT:
                    return
            case AnswerCaller():
                yield "answer"
            case Play(prompt=prompt):
                yield f"play {prompt}"
            case SayDigits(digits=spoken):
                yield f"digits {spoken}"
            case EnterSystem(number=number):
                yield f"system {number}"
            case SoundBusy():
                yield "busy"


def events(policy: Policy, call: Call, lines: Mapping[str, str] | None = None) -> str:
    """Return what happens on a call as one line of text: `ring 102 20s > voicemail 102 unavailable`."""
    return " > ".join(happens(evaluate(policy, call), lines or {}))


def call_from(
    presented: str, called: str, instant: datetime, *, internal: bool = False, restricted: bool = False
) -> Call:
    """Return the call of a number as presented by a trunk, or by an extension when `internal`."""
    kind = Kind.INTERNAL if internal else Kind.EXTERNAL
    return Call(numbering.canonical(kind, presented, restricted=restricted), called, instant)
