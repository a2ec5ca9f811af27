"""What a dialplan does with a call, as plain data: what happens in order, and the ways it parts on what is not known.

Texts are those of `texts`; the caller's number stands in them as `texts.PRESENTED` wherever it is shown as presented.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policyc import values

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.errors import Place, What


@values.value()
class Answered:
    """The caller is answered."""


@values.value()
class Waited:
    """Some milliseconds pass."""

    milliseconds: str


@values.value()
class Played:
    """A sound file, or a tone, is played to the caller."""

    file: str


@values.value()
class Said:
    """Something is said to the caller, in a language."""

    language: str
    kind: str
    method: str
    text: str


@values.value()
class Shown:
    """What the far side is shown of the caller; `cid_type` and `asked` are what SIP is told besides."""

    number: str
    name: str
    hides_number: bool
    hides_name: bool
    cid_type: str = ""
    asked: str = ""


@values.value()
class Confirm:
    """Whoever answers must press a key, within some seconds, while a file is played. Milliseconds between tries."""

    key: str
    file: str
    seconds: int
    pause: str


@values.value()
class Dialled:
    """A line is dialled: its dial string, for so many seconds, whether `leg_timeout` ends it."""

    line: str
    seconds: int
    by_leg: bool
    shown: Shown
    confirm: Confirm | None


@values.value()
class Talked:
    """The line that was dialled took the call; they talked, and the called one hung up."""


@values.value()
class LeftMessage:
    """The caller is in a mailbox; the plan goes on if the caller leaves it without hanging up."""

    profile: str
    domain: str
    box: str


@values.value()
class HungUp:
    """The end, with a cause: its name, or `texts.cause_symbol` for the one that a dial ended with."""

    cause: str


@values.value()
class HandedOver:
    """The end of what is known: the call enters a context that the files do not have.

    `own` is what later dials of it show instead, where the dialplan set that: number and name.
    """

    context: str
    number: str
    shown: Shown
    own: tuple[str, str] = ("", "")


@values.value()
class Odd:
    """The end: something that this reader does not understand. `spelt`: it would, if numbers were spelt out."""

    place: Place
    what: What
    text: str
    spelt: bool = False


@values.value()
class Onward:
    """The end of a first part: the call was transferred. `index` tells how."""

    index: int


Event = Answered | Waited | Played | Said | Dialled | Talked | LeftMessage | HungUp | HandedOver | Odd | Onward


_OPEN = (Odd, Onward)


@values.value()
class Taken:
    """A question: did the line take the call? `dial` is the dial's number in the call, from 0."""

    dial: int


@values.value()
class Failed:
    """A question, where a line did not take the call: did the dial end with one of some causes? See `Taken`."""

    dial: int
    causes: frozenset[str]


@dataclass(slots=True)
class Parted:
    """Two ways to go on. `asked` is a `Period`, or something else that only the call tells."""

    asked: Hashable
    yes: Plan
    no: Plan
    _hash: int | None = field(init=False, repr=False, compare=False, default=None)

    def __hash__(self) -> int:
        """Return the hash, worked out once: plans share their parts."""
        if self._hash is None:
            self._hash = hash((self.asked, self.yes, self.no))
        return self._hash


@dataclass(slots=True)
class Plan:
    """What happens, in order, and then the ways that part, if they do."""

    events: tuple[Event, ...]
    then: Parted | None = None
    is_open: bool = field(init=False, repr=False, compare=False)
    """Whether an `Odd` or an `Onward` stands anywhere in it."""
    _hash: int | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Remember whether something is still open."""
        events, then = self.events, self.then
        self.is_open = (then is not None and (then.yes.is_open or then.no.is_open)) or (
            bool(events) and isinstance(events[-1], _OPEN)
        )

    def __hash__(self) -> int:
        """Return the hash, worked out once: plans share their parts."""
        if self._hash is None:
            self._hash = hash((self.events, self.then))
        return self._hash
