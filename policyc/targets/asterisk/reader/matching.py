"""Which extension takes each text of a block: a context's extensions in, intervals of the unknown digits out.

All texts of the block are walked at once, character by character, with the extensions that may still take them in the
order in which Asterisk tries them. What can no longer decide is left out, so that a block is cut only where it must be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.patterns import ANY, Exten, Node
from policyc.targets.asterisk.reader.texts import DIGITS, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policyc.targets.asterisk.reader.patterns import Wanted

MOST_PIECES = 5_000
TOO_MANY = Exten("", is_pattern=True)
"""Stands for whoever takes the texts that come after so many pieces: `_X5` is ten, `_XXXXXX5` a million."""
Pieces = list[tuple[int, Exten | None]]
"""Where intervals of the unknown digits begin, and who takes the texts of each, None for nobody."""
_Alive = tuple[Node | Exten, ...]
"""Who may take a text, in order: extensions whose next character is yet to come, then perhaps one that takes all."""
_IN_ORDER = "0123456789"
_KNOWN = "\xff"  # or before


def pieces(roots: Sequence[Node], text: str, wanted: Wanted) -> Pieces:
    """Return who takes the texts of a block: `text` has known characters, and unknown digits, all those of the number.

    Roots are tried one after the other, those of names before those of patterns. What is behind the first pieces, when
    there would be more than `MOST_PIECES`, is `TOO_MANY`'s.
    """
    return _Walk(text, wanted).within(tuple(root for root in roots if _fits(root, len(text))), 0)


class _Walk:
    __slots__ = ("_found", "text", "wanted")

    def __init__(self, text: str, wanted: Wanted) -> None:
        self.text, self.wanted = text, wanted
        self._found: dict[tuple[_Alive, int], Pieces] = {}

    def within(self, alive: _Alive, at: int) -> Pieces:
        """Return who takes the texts from a place on, given who may, by the digits from there on."""
        text, size = self.text, len(self.text)
        while at < size and alive and not isinstance(alive[0], Exten):
            if text[at] > _KNOWN:
                break
            alive = _after(alive, text[at], size - at - 1, self.wanted)
            at += 1
        if not alive:
            return [(0, None)]
        if isinstance(alive[0], Exten):
            return [(0, alive[0])]
        if at == size:
            return [(0, _at_end(alive, self.wanted))]
        key = alive, at
        if key not in self._found:
            self._found[key] = self._cut(alive, at)
        return self._found[key]

    def _cut(self, alive: _Alive, at: int) -> Pieces:
        """Return the same where the next character is a digit that is not known."""
        left = len(self.text) - at - 1
        step = 10 ** place_of(self.text[at])
        told = _told_apart(alive)
        found: Pieces = []
        others: Pieces | None = None
        for number, digit in enumerate(_IN_ORDER):
            if digit in told:
                ways = self.within(_after(alive, digit, left, self.wanted), at + 1)
            else:
                if others is None:
                    others = self.within(_after(alive, digit, left, self.wanted), at + 1)
                ways = others
            for low, taker in ways:
                if not found or found[-1][1] is not taker:
                    found.append((low + step * number, taker))
            if len(found) > MOST_PIECES:
                found[-1] = found[-1][0], TOO_MANY
                break
        return found


def _told_apart(alive: _Alive) -> frozenset[str] | set[str]:
    """Return the digits that some of these treat in a way of their own."""
    told: set[str] = set()
    for one in alive:
        if isinstance(one, Node):
            told.update(one.single)
            for _, element, _ in one.others:
                if not isinstance(element, str) and not element >= DIGITS:
                    told |= element
    return told


def _after(alive: _Alive, char: str, left: int, wanted: Wanted) -> _Alive:
    """Return who may still take a text behind a character, when so many are left."""
    found: list[Node | Exten] = []
    for one in alive:
        if isinstance(one, Exten):
            found.append(one)
            break
        node = one.single.get(char)
        if node is not None and _fits(node, left):
            found.append(node)
        taker = None
        for _, element, child in one.others:
            if isinstance(element, str):
                if child.exten and wanted(child.exten):
                    taker = child.exten
                    break
            elif char in element and _fits(child, left):
                found.append(child)
        if taker is not None:
            found.append(taker)
            break
    return tuple(found)


def _at_end(alive: _Alive, wanted: Wanted) -> Exten | None:
    for one in alive:
        if isinstance(one, Exten):
            return one
        for _, element, node in one.others:
            if element == ANY and node.exten and wanted(node.exten):
                return node.exten
        if one.exten and wanted(one.exten):
            return one.exten
    return None


def _fits(node: Node, left: int) -> bool:
    """Tell whether some extension behind a node takes a text of which so many characters are left."""
    exact, least = node.lengths()
    return bool(exact >> left & 1) or left >= least
