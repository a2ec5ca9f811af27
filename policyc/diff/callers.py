"""Sets of callers in, what the policies call them out: `06* 07* sauf Famille, externes`.

What is told is exact: the items less the excepted ones are the callers, and nobody else. Callers beyond the universe,
whom only `*` names, are not told of.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Final

from policyc import digits, numbering
from policyc.digits import Block, Kind, NumberSet
from policyc.model import Rule
from policyc.source import fold
from policyc.values import dataclass

ANY: Final = 0


@dataclass(frozen=True, slots=True)
class Item:
    """Callers by one name. `kind` is everyone, anonymous, name, number, range or prefix.

    `text` is as a policy writes it. `length` says how many digits the numbers of a prefix have where they are not those
    that a policy would mean by it, which are French ones of `0*`; ANY: however many.
    """

    kind: str
    text: str = ""
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """`items` less `excepted`, from inside or from outside only if there is a `kind`."""

    items: tuple[Item, ...]
    excepted: tuple[Item, ...] = ()
    kind: Kind | None = None

    @property
    def words(self) -> int:
        """How many names it takes: two are a range; `*` of all numbers, but not of anonymous callers, is none."""
        named = (*self.items, *self.excepted)
        ranges = sum(item.kind == "range" for item in named)
        return len(named) + ranges + 2 * (Item("prefix", "*", ANY) in self.items)


Phrases = tuple[Phrase, ...]
"""Callers as people say them: those of any of the phrases."""

_MANY: Final = 40  # ranges
_ORDER: Final = ("everyone", "name", "prefix", "range", "number", "anonymous")


class Directory:
    """What the rules of two policies call their callers."""

    def __init__(self, rules: Callable[[], Iterable[Rule]]) -> None:
        """Take what yields the rules, those whose names are to be preferred first. It is asked when words are."""
        self._rules = rules
        self._known: dict[NumberSet, Phrases] = {}
        self._indexes: dict[NumberSet, _Index] = {}

    @cached_property
    def _names(self) -> dict[NumberSet, Item]:
        """What the rules name, the widest first."""
        names: dict[NumberSet, Item] = {digits.UNIVERSE: Item("everyone"), digits.ANONYMOUS: Item("anonymous")}
        meant: dict[str, set[NumberSet]] = {}
        named = list(_named(self._rules()))
        for item, callers in named:
            meant.setdefault(fold(item.text), set()).add(callers)
        for item, callers in named:
            if len(meant[fold(item.text)]) == 1:  # else the policies mean different callers by one name
                names.setdefault(callers & digits.UNIVERSE, item)
        return dict(sorted(names.items(), key=lambda one: -one[0].size))

    def describe(self, callers: NumberSet) -> Phrases:
        """Return some callers as people say them."""
        found = self._known.get(callers)
        if found is None:
            found = self._known[callers] = tuple(self._phrases(callers & digits.UNIVERSE))
        return found

    def _phrases(self, callers: NumberSet) -> Iterator[Phrase]:
        if callers and callers.is_kind_blind:
            yield self._phrase(callers, digits.UNIVERSE)
            return
        for kind in Kind:
            if some := callers & digits.OF_KIND[kind]:
                phrase = self._phrase(some, digits.OF_KIND[kind] & digits.UNIVERSE)
                # A number that can only call from one side needs no word that it does.
                yield phrase if some.is_kind_blind else replace(phrase, kind=kind)

    def _phrase(self, callers: NumberSet, among: NumberSet) -> Phrase:
        """Return some callers of those `among` whom names are meant."""
        if item := self._among(among).names.get(callers):
            return Phrase((item,))
        best = Phrase(self._items(callers, callers, among))
        others = among - callers
        for around in self._around(callers, among):
            if best.words > 2:
                items = self._items(around, around, among)
                excepted = self._items(around - callers, others, among)
                best = min(best, Phrase(items, excepted), key=lambda phrase: phrase.words)
        return best

    def _among(self, among: NumberSet) -> "_Index":
        """Return what names mean of some callers."""
        if among not in self._indexes:
            self._indexes[among] = _Index((one & among, item) for one, item in self._names.items())
        return self._indexes[among]

    def _around(self, callers: NumberSet, among: NumberSet) -> Iterator[NumberSet]:
        """Yield callers of few names that hold some callers, and more."""
        parts = [part for part, _ in self._among(among).meeting(callers)]
        holding = [part for part in parts if callers <= part and part is not callers]
        yield from holding[-1:]
        left = callers
        found = []
        for part in parts:
            inside = part & callers
            if 2 * inside.size >= part.size and not part.isdisjoint(left):  # mostly meant
                found.append(part)
                left -= part
        if found and not left:
            yield digits.union(found)

    def _items(self, callers: NumberSet, allowed: NumberSet, among: NumberSet) -> tuple[Item, ...]:
        """Return names that hold callers and, of those `among`, nobody who is not allowed: the widest that do."""
        found = []
        left = callers
        for part, item in self._among(among).meeting(callers):
            if left and part <= allowed and not part.isdisjoint(left):
                found.append(item)
                left -= part
        if not left.isdisjoint(digits.ANONYMOUS):
            found.append(Item("anonymous"))
        found += _leftover(left)
        return tuple(sorted(dict.fromkeys(found), key=lambda item: (_ORDER.index(item.kind), item.text)))


class _Index:
    """Named callers, in a given order, found by those they have in common with others."""

    def __init__(self, named: Iterable[tuple[NumberSet, Item]]) -> None:
        """Take the sets with their names; of equal ones, the first counts."""
        self.names: dict[NumberSet, Item] = {}
        for callers, item in named:
            if callers:
                self.names.setdefault(callers, item)
        turns: dict[int, list[int]] = {0: []}
        for at, callers in enumerate(self.names):
            for end in callers.ends:
                turns.setdefault(end, []).append(at)
        self._starts = sorted(turns)
        self._inside: list[frozenset[int]] = []  # from each start to the next
        inside: frozenset[int] = frozenset()
        for start in self._starts:
            inside = inside.symmetric_difference(turns[start])
            self._inside.append(inside)
        self._ordered = tuple(self.names.items())

    def meeting(self, callers: NumberSet) -> Iterator[tuple[NumberSet, Item]]:
        """Yield the sets that have callers in common with some, and their names, in order."""
        found: set[int] = set()
        for low, high in callers.intervals:
            first, last = bisect_right(self._starts, low) - 1, bisect_left(self._starts, high)
            found.update(*self._inside[first:last])
        yield from (self._ordered[at] for at in sorted(found))


def _leftover(callers: NumberSet) -> Iterator[Item]:
    """Yield prefixes, numbers and ranges for callers that no rule has a name for."""
    for kind in Kind:
        numbers = callers & digits.OF_KIND[kind] - digits.ANONYMOUS
        ranges = tuple(_ranges(numbers, kind))
        blocks = numbers.cover(kind) if len(ranges) <= _MANY else ()  # which takes long, and nobody reads so many
        if blocks and len(blocks) <= len(ranges):
            yield from (_block(block) for block in blocks)
        else:
            for first, last in ranges:
                yield Item("number", first) if first == last else Item("range", f"{first}..{last}")


def _ranges(numbers: NumberSet, kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield the first and the last of numbers that follow one another, all of one length."""
    for sign in ("", "+") if kind is Kind.EXTERNAL else ("",):
        for more in digits.lengths(kind, sign):
            alike = numbers & digits.from_intervals([digits.interval(kind, sign, more)])
            for low, high in alike.intervals:
                yield digits.caller_at(low).number or "", digits.caller_at(high - 1).number or ""


def _block(block: Block) -> Item:
    kind, prefix, more = block.kind, block.prefix, block.more
    if more == 0:
        return Item("number", prefix)
    if more is None:
        callers, length = digits.starting(prefix, (kind,)), ANY
    else:
        callers = digits.from_intervals([digits.interval(kind, prefix, more)]) & digits.EVERYONE
        length = len(prefix.removeprefix("+")) + more
    is_plain = prefix != "" and callers is numbering.prefix(prefix) & digits.OF_KIND[kind]
    return Item("prefix", f"{prefix}*", None if is_plain else length)


def _named(rules: Iterable[Rule]) -> Iterator[tuple[Item, NumberSet]]:
    """Yield the callers that rules name, and those that the lists they name do."""
    for rule in rules:
        for one in (*rule.written.named, *rule.written.excepted):
            yield _item(one.callers, one.span.text, is_list=bool(one.parts)), one.callers
            for part in one.parts:
                if part.place is not None:
                    yield _item(part.callers, part.place.text, is_list=False), part.callers


def _item(callers: NumberSet, written: str, *, is_list: bool) -> Item:
    text = " ".join(written.split())
    if is_list:
        return Item("name", text.strip('"«»“” '))
    if callers.count <= 4 and callers.numbers == 1:  # from both sides, and anonymous ones; the count is quicker to tell
        return Item("number", callers.smallest().number or "")
    if callers is digits.EVERYONE:
        return Item("everyone")
    if callers <= digits.ANONYMOUS:
        return Item("anonymous")
    return Item("range" if ".." in text else "prefix", text)
