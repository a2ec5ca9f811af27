"""Questions of a call that is explored: what it asks, what it knows already, and what was found by the inputs it asked.

What is not known is raised as a question; whoever drives the call answers it in each way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from policyc.schedule import Period, always
from policyc.targets.asterisk.reader.call import NUMBER, SIZE, Call, Variable
from policyc.targets.asterisk.reader.errors import Unclear, What
from policyc.targets.asterisk.reader.texts import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_ALWAYS = always()

T = TypeVar("T")
Value = Variable | None
Ask = Callable[[str], Value]
"""Gives what an input is, by its name."""


class Paused(Exception):  # noqa: N818  not a mistake: it is too early to ask
    """What is asked is not to be answered yet."""


class PeriodAsked(Exception):  # noqa: N818  a question
    """What follows depends on whether the instant of the call is in a period."""

    def __init__(self, period: Period) -> None:
        super().__init__(period)
        self.period = period


class WordAsked(Exception):  # noqa: N818  a question
    """What follows depends on whether a word that only the call gives has a value."""

    def __init__(self, word: str, value: str) -> None:
        super().__init__(word, value)
        self.word, self.value = word, value


class LengthAsked(Exception):  # noqa: N818  a question
    """What follows depends on how many digits a number has."""


@dataclass(slots=True)  # not frozen: there is one for each step, and it would take four times as long to make
class Questions:
    """Answer for a call from what it knows; else raise the question."""

    call: Call
    instant: datetime | None  # local; None: at any time
    held: Mapping[Period, bool]

    def during(self, period: Period) -> bool:
        """Tell whether the instant of the call is in a period."""
        if self.call.confirming:
            raise Unclear(What.TIME, "U()")
        if self.instant is not None:
            return period.holds(self.instant)
        if not period.week or not period.dates:
            return False
        if period == _ALWAYS:
            return True
        if period not in self.held:
            raise PeriodAsked(period)
        return self.held[period]

    def word_is(self, word: str, value: str) -> bool:
        """Tell whether a word that the call gives has a value."""
        about = self.call.words.get(word)
        if about is None:
            raise Unclear(What.VALUE, show(word))
        if about.possible is not None and value not in about.possible:
            return False
        if value in about.refused:
            return False
        if about.possible is not None and len(about.possible) == 1:
            return True
        raise WordAsked(word, value)

    def candidates(self, word: str) -> Iterable[str]:
        """Return the values that a word can still have."""
        about = self.call.words.get(word)
        if about is None or about.possible is None:
            raise Unclear(What.VALUE, show(word))
        return about.possible


@dataclass(slots=True)
class Inputs:
    """The inputs that were asked for, in order."""

    ask: Ask
    bound: dict[str, Value] = field(default_factory=dict)

    def get(self, name: str) -> Value:
        """Return what an input is."""
        if name not in self.bound:
            self.bound[name] = self.ask(name)
        return self.bound[name]

    @property
    def size(self) -> int:
        """How many digits of the number are not known."""
        value = self.get(SIZE)
        if value is None:
            raise Unclear(What.VALUE, NUMBER)
        return int(value.value)


def agree(ask: Ask, inputs: Iterable[tuple[str, Value]]) -> bool:
    """Tell whether inputs are what they were; none is asked for behind one that is not."""
    for name, value in inputs:  # noqa: SIM110 - it is asked very often, and `all` takes twice as long
        if ask(name) != value:
            return False
    return True


class Memo(Generic[T]):
    """What was found, by the inputs that it depends on: each tells which is to be looked at next.

    What is alone, as most is, stands with all of these; a tree grows where there is more.
    """

    __slots__ = ("behind", "found", "name", "rest")

    def __init__(self, found: T | None = None, rest: tuple[tuple[str, Value], ...] = ()) -> None:
        """Begin with nothing, or with what was found by looking at some inputs."""
        self.found = found
        self.rest = rest  # in order, what it depends on besides what leads here
        self.name = ""  # of what is looked at next, where it depends on that what was found
        self.behind: dict[Value, Memo[T]] | None = None

    def recall(self, ask: Ask) -> T | None:
        """Return what was found for these inputs, None if nothing was."""
        memo = self
        while memo.behind is not None:
            further = memo.behind.get(ask(memo.name))
            if further is None:
                return None
            memo = further
        return memo.found if not memo.rest or agree(ask, memo.rest) else None

    def keep(self, bound: Mapping[str, Value], found: T) -> None:
        """Keep what was found by looking at inputs in this order."""
        memo, rest = self, (*bound.items(),)
        while rest and memo._first() == rest[0][0]:
            if memo.behind is None:
                memo.name, value = memo.rest[0]
                memo.behind = {value: Memo(memo.found, memo.rest[1:])}
                memo.found, memo.rest = None, ()
            value, rest = rest[0][1], rest[1:]
            further = memo.behind.get(value)
            if further is None:
                further = memo.behind[value] = Memo()
            memo = further
        memo.found, memo.rest, memo.behind = found, rest, None

    def _first(self) -> str | None:
        """Return which input is looked at next, None if none is."""
        if self.behind is not None:
            return self.name
        return self.rest[0][0] if self.rest else None
