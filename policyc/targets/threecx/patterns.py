"""Sets of texts in, patterns out: prefixes `06*`, whole numbers and `*`, as few as can be. Pure.

A walk down the tree of digits: below a prefix, either all texts may be matched, and one pattern does it, or some
must not be, and the walk goes on digit by digit. No cover has fewer patterns, as two texts of different branches that
part above a forbidden one need a pattern each.

A prefix says nothing of how many digits follow, so the range 1000..9999 takes nine thousand patterns where other
lengths must not be matched: such a set counts as one that no patterns match.

What a walk finds below a prefix depends on the needed and the forbidden texts below it alone. These are mostly the same
from one question about a list to the next, so a `Search` is kept as long as its tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policyc.targets.threecx.tree import Atoms, Branch, Leaf, Node, Tree

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


_Question = tuple[Node, Atoms, Atoms]  # a node, and what is needed and what is forbidden below it, from its first atom


class Search:
    """Finds patterns for sets of texts of one tree. `anonymous` is how the PBX shows a call without a number.

    Without it, only `*` matches such a call.
    """

    def __init__(self, tree: Tree, anonymous: str = "") -> None:
        self.tree = tree
        self.anonymous = anonymous
        # Below a prefix: how many prefixes the walk passes, and how many patterns it finds.
        self._counts: dict[_Question, tuple[int, int]] = {}
        # Whether to carve at a prefix, how many patterns there are then, and how many before them.
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
        return anonymous + sum(self._count(*part)[1] for part in _below(self.tree.root, needed, forbidden))

    def cover(self, needed: Atoms, forbidden: Atoms) -> Patterns | None:
        """Return the fewest patterns that match all of one set and none of another, or None if no patterns do."""
        if self.fewest(needed, forbidden) is None:
            return None
        if not forbidden:
            return ("*",) if needed else ()
        found = [pattern for part in _below(self.tree.root, needed, forbidden) for pattern in self._patterns(*part)]
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
        parts = list(_below(tree.root, needed, forbidden))
        carvings = [self._carving(*part) for part in parts]
        unknown = needed & tree.anonymous and not self.anonymous
        count, before = sum(one[1] for one in carvings), sum(one[2] for one in carvings)
        count += bool(needed & tree.anonymous)
        # No patterns match all that is no number of the plan, so it cannot be carved out of `*`.
        if not forbidden & tree.beyond and (self.anonymous or not forbidden & tree.anonymous):
            others = sum(self._count(node, no, yes)[1] for node, yes, no in parts) + bool(forbidden & tree.anonymous)
            if unknown or 1 + others < count + before:
                return Carved(("*",), others) if others else None
        if unknown or not before:
            return None
        found = [pattern for part in parts for pattern in self._carvings_of(*part)]
        if needed & tree.anonymous:
            found.append(self.anonymous)
        return Carved(tuple(found), before)

    def _parts(self, needed: Atoms, forbidden: Atoms) -> bool:
        """Tell whether patterns can part two sets, and not by the thousand."""
        if needed & forbidden & ~self.tree.beyond:
            return False
        passed = sum(self._count(*part)[0] for part in _below(self.tree.root, needed, forbidden))
        # Intervals are counted only where the limit is close.
        allowed = (passed - _MOST_PREFIXES) // _MOST_MORE
        if allowed < 1:
            return True
        return self.tree.most_intervals(needed) > allowed and self.tree.intervals(needed) > allowed

    def _count(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[int, int]:
        """Return how many prefixes the walk passes, and how many patterns match what is needed below a node."""
        if not needed:
            return 0, 0
        if not forbidden:
            return 0, node.count
        key = node, needed, forbidden
        if key not in self._counts:
            passed = many = node.count
            patterns = many if node.single and needed & 1 else 0
            for part in _below(node, needed, forbidden):
                more, found = self._count(*part)
                passed += more
                patterns += found
            self._counts[key] = passed, patterns
        return self._counts[key]

    def _patterns(self, node: Node, needed: Atoms, forbidden: Atoms) -> Iterator[str]:
        """Yield the patterns that match what is needed below a node."""
        if not needed:
            return
        if not forbidden:
            yield from (prefix + "*" for prefix in node.prefixes)
            return
        if node.single and needed & 1:
            yield from node.prefixes
        for part in _below(node, needed, forbidden):
            yield from self._patterns(*part)

    def _carving(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[bool, int, int]:
        """Return whether to carve below a node, how many patterns there are then, and how many before them."""
        many = node.count
        if not needed:
            return False, 0, 0
        if not forbidden:
            return False, many, 0
        key = node, needed, forbidden
        if key not in self._carvings:
            patterns = many if node.single and needed & 1 else 0
            before = 0
            for part in _below(node, needed, forbidden):
                _, count, first = self._carving(*part)
                patterns += count
                before += first
            others = self._count(node, forbidden, needed)[1]
            if many + others < patterns + before:
                self._carvings[key] = True, many, others
            else:
                self._carvings[key] = False, patterns, before
        return self._carvings[key]

    def _carvings_of(self, node: Node, needed: Atoms, forbidden: Atoms) -> Iterator[str]:
        """Yield the patterns for what is needed below a node, where some take too much."""
        if not needed:
            return
        if not forbidden or self._carving(node, needed, forbidden)[0]:
            yield from (prefix + "*" for prefix in node.prefixes)
            return
        if node.single and needed & 1:
            yield from node.prefixes
        for part in _below(node, needed, forbidden):
            yield from self._carvings_of(*part)

    def narrowed(self, patterns: Patterns, needed: Atoms) -> Patterns:
        """Return patterns made as narrow as can be, for what is needed of what they match; others are left out."""
        return tuple(sorted({narrow for pattern in patterns if (narrow := self._narrowed(pattern, needed))}))

    def _narrowed(self, pattern: str, needed: Atoms) -> str | None:
        if pattern in ("*", self.anonymous):
            return pattern if needed & self.tree.matched((pattern,), self.anonymous) else None
        text = pattern.removesuffix("*")
        node = self.tree.node(text)
        if node is None:
            return None
        inside = needed >> node.start & (1 << node.width) - 1
        if not pattern.endswith("*"):
            return pattern if node.single and inside & 1 else None
        return _narrowest(node, text, inside) if inside else None


def _narrowest(node: Node, text: str, inside: Atoms) -> str:
    """Return the narrowest pattern for a set, not empty, below a prefix of a node."""
    while True:
        if node.single and inside == 1 and (isinstance(node, Branch) or len(node.runs[0]) == 1):
            return text
        if isinstance(node, Leaf) or (node.single and inside & 1):
            return text + "*"
        holding = [(sign, one) for sign, one in node.children.items() if _inside(node, one, inside)]
        if len(holding) > 1:
            return text + "*"
        ((sign, child),) = holding
        node, text, inside = child, text + sign, _inside(node, child, inside)


def _inside(node: Node, child: Node, atoms: Atoms) -> Atoms:
    """Return the atoms of a node that are below a child."""
    return atoms >> child.start - node.start & (1 << child.width) - 1


def _below(node: Node, needed: Atoms, forbidden: Atoms) -> Iterator[_Question]:
    """Yield the children of a node, with what is needed and what is forbidden below each."""
    if isinstance(node, Branch):
        for child in node.nodes:
            shift, whole = child.start - node.start, (1 << child.width) - 1
            yield child, needed >> shift & whole, forbidden >> shift & whole
    elif (longer := node.below()) is not None:
        shift = longer.start - node.start
        yield longer, needed >> shift, forbidden >> shift
