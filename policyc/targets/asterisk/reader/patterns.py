"""Extensions and the order in which Asterisk tries them: names and patterns in, the one that takes a text out.

Patterns are compared from left to right, element by element: a character comes before a small set, that before a
large one, then `.`, `!`, and the end (pbx.c, `ext_cmp_pattern`). The extensions of a context are a tree of elements,
so that the first in that order is found by walking the tree in order. Names without `_` come before all patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from policyc.targets.asterisk.reader.errors import Place, Unclear, What
from policyc.targets.asterisk.reader.texts import DIGITS, NeedsDigit, has_clock, has_unknown_digit, has_word, show

MAX_LENGTH = 79
_NEVER = 1000  # more than any text has
_CLASSES = {"X": DIGITS, "Z": DIGITS - {"0"}, "N": DIGITS - {"0", "1"}}
ONE_OR_MORE, ANY = ".", "!"
_ENDINGS = {"": 0, ANY: 1, ONE_OR_MORE: 2}  # of two that take the same, the greater one is tried first
_PLAIN = re.compile(r"_(?=.)([^XxZzNn\[\].!-]*)([Xx]*)([.!]?)", re.DOTALL)

Element = frozenset[str] | str
"""The characters that may stand there, or one of the two endings."""
_Order = tuple[int, int, int]


class Step(NamedTuple):
    """What an extension does at one priority."""

    application: str
    data: str
    place: Place


class Begun(NamedTuple):
    """What is taken: texts that begin with a text, so many digits behind it, and what an ending lets through."""

    start: str
    digits: int = 0
    ending: str = ""


@dataclass(slots=True, eq=False)
class Exten:
    """An extension of a context: its steps by their priorities, its labels.

    `begun` says the whole of what it takes, unless other sets than `X` are in it, as they rarely are.
    """

    name: str
    is_pattern: bool
    begun: Begun | None = None
    steps: dict[int, Step] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    @property
    def elements(self) -> tuple[Element, ...]:
        """What may stand at each place, in order."""
        if self.is_pattern:
            return _elements(self.name[1:])
        return tuple(frozenset((char,)) for char in self.name.replace("-", ""))


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


class Extensions:
    """The extensions of one context. A name is found as it is; trees are made when anything else is looked for."""

    __slots__ = ("_all_begun", "_names", "_patterns", "_roots", "all")

    def __init__(self) -> None:
        """Begin with none."""
        self.all: list[Exten] = []
        """In the order in which they were made."""
        self._names: dict[str, Exten] = {}
        self._patterns: dict[Begun | tuple[Element, ...], Exten] = {}
        self._all_begun = True  # patterns
        self._roots: tuple[Node, Node] | None = None

    def exten(self, name: str) -> Exten:
        """Return the extension of a name, made if need be: `_X` and `_[0-9]` are one. Raises Unclear."""
        if name.startswith("_"):
            begun = _begun(name)
            key = _elements(name[1:]) if begun is None else begun
            found = self._patterns.get(key)
            if found is None:
                found = self._patterns[key] = self._made(Exten(name, True, begun))
                self._all_begun = self._all_begun and begun is not None
            return found
        text = name.replace("-", "")
        if not text:
            raise Unclear(What.EXTENSION, name)
        found = self._names.get(text)
        if found is None:
            found = self._names[text] = self._made(Exten(name, False, Begun(text)))
        return found

    def _made(self, exten: Exten) -> Exten:
        self.all.append(exten)
        self._roots = None
        return exten

    @property
    def roots(self) -> tuple[Node, Node]:
        """Where the extensions begin, those of names before those of patterns."""
        if self._roots is None:
            self._roots = _tree(self._names.values()), _tree(self._patterns.values())
        return self._roots

    def find(self, text: str, wanted: Wanted) -> Exten | None:
        """Return the first wanted extension that takes a text of which digits may be unknown. Raises NeedsDigit."""
        plain = text.replace("-", "")
        if text.startswith("_") or has_clock(plain) or has_word(plain):
            raise Unclear(What.EXTENSION, show(text))
        if plain.isascii():
            found = self._names.get(plain)
            if found is not None and wanted(found):
                return found
            if self._all_begun:
                taking = [exten for exten in self._patterns.values() if _takes(exten, plain) and wanted(exten)]
                return max(taking, key=tried_last, default=None)
        names, patterns = self.roots
        return names.find(plain, 0, wanted) or patterns.find(plain, 0, wanted)

    def __iter__(self) -> Iterator[Exten]:
        """Yield the extensions in the order in which they are tried."""
        for root in self.roots:
            yield from _walk(root)


def tried_last(exten: Exten) -> tuple[bool, int, int, int]:
    """Return what sorts extensions that take a text and have `begun`: the greatest is tried first."""
    if exten.begun is None:
        raise AssertionError("an extension that is not said by how it begins")
    start, digits, ending = exten.begun
    return not exten.is_pattern, len(start), digits, _ENDINGS[ending]


def _takes(exten: Exten, text: str) -> bool:
    """Tell whether an extension that has `begun` takes a known text."""
    if exten.begun is None or not text.startswith(exten.begun.start):
        return False
    start, digits, ending = exten.begun
    behind = text[len(start) :]
    more = len(behind) - digits
    if more < 0 or (digits and not behind[:digits].isdecimal()):
        return False
    return more > 0 if ending == ONE_OR_MORE else ending == ANY or not more


def _tree(extens: Iterable[Exten]) -> Node:
    root = Node()
    for exten in extens:
        node = root
        for element in exten.elements:
            node = node.child(element)
        node.exten = exten
    return root


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


def _begun(name: str) -> Begun | None:
    """Return what a pattern takes, None if other sets than `X` are in it. Raises Unclear."""
    plain = _PLAIN.fullmatch(name)
    if plain is not None:  # as nearly always
        return Begun(plain[1], len(plain[2]), plain[3])
    elements = _elements(name[1:])
    if not elements:
        raise Unclear(What.EXTENSION, name)
    ending = elements[-1] if isinstance(elements[-1], str) else ""
    sets = [element for element in elements if not isinstance(element, str)]
    start = "".join(next(iter(element)) for element in takewhile(lambda element: len(element) == 1, sets))
    digits = len(sets) - len(start)
    return Begun(start, digits, ending) if all(one == DIGITS for one in sets[len(start) :]) else None


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
