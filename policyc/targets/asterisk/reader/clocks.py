"""The instants of calls: classes of a partition that grows with each question, or one instant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policyc.schedule import Partition, Period, partition

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from policyc.targets.asterisk.reader.call import Call


class ClockAsked(Exception):  # noqa: N818  a question
    """A call is at instants both inside of a period and outside of it: these classes."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__(inside, outside)
        self.inside, self.outside = inside, outside


@dataclass(slots=True)
class AnyTime:
    """The classes of instants that what was asked so far tells apart: each new question makes a finer partition."""

    zone: ZoneInfo
    periods: list[Period]
    partition: Partition = field(init=False)
    _finer: list[tuple[int, ...]] = field(default_factory=list)  # of each class of a version, those of the next

    def __post_init__(self) -> None:
        self.partition = partition(self.zone, self.periods)

    @property
    def version(self) -> int:
        """How often the partition was made finer."""
        return len(self._finer)

    def start(self, call: Call) -> Call:
        """Return a call at all instants."""
        return replace(call, instants=self.partition.everything, version=self.version)

    def mask(self, call: Call) -> int:
        """Return the instants of a call as classes of today's partition."""
        while call.version < len(self._finer):
            finer = self._finer[call.version]
            call.instants = sum(classes for number, classes in enumerate(finer) if call.instants >> number & 1)
            call.version += 1
        return call.instants

    def during(self, call: Call, period: Period) -> bool:
        """Tell whether a call is in a period. Raises ClockAsked where it is both."""
        if period not in self.partition.periods:
            self._refine(period)
        mask, inside = self.mask(call), self.partition.mask(period)
        if not mask & inside:
            return False
        if not mask & ~inside:
            return True
        raise ClockAsked(mask & inside, mask & ~inside)

    def _refine(self, period: Period) -> None:
        before = self.partition
        self.periods.append(period)
        self.partition = after = partition(self.zone, self.periods)
        masks = [(before.mask(one), after.mask(one)) for one in before.periods]
        finer = []
        for number in range(before.count):
            classes = after.everything
            for old, new in masks:
                classes &= new if old >> number & 1 else ~new
            finer.append(classes)
        self._finer.append(tuple(finer))


@dataclass(frozen=True, slots=True)
class AtInstant:
    """One instant, at which each period holds or does not."""

    local: datetime
    version: int = 0

    def start(self, call: Call) -> Call:
        """Return the call: it is at that instant."""
        return call

    def mask(self, _: Call) -> int:
        """Return no classes: there are none."""
        return 0

    def during(self, _: Call, period: Period) -> bool:
        """Tell whether the instant is in a period."""
        return period.holds(self.local)
