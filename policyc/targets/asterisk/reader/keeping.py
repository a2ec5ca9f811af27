"""What became of calls that entered somewhere by its name, kept when all else that was found is let go of.

Where many calls come to, as an extension that others forward to, is so explored once. A row and its plans take some
kilobytes; all that was found on the way to them, ten times that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from policyc.targets.asterisk.reader.plans import Parted
from policyc.targets.asterisk.reader.questions import Memo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyc.targets.asterisk.reader.diagrams import Diagram
    from policyc.targets.asterisk.reader.finishing import Open
    from policyc.targets.asterisk.reader.plans import Event, Plan
    from policyc.targets.asterisk.reader.questions import Ask, Value

T = TypeVar("T")


class Kept(Generic[T]):
    """Rows of plans by where calls entered, and by the inputs that were looked at; and what these plans are made of."""

    def __init__(self) -> None:
        """Begin with none."""
        self.ends: dict[T, Memo[Diagram[Plan]]] = {}
        self.plans: dict[object, Plan] = {}
        self.events: dict[Event, Event] = {}

    def recall(self, start: T, ask: Ask) -> Diagram[Plan] | None:
        """Return what was found for these inputs, None if nothing was."""
        memo = self.ends.get(start)
        return None if memo is None else memo.recall(ask)

    def keep(self, start: T, bound: Mapping[str, Value], found: Diagram[Plan]) -> None:
        """Keep what was found by looking at inputs in this order."""
        self.ends.setdefault(start, Memo()).keep(bound, found)
        for plan in found.values:
            self._keep(plan)

    def _keep(self, plan: Plan) -> None:
        key = made_of(plan.events, plan.then)
        if key not in self.plans:
            self.plans[key] = plan
            self.events.update(zip(plan.events, plan.events, strict=True))
            if plan.then is not None:
                self._keep(plan.then.yes)
                self._keep(plan.then.no)


def made_of(events: tuple[Event, ...], then: Parted | Open | None) -> object:
    """Return what plans that are one are made of, by identity."""
    if isinstance(then, Parted):
        return tuple(map(id, events)), then.asked, id(then.yes), id(then.no)
    return tuple(map(id, events)), id(then)
