"""Sets of texts as ints: the tree of the texts that a list tells apart. Pure.

A node says what is below a prefix (`nodes`); the tree knows the prefixes, and where each atom is. It is built of cells
(`building`), or by laying a few pieces upon a tree that is there (`growing`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from policyc.targets.threecx import presented
from policyc.targets.threecx.nodes import Atoms, Branch, Leaf, Node, PartError, Patch, Spots
from policyc.targets.threecx.presented import ANONYMOUS, BEYOND, POWERS
from policyc.values import value


@value()
class Nodes:
    """The root of a tree, where its nodes and atoms are, and its patches."""

    root: Branch
    spots: Spots
    patches: Sequence[Patch] = ()


@value()
class Tips:
    """The tips of patches: what a pattern for all of one matches, and the patterns of those that are alone.

    `sides` are the sides of patches, each with what is alone in it; `sparse` if all patches are known to be so.
    """

    matched: Mapping[str, Atoms]
    patterns: Mapping[Atoms, str]
    sides: Sequence[tuple[Atoms, Atoms]]
    sparse: bool = False


# How many digits follow a prefix, the atom of these texts, its label, and after how many digits it is.
_Alike = tuple[int, Atoms, int, int]
_NO_TIPS: Final = Tips({}, {}, ())


class Tree:
    """The tree of some texts. `labels` are those of the atoms; `anonymous` and `beyond` are no texts of digits.

    `mask` are the atoms of texts; nodes are made when they are first asked for. Of the atoms of the `ground` that it
    grew on, none has another label, but for those that are no texts of digits.
    """

    def __init__(
        self,
        nodes: Callable[[], Nodes],
        labels: list[int],
        mask: Atoms,
        anonymous: Atoms,
        beyond: Atoms,
        tips: Tips = _NO_TIPS,
        ground: "Tree | None" = None,
    ) -> None:
        self._nodes = nodes
        self.labels = labels
        self.mask = mask
        self.anonymous = anonymous
        self.beyond = beyond
        self.tips = tips
        self._ground = ground
        self.count = len(labels)
        self.everything: Atoms = mask | anonymous | beyond

    @cached_property
    def nodes(self) -> Nodes:
        """The nodes."""
        return self._nodes()

    @property
    def root(self) -> Branch:
        """The node of all texts."""
        return self.nodes.root

    @property
    def spots(self) -> Spots:
        """Where nodes and atoms are."""
        return self.nodes.spots

    @cached_property
    def leaves(self) -> tuple[Sequence[str], Sequence["_Alike"]]:
        """The prefixes of leaves of one length, in order, and what is there."""
        found = sorted(_leaves(self.root, ""))
        alike = [(more, atom, self.labels[atom.bit_length() - 1], self.spots[atom][3]) for _, (more, atom) in found]
        return [prefix for prefix, _ in found], alike

    @cached_property
    def labelled(self) -> Mapping[int, Atoms]:
        """The atoms of each label."""
        found: dict[int, Atoms] = {}
        first = 0
        if self._ground:
            first = self._ground.count
            found = {label: left for label, atoms in self._ground.labelled.items() if (left := atoms & self.mask)}
        for at, label in enumerate(self.labels[first:], first):
            found[label] = found.get(label, 0) | 1 << at
        if self._ground:
            for atom in filter(None, (self.anonymous, self.beyond)):
                label = self.labels[atom.bit_length() - 1]
                found[label] = found.get(label, 0) | atom
        return found

    def first(self, atoms: Atoms) -> int:
        """Return the first position in a set that is not empty."""
        found = min(_firsts(self.root, "", atoms & self.mask), default=BEYOND)
        return min(found, ANONYMOUS) if atoms & self.anonymous else found

    @cached_property
    def crowds(self) -> Sequence[tuple[Atoms, Atoms]]:
        """The sides of patches that have one label, and what is alone in these."""
        return self._crowds(self.tips.sides)

    @cached_property
    def sparse_crowds(self) -> Sequence[tuple[Atoms, Atoms]]:
        """The same of sparse patches."""
        if self.tips.sparse:
            return self.crowds
        return self._crowds([(patch.side, patch.alone) for patch in self.nodes.patches if patch.is_sparse])

    def _crowds(self, sides: Iterable[tuple[Atoms, Atoms]]) -> Sequence[tuple[Atoms, Atoms]]:
        found: dict[int, tuple[Atoms, Atoms]] = {}
        for side, own in sides:
            label = self.labels[side.bit_length() - 1]
            around, alone = found.get(label, (0, 0))
            found[label] = around | side, alone | own
        return tuple(found.values())

    @property
    def most_intervals(self) -> int:
        """How many intervals a set is made of at most: an atom, one for each of ten digits and of its lengths."""
        return self.count * 10 * len(presented.lengths(""))

    def intervals(self, atoms: Atoms) -> int:
        """Return how many intervals of positions a set is made of."""
        alone = (position for one, position in ((self.anonymous, ANONYMOUS), (self.beyond, BEYOND)) if atoms & one)
        spans = [*_spans(self.root, "", 0, atoms & self.mask), *((one, one + 1) for one in alone)]
        return len(presented.joined(spans))

    def matched(self, patterns: Iterable[str], anonymous: str) -> Atoms:
        """Return what any of some patterns match; `anonymous` is how the PBX shows a call without a number."""
        found: Atoms = 0
        tips = self.tips.matched
        texts = []
        for pattern in patterns:
            if pattern in tips:
                found |= tips[pattern]
            elif pattern == "*":
                return self.everything
            elif anonymous and pattern == anonymous:
                found |= self.anonymous
            else:
                texts.append(pattern)
        if not texts:
            return found
        parts: dict[Atoms, int] = {}  # how many texts of an atom are matched, where patterns match a part of it each
        texts.sort()
        found |= _matched(self.root, texts, 0, len(texts), 0, parts)
        for atom, size in parts.items():
            if size != (whole := self._size(atom)):
                raise PartError(f"patterns match {size} of {whole} texts that they cannot part")
        return found

    def _size(self, atom: Atoms) -> int:
        """Return how many texts an atom holds."""
        _, _, node, prefixes, _, _ = self.spots[atom]
        if isinstance(node, Patch):
            return node.size
        if isinstance(node, Branch):
            return 1
        return prefixes * sum(POWERS[more] for run, one in node.runs if one == atom for more in run)


def _matched(node: Node, texts: Sequence[str], first: int, last: int, depth: int, parts: dict[Atoms, int]) -> Atoms:
    """Return what patterns match that go on from a prefix; they are sorted."""
    found: Atoms = 0
    while first < last:
        start, first = first, first + 1
        text = texts[start]
        if len(text) == depth or text[depth] == "*":
            found |= _matched_here(node, len(text) > depth, parts)
            continue
        digit = text[depth]
        while first < last and texts[first][depth] == digit:
            first += 1
        for digits, child in node.edges:
            if digit in digits:
                found |= _matched(child, texts, start, first, depth + 1, parts)
                break
    return found


def _matched_here(node: Node, is_prefix: bool, parts: dict[Atoms, int]) -> Atoms:
    """Return what a prefix, or a whole number, matches that leads to a node; count texts of atoms that go further."""
    if isinstance(node, Branch):
        return node.mask if is_prefix else node.single
    if isinstance(node, Patch):
        if not is_prefix:
            return 0
        parts[node.side] = parts.get(node.side, 0) + node.size
        return node.mask
    found: Atoms = 0
    for run, atom in node.runs:
        if size := sum([POWERS[more] for more in run]) if is_prefix else int(run[0] == 0):
            found |= atom
            parts[atom] = parts.get(atom, 0) + size
    return found


def _leaves(node: Node, prefix: str) -> Iterator[tuple[str, tuple[int, Atoms]]]:
    """Yield the prefixes below one that lead to leaves of one length, with that and the atom."""
    if isinstance(node, Leaf):
        if len(node.runs) == 1 and len(node.runs[0][0]) == 1:
            ((more,), atom) = node.runs[0]
            yield prefix, (more, atom)
        return
    for digits, child in node.edges:
        for digit in digits:
            yield from _leaves(child, prefix + digit)


def _firsts(node: Node, prefix: str, atoms: Atoms) -> Iterator[int]:
    """Yield the first positions of what a set holds below a prefix."""
    if isinstance(node, Leaf):
        depth = presented.digits_of(prefix)
        yield from (presented.interval(prefix, depth + run[0])[0] for run, atom in node.runs if atoms & atom)
        return
    if atoms & node.single:
        yield presented.interval(prefix, presented.digits_of(prefix))[0]
    for digits, child in node.edges:
        if inside := atoms & child.mask:
            yield from _firsts(child, prefix + digits[0], inside)


def _spans(node: Node, prefix: str, depth: int, atoms: Atoms) -> Iterator[tuple[int, int]]:
    """Yield the intervals of positions that a set is made of below a prefix, one for each length."""
    if isinstance(node, Leaf):
        for run, atom in node.runs:
            if atoms & atom:
                yield from (presented.interval(prefix, depth + more) for more in run)
        return
    if atoms & node.single:
        yield presented.interval(prefix, depth)
    for digits, child in node.edges:
        if inside := atoms & child.mask:
            for sign in digits:
                yield from _spans(child, prefix + sign, depth + (sign != "+"), inside)
