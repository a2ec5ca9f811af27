"""Settings in, the shapes of presented numbers out: who is who among the numbers that a trunk or a phone may present.

A shape is `Calls`, whose unknown digits are read as one number, and the pieces of those numbers that stand for callers
in order. So a digit more or less is a matter of some intervals, and all numbers of a length are one shape, however many
ways to read them there are. Together the shapes hold each number of the universe in each presentation that the settings
list, once; and, for the spellings that only add signs, French numbers in some of them.

What is presented in a form that the settings leave out is in no shape: nothing is proved of it, as nothing is said.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final

from policyc import digits, numbering
from policyc.digits import Caller, Kind, NumberSet
from policyc.proof.protocol import UNKNOWN, Calls

PRESENTATIONS: Final = ("national", "e164", "00", "33", "nine-digits")
"""All that settings may list; what has no such setting has them all."""

_INTERNAL_LENGTHS: Final = range(1, 11)

ANONYMOUS: Final = (
    *("", "anonymous", "Anonymous", "Restricted", "unknown", "private", "Private"),
    *("unavailable", "withheld", "blocked"),
)
"""How trunks and phones spell that there is no number. None has a digit."""

_TAILS: Final = (";verstat=TN-Validation-Passed", "@192.0.2.1")
_SPELT: Final = (
    *("0? ?? ?? ?? ??", "0?.??.??.??.??", "0?-??-??-??-??", f"0?????????{_TAILS[0]}", f"0?????????{_TAILS[1]}"),
    *("+33 ? ?? ?? ?? ??", f"+33?????????{_TAILS[0]}", f"+33?????????{_TAILS[1]}"),
)
# Whoever hides a number shows one, or none, and the PBX is told not to look: of whatever length it is.
_HIDDEN: Final = {
    True: ("", *(UNKNOWN * length for length in _INTERNAL_LENGTHS)),
    False: ("", *(UNKNOWN * length for length in range(1, 16)), *("+" + UNKNOWN * length for length in range(4, 16))),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """The numbers whose unknown digits are from `low` until before `high`; the first is of a rank, and so on."""

    low: int
    high: int
    rank: int


@dataclass(frozen=True, slots=True)
class Shape:
    """Calls, and who they are: in order, the numbers that count.

    `anonymous`: none is anyone; the one piece has them all, and the rank is that of an anonymous caller.
    """

    calls: Calls
    pieces: tuple[Piece, ...]
    anonymous: bool = False

    @property
    def kind(self) -> Kind:
        """The kind of call."""
        return Kind.INTERNAL if self.calls.internal else Kind.EXTERNAL

    @property
    def size(self) -> int:
        """How many presented numbers count."""
        return sum(piece.high - piece.low for piece in self.pieces)

    def presented(self, unknown: int) -> str:
        """Return the number that is presented with some unknown digits."""
        template = self.calls.presented
        found = iter(str(unknown).zfill(template.count(UNKNOWN)))
        return "".join(next(found) if char == UNKNOWN else char for char in template)

    def rank(self, unknown: int) -> int | None:
        """Return the rank of the caller with some unknown digits, None where it does not count."""
        for piece in self.pieces:
            if piece.low <= unknown < piece.high:
                return piece.rank if self.anonymous else piece.rank + unknown - piece.low
        return None

    def of(self, callers: NumberSet) -> "Shape":
        """Return the shape of some callers only."""
        found = []
        for piece in self.pieces:
            end = piece.rank + (1 if self.anonymous else piece.high - piece.low)
            for low, high in (callers & digits.from_ends((piece.rank, end))).intervals:
                if self.anonymous:
                    found.append(piece)
                else:
                    shift = piece.low - piece.rank
                    found.append(Piece(low + shift, high + shift, low))
        return Shape(self.calls, tuple(found), self.anonymous)

    def among(self, intervals: Sequence[tuple[int, int]]) -> "Shape":
        """Return the shape of those only whose unknown digits are in one of some intervals, sorted and disjoint."""
        found = []
        for piece in self.pieces:
            for low, high in intervals:
                first, end = max(piece.low, low), min(piece.high, high)
                if first < end:
                    rank = piece.rank if self.anonymous else piece.rank + first - piece.low
                    found.append(Piece(first, end, rank))
        return Shape(self.calls, tuple(found), self.anonymous)


@lru_cache(maxsize=64)
def shapes(listed: Collection[str] = PRESENTATIONS) -> tuple[Shape, ...]:
    """Return the shapes of all calls, for the presentations that settings list."""
    return (*_external(frozenset(listed)), *_internal(), *_anonymous())


def _internal() -> Iterator[Shape]:
    for length in _INTERNAL_LENGTHS:
        low, high = digits.interval(Kind.INTERNAL, "", length)
        yield Shape(Calls(True, UNKNOWN * length), (Piece(0, high - low, low),))


def _anonymous() -> Iterator[Shape]:
    for internal, kind in ((False, Kind.EXTERNAL), (True, Kind.INTERNAL)):
        rank = digits.rank(Caller(kind, None))
        spelt = [Calls(internal, spelling) for spelling in (ANONYMOUS[:2] if internal else ANONYMOUS)]
        hidden = [Calls(internal, shown, hidden=True) for shown in _HIDDEN[internal]]
        for calls in (*spelt, *hidden):
            yield Shape(calls, (Piece(0, calls.size, rank),), anonymous=True)


def _external(listed: frozenset[str]) -> Iterator[Shape]:
    """Yield the shapes of external numbers: each length, the usual ones first, then some spellings with signs."""
    readings = tuple(_readings())
    plain = (("", "", length) for length in (10, *range(1, 10), *range(11, 16)))
    abroad = (("+", "", length) for length in (11, *range(4, 11), *range(12, 16)))
    for sign, fixed, more in (*islice(plain, 1), *abroad, *plain, ("", "00", 14), ("", "00", 15)):
        yield Shape(Calls(False, sign + fixed + UNKNOWN * more), _pieces(sign + fixed, more, readings, listed))
    french = digits.interval(Kind.EXTERNAL, "0", 9)[0]
    for template in _SPELT:
        if template.startswith("0") or "e164" in listed:
            calls = Calls(False, template)
            yield Shape(calls, (Piece(10**8, 10**9, french + 10**8),))


@dataclass(frozen=True, slots=True)
class _Reading:
    """Numbers that are presented with a start and so many digits are those of another start and the same digits.

    `setting`: in which presentation; None is the number itself.
    """

    shown: str
    more: int
    canonical: str
    setting: str | None = None


# Where pieces are kept apart although callers go on: so that presentations of the same callers have the same pieces.
_CUTS: Final = frozenset(
    (
        *(digits.interval(Kind.EXTERNAL, "01", 8)[0], digits.interval(Kind.EXTERNAL, "1", 9)[0]),
        *(digits.interval(Kind.EXTERNAL, "+1", more)[0] for more in range(3, 15)),
    )
)


def _readings() -> Iterator[_Reading]:
    """Yield how presented numbers are read; of two that fit, the later one counts."""
    for length in range(1, 16):
        yield _Reading("", length, "")
    for length in range(4, 16):
        yield _Reading("+", length, "+")
        for digit in "123456789":
            yield _Reading(f"00{digit}", length - 1, f"+{digit}", "00")
    for digit in "123456789":
        yield _Reading(digit, 8, f"0{digit}", "nine-digits")
        yield _Reading(f"33{digit}", 8, f"0{digit}", "33")
    for start, setting in (("+", "e164"), ("00", "00")):
        for digit in "123456789":
            for code in ("33", *numbering.overseas_codes()):
                yield _Reading(f"{start}{code}{digit}", 8, f"0{digit}", setting)
        for area in ("700", "901"):
            yield _Reading(f"{start}33{area}", 10, f"0{area}", setting)
        yield _Reading(f"{start}508", 6, "0508", setting)


def _pieces(start: str, more: int, readings: Sequence[_Reading], listed: frozenset[str]) -> tuple[Piece, ...]:
    """Return who the numbers are that are presented with a start and so many digits."""
    found: list[tuple[int, int, int | None]] = []  # unknown digits from, until before, rank of the first
    for reading in readings:
        given = len(reading.shown) - len(start)
        if len(start) + more != len(reading.shown) + reading.more or not _fits(start, reading.shown):
            continue
        low = int(reading.shown[len(start) :]) * 10**reading.more if given > 0 else 0
        high = low + 10 ** min(reading.more, more)
        rank = None
        if reading.setting is None or reading.setting in listed:
            fixed = start[len(reading.shown) :]  # the start says more than the reading asks
            rank = digits.interval(Kind.EXTERNAL, reading.canonical + fixed, reading.more - len(fixed))[0]
        found.append((low, high, rank))
    cuts = sorted({cut for low, high, _ in found for cut in (low, high)})
    pieces: list[Piece] = []
    for low, high in pairwise(cuts):
        first, _, rank = next(one for one in reversed(found) if one[0] <= low < one[1])
        if rank is None:
            continue
        piece = Piece(low, high, rank + low - first)
        last = pieces[-1] if pieces else None
        if last and last.high == low and last.rank + low - last.low == piece.rank and piece.rank not in _CUTS:
            pieces[-1] = Piece(last.low, high, last.rank)
        else:
            pieces.append(piece)
    return tuple(pieces)


def _fits(start: str, shown: str) -> bool:
    """Tell whether a number may start both ways."""
    if (start[:1] == "+") is not (shown[:1] == "+"):
        return False
    return start.startswith(shown) or shown.startswith(start)
