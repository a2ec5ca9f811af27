"""The rules of an extension in, the list of exceptions that decides alike out.

What the list must do is one function: (text presented, kind, time) → destination, where no rule means that the
extension rings. Exceptions are found from the first rule to the last. Each may take, besides the calls it is for:

- calls with the same destination: that is how rules are merged;
- texts that no trunk presents (`presented.Space`);
- calls that an exception before it has taken, and then its place in the list matters.

Where patterns would have to leave out much (`06* sauf 0612345678`), the calls left out go first, as exceptions of their
own (`ways`). Every list is checked against the function before it is returned.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policyc.digits import Caller, Kind
from policyc.model import Destination, Rule
from policyc.targets.threecx import ways
from policyc.targets.threecx.calls import KINDS, Calls
from policyc.targets.threecx.goal import RING, Goal
from policyc.targets.threecx.patterns import Search
from policyc.targets.threecx.times import Hours
from policyc.targets.threecx.ways import Limits, Step, Ways
from policyc.values import value


@value(eq=False)
class ForwardingException:
    """Who it is for, when, and where it sends them. `kind` None is all calls.

    `rules` are those whose calls it takes; with `rings` it also takes calls that no rule does.
    """

    patterns: tuple[str, ...]
    kind: Kind | None
    hours: Hours
    destination: Destination
    rules: tuple[Rule, ...]
    rings: bool


@value()
class Trouble:
    """Rules that no list can say, and why: `anonymous`, `kinds`, `hours` or `patterns`."""

    why: str
    rules: tuple[Rule, ...]


@value()
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


def plan(aim: Goal, limits: Limits, *, refused: bool = False) -> Plan:
    """Return the list that does what some rules do. Raises `PartError` if the tree of the goal must be fine for it.

    Where a policy is `refused` anyway, a list without trouble that is not too long is left empty.
    """
    search = Search(aim.columns.tree, limits.anonymous)
    found = _Planner(aim, limits, ways.EXCEPTION, search)
    if troubles := tuple(found.find()):
        return Plan(dead=found.dead, troubles=troubles)
    if not limits.single and len(found.steps) > limits.most:
        fewer = _Planner(aim, limits, ways.TOO_MANY, search)
        if troubles := tuple(fewer.find()):
            return Plan(dead=found.dead, troubles=troubles)
        if len(fewer.steps) < len(found.steps):
            found = fewer
    if refused and not limits.single and len(found.steps) <= limits.most:
        return Plan(dead=found.dead)
    return found.plan()


class _Planner:
    """Finds one list. `weight`: what an exception weighs; `search` is for the texts of the aim, and these limits."""

    def __init__(self, aim: Goal, limits: Limits, weight: int, search: Search) -> None:
        self.aim = aim
        self.columns = aim.columns
        self.week = aim.week
        self.limits = limits
        self.weight = weight
        self.search = search
        self.done: Calls = 0  # what the exceptions found so far take
        self.steps: list[Step] = []
        self.rules: list[list[tuple[Rule, Calls]]] = [[] for _ in aim.destinations]  # by where they send their calls
        for rule, place, taken in zip(aim.rules, aim.places, aim.taken, strict=True):
            self.rules[place].append((rule, taken))
        self.dead = tuple(rule for rule, calls in zip(aim.rules, aim.taken, strict=True) if not calls)

    def find(self) -> Iterator[Trouble]:
        """Find the exceptions, from the first rule to the last, and yield what stands in the way of a list."""
        found = Ways(self.aim, self.limits, self.weight, self.search)
        taken = zip(self.aim.places, self.aim.taken, strict=True)
        pending = [(place, calls) for place, calls in taken if place != RING]
        for at, (destination, calls) in enumerate(pending):
            need = self._left(calls, found.done)
            if not need:
                continue
            alike = [calls for other, calls in pending[at + 1 :] if other == destination]
            for calls_of_other in alike:
                extra = self._left(calls_of_other, found.done)
                if extra and found.go_together(need, extra, destination):
                    need |= extra
            way = found.way(need, destination)
            if way is None:
                yield self._trouble(need, destination, found.done)
                found.take(need)
                continue
            for step in found.in_order(way):
                self.steps.append(step)
                found.take(step.calls)
        self._prune()

    def _left(self, calls: Calls, done: Calls) -> Calls:
        return calls & self.aim.care & ~done

    def plan(self) -> Plan:
        """Return the list of the exceptions that were found."""
        self._write()
        self._check()
        exceptions = tuple(self._exceptions())
        used = {rule for one in exceptions for rule in one.rules}
        idle = tuple(rule for rule in self.aim.rules if rule not in used and rule not in self.dead)
        return Plan(exceptions, self.dead, idle, tuple(self._order()))

    # -- what is told and checked ---------------------------------------------------------------------

    def _exceptions(self) -> Iterator[ForwardingException]:
        """Yield the exceptions, with the rules that each takes its calls from."""
        seen: Calls = 0
        for step in self.steps:
            new = step.calls & self.aim.guarded & ~seen
            hours = self.week.hours(step.shape.mask)
            if hours is None:
                raise AssertionError(f"times that no hours say: {step.shape.mask:b}")
            yield ForwardingException(
                tuple([text for text, _, _ in step.patterns]),
                KINDS[step.shape.kind],
                hours,
                self.aim.destinations[step.destination],
                self._rules_of(new, step.destination),
                bool(self.aim.unruled & new),
            )
            seen |= step.calls

    def _order(self) -> Iterator[tuple[int, int]]:
        """Yield the pairs of exceptions that would decide otherwise the other way round."""
        calls = [step.calls & self.aim.guarded for step in self.steps]
        for second in range(len(calls)):
            for first in range(second):
                apart = self.steps[first].destination != self.steps[second].destination
                if apart and calls[first] & calls[second]:
                    yield first, second

    def _trouble(self, need: Calls, destination: int, done: Calls) -> Trouble:
        """Return why calls cannot be sent to a destination: the first limit without which they could."""
        rules = self._rules_of(need, destination)
        for why, less in (
            ("anonymous", replace(self.limits, anonymous=self.limits.anonymous or "anonymous")),
            ("kinds", replace(self.limits, kinds=True)),
        ):
            if less == self.limits:
                continue
            search = Search(self.columns.tree, less.anonymous)
            if Ways(self.aim, less, self.weight, search, done).way(need, destination) is not None:
                return Trouble(why, self._blamed(why, rules))
        unsaid = any(not self.week.says(mask) for mask in self.columns.by_times(need))
        return Trouble("hours" if unsaid else "patterns", rules)

    def _rules_of(self, calls: Calls, destination: int) -> tuple[Rule, ...]:
        """Return the rules that send some of the calls to a destination."""
        return tuple([rule for rule, taken in self.rules[destination] if taken & calls])

    def _blamed(self, why: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Return the rules that tell apart what cannot be: among those in trouble, or else among all."""

        def tells_apart(rule: Rule) -> bool:
            if why == "kinds":
                return not rule.callers.is_kind_blind
            return any(Caller(kind, None) in rule.callers for kind in Kind)

        return (
            tuple(rule for rule in rules if tells_apart(rule))
            or tuple(rule for rule in self.aim.rules if tells_apart(rule))
            or rules
        )

    def _prune(self) -> None:
        """Leave out what the exceptions around it already do."""
        news: list[Calls] = []  # what each exception takes that none before it does
        seen: Calls = 0
        for step in self.steps:
            news.append(step.calls & self.aim.guarded & ~seen)
            seen |= step.calls
        kept: list[Step] = []  # from the last to the first
        for step, new in zip(reversed(self.steps), reversed(news), strict=True):
            if self._wrong_without(new, reversed(kept)):
                kept.append(step)
        self.steps = kept[::-1]

    def _wrong_without(self, calls: Calls, later: Iterable[Step]) -> Calls:
        """Return those of some calls that go elsewhere than they must if later exceptions, or none, take them."""
        for step in later:
            if wrong := calls & step.calls & ~self.aim.calls[step.destination]:
                return wrong
            calls &= ~step.calls
        return calls & self.aim.care & ~self.aim.calls[RING]

    def _write(self) -> None:
        """Make the patterns no wider than what they are there for."""
        seen: Calls = 0
        for at, step in enumerate(self.steps):
            patterns = self.search.narrowed(step.patterns, self.columns.texts(step.calls & self.aim.guarded & ~seen))
            if patterns is not step.patterns:
                self.steps[at] = step.taking(self.columns, patterns)
            seen |= self.steps[at].calls

    def _check(self) -> None:
        """Raise AssertionError if the list, read by its patterns as they are written, decides otherwise than the rules.

        That would be a bug of this module.
        """
        seen: Calls = 0
        wrong: Calls = 0
        for step in self.steps:
            texts = [text for text, _, _ in step.patterns]
            matched = self.columns.tree.matched(texts, self.limits.anonymous)
            calls = self.columns.of(matched, step.shape.kind, step.shape.mask)
            wrong |= calls & self.aim.guarded & ~seen & ~self.aim.calls[step.destination]
            seen |= calls
        wrong |= self.aim.care & ~seen & ~self.aim.calls[RING]
        if wrong:
            raise AssertionError(f"the list decides otherwise than the rules: {self.aim.shown(wrong)}")
