"""POSIX extended regular expressions on texts of which digits may be unknown: whether one matches, and how far.

An expression becomes a machine of states; a text runs through all of them at once. A digit that is not known is no
matter as long as all ten lead to the same states.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.errors import Unclear, What
from policyc.targets.asterisk.reader.texts import DIGITS, NeedsDigit, has_unknown_digit, is_known, show

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVERY = frozenset(map(chr, range(1, 256)))
_CLASSES = {
    "digit": DIGITS,
    "alpha": frozenset(map(chr, (*range(65, 91), *range(97, 123)))),
    "upper": frozenset(map(chr, range(65, 91))),
    "lower": frozenset(map(chr, range(97, 123))),
    "space": frozenset(" \t\n\r\v\f"),
}
_CLASSES["alnum"] = _CLASSES["alpha"] | DIGITS
_MOST_REPEATS = 255


@dataclass(slots=True)
class _Machine:
    """States: those that a character leads on to, and those reached for free, perhaps at the start or end only."""

    moves: list[tuple[frozenset[str], int] | None] = field(default_factory=list)
    free: list[list[tuple[int, str]]] = field(default_factory=list)  # (state, "" or "^" or "$")

    def state(self) -> int:
        self.moves.append(None)
        self.free.append([])
        return len(self.moves) - 1

    def reached(self, states: Iterable[int], *, first: bool, last: bool) -> frozenset[int]:
        found: set[int] = set()
        waiting = [*states]
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting += [
                    to
                    for to, where in self.free[state]
                    if not where or (where == "^" and first) or (where == "$" and last)
                ]
        return frozenset(found)

    def after(self, states: Iterable[int], char: str) -> frozenset[int]:
        moves = (self.moves[state] for state in states)
        return frozenset(move[1] for move in moves if move and char in move[0])


@dataclass(frozen=True, slots=True)
class Regex:
    """An expression, ready to run."""

    machine: _Machine
    start: int
    end: int
    groups: int

    def found_in(self, text: str) -> bool:
        """Tell whether it matches anywhere in a text. Raises NeedsDigit, and Unclear for other unknown things."""
        return self._run(text, anywhere=True) is not None

    def length_at_start(self, text: str) -> int | None:
        """Return how many characters it matches at the start, the most there are, or None."""
        return self._run(text, anywhere=False)

    def _run(self, text: str, *, anywhere: bool) -> int | None:
        machine, longest = self.machine, None
        states: frozenset[int] = frozenset((self.start,))
        for at in range(len(text) + 1):
            if anywhere and at:
                states |= {self.start}
            states = machine.reached(states, first=at == 0, last=at == len(text))
            if self.end in states:
                longest = at
                if anywhere:
                    return at
            if at < len(text):
                states = self._after(states, text[at])
        return longest

    def _after(self, states: frozenset[int], char: str) -> frozenset[int]:
        if has_unknown_digit(char):
            ways = {self.machine.after(states, digit) for digit in DIGITS}
            if len(ways) > 1:
                raise NeedsDigit
            return ways.pop()
        if not is_known(char):
            raise Unclear(What.VALUE, show(char))
        return self.machine.after(states, char)


@lru_cache(maxsize=1024)
def compiled(expression: str) -> Regex:
    """Return an expression as a machine. Raises Unclear for what is malformed or not of the common forms."""
    if not is_known(expression):
        raise Unclear(What.REGEX, show(expression))
    return _Parser(expression).whole()


@dataclass(slots=True)
class _Parser:
    text: str
    at: int = 0
    groups: int = 0
    machine: _Machine = field(default_factory=_Machine)

    def whole(self) -> Regex:
        start, end = self.either()
        if self.at < len(self.text):
            raise self.unclear()
        return Regex(self.machine, start, end, self.groups)

    def unclear(self) -> Unclear:
        return Unclear(What.REGEX, self.text)

    def either(self) -> tuple[int, int]:
        ways = [self.sequence()]
        while self.text[self.at : self.at + 1] == "|":
            self.at += 1
            ways.append(self.sequence())
        start, end = self.machine.state(), self.machine.state()
        for first, last in ways:
            self.machine.free[start].append((first, ""))
            self.machine.free[last].append((end, ""))
        return start, end

    def sequence(self) -> tuple[int, int]:
        start = end = self.machine.state()
        begun = self.at
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            first, last = self.repeated()
            self.machine.free[end].append((first, ""))
            end = last
        if self.at == begun:
            raise self.unclear()  # an empty way: what POSIX leaves open
        return start, end

    def repeated(self) -> tuple[int, int]:
        begun = self.at
        first, last = self.atom()
        again = re.compile(r"[*+?]|\{(\d+)(,(\d*))?\}").match(self.text, self.at)
        if again is None:
            return first, last
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(again[0], (0, 0))
        if again[1] is not None:
            least = int(again[1])
            most = least if again[2] is None else int(again[3]) if again[3] else None
        if self.text[begun] in "^$" or max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise self.unclear()
        ended = again.end()
        if self.text[ended : ended + 1] and self.text[ended] in "*+?{":
            raise self.unclear()
        free = self.machine.free
        start = end = self.machine.state()
        groups = self.groups
        for number in range(max(least, most or 0, 1) if most is not None else least + 1):
            self.at = begun
            first, last = self.atom()
            free[end].append((first, ""))
            after = self.machine.state()
            free[last].append((after, ""))
            if number >= least:
                free[end].append((after, ""))
                if most is None:
                    free[last].append((first, ""))
            end = after
        self.groups, self.at = groups, ended
        if most == 0:
            return start, start
        return start, end

    def atom(self) -> tuple[int, int]:
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            self.groups += 1
            inner = self.either()
            if self.text[self.at : self.at + 1] != ")":
                raise self.unclear()
            self.at += 1
            return inner
        start, end = self.machine.state(), self.machine.state()
        if char in "^$":
            self.machine.free[start].append((end, char))
            return start, end
        self.machine.moves[start] = (self.allowed(char), end)
        return start, end

    def allowed(self, char: str) -> frozenset[str]:
        if char == ".":
            return _EVERY
        if char == "[":
            return self.bracket()
        if char == "\\":
            char = self.text[self.at : self.at + 1]
            self.at += 1
            if not char or char not in r"^.[]$()|*+?{}\/-":
                raise self.unclear()
        elif char in "*+?{":
            raise self.unclear()
        return frozenset((char,))

    def bracket(self) -> frozenset[str]:
        inner = re.compile(r"(\^?)(\]?(?:\[:\w+:\]|[^\]\[])*)\]").match(self.text, self.at)
        if inner is None:
            raise self.unclear()
        self.at = inner.end()
        found: set[str] = set()
        for name, first, last, char in re.findall(r"\[:(\w+):\]|(.)-(.)|(.)", inner[2], re.DOTALL):
            if name:
                if name not in _CLASSES:
                    raise self.unclear()
                found |= _CLASSES[name]
            elif char:
                found.add(char)
            elif first > last:
                raise self.unclear()
            else:
                found |= {chr(code) for code in range(ord(first), ord(last) + 1)}
        return _EVERY - found if inner[1] else frozenset(found)
