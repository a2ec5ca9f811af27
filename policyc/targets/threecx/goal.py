"""The rules of an extension in, what its list must do out: which calls go where, and which calls count. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from policyc.model import Destination, Ring, Rule, TimeClause
from policyc.schedule import Range
from policyc.targets.threecx.calls import BOTH, Calls, Columns, groups_of
from policyc.targets.threecx.presented import Space
from policyc.targets.threecx.times import Calendar, Week, week_of
from policyc.targets.threecx.trees import Trees
from policyc.values import value

RING: Final = 0  # the place of ringing among the destinations of a goal
_MOST_TIMES: Final = 1000  # so many are kept


@value()
class Goal:
    """The function that a list of exceptions must compute: `calls` says which go to each destination, by its place.

    `care` are the calls that must be decided as the rules say. `guarded` are these, and with them those that only `*`
    is sure to match: no pattern can be asked to match these, but `*` must not take them by mistake. `taken` are the
    calls that each rule decides; `unruled` are those that none does, which ring. `places` are where the rules send
    calls, by the place in `destinations`.
    """

    rules: Sequence[Rule]
    places: tuple[int, ...]
    destinations: tuple[Destination, ...]
    week: Week
    columns: Columns
    taken: tuple[Calls, ...]
    unruled: Calls
    calls: tuple[Calls, ...]
    guarded: Calls
    care: Calls

    def shown(self, calls: Calls) -> str:
        """Return the first of some calls as a person may look it up."""
        return f"{self.columns.tree.first(self.columns.texts(calls))} at {self.columns.when(calls):b}"


@value()
class _Times:
    """The times that some rules tell apart: the week cut where they change, the mask of each rule, groups of times."""

    week: Week
    masks: tuple[int, ...]
    groups: tuple[int, ...]


class Goals:
    """Makes the goals of the lists of one policy. `lists` are the rules of each, in the order they are tried."""

    def __init__(self, space: Space, dates: Calendar, lists: Iterable[Sequence[Rule]]) -> None:
        """Take what goals follow from."""
        self._dates = dates
        self._trees = Trees(space, ([rule.callers for rule in rules] for rules in lists))
        self._minutes: dict[tuple[TimeClause, ...], tuple[tuple[Range, ...], tuple[Range, ...]]] = {}
        self._times: dict[tuple[tuple[TimeClause, ...], ...], _Times] = {}

    def of(self, rules: Sequence[Rule], destinations: Sequence[Destination], *, fine: bool = False) -> Goal:
        """Return the goal of some rules, in the order they are tried; `destinations` are where they send calls."""
        times = self._times_of(rules)
        laid = self._trees.of(tuple(dict.fromkeys(rule.callers for rule in rules)), fine=fine)
        columns = Columns(laid.tree, times.groups)
        everyone, *of_sets = [columns.of_kinds(*atoms) for atoms in laid.callers()]
        callers = dict(zip(laid.sets, of_sets, strict=True))
        always = times.week.everything
        guarded = unruled = columns.spread(everyone, always)
        taken = []
        for rule, mask in zip(rules, times.masks, strict=True):
            taken.append(unruled & columns.spread(callers[rule.callers], mask))
            unruled ^= taken[-1]
        places: dict[Destination, int] = {Ring(): RING}
        of_places = tuple([places.setdefault(one, len(places)) for one in destinations])
        calls = [unruled] + [0] * (len(places) - 1)
        for place, some in zip(of_places, taken, strict=True):
            calls[place] |= some
        beyond = columns.of(laid.tree.beyond, BOTH, always)
        return Goal(
            rules,
            of_places,
            tuple(places),
            times.week,
            columns,
            tuple(taken),
            unruled,
            tuple(calls),
            guarded,
            guarded & ~beyond,
        )

    def _times_of(self, rules: Sequence[Rule]) -> _Times:
        key = tuple(rule.times for rule in rules)
        if key not in self._times:
            if len(self._times) > _MOST_TIMES:
                self._times.clear()
            minutes = [self._minutes_of(rule) for rule in rules]
            week = week_of(one for pair in minutes for one in pair)
            masks = tuple(week.mask(*pair) for pair in minutes)
            self._times[key] = _Times(week, masks, groups_of(week, tuple(dict.fromkeys(masks))))
        return self._times[key]

    def _minutes_of(self, rule: Rule) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
        """Return the minutes of the week at which a rule holds, on ordinary days and on holidays."""
        found = self._minutes.get(rule.times)
        if found is None:
            found = self._dates.minutes(rule, holiday=False), self._dates.minutes(rule, holiday=True)
            self._minutes[rule.times] = found
        return found
