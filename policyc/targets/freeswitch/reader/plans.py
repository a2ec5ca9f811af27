"""What a dialplan does with a call, as plain data: what happens in order, and the ways it parts on what is not known.

Texts are those of `texts`; the caller's number stands in them as `texts.PRESENTED` wherever it is shown as presented.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.errors import Place, What


@dataclass(frozen=True, slots=True)
class Answered:
    """The caller is answered."""


@dataclass(frozen=True, slots=True)
class Waited:
    """Some milliseconds pass."""

    milliseconds: str


@dataclass(frozen=True, slots=True)
class Played:
    """A sound file, or a tone, is played to the caller."""

    file: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something is said to the caller, in a language."""

    language: str
    kind: str
    method: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the far side is shown of the caller; `cid_type` and `asked` are what SIP is told besides."""

    number: str
    name: str
    hides_number: bool
    hides_name: bool
    cid_type: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Whoever answers must press a key, within some seconds, while a file is played. Milliseconds between tries."""

    key: str
    file: str
    seconds: int
    pause: str


@dataclass(frozen=True, slots=True)
class Dialled:
    """A line is dialled: its dial string, for so many seconds, whether `leg_timeout` ends it."""

    line: str
    seconds: int
    by_leg: bool
    shown: Shown
    confirm: Confirm | None


@dataclass(frozen=True, slots=True)
class Talked:
    """The line that was dialled took the call; they talked, and the called one hung up."""


@dataclass(frozen=True, slots=True)
class LeftMessage:
    """The caller is in a mailbox; the plan goes on if the caller leaves it without hanging up."""

    profile: str
    domain: str
    box: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The end, with a cause: its name, or `texts.cause_symbol` for the one that a dial ended with."""

    cause: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The end of what is known: the call enters a context that the files do not have.

    `own` is what later dials of it show instead, where the dialplan set that: number and name.
    """

    context: str
    number: str
    shown: Shown
    own: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Odd:
    """The end: something that this reader does not understand. `spelt`: it would, if numbers were spelt out."""

    place: Place
    what: What
    text: str
    spelt: bool = False


@dataclass(frozen=True, slots=True)
class Onward:
    """The end of a first part: the call was transferred. `index` tells how."""

    index: int


Event = Answered | Waited | Played | Said | Dialled | Talked | LeftMessage | HungUp | HandedOver | Odd | Onward


@dataclass(frozen=True, slots=True)
class Taken:
    """A question: did the line take the call? `dial` is the dial's number in the call, from 0."""

    dial: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A question, where a line did not take the call: did the dial end with one of some causes? See `Taken`."""

    dial: int
    causes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Parted:
    """Two ways to go on. `asked` is a `Period`, or something else that only the call tells."""

    asked: Hashable
    yes: Plan
    no: Plan
    _hash: list[int] = field(init=False, repr=False, compare=False, default_factory=list)

    def __hash__(self) -> int:
        """Return the hash, worked out once: plans share their parts."""
        if not self._hash:
            self._hash.append(hash((self.asked, self.yes, self.no)))
        return self._hash[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens, in order, and then the ways that part, if they do."""

    events: tuple[Event, ...]
    then: Parted | None = None
    is_open: bool = field(init=False, repr=False, compare=False)
    """Whether an `Odd` or an `Onward` stands anywhere in it."""
    _hash: list[int] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        """Remember whether something is still open."""
        then = self.then
        # whoever answers questions in a plan may put other plans into it
        behind = then is not None and (getattr(then.yes, "is_open", False) or getattr(then.no, "is_open", False))
        object.__setattr__(self, "is_open", behind or bool(self.events and isinstance(self.events[-1], Odd | Onward)))

    def __hash__(self) -> int:
        """Return the hash, worked out once: plans share their parts."""
        if not self._hash:
            self._hash.append(hash((self.events, self.then)))
        return self._hash[0]
