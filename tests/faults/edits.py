"""Ways to change a text in one place in, faults drawn by a seed out: of each kind as many, each text once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Generic, Protocol, TypeVar

KINDS = ("pattern", "order", "number", "context", "time", "flag", "privacy", "continuation")
COSMETIC = "cosmetic"
"""Edits that cannot change what happens on any call, by construction."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A text changed in one place, and what was changed."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A text that differs from the generated one in one place; of a cosmetic one, nothing comes."""

    kind: str
    what: str
    text: str
    number: int
    """Its place among those drawn."""

    @property
    def cosmetic(self) -> bool:
        """Whether no call can show it."""
        return self.kind == COSMETIC

    def __str__(self) -> str:
        return f"#{self.number} {self.kind}: {self.what}"


Operator = Callable[[str, random.Random], Edit | None]
"""Changes a text in a place that it draws; None where the text has no such place."""


W = TypeVar("W", bound=Callable[..., Any])


class Operators(Generic[W]):
    """The ways to change one kind of file, by the kind of fault; `applied` says how a way is used on a text."""

    def __init__(self, name: str, applied: Callable[[W, str, random.Random], Edit | None]) -> None:
        """Begin with none."""
        self._name = name
        self._applied = applied
        self.of_kind: dict[str, list[Operator]] = {kind: [] for kind in (*KINDS, COSMETIC)}

    def way(self, kind: str) -> Callable[[W], W]:
        """Return what adds a way to a kind."""

        def add(way: W) -> W:
            self.of_kind[kind].append(lambda text, rng: self._applied(way, text, rng))
            return way

        return add

    def faults(self, text: str, seed: object, count: int) -> tuple[Fault, ...]:
        """Return so many faults in a text."""
        return draw(self.of_kind, text, f"{self._name} {seed}", count)


class Raw(Protocol):
    """A line that knows how it is written."""

    @property
    def raw(self) -> str:
        """The line as it is."""


def edited(lines: Sequence[Raw], what: str, changes: Mapping[int, Sequence[str]]) -> Edit:
    """Return the text with other lines in the place of some, told by the first of them."""
    text = [new for at, line in enumerate(lines) for new in changes.get(at, (line.raw,))]
    return Edit(f"line {min(changes) + 1}, {what}", "\n".join(text))


def draw(operators: Mapping[str, Sequence[Operator]], text: str, seed: object, count: int) -> tuple[Fault, ...]:
    """Return `count` faults, the kinds in turn and the operators of each kind in turn; fewer if there are no more."""
    rng = random.Random(str(seed))
    turns = {kind: cycle(rng.sample(list(ways), len(ways))) for kind, ways in operators.items()}
    found: dict[str, Fault] = {}
    fruitless = 0
    for kind in cycle(operators):
        if len(found) == count or fruitless == 40 * len(operators):
            break
        edit = _one(turns[kind], len(operators[kind]), text, rng)
        if edit is None or edit.text == text or edit.text in found:
            fruitless += 1
            continue
        fruitless = 0
        found[edit.text] = Fault(kind, edit.what, edit.text, len(found))
    return tuple(found.values())


def _one(turn: Iterator[Operator], ways: int, text: str, rng: random.Random) -> Edit | None:
    """Return what the next operator that has a place changes."""
    for _ in range(ways):
        if (edit := next(turn)(text, rng)) is not None:
            return edit
    return None


def region(text: str, changed: str) -> tuple[int, list[str], list[str]]:
    """Return the first line that differs, from 0, and the lines from there that one text has and the other has."""
    old, new = text.split("\n"), changed.split("\n")
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, old[start : len(old) - end], new[start : len(new) - end]
