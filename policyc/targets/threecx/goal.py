"""The rules of an extension in, what its list must do out: which calls go where, and which calls count. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policyc import digits
from policyc.digits import Caller, Kind, NumberSet
from policyc.model import Destination, Ring, Rule
from policyc.targets.threecx.calls import KINDS, Calls, Columns
from policyc.targets.threecx.presented import Space
from policyc.targets.threecx.times import Calendar, Week, week_of
from policyc.targets.threecx.tree import Cell, Tree

_LONGEST = digits.from_intervals(
    (rank, rank + 1) for rank in (digits.rank(Caller(kind, "9" * 20)) for kind in Kind)
)  # the callers beyond the universe

_Class = tuple[int, ...]  # callers whom the same rules are for, by their places


@dataclass(frozen=True, slots=True)
class Goal:
    """The function that a list of exceptions must compute: `calls` says which go to each destination.

    `care` are the calls that must be decided as the rules say. `guarded` are these, and with them those that only `*`
    is sure to match: no pattern can be asked to match these, but `*` must not take them by mistake. `taken` are the
    calls that each rule decides; `unruled` are those that none does, which ring.
    """

    rules: Sequence[Rule]
    destinations: Sequence[Destination]
    week: Week
    columns: Columns
    taken: tuple[Calls, ...]
    unruled: Calls
    calls: dict[Destination, Calls]
    guarded: Calls
    care: Calls

    def shown(self, calls: Calls) -> str:
        """Return the first of some calls as a person may look it up."""
        return f"{self.columns.tree.first(self.columns.texts(calls))} at {self.columns.when(calls):b}"


def of(space: Space, dates: Calendar, rules: Sequence[Rule], destinations: Sequence[Destination]) -> Goal:
    """Return the goal of some rules, in the order they are tried; `destinations` are where they send calls."""
    times = [(dates.minutes(rule, holiday=False), dates.minutes(rule, holiday=True)) for rule in rules]
    week = week_of(minutes for pair in times for minutes in pair)
    masks = [week.mask(*pair) for pair in times]
    classes: dict[_Class, int] = {}
    texts: list[tuple[Kind, int, int, int]] = []
    for low, high, active in _cells(
        space.care(rule.callers for rule in rules) | _LONGEST, [rule.callers for rule in rules]
    ):
        number = classes.setdefault(active, len(classes))
        texts += [(kind, first, end, number) for kind, first, end in space.presented(low, high)]
    cells, labels = _overlaid(texts)
    columns = Columns(Tree(cells), week, masks)
    members = _members(columns.tree, labels)
    taken = [0] * len(rules)
    unruled = guarded = 0
    order = list(classes)
    for (kind, number), atoms in members.items():
        left = week.everything
        for at in order[number]:
            if found := left & masks[at]:
                taken[at] |= columns.of(atoms, (kind,), found)
                left &= ~masks[at]
        unruled |= columns.of(atoms, (kind,), left)
        guarded |= columns.of(atoms, (kind,), week.everything)
    calls: dict[Destination, Calls] = {Ring(): unruled}
    for destination, some in zip(destinations, taken, strict=True):
        calls[destination] = calls.get(destination, 0) | some
    beyond = columns.of(columns.tree.beyond, KINDS, week.everything)
    return Goal(
        rules, destinations, week, columns, tuple(taken), unruled, _unambiguous(calls), guarded, guarded & ~beyond
    )


def _cells(domain: NumberSet, sets: Sequence[NumberSet]) -> Iterator[tuple[int, int, _Class]]:
    """Yield the ranks of a domain, cut where sets begin or end, with the places of the sets that hold them."""
    turns: dict[int, list[int]] = {}
    for at, one in enumerate((domain, *sets)):
        for end in one.ends:
            turns.setdefault(end, []).append(at - 1)
    active: set[int] = set()
    last = 0
    key: _Class = ()
    for cut in sorted(turns):
        if -1 in active:
            yield last, cut, key
        active.symmetric_difference_update(turns[cut])
        last, key = cut, tuple(sorted(active - {-1}))


def _overlaid(texts: Iterable[tuple[Kind, int, int, int]]) -> tuple[list[Cell], list[tuple[tuple[Kind, int], ...]]]:
    """Lay the classes of both kinds of calls upon one another: return cells of positions, and what each label means."""
    turns: dict[int, list[tuple[int, tuple[int, int]]]] = {}
    for kind, first, end, number in texts:
        who = KINDS.index(kind), number
        turns.setdefault(first, []).append((1, who))
        turns.setdefault(end, []).append((-1, who))
    labels: dict[tuple[tuple[int, int], ...], int] = {}
    cells: list[Cell] = []
    active: dict[tuple[int, int], int] = {}  # more than once where two numbers of a class have a spelling in common
    last = label = 0
    for cut in sorted(turns):
        if active:
            cells.append((last, cut, label))
        for step, who in turns[cut]:
            active[who] = active.get(who, 0) + step
            if not active[who]:
                del active[who]
        last, label = cut, labels.setdefault(tuple(sorted(active)), len(labels))
    return cells, [tuple((KINDS[kind], number) for kind, number in one) for one in labels]


def _members(tree: Tree, labels: Sequence[tuple[tuple[Kind, int], ...]]) -> dict[tuple[Kind, int], int]:
    """Return the texts of each class of callers of a kind."""
    found: dict[tuple[Kind, int], int] = {}
    for label, atoms in tree.labelled.items():
        for who in labels[label]:
            found[who] = found.get(who, 0) | atoms
    return found


def _unambiguous(calls: dict[Destination, Calls]) -> dict[Destination, Calls]:
    """Leave out what goes to several destinations: texts that are spellings of several numbers."""
    seen = twice = 0
    for some in calls.values():
        twice |= seen & some
        seen |= some
    return {destination: some & ~twice for destination, some in calls.items()} if twice else calls
