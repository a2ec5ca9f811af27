"""A policy in; for each of its rules, the callers that its tests and guarantees reach out, counted exactly.

A test calls from one number, but every caller whom the rules of an extension treat alike at all times is as good as
that one: a test reaches the whole row of the decision table. A guarantee that says what calls give reaches the callers
that it names; one that says what they never give does not tell what becomes of them, and reaches nobody. Both reach the
rules that decide on the way, at every extension that forwards the call.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from policyc import decision, digits, graph
from policyc.decision import Region, Table
from policyc.digits import Caller, NumberSet
from policyc.model import ExpectedCall, Forward, Promise, Rule
from policyc.outcomes import DecisionModel


@dataclass(frozen=True)
class RuleCoverage:
    """The callers that a rule decides for at some time, and those of them that a test or a guarantee reaches."""

    rule: Rule
    decided: NumberSet
    reached: NumberSet

    @cached_property
    def missed(self) -> int:
        """How many callers nothing reaches: a number that may call from inside and outside counts once."""
        return (self.decided - self.reached).people

    @cached_property
    def callers(self) -> int:
        """How many callers the rule decides for."""
        return self.decided.people

    @property
    def share(self) -> float:
        """What part of its callers is reached, from 0 to 1."""
        return 1 - self.missed / self.callers


@dataclass(frozen=True)
class Coverage:
    """The coverage of every rule that decides anything, in the order of the policy."""

    rules: tuple[RuleCoverage, ...]

    @property
    def percent(self) -> float:
        """The share of its callers that is reached, in the mean of all rules, in percent; 100 where there is none."""
        return 100 * sum(one.share for one in self.rules) / len(self.rules) if self.rules else 100.0


def cover(model: DecisionModel) -> Coverage:
    """Return what the tests and guarantees of a policy reach."""
    policy = model.policy
    reached: dict[Rule, list[NumberSet]] = {}
    for test in policy.tests:
        for call in test.calls:
            for rule, callers in _of_call(model, call):
                reached.setdefault(rule, []).append(callers)
    for guarantee in policy.guarantees:
        for promise in guarantee.promises:
            if not promise.never:
                for rule, callers in _of_promise(model, promise):
                    reached.setdefault(rule, []).append(callers)
    decided = _decided(model)
    return Coverage(
        tuple(
            RuleCoverage(rule, decided[rule], decided[rule] & digits.union(reached.get(rule, ())))
            for rule in policy.rules
            if rule in decided
        )
    )


def _decided(model: DecisionModel) -> dict[Rule, NumberSet]:
    """Return the callers of the universe that each rule decides for at some time, at some extension."""
    found: dict[Rule, list[tuple[int, int]]] = {}
    for table in model.tables:
        for low, high, row in table.cells:
            for choice in row.choices:
                found.setdefault(choice.rule, []).append((low, high))
    decided = {rule: digits.from_intervals(intervals) & digits.UNIVERSE for rule, intervals in found.items()}
    return {rule: callers for rule, callers in decided.items() if callers}


def _of_call(model: DecisionModel, call: ExpectedCall) -> Iterator[tuple[Rule, NumberSet]]:
    """Yield the rules that decide a call of a test, with the callers treated like its own there."""
    partition = model.partition(call.called)
    times = partition.everything if call.local is None else 1 << partition.class_of(call.local)
    position = digits.rank(call.caller)
    for rule, table, _ in _on_the_way(model, {call.called: ((position, position + 1, times),)}):
        yield rule, _alike(table, call.caller)


def _alike(table: Table, caller: Caller) -> NumberSet:
    row = table.row(caller)
    return digits.from_intervals((low, high) for low, high, other in table.cells if other is row)


def _of_promise(model: DecisionModel, promise: Promise) -> Iterator[tuple[Rule, NumberSet]]:
    """Yield the rules that decide calls that a promise speaks of, with their callers."""
    calls: dict[str, Region] = {}
    for extension in promise.extensions:
        times = model.times(extension, promise).asked
        calls[extension] = tuple((low, high, times) for low, high in promise.callers.intervals if times)
    for rule, _, region in _on_the_way(model, calls):
        yield rule, digits.from_intervals((low, high) for low, high, _ in region)


def _on_the_way(model: DecisionModel, calls: Mapping[str, Region]) -> Iterator[tuple[Rule, Table, Region]]:
    """Yield each rule that decides some of the calls, at whichever extension they come to, with those it decides."""
    arriving = {extension: [region] for extension, region in calls.items()}
    for group in reversed(list(graph.components(sorted(calls), model.forwards))):
        followed: dict[str, Region] = {}
        while waiting := [extension for extension in group if extension in arriving]:
            for extension in waiting:
                before = followed.get(extension, ())
                new = decision.less(decision.merge(arriving.pop(extension)), before)
                followed[extension] = decision.merge((before, new))
                table = model.table(extension)
                for rule, region in _by_rule(table, new):
                    yield rule, table, region
                    if isinstance(rule.destination, Forward) and rule.destination.extension in model.policy.extensions:
                        arriving.setdefault(rule.destination.extension, []).append(region)


def _by_rule(table: Table, calls: Region) -> Iterator[tuple[Rule, Region]]:
    """Yield each rule of a table that decides some of the calls, with those it decides."""
    found: dict[Rule, list[tuple[int, int, int]]] = {}
    for low, high, asked in calls:
        for start, end, row in table.between(low, high):
            for choice in row.choices:
                if taken := choice.taken & asked:
                    found.setdefault(choice.rule, []).append((start, end, taken))
    yield from ((rule, tuple(cells)) for rule, cells in found.items())
