"""Sets of callers in, regular expressions on their canonical number out.

A set becomes few expressions of two kinds: numbers *among* which the caller is, and numbers that it is none of
(*but*), because `06*` without one number is two expressions that way and eight the other.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, groupby
from typing import NamedTuple

from policyc import digits
from policyc.digits import Caller, Kind, NumberSet

ANONYMOUS = "anonymous"
UNKNOWN = "unknown"
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


@lru_cache(maxsize=1 << 16)
def matches(callers: NumberSet) -> tuple[Match, ...]:
    """Return what together matches exactly the callers of a set; those of no kind are left out."""
    kinds = (None,) if callers.is_kind_blind else tuple(Kind)
    found = (_match(kind, callers) for kind in kinds)
    return tuple(one for one in found if one is not None)


def _match(kind: Kind | None, callers: NumberSet) -> Match | None:
    if callers.isdisjoint(digits.EVERYONE if kind is None else digits.OF_KIND[kind]):
        return None
    of = kind or Kind.EXTERNAL  # what is blind to kinds holds alike for both
    words = {ANONYMOUS: Caller(of, None) in callers, UNKNOWN: Caller(of, "9" * 20) in callers}
    among: list[_Block] = []
    but: list[_Block] = []
    missing: list[_Block] = []
    for group in _groups(kind):
        must = _within(callers.ends, group.low, group.high)
        if not must and not words[UNKNOWN]:
            continue
        never = digits.flip(_join(must, group.nobody), group.high - group.low)
        some, exceptions = _cover(group.sign, group.length, must, never)
        among += some
        but += exceptions
        if words[UNKNOWN]:
            missing += _whole(group.sign, group.length, never, must, 0, group.length)
    ways = [Match(kind, (*_alternatives(among), *(word for word, held in words.items() if held)), _alternatives(but))]
    if words[UNKNOWN]:  # they are in a set when everyone is, but some: then those may say it all
        ways.append(Match(kind, (), (*_alternatives(missing), *(word for word, held in words.items() if not held))))
    return min(ways, key=lambda way: len(way.among) + len(way.but))


class _Group(NamedTuple):
    """Numbers of one sign and length: their ranks, and which of them, counted from 0, no caller has."""

    sign: str
    length: int
    low: int
    high: int
    nobody: _Ends


@cache
def _groups(kind: Kind | None) -> tuple[_Group, ...]:
    """Return the groups of numbers of a kind.

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


def _within(ends: _Ends, low: int, high: int) -> _Ends:
    """Return what some ends hold from one rank to another, counted from the first."""
    first, last = bisect_right(ends, low), bisect_left(ends, high)
    inner = tuple(end - low for end in ends[first:last])
    return (*((0,) if first % 2 else ()), *inner, *((high - low,) if last % 2 else ()))


def _join(one: _Ends, two: _Ends) -> _Ends:
    return (digits.from_ends(one) | digits.from_ends(two)).ends if two else one


def _cover(sign: str, length: int, must: _Ends, never: _Ends) -> tuple[list[_Block], list[_Block]]:
    """Return blocks that hold all numbers of `must`, and blocks to take from them, so that none of `never` is left."""

    def below(low: int, more: int) -> tuple[list[_Block], list[_Block]]:
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
            among = _whole(sign, length, must, never, low, more)
        else:
            for digit in range(10):
                some, exceptions = below(low + digit * 10 ** (more - 1), more - 1)
                among += some
                but += exceptions
            if len(among) == 10 and all(one.more == more - 1 for one in among):
                among = [_block(sign, length, low, more)]
        split = _classes(among) + _classes(but)
        if split > _EXCEPTION and unwanted + _EXCEPTION <= split:
            exceptions = _whole(sign, length, never, must, low, more)
            if _classes(exceptions) + _EXCEPTION <= split:
                return [_block(sign, length, low, more)], exceptions
        return among, but

    return below(0, length)


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
        at = bisect_right(must, low) // 2 * 2
        return list(_aligned(sign, length, max(low, must[at]), min(high, must[at + 1])))
    blocks = (_whole(sign, length, must, never, low + digit * 10 ** (more - 1), more - 1) for digit in range(10))
    return list(chain.from_iterable(blocks))


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


def _alternatives(blocks: Iterable[_Block]) -> tuple[str, ...]:
    """Return blocks as regular expressions: those that differ in their last digit, or their length, are one."""
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
