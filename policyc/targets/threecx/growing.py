"""A tree and a few pieces of texts in, the tree with these laid upon it out. Pure.

Most of a tree is the same from one list of a policy to the next. So it is built once for what the lists have in common,
and each list makes a tree of its own, in which only what is on the way to its pieces is new.
"""

from collections.abc import Sequence

from policyc.targets.threecx.building import Lengths, Maker
from policyc.targets.threecx.nodes import DIGITS, Branch, Edge, Leaf, Node, Patch
from policyc.targets.threecx.tree import Tree

# A text, how many digits follow it, and the bits that turn in the labels of all such texts.
Piece = tuple[str, int, int]


def grown(tree: Tree, pieces: Sequence[Piece], anonymous: int = 0, beyond: int = 0, *, fine: bool = False) -> Tree:
    """Return a tree with pieces laid upon one that has cells wherever they are, and no patches.

    `anonymous` and `beyond` are the bits that turn in their labels. In a `fine` tree no patch has several tips, so that
    patterns which match a part of what is alike match whole atoms nevertheless.
    """
    growth = _Growth(tree, sorted(pieces), fine=fine)
    root = growth.root(tree.root)
    for atom, bits in ((tree.anonymous, anonymous), (tree.beyond, beyond)):
        if atom:
            growth.labels[atom.bit_length() - 1] ^= bits
    return Tree(root, growth.labels, growth.spots, tree.anonymous, tree.beyond, growth.patches, growth.tips, tree)


class _Growth(Maker):
    """Lays pieces upon a tree; they are sorted, so that those below a prefix are next to one another."""

    def __init__(self, old: Tree, pieces: Sequence[Piece], *, fine: bool) -> None:
        super().__init__(old.labels, old.spots)
        self.pieces = pieces
        self.fine = fine
        self.patches: list[Patch] = []
        self.tips: dict[str, Node] = {}
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
        for edge in old.edges:
            digits, child = edge
            if not over and groups.keys().isdisjoint(digits):
                edges.append(edge)
                continue
            rest = digits
            for digit in digits:
                if digit in groups:
                    start, end = groups.pop(digit)
                    edges.append((digit, self._changed(child, start, end, prefix + digit, over)))
                    rest = rest.replace(digit, "")
            if rest:
                edges.append((rest, self._changed(child, 0, 0, prefix + rest[0], over) if over else child))
        if groups:
            raise AssertionError(f"pieces where there is no cell: {self.texts[first:last]}")
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
        self.tips.update(nodes)
        self.patches.append(patch)
        spots = self.spots
        spots[side] = patch, side, patch, 0, prefix, ""
        for text, node in nodes:
            own = node.mask
            spots[own if isinstance(node, Leaf) else node] = patch, own, node, 1, text[:-1], text[-1]
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
