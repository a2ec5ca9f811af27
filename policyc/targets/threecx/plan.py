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

from policyc import decision, digits
from policyc.decision import Region
from policyc.digits import Caller, Kind
from policyc.model import Destination, Ring, Rule
from policyc.targets.threecx import patterns, presented
from policyc.targets.threecx.patterns import Patterns
from policyc.targets.threecx.presented import Space, Texts
from policyc.targets.threecx.times import Calendar, Hours, week_of

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
    found = _Planner(space, dates, limits, rules, destinations, _EXCEPTION).plan()
    if not found.troubles and not limits.single and found.size(limits) > limits.most:
        fewer = _Planner(space, dates, limits, rules, destinations, _TOO_MANY).plan()
        if fewer.size(limits) < found.size(limits):
            return fewer
    return found


@dataclass(frozen=True, slots=True)
class _Step:
    """An exception to be: `ordered` if it hangs on those before it."""

    patterns: Patterns
    kind: Kind | None
    mask: int
    destination: Destination
    ordered: bool = False

    def calls(self, anonymous: str) -> Region:
        """Return all calls that it matches."""
        return presented.region(presented.matched_by(self.patterns, anonymous), _KINDS[self.kind], self.mask)


_Way = tuple[_Step, ...]


class _Planner:
    """Finds one list. `weight`: what an exception weighs."""

    def __init__(
        self,
        space: Space,
        dates: Calendar,
        limits: Limits,
        rules: Sequence[Rule],
        destinations: Sequence[Destination],
        weight: int,
    ) -> None:
        self.limits = limits
        self.rules = rules
        self.destinations = destinations
        self.weight = weight
        times = [(dates.minutes(rule, holiday=False), dates.minutes(rule, holiday=True)) for rule in rules]
        self.week = week_of(minutes for pair in times for minutes in pair)
        always = self.week.everything
        care = space.care(rule.callers for rule in rules)
        beyond = digits.union(_exactly(kind, "9" * 20) for kind in Kind)
        # Calls that must be decided as the rules say, and with them those that only `*` is sure to match: no pattern
        # can be asked to match these, but `*` must not take them by mistake.
        self.care = space.presented(presented.everyone(care, always))
        self.guarded = space.presented(presented.everyone(care | beyond, always))
        self.taken: list[Region] = []  # the calls that each rule decides
        left = presented.everyone(care | beyond, always)
        for rule, pair in zip(rules, times, strict=True):
            mask = self.week.mask(*pair)
            asked = presented.everyone(rule.callers, mask) if mask else ()
            self.taken.append(space.presented(decision.overlap(left, asked)))
            left = decision.less(left, asked)
        self.unruled = space.presented(left)
        self.goals: dict[Destination, Region] = {RING: self.unruled}
        for destination, region in zip(destinations, self.taken, strict=True):
            self.goals[destination] = decision.merge([self.goals.get(destination, ()), region])
        self.done: Region = ()  # what the exceptions found so far take
        self.steps: list[_Step] = []
        self.sources: list[tuple[tuple[Rule, ...], bool]] = []

    def plan(self) -> Plan:
        dead = tuple(rule for rule, region in zip(self.rules, self.taken, strict=True) if not region)
        troubles = tuple(self._find())
        if troubles:
            return Plan(dead=dead, troubles=troubles)
        self._prune()
        self._narrow()
        if (wrong := self._wrong(self.steps)) is not None:
            raise AssertionError(f"the list decides otherwise than the rules: {wrong}")  # a bug of this module
        self._trace()
        used = {rule for rules, _ in self.sources for rule in rules}
        idle = tuple(rule for rule in self.rules if rule not in used and rule not in dead)
        exceptions = tuple(
            ForwardingException(step.patterns, step.kind, self._hours(step.mask), step.destination, rules, rings)
            for step, (rules, rings) in zip(self.steps, self.sources, strict=True)
        )
        return Plan(exceptions, dead, idle, tuple(self._order()))

    def _find(self) -> Iterator[Trouble]:
        """Find the exceptions, and what stands in the way of others."""
        pending = [
            (destination, region)
            for destination, region in zip(self.destinations, self.taken, strict=True)
            if destination != RING
        ]
        for at, (destination, region) in enumerate(pending):
            need = self._need(region)
            if not need:
                continue
            way = self._way(need, destination)
            for other, more in pending[at + 1 :]:
                if other == destination and (extra := self._need(more)):
                    together = decision.merge([need, extra])
                    merged = self._way(together, destination)
                    if merged and self._weighs(merged) <= self._weighs(way) + self._weighs(self._way(extra, other)):
                        need, way = together, merged
            if way is None:
                yield self._trouble(need, destination)
                self.done = decision.merge([self.done, need])
                continue
            self.steps += way
            self.done = decision.merge([self.done, *(step.calls(self.limits.anonymous) for step in way)])

    def _need(self, region: Region) -> Region:
        return decision.less(decision.overlap(region, self.care), self.done)

    def _weighs(self, way: _Way | None) -> int:
        if way is None:
            return 1 << 60
        if self.limits.single:
            return sum(len(step.patterns) for step in way)
        ordered = any(step.ordered for step in way) or len({step.destination for step in way}) > 1
        return sum(len(step.patterns) + self.weight for step in way) + (_ORDER if ordered else 0)

    # -- ways to take some calls ----------------------------------------------------------------------

    def _way(self, need: Region, destination: Destination) -> _Way | None:
        """Return the best way to send some calls, not empty, to a destination, or None if there is none."""
        single = self._single(need, destination)
        ways: list[_Way] = [] if single is None else [(single,)]
        if single is None or len(single.patterns) > _ORDER:
            ways += self._carved(need, destination)
        if single is None or single.ordered:
            ways += self._apart(need, destination)
        return min(ways, key=self._weighs, default=None)

    def _single(self, need: Region, destination: Destination) -> _Step | None:
        """Return one exception that takes some calls and no wrong one."""
        found: list[_Step] = []
        for ordered in (False, True):
            kinds: set[Kind | None] = set()  # wider times forbid more: patterns get no fewer
            for kind, mask, texts, forbidden in self._shapes(need, destination, ordered=ordered):
                if kind in kinds:
                    continue
                if (made := patterns.cover(texts, forbidden, self.limits.anonymous)) is not None:
                    kinds.add(kind)
                    found.append(_Step(made, kind, mask, destination, ordered))
            if any(len(step.patterns) <= _ORDER for step in found):
                break
        return min(found, key=lambda step: self._weighs((step,)), default=None)

    def _shapes(
        self, need: Region, destination: Destination, *, ordered: bool
    ) -> Iterator[tuple[Kind | None, int, Texts, Texts]]:
        """Yield kind and times that an exception may have, with the texts it must match and those it must not."""
        allowed = self.goals[destination]
        if ordered:
            allowed = decision.merge([allowed, self.done])
        times = self.week.wider(_times(need))
        for mask in reversed(times) if destination == RING else times:
            wrong = decision.less(presented.masked(self.guarded, mask), allowed)
            for kind in self._kinds(need):
                texts = presented.plain(need)
                forbidden = presented.plain(wrong if kind is None else presented.of_kind(wrong, kind))
                yield kind, mask, texts, forbidden

    def _kinds(self, need: Region) -> tuple[Kind | None, ...]:
        """Return the kinds that an exception for some calls may be for."""
        if not self.limits.kinds:
            return (None,)
        return (None, *(kind for kind in Kind if len(presented.of_kind(need, kind)) == len(need)))

    def _carved(self, need: Region, destination: Destination) -> list[_Way]:
        """Return ways with exceptions of other destinations before the one for some calls."""
        found: list[_Way] = []
        for kind, mask, texts, forbidden in self._shapes(need, destination, ordered=True):
            # Texts that are wrong at some of the times only are carved out at those.
            made = patterns.carve(presented.without(texts, forbidden), forbidden, self.limits.anonymous)
            if made is None:
                continue
            last = _Step(made.patterns, kind, mask, destination, ordered=True)
            calls = last.calls(self.limits.anonymous)
            if decision.less(need, calls):
                continue
            wrong = decision.less(
                decision.overlap(calls, self.guarded), decision.merge([self.goals[destination], self.done])
            )
            before = []
            for other, region in self.goals.items():
                if part := decision.overlap(wrong, region):
                    before.append(self._single(part, other))
            steps = [step for step in before if step is not None]
            if len(steps) == len(before):
                found.append((*steps, last))
        return found

    def _apart(self, need: Region, destination: Destination) -> list[_Way]:
        """Return ways with several exceptions: a kind, or a group of callers with the same times, each."""
        parts = [part for kind in Kind if (part := presented.of_kind(need, kind))] if self.limits.kinds else []
        if len(parts) < 2:
            masks = dict.fromkeys(mask for _, _, mask in need)
            parts = [tuple(cell for cell in need if cell[2] == mask) for mask in masks]
        if len(parts) == 1:
            pieces = self.week.parts(_times(need))
            parts = [tuple((low, high, piece) for low, high, _ in need) for piece in pieces]
            said = 0
            for piece in pieces:
                said |= piece
            if said != _times(need) or len(parts) == 1:
                return []
        if len(parts) > _FEW:
            return []
        ways = [self._way(part, destination) for part in parts]
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
        calls = [decision.overlap(step.calls(self.limits.anonymous), self.guarded) for step in self.steps]
        for second in range(len(calls)):
            for first in range(second):
                apart = self.steps[first].destination != self.steps[second].destination
                if apart and decision.overlap(calls[first], calls[second]):
                    yield first, second

    def _trouble(self, need: Region, destination: Destination) -> Trouble:
        """Return why calls cannot be sent to a destination: the first limit without which they could."""
        rules = tuple(
            rule
            for rule, other, region in zip(self.rules, self.destinations, self.taken, strict=True)
            if other == destination and decision.overlap(region, need)
        )
        limits = self.limits
        for why, less in (
            ("anonymous", replace(limits, anonymous=limits.anonymous or "anonymous")),
            ("kinds", replace(limits, kinds=True)),
        ):
            self.limits = less
            if less != limits and self._way(need, destination) is not None:
                self.limits = limits
                return Trouble(why, self._blamed(why, rules))
        self.limits = limits
        unsaid = any(self.week.hours(mask) is None for _, _, mask in need)
        return Trouble("hours" if unsaid else "patterns", rules)

    def _blamed(self, why: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Return the rules that tell apart what cannot be: among those in trouble, or else among all."""

        def tells_apart(rule: Rule) -> bool:
            if why == "kinds":
                return not rule.callers.is_kind_blind
            return bool(rule.callers & digits.ANONYMOUS)

        return (
            tuple(rule for rule in rules if tells_apart(rule))
            or tuple(rule for rule in self.rules if tells_apart(rule))
            or rules
        )

    def _prune(self) -> None:
        """Leave out what the exceptions around it already do."""
        for at in range(len(self.steps) - 1, -1, -1):
            without = self.steps[:at] + self.steps[at + 1 :]
            if self._wrong(without) is None:
                self.steps = without

    def _narrow(self) -> None:
        """Make patterns no wider than what they are there for."""
        seen: Region = ()
        narrowed = []
        for step in self.steps:
            new = decision.less(decision.overlap(step.calls(self.limits.anonymous), self.guarded), seen)
            kept = patterns.narrowed(step.patterns, presented.plain(new), self.limits.anonymous)
            narrowed.append(replace(step, patterns=kept))
            seen = decision.merge([seen, narrowed[-1].calls(self.limits.anonymous)])
        self.steps = narrowed

    def _wrong(self, steps: Sequence[_Step]) -> Region | None:
        """Return calls that a list sends elsewhere than the rules do, if there are any."""
        seen: Region = ()
        for step in steps:
            calls = step.calls(self.limits.anonymous)
            new = decision.less(decision.overlap(calls, self.guarded), seen)
            if wrong := decision.less(new, self.goals[step.destination]):
                return wrong
            seen = decision.merge([seen, calls])
        return decision.less(decision.less(self.care, seen), self.goals[RING]) or None

    def _trace(self) -> None:
        """Find which rules each exception takes its calls from."""
        seen: Region = ()
        for step in self.steps:
            calls = step.calls(self.limits.anonymous)
            new = decision.less(decision.overlap(calls, self.guarded), seen)
            rules = tuple(
                rule
                for rule, destination, region in zip(self.rules, self.destinations, self.taken, strict=True)
                if destination == step.destination and decision.overlap(region, new)
            )
            self.sources.append((rules, bool(decision.overlap(self.unruled, new))))
            seen = decision.merge([seen, calls])


def _times(region: Region) -> int:
    found = 0
    for _, _, mask in region:
        found |= mask
    return found


def _exactly(kind: Kind, number: str) -> digits.NumberSet:
    rank = digits.rank(Caller(kind, number))
    return digits.from_intervals([(rank, rank + 1)])
