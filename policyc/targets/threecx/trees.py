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
from typing import Final

from policyc import digits
from policyc.digits import Caller, Kind, NumberSet
from policyc.targets.threecx.building import Cell, tree_of
from policyc.targets.threecx.growing import Piece, grown
from policyc.targets.threecx.nodes import Atoms
from policyc.targets.threecx.presented import ANONYMOUS, BEYOND, Space, joined, nested, within
from policyc.targets.threecx.tree import Tree
from policyc.values import value

_LONGEST: Final = tuple(digits.rank(Caller(kind, "9" * 20)) for kind in Kind)  # the callers beyond the universe
_BEYOND: Final = digits.from_intervals((rank, rank + 1) for rank in _LONGEST)
_EVERYONE: Final = digits.EVERYONE
_ALONE: Final = (ANONYMOUS, BEYOND)
_FIRST_ALONE: Final = min(digits.rank(Caller(kind, None)) for kind in Kind)  # callers from there on have no digits
_MANY: Final = 3  # with more blocks for each interval, there may be fewer that overlap
_MOST_COMMON: Final = 4  # so many sets are laid out in common, at most: lists may have any of them
_MOST_GROUNDS: Final = 100  # so many trees of what lists have in common are kept
_OFTEN: Final = 8  # and these, that one list out of so many has


@value()
class Laid:
    """A tree, the sets that its labels are about, and bits like theirs of the sets that are told by what they lack."""

    tree: Tree
    sets: tuple[NumberSet, ...]
    lacking: int

    def callers(self) -> Iterator[tuple[Atoms, Atoms]]:
        """Yield the atoms of the callers of each kind who count, and then of those whom each set holds."""
        count = 2 * len(self.sets) + 2
        inside = ((1 << count) - 1) // 3
        found: list[Atoms] = [0] * count
        for label, atoms in self.tree.labelled.items():
            who = (label ^ self.lacking) & (0, inside, inside << 1, inside * 3)[label & 3]
            while who:
                at = who.bit_length() - 1
                found[at] |= atoms
                who ^= 1 << at
        return zip(found[::2], found[1::2], strict=True)


@value()
class _Pieces:
    """What a set is presented as, or, of the kinds `lacking`, what those are whom it leaves out.

    `blocks` are the bits of the kinds by a text and how many digits follow it; `alone` those of positions without
    digits.
    """

    blocks: Mapping[tuple[str, int], int]
    alone: Sequence[tuple[int, int]]
    lacking: int


class _Counted:
    """Those who count for some lists: of each kind, and what sets that several lists name are presented as."""

    def __init__(self, callers: NumberSet) -> None:
        self.callers = callers
        self.halves = tuple([(callers & one).ends for one in (digits.INTERNAL, digits.EXTERNAL)])
        self.pieces: dict[NumberSet, _Pieces] = {}
        self.shown: tuple[Sequence[int], ...] | None = None


class Trees:
    """Makes the trees of the lists of one policy. `lists` are the sets that each names."""

    def __init__(self, space: Space, lists: Iterable[Iterable[NumberSet]]) -> None:
        """Find the sets that are worth laying out in common."""
        self._space = space
        self._counted: dict[NumberSet, _Counted] = {}
        self._grounds: dict[tuple[NumberSet, ...], Tree] = {}
        count = 0
        used: Counter[NumberSet] = Counter()
        for sets in lists:
            used.update(set(sets))
            count += 1
        self._shared = frozenset(one for one, times in used.items() if times > 1)
        often = [one for one, times in used.items() if times * _OFTEN >= count]
        everyone = _Counted(_EVERYONE)
        often.sort(key=lambda one: (-used[one] * len(self._pieces(everyone, one).blocks), one.ends))
        self._common = {one: at for at, one in enumerate(often[:_MOST_COMMON])}

    def of(self, sets: Sequence[NumberSet], *, fine: bool = False) -> Laid:
        """Return the tree of some sets, each but once."""
        if len(self._grounds) > _MOST_GROUNDS:
            self._counted.clear()
            self._grounds.clear()
        care = self._space.care(sets)
        counted = self._counted.get(care)
        if counted is None:
            counted = self._counted[care] = _Counted(care | _BEYOND)
        common = sorted((one for one in sets if one in self._common), key=self._common.__getitem__)
        own = [one for one in sets if one not in self._common]
        lacking = 0
        pieces: list[Piece] = []
        alone = dict.fromkeys(_ALONE, 0)
        for shift, one in enumerate((*common, *own), 1):
            found = self._pieces(counted, one)
            lacking |= found.lacking << 2 * shift
            if shift > len(common):
                pieces += [(text, more, kinds << 2 * shift) for (text, more), kinds in found.blocks.items()]
                for position, kinds in found.alone:
                    alone[position] |= kinds << 2 * shift
        tree = grown(self._ground(counted, common), pieces, *alone.values(), fine=fine)
        return Laid(tree, (*common, *own), lacking)

    def _ground(self, counted: _Counted, common: Sequence[NumberSet]) -> Tree:
        """Return the tree of those who count and the sets laid out in common."""
        key = counted.callers, *common
        if key not in self._grounds:
            turns: dict[int, int] = {}
            for at, one in enumerate(key):
                for kind, cuts in enumerate(_cuts(one)[0] if at else counted.halves):
                    for first, end in self._spans(counted, kind, cuts):
                        for cut in (first, end):
                            turns[cut] = turns.get(cut, 0) ^ 1 << 2 * at + kind
            self._grounds[key] = tree_of(list(_cells(turns)))
        return self._grounds[key]

    def _pieces(self, counted: _Counted, callers: NumberSet) -> _Pieces:
        """Return what a set is presented as; that of sets of several lists is kept."""
        found = counted.pieces.get(callers)
        if found is None:
            found = self._found_pieces(counted, callers)
            if callers in self._shared:
                counted.pieces[callers] = found
        return found

    def _found_pieces(self, counted: _Counted, callers: NumberSet) -> _Pieces:
        cuts, lacking = _cuts(callers)
        alone: list[tuple[int, int]] = []
        kinds: dict[tuple[str, int], int] = {}
        for kind, some in enumerate(cuts):
            spans = within(counted.halves[kind], some)
            if not spans:
                continue
            count = 0
            made: list[tuple[str, int]] = []
            for low, high in spans:
                if low < _FIRST_ALONE:
                    more, found = self._space.blocks(low, high)
                    count += more
                    made += found
                else:
                    alone += [(first, 1 << kind) for _, first, _ in self._space.presented(low, high)]
            if len(made) > _MANY * count:
                shown = [span for span in self._spans(counted, kind, some) if span[0] not in _ALONE]
                made = list(nested(joined(shown), self._shown(counted)[kind]))
            for block in made:
                kinds[block] = kinds.get(block, 0) | 1 << kind
        return _Pieces(kinds, alone, lacking)

    def _shown(self, counted: _Counted) -> tuple[Sequence[int], ...]:
        """Return the positions of those who count, for each kind, as interval ends."""
        if counted.shown is None:
            spans = [self._spans(counted, kind, ends) for kind, ends in enumerate(counted.halves)]
            counted.shown = tuple([end for span in joined(some) for end in span] for some in spans)
        return counted.shown

    def _spans(self, counted: _Counted, kind: int, cuts: Sequence[int]) -> list[tuple[int, int]]:
        """Return the positions of those of a kind who count in a set."""
        presented = self._space.presented
        return [
            (first, end) for low, high in within(counted.halves[kind], cuts) for _, first, end in presented(low, high)
        ]


def _cuts(callers: NumberSet) -> tuple[tuple[Sequence[int], ...], int]:
    """Return the ends of a set for each kind, or of what it lacks, and the bits of the kinds told so."""
    ends = callers.ends
    if not ends or ends[-1] <= min(_LONGEST):
        return (ends, ends), 0
    lacking = sum([1 << kind for kind, longest in enumerate(_LONGEST) if bisect_right(ends, longest) & 1])
    others = digits.flip(ends)
    return tuple([others if lacking >> kind & 1 else ends for kind in range(len(_LONGEST))]), lacking


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
