"""What depends on who calls: values that differ from kind to kind of callers, and events that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from policyc.targets.freeswitch.reader import texts
from policyc.targets.freeswitch.reader.errors import Place, Unclear
from policyc.targets.freeswitch.reader.outcomes import located
from policyc.targets.freeswitch.reader.regions import ANY, Region, holds, joined
from policyc.targets.freeswitch.reader.texts import Choice, Value

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.diagrams import Diagram
    from policyc.targets.freeswitch.reader.exploring import Explorer
    from policyc.targets.freeswitch.reader.plans import Event

T = TypeVar("T", bound=Hashable)
Layout = tuple[tuple[str, tuple[tuple[int, int], ...], bool], ...]
"""The texts that a value may be, each with the kinds of callers for whom it is that; of all, whether it is a number."""


class Kinds:
    """Tells kinds of callers apart for one explorer."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self._kinds_of: dict[tuple[Value, ...], list[tuple[tuple[Value, ...], tuple[tuple[int, int], ...]]]] = {}
        self._regions: dict[tuple[tuple[int, int], ...], Region] = {}
        self._layouts: dict[Choice, Layout | None] = {}

    def clear(self) -> None:
        """Let go of what was asked."""
        self._kinds_of.clear()
        self._layouts.clear()

    def layout(self, value: Choice) -> Layout | None:
        """Return what a value is for each kind of callers, None where it depends on anything else."""
        if value not in self._layouts:
            found = _parted(self.explorer.kinds, lambda number: _of_kind(value, number))
            simple = [
                (text, tuple(kinds), texts.is_number(text))
                for text, kinds in found.items()
                if isinstance(text, str) and (texts.is_known(text) or texts.is_number(text))
            ]
            self._layouts[value] = tuple(simple) if len(simple) == len(found) > 0 else None
        return self._layouts[value]

    def happens(
        self,
        values: tuple[Value, ...],
        data: Value,
        event: Callable[[tuple[str, ...], str], Event],
        place: Place,
        rest: Diagram | None,
    ) -> Diagram:
        """Return an event that is made of values, each of which may be one of several, and what comes behind it."""
        plans = self.explorer.plans
        made: dict[Event, list[tuple[int, int]]] = {}
        others: list[tuple[Diagram, Sequence[tuple[int, int]]]] = []
        for some, kinds in self._by_kind(values):
            texts_of = {data: kinds} if isinstance(data, str) else _parted(kinds, lambda number: _of_kind(data, number))
            for text, its in texts_of.items():
                asked = next((value for value in (*some, text) if isinstance(value, Choice)), None)
                if asked is not None:
                    others.append((self._by_answer(asked, some, text, event, place, rest), its))
                    continue
                try:
                    made.setdefault(event(some, str(text)), []).extend(its)  # type: ignore[arg-type]  # none is a choice
                except Unclear as unclear:
                    others.append((plans.plan(located(place, unclear)), its))
        ways = [
            *((plans.behind((one,), rest) if rest else plans.plan(one), its) for one, its in made.items()),
            *others,
        ]
        *some_ways, (whole, _) = sorted(ways, key=lambda way: len(way[1]))
        for way, its in some_ways:
            whole = plans.either(self._region(tuple(its)), way, whole)
        return whole

    def _region(self, kinds: tuple[tuple[int, int], ...]) -> Region:
        """Return the callers of some kinds."""
        if kinds not in self._regions:
            self._regions[kinds] = Region(ANY, joined(kinds), self.explorer.size)
        return self._regions[kinds]

    def _by_kind(self, values: tuple[Value, ...]) -> list[tuple[tuple[Value, ...], tuple[tuple[int, int], ...]]]:
        """Return what values are for each kind of callers; kinds for whom they are the same are together."""
        known = self._kinds_of.get(values)
        if known is None:
            kinds = self.explorer.kinds or ((0, 1),)
            found = _parted(kinds, lambda number: tuple([_of_kind(value, number) for value in values]))
            known = self._kinds_of[values] = [(some, tuple(its)) for some, its in found.items()]
        return known

    def _by_answer(
        self,
        asked: Choice,
        values: tuple[Value, ...],
        data: Value,
        event: Callable[[tuple[str, ...], str], Event],
        place: Place,
        rest: Diagram | None,
    ) -> Diagram:
        """Return an event that depends on the answer to a question."""

        def way(yes: bool) -> Diagram:
            some = tuple(_answered(value, asked.asked, yes) for value in values)
            return self.happens(some, _answered(data, asked.asked, yes), event, place, rest)

        answer = self.explorer.answer(asked.asked)
        return way(answer) if answer is not None else self.explorer.plans.either(asked.asked, way(True), way(False))


def _parted(kinds: Iterable[tuple[int, int]], of: Callable[[int], T]) -> dict[T, Sequence[tuple[int, int]]]:
    """Return kinds of callers by what is of each, which its first number tells."""
    found: dict[T, list[tuple[int, int]]] = {}
    for low, high in kinds:
        found.setdefault(of(low), []).append((low, high))
    return dict(found)


def _of_kind(value: Value, number: int) -> Value:
    """Return a value for one kind of callers, by its first number."""
    if isinstance(value, str):
        return value
    asked = value.asked
    if isinstance(asked, Region) and asked.space == ANY:
        return _of_kind(value.yes if holds(asked.ends, number) else value.no, number)
    return texts.choice(asked, _of_kind(value.yes, number), _of_kind(value.no, number))


def _answered(value: Value, asked: Hashable, yes: bool) -> Value:
    """Return a value with a question answered."""
    if isinstance(value, str):
        return value
    if value.asked == asked:
        return _answered(value.yes if yes else value.no, asked, yes)
    return texts.choice(value.asked, _answered(value.yes, asked, yes), _answered(value.no, asked, yes))
