"""What a dialplan does with a call, as plain data: what happens in order, and the ways it parts on what is not known.

Texts are as people read them; a digit of the caller that is not known stands in them as `texts.digit_at(place)`, and
the number and the name that were presented as `PRESENTED_NUMBER` and `PRESENTED_NAME`, whoever calls; how these were
presented, as `NUMBER_AS_PRESENTED` and `NAME_AS_PRESENTED`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyc.schedule import Period

FAR_CAUSE = "far"
"""The hangup cause of a call that ends as it did far away."""
PRESENTED_NUMBER, PRESENTED_NAME, NUMBER_AS_PRESENTED, NAME_AS_PRESENTED = "\ue600", "\ue601", "\ue602", "\ue603"


@dataclass(frozen=True, slots=True)
class Answered:
    """The caller is answered."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """The caller may hear something before an answer; `ringing`: that it rings."""

    ringing: bool


@dataclass(frozen=True, slots=True)
class Waited:
    """Some seconds pass."""

    seconds: str


@dataclass(frozen=True, slots=True)
class Played:
    """Sound files are played, in a language; "" is the channel's own."""

    files: tuple[str, ...]
    options: str
    language: str


@dataclass(frozen=True, slots=True)
class SaidDigits:
    """Digits are spoken."""

    digits: str
    language: str


@dataclass(frozen=True, slots=True)
class Party:
    """Who the far side is shown: number, name, and how they are presented. A number of None was never given."""

    number: str | None
    name: str
    number_presentation: str
    name_presentation: str


@dataclass(frozen=True, slots=True)
class Dialled:
    """Channels are dialled, all at once. Whoever takes the call talks with the caller, and the plan is over.

    `seconds` of None is no limit. `confirm` is what is done with whoever answers first: it ends in `Connected` or
    `Declined`; None connects. What follows is for a call that nobody took.
    """

    channels: tuple[str, ...]
    seconds: int | None
    options: str
    caller: Party
    confirm: Plan | None


@dataclass(frozen=True, slots=True)
class AskedKeys:
    """Keys are read. `left`: what it comes to when whoever is asked to confirm hangs up here."""

    file: str
    digits: int | None
    left: Connected | Declined | None


@dataclass(frozen=True, slots=True)
class LeftMessage:
    """The caller is in a mailbox; the plan goes on if the PBX has no such box, or the caller stays."""

    boxes: tuple[str, ...]
    options: str


@dataclass(frozen=True, slots=True)
class SoundedBusy:
    """The caller hears busy; the end."""

    congestion: bool = False


@dataclass(frozen=True, slots=True)
class HungUp:
    """The end, with a cause; None: none was given, `FAR_CAUSE`: that of the last dial."""

    cause: str | None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The end of what is known: the call enters a context that the files do not have."""

    context: str
    exten: str
    priority: int
    caller: Party


@dataclass(frozen=True, slots=True)
class RanOut:
    """The dialplan has no next step.

    `invalid`: the extension was none. `by_status`: the caller hears busy or congestion, as the last dial ended.
    """

    invalid: bool
    by_status: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """An application gave up on the call: Return with nowhere to, a label that is not there."""

    application: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The confirmation is over: caller and called talk."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The confirmation is over: the call goes on as if nobody had answered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that only the call tells: `what` is status, cause or keys, of which dial or reading (from 0).

    A status is a DIALSTATUS; a cause is only known to be 0 or not; keys are what was pressed, "" for nothing.
    """

    what: str
    number: int
    value: str


@dataclass(frozen=True, slots=True)
class Parted:
    """Two ways to go on. A period asks whether the call is within."""

    asked: Asked | Period
    yes: Plan
    no: Plan


@dataclass(frozen=True, slots=True)
class Unclear:
    """What follows is not understood: a line, the kind of thing, and its text. Nothing is known of such a call."""

    file: str
    line: int
    what: str
    text: str


Event = (
    Answered
    | Progressed
    | Waited
    | Played
    | SaidDigits
    | Dialled
    | AskedKeys
    | LeftMessage
    | SoundedBusy
    | HungUp
    | HandedOver
    | RanOut
    | Failed
    | Connected
    | Declined
    | Unclear
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens, in order, and then the ways that part, if they do."""

    events: tuple[Event, ...]
    then: Parted | None = field(default=None)
