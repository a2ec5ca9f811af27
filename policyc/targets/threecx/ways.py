"""Calls that must go to one destination in, the best exceptions for them out.

An exception takes calls by their texts, their kind and their times. Each may be wider than what it is for: what else it
takes must go to the same destination, or be taken by an exception before it, or be no call that counts. Where one does
not do, calls are parted by kind or by times, or exceptions that take others out go before.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from policyc.targets.threecx.calls import BOTH, EXTERNAL, INTERNAL, Calls, Columns
from policyc.targets.threecx.goal import RING, Goal
from policyc.targets.threecx.nodes import Atoms
from policyc.targets.threecx.patterns import Patterns, Search
from policyc.values import value

# How lists are weighed, in patterns: an exception weighs as much as so many; one that hangs on its place in the list,
# as so many more; and where there are too many exceptions, each weighs more than any patterns.
EXCEPTION: Final = 6
TOO_MANY: Final = 100_000
_ORDER: Final = 24
_NEVER: Final = 1 << 60
_FEW: Final = 3  # so many groups of times are still worth an exception each


@value()
class Limits:
    """What exceptions can say.

    `kinds`: they can tell internal from external calls. `anonymous`: how callers without a number are shown, empty if
    that is not known. `single`: an exception holds one pattern. `most`: how many an extension may have.
    """

    kinds: bool
    anonymous: str
    single: bool
    most: int


class Shape(NamedTuple):
    """The kind and the times of an exception, with the texts that it must match and those that it must not."""

    kind: int
    mask: int
    texts: Atoms
    forbidden: Atoms


class Step(NamedTuple):
    """An exception to be, for a destination by its place: `ordered` if it hangs on those before it.

    Most ways are found only to be weighed, so how many patterns it takes is found first; `patterns`, and `calls`, which
    are all that they match, are found once the way is taken. They match too much where `carved`.
    """

    size: int
    shape: Shape
    destination: int
    ordered: bool
    carved: bool = False
    calls: Calls = 0
    patterns: Patterns = ()

    def taking(self, columns: Columns, patterns: Patterns) -> "Step":
        """Return the exception with some patterns, and the calls that it takes by them."""
        size, shape, destination, ordered, carved, _, _ = self
        atoms = 0
        for _, _, matched in patterns:
            atoms |= matched
        return Step(size, shape, destination, ordered, carved, columns.of(atoms, shape.kind, shape.mask), patterns)

    def written(self, search: Search) -> Patterns:
        """Return patterns for the exception, as wide as they may be."""
        needed, forbidden = self.shape.texts, self.shape.forbidden
        if self.carved:
            return search.carved(needed & ~forbidden, forbidden)
        return search.cover(needed, forbidden) or ()


@value()
class _Parts:
    """Ways for parts of some calls. Where their order is free, it is found once they are taken."""

    ways: "tuple[tuple[Calls, Way], ...]"
    free: bool


Way = tuple[Step | _Parts, ...]


def _steps(way: Way) -> Iterator[Step]:
    """Yield the exceptions of a way, in whatever order."""
    for one in way:
        if isinstance(one, Step):
            yield one
        else:
            for _, part in one.ways:
                yield from _steps(part)


@value()
class _Need:
    """Of some calls: their texts, the times that an exception for them may be at, and the kinds it may be for."""

    texts: Atoms
    times: tuple[int, ...]
    kinds: tuple[int, ...]


class Ways:
    """Finds the best exceptions for calls. `weight`: what an exception weighs; `search` is for the texts of the aim."""

    def __init__(self, aim: Goal, limits: Limits, weight: int, search: Search, done: Calls = 0) -> None:
        """Take what is asked, and the calls that exceptions before take."""
        self.aim = aim
        self.limits = limits
        self.weight = weight
        self.search = search
        self.done = done
        self._columns = aim.columns
        self._week = aim.week
        self._needs: dict[Calls, _Need] = {}
        self._free: dict[tuple[int, int], tuple[Atoms, Atoms, Atoms]] = {}  # see `_forbidden`
        # Of what is done so far, once more asked for with each merger: the best ways, and what they are chosen from.
        self._ways: dict[tuple[Calls, int], Way | None] = {}
        self._singles: dict[tuple[Calls, int], Step | None] = {}
        self._carvings: dict[tuple[Calls, int], list[Way]] = {}
        self._late: dict[tuple[int, int], tuple[Atoms, Atoms, Atoms]] = {}

    def go_together(self, need: Calls, extra: Calls, destination: int) -> bool:
        """Tell whether the best way for some calls and more weighs no more than the best ways for each."""
        one, other = self._known_need(need), self._known_need(extra)
        if len(one.times) == len(one.kinds) == 1 and (one.times, one.kinds) == (other.times, other.kinds):
            # One exception for all, of the only shape there is: it weighs less than two, unless its patterns are so
            # many that other ways are better for a part.
            forbidden = self._forbidden(destination, one.times[0], ordered=False)
            count = self.search.fewest(one.texts | other.texts, forbidden[one.kinds[0]], _ORDER)
            if count is not None and count <= _ORDER:
                return True
        alone = self.way(need, destination)
        beside = self._beside(need | extra, extra, destination)
        if beside is not None and alone is not None and beside > self._weighs(alone):
            return False
        merged = self.way(need | extra, destination)
        if merged is None:
            return False
        return self._weighs(merged) <= self._weighs(alone) + self._weighs(self.way(extra, destination))

    def _beside(self, need: Calls, extra: Calls, destination: int) -> int | None:
        """Return what the best way for some calls weighs at least beside one for a part of them.

        None if it is not made of a way for that part and others. Ways for what is only for some times are the hardest
        to find, so this spares most of the work where they do not go together with others.
        """
        if need == extra:
            return 0
        if self._single(need, destination) is not None or self._carved(need, destination):
            return None
        weight = 0
        for part in self._parts_of(need)[0]:
            if not part & extra:
                way = self.way(part, destination)
                if way is None:
                    return _NEVER
                weight += sum(step.size + (0 if self.limits.single else self.weight) for step in _steps(way))
            elif extra & ~part or (more := self._beside(part, extra, destination)) is None:
                return None
            else:
                weight += more
        return weight

    def take(self, calls: Calls) -> None:
        """Count calls among those that are done, and forget what was found while they were not."""
        self.done |= calls
        self._ways.clear()
        self._singles.clear()
        self._carvings.clear()
        self._late.clear()

    def in_order(self, way: Way) -> Iterator[Step]:
        """Yield the exceptions of a way as they are to be tried; of parts, those of the first callers first."""
        for one in way:
            if isinstance(one, Step):
                yield one.taking(self._columns, one.written(self.search))
                continue
            ways = sorted(one.ways, key=lambda part: self._columns.first(part[0])) if one.free else one.ways
            for _, part in ways:
                yield from self.in_order(part)

    def _weighs(self, way: Way | None) -> int:
        if way is None:
            return _NEVER
        if len(way) == 1 and isinstance(way[0], Step):
            return self._weighs_alone(way[0])
        steps = list(_steps(way))
        count = sum(step.size for step in steps)
        if self.limits.single:
            return count
        ordered = any(step.ordered for step in steps) or len({step.destination for step in steps}) > 1
        return count + self.weight * len(steps) + (_ORDER if ordered else 0)

    def _weighs_alone(self, step: Step) -> int:
        return step.size if self.limits.single else step.size + self.weight + (_ORDER if step.ordered else 0)

    # -- ways to take some calls ----------------------------------------------------------------------

    def way(self, need: Calls, destination: int) -> Way | None:
        """Return the best way to send some calls, not empty, to a destination, or None if there is none."""
        key = need, destination
        if key not in self._ways:
            self._ways[key] = self._way(need, destination)
        return self._ways[key]

    def _way(self, need: Calls, destination: int) -> Way | None:
        single = self._single(need, destination)
        if single is not None and not single.ordered and single.size <= _ORDER:
            return (single,)
        ways: list[Way] = [] if single is None else [(single,)]
        apart = self._apart(need, destination) if single is None or single.ordered else []
        if single is None or single.size > _ORDER:
            # Two exceptions at least, of a pattern each, whose order matters: that is often too much already.
            least = 2 if self.limits.single else 2 * (1 + self.weight) + _ORDER
            if min(map(self._weighs, (*ways, *apart)), default=_NEVER) >= least:
                ways += self._carved(need, destination)
        return min((*ways, *apart), key=self._weighs, default=None)

    def _single(self, need: Calls, destination: int) -> Step | None:
        """Return one exception that takes some calls and no wrong one."""
        key = need, destination
        if key not in self._singles:
            self._singles[key] = self._best_single(need, destination)
        return self._singles[key]

    def _best_single(self, need: Calls, destination: int) -> Step | None:
        # Wider times forbid more, so what is too much at the narrowest is no less at others. Where the widest are
        # tried first, that there are patterns at all must be known.
        most = None if destination == RING else _ORDER
        free = self._candidates(need, destination, most, ordered=False)
        if min([step.size for step in free], default=_NEVER) > _ORDER:
            late = self._candidates(need, destination, None, ordered=True) if self.done else []
            if most is not None and free:  # how many they are matters only where they may weigh less than the others
                most = min((step.size for step in late), default=None)
                if most is not None and not self.limits.single:
                    most += _ORDER
                free = self._candidates(need, destination, most, ordered=False)
            free += late
        return free[0] if len(free) == 1 else min(free, key=self._weighs_alone, default=None)

    def _candidates(self, need: Calls, destination: int, most: int | None, *, ordered: bool) -> list[Step]:
        """Return single exceptions; of one with more patterns than `most`, the count is any number above."""
        found: list[Step] = []
        known = self._known_need(need)
        texts, kinds = known.texts, known.kinds
        for mask in self._times(known, destination):
            forbidden = self._forbidden(destination, mask, ordered=ordered)
            left = []
            for kind in kinds:
                count = self.search.fewest(texts, forbidden[kind], most)
                if count is None:
                    left.append(kind)
                else:
                    found.append(Step(count, Shape(kind, mask, texts, forbidden[kind]), destination, ordered))
            if not left:  # wider times forbid more: patterns get no fewer
                break
            kinds = tuple(left)
        return found

    def _shapes(self, need: Calls, destination: int) -> Iterator[Shape]:
        """Yield what an exception for some calls may be for, if it hangs on those before it."""
        known = self._known_need(need)
        for mask in self._times(known, destination):
            forbidden = self._forbidden(destination, mask, ordered=True)
            for kind in known.kinds:
                yield Shape(kind, mask, known.texts, forbidden[kind])

    def _times(self, known: _Need, destination: int) -> tuple[int, ...]:
        """Return the times that an exception may be at, the best first."""
        return known.times[::-1] if destination == RING else known.times

    def _forbidden(self, destination: int, mask: int, *, ordered: bool) -> tuple[Atoms, Atoms, Atoms]:
        """Return the texts that an exception must not match, by its kind."""
        known = self._late if ordered else self._free
        key = destination, mask
        found = known.get(key)
        if found is None:
            allowed = self.aim.calls[destination]
            if ordered:
                allowed |= self.done
            one, other = self._columns.texts_of(self.aim.guarded & ~allowed & self._columns.at(mask))
            found = known[key] = one, other, one | other
        return found

    def _known_need(self, need: Calls) -> _Need:
        """Return what exceptions for some calls have in common."""
        found = self._needs.get(need)
        if found is None:
            inside, outside = self._columns.halves(need)
            kinds: tuple[int, ...] = (BOTH,)
            if self.limits.kinds and not (inside and outside):
                kinds = (BOTH, INTERNAL if inside else EXTERNAL)
            of_one_kind = inside | outside
            texts, times = self._columns.texts_and_times(of_one_kind)
            found = self._needs[need] = _Need(texts, self._week.wider(times), kinds)
        return found

    def _carved(self, need: Calls, destination: int) -> list[Way]:
        """Return ways with exceptions of other destinations before the one for some calls."""
        key = need, destination
        if key not in self._carvings:
            self._carvings[key] = list(self._all_carved(need, destination))
        return self._carvings[key]

    def _all_carved(self, need: Calls, destination: int) -> Iterator[Way]:
        for shape in self._shapes(need, destination):
            # Texts that are wrong at some of the times only are carved out at those.
            made = self.search.carve(shape.texts & ~shape.forbidden, shape.forbidden)
            if made is None:
                continue
            calls = self._columns.of(made.atoms, shape.kind, shape.mask)
            if need & ~calls:
                continue
            last = Step(made.count, shape, destination, ordered=True, carved=True, calls=calls)
            wrong = calls & self.aim.guarded & ~(self.aim.calls[destination] | self.done)
            parts = ((other, wrong & all_of) for other, all_of in enumerate(self.aim.calls))
            before = [self._single(part, other) for other, part in parts if part]
            steps = [step for step in before if step is not None]
            if len(steps) == len(before):
                yield (*steps, last)

    def _apart(self, need: Calls, destination: int) -> list[Way]:
        """Return ways with several exceptions: a kind, or a group of callers with the same times, each."""
        parts, free = self._parts_of(need)
        ways: list[tuple[Calls, Way]] = []
        for part in parts:
            way = self.way(part, destination)
            if way is None:
                return []
            ways.append((part, way))
        return [(_Parts(tuple(ways), free),)] if ways else []

    def _parts_of(self, need: Calls) -> tuple[list[Calls], bool]:
        """Return the parts that may have exceptions of their own, if there are any, and whether their order is free."""
        columns = self._columns
        kinds = (INTERNAL, EXTERNAL) if self.limits.kinds else ()
        parts = [part for kind in kinds if (part := columns.of_kind(need, kind))]
        if len(parts) > 1:
            return parts, False
        parts = list(columns.by_times(need).values())
        if len(parts) > _FEW:
            return [], False
        if len(parts) > 1:
            return parts, True
        times = columns.when(need)
        pieces = self._week.parts(times)
        if len(pieces) == 1 or sum(pieces) != times:
            return [], False
        return [need & columns.at(piece) for piece in pieces], False
