"""A call on its way through a dialplan: plain data that is copied when ways part."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from policyc.targets.asterisk.reader.texts import digit_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyc.targets.asterisk.reader.plans import Answer, Asked, Event, Party

T = TypeVar("T")
CAN_GO_ON = ("BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL")
"""What DIALSTATUS can be where the dialplan goes on after a Dial; ANSWER too where someone answered and declined."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Presented numbers that share a prefix: it, and exactly so many more digits."""

    prefix: str
    more: int = 0

    @property
    def text(self) -> str:
        """The number, its digits that are not known as such."""
        return self.prefix + "".join(digit_at(len(self.prefix) + at) for at in range(self.more))

    def __str__(self) -> str:
        return self.prefix + "?" * self.more


@dataclass(frozen=True, slots=True)
class Variable:
    """A value, and to which channels it is handed on: none, those that are dialled (1), all after them (2)."""

    value: str
    inherited: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a Gosub goes back to, and the variables that are its own."""

    context: str
    exten: str
    priority: int
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word that only the call gives: what it is asked by, its possible values (None: any), those it has not."""

    asked: Asked
    possible: tuple[str, ...] | None
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class Call:
    """One call, or all calls of a block that went the same way so far."""

    numbers: Numbers | None  # None: no number was presented
    context: str
    exten: str
    party: Party
    priority: int = 1
    given: int = 0  # characters of the number that were known from the start
    confirming: bool = False  # the channel is the called side's
    variables: dict[str, tuple[Variable, ...]] = field(default_factory=dict)  # the innermost last
    frames: tuple[Frame, ...] = ()  # the innermost last
    language: str | None = None
    events: tuple[Event | Answer, ...] = ()
    instants: int = 0  # the classes of instants at which the call is, of that version of the clock's partition
    version: int = 0
    words: dict[str, Word] = field(default_factory=dict)
    dials: int = 0
    readings: int = 0
    steps: int = 0
    over: bool = False

    def copy(self) -> Call:
        """Return a call that can go another way."""
        return replace(self, variables=dict(self.variables), words=dict(self.words))

    @property
    def state(self) -> tuple[object, ...]:
        """What decides how the call goes on, and what it will have been: all but its digits and instants."""
        return (
            self.context,
            self.exten,
            self.priority,
            self.party,
            self.language,
            self.frames,
            self.events,
            frozenset(self.variables.items()),
            frozenset(self.words.items()),
        )

    def variable(self, name: str) -> str | None:
        """Return the value of a channel variable, None if it has none."""
        stack = self.variables.get(name)
        return stack[-1].value if stack else None

    def set(self, name: str, value: str) -> None:
        """Set a channel variable, the innermost of its name; leading underscores say who inherits it."""
        plain = name.removeprefix("_").removeprefix("_")
        stack = self.variables.get(plain, ())
        self.variables[plain] = (*stack[:-1], Variable(value, len(name) - len(plain)))

    def set_own(self, name: str, value: str) -> None:
        """Set a variable of the innermost Gosub."""
        frame = self.frames[-1]
        if name in frame.own:
            self.set(name, value)
        else:
            self.frames = (*self.frames[:-1], replace(frame, own=(*frame.own, name)))
            self.variables[name] = (*self.variables.get(name, ()), Variable(value))

    def leave(self) -> Frame:
        """Leave the innermost Gosub; return where it goes back to."""
        *rest, frame = self.frames
        self.frames = tuple(rest)
        for name in frame.own:
            stack = self.variables.pop(name, ())
            if len(stack) > 1:
                self.variables[name] = stack[:-1]
        return frame

    def happens(self, event: Event) -> None:
        """Note an event."""
        self.events = (*self.events, event)

    def with_digit(self, digit: str) -> Call:
        """Return the call with the first unknown digit of its number known; its texts stay as they are."""
        if self.numbers is None or not self.numbers.more:
            raise AssertionError("a digit is asked for where all are known")
        return replace(self.copy(), numbers=Numbers(self.numbers.prefix + digit, self.numbers.more - 1))

    def filled(self) -> Call:
        """Return the call with the digits that are known in all its texts."""
        digits = filling(self.digits)
        return Call(**{one.name: digits(getattr(self, one.name)) for one in fields(self)})

    @property
    def digits(self) -> dict[str, str]:
        """The digits that are known, by what stands for them in texts."""
        prefix = "" if self.numbers is None else self.numbers.prefix
        return {digit_at(at): prefix[at] for at in range(self.given, len(prefix))}

    def changed(self, before: Call, after: Call) -> Call:
        """Return this call with what changed between two calls that are this one with its digits filled in.

        What did not change keeps its digits by their places, so that calls of other numbers may still be alike.
        """
        changes: dict[str, Any] = {}
        for one in fields(self):
            own, old, new = (getattr(call, one.name) for call in (self, before, after))
            if one.name == "events":
                changes[one.name] = (*own, *new[len(old) :])
            elif isinstance(new, dict):
                changes[one.name] = {
                    key: own[key] if key in own and old.get(key) == value else value for key, value in new.items()
                }
            else:
                changes[one.name] = own if new == old else new
        return Call(**changes)


class filling:  # noqa: N801  a function with a table
    """Put known digits into all the texts of a value."""

    def __init__(self, digits: Mapping[str, str]) -> None:
        self._table = str.maketrans(dict(digits))

    def __call__(self, value: T) -> T:
        """Return the value with its digits."""
        return self._filled(value)  # type: ignore[no-any-return]

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.translate(self._table)
        if isinstance(value, tuple):
            return tuple(map(self._filled, value))
        if isinstance(value, dict):
            return {self._filled(key): self._filled(one) for key, one in value.items()}
        if not is_dataclass(value) or isinstance(value, type):
            return value
        return replace(value, **{one.name: self._filled(getattr(value, one.name)) for one in fields(value)})
