"""Callers as 3CX sees them: sets of canonical numbers in, the same sets as the texts that trunks present out. Pure.

3CX compares what is presented, so everything here is about texts: digits, perhaps behind a `+`. A text has a
*position*: those of one kind of call, one sign and one length stand together in numeric order, so that what a prefix
matches is one interval a length.

Not every text counts. A trunk presents a number in the spellings that the settings list, and no trunk presents `0612`
or `+336`, which are no numbers: the pattern `06*` may take them along, as it does in every exception that people write.
`Space.care` holds the texts that must be decided as the policy says.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from policyc import digits, numbering, schedule
from policyc.digits import Caller, Kind, NumberSet

_MOST_DIGITS: Final = {"": 17, "+": 15}  # 00 and the fifteen digits of the longest number; + and fifteen
POWERS: Final[tuple[int, ...]] = tuple(10**more for more in range(18))
_LOGARITHMS: Final = {power: more for more, power in enumerate(POWERS)}
_OFFSETS: dict[tuple[str, int], int] = {}
_end = 0
for _sign, _most in _MOST_DIGITS.items():
    for _length in range(1, _most + 1):
        _OFFSETS[_sign, _length] = _end
        _end += 10**_length
ANONYMOUS: Final = _end  # a call that shows no number
BEYOND: Final = _end + 1  # a number longer than any, which only `*` is sure to match

# A set of positions: half-open, sorted, never touching.
Texts = tuple[tuple[int, int], ...]


def digits_of(text: str) -> int:
    """Return how many digits a text has."""
    return len(text) - 1 if text[:1] == "+" else len(text)


def interval(start: str, length: int) -> tuple[int, int]:
    """Return the positions of the texts with so many digits that start with a text, which may be empty or `+`."""
    if start[:1] == "+":
        sign, given = "+", start[1:]
    else:
        sign, given = "", start
    size = POWERS[length - len(given)]
    low = _OFFSETS[sign, length] + (int(given) * size if given else 0)
    return low, low + size


def lengths(start: str) -> range:
    """Return how many digits texts that start with a text can have."""
    return range(max(digits_of(start), 1), _MOST_DIGITS[start[:1] if start[:1] == "+" else ""] + 1)


def text_at(position: int) -> str:
    """Return the digits at a position that is neither anonymous nor beyond."""
    (sign, length), offset = _GROUPS[bisect_right(_STARTS, position) - 1]
    return sign + str(position - offset).zfill(length)


_GROUPS: Final = tuple(_OFFSETS.items())
_STARTS: Final = tuple(_OFFSETS.values())


def blocks(low: int, high: int) -> Sequence[tuple[str, int]]:
    """Return texts, and how many digits follow each, that are together the positions of one sign and one length."""
    (sign, length), offset = _GROUPS[bisect_right(_STARTS, low) - 1]
    low -= offset
    high -= offset
    size = high - low
    more = _LOGARITHMS.get(size)
    if more is not None and not low % size:  # mostly
        return ((sign + (str(low // size).zfill(length - more) if more < length else ""), more),)
    found = []
    while low < high:
        more = 0
        while more < length and not low % POWERS[more + 1] and low + POWERS[more + 1] <= high:
            more += 1
        found.append((sign + (str(low // POWERS[more]).zfill(length - more) if more < length else ""), more))
        low += POWERS[more]
    return found


def nested(spans: Sequence[tuple[int, int]], whole: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Yield texts, and how many digits follow each, few ones that overlap: what an odd number of them hold is meant.

    So `06* sauf 0612*` takes two and not eighteen. `spans` are sorted and touch nowhere, and are of a set of positions
    that has `whole` as interval ends; no block goes beyond it.
    """
    ends = [end for span in spans for end in span]
    for (sign, length), offset in _GROUPS:
        first, last = bisect_left(ends, offset), bisect_right(ends, offset + POWERS[length])
        if first < last:
            found, _ = _nested(offset, length, ends, whole)
            for low, more in found:
                yield sign + (str((low - offset) // POWERS[more]).zfill(length - more) if more < length else ""), more


_Blocks = list[tuple[int, int]]  # the first position, and how many digits are left


def _nested(low: int, more: int, ends: Sequence[int], whole: Sequence[int]) -> tuple[_Blocks, _Blocks | None]:
    """Return a set within a block as few blocks, and what it leaves out of it; None if the block goes beyond."""
    high = low + POWERS[more]
    first, last = bisect_right(ends, low), bisect_left(ends, high)
    inside = is_within(whole, (low, high))
    if first == last:  # all or nothing
        block = [(low, more)]
        return (block, []) if first & 1 else ([], block if inside else None)
    direct: _Blocks = []
    rest: _Blocks | None = [] if inside else None
    for start in range(low, high, POWERS[more - 1]):
        some, others = _nested(start, more - 1, ends, whole)
        direct += some
        if rest is not None and others is not None:
            rest += others
    if rest is not None:
        if len(rest) + 1 < len(direct):
            direct = [(low, more), *rest]
        elif len(direct) + 1 < len(rest):
            rest = [(low, more), *direct]
    return direct, rest


def within(ends: Sequence[int], cuts: Sequence[int]) -> list[tuple[int, int]]:
    """Return the intervals that two sets of ranks or positions share, given as interval ends; the second is short."""
    found = []
    for start in range(0, len(cuts), 2):
        low, high = cuts[start], cuts[start + 1]
        at = bisect_right(ends, low)
        if at & 1:
            found.append((low, min(ends[at], high)))
            at += 1
        while at < len(ends) and ends[at] < high:
            found.append((ends[at], min(ends[at + 1], high)))
            at += 2
    return found


def is_within(ends: Sequence[int], cuts: Sequence[int]) -> bool:
    """Tell whether a set holds all of another, given as interval ends; the second is short."""
    for start in range(0, len(cuts), 2):
        at = bisect_right(ends, cuts[start])
        if not at & 1 or ends[at] < cuts[start + 1]:
            return False
    return True


def joined(intervals: Iterable[tuple[int, int]]) -> Texts:
    """Return the positions in any of some intervals, in whatever order they come."""
    return tuple(schedule.merged(intervals))


# -- what canonical numbers look like ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Space:
    """The texts that count for one policy: `listed` are the presentations, `extensions` the numbers of its phones."""

    listed: frozenset[str]
    extensions: frozenset[str]
    _starts: list[int] = field(init=False, repr=False)
    _shifts: list[tuple[tuple[Kind, int], ...]] = field(init=False, repr=False)
    _spelled: list[tuple[tuple[int, str], ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Cut the canonical numbers into pieces that are each presented in the same ways."""
        moves = [*_itself(), *_spellings(self.listed)]
        cuts = sorted({bound for low, high, *_ in moves for bound in (low, high)})
        at = {cut: index for index, cut in enumerate(cuts)}
        shifts: list[list[tuple[Kind, int]]] = [[] for _ in cuts]
        spelled: list[list[tuple[int, str]]] = [[] for _ in cuts]
        for low, high, kind, shift, given, shown in moves:
            for index in range(at[low], at[high]):
                shifts[index].append((kind, shift))
                spelled[index].append((given, shown))
        object.__setattr__(self, "_starts", cuts)
        object.__setattr__(self, "_shifts", [tuple(one) for one in shifts])
        object.__setattr__(self, "_spelled", [tuple(one) for one in spelled])

    def presented(self, low: int, high: int) -> Iterable[tuple[Kind, int, int]]:
        """Return the texts that callers between two ranks of `digits` are presented as: kind, positions."""
        index = bisect_right(self._starts, low) - 1
        if high <= self._starts[min(index + 1, len(self._starts) - 1)]:
            return [(kind, low + shift, high + shift) for kind, shift in self._shifts[index]]
        return self._presented(index, low, high)

    def _presented(self, index: int, low: int, high: int) -> Iterator[tuple[Kind, int, int]]:
        while index < len(self._starts) and self._starts[index] < high:
            first = max(low, self._starts[index])
            end = min(high, self._starts[index + 1]) if index + 1 < len(self._starts) else high
            if first < end:
                for kind, shift in self._shifts[index]:
                    yield kind, first + shift, end + shift
            index += 1

    def blocks(self, low: int, high: int) -> tuple[int, list[tuple[str, int]]]:
        """Return `presented` of numbers as `blocks`, and how many intervals these are.

        As the presentations of a number differ in how they begin only, so do those of a block.
        """
        count = 0
        found: list[tuple[str, int]] = []
        index = bisect_right(self._starts, low) - 1
        while low < high:
            end = min(high, self._starts[index + 1])
            if spelled := self._spelled[index]:
                _, shift = self._shifts[index][0]  # of the number itself
                count += len(spelled)
                for text, more in blocks(low + shift, end + shift):
                    found += [(shown + text[given:], more) for given, shown in spelled]
            low = end
            index += 1
        return count, found

    @cached_property
    def _unlikely(self) -> NumberSet:
        return digits.union(callers for name, callers in _UNLIKELY.items() if name in self.listed)

    @cached_property
    def _telephones(self) -> NumberSet:
        return digits.UNIVERSE - _UNREAL - self._unlikely

    @cached_property
    def _real(self) -> NumberSet:
        """Those that count whatever the policy names."""
        phones = digits.union(digits.exactly(number, (Kind.INTERNAL,)) for number in self.extensions)
        return self._telephones | phones

    def care(self, named: Iterable[NumberSet]) -> NumberSet:
        """Return the callers that count: real ones, and those that one of some sets names, real or not."""
        found = self._real
        telephones = self._telephones.ends
        for one in named:
            if is_within(telephones, one.ends):
                continue
            # A set that goes on to numbers of any length names those that it leaves out.
            known = self._unlikely - one if _goes_on(one) else self._unlikely & one
            for more in (known, _named(one)):
                if more:  # mostly nothing, and the union of what counts is long
                    found |= more
        return found


# Ranks from, ranks until before, their kind, how far their positions are, and the same of their texts: how many signs
# others stand for.
_Move = tuple[int, int, Kind, int, int, str]


def _move(kind: Kind, start: str, more: int, shown: str) -> _Move:
    """Tell that the numbers made of a start and so many digits are presented as a text and the same digits."""
    low, high = digits.interval(kind, start, more)
    return low, high, kind, interval(shown, digits_of(shown) + more)[0] - low, len(start), shown


def _itself() -> Iterable[_Move]:
    for kind, most in ((Kind.INTERNAL, 10), (Kind.EXTERNAL, 15)):
        for length in range(1, most + 1):
            yield _move(kind, "", length, "")
        for position, number in ((ANONYMOUS, None), (BEYOND, "9" * 20)):
            rank = digits.rank(Caller(kind, number))
            yield rank, rank + 1, kind, position - rank, 0, ""
    for length in range(4, 16):
        yield _move(Kind.EXTERNAL, "+", length, "+")


def _spellings(listed: frozenset[str]) -> Iterable[_Move]:
    """Yield the other presentations of external numbers: those of `numbering.presentations` that are listed."""
    abroad = [start for name, start in (("e164", "+"), ("00", "00")) if name in listed]
    for digit in "123456789":
        for start in abroad:
            yield _move(Kind.EXTERNAL, f"0{digit}", 8, f"{start}33{digit}")
        if "33" in listed:
            yield _move(Kind.EXTERNAL, f"0{digit}", 8, f"33{digit}")
        if "nine-digits" in listed:
            yield _move(Kind.EXTERNAL, f"0{digit}", 8, digit)
        if "00" in listed:
            for length in range(4, 16):
                yield _move(Kind.EXTERNAL, f"+{digit}", length - 1, f"00{digit}")
    for start in abroad:
        for area in ("700", "901"):
            yield _move(Kind.EXTERNAL, f"0{area}", 10, f"{start}33{area}")
        for code, area in numbering.overseas():
            kept = area[4:] if code == "508" else area[1:]
            yield _move(Kind.EXTERNAL, area, 10 - len(area), f"{start}{code}{kept}")


# -- numbers that are none ---------------------------------------------------------------------------------------------

_TRUE_FRENCH: Final = digits.FRENCH & digits.union(digits.starting(f"0{digit}") for digit in "123456789")
# `0` and too few digits, or a code of France and too many: the universe has them, no telephone does.
_UNREAL: Final = digits.union(
    (
        digits.starting("0") - _TRUE_FRENCH,
        digits.starting("+0"),
        *(digits.starting(f"+{code}") for code in ("33", *numbering.overseas_codes())),
    )
)
# Where trunks leave out the `0` or the `+`, prefixes of a number take along shorter and longer texts that begin alike:
# no number of the plan does, but for the short ones with a 1 or a 3, which stay numbers.
_UNLIKELY: Final = {
    "33": digits.starting("33", (Kind.EXTERNAL,)),
    "nine-digits": digits.union(digits.starting(digit, (Kind.EXTERNAL,)) for digit in "2456789"),
}
_NAMED_AT_MOST: Final = 1000  # a range of extensions; more is a prefix, which names nobody


def _goes_on(callers: NumberSet) -> bool:
    """Tell whether a set holds numbers of any length, as `*` and what is left of it do."""
    return Caller(Kind.EXTERNAL, "9" * 20) in callers


@lru_cache(maxsize=4096)
def _named(callers: NumberSet) -> NumberSet:
    """Return the numbers that are none, but that a set of callers takes in or leaves out one by one, as `0042`."""
    if not _UNREAL & callers:
        return digits.EMPTY
    found = []
    for low, high in _UNREAL.intervals:
        run = digits.from_intervals([(low, high)])
        inside = run & callers
        if not inside or inside is run:
            continue
        most = 1 if str(digits.caller_at(low).number).startswith("+") else _NAMED_AT_MOST
        for part in (inside, run - inside):
            found += [(first, end) for first, end in part.intervals if end - first <= most]
    return digits.from_intervals(found)
