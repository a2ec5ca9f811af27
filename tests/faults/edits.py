"""Ways to change a text in one place in, faults drawn by a seed out: of each kind as many, each text once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

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
