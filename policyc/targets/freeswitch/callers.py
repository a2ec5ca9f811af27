"""Sets of callers in, regular expressions on their canonical number out.

A set becomes few expressions of two kinds: numbers *among* which the caller is, and numbers that it is none of
(*but*), because `06*` without one number is two expressions that way and eight the other.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby
from typing import NamedTuple

from policyc import digits
from policyc.digits import Caller, Kind, NumberSet

ANONYMOUS = "anonymous"
UNKNOWN = "unknown"
_WORDS = {
    kind: {ANONYMOUS: digits.rank(Caller(kind, None)), UNKNOWN: digits.rank(Caller(kind, "9" * 20))} for kind in Kind
}
_FIRST_WORD = min(rank for ranks in _WORDS.values() for rank in ranks.values())  # behind all numbers
_POWERS = {10**more: more for more in range(16)}
_EXCEPTION = 2  # an exception is a condition of its own: it must spare more than one alternative

_Ends = tuple[int, ...]  # half-open intervals of the numbers of one length: low, high, low, high…


@dataclass(frozen=True, slots=True)
class Match:
    """Callers of one kind, or of both when `kind` is None, as alternatives of a regular expression.

    The caller's number is one of `among`, or any when there is none, and not one of `but`.
    """

    kind: Kind | None
    among: tuple[str, ...]
    but: tuple[str, ...]


class _Block(NamedTuple):
    """Numbers that start with `prefix` and have `more` digits behind it."""

    prefix: str
    more: int


def matches(callers: NumberSet) -> tuple[Match, ...]:
    """Return what together matches exactly the callers of a set; those of no kind are left out."""
    if block := _only_block(callers.ends):
        return (Match(None, _alternatives([block]), ()),)
    kinds = (None,) if _is_kind_blind(callers) else tuple(Kind)
    found = (_match(kind, callers) for kind in kinds)
    return tuple(one for one in found if one is not None)


def _only_block(ends: _Ends) -> _Block | None:
    """Return the block of a set that is but one, from inside and outside: a number, a plain prefix. Most sets are."""
    if len(ends) != 4 or ends[1] > digits.TO_OUTSIDE:
        return None
    low, high = ends[:2]
    if ends[2:] != (low + digits.TO_OUTSIDE, high + digits.TO_OUTSIDE):
        return None
    group = _groups(None)[bisect_right(_lows(None), low) - 1]
    more = _POWERS.get(high - low)
    if more is None or high > group.high or (low - group.low) % (high - low):
        return None
    return _block(group.sign, group.length, low - group.low, more)


def _is_kind_blind(callers: NumberSet) -> bool:
    """Tell whether a set is blind to kinds; of one without words or numbers of one kind only, at a glance."""
    ends = callers.ends
    inside, outside = bisect_left(ends, digits.TO_OUTSIDE), bisect_left(ends, 2 * digits.TO_OUTSIDE)
    moved = tuple(end + digits.TO_OUTSIDE for end in ends[:inside])
    if inside % 2 == 0 and moved == ends[inside:outside] and not (ends and ends[-1] > _FIRST_WORD):
        return True
    return callers.is_kind_blind


def _match(kind: Kind | None, callers: NumberSet) -> Match | None:
    if not callers or (kind and callers.isdisjoint(digits.OF_KIND[kind])):
        return None
    of = kind or Kind.EXTERNAL  # what is blind to kinds holds alike for both
    words = {word: bisect_right(callers.ends, rank) % 2 == 1 for word, rank in _WORDS[of].items()}
    among: list[_Block] = []
    but: list[_Block] = []
    missing: list[_Block] = []
    for group in _groups(kind) if words[UNKNOWN] else _touched(kind, callers.ends):
        must = _within(callers.ends, group.low, group.high)
        if not words[UNKNOWN] and (blocks := _apart(group, must)):
            among += blocks
            continue
        never = digits.flip(_join(must, group.nobody), group.high - group.low)
        some, exceptions = _cover(group.sign, group.length, must, never, 0, group.length)
        among += some
        but += exceptions
        if words[UNKNOWN]:
            missing += _whole(group.sign, group.length, never, must, 0, group.length)
    found = Match(kind, (*_alternatives(among), *(word for word, held in words.items() if held)), _alternatives(but))
    if not words[UNKNOWN]:
        return found
    # They are in a set when everyone is, but some: then those may say it all.
    other = Match(kind, (), (*_alternatives(missing), *(word for word, held in words.items() if not held)))
    return min(found, other, key=lambda way: len(way.among) + len(way.but))


class _Group(NamedTuple):
    """Numbers of one sign and length: their ranks, and which of them, counted from 0, no caller has."""

    sign: str
    length: int
    low: int
    high: int
    nobody: _Ends


@cache
def _groups(kind: Kind | None) -> tuple[_Group, ...]:
    """Return the groups of numbers of a kind, in the order of their ranks.

    Where kinds do not matter, short numbers are taken from inside, where every one of them may call.
    """
    found = []
    for sign in ("",) if kind is Kind.INTERNAL else ("", "+"):
        for length in digits.lengths(kind or Kind.EXTERNAL, sign):
            if not length:
                continue
            try:
                low, high = digits.interval(kind or Kind.INTERNAL, sign, length)
            except KeyError:
                low, high = digits.interval(Kind.EXTERNAL, sign, length)
            nobody = digits.flip(_within(digits.EVERYONE.ends, low, high), high - low)
            found.append(_Group(sign, length, low, high, nobody))
    return tuple(found)


def _touched(kind: Kind | None, ends: _Ends) -> Iterable[_Group]:
    """Return the groups of numbers of a kind that some ends hold any of: one or two for most rules, of 27."""
    groups, lows = _groups(kind), _lows(kind)
    found: dict[_Group, None] = {}
    for low, high in zip(ends[::2], ends[1::2], strict=True):
        first = max(bisect_right(lows, low) - 1, 0)
        for group in groups[first : bisect_left(lows, high)]:
            if group.high > low:
                found[group] = None
    return found


@cache
def _lows(kind: Kind | None) -> _Ends:
    return tuple(group.low for group in _groups(kind))


def _within(ends: _Ends, low: int, high: int) -> _Ends:
    """Return what some ends hold from one rank to another, counted from the first."""
    first, last = bisect_right(ends, low), bisect_left(ends, high)
    inner = tuple(end - low for end in ends[first:last])
    return (*((0,) if first % 2 else ()), *inner, *((high - low,) if last % 2 else ()))


def _join(one: _Ends, two: _Ends) -> _Ends:
    return (digits.from_ends(one) | digits.from_ends(two)).ends if two else one


def _apart(group: _Group, must: _Ends) -> list[_Block]:
    """Return the blocks of numbers each interval of which is one; none where they may be told in fewer expressions.

    They cannot where someone calls from between them: exceptions would be no fewer. Most sets are such.
    """
    blocks = []
    for low, high in zip(must[::2], must[1::2], strict=True):
        more = _POWERS.get(high - low)
        if more is None or low % (high - low):
            return []
        blocks.append(_block(group.sign, group.length, low, more))
    return [] if _count(group.nobody, must[0], must[-1]) else blocks


def _cover(sign: str, length: int, must: _Ends, never: _Ends, low: int, more: int) -> tuple[list[_Block], list[_Block]]:
    """Return blocks that hold all numbers of `must`, and blocks to take from them, so that none of `never` is left.

    All that is from a number on, in a block of that many digits more.
    """
    high = low + 10**more
    wanted = _count(must, low, high)
    if not wanted:
        return [], []
    unwanted = _count(never, low, high)
    if not unwanted:
        return [_block(sign, length, low, more)], []
    among: list[_Block] = []
    but: list[_Block] = []
    if wanted == 1:
        among = _only(sign, length, must, low, high)
    else:
        for start in _parts(must, low, more):
            some, exceptions = _cover(sign, length, must, never, start, more - 1)
            among += some
            but += exceptions
        if len(among) == 10 and all(one.more == more - 1 for one in among):
            among = [_block(sign, length, low, more)]
    if len(among) + len(but) < unwanted + _EXCEPTION:
        return among, but  # exceptions would be no fewer than what they spare
    split = _classes(among) + _classes(but)
    if split > _EXCEPTION and unwanted + _EXCEPTION <= split:
        exceptions = _whole(sign, length, never, must, low, more)
        if _classes(exceptions) + _EXCEPTION <= split:
            return [_block(sign, length, low, more)], exceptions
    return among, but


def _block(sign: str, length: int, low: int, more: int) -> _Block:
    return _Block(sign + str(low).zfill(length)[: length - more], more)


def _whole(sign: str, length: int, must: _Ends, never: _Ends, low: int, more: int) -> list[_Block]:
    """Return the largest blocks from a number on that hold all numbers of `must` and none of `never`."""
    high = low + 10**more
    wanted = _count(must, low, high)
    if not wanted:
        return []
    if not _count(never, low, high):
        return [_block(sign, length, low, more)]
    if wanted == 1:
        return _only(sign, length, must, low, high)
    blocks = (_whole(sign, length, must, never, start, more - 1) for start in _parts(must, low, more))
    return list(chain.from_iterable(blocks))


def _parts(must: _Ends, low: int, more: int) -> Iterator[int]:
    """Yield the first numbers of those of the ten blocks in a block that hold any of `must`."""
    size = 10 ** (more - 1)
    start, high = low, low + 10 * size
    while start < high:
        at = bisect_right(must, start)
        if at % 2 == 0:  # what starts next may be some blocks ahead
            if at == len(must) or must[at] >= high:
                return
            start = low + (must[at] - low) // size * size
        yield start
        start += size


def _only(sign: str, length: int, must: _Ends, low: int, high: int) -> list[_Block]:
    """Return the blocks of the only interval of `must` that meets low to high."""
    at = bisect_right(must, low) // 2 * 2
    return list(_aligned(sign, length, max(low, must[at]), min(high, must[at + 1])))


def _aligned(sign: str, length: int, low: int, high: int) -> Iterator[_Block]:
    """Yield the blocks of an interval, each as large as it can be."""
    while low < high:
        more = 0
        while low % 10 ** (more + 1) == 0 and low + 10 ** (more + 1) <= high:
            more += 1
        yield _block(sign, length, low, more)
        low += 10**more


def _count(ends: _Ends, low: int, high: int) -> int:
    """Return how many intervals meet low to high."""
    return (bisect_left(ends, high) + 1) // 2 - bisect_right(ends, low) // 2


def _classes(blocks: Iterable[_Block]) -> int:
    return len({(block.prefix[:-1], block.more) for block in blocks})


def _alternatives(blocks: list[_Block]) -> tuple[str, ...]:
    """Return blocks as regular expressions: those that differ in their last digit, or their length, are one."""
    if len(blocks) == 1:
        [(prefix, more)] = blocks
        return (_literal(prefix) + _digits(more, more),)
    ends: dict[tuple[str, int], list[str]] = {}
    lengths: dict[str, list[int]] = {}
    for block in blocks:
        if block.prefix[-1:].isdigit():
            ends.setdefault((block.prefix[:-1], block.more), []).append(block.prefix[-1])
        else:
            lengths.setdefault(_literal(block.prefix), []).append(block.more)
    for (start, more), last in ends.items():
        lengths.setdefault(_literal(start) + _class(last), []).append(more)
    found = []
    for start, mores in lengths.items():
        for _, run in groupby(enumerate(sorted(mores)), lambda pair: pair[1] - pair[0]):
            numbers = [more for _, more in run]
            found.append(start + _digits(numbers[0], numbers[-1]))
    return tuple(sorted(found))


def _literal(prefix: str) -> str:
    return prefix.replace("+", "[+]")


def _class(last: list[str]) -> str:
    """Return one of some digits: `4`, `[67]`, `[0-57]`."""
    if len(last) == 1:
        return last[0]
    runs = []
    for _, run in groupby(enumerate(sorted(map(int, last))), lambda pair: pair[1] - pair[0]):
        values = [value for _, value in run]
        runs.append(f"{values[0]}-{values[-1]}" if len(values) > 2 else "".join(map(str, values)))
    return f"[{''.join(runs)}]"


def _digits(least: int, most: int) -> str:
    if least == most:
        return "" if least == 0 else "[0-9]" if least == 1 else f"[0-9]{{{least}}}"
    return f"[0-9]{{{least},{most}}}"
