"""Two decision models in, the exact partition of the calls that they end otherwise out.

Both outcomes of an extension are walked side by side, at the joint classes of time: nothing is sampled. What is not in
the partition ends alike, so that an empty one is a proof that no call changes its destination.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from policyc import digits, schedule
from policyc.decision import Diagram
from policyc.digits import NumberSet
from policyc.outcomes import DecisionModel, Ending, Leaf, Outcomes
from policyc.schedule import Partition
from policyc.values import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Classes of time, which `mask` says, of those that both policies tell apart."""

    partition: Partition
    mask: int

    @property
    def always(self) -> bool:
        """Whether they are all instants."""
        return self.mask == self.partition.everything

    def hold(self, local: datetime) -> bool:
        """Tell whether an instant, local to the policy's zone, is one of them."""
        return bool(self.mask >> self.partition.class_of(local) & 1)


@dataclass(frozen=True, slots=True)
class Change:
    """Calls of some callers to an extension at some times, where they ended and where they end now."""

    extension: str
    callers: NumberSet
    times: Times
    before: Ending
    after: Ending


def changes(old: DecisionModel, new: DecisionModel, among: Iterable[str] | None = None) -> Iterator[Change]:
    """Yield the calls that end otherwise, by extension; no call is in two changes.

    `among` are the extensions to look at, if all calls to the others are known to end alike.
    A number that is an extension of one policy only is the PBX's own in the other. Where the two policies are of
    different time zones, each is asked what it does when its own clocks show an instant.
    """
    if among is None:
        among = old.policy.extensions.keys() | new.policy.extensions.keys()
    for extension in sorted(among, key=lambda one: (len(one), one)):
        yield from _changes(extension, _outcomes(old, extension), _outcomes(new, extension))


def same(old: DecisionModel, new: DecisionModel) -> bool:
    """Tell whether every call ends alike."""
    return next(changes(old, new), None) is None


def _outcomes(model: DecisionModel, extension: str) -> Outcomes:
    if extension in model.policy.extensions:
        return model.outcomes(extension)
    nothing = schedule.partition(model.policy.zone, ())
    leaf: Leaf = ((nothing.everything, Ending("system", extension)),)
    starts = tuple(dict.fromkeys((0, *digits.EVERYONE.ends)))
    inside = (bisect_right(digits.EVERYONE.ends, start) % 2 == 1 for start in starts)
    return Diagram(nothing, starts, tuple(leaf if one else None for one in inside))


def _changes(extension: str, old: Outcomes, new: Outcomes) -> Iterator[Change]:
    joint = _joint(old.partition, new.partition)
    # Where calls ended and end → at which classes → ranks of callers.
    found: dict[tuple[Ending, Ending], dict[int, list[tuple[int, int]]]] = {}
    # By the identity of leaves: each in the joint classes, and where two differ.
    mine, theirs = _translated(old, joint.old), _translated(new, joint.new)
    known: dict[tuple[int, int], list[tuple[Ending, Ending, int]]] = {}
    for low, high, before, after in _side_by_side(old, new):
        key = id(before), id(after)
        if key not in known:
            known[key] = _differing(mine[key[0]], theirs[key[1]])
        for one, other, mask in known[key]:
            found.setdefault((one, other), {}).setdefault(mask, []).append((low, high))
    for (one, other), masks in found.items():
        for mask, intervals in masks.items():
            callers = digits.from_intervals(intervals)
            yield Change(extension, callers, Times(joint.partition, mask), one, other)


def _side_by_side(old: Outcomes, new: Outcomes) -> Iterator[tuple[int, int, Leaf, Leaf]]:
    """Yield the cells that two diagrams cut together, with the leaves of both."""
    at = other = 0
    low = 0
    while low < digits.END:
        at += at + 1 < len(old.starts) and old.starts[at + 1] <= low
        other += other + 1 < len(new.starts) and new.starts[other + 1] <= low
        high = min(
            old.starts[at + 1] if at + 1 < len(old.starts) else digits.END,
            new.starts[other + 1] if other + 1 < len(new.starts) else digits.END,
        )
        before, after = old.rows[at], new.rows[other]
        if before is not None and after is not None:  # no caller is in the others
            yield low, high, before, after
        low = high


@dataclass(frozen=True, slots=True)
class _Joint:
    """The classes of time that two partitions tell apart together; of each class of either, which of these it is."""

    partition: Partition
    old: tuple[int, ...]
    new: tuple[int, ...]


def _differing(before: Leaf, after: Leaf) -> list[tuple[Ending, Ending, int]]:
    """Return where calls ended and end, if that is not alike, with the classes at which that is so."""
    pairs = ((one, other, mask & also) for mask, one in before for also, other in after if one != other)
    return [pair for pair in pairs if pair[2]]


def _translated(outcomes: Outcomes, classes: tuple[int, ...]) -> dict[int, Leaf]:
    """Return leaves, by their identity, in other classes, which are those of each of their own."""
    leaves = {id(leaf): leaf for leaf in outcomes.rows if leaf is not None}
    masks = {mask: 0 for leaf in leaves.values() for mask, _ in leaf}  # few, of many leaves
    for mask in masks:
        masks[mask] = sum(also for at, also in enumerate(classes) if mask >> at & 1)
    return {key: tuple((masks[mask], ending) for mask, ending in leaf) for key, leaf in leaves.items()}


@lru_cache(maxsize=4096)
def _joint(old: Partition, new: Partition) -> _Joint:
    joint = old if old is new else schedule.partition(new.zone, (*new.periods, *old.periods))
    instants = [joint.witness(1 << number).replace(tzinfo=None) for number in range(joint.count)]

    def within(partition: Partition) -> tuple[int, ...]:
        masks = [0] * partition.count
        for number, instant in enumerate(instants):
            masks[number if partition is joint else partition.class_of(instant)] |= 1 << number
        return tuple(masks)

    return _Joint(joint, within(old), within(new))
