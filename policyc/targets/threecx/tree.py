"""Cells of texts in, the tree of their digits out: sets of texts are then bits of an int. Pure.

A list of exceptions tells texts apart by their beginnings. Below most prefixes nothing is told apart but lengths, so
the tree has a `Branch` only where a cell begins or ends below a prefix, and a `Leaf` elsewhere; prefixes that differ in
the last digit alone and hold the same are one leaf.

What patterns cannot part is an *atom*: in a leaf, neighbouring lengths with one label. A set of texts is an int, bit i
for atom i, and the atoms below a node are next to one another, from `start`. A pattern of `patterns` matches an atom
whole or not at all, together with its likes: below prefixes of one leaf, patterns are the same.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from policyc.targets.threecx import presented
from policyc.targets.threecx.presented import ANONYMOUS, BEYOND, POWERS

# A set of texts: bit i for atom i.
Atoms = int
Cell = tuple[int, int, int]  # first position, one past the last, label
_DIGITS: Final = "0123456789"
_NOTHING: Final = -1  # no cell holds any of some texts
_SEVERAL: Final = -2  # they are not all of one cell


class Leaf:
    """Prefixes below which only lengths are told apart. `runs` are the lengths of each atom, shortest first.

    Leaves far below those of the tree have thousands of prefixes, which are rarely asked for.
    """

    __slots__ = ("_above", "_below", "_prefixes", "count", "depth", "runs", "single", "start", "width")

    def __init__(
        self,
        prefixes: tuple[str, ...],
        depth: int,
        start: int,
        runs: tuple[tuple[int, ...], ...],
        above: "Leaf | None" = None,
    ) -> None:
        """Take the prefixes, or the leaf above; `depth` is how many digits prefixes have."""
        self._prefixes = prefixes
        self._above = above
        self._below: Leaf | None = None
        self.count: int = len(prefixes) if above is None else 10 * above.count
        self.depth = depth
        self.start = start
        self.runs = runs
        self.width = len(runs)
        self.single = runs[0][0] == depth  # whether the prefixes are texts themselves; the first atom holds them

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes; each has the same below."""
        if self._above is not None and not self._prefixes:
            self._prefixes = tuple(prefix + digit for prefix in self._above.prefixes for digit in _DIGITS)
        return self._prefixes

    def below(self) -> "Leaf | None":
        """Return the leaf of the prefixes that are a digit longer."""
        if self._below is None:
            runs = tuple(longer for run in self.runs if (longer := tuple(one for one in run if one > self.depth)))
            if runs:
                self._below = Leaf((), self.depth + 1, self.start + self.width - len(runs), runs, self)
        return self._below


@dataclass(slots=True, eq=False)
class Branch:
    """A prefix below which more than lengths is told apart; `single` if it is a text itself, then its first atom."""

    prefix: str
    start: int
    single: bool
    width: int = 0
    children: dict[str, "Node"] = field(default_factory=dict)  # by the next sign
    nodes: tuple["Node", ...] = ()  # the children, each once

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefix, as a leaf has them."""
        return (self.prefix,)

    @property
    def count(self) -> int:
        """How many prefixes there are."""
        return 1


Node = Branch | Leaf


class Tree:
    """The tree of some cells, which are sorted and disjoint; `labelled` are the atoms of each label."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        builder = _Builder([cell for cell in cells if cell[0] < ANONYMOUS])
        self.root = builder.root()
        self.where = builder.where
        self.anonymous = builder.alone(cells, ANONYMOUS)
        self.beyond = builder.alone(cells, BEYOND)
        self.count = len(builder.labels)
        self.everything: Atoms = (1 << self.count) - 1
        self.labelled: dict[int, Atoms] = {}
        for at, label in enumerate(builder.labels):
            self.labelled[label] = self.labelled.get(label, 0) | 1 << at

    def first(self, atoms: Atoms) -> int:
        """Return the first position in a set that is not empty."""
        return min(self._position(at) for at in _bits(atoms))

    def most_intervals(self, atoms: Atoms) -> int:
        """Return how many intervals of positions a set is made of at most."""
        return sum(
            max(1, len(prefixes) * len(lengths)) for prefixes, lengths in map(self.where.__getitem__, _bits(atoms))
        )

    def intervals(self, atoms: Atoms) -> int:
        """Return how many intervals of positions a set is made of."""
        spans: list[tuple[int, int]] = []
        for at in _bits(atoms):
            prefixes, lengths = self.where[at]
            if lengths:
                spans += [presented.interval(prefix, length) for prefix in prefixes for length in lengths]
            else:
                spans.append((self._position(at), self._position(at) + 1))
        return len(presented.joined(spans))

    def _position(self, at: int) -> int:
        prefixes, lengths = self.where[at]
        if not lengths:
            return ANONYMOUS if 1 << at == self.anonymous else BEYOND
        return presented.interval(prefixes[0], lengths[0])[0]

    def matched(self, patterns: Iterable[str], anonymous: str) -> Atoms:
        """Return what any of some patterns match; `anonymous` is how the PBX shows a call without a number."""
        found: Atoms = 0
        parts: dict[tuple[int, int, bool], tuple[Leaf, int]] = {}
        for pattern in patterns:
            if pattern == "*":
                return self.everything
            if anonymous and pattern == anonymous:
                found |= self.anonymous
                continue
            open_ended = pattern.endswith("*")
            text = pattern.removesuffix("*")
            node = self.node(text)
            if isinstance(node, Leaf):
                key = node.start, len(text), open_ended
                parts[key] = node, parts.get(key, (node, 0))[1] + 1
            elif isinstance(node, Branch):
                width = node.width if open_ended else int(node.single)
                found |= ((1 << width) - 1) << node.start
        for (start, _, open_ended), (leaf, count) in parts.items():
            found |= _of_leaf(leaf, count, open_ended=open_ended) << start
        return found

    def node(self, text: str) -> Node | None:
        """Return the node of a prefix, for a leaf perhaps far below those of the tree; None if there is nothing."""
        node: Node | None = self.root
        for at, sign in enumerate(text):
            if isinstance(node, Leaf):
                for _ in text[at:]:
                    node = node.below() if isinstance(node, Leaf) else None
                break
            node = None if node is None else node.children.get(sign)
        return node


def _of_leaf(leaf: Leaf, count: int, *, open_ended: bool) -> Atoms:
    """Return the atoms of a leaf that so many patterns match; all its prefixes have one, or atoms would be parted."""
    if count != leaf.count:
        raise AssertionError(f"{count} patterns for {leaf.count} prefixes of {leaf.depth} digits")
    return (1 << leaf.width) - 1 if open_ended else int(leaf.single)


def _bits(atoms: Atoms) -> Iterator[int]:
    while atoms:
        lowest = atoms & -atoms
        yield lowest.bit_length() - 1
        atoms ^= lowest


_Lengths = tuple[tuple[int, int], ...]  # length and label of all texts with a prefix, shortest first
_Cut = tuple[int, int, int, int]  # a length at which texts with a prefix differ, their first position, their cells


class _Builder:
    """Builds a tree, numbering atoms from left to right."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.starts = [low for low, _, _ in cells]
        self.ends = [high for _, high, _ in cells]
        self.cells = cells
        self.labels: list[int] = []  # of each atom
        self.where: list[tuple[tuple[str, ...], tuple[int, ...]]] = []  # prefixes and lengths of each atom

    def root(self) -> Branch:
        root = Branch("", 0, single=False)
        every = 0, len(self.cells)
        self._children(root, 0, (), [(one, presented.interval("", one)[0], *every) for one in presented.lengths("")])
        signed = [(one, presented.interval("+", one)[0], *every) for one in presented.lengths("+")]
        labels = tuple(self._labels(cut, POWERS[cut[0]], 1)[0] for cut in signed)
        if any(label != _NOTHING for label in labels):
            root.children["+"] = self._node("+", 0, _alike(signed, labels), self._below(signed, labels, 0, 0))
        return self._closed(root)

    def alone(self, cells: Sequence[Cell], position: int) -> Atoms:
        """Return the atom of a position that is no text of digits, 0 if no cell holds it."""
        for low, high, label in reversed(cells):
            if low <= position < high:
                return self._atom(label, (), ())
            if high <= position:
                break
        return 0

    def _atom(self, label: int, prefixes: tuple[str, ...], lengths: tuple[int, ...]) -> Atoms:
        self.labels.append(label)
        self.where.append((prefixes, lengths))
        return 1 << len(self.labels) - 1

    def _node(self, prefix: str, depth: int, lengths: _Lengths, cuts: Sequence[_Cut]) -> Node:
        if not cuts:
            return self._leaf((prefix,), depth, lengths)
        single = bool(lengths) and lengths[0][0] == depth
        branch = Branch(prefix, len(self.labels), single)
        if single:
            self._atom(lengths[0][1], (prefix,), (depth,))
        self._children(branch, depth, lengths[1:] if single else lengths, cuts)
        return self._closed(branch)

    def _children(self, branch: Branch, depth: int, lengths: _Lengths, cuts: Sequence[_Cut]) -> None:
        rows = [self._labels(cut, POWERS[cut[0] - depth - 1], 10) for cut in cuts]
        digits_of: dict[tuple[int, ...], str] = {}
        for digit, labels in zip(_DIGITS, zip(*rows, strict=True), strict=True):
            digits_of[labels] = digits_of.get(labels, "") + digit
        leaves: dict[_Lengths, str] = {}  # the digits of each
        for labels, digits in digits_of.items():
            below = tuple(sorted((*lengths, *_alike(cuts, labels))))
            if _SEVERAL not in labels:
                leaves[below] = leaves.get(below, "") + digits
                continue
            for digit in digits:
                cut = self._below(cuts, labels, depth + 1, int(digit))
                branch.children[digit] = self._node(branch.prefix + digit, depth + 1, below, cut)
        for below, digits in leaves.items():
            if below:
                leaf = self._leaf(tuple(branch.prefix + digit for digit in digits), depth + 1, below)
                branch.children |= dict.fromkeys(digits, leaf)

    def _closed(self, branch: Branch) -> Branch:
        branch.nodes = tuple({id(node): node for node in branch.children.values()}.values())
        branch.width = len(self.labels) - branch.start
        return branch

    def _leaf(self, prefixes: tuple[str, ...], depth: int, lengths: _Lengths) -> Leaf:
        start = len(self.labels)
        runs: list[tuple[int, ...]] = []
        last = None
        for length, label in lengths:
            if label == last:
                runs[-1] = *runs[-1], length
            else:
                runs.append((length,))
                self._atom(label, prefixes, ())
            last = label
        for at, run in enumerate(runs):
            self.where[start + at] = prefixes, run
        return Leaf(prefixes, depth, start, tuple(runs))

    def _labels(self, cut: _Cut, size: int, count: int) -> list[int]:
        """Return the label of each of so many blocks of a cut, or that they have none or several."""
        _, low, first, last = cut
        found = [_NOTHING] * count
        for at in range(
            bisect_right(self.ends, low, first, last), bisect_left(self.starts, low + count * size, first, last)
        ):
            # The blocks from `start` until before `end` are all of this cell; those that it cuts are next to them.
            start, before = divmod(max(self.starts[at] - low, 0), size)
            end, after = divmod(min(self.ends[at] - low, count * size), size)
            if before:
                found[start] = _SEVERAL
                start += 1
            if after:
                found[end] = _SEVERAL
            found[start:end] = [self.cells[at][2]] * (end - start)
        return found

    def _below(self, cuts: Iterable[_Cut], labels: Iterable[int], depth: int, digit: int) -> list[_Cut]:
        """Return the cuts of those lengths, out of some, at which the texts with a further digit differ."""
        found = []
        for (length, low, first, last), label in zip(cuts, labels, strict=True):
            if label == _SEVERAL:
                size = POWERS[length - depth]
                start = low + digit * size
                cells = bisect_right(self.ends, start, first, last), bisect_left(self.starts, start + size, first, last)
                found.append((length, start, *cells))
        return found


def _alike(cuts: Iterable[_Cut], labels: Iterable[int]) -> _Lengths:
    """Return the lengths, out of some, at which all texts have one label."""
    return tuple((cut[0], label) for cut, label in zip(cuts, labels, strict=True) if label >= 0)
