"""The shape of a line in, how lines of that shape are written out: fixed words, and what is written of each token.

The same shapes that `syntax.shapes` parses once are planned once; writing a line is following its plan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from policyc.formatting import tokens as spelt
from policyc.lexer import Token
from policyc.syntax.shapes import Shape, shape_of, spelling

Writer = Callable[[Sequence[Token], str], str]  # the tokens of a line and the text they stand in
Step = str | Writer
BODY: Final = frozenset(("list_line", "hours_line", "rule", "call", "assertion"))  # lines that stand in a block
OPENING: Final = frozenset(("own_block", "all_block", "test", "guarantee"))  # lines that open one
OPTIONAL: Final = frozenset(("list", "hours"))  # lines that open one if such lines follow
ALONE: Final = frozenset(("rule", "call", "assertion"))  # lines that are not put in columns with their neighbours

_BY_VALUE: Final[dict[str, Callable[[str], str]]] = {
    "NUMBER": spelt.number,
    "PREFIX": spelt.prefix,
    "DATE": spelt.date,
    "TIME": spelt.hour,
    "DURATION": spelt.duration,
}
_TEXTS: Final = frozenset(("POLITIQUE", "INCLURE", "ANNUAIRE", "TEST", "GARANTIE", "MOTIF"))  # a text follows, no name
COLUMNS: Final = {"extension": 3, "system": 2}  # the tokens with a column each; what follows has one more
_TIGHT: Final = frozenset(("TIRET", "JUSQUE"))


@dataclass(frozen=True, slots=True)
class Plan:
    """How the lines of a shape are written: the grammar rule, and the steps of each column."""

    rule: str
    columns: tuple[tuple[Step, ...], ...]

    def write(self, tokens: Sequence[Token], text: str) -> tuple[str, ...]:
        """Return the columns of a line; `text` is the one that its tokens stand in."""
        return tuple(_write(steps, tokens, text) for steps in self.columns)


@cache
def plan_of(types: tuple[str, ...]) -> Plan:
    """Return the plan of a line, by the terminals of its tokens. They are a line of the language."""
    shape = shape_of(types)
    if not isinstance(shape, Shape):
        raise TypeError(f"no line of the language: {types}")
    return _Planner(types, shape.rule).plan(shape.tree)


def _write(steps: Sequence[Step], tokens: Sequence[Token], text: str) -> str:
    return "".join([step if isinstance(step, str) else step(tokens, text) for step in steps])


class _Planner:
    """Plans one shape: what stands before each token is blank, but where a rule of the grammar says otherwise."""

    def __init__(self, types: tuple[str, ...], rule: str) -> None:
        self.types, self.rule = types, rule
        self.before = ["", *[" "] * (len(types) - 1)]
        self.lists: dict[int, list[tuple[int, int]]] = {}  # first token of a list: first and last of each item
        for at, name in enumerate(types):
            if name in _TIGHT:
                self.before[at] = self.before[at + 1] = ""

    def plan(self, tree: Any) -> Plan:
        self.visit(tree)
        count = len(self.types)
        starts = range(min(COLUMNS.get(self.rule, 0) + 1, count))
        ends = (*starts[1:], count)
        return Plan(self.rule, tuple(self.steps(at, end) for at, end in zip(starts, ends, strict=True)))

    def visit(self, node: Any) -> None:
        """Note what a part of the tree asks for."""
        if not isinstance(node, tuple):
            return
        rule, children = node
        parts = [child for child in children if child is not None]
        match rule:
            case "items":
                self.lists[_first(node)] = [(_first(part), _last(part)) for part in parts]
            case "extension":
                self.commas(parts[4:])
            case "closure":
                periods = [part for part in parts if isinstance(part, tuple)]
                self.equals(children[2], periods[0])
                self.commas(periods[1:])
            case "scope_except" | "target":
                self.commas([part for part in parts if isinstance(part, tuple)][1:])
            case "list":
                self.equals(*children[2:])
            case "hours":
                self.equals(*children[3:])
        for part in parts:
            self.visit(part)

    def commas(self, parts: Sequence[Any]) -> None:
        for part in parts:
            self.before[_first(part)] = ", "

    def equals(self, sign: int | None, content: Any) -> None:
        """Put `=` before what is said on the line, and nowhere else. The sign has no step of its own."""
        if content is not None:
            first = _first(content) if sign is None else sign + 1
            self.before[first] = " = "

    def steps(self, at: int, end: int) -> tuple[Step, ...]:
        """Return the steps of some tokens of the line, as few as can be."""
        found: list[Step] = []
        start = at
        while at < end:
            name = self.types[at]
            if name == "EGAL":
                at += 1
                continue
            if at > start:
                found.append(self.before[at])
            if at in self.lists:
                items = self.lists.pop(at)
                found.append(_list_of([self.steps(first, last + 1) for first, last in items]))
                at = items[-1][1] + 1
            elif name == "NAME" and self.types[0] == "FERIES":
                last = max(place for place in range(at, end) if self.types[place] == "NAME")
                found.append(_region(at, last + 1))
                at = last + 1
            else:
                found.append(self.step(at))
                at += 1
        return tuple(_joined(found))

    def step(self, at: int) -> Step:
        name = self.types[at]
        if name == "NAME":
            return _from_text(at, spelt.text if at and self.types[at - 1] in _TEXTS else spelt.name)
        if name in _BY_VALUE:
            return _from_value(at, _BY_VALUE[name])
        if name in ("POSTE", "EXTENSION"):  # one word: declared as `poste`, named as `extension`
            name = "EXTENSION" if at else "POSTE"
        return spelling()[name]


def _first(node: Any) -> int:
    """Return the place of the first token of a part of the tree."""
    while isinstance(node, tuple):
        node = next(child for child in node[1] if child is not None)
    return int(node)


def _last(node: Any) -> int:
    while isinstance(node, tuple):
        node = next(child for child in reversed(node[1]) if child is not None)
    return int(node)


def _joined(steps: Sequence[Step]) -> list[Step]:
    """Return steps with words that follow one another made one."""
    found: list[Step] = []
    for step in steps:
        if found and isinstance(step, str) and isinstance(found[-1], str):
            found[-1] += step
        else:
            found.append(step)
    return found


def _from_value(at: int, spell: Callable[[str], str]) -> Writer:
    return lambda tokens, _: spell(tokens[at].value)


def _from_text(at: int, spell: Callable[[str], str]) -> Writer:
    return lambda tokens, text: spell(text[tokens[at].start : tokens[at].end])


def _region(at: int, end: int) -> Writer:
    return lambda tokens, text: spelt.region(tuple(text[one.start : one.end] for one in tokens[at:end]))


def _list_of(items: Sequence[Sequence[Step]]) -> Writer:
    """Write items with blanks between them where these keep them apart, to the eye and to the lexer; else commas."""

    def write(tokens: Sequence[Token], text: str) -> str:
        written = [_write(steps, tokens, text) for steps in items]
        return (" " if all(map(_is_closed, written)) else ", ").join(written)

    return write


def _is_closed(item: str) -> bool:
    """Tell whether an item is one word that takes in no digits behind it, as a number from `0` or `+` on does."""
    return " " not in item and (item[-1] == "*" or item.rpartition("..")[2][0] not in "0+")
