"""A file for 3CX held to a policy for every caller of every shape: what the driver of proofs does, but plainly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policyc import schedule
from policyc.outcomes import DecisionModel
from policyc.proof.shapes import Shape, shapes
from policyc.targets.threecx import proof

if TYPE_CHECKING:
    from policyc.model import Policy
    from policyc.schedule import Period
    from policyc.targets.threecx.reader.plans import Plan


@dataclass(frozen=True)
class Wrong:
    """Numbers of a shape, from one until before another, that call an extension, and what is found otherwise."""

    called: str
    shape: Shape
    low: int
    high: int
    at: str
    found: object
    expected: object

    def __str__(self) -> str:
        first, last = self.shape.presented(self.low), self.shape.presented(self.high - 1)
        kind = "internal" if self.shape.calls.internal else "external"
        return f"{kind} {first}..{last} to {self.called} {self.at}: {self.found}, not {self.expected}"


def wrong(policy: Policy, settings, text: str, count: list[int] | None = None) -> Iterator[Wrong]:
    """Yield where a file does otherwise than a policy says. `count` is told how many numbers were compared."""
    reading = proof.read({proof.FILES[0]: text}, policy, settings)
    model = DecisionModel(policy)
    every = shapes(frozenset(settings["presentations"]))
    every = [one for one in every if proof.listed(settings, one.calls)]
    for called in policy.extensions:
        who = proof.counted(policy, settings, called)
        for shape, found in zip(every, reading.found(called, [one.calls for one in every]), strict=True):
            checked(found, shape)
            yield from differing(policy, settings, model, called, shape.of(who), found, count)


def checked(found, shape):
    """Check that a diagram is one."""
    assert found.starts[0] == 0
    assert list(found.starts) == sorted(set(found.starts))
    assert found.starts[-1] < shape.calls.size
    assert len(found.starts) == len(found.plans)


def differing(policy, settings, model, called, shape, found, count=None):
    """Yield the numbers of a shape for which something is found otherwise than a policy says."""
    outcomes = model.outcomes(called)
    verdicts = {}
    ends = (*found.starts[1:], shape.calls.size)
    for first, last in proof.listed(settings, shape.calls):
        for start, end, plan in zip(found.starts, ends, found.plans, strict=True):
            for piece in shape.pieces:
                low, high = max(first, start, piece.low), min(last, end, piece.high)
                if low >= high:
                    continue
                if count is not None:
                    count[0] += high - low
                ranks = (piece.rank, piece.rank + 1)
                if not shape.anonymous:
                    ranks = (piece.rank + low - piece.low, piece.rank + high - piece.low)
                for one, other, leaf in outcomes.between(*ranks):
                    key = id(plan), id(leaf)
                    if key not in verdicts:
                        verdicts[key] = verdict(policy, settings, outcomes.partition, plan, leaf, shape.calls)
                    if verdicts[key]:
                        away = 0 if shape.anonymous else piece.low - piece.rank
                        where = (low, high) if shape.anonymous else (one + away, other + away)
                        yield Wrong(called, shape, *where, *verdicts[key])


def verdict(policy, settings, partition, plan, leaf, calls):
    """Return at which instant a plan is not what a leaf says: that, the plan, and what it should be; or None."""
    finer = schedule.partition(policy.zone, (*partition.periods, *asked(plan)))
    for number in range(finer.count):
        instant = finer.witness(1 << number)
        at = 1 << partition.class_of(instant)
        ending = next(ending for mask, ending in leaf if mask & at)
        there = at_instant(plan, instant.replace(tzinfo=None))
        expected = proof.expected(policy, settings, ending, calls)
        if proof.normal(there) != expected:
            return f"{instant:%a %F %R}", there, expected
    return None


def asked(plan: Plan) -> Iterator[Period]:
    if plan.then is not None:
        yield plan.then.asked
        yield from asked(plan.then.yes)
        yield from asked(plan.then.no)


def at_instant(plan: Plan, local) -> Plan:
    """Return what is left of a plan at an instant."""
    while plan.then is not None:
        plan = plan.then.yes if plan.then.asked.holds(local) else plan.then.no
    return plan
