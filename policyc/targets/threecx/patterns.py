"""Sets of texts in, patterns out: prefixes `06*`, whole numbers and `*`, as few as can be. Pure.

A walk down the tree of digits: below a prefix, either all texts may be matched, and one pattern does it, or some
must not be, and the walk goes on digit by digit. No cover has fewer patterns, as two texts of different branches that
part above a forbidden one need a pattern each.

A prefix says nothing of how many digits follow, so the range 1000..9999 takes nine thousand patterns where other
lengths must not be matched: such a set counts as one that no patterns match.

Mostly no walk is needed. Where nothing below a prefix is forbidden, but something below one a digit shorter is, it
takes a pattern of its own, whatever else is needed. So such prefixes are found from what is needed upwards.
"""

from collections.abc import Callable, Iterator
from typing import Final

from policyc.targets.threecx.nodes import Atoms, Branch, Leaf, Node, PartError, Patch, Spot
from policyc.targets.threecx.tree import Tree
from policyc.values import value

# How many prefixes a walk may pass, and how many more for each interval of what is needed: a whole number may take
# some dozens; beyond that, the walk is after patterns by the thousand.
_MOST_PREFIXES: Final = 1000
_MOST_MORE: Final = 60
_MOST_DIGITS: Final = 17


# A pattern as it is written, what is below its prefix, and the atoms it matches, with others if others share them. No
# node is below `*` or an anonymous call, and none is told below what is alone.
Pattern = tuple[str, Node | None, Atoms]
Patterns = tuple[Pattern, ...]


@value()
class Carved:
    """Patterns that also match texts which they must not: how many, all that they match, how many go before them.

    `whole` is for the pattern `*`.
    """

    count: int
    atoms: Atoms
    before: int
    whole: bool = False


_Question = tuple[Node, Atoms, Atoms]  # what is below a prefix, and what is needed and what is forbidden of it


class Search:
    """Finds patterns for sets of texts of one tree. `anonymous` is how the PBX shows a call without a number.

    Without it, only `*` matches such a call.
    """

    def __init__(self, tree: Tree, anonymous: str = "") -> None:
        self.tree = tree
        self.anonymous = anonymous
        self._certain = ~tree.beyond  # what patterns can be asked to match, or not to match
        self._hidden = 0 if anonymous else tree.anonymous  # what `*` alone matches
        # How many prefixes the walk passes below one, and how many patterns it finds.
        self._counts: dict[_Question, tuple[int, int]] = {}
        # Whether to carve at a prefix, how many patterns there are below it then, and how many before them.
        self._carvings: dict[_Question, tuple[bool, int, int]] = {}
        self._sizes: dict[tuple[Atoms, Atoms], int | None] = {}
        self._carved: dict[tuple[Atoms, Atoms], Carved | None] = {}

    def fewest(self, needed: Atoms, forbidden: Atoms, most: int | None = None) -> int | None:
        """Return how few patterns match all of one set and none of another, or None if no patterns do.

        If there are more than `most`, any number above it will do.
        """
        if not forbidden:
            return 1 if needed else 0
        if needed & self._hidden or needed & forbidden & self._certain:
            return None
        key = needed, forbidden
        if key not in self._sizes:
            count, passed = self._total(needed, forbidden, most)
            if most is not None and count > most:
                return count
            parts = passed <= _MOST_PREFIXES or self._parts(needed, forbidden)
            self._sizes[key] = count + bool(needed & self.tree.anonymous) if parts else None
        return self._sizes[key]

    def _total(self, needed: Atoms, forbidden: Atoms, most: int | None = None) -> tuple[int, int]:
        """Return how many patterns match one of two disjoint sets, and how many prefixes a walk passes at most.

        Both are only what is found until there are more patterns than `most`.
        """
        count = passed = 0
        rest = needed
        for around, alone in self.tree.crowds:
            if not around & ~forbidden and (inside := needed & alone):
                rest &= ~inside
                count += inside.bit_count()
                passed += inside.bit_count() * _MOST_DIGITS
        for (_, own, node, prefixes, prefix, _), inside in self._blocks(rest, forbidden):
            deeper, found = 0, 1
            if forbidden & own:
                deeper, found = self._count(node, inside, forbidden & own)
            count += prefixes * found
            passed += prefixes * (deeper + len(prefix))
            if most is not None and count > most:
                break
        return count, passed

    def _blocks(self, needed: Atoms, forbidden: Atoms) -> Iterator[tuple[Spot, Atoms]]:
        """Yield the widest places for a set that hold none of another, or some of both, and what to look for there."""
        rest = needed & self.tree.mask
        if not rest:
            return
        spots, root = self.tree.spots, self.tree.root
        while rest:
            spot = spots[1 << rest.bit_length() - 1]
            above, own = spot[:2]
            while not forbidden & own:
                if forbidden & above.mask:
                    if not isinstance(above, Patch) or (forbidden & above.side and own != above.side):
                        break  # forbidden is what turns off on the way, or what is beside
                elif above is root:
                    break
                spot = spots[above]
                above, own = spot[:2]
            yield spot, rest & own
            rest &= ~own

    def cover(self, needed: Atoms, forbidden: Atoms) -> Patterns | None:
        """Return the fewest patterns that match all of one set and none of another, or None if no patterns do."""
        if self.fewest(needed, forbidden) is None:
            return None
        if not forbidden:
            return (self._everything,) if needed else ()
        found: list[Pattern] = []
        rest = needed
        for around, alone in self.tree.crowds:
            if not around & ~forbidden:
                inside = needed & alone
                rest &= ~inside
                while inside:
                    own = 1 << inside.bit_length() - 1
                    found.append((self.tree.tips.patterns[own], None, own))
                    inside ^= own
        for (_, own, node, _, prefix, digits), inside in self._blocks(rest, forbidden):
            if digits and forbidden & own:
                for digit in digits:
                    below = list(self._patterns(node, prefix + digit, inside, forbidden & own))
                    for _, deeper, _ in below:
                        self._check_parts(deeper, needed)
                    found += below
            elif digits:
                for digit in digits:
                    found.append(_whole(node, prefix + digit))
            else:
                found.append((prefix, node, own))
        if needed & self.tree.anonymous:
            found.append((self.anonymous, None, self.tree.anonymous))
        found.sort()
        return tuple(found)

    @property
    def _everything(self) -> Pattern:
        return "*", None, self.tree.everything

    def carve(self, needed: Atoms, forbidden: Atoms) -> Carved | None:
        """Return few patterns for a set, where what they match too much of another set is to be taken out before.

        None if no patterns do, or if there is nothing to gain by taking anything out.
        """
        key = needed, forbidden
        if key not in self._carved:
            self._carved[key] = self._carve(needed, forbidden)
        return self._carved[key]

    def _carve(self, needed: Atoms, forbidden: Atoms) -> Carved | None:
        tree = self.tree
        if not forbidden or needed & forbidden & ~tree.beyond:
            return None
        unknown = needed & tree.anonymous and not self.anonymous
        # No patterns match all that is no number of the plan, so it cannot be carved out of `*`.
        apart = not forbidden & tree.beyond and bool(self.anonymous or not forbidden & tree.anonymous)
        if not apart if unknown else self._is_sparse(needed, forbidden):
            return None
        others, passed = self._total(forbidden, needed) if apart else self._total(needed, forbidden)
        if passed > _MOST_PREFIXES and not self._parts(needed, forbidden):
            return None
        others += bool(forbidden & tree.anonymous)
        if unknown:
            return Carved(1, tree.everything, others, whole=True) if others else None
        count, before = self._carving_of_edges(tree.root, needed, forbidden)
        count += bool(needed & tree.anonymous)
        if apart and 1 + others < count + before:
            return Carved(1, tree.everything, others, whole=True) if others else None
        if not before:
            return None
        atoms = needed & tree.anonymous | self._carved_below(tree.root, needed, forbidden)
        return Carved(count, atoms, before)

    def carved(self, needed: Atoms, forbidden: Atoms) -> Patterns:
        """Return the patterns of what was carved."""
        made = self.carve(needed, forbidden)
        if made is None:
            return ()
        if made.whole:
            return (self._everything,)
        found = list(_beyond_edges(self._carvings_of, self.tree.root, "", needed, forbidden))
        if needed & self.tree.anonymous:
            found.append((self.anonymous, None, self.tree.anonymous))
        return tuple(sorted(found))

    def _carved_below(self, node: Node, needed: Atoms, forbidden: Atoms) -> Atoms:
        """Return all that patterns for what is needed, not empty, match below a prefix, where some take too much."""
        found = needed & node.single
        for _, child in node.edges:
            if inside := needed & child.mask:
                wrong = forbidden & child.mask
                if not wrong or self._carving(child, inside, wrong)[0]:
                    found |= child.mask
                    self._check_parts(child, needed)
                else:
                    found |= self._carved_below(child, inside, wrong)
        return found

    def _is_sparse(self, needed: Atoms, forbidden: Atoms) -> bool:
        """Tell whether next to patterns for one set, there are everywhere as many or more for another to take out."""
        seen: set[Node] = set()
        rest = needed
        for around, alone in self.tree.sparse_crowds:
            if not around & ~forbidden:
                rest &= ~alone
        for (above, own, *_), _ in self._blocks(rest, forbidden):
            if forbidden & own:
                return False
            if isinstance(above, Patch):
                if not above.is_sparse:
                    return False
            elif above not in seen:
                seen.add(above)
                if _balance(above, needed, forbidden) > 0:
                    return False
        return True

    def _parts(self, needed: Atoms, forbidden: Atoms) -> bool:
        """Tell whether patterns can part two disjoint sets, and not by the thousand."""
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
        if isinstance(node, Patch) and (way := node.way):
            _, child = node.tips[0]
            passed, patterns = self._count(child, needed & child.mask, forbidden & child.mask)
            return passed + len(way), patterns + (9 * len(way) if needed & node.side else 0)
        key = node, needed, forbidden
        if key not in self._counts:
            passed, patterns = self._count_of_edges(node, needed, forbidden)
            self._counts[key] = 1 + passed, patterns + bool(needed & node.single)
        return self._counts[key]

    def _count_of_edges(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[int, int]:
        passed = patterns = 0
        for digits, child in node.edges:
            if inside := needed & child.mask:
                more, found = self._count(child, inside, forbidden & child.mask)
                passed += len(digits) * more
                patterns += len(digits) * found
        return passed, patterns

    def _patterns(self, node: Node, prefix: str, needed: Atoms, forbidden: Atoms) -> Iterator[Pattern]:
        """Yield the patterns that match what is needed, not empty, below a prefix."""
        if not forbidden:
            yield _whole(node, prefix)
            return
        if isinstance(node, Patch) and (way := node.way):
            _, child = node.tips[0]
            if needed & node.side:
                for start, others, leaf in node.turning(prefix):
                    yield from [_whole(leaf, start + digit) for digit in others]
            if inside := needed & child.mask:
                yield from self._patterns(child, prefix + way, inside, forbidden & child.mask)
            return
        if needed & node.single:
            yield prefix, node, node.single
        yield from _beyond_edges(self._patterns, node, prefix, needed, forbidden)

    def _carving(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[bool, int, int]:
        """Return whether to carve at a prefix, how many patterns there are below it then, and how many before them."""
        if not needed:
            return False, 0, 0
        if not forbidden:
            return False, 1, 0
        if isinstance(node, Patch) and node.way:
            _, child = node.tips[0]
            _, patterns, before = self._carving(child, needed & child.mask, forbidden & child.mask)
            if not needed & node.side:  # carving above the child gains nothing more
                return False, patterns, before
            # The further up, the more patterns one prefix stands for, and there is no more to take out before.
            patterns += 9 * len(node.way)
            others = self._count(node, forbidden, needed)[1]
            return (True, 1, others) if 1 + others < patterns + before else (False, patterns, before)
        key = node, needed, forbidden
        if key not in self._carvings:
            patterns, before = self._carving_of_edges(node, needed, forbidden)
            patterns += bool(needed & node.single)
            others = self._count(node, forbidden, needed)[1]
            if 1 + others < patterns + before:
                self._carvings[key] = True, 1, others
            else:
                self._carvings[key] = False, patterns, before
        return self._carvings[key]

    def _carving_of_edges(self, node: Node, needed: Atoms, forbidden: Atoms) -> tuple[int, int]:
        patterns = before = 0
        for digits, child in node.edges:
            if inside := needed & child.mask:
                _, found, first = self._carving(child, inside, forbidden & child.mask)
                patterns += len(digits) * found
                before += len(digits) * first
        return patterns, before

    def _carvings_of(self, node: Node, prefix: str, needed: Atoms, forbidden: Atoms) -> Iterator[Pattern]:
        """Yield the patterns for what is needed, not empty, below a prefix, where some take too much."""
        if not forbidden or self._carving(node, needed, forbidden)[0]:
            yield _whole(node, prefix)
            return
        if needed & node.single:
            yield prefix, node, node.single
        yield from _beyond_edges(self._carvings_of, node, prefix, needed, forbidden)

    def narrowed(self, patterns: Patterns, needed: Atoms) -> Patterns:
        """Return patterns made as narrow as can be, for what is needed of what they match; others are left out."""
        found = []
        for one in patterns:
            _, node, atoms = one
            if inside := atoms & needed:
                is_narrow = node is None or (isinstance(node, Leaf) and inside == atoms)
                found.append(one if is_narrow else self._narrowest(one, inside))
        return patterns if found == list(patterns) else tuple(sorted(set(found)))

    def _narrowest(self, pattern: Pattern, inside: Atoms) -> Pattern:
        """Return the narrowest pattern for a set, not empty, of what one matches."""
        text, below, _ = pattern
        if below is None or not text.endswith("*"):
            return pattern
        node = below
        text = text[:-1]
        while inside != node.single and not isinstance(node, Leaf):
            holding = [(digits, child) for digits, child in node.edges if inside & child.mask]
            if inside & node.single or len(holding) > 1 or len(holding[0][0]) > 1:
                break
            ((digits, node),) = holding
            text += digits
        if inside == node.single and (not isinstance(node, Leaf) or len(node.runs[0][0]) == 1):
            return text, node, node.single
        if node is below:
            return pattern
        self._check_parts(node, inside)
        return text + "*", node, node.mask

    def _check_parts(self, node: Node | None, needed: Atoms) -> None:
        """Raise PartError if a node has a part only of the side of a patch, and patterns do not go for all of it."""
        if isinstance(node, Patch) and node.side & ~needed and node not in self.tree.spots:
            raise PartError


def _whole(node: Node, prefix: str) -> Pattern:
    """Return the pattern for all that is below a prefix: of a number, itself."""
    return prefix if isinstance(node, Leaf) and node.is_number else prefix + "*", node, node.mask


def _balance(node: Branch, needed: Atoms, forbidden: Atoms) -> int:
    """Return how many more prefixes a digit longer hold of one set only than of another only."""
    found = bool(needed & node.single) - bool(forbidden & node.single)
    for digits, child in node.edges:
        if not forbidden & child.mask:
            if needed & child.mask:
                found += len(digits)
        elif not needed & child.mask:
            found -= len(digits)
    return found


def _beyond_edges(
    walk: Callable[[Node, str, Atoms, Atoms], Iterator[Pattern]],
    node: Node,
    prefix: str,
    needed: Atoms,
    forbidden: Atoms,
) -> Iterator[Pattern]:
    """Yield what a walk finds after each digit that goes on to what is needed."""
    for digits, child in node.edges:
        if inside := needed & child.mask:
            wrong = forbidden & child.mask
            for digit in digits:
                yield from walk(child, prefix + digit, inside, wrong)
