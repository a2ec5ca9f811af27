"""Cells of texts in, the tree of their digits out. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from policyc.targets.threecx import presented
from policyc.targets.threecx.nodes import DIGITS, Atoms, Branch, Edge, Leaf, Node, Run, Spots
from policyc.targets.threecx.presented import ANONYMOUS, BEYOND, POWERS
from policyc.targets.threecx.tree import Nodes, Tree

Cell = tuple[int, int, int]  # first position, one past the last, label
Lengths = tuple[tuple[int, int], ...]  # how many digits follow a prefix, and the label of all such texts
_Cut = tuple[int, int, int, int]  # how many digits follow, where texts differ, their first position, their cells
_NOTHING: Final = -1  # no cell holds any of some texts
_SEVERAL: Final = -2  # they are not all of one cell


def tree_of(cells: Sequence[Cell]) -> Tree:
    """Return the tree of some cells, which are sorted and disjoint."""
    builder = _Builder([cell for cell in cells if cell[0] < ANONYMOUS])
    root = builder.root()
    anonymous, beyond = (builder.alone(cells, position) for position in (ANONYMOUS, BEYOND))
    nodes = Nodes(root, builder.spots)
    return Tree(lambda: nodes, builder.labels, root.mask, anonymous, beyond)


class Maker:
    """Makes nodes, and tells where their atoms are."""

    def __init__(self, labels: Iterable[int] = (), spots: Spots | None = None) -> None:
        self.labels = list(labels)
        self.spots = dict(spots or {})

    def atom(self, label: int) -> Atoms:
        """Return a new atom."""
        self.labels.append(label)
        return 1 << len(self.labels) - 1

    def leaf(self, lengths: Lengths) -> Leaf:
        """Return a leaf, whose lengths are sorted."""
        if len(lengths) == 1:
            ((more, label),) = lengths
            return Leaf((((more,), self.atom(label)),))
        runs: list[Run] = []
        last = None
        for more, label in lengths:
            if label == last:
                run, atom = runs[-1]
                runs[-1] = (*run, more), atom
            else:
                runs.append(((more,), self.atom(label)))
                last = label
        return Leaf(tuple(runs))

    def branch(self, prefix: str, single: Atoms, edges: Sequence[Edge]) -> Branch:
        """Return the branch below a prefix, and tell where it has its atoms."""
        node = Branch(single, edges)
        spots = self.spots
        if single:
            spots[single] = node, single, node, 1, prefix, ""
        for digits, child in edges:
            spot = node, child.mask, child, len(digits), prefix, digits
            if isinstance(child, Leaf):
                for _, atom in child.runs:
                    spots[atom] = spot
            else:
                spots[child] = spot
        return node


class _Builder(Maker):
    """Builds a tree of cells."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__()
        self.cells = cells
        self.starts = [low for low, _, _ in cells]
        self.ends = [high for _, high, _ in cells]

    def root(self) -> Branch:
        edges = self._edges("", (), [(one, *self._cells(presented.interval("", one))) for one in presented.lengths("")])
        signed = [(one, *self._cells(presented.interval("+", one))) for one in presented.lengths("+")]
        labels = [self._labels(cut, POWERS[cut[0]], 1)[0] for cut in signed]
        if any(label != _NOTHING for label in labels):
            cuts = [cut for cut, label in zip(signed, labels, strict=True) if label == _SEVERAL]
            edges.append(("+", self._node("+", _alike(signed, labels, 0), cuts)))
        return self.branch("", 0, edges)

    def alone(self, cells: Sequence[Cell], position: int) -> Atoms:
        """Return the atom of a position that is no text of digits; 0 if no cell holds it."""
        for low, high, label in reversed(cells):
            if low <= position < high:
                return self.atom(label)
            if high <= position:
                break
        return 0

    def _cells(self, span: tuple[int, int]) -> tuple[int, int, int]:
        """Return a first position, and the places of the first cell from there on and the last within a span."""
        low, high = span
        return low, bisect_right(self.ends, low), bisect_left(self.starts, high)

    def _node(self, prefix: str, lengths: Lengths, cuts: Sequence[_Cut]) -> Node:
        if not cuts:
            return self.leaf(lengths)
        if lengths and lengths[0][0] == 0:
            return self.branch(prefix, self.atom(lengths[0][1]), self._edges(prefix, lengths[1:], cuts))
        return self.branch(prefix, 0, self._edges(prefix, lengths, cuts))

    def _edges(self, prefix: str, lengths: Lengths, cuts: Sequence[_Cut]) -> list[Edge]:
        rows = [self._labels(cut, POWERS[cut[0] - 1], 10) for cut in cuts]
        alike: dict[tuple[int, ...], str] = {}
        for digit, labels in zip(DIGITS, zip(*rows, strict=True), strict=True):
            alike[labels] = alike.get(labels, "") + digit
        edges: list[Edge] = []
        shorter = tuple((more - 1, label) for more, label in lengths)
        leaves: dict[Lengths, str] = {}
        for labels, digits in alike.items():
            further = tuple(sorted((*shorter, *_alike(cuts, labels, 1))))
            if _SEVERAL in labels:
                edges += [
                    (digit, self._node(prefix + digit, further, self._further(cuts, labels, int(digit))))
                    for digit in digits
                ]
            elif further:
                leaves[further] = leaves.get(further, "") + digits
        return edges + [(digits, self.leaf(further)) for further, digits in leaves.items()]

    def _labels(self, cut: _Cut, size: int, count: int) -> list[int]:
        """Return the label of each of so many blocks of a cut, or that they have none or several."""
        _, low, first, last = cut
        whole = count * size
        found = [_NOTHING] * count
        for at in range(first, last):
            # The blocks from `start` until before `end` are all of this cell; those that it cuts are next to them.
            start, before = divmod(max(self.starts[at] - low, 0), size)
            end, after = divmod(min(self.ends[at] - low, whole), size)
            if before:
                found[start] = _SEVERAL
                start += 1
            if after:
                found[end] = _SEVERAL
            found[start:end] = [self.cells[at][2]] * (end - start)
        return found

    def _further(self, cuts: Iterable[_Cut], labels: Iterable[int], digit: int) -> list[_Cut]:
        """Return the cuts of those lengths, out of some, at which the texts with a further digit differ."""
        found = []
        for (more, low, first, last), label in zip(cuts, labels, strict=True):
            if label == _SEVERAL:
                size = POWERS[more - 1]
                start = low + digit * size
                cells = bisect_right(self.ends, start, first, last), bisect_left(self.starts, start + size, first, last)
                found.append((more - 1, start, *cells))
        return found


def _alike(cuts: Iterable[_Cut], labels: Iterable[int], further: int) -> Lengths:
    """Return how many digits follow so many further ones where all texts have one label."""
    return tuple((cut[0] - further, label) for cut, label in zip(cuts, labels, strict=True) if label >= 0)
