"""The nodes of the tree of digits. Pure.

A list of exceptions tells texts apart by their beginnings. Below most prefixes nothing is told apart but lengths: that
is a `Leaf`. A `Branch` is where more is, and a `Patch` where a few numbers and prefixes stand out from texts of one
length that are alike, which is what most rules make of them.

What patterns cannot part is an *atom*: in a leaf, neighbouring lengths with one label; in a patch, all that is alike.
Digits after which a branch has the same leaf share its atoms. A set of texts is an int, bit i for atom i. A pattern of
`patterns` matches an atom whole or not at all, together with the other patterns that share it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from policyc.targets.threecx.presented import POWERS

# A set of texts: bit i for atom i.
Atoms = int
DIGITS: Final = "0123456789"


class PartError(Exception):
    """Patterns match a part of an atom only. That is a bug, but in a tree that is not fine."""


class Branch:
    """What is below a prefix where more than lengths is told apart.

    `single` is the atom of the prefix itself, if it counts as a text. `edges` are the digits that go on, and what is
    below. `mask` are all atoms here.
    """

    __slots__ = ("edges", "mask", "single")

    def __init__(self, single: Atoms, edges: Sequence["Edge"]) -> None:
        """Take the atom of the prefix itself, 0 for none, and what is below."""
        self.single = single
        self.edges: tuple[Edge, ...] = tuple(edges)
        mask: Atoms = single
        for _, child in self.edges:
            mask |= child.mask
        self.mask: Atoms = mask


class Patch:
    """What is below a prefix where longer ones, the `tips`, stand out from texts that are all alike, the `side`.

    All texts here have `more` digits behind the prefix, which has `depth`. `alone` are the atoms of the tips below
    which nothing stands out. Between the prefix and its tips there are patches that have their atoms of this one.
    """

    __slots__ = ("_edges", "alone", "depth", "mask", "more", "side", "tips")
    single: Final = 0

    def __init__(self, tips: "Sequence[tuple[str, Node]]", side: Atoms, more: int, depth: int) -> None:
        """Take the tips in order, of which none starts with another."""
        self.tips = tips
        self.side = side
        self.more = more
        self.depth = depth
        alone: Atoms = 0
        mask: Atoms = side
        for _, node in tips:
            mask |= node.mask
            if isinstance(node, Leaf):
                alone |= node.mask
        self.alone: Atoms = alone
        self.mask: Atoms = mask
        self._edges: tuple[Edge, ...] | None = None

    @property
    def way(self) -> str:
        """The digits that lead to the only tip; empty if there are several."""
        return self.tips[0][0][self.depth :] if len(self.tips) == 1 else ""

    @property
    def size(self) -> int:
        """How many texts the side has."""
        tips = sum(POWERS[self.more - len(text) + self.depth] for text, _ in self.tips)
        return POWERS[self.more] - tips

    @property
    def is_sparse(self) -> bool:
        """Whether as many prefixes turn off as lead on, at least, wherever tips part."""
        if len(self.tips) <= 5:
            return True
        on = [child for digits, child in self.edges if len(digits) == 1 and child.mask != self.side]
        return len(on) <= 5 and all(
            child.is_sparse for child in on if isinstance(child, Patch) and child.side == self.side
        )

    @property
    def edges(self) -> "tuple[Edge, ...]":
        """What is below the prefixes that are a digit longer, found when it is asked for."""
        if self._edges is None:
            edges: list[Edge] = []
            rest = DIGITS
            depth = self.depth + 1
            for digit, group in groupby(self.tips, lambda tip: tip[0][self.depth]):
                tips = tuple(group)
                text, node = tips[0]
                edges.append((digit, node if len(text) == depth else Patch(tips, self.side, self.more - 1, depth)))
                rest = rest.replace(digit, "")
            if rest:
                edges.append((rest, Leaf((((self.more - 1,), self.side),))))
            self._edges = tuple(edges)
        return self._edges

    def turning(self, prefix: str) -> "Iterator[tuple[str, str, Leaf]]":
        """Yield the prefixes on the way to the only tip, the digits that turn off from each, and what is below."""
        more = self.more
        for digit in self.way:
            more -= 1
            yield prefix, DIGITS.replace(digit, ""), Leaf((((more,), self.side),))
            prefix += digit


class Leaf:
    """What is below a prefix where only lengths are told apart.

    `runs` are how many digits follow, and their atoms; shortest first. `is_number`: there is but the prefix itself.
    """

    __slots__ = ("_edges", "is_number", "mask", "runs", "single")

    def __init__(self, runs: "tuple[Run, ...]") -> None:
        self.runs = runs
        lengths, mask = runs[0]
        self.single = 0 if lengths[0] else mask
        self.is_number = lengths == (0,)
        if len(runs) > 1:
            self.is_number = False
            for _, atom in runs:
                mask |= atom
        self.mask: Atoms = mask
        self._edges: tuple[Edge, ...] | None = None

    @property
    def edges(self) -> "tuple[Edge, ...]":
        """What is below the prefixes that are a digit longer: the same for each, and found when it is asked for."""
        if self._edges is None:
            runs = tuple(
                (longer, atom) for run, atom in self.runs if (longer := tuple(more - 1 for more in run if more))
            )
            self._edges = ((DIGITS, Leaf(runs)),) if runs else ()
        return self._edges


Node = Branch | Patch | Leaf
Edge = tuple[str, Node]
Run = tuple[tuple[int, ...], Atoms]
# Where an atom or a node is: the node above it, its own atoms, the node, how many prefixes lead to it, and these: they
# are a text and each of some digits. Without digits, it is a prefix as a text of its own, or the side of a chain.
Spot = tuple[Branch | Patch, Atoms, Node, int, str, str]
Spots = Mapping[Atoms | Node, Spot]
