"""Whether an expression matches a text of which digits may be unknown, and what its groups hold then.

An expression is run as PCRE runs it, going back where it must. Where the run depends on an unknown digit, it is run
again for the digits that go one way, and for those that go the other: each end of that is a box, which has some digits
at each place. Expressions that only list numbers, as most do, are read as those numbers at once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from policyc import values
from policyc.targets.freeswitch.reader import patterns, regions
from policyc.targets.freeswitch.reader.errors import Unclear, What
from policyc.targets.freeswitch.reader.patterns import Again, Ahead, Either, Group, Node, NoPatternError, One, Row
from policyc.targets.freeswitch.reader.texts import MOST_DIGITS, digit, has_number, place_of, show

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.regions import Ends

Groups = tuple[str | None, ...]
"""What the groups hold, the whole first."""
_MOST_STEPS = 200_000
_MOST_BOXES = 3_000
MOST_INTERVALS = 20_000
_ANY = (1 << 10) - 1


@values.value()
class Cell:
    """Numbers with which an expression matches alike: what its groups hold, None where it does not match."""

    ends: Ends
    groups: Groups | None


@dataclass(eq=False, slots=True, weakref_slot=True)
class Regex:
    """An expression. One that is no regular expression never matches."""

    text: str
    has_groups: bool = field(init=False)
    """Whether `$1` in the data of an action means anything: so it does where any `(` stands."""
    _listed: _Listed | bool | None = field(init=False, default=False)
    _machine: _Machine | None = field(init=False, default=None)
    _broken: bool = field(init=False, default=False)
    _line: Ends | None = field(init=False, default=None)
    _cells: dict[tuple[str, int], list[Cell]] | None = field(init=False, default=None)
    _searched: tuple[str, Groups | None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Note what is asked for often."""
        self.has_groups = "(" in self.text

    @property
    def listed(self) -> _Listed | None:
        """The numbers and words that the expression lists, if that is all it does."""
        if isinstance(self._listed, bool):
            self._listed = _listed(self.text)
        return self._listed

    def machine(self) -> _Machine | None:
        """Return what runs the expression, None if it is none. Raises Unclear."""
        if self._machine is None and not self._broken:
            try:
                self._machine = _Machine(self.text)
            except NoPatternError:
                self._broken = True
        return self._machine

    def search(self, text: str) -> Groups | None:
        """Return what the groups hold in a known text, None where the expression does not match. Raises Unclear."""
        if self._searched is None or self._searched[0] != text:
            machine = self.machine()
            self._searched = text, None if machine is None else machine.run(text, {})
        return self._searched[1]

    def matches(self, text: str) -> bool:
        """Tell whether the expression matches a known text. Raises Unclear."""
        listed = self.listed
        if listed is not None:
            told = listed.matches(text)
            if told is not None:
                return told
        return self.search(text) is not None

    def cells(self, text: str, size: int) -> list[Cell]:
        """Return what comes of a text for each number of `size` unknown digits. Raises Unclear."""
        if self._cells is None:
            self._cells = {}
        known = self._cells.get((text, size))
        if known is None:
            known = self._cells[text, size] = self._cells_of(text, size)
        return known

    def _cells_of(self, text: str, size: int) -> list[Cell]:
        machine = self.machine()
        whole = (0, 10**size)
        if machine is None:
            return [Cell(whole, None)]
        found: dict[Groups | None, list[tuple[int, int]]] = {}
        waiting: list[dict[int, int]] = [{}]
        boxes = 0
        while waiting:
            box = waiting.pop()
            try:
                groups = machine.run(text, box)
            except _DigitAsked as asked:
                held = box.get(asked.place, _ANY)
                waiting += ({**box, asked.place: held & asked.inside}, {**box, asked.place: held & ~asked.inside})
                boxes += 1
                if boxes > _MOST_BOXES:
                    raise Unclear(What.REGEX, self.text) from None
                continue
            intervals = found.setdefault(groups, [])
            intervals += islice(_intervals(box, size), MOST_INTERVALS + 1)
            if len(intervals) > MOST_INTERVALS:
                raise Unclear(What.REGEX, self.text)
        return [Cell(regions.joined(intervals), groups) for groups, intervals in found.items()]

    def ends(self, text: str, size: int) -> Ends:
        """Return for which numbers of `size` unknown digits the expression matches a text. Raises Unclear."""
        stretch = regions.stretch(text)
        if stretch is not None:
            if self.listed is not None:
                own = regions.within(self.listed.ends, stretch.low, stretch.low + 10**stretch.more)
            else:
                own = self._ends_of(text, stretch.more)
            whole = regions.repeated(own, stretch.more, 10**size, MOST_INTERVALS)
            if whole is None:
                raise Unclear(What.REGEX, self.text)
            return whole
        return self._ends_of(text, size)

    def _ends_of(self, text: str, size: int) -> Ends:
        cells = self.cells(text, size)
        return regions.joined(pair for cell in cells if cell.groups is not None for pair in regions.pairs(cell.ends))

    @property
    def line(self) -> Ends:
        """The numbers of all signs and lengths that the expression matches. Raises Unclear."""
        if self._line is None:
            listed = self.listed
            self._line = listed.ends if listed is not None else self._whole_line()
        return self._line

    def _whole_line(self) -> Ends:
        found: list[tuple[int, int]] = []
        for sign in regions.SIGNS:
            for length in range(1, regions.LONGEST + 1):
                text = sign + "".join(digit(length - 1 - at) for at in range(length))
                start = regions.offset(sign, length)
                try:
                    ends = self._ends_of(text, length)
                except Unclear as unclear:
                    raise Unclear(unclear.what, unclear.text, spelt=True) from None
                found += ((start + low, start + high) for low, high in regions.pairs(ends))
        return regions.joined(found)


# -- expressions that list numbers -------------------------------------------------------------------------------------

_ALIKE = re.compile(rf"\^([0-9]{{1,{regions.LONGEST}}})(?:\[0-9\]\{{(\d{{1,2}})\}})?\$", re.ASCII)
"""One number, or all that begin alike and are as long."""
_WHOLE = re.compile(r"\^(?:\(\?:|\()?([^()\\.*?^$]*)(\)?)\$")
_NONE = re.compile(r"\^\(\?!\(\?:([^()\\.*?^$]*)\)\$\)")
_LISTED = re.compile(
    r"(?P<sign>\[\+\])?(?P<first>[0-9]*)(?P<one>\[[0-9][0-9-]*\])?(?:\[0-9\](?:\{(?P<least>\d{1,2})(?:,(?P<most>\d{1,2}))?\})?(?P<more>)?)?"
)
_PLAIN_WORD = re.compile(r"[a-z]*")
_WORD = -1
_SPANS = re.compile(r"(?:[0-9](?:-[0-9])?)+")


@values.value()
class _Listed:
    """Numbers on the line, and words, that an expression lists; `none_of`: it matches all others."""

    ends: Ends
    words: frozenset[str]
    none_of: bool

    def matches(self, text: str) -> bool | None:
        """Tell whether a known text is among them, None where that is not clear."""
        point = _point(text)
        if point == _WORD:
            return (text in self.words) is not self.none_of
        return None if point is None else bisect_right(self.ends, point) % 2 == 1


@lru_cache(maxsize=1024)
def _point(text: str) -> int | None:
    """Return where a known text stands on the line; `_WORD` for a plain word, None if it is neither."""
    return _WORD if _PLAIN_WORD.fullmatch(text) else regions.point(text)


def _listed(expression: str) -> _Listed | None:
    alike = _ALIKE.fullmatch(expression)
    if alike is not None:
        first, more = alike[1], int(alike[2] or "0")
        if len(first) + more <= regions.LONGEST:
            low = regions.offset("", len(first) + more) + int(first) * 10**more
            return _Listed((low, low + 10**more), frozenset(), none_of=False)
    found = _WHOLE.fullmatch(expression)
    none_of = False
    if found is not None:
        if (expression[1] == "(") is not bool(found[2]):
            return None
    else:
        found = _NONE.fullmatch(expression)
        if found is None:
            return None
        none_of = True
    inside = found[1]
    if not none_of and not found[2] and "|" in inside:
        return None  # `^a|b$`: each end holds for one of them only
    intervals: list[tuple[int, int]] = []
    words: set[str] = set()
    for way in inside.split("|"):
        if _PLAIN_WORD.fullmatch(way):
            words.add(way)
            continue
        some = _numbers(way)
        if some is None:
            return None
        intervals += some
    ends = regions.joined(intervals)
    return _Listed(regions.flipped(ends, regions.LINE) if none_of else ends, frozenset(words), none_of)


def _numbers(way: str) -> list[tuple[int, int]] | None:
    """Return where on the line the numbers of one alternative stand."""
    if way.isdecimal() and way.isascii():
        point = regions.point(way)
        return None if point is None else [(point, point + 1)]
    found = _LISTED.fullmatch(way)
    if found is None:
        return None
    sign, first, one = "+" if found["sign"] else "", found["first"], found["one"]
    least = most = 0
    if found["more"] is not None:
        least = int(found["least"] or 1)
        most = int(found["most"] or least)
    starts = [(int(first or "0"), int(first or "0") + 1)]
    if one:
        spans = one[1:-1]
        if not _SPANS.fullmatch(spans):
            return None
        starts = []
        for span in re.findall(r"[0-9](?:-[0-9])?", spans):
            low, high = int(span[0]), int(span[-1])
            if high < low:
                return None
            starts.append((int(first + str(low)), int(first + str(high)) + 1))
    given = len(first) + bool(one)
    if not given and not least:
        return None
    intervals: list[tuple[int, int]] = []
    for more in range(least, most + 1):
        if given + more > regions.LONGEST:
            continue  # no number on the line is so long
        start = regions.offset(sign, given + more)
        intervals += ((start + low * 10**more, start + high * 10**more) for low, high in starts)
    return intervals


# -- running an expression ---------------------------------------------------------------------------------------------


class _DigitAsked(Exception):  # noqa: N818  not a mistake: a question
    """The run depends on whether the digit at a place is one of some."""

    def __init__(self, place: int, inside: int) -> None:
        super().__init__(place, inside)
        self.place, self.inside = place, inside


class _Run:
    """One run: the text, what is assumed of its unknown digits, and what the groups hold so far."""

    __slots__ = ("box", "groups", "steps", "text")

    def __init__(self, text: str, box: dict[int, int], groups: int) -> None:
        self.text = text
        self.box = box
        self.groups: list[tuple[int, int] | None] = [None] * (groups + 1)
        self.steps = 0

    def holds(self, at: int, mask: int) -> bool:
        """Tell whether the character at a place is one of some bytes. Raises _DigitAsked."""
        if at >= len(self.text):
            return False
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise Unclear(What.ENDLESS, show(self.text))
        char = self.text[at]
        if char <= "\xff":
            return bool(mask >> ord(char) & 1)
        place = place_of(char)
        if not 0 <= place < MOST_DIGITS:
            raise Unclear(What.VALUE, show(self.text), spelt=has_number(self.text))
        held = self.box.get(place, _ANY)
        inside = held & (mask >> patterns.FIRST_DIGIT & _ANY)
        if inside == held:
            return True
        if inside:
            raise _DigitAsked(place, inside)
        return False


_Step = Callable[[_Run, int], int]
"""Runs from a place on; returns where the match ends, -1 if there is none."""


class _Machine:
    def __init__(self, expression: str) -> None:
        pattern = patterns.parse(expression)
        self.groups = pattern.groups
        self.step = _step(pattern.tree, lambda _, at: at)
        self.at_start = _starts(pattern.tree)

    def run(self, text: str, box: dict[int, int]) -> Groups | None:
        """Return what the groups hold at the first match, None if there is none. Raises _DigitAsked and Unclear."""
        run = _Run(text, box, self.groups)
        for start in range(1 if self.at_start else len(text) + 1):
            end = self.step(run, start)
            if end >= 0:
                run.groups[0] = (start, end)
                return tuple(None if held is None else text[held[0] : held[1]] for held in run.groups)
        return None


def _starts(node: Node) -> bool:
    """Tell whether an expression matches at the beginning only."""
    match node:
        case patterns.Start():
            return True
        case Row(parts):
            return bool(parts) and _starts(parts[0])
        case Either(ways):
            return all(map(_starts, ways))
        case Group(_, part):
            return _starts(part)
    return False


def _step(node: Node, then: _Step) -> _Step:
    """Return what runs a node, and then what comes behind it."""
    match node:
        case One(mask):
            return lambda run, at: then(run, at + 1) if run.holds(at, mask) else -1
        case Row(parts):
            for part in reversed(parts):
                then = _step(part, then)
            return then
        case Either(ways):
            return _either([_step(way, then) for way in ways])
        case Again(One(mask), least, most, lazy):
            return _again_one(mask, least, most, then, lazy=lazy)
        case Again():
            return _again(node, then)
        case Group(number, part):
            return _group(number, part, then)
        case patterns.Start():
            return lambda run, at: then(run, at) if at == 0 else -1
        case patterns.Stop():
            return lambda run, at: then(run, at) if _at_end(run, at) else -1
        case Ahead(part, wanted):
            inner = _step(part, lambda _, at: at)
            return lambda run, at: then(run, at) if (inner(run, at) >= 0) is wanted else -1


def _at_end(run: _Run, at: int) -> bool:
    left = len(run.text) - at
    return left == 0 or (left == 1 and run.text[at] == "\n")


def _either(ways: list[_Step]) -> _Step:
    def step(run: _Run, at: int) -> int:
        for way in ways:
            end = way(run, at)
            if end >= 0:
                return end
        return -1

    return step


def _again_one(mask: int, least: int, most: int, then: _Step, *, lazy: bool) -> _Step:
    def step(run: _Run, at: int) -> int:
        count = 0
        while count < least:
            if not run.holds(at + count, mask):
                return -1
            count += 1
        if lazy:
            while True:
                end = then(run, at + count)
                if end >= 0 or count >= most or not run.holds(at + count, mask):
                    return end
                count += 1
        while count < most and run.holds(at + count, mask):
            count += 1
        while count >= least:
            end = then(run, at + count)
            if end >= 0:
                return end
            count -= 1
        return -1

    return step


def _again(node: Again, then: _Step) -> _Step:
    def times(run: _Run, at: int, count: int) -> int:
        def once_more(run: _Run, to: int) -> int:
            # PCRE leaves a loop that eats nothing
            return then(run, to) if to == at and count >= node.least else times(run, to, count + 1)

        if count < node.least:
            return _step(node.part, once_more)(run, at)
        if node.lazy:
            end = then(run, at)
            if end >= 0 or count >= node.most:
                return end
            return _step(node.part, once_more)(run, at)
        if count < node.most:
            end = _step(node.part, once_more)(run, at)
            if end >= 0:
                return end
        return then(run, at)

    if (node.least, node.most) == (0, 1):
        once = _step(node.part, then)
        ways = [then, once] if node.lazy else [once, then]
        return _either(ways)
    return lambda run, at: times(run, at, 0)


def _group(number: int, part: Node, then: _Step) -> _Step:
    opened: list[int] = []

    def close(run: _Run, at: int) -> int:
        before = run.groups[number]
        start = opened[-1]
        run.groups[number] = (start, at)
        end = then(run, at)
        if end < 0:
            run.groups[number] = before
        return end

    inner = _step(part, close)

    def step(run: _Run, at: int) -> int:
        opened.append(at)
        try:
            return inner(run, at)
        finally:
            opened.pop()

    return step


def _intervals(box: dict[int, int], size: int) -> Iterator[tuple[int, int]]:
    """Return the intervals of the numbers of `size` digits with some digits at some places."""
    return _below(box, min(box, default=size), size - 1, 0)


def _below(box: dict[int, int], last: int, place: int, low: int) -> Iterator[tuple[int, int]]:
    """Yield the intervals from a place on, where the digits before make up `low`; behind `last` all digits may be."""
    if place < last:
        yield low, low + 10 ** (place + 1)
        return
    held = box.get(place, _ANY)
    first = None
    for value in range(11):
        inside = value < 10 and held >> value & 1
        if place == last:  # runs of digits are one interval
            if inside and first is None:
                first = value
            elif not inside and first is not None:
                yield low + first * 10**place, low + value * 10**place
                first = None
        elif inside:
            yield from _below(box, last, place - 1, low + value * 10**place)
