"""What holds for each number of a block: intervals of its unknown digits, read as one number, and a value of each.

Numbers of which not even the length is known stand in a row: all those of one digit, then, from `first_of(2)` on, all
of two, and so on. As no length fills its stretch of the row, the ends of stretches are never looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from policyc.targets.asterisk.reader.errors import Unclear, What

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
S = TypeVar("S")
U = TypeVar("U")
MOST_PIECES = 200_000
LENGTHS = range(1, 16)
"""How long a number of unknown length may be."""
ANY_LENGTH = 99
"""As the `digits` of a diagram: it is one of numbers of any length, in their row."""
_STRETCH: int = 10 ** LENGTHS[-1]


class Apart(Exception):  # noqa: N818  not a mistake
    """Something cannot be said of all lengths at once: each has to be looked at alone."""


def first_of(length: int) -> int:
    """Return where in the row the numbers of a length begin."""
    return (length - 1) * _STRETCH


def end_of(digits: int) -> int:
    """Return where numbers of so many digits end, or the row of those of any length."""
    ends: int = len(LENGTHS) * _STRETCH if digits == ANY_LENGTH else 10**digits
    return ends


@dataclass(slots=True, eq=False)  # not frozen: hundreds are made for an extension, and it takes twice as long
class Diagram(Generic[T]):
    """`values[i]` holds from `starts[i]` up to the next start; the first start is 0. Values are told by identity.

    Only the last `digits` of a number matter: they are what `starts` speak of. With `ANY_LENGTH` they speak of the row.
    """

    digits: int
    starts: tuple[int, ...]
    values: tuple[T, ...]

    @property
    def plans(self) -> tuple[T, ...]:
        """The values, where they are plans."""
        return self.values

    def at(self, number: int) -> T:
        """Return what holds for a number."""
        return self.values[bisect_right(self.starts, number % 10**self.digits) - 1]

    def mapped(self, function: Callable[[T], S]) -> Diagram[S]:
        """Return the diagram of what a function makes of each value; it is asked once of each."""
        if len(self.values) == 1:
            return constant(function(self.values[0]))
        made: dict[int, S] = {}
        for value in self.values:
            if id(value) not in made:
                made[id(value)] = function(value)
        return joined(self.digits, zip(self.starts, [made[id(value)] for value in self.values], strict=True))

    def flat(self, function: Callable[[T], Diagram[S]]) -> Diagram[S]:
        """Return the diagram of what the diagrams that a function makes of each value have."""
        if len(self.values) == 1:
            return function(self.values[0])
        made: dict[int, Diagram[S]] = {}
        for value in self.values:
            if id(value) not in made:
                made[id(value)] = function(value)
        return spliced(
            self.digits, [(start, made[id(value)]) for start, value in zip(self.starts, self.values, strict=True)]
        )

    def within(self, low: int, high: int, digits: int) -> Iterator[tuple[int, T]]:
        """Yield what holds from one number up to another, of so many digits or in the row. Raises Unclear and Apart."""
        if len(self.values) == 1:
            yield low, self.values[0]
            return
        if digits == ANY_LENGTH != self.digits:
            shorter = low // _STRETCH
            if high > (shorter + 1) * _STRETCH:  # the last digits, of several lengths
                raise Apart
            high = min(high, shorter * _STRETCH + int(10 ** LENGTHS[shorter]))
        round_ = 10**self.digits
        count = 0
        while low < high:
            base = low - low % round_
            end = min(high, base + round_)
            at = bisect_right(self.starts, low - base) - 1
            yield low, self.values[at]
            for index in range(at + 1, len(self.starts)):
                start = base + self.starts[index]
                if start >= end:
                    break
                yield start, self.values[index]
            count += len(self.starts)
            if count > MOST_PIECES:
                if digits == ANY_LENGTH:
                    raise Apart
                raise Unclear(What.ENDLESS, str(MOST_PIECES))
            low = end

    def over(self, digits: int) -> Diagram[T]:
        """Return the same of so many digits, no fewer. Raises Unclear where it were too many pieces, and Apart."""
        return self if self.digits == digits else joined(digits, self.within(0, end_of(digits), digits))

    def part(self, low: int, digits: int, of: int) -> Diagram[T]:
        """Return what holds for the numbers from one on that differ in so many digits: a number of `of` digits."""
        if len(self.values) == 1:
            return self
        return joined(digits, ((start - low, value) for start, value in self.within(low, low + int(10**digits), of)))


def constant(value: T) -> Diagram[T]:
    """Return the diagram of what holds for all numbers."""
    return Diagram(0, (0,), (value,))


def joined(digits: int, pieces: Iterable[tuple[int, T]]) -> Diagram[T]:
    """Return the diagram of values from their starts on, in order; neighbours that are one value are one piece."""
    starts: list[int] = []
    values: list[T] = []
    for start, value in pieces:
        if not values or values[-1] is not value:
            starts.append(start)
            values.append(value)
    return Diagram(digits if len(values) > 1 else 0, tuple(starts), tuple(values))


def spliced(digits: int, pieces: list[tuple[int, Diagram[T]]]) -> Diagram[T]:
    """Return the diagram that is another one from each start on: starts speak of so many digits."""
    if len(pieces) == 1:
        return pieces[0][1]
    most = max(one.digits for _, one in pieces)
    if most > digits:  # what tells them apart is at the end of numbers, what they tell apart at the beginning
        return spliced(most, list(Diagram(digits, *zip(*pieces, strict=True)).within(0, end_of(most), most)))
    return joined(digits, _spliced(digits, pieces))


def _spliced(digits: int, pieces: list[tuple[int, Diagram[T]]]) -> Iterator[tuple[int, T]]:
    for at, (start, diagram) in enumerate(pieces, 1):
        if len(diagram.values) == 1:  # as most are
            yield start, diagram.values[0]
        else:
            yield from diagram.within(start, pieces[at][0] if at < len(pieces) else end_of(digits), digits)


def paired(function: Callable[[T, S], U], one: Diagram[T], other: Diagram[S]) -> Diagram[U]:
    """Return the diagram of what a function makes of what two diagrams have; it is asked once of each pair."""
    if len(one.values) == 1:
        return other.mapped(lambda value: function(one.values[0], value))
    if len(other.values) == 1:
        return one.mapped(lambda value: function(value, other.values[0]))
    digits = max(one.digits, other.digits)
    left, right = one.over(digits), other.over(digits)
    made: dict[tuple[int, int], U] = {}

    def pieces() -> Iterator[tuple[int, U]]:
        for start in sorted({*left.starts, *right.starts}):
            pair = left.at(start), right.at(start)
            key = id(pair[0]), id(pair[1])
            if key not in made:
                made[key] = function(*pair)
            yield start, made[key]

    return joined(digits, pieces())
