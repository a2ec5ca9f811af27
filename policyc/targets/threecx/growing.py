"""A tree and a few pieces of texts in, the tree with these laid upon it out. Pure.

Most of a tree is the same from one list of a policy to the next. So it is built once for what the lists have in common,
and each list makes a tree of its own, in which only what is on the way to its pieces is new.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from policyc.targets.threecx.building import Lengths, Maker
from policyc.targets.threecx.nodes import DIGITS, Atoms, Branch, Edge, Leaf, Node, Patch
from policyc.targets.threecx.tree import Nodes, Tips, Tree

# A text, how many digits follow it, and the bits that turn in the labels of all such texts.
Piece = tuple[str, int, int]
_FEW: Final = 5  # a patch with so many tips is sparse


def grown(tree: Tree, pieces: Sequence[Piece], anonymous: int = 0, beyond: int = 0, *, fine: bool = False) -> Tree:
    """Return a tree with pieces laid upon one that has cells wherever they are, and no patches.

    `anonymous` and `beyond` are the bits that turn in their labels. In a `fine` tree no patch has several tips, so that
    patterns which match a part of what is alike match whole atoms nevertheless.
    """
    pieces = sorted(pieces)
    labels, mask, tips, nodes = (None if fine else _apart(tree, pieces)) or _together(tree, pieces, fine=fine)
    for atom, bits in ((tree.anonymous, anonymous), (tree.beyond, beyond)):
        if atom:
            labels[atom.bit_length() - 1] ^= bits
    return Tree(nodes, labels, mask, tree.anonymous, tree.beyond, tips, tree)


# The labels of a tree, its mask, its tips, and what makes its nodes.
_Told = tuple[list[int], Atoms, Tips, Callable[[], Nodes]]


def _together(tree: Tree, pieces: Sequence[Piece], *, fine: bool) -> _Told:
    """Return what a tree has with pieces laid upon another."""
    growth = _Growth(tree, pieces, fine=fine)
    root = growth.root(tree.root)
    tips = Tips(growth.tips, growth.patterns, [(patch.side, patch.alone) for patch in growth.patches])
    return growth.labels, root.mask, tips, partial(Nodes, root, growth.spots, growth.patches)


def _nodes(tree: Tree, pieces: Sequence[Piece]) -> Nodes:
    """Return the nodes that a tree has with pieces laid upon another."""
    _, _, _, nodes = _together(tree, pieces, fine=False)
    return nodes()


def _apart(tree: Tree, pieces: Sequence[Piece]) -> _Told | None:
    """Return the same, without nodes, if each piece is alone and no patch has many of them; None if that is not so.

    Most lists are like that, and of most of their trees nobody asks for nodes, which take four times as long. Atoms are
    numbered as `_Growth` numbers them.
    """
    starts, leaves = tree.leaves
    labels = list(tree.labels)
    matched: dict[str, Atoms] = {}
    patterns: dict[Atoms, str] = {}
    sides: dict[Atoms, Atoms] = {}
    left: dict[Atoms, int] = {}  # after how many digits there still is an atom of the other tree
    prefix = last = "none"
    side = label = size = 0
    for text, more, bits in pieces:
        if not text.startswith(prefix):
            at = bisect_right(starts, text) - 1
            prefix, (digits, atom, label, places) = starts[at], leaves[at]
            if text == prefix or not text.startswith(prefix):
                return None
            size = len(prefix) + digits
            left[atom] = left.get(atom, places) - 1
            side = 1 << len(labels)
            sides[side] = 0
            labels.append(label)
        if text.startswith(last) or len(text) + more != size or sides[side].bit_count() == _FEW:
            return None
        last = text
        own = 1 << len(labels)
        sides[side] |= own
        labels.append(label ^ bits)
        pattern = text + "*" if more else text
        matched[pattern] = own
        patterns[own] = pattern
    gone = sum([atom for atom, count in left.items() if not count])
    mask = (tree.mask | (1 << len(labels)) - (1 << tree.count)) & ~gone
    return labels, mask, Tips(matched, patterns, tuple(sides.items()), sparse=True), partial(_nodes, tree, pieces)


class _Growth(Maker):
    """Lays pieces upon a tree; they are sorted, so that those below a prefix are next to one another."""

    def __init__(self, old: Tree, pieces: Sequence[Piece], *, fine: bool) -> None:
        super().__init__(old.labels, old.spots)
        self.pieces = pieces
        self.fine = fine
        self.patches: list[Patch] = []
        self.tips: dict[str, Atoms] = {}
        self.patterns: dict[Atoms, str] = {}
        self.texts = [text for text, _, _ in pieces]

    def root(self, old: Branch) -> Branch:
        return self._on_branch(old, 0, len(self.pieces), "", ())

    def _changed(self, old: Node, first: int, last: int, prefix: str, over: Lengths) -> Node:
        """Return a node with some pieces laid upon it. `over` are bits that turn by how many digits follow."""
        if isinstance(old, Branch):
            return self._on_branch(old, first, last, prefix, over)
        if isinstance(old, Leaf):
            if len(old.runs) == 1 and len(old.runs[0][0]) == 1 and not over:
                ((more,), atom) = old.runs[0]
                return self._on_leaf(((more, self.labels[atom.bit_length() - 1]),), first, last, prefix)
            lengths = [(more, self.labels[atom.bit_length() - 1]) for run, atom in old.runs for more in run]
            lengths.sort()
            for at, bits in over:
                lengths = [(more, label ^ bits if more == at else label) for more, label in lengths]
            return self._on_leaf(tuple(lengths), first, last, prefix)
        raise AssertionError("pieces are laid upon a tree that has patches")

    def _on_branch(self, old: Branch, first: int, last: int, prefix: str, over: Lengths) -> Branch:
        while first < last and self.texts[first] == prefix:
            over = _laid(over, *self.pieces[first][1:])
            first += 1
        single = old.single
        if single and over and over[0][0] == 0:
            single = self.atom(self.labels[single.bit_length() - 1] ^ over[0][1])
        over = tuple((more - 1, bits) for more, bits in over if more)
        groups = self._groups(first, last, len(prefix))
        edges: list[Edge] = []
        unchanged = list(old.edges)
        for digit, (start, end) in groups.items():
            at = next((at for at, (digits, _) in enumerate(unchanged) if digit in digits), None)
            if at is None:
                raise AssertionError(f"pieces where there is no cell: {self.texts[first:last]}")
            digits, child = unchanged[at]
            unchanged[at] = digits.replace(digit, ""), child
            edges.append((digit, self._changed(child, start, end, prefix + digit, over)))
        for rest, child in unchanged:
            if rest:
                edges.append((rest, self._changed(child, 0, 0, prefix + rest[0], over) if over else child))
        return self.branch(prefix, single, edges)

    def _on_leaf(self, lengths: Lengths, first: int, last: int, prefix: str) -> Node:
        """Return what is below a prefix where only lengths were told apart before."""
        while first < last and self.texts[first] == prefix:
            _, at, bits = self.pieces[first]
            lengths = tuple((more, label ^ bits if more == at else label) for more, label in lengths)
            first += 1
        if first == last:
            return self.leaf(lengths)
        if len(lengths) == 1 and (tips := self._tips(first, last, len(prefix))):
            return self._patch(*lengths[0], tips, prefix)
        shorter = tuple((more - 1, label) for more, label in lengths if more)
        edges: list[Edge] = []
        rest = DIGITS
        for digit, (start, end) in self._groups(first, last, len(prefix)).items():
            edges.append((digit, self._on_leaf(shorter, start, end, prefix + digit)))
            rest = rest.replace(digit, "")
        if rest:
            edges.append((rest, self.leaf(shorter)))
        return self.branch(prefix, self.atom(lengths[0][1]) if lengths[0][0] == 0 else 0, edges)

    def _tips(self, first: int, last: int, depth: int) -> Sequence[tuple[str, int, int]]:
        """Return the tips of a patch: the text, and which pieces start with it; none if there is to be no patch."""
        texts = self.texts
        if first + 1 == last:
            return ((texts[first], first, last),)
        if self.fine:
            one, other = texts[first], texts[last - 1]
            at, most = depth, min(len(one), len(other))
            while at < most and one[at] == other[at]:
                at += 1
            return ((one[:at], first, last),) if at > depth else ()
        found = []
        while first < last:
            text, start = texts[first], first
            first += 1
            while first < last and texts[first].startswith(text):
                first += 1
            found.append((text, start, first))
        # What turns off must be wherever tips part.
        full = [one for (one, _, _), (other, _, _) in zip(found, found[9:], strict=False) if one[:-1] == other[:-1]]
        return () if full else found

    def _patch(self, more: int, label: int, tips: Sequence[tuple[str, int, int]], prefix: str) -> Patch:
        labels = self.labels
        side = self.atom(label)
        depth = len(prefix)
        nodes: list[tuple[str, Node]] = []
        for text, first, last in tips:
            left = more - len(text) + depth
            _, further, bits = self.pieces[first]
            if first + 1 == last and further == left:
                labels.append(label ^ bits)
                node: Node = Leaf((((left,), 1 << len(labels) - 1),))
            else:
                node = self._on_leaf(((left, label),), first, last, text)
            nodes.append((text, node))
        patch = Patch(nodes, side, more, depth)
        self.patches.append(patch)
        spots = self.spots
        spots[side] = patch, side, patch, 0, prefix, ""
        for text, node in nodes:
            own = node.mask
            spots[own if isinstance(node, Leaf) else node] = patch, own, node, 1, text[:-1], text[-1]
            pattern = text if isinstance(node, Leaf) and node.is_number else text + "*"
            self.tips[pattern] = own
            self.patterns[own] = pattern
        return patch

    def _groups(self, first: int, last: int, depth: int) -> dict[str, tuple[int, int]]:
        """Return the digits with which pieces go on, and which pieces do."""
        texts = self.texts
        found = {}
        while first < last:
            digit, start = texts[first][depth], first
            if texts[last - 1][depth] == digit:
                first = last
            while first < last and texts[first][depth] == digit:
                first += 1
            found[digit] = start, first
        return found


def _laid(over: Lengths, more: int, bits: int) -> Lengths:
    """Return bits by length, with some more among them."""
    found = dict(over)
    found[more] = found.get(more, 0) ^ bits
    return tuple(sorted(found.items()))
