"""Cells of texts in, the tree of their digits out: sets of texts are then bits of an int. Pure.

A list of exceptions tells texts apart by their beginnings. Below most prefixes nothing is told apart but lengths, so
the tree has a `Branch` only where a cell begins or ends below a prefix, and a `Leaf` elsewhere. A node says what is
below a prefix, not which prefix: spellings of a number, and lists that have much in common, share nodes.

What patterns cannot part is an *atom*: in a leaf, neighbouring lengths with one label. Digits after which a branch has
the same leaf share its atoms. A set of texts is an int, bit i for atom i, and the atoms below a prefix are next to one
another. A pattern of `patterns` matches an atom whole or not at all, together with those of the digits that share it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Final

from policyc.targets.threecx import presented
from policyc.targets.threecx.presented import ANONYMOUS, BEYOND, POWERS

# A set of texts: bit i for atom i. Below a prefix, bit 0 is the first atom there.
Atoms = int
Cell = tuple[int, int, int]  # first position, one past the last, label
_DIGITS: Final = "0123456789"
_NOTHING: Final = -1  # no cell holds any of some texts
_SEVERAL: Final = -2  # they are not all of one cell


class Branch:
    """What is below a prefix where more than lengths is told apart.

    `single`: the prefix is a text itself, and the first atom. `edges` are the digits that go on, the first atom after
    them, and what is below.
    """

    __slots__ = ("edges", "labels", "single", "width")

    def __init__(self, single: int | None, edges: Sequence[tuple[str, "Node"]]) -> None:
        """Take the label of the prefix itself, if it counts, and what is below."""
        self.single = single is not None
        labels = [] if single is None else [single]
        found = []
        for digits, node in edges:
            found.append((digits, len(labels), node))
            labels += node.labels
        self.edges: tuple[Edge, ...] = tuple(found)
        self.labels: tuple[int, ...] = tuple(labels)  # of the atoms
        self.width = len(labels)  # how many atoms there are


class Leaf:
    """What is below a prefix where only lengths are told apart. `runs` are how many digits follow, for each atom."""

    __slots__ = ("_edges", "labels", "runs", "single", "width")

    def __init__(self, runs: tuple[tuple[int, ...], ...], labels: tuple[int, ...]) -> None:
        """Take the lengths and the labels of the atoms, shortest first."""
        self.runs = runs
        self.labels: tuple[int, ...] = labels
        self.width = len(runs)
        self.single = runs[0][0] == 0
        self._edges: tuple[Edge, ...] | None = None

    @property
    def edges(self) -> "tuple[Edge, ...]":
        """What is below the prefixes that are a digit longer: the same for each, and found when it is asked for."""
        if self._edges is None:
            runs = tuple(longer for run in self.runs if (longer := tuple(more - 1 for more in run if more)))
            start = self.width - len(runs)
            self._edges = ((_DIGITS, start, Leaf(runs, self.labels[start:])),) if runs else ()
        return self._edges


Node = Branch | Leaf
Edge = tuple[str, int, Node]


class Tree:
    """The tree of some cells, which are sorted and disjoint; `labelled` are the atoms of each label."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        """Build the tree, or find the parts that trees before it had."""
        if len(_known) > _MOST_KNOWN:
            _known.clear()
        self.root = _Builder([cell for cell in cells if cell[0] < ANONYMOUS]).root()
        self._found: dict[str, tuple[int, Node | None, int]] = {"": (0, self.root, 1)}  # by prefix
        labels = list(self.root.labels)
        self.anonymous = _alone(cells, ANONYMOUS, labels)
        self.beyond = _alone(cells, BEYOND, labels)
        self.count = len(labels)
        self.everything: Atoms = (1 << self.count) - 1
        self.labelled: dict[int, Atoms] = {}
        for at, label in enumerate(labels):
            self.labelled[label] = self.labelled.get(label, 0) | 1 << at

    def first(self, atoms: Atoms) -> int:
        """Return the first position in a set that is not empty."""
        for one, position in self._order:
            if atoms >> one & 1:
                return position
        return ANONYMOUS if atoms & self.anonymous else BEYOND

    @cached_property
    def _order(self) -> list[tuple[int, int]]:
        """The atoms by the first positions they hold."""
        firsts = enumerate(_firsts(self.root))
        found = ((one, presented.interval(text, digits)[0]) for one, (digits, text) in firsts)
        return sorted(found, key=itemgetter(1))

    @property
    def most_intervals(self) -> int:
        """How many intervals a set is made of at most: an atom, one for each of ten digits and of its lengths."""
        return self.count * 10 * len(presented.lengths(""))

    def intervals(self, atoms: Atoms) -> int:
        """Return how many intervals of positions a set is made of."""
        return len(presented.joined(self._spans(atoms)))

    def _spans(self, atoms: Atoms) -> Iterator[tuple[int, int]]:
        yield from _spans(self.root, "", 0, below(atoms, 0, self.root))
        for one, position in ((self.anonymous, ANONYMOUS), (self.beyond, BEYOND)):
            if atoms & one:
                yield position, position + 1

    def matched(self, patterns: Iterable[str], anonymous: str) -> Atoms:
        """Return what any of some patterns match; `anonymous` is how the PBX shows a call without a number."""
        found: Atoms = 0
        counts: dict[tuple[int, int, Atoms], tuple[int, int]] = {}
        for pattern in patterns:
            if pattern == "*":
                return self.everything
            if anonymous and pattern == anonymous:
                found |= self.anonymous
                continue
            text = pattern.removesuffix("*")
            start, node, likes = self.find(text)
            width = 0 if node is None else node.width if text != pattern else int(node.single)
            atoms = ((1 << width) - 1) << start
            found |= atoms
            if likes > 1:
                key = start, len(text), atoms
                counts[key] = counts.get(key, (0, 0))[0] + 1, likes
        for (_, digits, _), (count, likes) in counts.items():
            if count != likes:
                raise AssertionError(f"{count} patterns of {digits} digits, where {likes} share their atoms")
        return found

    def find(self, text: str) -> tuple[int, Node | None, int]:
        """Return the first atom below a prefix, what is below it, and how many prefixes share these atoms."""
        if text not in self._found:
            start, node, likes = self.find(text[:-1])
            edge = None if node is None else next((edge for edge in node.edges if text[-1] in edge[0]), None)
            self._found[text] = (0, None, 1) if edge is None else (start + edge[1], edge[2], likes * len(edge[0]))
        return self._found[text]


def below(atoms: Atoms, start: int, node: Node) -> Atoms:
    """Return the part of a set that is below a prefix."""
    return atoms >> start & (1 << node.width) - 1


def beyond(node: Node, atoms: Atoms) -> Iterator[tuple[str, Node, Atoms]]:
    """Yield the digits that go on to some of a set, what is below, and the part of the set there."""
    for digits, start, child in node.edges:
        if inside := below(atoms, start, child):
            yield digits, child, inside


def _firsts(root: Branch) -> Iterator[tuple[int, str]]:
    """Yield the first text of each atom, without the zeros behind what is told apart: how many digits, and the text."""
    waiting: list[tuple[Node, str]] = [(root, "")]
    while waiting:
        node, prefix = waiting.pop()
        digits = presented.digits_of(prefix)
        if isinstance(node, Leaf):
            yield from ((digits + run[0], prefix) for run in node.runs)
            continue
        if node.single:
            yield digits, prefix
        waiting += [(child, prefix + signs[0]) for signs, _, child in reversed(node.edges)]


def _spans(node: Node, prefix: str, depth: int, atoms: Atoms) -> Iterator[tuple[int, int]]:
    """Yield the intervals of positions that a set is made of below a prefix, one for each length."""
    if isinstance(node, Leaf):
        for at, run in enumerate(node.runs):
            if atoms >> at & 1:
                yield from (presented.interval(prefix, depth + more) for more in run)
        return
    if node.single and atoms & 1:
        yield presented.interval(prefix, depth)
    for digits, child, inside in beyond(node, atoms):
        for sign in digits:
            yield from _spans(child, prefix + sign, depth + (sign != "+"), inside)


def _alone(cells: Sequence[Cell], position: int, labels: list[int]) -> Atoms:
    """Return the atom of a position that is no text of digits, with its label added; 0 if no cell holds it."""
    for low, high, label in reversed(cells):
        if low <= position < high:
            labels.append(label)
            return 1 << len(labels) - 1
        if high <= position:
            break
    return 0


_Lengths = tuple[tuple[int, int], ...]  # how many digits follow a prefix, and the label of all such texts
_Cut = tuple[int, int, int, int]  # how many digits follow, where texts differ, their first position, their cells
# Nodes by what is below: mostly the same from one list of a policy to the next, and for each spelling of a number.
_known: dict[tuple[object, ...], Node] = {}
_MOST_KNOWN: Final = 50_000


class _Builder:
    """Builds a tree."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells
        self.starts = [low for low, _, _ in cells]
        self.ends = [high for _, high, _ in cells]

    def root(self) -> Branch:
        edges = self._edges((), [(one, *self._cells(presented.interval("", one))) for one in presented.lengths("")])
        signed = [(one, *self._cells(presented.interval("+", one))) for one in presented.lengths("+")]
        labels = [self._labels(cut, POWERS[cut[0]], 1)[0] for cut in signed]
        if any(label != _NOTHING for label in labels):
            cuts = [cut for cut, label in zip(signed, labels, strict=True) if label == _SEVERAL]
            edges.append(("+", self._node(_alike(signed, labels, 0), cuts)))
        return Branch(None, edges)

    def _cells(self, span: tuple[int, int]) -> tuple[int, int, int]:
        """Return a first position, and the places of the first cell from there on and the last within a span."""
        low, high = span
        return low, bisect_right(self.ends, low), bisect_left(self.starts, high)

    def _node(self, lengths: _Lengths, cuts: Sequence[_Cut]) -> Node:
        """Return what is below a prefix, a known node if that is the same."""
        key = (lengths, *map(self._content, cuts))
        if key not in _known:
            _known[key] = self._made(lengths, cuts)
        return _known[key]

    def _content(self, cut: _Cut) -> tuple[object, ...]:
        """Return what the cells of a cut are, wherever it is."""
        more, low, first, last = cut
        found: list[object] = [(start - low, end - low, label) for start, end, label in self.cells[first:last]]
        if found:  # what is beyond the cut is not of it
            size = POWERS[more]
            for at in (0, -1):
                start, end, label = self.cells[first if at == 0 else last - 1]
                found[at] = max(start - low, 0), min(end - low, size), label
        return more, *found

    def _made(self, lengths: _Lengths, cuts: Sequence[_Cut]) -> Node:
        if not cuts:
            return _leaf(lengths)
        if lengths and lengths[0][0] == 0:
            return Branch(lengths[0][1], self._edges(lengths[1:], cuts))
        return Branch(None, self._edges(lengths, cuts))

    def _edges(self, lengths: _Lengths, cuts: Sequence[_Cut]) -> list[tuple[str, Node]]:
        rows = [self._labels(cut, POWERS[cut[0] - 1], 10) for cut in cuts]
        alike: dict[tuple[int, ...], str] = {}
        for digit, labels in zip(_DIGITS, zip(*rows, strict=True), strict=True):
            alike[labels] = alike.get(labels, "") + digit
        edges: list[tuple[str, Node]] = []
        shorter = tuple((more - 1, label) for more, label in lengths)
        leaves: dict[_Lengths, str] = {}
        for labels, digits in alike.items():
            further = tuple(sorted((*shorter, *_alike(cuts, labels, 1))))
            if _SEVERAL in labels:
                edges += [(digit, self._node(further, self._further(cuts, labels, int(digit)))) for digit in digits]
            elif further:
                leaves[further] = leaves.get(further, "") + digits
        return edges + [(digits, self._node(further, ())) for further, digits in leaves.items()]

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


def _alike(cuts: Iterable[_Cut], labels: Iterable[int], further: int) -> _Lengths:
    """Return how many digits follow so many further ones where all texts have one label."""
    return tuple((cut[0] - further, label) for cut, label in zip(cuts, labels, strict=True) if label >= 0)


def _leaf(lengths: _Lengths) -> Leaf:
    runs: list[tuple[int, ...]] = []
    labels: list[int] = []
    for more, label in lengths:
        if labels and labels[-1] == label:
            runs[-1] = *runs[-1], more
        else:
            runs.append((more,))
            labels.append(label)
    return Leaf(tuple(runs), tuple(labels))
