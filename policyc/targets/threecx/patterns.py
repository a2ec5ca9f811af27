"""Sets of texts in, patterns out: prefixes `06*`, whole numbers and `*`, as few as can be. Pure.

A walk down the tree of digits: below a prefix, either all texts may be matched, and one pattern does it, or some
must not be, and the walk goes on digit by digit. No cover has fewer patterns, as two texts of different branches that
part above a forbidden one need a pattern each.

A prefix says nothing of how many digits follow, so the range 1000..9999 takes nine thousand patterns where other
lengths must not be matched: such a set counts as one that no patterns match.

What a walk finds below a prefix depends on the needed and the forbidden texts below it alone. These are mostly the same
from one question about a list to the next, so a `Search` is kept as long as its tree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from policyc.targets.threecx.tree import Atoms, Leaf, Node, Tree, below

Patterns = tuple[str, ...]
# How many prefixes a walk may pass, and how many more for each interval of what is needed: a whole number may take
# some dozens; beyond that, the walk is after patterns by the thousand.
_MOST_PREFIXES: Final = 1000
_MOST_MORE: Final = 60


@dataclass(frozen=True, slots=True)
class Carved:
    """Patterns that also match texts which they must not, and how many patterns it takes to match those before."""

    patterns: Patterns
    before: int


_Question = tuple[Node, Atoms, Atoms]  # what is below a prefix, and what is needed and what is forbidden of it


class Search:
    """Finds patterns for sets of texts of one tree. `anonymous` is how the PBX shows a call without a number.

    Without it, only `*` matches such a call.
    """

    def __init__(self, tree: Tree, anonymous: str = "") -> None:
        self.tree = tree
        self.anonymous = anonymous
        # How many prefixes the walk passes below one, and how many patterns it finds.
        self._counts: dict[_Question, tuple[int, int]] = {}
        # Whether to carve at a prefix, how many patterns there are below it then, and how many before them.
        self._carvings: dict[_Question, tuple[bool, int, int]] = {}
        self._sizes: dict[tuple[Atoms, Atoms], int | None] = {}
        self._carved: dict[tuple[Atoms, Atoms], Carved | None] = {}

    def fewest(self, needed: Atoms, forbidden: Atoms) -> int | None:
        """Return how few patterns match all of one set and none of another, or None if no patterns do."""
        key = needed, forbidden
        if key not in self._sizes:
            self._sizes[key] = self._fewest(needed, forbidden)
        return self._sizes[key]

    def _fewest(self, needed: Atoms, forbidden: Atoms) -> int | None:
        if not forbidden:
            return 1 if needed else 0
        anonymous = bool(needed & self.tree.anonymous)
        if not self._parts(needed, forbidden) or (anonymous and not self.anonymous):
            return None
        return anonymous + self._count_of_edges(self.tree.root, needed, forbidden)[1]

    def cover(self, needed: Atoms, forbidden: Atoms) -> Patterns | None:
        """Return the fewest patterns that match all of one set and none of another, or None if no patterns do."""
        if self.fewest(needed, forbidden) is None:
            return None
        if not forbidden:
            return ("*",) if needed else ()
        found = list(_beyond_edges(self._patterns, self.tree.root, "", needed, forbidden))
        if needed & self.tree.anonymous:
            found.append(self.anonymous)
        return tuple(sorted(found))

    def carve(self, needed: Atoms, forbidden: Atoms) -> Carved | None:
        """Return few patterns for a set, where what they match too much of another set is to be taken out before.

        None if no patterns do, or if there is nothing to gain by taking anything out.
        """
        key = needed, forbidden
        if key not in self._carved:
            self._carved[key] = self._carve(needed, forbidden)
        return self._carved[key]

    def _carve(self, needed: Atoms, forbidden: Atoms) -> Carved | None:
        if not forbidden or not self._parts(needed, forbidden):
            return None
        tree = self.tree
        unknown = needed & tree.anonymous and not self.anonymous
        count, before = self._carving_of_edges(tree.root, needed, forbidden)
        count += bool(needed & tree.anonymous)
        # No patterns match all that is no number of the plan, so it cannot be carved out of `*`.
        if not forbidden & tree.beyond and (self.anonymous or not forbidden & tree.anonymous):
            others = self._count_of_edges(tree.root, forbidden, needed)[1] + bool(forbidden & tree.anonymous)
            if unknown or 1 + others < count + before:
                return Carved(("*",), others) if others else None
        if unknown or not before:
            return None
        found = list(_beyond_edges(self._carvings_of, tree.root, "", needed, forbidden))
        if needed & tree.anonymous:
            found.append(self.anonymous)
        return Carved(tuple(found), before)

    def _parts(self, needed: Atoms, forbidden: Atoms) -> bool:
        """Tell whether patterns can part two sets, and not by the thousand."""
        if needed & forbidden & ~self.tree.beyond:
            return False
        passed, _ = self._count_of_edges(self.tree.root, needed, forbidden)
        # Intervals are counted only where the limit is close.
        allowed = (passed - _MOST_PREFIXES) // _MOST_MORE
        if allowed < 1:
            return True
        return allowed < self.tree.most_intervals and allowed < self.tree.intervals(needed)

    def _count(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[int, int]:
        """Return how many prefixes the walk passes, and how many patterns match what is needed below a prefix."""
        if not needed:
            return 0, 0
        if not forbidden:
            return 0, 1
        key = node, needed, forbidden
        if key not in self._counts:
            passed, patterns = self._count_of_edges(node, needed, forbidden)
            self._counts[key] = 1 + passed, (node.single and needed & 1) + patterns
        return self._counts[key]

    def _count_of_edges(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[int, int]:
        passed = patterns = 0
        for digits, start, child in node.edges:
            if inside := below(needed, start, child):
                more, found = self._count(child, inside, below(forbidden, start, child))
                passed += len(digits) * more
                patterns += len(digits) * found
        return passed, patterns

    def _patterns(self, node: Node, prefix: str, needed: Atoms, forbidden: Atoms) -> Iterator[str]:
        """Yield the patterns that match what is needed, not empty, below a prefix."""
        if not forbidden:
            yield prefix + "*"
            return
        if node.single and needed & 1:
            yield prefix
        yield from _beyond_edges(self._patterns, node, prefix, needed, forbidden)

    def _carving(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[bool, int, int]:
        """Return whether to carve at a prefix, how many patterns there are below it then, and how many before them."""
        if not needed:
            return False, 0, 0
        if not forbidden:
            return False, 1, 0
        key = node, needed, forbidden
        if key not in self._carvings:
            patterns, before = self._carving_of_edges(node, needed, forbidden)
            patterns += node.single and needed & 1
            others = self._count(node, forbidden, needed)[1]
            if 1 + others < patterns + before:
                self._carvings[key] = True, 1, others
            else:
                self._carvings[key] = False, patterns, before
        return self._carvings[key]

    def _carving_of_edges(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[int, int]:
        patterns = before = 0
        for digits, start, child in node.edges:
            if inside := below(needed, start, child):
                _, found, first = self._carving(child, inside, below(forbidden, start, child))
                patterns += len(digits) * found
                before += len(digits) * first
        return patterns, before

    def _carvings_of(self, node: Node, prefix: str, needed: Atoms, forbidden: Atoms) -> Iterator[str]:
        """Yield the patterns for what is needed, not empty, below a prefix, where some take too much."""
        if not forbidden or self._carving(node, needed, forbidden)[0]:
            yield prefix + "*"
            return
        if node.single and needed & 1:
            yield prefix
        yield from _beyond_edges(self._carvings_of, node, prefix, needed, forbidden)

    def narrowed(self, patterns: Patterns, needed: Atoms) -> Patterns:
        """Return patterns made as narrow as can be, for what is needed of what they match; others are left out."""
        return tuple(sorted({narrow for pattern in patterns if (narrow := self._narrowed(pattern, needed))}))

    def _narrowed(self, pattern: str, needed: Atoms) -> str | None:
        if pattern in ("*", self.anonymous):
            return pattern if needed & self.tree.matched((pattern,), self.anonymous) else None
        text = pattern.removesuffix("*")
        start, node, _ = self.tree.find(text)
        if node is None:
            return None
        inside = below(needed, start, node)
        if not pattern.endswith("*"):
            return pattern if node.single and inside & 1 else None
        return _narrowest(node, text, inside) if inside else None


def _narrowest(node: Node, text: str, inside: Atoms) -> str:
    """Return the narrowest pattern for a set, not empty, below a prefix."""
    while True:
        if node.single and inside == 1 and (not isinstance(node, Leaf) or len(node.runs[0]) == 1):
            return text
        holding = [
            (digits, child, part) for digits, start, child in node.edges if (part := below(inside, start, child))
        ]
        if isinstance(node, Leaf) or (node.single and inside & 1) or len(holding) > 1 or len(holding[0][0]) > 1:
            return text + "*"
        ((digits, node, inside),) = holding
        text += digits


def _beyond_edges(
    walk: Callable[[Node, str, Atoms, Atoms], Iterator[str]], node: Node, prefix: str, needed: Atoms, forbidden: Atoms
) -> Iterator[str]:
    """Yield what a walk finds after each digit that goes on to what is needed."""
    for digits, start, child in node.edges:
        if inside := below(needed, start, child):
            wrong = below(forbidden, start, child)
            for digit in digits:
                yield from walk(child, prefix + digit, inside, wrong)
