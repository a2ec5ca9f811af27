"""A policy in, its decision model out: which rule decides each call, and where it ends however often it is forwarded.

The model is exact and canonical: each extension has one `Table` (the rule that decides) and one `Outcomes` (where the
call ends), and every question about a policy is put to them. They are made when first asked for. `evaluate` says the
same of one call, and shares nothing with this module; tests hold the two to each other.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from functools import cached_property, partial
from typing import NamedTuple
from weakref import WeakValueDictionary

from policyc import decision, digits, graph, schedule
from policyc.decision import Diagram, PromiseTimes, Region, Row, Table, joined_cells
from policyc.digits import NumberSet
from policyc.model import (
    Busy,
    External,
    Forward,
    Mailbox,
    NamedPeriod,
    Policy,
    Promise,
    Ring,
    Rule,
    TimeClause,
    ToSystem,
)
from policyc.schedule import Partition


class Ending(NamedTuple):
    """Where a call ends. `kind` is ring, voicemail, external, rebound, system, busy, or loop: it never does.

    `extension` or `number` says which; a rebound has both, and busy neither: it is the same wherever it is heard. Of a
    loop, `extension` is the lowest of its knot.
    """

    kind: str
    extension: str | None = None
    number: str | None = None


class _Onward(NamedTuple):
    """Not an end: the call goes on to another extension, which is yet to be followed."""

    extension: str


_Way = Ending | _Onward
Leaf = tuple[tuple[int, Ending], ...]
"""Classes of time, and where calls end then: disjoint masks in order of their lowest class, together everything."""
Outcomes = Diagram[Leaf]
_Leaf = tuple[tuple[int, _Way], ...]
_Ways = Diagram[_Leaf]


_MOST_SHARED = 16
"""Of how many sets of rules it is kept at which ranks who holds changes: each extension may have its own."""


class DecisionModel:
    """What a policy decides."""

    @staticmethod
    def of(policy: Policy) -> "DecisionModel":
        """Return the model of a policy: the one that is held already, with all that it worked out, or a new one."""
        model = _models.get(id(policy))
        return DecisionModel(policy) if model is None or model.policy is not policy else model

    def __init__(self, policy: Policy) -> None:
        """Take a policy; nothing is worked out before it is asked for."""
        self.policy = policy
        _models[id(policy)] = self
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._forwards: dict[str, tuple[str, ...]] = {}
        self._tables: dict[tuple[Partition, tuple[Rule, ...]], Table] = {}
        self._at: dict[str, Table] = {}
        self._shared: dict[tuple[object, ...], decision.Turns] = {}  # by the rules, and how many stand among them
        self._ways: dict[str, _Ways] = {}
        self._leaves: dict[_Leaf, _Leaf] = {}  # alike leaves are one object
        self._parts: dict[tuple[int, _Way], tuple[int, _Way]] = {}  # and so are their parts
        self._endings: dict[Ending, Ending] = {}
        self._times: dict[tuple[Partition, tuple[TimeClause, ...], date | None], PromiseTimes] = {}

    @property
    def numbers(self) -> AbstractSet[str]:
        """The numbers of all extensions, which may call."""
        return self.policy.extensions.keys()

    def rules(self, extension: str) -> tuple[Rule, ...]:
        """Return the rules that hold for an extension, in the order they are tried."""
        if extension not in self._rules:
            self._rules[extension] = self.policy.rules_for(extension)
        return self._rules[extension]

    def forwards(self, extension: str) -> tuple[str, ...]:
        """Return the extensions that the rules of one may forward to, sorted."""
        if extension not in self._forwards:
            to = {one.extension for rule in self.rules(extension) if isinstance(one := rule.destination, Forward)}
            self._forwards[extension] = tuple(sorted(to & self.policy.extensions.keys()))
        return self._forwards[extension]

    @cached_property
    def _partitions(self) -> Mapping[str, Partition]:
        """The classes of time of each extension: those that it and all that forwarding joins it with tell apart.

        So what one extension decides can be followed into another. Companies that share a policy but no call have
        classes of their own: their hours do not multiply.
        """
        joined = _Groups(self.policy.extensions)
        for extension in self.policy.extensions:
            for other in self.forwards(extension):
                joined.join(extension, other)
        spoken: dict[str, dict[NamedPeriod | date, None]] = {}  # of what rules speak: to hash periods takes longer
        for extension in self.policy.extensions:
            found = spoken.setdefault(joined.of(extension), {})
            for rule in self.rules(extension):
                for clause in rule.times:
                    found[clause.named] = None
                if rule.until is not None:
                    found[rule.until] = None
        periods = {
            group: dict.fromkeys(one.period if isinstance(one, NamedPeriod) else schedule.until(one) for one in found)
            for group, found in spoken.items()
        }
        order = {period: at for at, period in enumerate(dict.fromkeys(one.period for one in self.policy.periods))}
        partitions = {
            group: schedule.partition(
                self.policy.zone, sorted(found, key=lambda period: (order.get(period, len(order)), period.dates))
            )
            for group, found in periods.items()
        }
        return {extension: partitions[joined.of(extension)] for extension in self.policy.extensions}

    def partition(self, extension: str) -> Partition:
        """Return the classes of time that the table and the outcomes of an extension speak of."""
        return self._partitions[extension]

    def table(self, extension: str) -> Table:
        """Return which rule decides at an extension. Extensions that have the same rules share one table."""
        if extension not in self._at:
            turns = partial(self._turns, extension)
            self._at[extension] = self.table_of(self.partition(extension), self.rules(extension), turns)
        return self._at[extension]

    def _turns(self, extension: str) -> decision.Turns:
        """Return at which ranks who holds changes; what rules that many extensions have do to it is worked out once."""
        first, own, rest = self.policy.layers(extension)
        key = first, len(own), rest
        if key not in self._shared:
            if len(self._shared) == _MOST_SHARED:
                self._shared.clear()
            before = len(first) + len(own)
            turns = decision.turned(dict.fromkeys(digits.EVERYONE.ends, 1 << before + len(rest)), first)
            self._shared[key] = dict(sorted(decision.turned(turns, rest, before).items()))
        return decision.turned(self._shared[key].copy(), own, len(first))

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables of all extensions, each once."""
        return tuple({id(table): table for table in map(self.table, self.policy.extensions)}.values())

    @cached_property
    def deciding(self) -> frozenset[Rule]:
        """The rules that decide some call, to some extension."""
        return frozenset(rule for table in self.tables for rule in table.deciding)

    @cached_property
    def scopes(self) -> Mapping[Rule, list[str]]:
        """The extensions that each rule holds for; none that holds for nobody."""
        scopes: dict[Rule, list[str]] = {}
        for extension in self.policy.extensions:
            for rule in self.rules(extension):
                scopes.setdefault(rule, []).append(extension)
        return scopes

    def times(self, extension: str, promise: Promise) -> PromiseTimes:
        """Return the times of a promise in the classes of an extension."""
        key = self.partition(extension), promise.times, promise.until
        if key not in self._times:
            self._times[key] = PromiseTimes.of(key[0], promise)
        return self._times[key]

    def table_of(
        self, partition: Partition, rules: tuple[Rule, ...], turns: Callable[[], decision.Turns | None] = lambda: None
    ) -> Table:
        """Return the table of some rules; `turns` tells, if anything does more quickly, where who holds changes."""
        key = partition, rules
        if key not in self._tables:
            self._tables[key] = decision.lower(partition, rules, turns())
        return self._tables[key]

    def outcomes(self, extension: str) -> Outcomes:
        """Return where calls to an extension end."""
        if extension not in self._ways:
            for group in graph.components([extension], self.forwards, self._ways.__contains__):
                self._follow(group)
        return self._ways[extension]  # type: ignore[return-value]  # nothing goes onward any more

    def endings(self, extension: str, rule: Rule, callers: NumberSet) -> Iterator[tuple[int, int, Leaf]]:
        """Yield where calls of some callers to an extension end if this rule decides there, whichever really does."""
        way = self._way(extension, rule)
        if isinstance(way, _Onward):
            yield from self.outcomes(way.extension).within(callers)
        else:
            leaf: Leaf = self._leaf([(self.partition(extension).everything, way)])  # type: ignore[assignment]  # an ending
            yield from ((low, high, leaf) for low, high in callers.intervals)

    def differing(self, extension: str, one: Rule, other: Rule, cell: tuple[int, int, int]) -> Region:
        """Return the calls of a cell that one rule of an extension would end otherwise than another one."""
        low, high, mask = cell
        callers = digits.from_ends((low, high))
        found = []
        others = list(self.endings(extension, other, callers))
        for start, end, leaf in self.endings(extension, one, callers):
            for from_, to, ends in others:
                bounds = max(start, from_), min(end, to)
                if bounds[0] < bounds[1] and leaf is not ends:
                    unlike = sum(taken & also for taken, way in leaf for also, to_ in ends if way is not to_)
                    if unlike & mask:
                        found.append((*bounds, unlike & mask))
        return tuple(found)

    def knots(self) -> Iterator[list[str]]:
        """Yield the groups of extensions that may forward to one another in a circle, in order of their numbers."""
        found = graph.components(self.policy.extensions, self.forwards)
        yield from sorted(group for group in found if graph.is_circle(group, self.forwards))

    def looping(self, extension: str, knot: str) -> Region:
        """Return the calls to an extension that go round for ever in a knot, named by the lowest of its extensions."""
        return tuple(
            (low, high, mask)
            for low, high, leaf in self.outcomes(extension).cells
            for mask, end in leaf
            if end.kind == "loop" and end.extension == knot
        )

    # -- following calls --------------------------------------------------------------------------

    def _follow(self, group: list[str]) -> None:
        """Work out the outcomes of extensions that forward to one another, and to others that are known."""
        ways = {}
        for extension in group:
            known = {to: self._ways[to] for to in self.forwards(extension) if to in self._ways}
            ways[extension] = self._onward(self._direct(extension), known)
        if graph.is_circle(group, self.forwards):
            # Following each call two steps, then four, then eight: one that is still on its way after as many steps as
            # there are extensions never ends.
            steps = 1
            while steps <= len(group) and any(map(_goes_on, ways.values())):
                ways = {extension: self._onward(way, ways) for extension, way in ways.items()}
                steps *= 2
            ways = {extension: self._ended(way, group[0]) for extension, way in ways.items()}
        self._ways.update(ways)

    def _direct(self, extension: str) -> _Ways:
        """Return where the rules of an extension send calls, none followed any further."""
        table = self.table(extension)
        ring = self._ending(Ending("ring", extension))
        ways = {rule: self._way(extension, rule) for rule in self.rules(extension)}
        leaves: dict[Row | None, _Leaf | None] = {None: None}
        for row in table.different:
            leaves[row] = self._leaf([*((choice.taken, ways[choice.rule]) for choice in row.choices), (row.left, ring)])
        return Diagram(table.partition, *joined_cells(table.starts, map(leaves.__getitem__, table.rows)))

    def _way(self, extension: str, rule: Rule) -> _Way:
        own = self.policy.extensions[extension]
        match rule.destination:
            case Forward(extension=to) if to in self.policy.extensions:
                return _Onward(to)
            case Forward(extension=number) | ToSystem(number=number):
                found = Ending("system", number)
            case Ring():
                found = Ending("ring", extension)
            case Mailbox(extension=other):
                found = Ending("voicemail", other or extension)
            case External(number=number, rebound=rebound):
                called = number or own.mobile
                found = Ending("rebound", extension, called) if rebound else Ending("external", None, called)
            case Busy():
                found = Ending("busy")
        return self._ending(found)

    def _onward(self, ways: _Ways, known: Mapping[str, _Ways]) -> _Ways:
        """Return ways with each call that goes on to a known extension followed there."""
        leads: dict[int, list[str]] = {}  # by the identity of leaves
        for leaf in ways.different:
            to = [way.extension for _, way in leaf if isinstance(way, _Onward) and way.extension in known]
            if to:
                leads[id(leaf)] = to
        if not leads:
            return ways
        starts: list[int] = []
        rows: list[_Leaf | None] = []
        memo: dict[tuple[int, ...], _Leaf] = {}
        done = 0
        for index, row in enumerate(ways.rows):
            if row is None or id(row) not in leads:
                continue
            starts += ways.starts[done:index]
            rows += ways.rows[done:index]
            done = index + 1
            low, high = ways.starts[index], ways.starts[done] if done < len(ways.starts) else digits.END
            to = leads[id(row)]
            diagrams = [known[one] for one in to]
            cuts = {low}
            for one in diagrams:
                cuts.update(one.starts[bisect_right(one.starts, low) : bisect_left(one.starts, high)])
            for cut in sorted(cuts):
                behind = [one.at(cut) or () for one in diagrams]
                key = (id(row), *map(id, behind))
                if key not in memo:
                    memo[key] = self._replaced(row, dict(zip(to, behind, strict=True)))
                starts.append(cut)
                rows.append(memo[key])
        starts += ways.starts[done:]
        rows += ways.rows[done:]
        return Diagram(ways.partition, *joined_cells(starts, rows))

    def _replaced(self, leaf: _Leaf, behind: Mapping[str, _Leaf]) -> _Leaf:
        found: list[tuple[int, _Way]] = []
        for mask, way in leaf:
            if isinstance(way, _Onward) and way.extension in behind:
                found += ((mask & inner, end) for inner, end in behind[way.extension])
            else:
                found.append((mask, way))
        return self._leaf(found)

    def _ended(self, ways: _Ways, knot: str) -> _Ways:
        """Return ways with every call that still goes on lost in a loop."""
        loop = self._ending(Ending("loop", knot))
        leaves: dict[_Leaf | None, _Leaf | None] = {None: None}
        for leaf in ways.different:
            leaves[leaf] = self._leaf((mask, loop if isinstance(way, _Onward) else way) for mask, way in leaf)
        return Diagram(ways.partition, *joined_cells(ways.starts, map(leaves.__getitem__, ways.rows)))

    # -- one form for what is alike ---------------------------------------------------------------

    def _ending(self, ending: Ending) -> Ending:
        return self._endings.setdefault(ending, ending)

    def _leaf(self, parts: Iterable[tuple[int, _Way]]) -> _Leaf:
        masks: dict[_Way, int] = {}
        for mask, way in parts:
            if mask:
                masks[way] = masks.get(way, 0) | mask
        found = [self._parts.setdefault(part, part) for part in zip(masks.values(), masks, strict=True)]
        if len(found) > 1:
            found.sort(key=lambda part: part[0] & -part[0])
        leaf = tuple(found)
        return self._leaves.setdefault(leaf, leaf)


_models: WeakValueDictionary[int, DecisionModel] = WeakValueDictionary()  # by the identity of policies, which they hold


def _goes_on(ways: _Ways) -> bool:
    return any(isinstance(way, _Onward) for leaf in ways.different for _, way in leaf)


class _Groups:
    """Which nodes are joined, directly or through others."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self._parent = {node: node for node in nodes}

    def of(self, node: str) -> str:
        """Return the node that stands for all that a node is joined with."""
        parent = self._parent
        while (above := parent[node]) != node:
            parent[node] = parent[above]
            node = above
        return node

    def join(self, one: str, other: str) -> None:
        """Join two nodes and all that they are joined with."""
        self._parent[self.of(one)] = self.of(other)
