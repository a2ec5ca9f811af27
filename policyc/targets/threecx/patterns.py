"""Sets of texts in, patterns out: prefixes `06*`, whole numbers and `*`, as few as can be. Pure.

A walk down the tree of prefixes: below a prefix, either all texts may be matched, and one pattern does it, or some
must not be, and the walk goes on digit by digit. No cover has fewer patterns, as two texts of different branches that
part above a forbidden one need a pattern each.

A prefix says nothing of how many digits follow, so the range 1000..9999 takes nine thousand patterns where other
lengths must not be matched: such a set counts as one that no patterns match.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

from policyc.targets.threecx import presented
from policyc.targets.threecx.presented import ANONYMOUS, BEYOND, Texts

Patterns = tuple[str, ...]
_DIGITS: Final = "0123456789"
# How many prefixes a walk may pass, and how many more for each interval of what is needed: a whole number may take
# some dozens; beyond that, the walk is after patterns by the thousand.
_MOST_PREFIXES: Final = 1000
_MOST_MORE: Final = 60


@dataclass(frozen=True, slots=True)
class Carved:
    """Patterns that also match texts which they must not, and the patterns of those, to be tried before."""

    patterns: Patterns
    before: Patterns


@dataclass(frozen=True, slots=True)
class _Below:
    """What is known below a prefix; None where no patterns do it."""

    needed: Patterns | None  # patterns for all that is needed and nothing forbidden
    forbidden: Patterns | None  # the other way round
    carved: Carved | None  # the cheapest way for what is needed, with what is carved out


def cover(needed: Texts, forbidden: Texts, anonymous: str = "") -> Patterns | None:
    """Return the fewest patterns that match all of one set and none of another, or None if no patterns do.

    `anonymous` is how the PBX shows a call without a number; without it, only `*` matches such a call.
    """
    found = _searched(needed, forbidden, anonymous)
    return None if found is None or found.needed is None else tuple(sorted(found.needed))


def carve(needed: Texts, forbidden: Texts, anonymous: str = "") -> Carved | None:
    """Return few patterns for a set, where what they match too much of another set is to be taken out before.

    None if no patterns do, or if there is nothing to gain by taking anything out.
    """
    found = _searched(needed, forbidden, anonymous)
    return found.carved if found is not None and found.carved is not None and found.carved.before else None


def narrowed(patterns: Patterns, needed: Texts, anonymous: str = "") -> Patterns:
    """Return patterns made as narrow as can be, for what is needed of what they match; others are left out."""
    ends = tuple(chain.from_iterable(needed))
    return tuple(sorted({narrow for pattern in patterns if (narrow := _narrowed(pattern, ends, anonymous))}))


def _narrowed(pattern: str, ends: tuple[int, ...], anonymous: str) -> str | None:
    found = [end for low, high in presented.matched(pattern, anonymous) for end in _outermost(ends, low, high)]
    if not found:
        return None
    if pattern == "*" or not pattern.endswith("*"):
        return pattern
    start = pattern[:-1]
    if len(set(found)) == 1:
        return presented.text_at(found[0])
    first, *others = map(presented.text_at, found)
    same = len(start)
    while all(text[: same + 1] == first[: same + 1] for text in others):
        same += 1
    return first[:same] + "*"


@lru_cache(maxsize=1 << 12)
def _searched(needed: Texts, forbidden: Texts, anonymous: str) -> _Below | None:
    search = _Search(needed, forbidden, anonymous)
    if any(_touches(search.forbidden, low, min(high, BEYOND)) for low, high in needed if low < BEYOND):
        return None
    try:
        return search.root()
    except _TooManyError:
        return None


class _TooManyError(Exception):
    """The walk passes too many prefixes."""


class _Search:
    """One walk. A prefix goes down with the lengths of the texts below it that are needed, and of those forbidden."""

    def __init__(self, needed: Texts, forbidden: Texts, anonymous: str) -> None:
        self.needed = tuple(chain.from_iterable(needed))
        self.forbidden = tuple(chain.from_iterable(forbidden))
        self.anonymous = anonymous
        self.left = _MOST_PREFIXES + _MOST_MORE * len(needed)

    def root(self) -> _Below:
        if not _touches(self.forbidden, 0, BEYOND + 1):
            return _Below(("*",), (), Carved(("*",), ())) if self.needed else _NOTHING
        parts = [self.below("", digit, presented.lengths("0"), presented.lengths("0")) for digit in _DIGITS]
        parts.append(self.below("+", "", presented.lengths("+"), presented.lengths("+")))
        parts.append(self._single(ANONYMOUS, self.anonymous))
        if _touches(self.forbidden, BEYOND, BEYOND + 1):
            # No patterns match all that is no number of the plan, so it cannot be carved out of `*`.
            parts.append(_Below((), None, Carved((), ())))
        return self._together("", parts)

    def below(self, above: str, digit: str, needed: Iterable[int], forbidden: Iterable[int]) -> _Below:
        prefix = above + digit
        needed, forbidden = self._met(self.needed, prefix, needed), self._met(self.forbidden, prefix, forbidden)
        if not needed:
            return _Below((), (prefix + "*",), Carved((), ())) if forbidden else _NOTHING
        if not forbidden:
            pattern = prefix + "*"
            return _Below((pattern,), (), Carved((pattern,), ()))
        self.left -= 1
        if not self.left:
            raise _TooManyError
        parts = [self.below(prefix, one, needed, forbidden) for one in _DIGITS]
        if prefix != "+":  # the prefix is a number of its own, too
            parts.append(self._single(presented.interval(prefix, presented.digits_of(prefix))[0], prefix))
        return self._together(prefix, parts)

    def _single(self, position: int, pattern: str) -> _Below:
        known = (pattern,) if pattern else None
        if _touches(self.needed, position, position + 1):
            return _Below(known, (), None if known is None else Carved(known, ()))
        if _touches(self.forbidden, position, position + 1):
            return _Below((), known, Carved((), ()))
        return _NOTHING

    def _together(self, prefix: str, parts: Sequence[_Below]) -> _Below:
        forbidden = _joined(one.forbidden for one in parts)
        patterns = _joined(None if one.carved is None else one.carved.patterns for one in parts)
        before = _joined(None if one.carved is None else one.carved.before for one in parts)
        best = None if patterns is None or before is None else Carved(patterns, before)
        if forbidden is not None and (best is None or 1 + len(forbidden) < len(best.patterns) + len(best.before)):
            best = Carved((prefix + "*",), forbidden)
        return _Below(_joined(one.needed for one in parts), forbidden, best)

    def _met(self, ends: tuple[int, ...], prefix: str, lengths: Iterable[int]) -> tuple[int, ...]:
        """Return the lengths, of some, of the texts of a set that start with a prefix."""
        least = presented.digits_of(prefix)
        found = []
        for length in lengths:
            if length >= least:
                low, high = presented.interval(prefix, length)
                at = bisect_right(ends, low)
                if at & 1 or (at < len(ends) and ends[at] < high):
                    found.append(length)
        return tuple(found)


_NOTHING: Final = _Below((), (), Carved((), ()))


def _joined(parts: Iterable[Patterns | None]) -> Patterns | None:
    found: list[str] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return tuple(found)


def _touches(ends: tuple[int, ...], low: int, high: int) -> bool:
    at = bisect_right(ends, low)
    return at % 2 == 1 or (at < len(ends) and ends[at] < high)


def _outermost(ends: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    """Return the first and the last member between two positions, if there is any."""
    if not _touches(ends, low, high):
        return ()
    at = bisect_right(ends, low)
    first = low if at % 2 else ends[at]
    at = bisect_right(ends, high - 1)
    last = high - 1 if at % 2 else ends[at - 1] - 1
    return first, last
