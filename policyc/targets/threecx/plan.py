"""The rules of an extension in, the list of exceptions that decides alike out.

What the list must do is one function: (text presented, kind, time) → destination, where no rule means that the
extension rings. Exceptions are found from the first rule to the last. Each may take, besides the calls it is for:

- calls with the same destination: that is how rules are merged;
- texts that no trunk presents (`presented.Space`);
- calls that an exception before it has taken, and then its place in the list matters.

Where patterns would have to leave out much (`06* sauf 0612345678`), the calls left out go first, as exceptions of their
own. Every list is checked against the function before it is returned.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policyc import digits
from policyc.digits import Kind
from policyc.model import Destination, Ring, Rule
from policyc.targets.threecx import goal
from policyc.targets.threecx.calls import KINDS, Calls
from policyc.targets.threecx.goal import Goal
from policyc.targets.threecx.patterns import Patterns, Search
from policyc.targets.threecx.presented import Space
from policyc.targets.threecx.times import Calendar, Hours
from policyc.targets.threecx.tree import Atoms

RING: Final = Ring()
_KINDS: Final[Mapping[Kind | None, tuple[Kind, ...]]] = {None: tuple(Kind), **{kind: (kind,) for kind in Kind}}

# How lists are weighed, in patterns: an exception weighs as much as so many; one that hangs on its place in the list,
# as so many more; and where there are too many exceptions, each weighs more than any patterns.
_EXCEPTION: Final = 6
_ORDER: Final = 24
_TOO_MANY: Final = 100_000
_FEW: Final = 3  # so many groups of times are still worth an exception each


@dataclass(frozen=True, slots=True, eq=False)
class ForwardingException:
    """Who it is for, when, and where it sends them. `kind` None is all calls.

    `rules` are those whose calls it takes; with `rings` it also takes calls that no rule does.
    """

    patterns: Patterns
    kind: Kind | None
    hours: Hours
    destination: Destination
    rules: tuple[Rule, ...]
    rings: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What exceptions can say.

    `kinds`: they can tell internal from external calls. `anonymous`: how callers without a number are shown, empty if
    that is not known. `single`: an exception holds one pattern. `most`: how many an extension may have.
    """

    kinds: bool
    anonymous: str
    single: bool
    most: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Rules that no list can say, and why: `anonymous`, `kinds`, `hours` or `patterns`."""

    why: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The list of an extension, and what a person may want to know of it.

    `dead` rules never decide. `idle` ones ring, as an extension without exceptions does, and need none. `order` holds
    pairs of places in the list, from 0: the first must stay before the second. With `troubles` there is no list.
    """

    exceptions: tuple[ForwardingException, ...] = ()
    dead: tuple[Rule, ...] = ()
    idle: tuple[Rule, ...] = ()
    order: tuple[tuple[int, int], ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def size(self, limits: Limits) -> int:
        """Return how many exceptions the PBX is given."""
        return sum(len(one.patterns) if limits.single else 1 for one in self.exceptions)


def plan(
    space: Space, dates: Calendar, limits: Limits, rules: Sequence[Rule], destinations: Sequence[Destination]
) -> Plan:
    """Return the list for some rules, in the order they are tried; `destinations` are where they send calls."""
    aim = goal.of(space, dates, rules, destinations)
    search = Search(aim.columns.tree, limits.anonymous)
    found = _Planner(aim, limits, _EXCEPTION, search).plan()
    if not found.troubles and not limits.single and found.size(limits) > limits.most:
        fewer = _Planner(aim, limits, _TOO_MANY, search).plan()
        if fewer.size(limits) < found.size(limits):
            return fewer
    return found


@dataclass(frozen=True, slots=True)
class _Shape:
    """The kind and the times of an exception, with the texts that it must match and those that it must not."""

    kind: Kind | None
    mask: int
    texts: Atoms
    forbidden: Atoms


@dataclass(frozen=True, slots=True)
class _Step:
    """An exception to be: `ordered` if it hangs on those before it.

    Most ways are found only to be weighed, so the patterns are counted first, and written once the way is taken.
    """

    count: int
    patterns: Patterns | None
    shape: _Shape
    destination: Destination
    ordered: bool


_Way = tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class _Need:
    """Of some calls: their texts, the times that an exception for them may be at, and the kinds it may be for."""

    texts: Atoms
    times: tuple[int, ...]
    kinds: tuple[Kind | None, ...]


class _Planner:
    """Finds one list. `weight`: what an exception weighs; `search` is for the texts of the aim, and these limits."""

    def __init__(self, aim: Goal, limits: Limits, weight: int, search: Search) -> None:
        self.aim = aim
        self.columns = aim.columns
        self.week = aim.week
        self.limits = limits
        self.weight = weight
        self.search = search
        self.known: dict[tuple[Patterns, Kind | None, int], Calls] = {}
        self.needs: dict[Calls, _Need] = {}
        # Of what is done so far, once more asked for with each merger: the best ways, and the best single exceptions.
        self.ways: dict[tuple[Calls, Destination], _Way | None] = {}
        self.singles: dict[tuple[Calls, Destination], _Step | None] = {}
        self.done: Calls = 0  # what the exceptions found so far take
        self.steps: list[_Step] = []
        self.sources: list[tuple[tuple[Rule, ...], bool]] = []

    def plan(self) -> Plan:
        aim = self.aim
        dead = tuple(rule for rule, calls in zip(aim.rules, aim.taken, strict=True) if not calls)
        troubles = tuple(self._find())
        if troubles:
            return Plan(dead=dead, troubles=troubles)
        self._prune()
        self._narrow()
        if wrong := self._wrong(self.steps):
            raise AssertionError(
                f"the list decides otherwise than the rules: {aim.shown(wrong)}"
            )  # a bug of this module
        self._trace()
        used = {rule for rules, _ in self.sources for rule in rules}
        idle = tuple(rule for rule in aim.rules if rule not in used and rule not in dead)
        exceptions = tuple(
            ForwardingException(
                step.patterns or (), step.shape.kind, self._hours(step.shape.mask), step.destination, rules, rings
            )
            for step, (rules, rings) in zip(self.steps, self.sources, strict=True)
        )
        return Plan(exceptions, dead, idle, tuple(self._order()))

    def _find(self) -> Iterator[Trouble]:
        """Find the exceptions, and what stands in the way of others."""
        pending = [
            (destination, calls)
            for destination, calls in zip(self.aim.destinations, self.aim.taken, strict=True)
            if destination != RING
        ]
        for at, (destination, calls) in enumerate(pending):
            need = self._need(calls)
            if not need:
                continue
            way = self.way(need, destination)
            for other, more in pending[at + 1 :]:
                if other == destination and (extra := self._need(more)):
                    merged = self.way(need | extra, destination)
                    if merged and self._weighs(merged) <= self._weighs(way) + self._weighs(self.way(extra, other)):
                        need, way = need | extra, merged
            if way is None:
                yield self._trouble(need, destination)
                self._take(need)
                continue
            for step in map(self._written, way):
                self.steps.append(step)
                self._take(self._calls(step))

    def _take(self, calls: Calls) -> None:
        """Count calls among those that are done, and forget what was found while they were not."""
        self.done |= calls
        self.ways.clear()
        self.singles.clear()

    def _calls(self, step: _Step) -> Calls:
        """Return all calls that an exception matches."""
        key = step.patterns or (), step.shape.kind, step.shape.mask
        if key not in self.known:
            texts = self.columns.tree.matched(step.patterns or (), self.limits.anonymous)
            self.known[key] = self.columns.of(texts, _KINDS[step.shape.kind], step.shape.mask)
        return self.known[key]

    def _written(self, step: _Step) -> _Step:
        """Return an exception with its patterns."""
        if step.patterns is not None:
            return step
        return replace(step, patterns=self.search.cover(step.shape.texts, step.shape.forbidden))

    def _need(self, calls: Calls) -> Calls:
        return calls & self.aim.care & ~self.done

    def _weighs(self, way: _Way | None) -> int:
        if way is None:
            return 1 << 60
        if self.limits.single:
            return sum(step.count for step in way)
        ordered = any(step.ordered for step in way) or len({step.destination for step in way}) > 1
        return sum(step.count + self.weight for step in way) + (_ORDER if ordered else 0)

    # -- ways to take some calls ----------------------------------------------------------------------

    def way(self, need: Calls, destination: Destination) -> _Way | None:
        """Return the best way to send some calls, not empty, to a destination, or None if there is none."""
        key = need, destination
        if key not in self.ways:
            self.ways[key] = self._way(need, destination)
        return self.ways[key]

    def _way(self, need: Calls, destination: Destination) -> _Way | None:
        single = self._single(need, destination)
        ways: list[_Way] = [] if single is None else [(single,)]
        if single is None or single.count > _ORDER:
            ways += self._carved(need, destination)
        if single is None or single.ordered:
            ways += self._apart(need, destination)
        return min(ways, key=self._weighs, default=None)

    def _single(self, need: Calls, destination: Destination) -> _Step | None:
        """Return one exception that takes some calls and no wrong one."""
        key = need, destination
        if key not in self.singles:
            self.singles[key] = self._best_single(need, destination)
        return self.singles[key]

    def _best_single(self, need: Calls, destination: Destination) -> _Step | None:
        found: list[_Step] = []
        for ordered in (False, True):
            kinds: set[Kind | None] = set()  # wider times forbid more: patterns get no fewer
            for shape in self._shapes(need, destination, ordered=ordered):
                if shape.kind in kinds:
                    continue
                if (count := self.search.fewest(shape.texts, shape.forbidden)) is not None:
                    kinds.add(shape.kind)
                    found.append(_Step(count, None, shape, destination, ordered))
            if any(step.count <= _ORDER for step in found):
                break
        return min(found, key=lambda step: self._weighs((step,)), default=None)

    def _shapes(self, need: Calls, destination: Destination, *, ordered: bool) -> Iterator[_Shape]:
        """Yield what an exception for some calls may be for, besides its texts."""
        columns = self.columns
        allowed = self.aim.calls[destination]
        if ordered:
            allowed |= self.done
        known = self._known_need(need)
        unwanted = self.aim.guarded & ~allowed
        for mask in reversed(known.times) if destination == RING else known.times:
            of_kinds = columns.texts_of(unwanted & columns.at(mask))
            for kind in known.kinds:
                forbidden = of_kinds[0] | of_kinds[1] if kind is None else of_kinds[KINDS.index(kind)]
                yield _Shape(kind, mask, known.texts, forbidden)

    def _known_need(self, need: Calls) -> _Need:
        """Return what exceptions for some calls have in common."""
        found = self.needs.get(need)
        if found is None:
            texts, times = self.columns.texts(need), self.week.wider(self.columns.when(need))
            found = self.needs[need] = _Need(texts, times, self._kinds(need))
        return found

    def _kinds(self, need: Calls) -> tuple[Kind | None, ...]:
        """Return the kinds that an exception for some calls may be for."""
        if not self.limits.kinds:
            return (None,)
        return (None, *(kind for kind in Kind if self.columns.of_kind(need, kind) == need))

    def _carved(self, need: Calls, destination: Destination) -> list[_Way]:
        """Return ways with exceptions of other destinations before the one for some calls."""
        found: list[_Way] = []
        for shape in self._shapes(need, destination, ordered=True):
            # Texts that are wrong at some of the times only are carved out at those.
            made = self.search.carve(shape.texts & ~shape.forbidden, shape.forbidden)
            if made is None:
                continue
            last = _Step(len(made.patterns), made.patterns, shape, destination, ordered=True)
            calls = self._calls(last)
            if need & ~calls:
                continue
            wrong = calls & self.aim.guarded & ~(self.aim.calls[destination] | self.done)
            before = [self._single(part, other) for other, all_of in self.aim.calls.items() if (part := wrong & all_of)]
            steps = [step for step in before if step is not None]
            if len(steps) == len(before):
                found.append((*steps, last))
        return found

    def _apart(self, need: Calls, destination: Destination) -> list[_Way]:
        """Return ways with several exceptions: a kind, or a group of callers with the same times, each."""
        columns = self.columns
        parts = [part for kind in Kind if (part := columns.of_kind(need, kind))] if self.limits.kinds else []
        if len(parts) < 2:
            parts = list(columns.by_times(need).values())
            if len(parts) > _FEW:
                return []
            if len(parts) > 1:
                parts.sort(key=columns.first)
        if len(parts) == 1:
            times = columns.when(need)
            pieces = self.week.parts(times)
            parts = [need & columns.at(piece) for piece in pieces]
            if len(parts) == 1 or sum(pieces) != times:
                return []
        ways = [self.way(part, destination) for part in parts]
        steps = tuple(step for way in ways if way is not None for step in way)
        return [] if None in ways else [steps]

    # -- what is told and checked ---------------------------------------------------------------------

    def _hours(self, mask: int) -> Hours:
        hours = self.week.hours(mask)
        if hours is None:
            raise AssertionError(f"times that no hours say: {mask:b}")
        return hours

    def _order(self) -> Iterator[tuple[int, int]]:
        """Yield the pairs of exceptions that would decide otherwise the other way round."""
        calls = [self._calls(step) & self.aim.guarded for step in self.steps]
        for second in range(len(calls)):
            for first in range(second):
                apart = self.steps[first].destination != self.steps[second].destination
                if apart and calls[first] & calls[second]:
                    yield first, second

    def _trouble(self, need: Calls, destination: Destination) -> Trouble:
        """Return why calls cannot be sent to a destination: the first limit without which they could."""
        rules = tuple(rule for rule, other in self._rules_of(need) if other == destination)
        for why, less in (
            ("anonymous", replace(self.limits, anonymous=self.limits.anonymous or "anonymous")),
            ("kinds", replace(self.limits, kinds=True)),
        ):
            if less == self.limits:
                continue
            other = _Planner(self.aim, less, self.weight, Search(self.columns.tree, less.anonymous))
            other.done = self.done
            if other.way(need, destination) is not None:
                return Trouble(why, self._blamed(why, rules))
        unsaid = any(not self.week.says(mask) for mask in self.columns.by_times(need))
        return Trouble("hours" if unsaid else "patterns", rules)

    def _rules_of(self, calls: Calls) -> Iterator[tuple[Rule, Destination]]:
        """Yield the rules that decide some of the calls, and where they send them."""
        aim = self.aim
        for rule, destination, taken in zip(aim.rules, aim.destinations, aim.taken, strict=True):
            if taken & calls:
                yield rule, destination

    def _blamed(self, why: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Return the rules that tell apart what cannot be: among those in trouble, or else among all."""

        def tells_apart(rule: Rule) -> bool:
            if why == "kinds":
                return not rule.callers.is_kind_blind
            return bool(rule.callers & digits.ANONYMOUS)

        return (
            tuple(rule for rule in rules if tells_apart(rule))
            or tuple(rule for rule in self.aim.rules if tells_apart(rule))
            or rules
        )

    def _prune(self) -> None:
        """Leave out what the exceptions around it already do."""
        for at in range(len(self.steps) - 1, -1, -1):
            without = self.steps[:at] + self.steps[at + 1 :]
            if not self._wrong(without):
                self.steps = without

    def _narrow(self) -> None:
        """Make patterns no wider than what they are there for."""
        seen: Calls = 0
        narrowed = []
        for step in self.steps:
            new = self._calls(step) & self.aim.guarded & ~seen
            kept = self.search.narrowed(step.patterns or (), self.columns.texts(new))
            narrowed.append(replace(step, patterns=kept))
            seen |= self._calls(narrowed[-1])
        self.steps = narrowed

    def _wrong(self, steps: Sequence[_Step]) -> Calls:
        """Return calls that a list sends elsewhere than the rules do."""
        seen: Calls = 0
        for step in steps:
            calls = self._calls(step)
            if wrong := calls & self.aim.guarded & ~seen & ~self.aim.calls[step.destination]:
                return wrong
            seen |= calls
        return self.aim.care & ~seen & ~self.aim.calls[RING]

    def _trace(self) -> None:
        """Find which rules each exception takes its calls from."""
        seen: Calls = 0
        for step in self.steps:
            calls = self._calls(step)
            new = calls & self.aim.guarded & ~seen
            rules = tuple(rule for rule, destination in self._rules_of(new) if destination == step.destination)
            self.sources.append((rules, bool(self.aim.unruled & new)))
            seen |= calls
