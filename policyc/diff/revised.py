"""A policy before and after few of its rules were changed in, its difference out, with most of both texts unread."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from policyc import graph, revision
from policyc.decision import periods_of
from policyc.diff import grouping
from policyc.diff.grouping import Difference
from policyc.graph import Leads
from policyc.model import Policy
from policyc.outcomes import DecisionModel
from policyc.revision import Revision
from policyc.schedule import Partition, Period
from policyc.source import SourceFile
from policyc.workspace import Workspace


def compare(old: Workspace, new: Workspace) -> Difference | None:
    """Return the difference of a policy on disk before and after a change, or None."""
    found = revision.of_workspaces(old, new)
    return None if found is None else _difference(found)


def difference(old: SourceFile, new: SourceFile) -> Difference | None:
    """Return the difference of two policies of one file each, or None if it takes reading all of them to tell."""
    found = revision.between(old, new)
    return None if found is None else _difference(found)


def _difference(found: Revision) -> Difference | None:
    before, after = found.before, found.after
    if any(_has_circle(side.leads) for side in (before, after)):
        return None  # only true callers tell whether calls go round in it
    affected = found.affected()
    needed, also = (graph.reached(affected, side.leads.__getitem__) for side in (before, after))
    true = found.read(before, needed).rules
    moved = found.moved(also & needed, true)
    mine = replace(before.policy, own={**before.policy.own, **true})
    others = found.read(after, also - moved.keys()).rules
    theirs = replace(after.policy, own={**after.policy.own, **moved, **others})
    earlier = DecisionModel(mine)
    is_later = before.leads == after.leads and all(
        _periods(mine, number) == _periods(theirs, number) for number in found.changed
    )
    later = _Later(theirs, earlier, affected) if is_later else DecisionModel(theirs)
    return grouping.compare(earlier, later, affected)


class _Later(DecisionModel):
    """What a policy decides after a change that reaches some extensions: at the others, what was decided before.

    Nobody forwards to others than before, nor in a circle, nor at other times: classes of time are the same.
    """

    def __init__(self, policy: Policy, earlier: DecisionModel, affected: set[str]) -> None:
        super().__init__(policy)
        self._earlier = earlier
        self._affected = affected

    @cached_property
    def _partitions(self) -> Mapping[str, Partition]:
        return self._earlier._partitions  # noqa: SLF001 - its own

    def _follow(self, group: list[str]) -> None:
        if group[0] in self._affected:
            super()._follow(group)
        else:
            self._ways[group[0]] = self._earlier.outcomes(group[0])  # type: ignore[assignment]  # nothing goes onward


def _periods(policy: Policy, number: str) -> set[Period]:
    return {period for rule in policy.own.get(number, ()) for period in periods_of(rule)}


def _has_circle(leads: Leads) -> bool:
    edges = leads.__getitem__
    return any(graph.is_circle(group, edges) for group in graph.components(leads, edges))
