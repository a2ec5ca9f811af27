"""The callers of a list's rules in, the tree of the texts that they are presented as out.

Lists of one policy have much in common: who counts, and the sets that many of them name. That is laid out once, and
the sets of one list are pieces upon it. A set that goes on to numbers of any length, as `*` does, is told by those
that it leaves out.

A label says of a text, for both kinds of calls, whether it is a number that counts and which sets hold it: bit 2i + k
is set i for kind k, set 0 are those that count.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policyc import digits
from policyc.digits import Caller, Kind, NumberSet
from policyc.targets.threecx.building import Cell, tree_of
from policyc.targets.threecx.growing import Piece, grown
from policyc.targets.threecx.presented import ANONYMOUS, BEYOND, Space, blocks, joined, nested, within
from policyc.targets.threecx.tree import Tree

_LONGEST: Final = tuple(digits.rank(Caller(kind, "9" * 20)) for kind in Kind)  # the callers beyond the universe
_BEYOND: Final = digits.from_intervals((rank, rank + 1) for rank in _LONGEST)
_EVERYONE: Final = digits.EVERYONE
_ALONE: Final = (ANONYMOUS, BEYOND)
_MANY: Final = 3  # with more blocks for each interval, there may be fewer that overlap
_MOST_COMMON: Final = 4  # so many sets are laid out in common, at most: lists may have any of them
_MOST_GROUNDS: Final = 100  # so many trees of what lists have in common are kept
_OFTEN: Final = 8  # and these, that one list out of so many has


@dataclass(frozen=True, slots=True)
class Laid:
    """A tree, the sets that its labels are about, and bits like theirs of the sets that are told by what they lack."""

    tree: Tree
    sets: tuple[NumberSet, ...]
    lacking: int

    def classes(self) -> Iterator[tuple[int, int, int]]:
        """Yield the kind, the sets, and the atoms of callers whom the same sets hold: bit 2i is set i."""
        one_kind = ((1 << 2 * len(self.sets) + 2) - 1) // 3
        found: dict[tuple[int, int], int] = {}
        for label, atoms in self.tree.labelled.items():
            for kind in (0, 1):
                if label >> kind & 1:
                    key = kind, (label ^ self.lacking) >> kind & one_kind
                    found[key] = found.get(key, 0) | atoms
        for (kind, who), atoms in found.items():
            yield kind, who, atoms


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What a set is presented as, or, of the kinds `lacking`, what those are whom it leaves out.

    `blocks` are a text, how many digits follow it, and bits of the kinds; `alone` those of positions without digits.
    """

    blocks: tuple[tuple[str, int, int], ...]
    alone: tuple[tuple[int, int], ...]
    lacking: int


class Trees:
    """Makes the trees of the lists of one policy. `lists` are the sets that each names."""

    def __init__(self, space: Space, lists: Iterable[Iterable[NumberSet]]) -> None:
        """Find the sets that are worth laying out in common."""
        self._space = space
        self._counting: dict[NumberSet, NumberSet] = {}
        self._grounds: dict[tuple[NumberSet, ...], Tree] = {}
        self._known: dict[tuple[NumberSet, NumberSet], _Pieces] = {}
        self._texts: dict[NumberSet, tuple[Sequence[int], ...]] = {}
        self._halves: dict[NumberSet, tuple[tuple[int, ...], ...]] = {}
        count = 0
        used: Counter[NumberSet] = Counter()
        for sets in lists:
            used.update(set(sets))
            count += 1
        self._shared = frozenset(one for one, times in used.items() if times > 1)
        often = [one for one, times in used.items() if times * _OFTEN >= count]
        often.sort(key=lambda one: (-used[one] * len(self._pieces(_EVERYONE, one).blocks), one.ends))
        self._common = {one: at for at, one in enumerate(often[:_MOST_COMMON])}

    def of(self, sets: Sequence[NumberSet], *, fine: bool = False) -> Laid:
        """Return the tree of some sets, each but once."""
        if len(self._grounds) > _MOST_GROUNDS:
            for known in (self._counting, self._grounds, self._known, self._texts, self._halves):
                known.clear()
        care = self._space.care(sets)
        counting = self._counting.get(care)
        if counting is None:
            counting = self._counting[care] = care | _BEYOND
        common = sorted((one for one in sets if one in self._common), key=self._common.__getitem__)
        own = [one for one in sets if one not in self._common]
        lacking = 0
        pieces: list[Piece] = []
        alone = dict.fromkeys(_ALONE, 0)
        for shift, one in enumerate((*common, *own), 1):
            found = self._pieces(counting, one)
            lacking |= found.lacking << 2 * shift
            if shift > len(common):
                pieces += [(text, more, kinds << 2 * shift) for text, more, kinds in found.blocks]
                for position, kinds in found.alone:
                    alone[position] |= kinds << 2 * shift
        tree = grown(self._ground(counting, common), pieces, *alone.values(), fine=fine)
        return Laid(tree, (*common, *own), lacking)

    def _ground(self, counting: NumberSet, common: Sequence[NumberSet]) -> Tree:
        """Return the tree of those who count and the sets laid out in common."""
        key = counting, *common
        if key not in self._grounds:
            turns: dict[int, int] = {}
            for at, one in enumerate(key):
                for kind, first, end in self._spans(counting, self._cuts(one)[0] if at else (one.ends, one.ends)):
                    for cut in (first, end):
                        turns[cut] = turns.get(cut, 0) ^ 1 << 2 * at + kind
            self._grounds[key] = tree_of(list(_cells(turns)))
        return self._grounds[key]

    def _pieces(self, counting: NumberSet, callers: NumberSet) -> _Pieces:
        """Return what a set is presented as; that of sets of several lists is kept."""
        found = self._known.get((counting, callers))
        if found is None:
            found = self._found_pieces(counting, callers)
            if callers in self._shared:
                self._known[counting, callers] = found
        return found

    def _found_pieces(self, counting: NumberSet, callers: NumberSet) -> _Pieces:
        cuts, lacking = self._cuts(callers)
        alone: list[tuple[int, int]] = []
        spans: tuple[list[tuple[int, int]], ...] = ([], [])
        for kind, first, end in self._spans(counting, cuts):
            if first in _ALONE:
                alone.append((first, 1 << kind))
            else:
                spans[kind].append((first, end))
        kinds: dict[tuple[str, int], int] = {}
        for kind, some in enumerate(spans):
            made = [block for span in some for block in blocks(*span)]
            if len(made) > _MANY * len(some):
                made = list(nested(joined(some), self._shown(counting)[kind]))
            for block in made:
                kinds[block] = kinds.get(block, 0) | 1 << kind
        return _Pieces(tuple([(*block, bits) for block, bits in kinds.items()]), tuple(alone), lacking)

    def _shown(self, counting: NumberSet) -> tuple[Sequence[int], ...]:
        """Return the positions of those who count, for each kind, as interval ends."""
        if counting not in self._texts:
            spans: tuple[list[tuple[int, int]], ...] = ([], [])
            for kind, first, end in self._spans(counting, (counting.ends, counting.ends)):
                spans[kind].append((first, end))
            self._texts[counting] = tuple([end for span in joined(some) for end in span] for some in spans)
        return self._texts[counting]

    def _cuts(self, callers: NumberSet) -> tuple[tuple[Sequence[int], ...], int]:
        """Return the ends of a set for each kind, or of what it lacks, and the bits of the kinds told so."""
        cuts: list[Sequence[int]] = []
        lacking = 0
        for kind, longest in enumerate(_LONGEST):
            if bisect_right(callers.ends, longest) & 1:
                lacking |= 1 << kind
                cuts.append(digits.flip(callers.ends))
            else:
                cuts.append(callers.ends)
        return tuple(cuts), lacking

    def _spans(self, counting: NumberSet, cuts: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int]]:
        """Yield the kinds and the positions of those who count in a set, given for each kind."""
        if counting not in self._halves:
            self._halves[counting] = tuple((counting & one).ends for one in (digits.INTERNAL, digits.EXTERNAL))
        for kind, ends in enumerate(self._halves[counting]):
            for low, high in within(ends, cuts[kind]):
                for _, first, end in self._space.presented(low, high):
                    yield kind, first, end


def _cells(turns: Mapping[int, int]) -> Iterator[Cell]:
    """Yield the cells between the positions at which labels change, by the bits that turn."""
    label = last = 0
    for cut in sorted(turns):
        if not turns[cut]:
            continue
        if label:
            yield last, cut, label
        label ^= turns[cut]
        last = cut
