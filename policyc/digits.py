"""Exact algebra over sets of callers: text of numbers in, canonical interned sets out. Pure.

The universe (see `UNIVERSE`) is every caller a PBX can be asked to route: internal numbers of 1 to 10 digits; external
numbers, that is French ones (`0` and nine digits, fourteen digits behind 0700 and 0901), foreign ones (`+` and 4 to 15
digits) and any other 1 to 15 digits; and the anonymous caller, internal or external.

Every caller has a *rank*: callers of one kind, one sign and one length stand together in numeric order. A prefix, a
range or a number is then one interval of ranks per length, so a set is a sorted tuple of interval ends: union,
intersection and difference are merges, a count is a sum, and membership is one bisection. Tuples are interned: two
sets are equal exactly when they are the same object.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import Enum
from functools import cache
from itertools import chain
from operator import le, lt
from weakref import ref

from policyc.values import value


class Kind(Enum):
    """Where a call comes from."""

    INTERNAL = "internal"
    EXTERNAL = "external"

    __hash__ = object.__hash__  # there is one of each: no need to hash its name, as `Enum` does on every look-up


KINDS = tuple(Kind)


@value()
class Caller:
    """Who calls: the kind, and the canonical number (`0612345678`, `+442071234567`, `101`) or None if anonymous."""

    kind: Kind
    number: str | None


@value()
class Block:
    """Callers of one kind that share a prefix (`06`, `+44`, `1`).

    `more` says how many digits follow: exactly that many, or, when None, any number that the universe allows.
    """

    kind: Kind
    prefix: str
    more: int | None


# (kind, sign, digits): the groups in which ranks run. Their order is the order of `smallest`.
_GROUPS = (
    *((Kind.INTERNAL, "", length) for length in range(1, 11)),
    *((Kind.EXTERNAL, "", length) for length in range(1, 16)),
    *((Kind.EXTERNAL, "+", length) for length in range(4, 16)),
)
_OFFSETS: dict[tuple[Kind, str, int], int] = {}
_PLACES: dict[tuple[str, int], list[tuple[Kind, int]]] = {}  # by sign and digits: each kind with its offset, in order
_STARTS: list[int] = []
_end = 0
for _group in _GROUPS:
    _OFFSETS[_group] = _end
    _PLACES.setdefault(_group[1:], []).append((_group[0], _end))
    _STARTS.append(_end)
    _end += 10 ** _group[2]
TO_OUTSIDE = _OFFSETS[Kind.EXTERNAL, "", 1]  # from the rank of a number of 1 to 10 digits inside to that outside
_ANONYMOUS = {Kind.INTERNAL: _end, Kind.EXTERNAL: _end + 1}
# Callers beyond the universe (an external number of 20 digits): one rank a kind, so that `*` and every complement
# hold them and no number, prefix or range does. They are not counted.
_BEYOND = {Kind.INTERNAL: _end + 2, Kind.EXTERNAL: _end + 3}
END = _end + 4  # one past the last rank


def rank(caller: Caller) -> int:
    """Return the rank of a caller; those beyond the universe share one rank for each kind."""
    number = caller.number
    if number is None:
        return _ANONYMOUS[caller.kind]
    sign = "+" if number.startswith("+") else ""
    digits = number[len(sign) :]
    offset = _OFFSETS.get((caller.kind, sign, len(digits)))
    return _BEYOND[caller.kind] if offset is None else offset + int(digits)


def caller_at(position: int) -> Caller:
    """Return the caller of a rank; the rank of callers beyond the universe answers with one of them."""
    for kind, one in _ANONYMOUS.items():
        if position == one:
            return Caller(kind, None)
    for kind, one in _BEYOND.items():
        if position == one:
            return Caller(kind, "9" * 20)
    group = bisect_right(_STARTS, position) - 1
    kind, sign, length = _GROUPS[group]
    return Caller(kind, sign + str(position - _STARTS[group]).zfill(length))


def lengths(kind: Kind, prefix: str) -> Iterator[int]:
    """Yield how many digits may follow a prefix in the universe's lengths of that kind."""
    sign = "+" if prefix.startswith("+") else ""
    given = len(prefix) - len(sign)
    for one, its_sign, length in _GROUPS:
        if one is kind and its_sign == sign and length >= max(given, 1):
            yield length - given


def interval(kind: Kind, prefix: str, more: int) -> tuple[int, int]:
    """Return the half-open interval of ranks of the numbers made of a prefix and exactly `more` digits.

    Raises KeyError when numbers of that kind and length are not of the universe.
    """
    sign = "+" if prefix.startswith("+") else ""
    digits = prefix[len(sign) :]
    offset = _OFFSETS[kind, sign, len(digits) + more]
    low = int(digits or "0") * 10**more
    return offset + low, offset + low + 10**more


class NumberSet:
    """An immutable set of callers. Make one with the functions of this module; compare by identity or `==`."""

    __slots__ = ("__weakref__", "ends")
    ends: tuple[int, ...]  # low, high, low, high…: half-open, sorted, never touching

    def __init__(self, ends: tuple[int, ...]) -> None:
        """Take canonical ends; use `from_ends` to get the interned set."""
        self.ends = ends

    @property
    def intervals(self) -> tuple[tuple[int, int], ...]:
        """The half-open intervals of ranks, in order."""
        return tuple(zip(self.ends[::2], self.ends[1::2], strict=True))

    def __contains__(self, caller: Caller) -> bool:
        """Tell whether a caller belongs to the set."""
        return bisect_right(self.ends, rank(caller)) % 2 == 1

    def __bool__(self) -> bool:
        """Tell whether anyone belongs to the set."""
        return bool(self.ends)

    def __or__(self, other: NumberSet) -> NumberSet:
        """Return the callers of either set."""
        return self if self is other else union((self, other))

    def __and__(self, other: NumberSet) -> NumberSet:
        """Return the callers of both sets."""
        if self is other:
            return self
        few, many = (self, other) if len(self.ends) < len(other.ends) else (other, self)
        return from_ends(_clip(few.ends, many.ends))

    def __sub__(self, other: NumberSet) -> NumberSet:
        """Return the callers of this set that are not of the other."""
        return from_ends(_clip(self.ends, other.ends, inside=0)) if other.ends else self

    def __invert__(self) -> NumberSet:
        """Return every caller that is not of this set."""
        return EVERYONE - self

    def __le__(self, other: NumberSet) -> bool:
        """Tell whether all of this set is in the other."""
        return all(_holds(other.ends, low, high) for low, high in self.intervals)

    def isdisjoint(self, other: NumberSet) -> bool:
        """Tell whether no caller belongs to both."""
        few, many = (self.ends, other.ends) if len(self.ends) < len(other.ends) else (other.ends, self.ends)
        for low, high in zip(few[::2], few[1::2], strict=True):  # not `any` of `_touches`: it takes twice as long
            at = bisect_right(many, low)
            if at % 2 or (at < len(many) and many[at] < high):
                return False
        return True

    @property
    def count(self) -> int:
        """How many callers of the universe belong to the set, exactly."""
        return (self & UNIVERSE).size

    @property
    def numbers(self) -> int:
        """How many different numbers the set holds: one that may call from inside and from outside counts once."""
        shift = _OFFSETS[Kind.EXTERNAL, "", 1] - _OFFSETS[Kind.INTERNAL, "", 1]
        inside = (self & _INTERNAL_NUMBERS).intervals
        moved = from_intervals((low + shift, high + shift) for low, high in inside)
        return union((self & UNIVERSE - _INTERNAL_NUMBERS - ANONYMOUS, moved)).size

    @property
    def people(self) -> int:
        """How many different callers people would count: each number once, and all anonymous ones as one."""
        return self.numbers + (not self.isdisjoint(ANONYMOUS))

    @property
    def is_kind_blind(self) -> bool:
        """Whether the set holds a number, or an anonymous caller, from inside exactly when it does from outside.

        Numbers that can only call from one side have nothing to say.
        """
        inside = bisect_left(self.ends, TO_OUTSIDE)
        moved = tuple([position + TO_OUTSIDE for position in self.ends[:inside]])
        if inside % 2 == 0 and moved == self.ends[inside:]:  # as of most: numbers that may call from both sides
            return True
        moved = tuple(position + TO_OUTSIDE for position in _clip(self.ends, _INTERNAL_NUMBERS.ends))
        if _clip(moved, EVERYONE.ends) != _clip(self.ends, (TO_OUTSIDE, 2 * TO_OUTSIDE)):
            return False
        pairs = (_ANONYMOUS.values(), _BEYOND.values())
        return all(len({bisect_right(self.ends, position) % 2 for position in pair}) == 1 for pair in pairs)

    @property
    def size(self) -> int:
        """How many ranks the set holds."""
        return sum(self.ends[1::2]) - sum(self.ends[::2])

    def smallest(self) -> Caller:
        """Return the caller of the lowest rank. Raises ValueError for the empty set."""
        if not self.ends:
            raise ValueError("the empty set has no smallest caller")
        return caller_at(self.ends[0])

    def witness(self) -> Caller:
        """Return a caller that looks like a real one, the same one for the same set. Raises ValueError if empty."""
        for likely in _LIKELY:
            if found := self & likely:
                return _natural(found)
        return self.smallest()

    def cover(self, kind: Kind) -> tuple[Block, ...]:
        """Return few blocks that together hold the set's numbers of one kind and no other; none can be left out.

        Anonymous callers and callers beyond the universe have no digits, so no block speaks of them.
        """
        signs = ("", "+") if kind is Kind.EXTERNAL else ("",)
        return tuple(chain.from_iterable(_cover(self, kind, sign, frozenset()) for sign in signs))

    def __reduce__(self) -> tuple[object, ...]:
        """Copy and unpickle to the interned set: equal sets stay identical."""
        return from_ends, (self.ends,)

    def __repr__(self) -> str:
        """Show the intervals by their first and last callers."""
        shown = (f"{caller_at(low).number}..{caller_at(high - 1).number}" for low, high in self.intervals)
        return f"NumberSet({', '.join(shown)})"


class _Held(ref[NumberSet]):
    """A set, as long as anyone holds it, and its ends. `WeakValueDictionary` does the same in thrice the time."""

    __slots__ = ("ends",)
    ends: tuple[int, ...]


_interned: dict[tuple[int, ...], _Held] = {}


def from_ends(ends: tuple[int, ...]) -> NumberSet:
    """Return the set of canonical interval ends (sorted, half-open, never touching)."""
    held = _interned.get(ends)
    found = None if held is None else held()
    if found is None:
        found = NumberSet(ends)
        held = _interned[ends] = _Held(found, _forget)
        held.ends = ends
    return found


def _forget(held: _Held) -> None:
    if _interned.get(held.ends) is held:
        del _interned[held.ends]


def from_intervals(intervals: Iterable[tuple[int, int]]) -> NumberSet:
    """Return the set of the ranks in any of the half-open intervals, given in any order, overlapping or not."""
    real = [(low, high) for low, high in intervals if low < high]
    return from_ends(_joined([low for low, _ in real], [high for _, high in real]))


def union(sets: Iterable[NumberSet]) -> NumberSet:
    """Return the callers of any of the sets."""
    different = list(dict.fromkeys(sets))
    if len(different) == 1:
        return different[0]
    lows = chain.from_iterable([one.ends[::2] for one in different])
    highs = chain.from_iterable([one.ends[1::2] for one in different])
    return from_ends(_joined(lows, highs))


def are_disjoint(sets: Sequence[NumberSet]) -> bool:
    """Tell whether no caller belongs to two of the sets."""
    lows = sorted(chain.from_iterable(one.ends[::2] for one in sets))
    highs = sorted(chain.from_iterable(one.ends[1::2] for one in sets))
    return all(map(le, highs, lows[1:]))  # each interval ends before the next one begins


def _joined(lows: Iterable[int], highs: Iterable[int]) -> tuple[int, ...]:
    """Return the ends of what is in any of some intervals, of which all lows and all highs are given, in any order.

    In order, a low leaves a gap before it exactly when it is beyond as many highs as there are lows before it.
    """
    starts, stops = sorted(lows), sorted(highs)
    if all(map(lt, stops, starts[1:])):  # as of most: each leaves one
        ends = [*starts, *stops]
        ends[::2], ends[1::2] = starts, stops
        return tuple(ends)
    ends = starts[:1]
    for stop, start in zip(stops, starts[1:], strict=False):  # the last one stops behind all of them
        if stop < start:
            ends += (stop, start)
    return (*ends, *stops[-1:])


def _clip(ends: tuple[int, ...], by: tuple[int, ...], inside: int = 1) -> tuple[int, ...]:
    """Return the ends of what is within (1) the intervals of other ends, or without them (0)."""
    kept: list[int] = []
    last = 0
    for low, high in zip(ends[::2], ends[1::2], strict=True):
        first = bisect_right(by, low, last)
        last = bisect_left(by, high, first)
        if first % 2 == inside:  # behind an odd number of ends: within an interval
            kept.append(low)
        kept += by[first:last]
        if last % 2 == inside:
            kept.append(high)
    return tuple(kept)


def flip(ends: tuple[int, ...], size: int = END) -> tuple[int, ...]:
    """Return what interval ends leave out of 0..size; of all ranks, by default, those that no caller has included."""
    inner = ends[1:] if ends[:1] == (0,) else (0, *ends)
    return inner[:-1] if inner[-1:] == (size,) else (*inner, size)


def exactly(number: str, kinds: Collection[Kind] = KINDS) -> NumberSet:
    """Return the callers with this canonical number, of the kinds whose universe holds it."""
    sign = "+" if number.startswith("+") else ""
    ends: list[int] = []
    for kind, offset in _PLACES.get((sign, len(number) - len(sign)), ()):
        position = offset + int(number)
        if kind in kinds and bisect_right(EVERYONE.ends, position) % 2:
            ends += (position, position + 1)
    return from_ends(tuple(ends))


def starting(prefix: str, kinds: Iterable[Kind] = KINDS, within: NumberSet | None = None) -> NumberSet:
    """Return the callers of the universe whose canonical number starts with these characters, one at least.

    With `within`, those of some callers of the universe.
    """
    sign = "+" if prefix.startswith("+") else ""
    given = prefix[len(sign) :]
    rooms = _rooms(tuple(kinds), sign, len(given))
    first = int(given or "0")
    lows = [offset + first * size for offset, size in rooms]
    highs = [offset + first * size + size for offset, size in rooms]
    found, others = _joined(lows, highs), (EVERYONE if within is None else within).ends
    return from_ends(_clip(found, others) if len(found) < len(others) else _clip(others, found))


@cache
def _rooms(kinds: tuple[Kind, ...], sign: str, given: int) -> tuple[tuple[int, int], ...]:
    """Return the groups whose numbers have some digits or more: the offset of each, and how many go on from them."""
    some = sign + "0" * given
    return tuple((_OFFSETS[kind, sign, given + more], 10**more) for kind in kinds for more in lengths(kind, some))


def between(first: str, last: str, kinds: Iterable[Kind] = KINDS) -> NumberSet:
    """Return the callers from one canonical number to another of the same sign and length, both included.

    Raises ValueError when the ends are of different lengths or in the wrong order.
    """
    if len(first) != len(last) or first.startswith("+") != last.startswith("+") or first > last:
        raise ValueError(f"no range from {first} to {last}")
    sign = "+" if first.startswith("+") else ""
    present = (kind for kind in kinds if (kind, sign, len(first) - len(sign)) in _OFFSETS)
    return from_intervals((interval(kind, first, 0)[0], interval(kind, last, 0)[1]) for kind in present) & EVERYONE


def _holes() -> Iterator[tuple[int, int]]:
    """Yield the external strings of digits that are no canonical form: they are spellings of other numbers."""
    digits = _OFFSETS[Kind.EXTERNAL, "", 9]
    yield digits + 10**8, digits + 10**9  # 612345678 is 0612345678
    low, _ = interval(Kind.EXTERNAL, "33", 9)
    yield low + 10**8, low + 10**9  # 33612345678 is 0612345678
    for length in range(6, 16):  # 00 and a country code: the same number with a +
        yield interval(Kind.EXTERNAL, "001", length - 3)[0], interval(Kind.EXTERNAL, "009", length - 3)[1]
    low, _ = interval(Kind.EXTERNAL, "+33", 9)
    yield low + 10**8, low + 10**9  # +33612345678 is 0612345678
    for area in ("700", "901"):
        yield interval(Kind.EXTERNAL, "+33" + area, 10)
    for code in ("262", "508", "590", "594", "596"):  # the overseas codes, whose numbers are national ones
        low, _ = interval(Kind.EXTERNAL, "+" + code, 9)
        yield low + 10**8, low + 10**9
    yield interval(Kind.EXTERNAL, "+508", 6)


EMPTY = from_ends(())
_HOLES = from_intervals(_holes())
EVERYONE = from_ends(flip(_HOLES.ends))
UNIVERSE = EVERYONE - from_intervals((one, one + 1) for one in _BEYOND.values())
ANONYMOUS = from_intervals((one, one + 1) for one in _ANONYMOUS.values())
_INTERNAL_NUMBERS = from_ends((0, TO_OUTSIDE))
INSIDE_ONLY = _INTERNAL_NUMBERS & from_intervals(
    (low - _INTERNAL_NUMBERS.size, high - _INTERNAL_NUMBERS.size) for low, high in _HOLES.intervals
)
INTERNAL = _INTERNAL_NUMBERS | from_intervals(
    (table[Kind.INTERNAL], table[Kind.INTERNAL] + 1) for table in (_ANONYMOUS, _BEYOND)
)
EXTERNAL = EVERYONE - INTERNAL
FRENCH = EVERYONE & (
    from_intervals(interval(kind, "0", 9) for kind in Kind)
    | from_intervals(interval(Kind.EXTERNAL, area, 10) for area in ("0700", "0901"))
)
FOREIGN = starting("+")
OF_KIND = {Kind.INTERNAL: INTERNAL, Kind.EXTERNAL: EXTERNAL}

# What a person would think of first, each of one length, and how such a number goes on.
_LIKELY = (
    from_intervals([interval(Kind.EXTERNAL, "06", 8)]),
    from_intervals([(interval(Kind.EXTERNAL, "01", 8)[0], interval(Kind.EXTERNAL, "09", 8)[1])]),
    *(from_intervals([interval(Kind.INTERNAL, "", length)]) for length in (3, 4, 2)),
    *(from_intervals([interval(Kind.EXTERNAL, "+", length)]) for length in (12, 11, 10)),
    ANONYMOUS & EXTERNAL,
)
_EXAMPLES = {"0": "0612345678901234", "+": "+442071234567890"}
_INTERNAL_EXAMPLE = "1012345678"


def _natural(found: NumberSet) -> Caller:
    """Return a member that is like an example, or one of the first interval that goes on like it as early as it can."""
    low, high = found.ends[:2]
    first = caller_at(low)
    if first.number is None:
        return first
    example = _INTERNAL_EXAMPLE if first.kind is Kind.INTERNAL else _EXAMPLES[first.number[0]]
    for kept in range(len(first.number)):
        candidate = Caller(first.kind, first.number[:kept] + example[kept : len(first.number)])
        if low <= rank(candidate) < high or (not kept and candidate in found):
            return candidate
    return first


def _holds(ends: tuple[int, ...], low: int, high: int) -> bool:
    """Tell whether one interval of these ends holds all of low to high."""
    at = bisect_right(ends, low)
    return at % 2 == 1 and ends[at] >= high


def _touches(ends: tuple[int, ...], low: int, high: int) -> bool:
    """Tell whether an interval of these ends meets low to high."""
    at = bisect_right(ends, low)
    return at % 2 == 1 or (at < len(ends) and ends[at] < high)


def _spreads(kind: Kind, prefix: str, more: int) -> bool:
    """Tell whether numbers of a block go on in more than one way: else a longer prefix says the same."""
    ways = (interval(kind, prefix + digit, more - 1) for digit in "0123456789" if more)
    return not more or sum(_touches(EVERYONE.ends, low, high) for low, high in ways) > 1


def _cover(numbers: NumberSet, kind: Kind, prefix: str, covered: frozenset[int]) -> Iterator[Block]:
    """Yield the blocks below a prefix, from the top; `covered` are the whole lengths that need nothing more."""
    padded = (numbers | _HOLES).ends
    given = len(prefix)
    possible, full, touched = set(), set(), set()
    for more in lengths(kind, prefix):
        low, high = interval(kind, prefix, more)
        if _holds(_HOLES.ends, low, high):
            continue
        possible.add(given + more)
        if _touches(numbers.ends, low, high):
            touched.add(given + more)
            if _holds(padded, low, high):
                full.add(given + more)
    if not touched - covered:
        return
    if full == possible and len(possible) > 1:
        yield Block(kind, prefix, None)
        return
    fixed = {length for length in full - covered if _spreads(kind, prefix, length - given)}
    for length in sorted(fixed):
        yield Block(kind, prefix, length - given)
    if touched - covered - fixed:
        for digit in "0123456789":
            yield from _cover(numbers, kind, prefix + digit, covered | fixed)
