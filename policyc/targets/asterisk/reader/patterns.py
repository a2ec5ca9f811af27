"""Extensions and the order in which Asterisk tries them: names and patterns in, the one that takes a text out.

Patterns are compared from left to right, element by element: a character comes before a small set, that before a
large one, then `.`, `!`, and the end (pbx.c, `ext_cmp_pattern`). The extensions of a context are a tree of elements,
so that the first in that order is found by walking the tree in order. Names without `_` come before all patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from policyc.targets.asterisk.reader.errors import Place, Unclear, What
from policyc.targets.asterisk.reader.texts import DIGITS, NeedsDigit, has_clock, has_unknown_digit, has_word, show

MAX_LENGTH = 79
_NEVER = 1000  # more than any text has
_CLASSES = {"X": DIGITS, "Z": DIGITS - {"0"}, "N": DIGITS - {"0", "1"}}
ONE_OR_MORE, ANY = ".", "!"

Element = frozenset[str] | str
"""The characters that may stand there, or one of the two endings."""
_Order = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Step:
    """What an extension does at one priority."""

    application: str
    data: str
    place: Place


@dataclass(slots=True, eq=False)
class Exten:
    """An extension of a context: its steps by their priorities, its labels."""

    name: str
    elements: tuple[Element, ...]
    is_pattern: bool
    steps: dict[int, Step] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    def matches(self, text: str) -> bool:
        """Tell whether a known text, without `-`, is taken."""
        for at, element in enumerate(self.elements):
            if isinstance(element, str):
                return element == ANY or at < len(text)
            if at >= len(text) or text[at] not in element:
                return False
        return len(text) == len(self.elements)


Wanted = Callable[[Exten], bool]


@dataclass(slots=True, eq=False)
class Node:
    """Where the extensions that begin with the same elements stand."""

    exten: Exten | None = None
    single: dict[str, Node] = field(default_factory=dict)
    others: list[tuple[_Order, Element, Node]] = field(default_factory=list)
    _lengths: tuple[int, int] | None = None

    def lengths(self) -> tuple[int, int]:
        """Return how many characters extensions from here on take: exactly these, a bit each, or at least so many.

        To be asked when all extensions are there.
        """
        if self._lengths is None:
            exact, least = (0 if self.exten is None else 1), _NEVER
            for element, child in (*((None, one) for one in self.single.values()), *(one[1:] for one in self.others)):
                if isinstance(element, str):
                    least = min(least, element == ONE_OR_MORE)
                else:
                    more, many = child.lengths()
                    exact |= more << 1
                    least = min(least, many + 1)
            self._lengths = exact, least
        return self._lengths

    def child(self, element: Element) -> Node:
        """Return the node behind an element, made if need be."""
        if isinstance(element, frozenset) and len(element) == 1:
            return self.single.setdefault(next(iter(element)), Node())
        for _, one, node in self.others:
            if one == element:
                return node
        node = Node()
        self.others.append((_order(element), element, node))
        self.others.sort(key=lambda other: other[0])
        return node

    def find(self, text: str, at: int, wanted: Wanted) -> Exten | None:
        """Return the first wanted extension that takes a text from a place on. Raises NeedsDigit."""
        if at == len(text):
            for _, element, node in self.others:
                if element == ANY and node.exten and wanted(node.exten):
                    return node.exten
            return self.exten if self.exten and wanted(self.exten) else None
        char = text[at]
        for allowed, node in self._in_order(char):
            if isinstance(allowed, str):
                if node.exten and wanted(node.exten):
                    return node.exten
            elif char in allowed or ((digits := len(allowed & DIGITS)) == 10 and char > "\xff"):
                if found := node.find(text, at + 1, wanted):
                    return found
            elif digits and has_unknown_digit(char) and node.may_take(text, at + 1, wanted):
                raise NeedsDigit
        return None

    def may_take(self, text: str, at: int, wanted: Wanted) -> bool:
        """Tell whether a wanted extension takes the text for some of the digits that are not known."""
        try:
            return self.find(text, at, wanted) is not None
        except NeedsDigit:
            return True

    def _in_order(self, char: str) -> Iterator[tuple[Element, Node]]:
        if char in self.single:
            yield frozenset((char,)), self.single[char]
        elif has_unknown_digit(char):
            for digit in sorted(DIGITS & self.single.keys()):
                yield frozenset((digit,)), self.single[digit]
        for _, element, node in self.others:
            yield element, node


@dataclass(slots=True)
class Extensions:
    """The extensions of one context."""

    names: Node = field(default_factory=Node)
    patterns: Node = field(default_factory=Node)
    all: list[Exten] = field(default_factory=list)
    """In the order in which they were made."""

    def exten(self, name: str) -> Exten:
        """Return the extension of a name, made if need be: `_X` and `_[0-9]` are one. Raises Unclear."""
        pattern = name.startswith("_")
        elements = _elements(name[1:]) if pattern else tuple(frozenset((char,)) for char in name.replace("-", ""))
        if not elements:
            raise Unclear(What.EXTENSION, name)
        node = self.patterns if pattern else self.names
        for element in elements:
            node = node.child(element)
        if node.exten is None:
            node.exten = Exten(name, elements, pattern)
            self.all.append(node.exten)
        return node.exten

    def find(self, text: str, wanted: Wanted) -> Exten | None:
        """Return the first wanted extension that takes a text of which digits may be unknown. Raises NeedsDigit."""
        plain = text.replace("-", "")
        if text.startswith("_") or has_clock(plain) or has_word(plain):
            raise Unclear(What.EXTENSION, show(text))
        return self.names.find(plain, 0, wanted) or self.patterns.find(plain, 0, wanted)

    def __iter__(self) -> Iterator[Exten]:
        """Yield the extensions in the order in which they are tried."""
        yield from _walk(self.names)
        yield from _walk(self.patterns)


def _walk(node: Node) -> Iterator[Exten]:
    singles = [(_order(frozenset((char,))), child) for char, child in node.single.items()]
    others = [(order, child) for order, _, child in node.others]
    for _, child in sorted([*singles, *others], key=lambda one: one[0]):
        yield from _walk(child)
    if node.exten:
        yield node.exten


@lru_cache(maxsize=4096)
def _order(element: Element) -> _Order:
    """Return what sorts elements as Asterisk does: by size, by the lowest character, by the others."""
    if isinstance(element, str):
        return (0x180 if element == ONE_OR_MORE else 0x280), 0, 0
    bits = sum(1 << (255 - ord(char)) for char in element)
    return len(element), ord(min(element)), -bits


@lru_cache(maxsize=4096)
def _elements(pattern: str) -> tuple[Element, ...]:
    found: list[Element] = []
    rest = pattern
    while rest:
        if found and isinstance(found[-1], str):
            raise Unclear(What.EXTENSION, f"_{pattern}")  # `.` and `!` are endings
        char, rest = rest[0], rest[1:]
        if char == "[":
            inner, closed, rest = rest.partition("]")
            allowed = _set(inner)
            if not closed or not allowed:
                raise Unclear(What.EXTENSION, f"_{pattern}")
            found.append(allowed)
        elif char in (ONE_OR_MORE, ANY):
            found.append(char)
        elif char != "-":
            found.append(_CLASSES.get(char.upper(), frozenset((char,))))
    return tuple(found)


def _set(inner: str) -> frozenset[str]:
    found: set[str] = set()
    at = 0
    while at < len(inner):
        if inner[at + 1 : at + 2] == "-" and at + 2 < len(inner):
            found |= {chr(code) for code in range(ord(inner[at]), ord(inner[at + 2]) + 1)}
            at += 3
        else:
            found.add(inner[at])
            at += 1
    return frozenset(found)
