"""A call on its way through a dialplan, from one jump to the next: what it has done since, as plain data.

What was before the jump stays out of sight: a variable that nothing has looked at is an input, a character of its
own. So whatever happens from there on is found once, for all calls that agree on the inputs that were looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from policyc.targets.asterisk.reader import errors
from policyc.targets.asterisk.reader.plans import (
    NAME_AS_PRESENTED,
    NUMBER_AS_PRESENTED,
    PRESENTED_NAME,
    PRESENTED_NUMBER,
    Party,
)
from policyc.targets.asterisk.reader.texts import check_inputs, digit_at, digits_from, input_char, with_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyc.targets.asterisk.reader.patterns import Exten, Step
    from policyc.targets.asterisk.reader.plans import Asked, Event

CAN_GO_ON = ("BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL")
"""What DIALSTATUS can be where the dialplan goes on after a Dial; ANSWER too where someone answered and declined."""
NUMBER, NAME, NUMBER_PRESENTATION, NAME_PRESENTATION = (
    f"CALLERID({member})" for member in ("num", "name", "num-pres", "name-pres")
)
MARKED = (NUMBER, NAME, NUMBER_PRESENTATION, NAME_PRESENTATION)
MARKS = (PRESENTED_NUMBER, PRESENTED_NAME, NUMBER_AS_PRESENTED, NAME_AS_PRESENTED)
LANGUAGE = "CHANNEL(language)"
EXTEN = "EXTEN"
SIZE = "(digits)"  # how many digits of the caller's number are not known
TAIL = "(tail)"  # all of these, where not even their number is known


@dataclass(frozen=True, slots=True)
class Numbers:
    """Presented numbers that share a prefix: it, and exactly so many more digits."""

    prefix: str
    more: int = 0

    @property
    def text(self) -> str:
        """The number, its digits that are not known as such."""
        return self.prefix + digits_from(self.more)

    def __str__(self) -> str:
        return self.prefix + "?" * self.more


class Variable(NamedTuple):
    """A value, and to which channels it is handed on: none, those that are dialled (1), all after them (2)."""

    value: str
    inherited: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """A word that only the call gives: what it is asked by, its possible values (None: any), those it has not."""

    asked: Asked
    possible: tuple[str, ...] | None
    refused: tuple[str, ...] = ()


class Names:
    """The inputs of a walk: a character for each name, the same wherever it is an input."""

    def __init__(self) -> None:
        """Begin with none."""
        self._chars: dict[str, str] = {}
        self._names: dict[str, str] = {}
        if tuple(map(self.char, MARKED)) != MARKS:
            raise AssertionError("the marks of plans are the first inputs")

    def char(self, name: str) -> str:
        """Return the character of an input."""
        found = self._chars.get(name)
        if found is None:
            found = self._chars[name] = input_char(len(self._chars))
            self._names[found] = name
        return found

    def name(self, char: str) -> str:
        """Return the name of an input."""
        return self._names[char]


@dataclass(slots=True)  # not frozen: there is one for each block, and it would take four times as long to make
class Known:
    """What a step may look at: inputs that were asked for, and the first digits of the caller's number."""

    names: Names
    bound: Mapping[str, Variable | None]
    globals: Mapping[str, str]
    digits: Mapping[int, str] = field(default_factory=dict)

    def filled(self, text: str) -> str:
        """Return a text with all of these put in."""
        if text.isascii():
            return text
        text = with_inputs(text, self._input)
        return text.translate(self.digits) if self.digits else text

    def _input(self, char: str) -> str:
        name = self.names.name(char)
        return self.text(name, self.bound[name]) if name in self.bound else char

    def text(self, name: str, value: Variable | None) -> str:
        """Return what a variable puts into a text: for None, the global one of its name, or nothing."""
        return self.globals.get(name, "") if value is None else value.value

    @staticmethod
    def table(digits: str, size: int) -> dict[int, str]:
        """Return what stands for the first digits of a number of which `size` are not known."""
        return {ord(digit_at(size - 1 - at)): digit for at, digit in enumerate(digits)}


Target = tuple[str, str | None, int]
"""A context, an extension (None: the same as before) and a priority."""


_NOWHERE = errors.Place("", 0)


@dataclass(slots=True)
class Call:
    """All calls that came to a step alike, since their last jump."""

    context: str
    exten: Exten | None  # whose steps these are; None: they are looked for by the text
    priority: int
    known: Known
    own: tuple[str, ...] | None = None  # variables of the innermost Gosub; None: the call is in none
    confirming: bool = False  # the channel is the called side's
    words: dict[str, Word] = field(default_factory=dict)
    dials: int = 0
    readings: int = 0
    inherited: frozenset[str] = frozenset()  # variables that are handed on to channels that are dialled
    written: dict[str, Variable | None] = field(default_factory=dict)  # None: it is no more
    saved: dict[str, Variable | None] = field(default_factory=dict)  # what variables were before they became own
    events: tuple[Event, ...] = ()
    over: bool = False
    goes: Target | None = None  # where it jumps to
    enters: tuple[str, ...] | None = None  # the jump is a Gosub's, with these arguments
    returns: str | None = None  # it leaves the innermost Gosub, with this value
    place: errors.Place = _NOWHERE  # of its last step
    eager: bool = False  # where the next step goes has to be looked at there

    def copy(self) -> Call:
        """Return a call that can go another way."""
        return Call(
            self.context,
            self.exten,
            self.priority,
            self.known,
            self.own,
            self.confirming,
            self.words.copy(),
            self.dials,
            self.readings,
            self.inherited,
            self.written.copy(),
            self.saved.copy(),
            self.events,
            self.over,
            self.goes,
            self.enters,
            self.returns,
            self.place,
            self.eager,
        )

    @property
    def state(self) -> tuple[object, ...]:
        """All that the call has done, and where it is: equal for calls that go on alike."""
        return (
            self.context,
            id(self.exten),
            self.priority,
            self.own,
            self.dials,
            self.readings,
            self.inherited,
            self.events,
            self.over,
            self.goes,
            self.enters,
            self.returns,
            frozenset(self.written.items()),
            frozenset(self.saved.items()),
            frozenset(self.words.items()),
        )

    @property
    def step(self) -> Step | None:
        """The step where it is, None if that is to be looked for."""
        return None if self.exten is None else self.exten.steps.get(self.priority)

    # --- variables ---

    def variable(self, name: str) -> str | None:
        """Return the value of a channel variable, or what else has a name of its own; None if it has none."""
        if name in self.written:
            found = self.written[name]
            return None if found is None else self.known.filled(found.value)
        if name in self.known.bound:
            found = self.known.bound[name]
            return None if found is None else self.known.filled(found.value)
        return self.known.names.char(name)

    def seen(self, name: str) -> str | None:
        """Return the same, looked at. Raises NeedsInput."""
        value = self.variable(name)
        if value is not None:
            check_inputs(value)
        return value

    def set(self, name: str, value: str) -> None:
        """Set a channel variable, the innermost of its name; leading underscores say who inherits it."""
        plain = name.removeprefix("_").removeprefix("_")
        inherited = len(name) - len(plain)
        self.written[plain] = Variable(value, inherited)
        if inherited or plain in self.inherited:
            self.inherited = self.inherited | {plain} if inherited else self.inherited - {plain}

    def set_own(self, name: str, value: str) -> None:
        """Set a variable of the innermost Gosub."""
        if self.own is None:
            raise AssertionError("no Gosub")
        if name not in self.own:
            self.own = (*self.own, name)
            self.saved[name] = self.written[name] if name in self.written else Variable(self.known.names.char(name))
        self.set(name, value)

    @property
    def party(self) -> Party:
        """Who the far side is shown. What nobody wrote is a mark, whatever was presented."""
        number, name, number_presentation, name_presentation = (self._mark(one) for one in MARKED)
        return Party(number, name or "", number_presentation or "", name_presentation or "")

    def _mark(self, name: str) -> str | None:
        if name not in self.written:
            return self.known.names.char(name)
        found = self.written[name]
        return None if found is None else self.known.filled(found.value)

    def happens(self, event: Event) -> None:
        """Note an event."""
        self.events = (*self.events, event)

    def translated(self, value: Variable | None, text: Callable[[str], str]) -> Variable | None:
        """Return a value whose text is put in other terms."""
        if value is None or value.value.isascii():
            return value
        return Variable(text(value.value), value.inherited)
