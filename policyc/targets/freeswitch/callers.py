"""Sets of callers in, regular expressions on their canonical number out.

A set becomes few expressions of two kinds: numbers *among* which the caller is, and numbers that it is none of
(*but*), because `06*` without one number is two expressions that way and eight the other.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

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


@dataclass(frozen=True, slots=True)
class _Block:
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
    if not callers & (digits.EVERYONE if kind is None else digits.OF_KIND[kind]):
        return None
    of = kind or Kind.EXTERNAL  # what is blind to kinds holds alike for both
    words = {
        ANONYMOUS: Caller(of, None) in callers,
        UNKNOWN: Caller(of, "9" * 20) in callers,
    }
    among: list[_Block] = []
    but: list[_Block] = []
    missing: list[_Block] = []
    for sign, length in _groups(kind):
        must, never = _values(kind, callers, sign, length)
        some, exceptions = _cover(sign, length, must, never)
        among += some
        but += exceptions
        missing += _plain(sign, length, never, must)
    of_words = [word for word, held in words.items() if held]
    without = [word for word, held in words.items() if not held]
    # Unknown callers are in a set when everyone is but some: then the exceptions may say it all.
    ways = [Match(kind, (*_alternatives(among), *of_words), _alternatives(but))]
    if words[UNKNOWN]:
        ways.append(Match(kind, (), (*_alternatives(missing), *without)))
    return min(ways, key=lambda way: len(way.among) + len(way.but))


def _groups(kind: Kind | None) -> Iterator[tuple[str, int]]:
    """Yield the signs and lengths that numbers of a kind have."""
    for length in digits.lengths(kind or Kind.EXTERNAL, ""):
        if length:
            yield "", length
    if kind is not Kind.INTERNAL:
        for length in digits.lengths(Kind.EXTERNAL, "+"):
            if length:
                yield "+", length


def _values(kind: Kind | None, callers: NumberSet, sign: str, length: int) -> tuple[_Ends, _Ends]:
    """Return the numbers of a length that are in a set, and those that are not; no caller has the others."""
    must: list[NumberSet] = []
    never: list[NumberSet] = []
    for one in (kind,) if kind else Kind:
        try:
            low, high = digits.interval(one, sign, length)
        except KeyError:  # internal numbers are short
            continue
        whole = digits.from_ends((low, high))
        must.append(_moved(callers & whole, -low))
        never.append(_moved((digits.EVERYONE - callers) & whole, -low))
    return digits.union(must).ends, digits.union(never).ends


def _moved(numbers: NumberSet, by: int) -> NumberSet:
    return digits.from_ends(tuple(end + by for end in numbers.ends))


def _cover(sign: str, length: int, must: _Ends, never: _Ends) -> tuple[list[_Block], list[_Block]]:
    """Return blocks that hold all numbers of `must`, and blocks to take from them, so that none of `never` is left."""

    def below(prefix: str, low: int, more: int) -> tuple[list[_Block], list[_Block]]:
        high = low + 10**more
        if not _touches(must, low, high):
            return [], []
        if not _touches(never, low, high):
            return [_Block(prefix, more)], []
        among: list[_Block] = []
        but: list[_Block] = []
        for digit in range(10):
            some, exceptions = below(f"{prefix}{digit}", low + digit * 10 ** (more - 1), more - 1)
            among += some
            but += exceptions
        if among == [_Block(f"{prefix}{digit}", more - 1) for digit in range(10)]:
            among = [_Block(prefix, more)]
        split = _classes(among) + _classes(but)
        if split > _EXCEPTION and _count(never, low, high) + _EXCEPTION <= split:
            exceptions = list(_whole(never, must, prefix, low, more))
            if _classes(exceptions) + _EXCEPTION <= split:
                return [_Block(prefix, more)], exceptions
        return among, but

    return below(sign, 0, length)


def _plain(sign: str, length: int, must: _Ends, never: _Ends) -> list[_Block]:
    return list(_whole(must, never, sign, 0, length))


def _whole(must: _Ends, never: _Ends, prefix: str, low: int, more: int) -> Iterator[_Block]:
    """Yield the largest blocks below a prefix that hold all numbers of `must` and none of `never`."""
    high = low + 10**more
    if not _touches(must, low, high):
        return
    if not _touches(never, low, high):
        yield _Block(prefix, more)
        return
    for digit in range(10):
        yield from _whole(must, never, f"{prefix}{digit}", low + digit * 10 ** (more - 1), more - 1)


def _touches(ends: _Ends, low: int, high: int) -> bool:
    at = bisect_right(ends, low)
    return at % 2 == 1 or (at < len(ends) and ends[at] < high)


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
