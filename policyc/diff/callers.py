"""Sets of callers in, what the policies call them out: `06* 07* sauf Famille, externes`.

What is told is exact: the items less the excepted ones are the callers, and nobody else. Callers beyond the universe,
whom only `*` names, are not told of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from policyc import digits
from policyc.digits import Kind, NumberSet
from policyc.model import Rule
from policyc.source import fold


@dataclass(frozen=True, slots=True)
class Item:
    """Callers by one name. `kind` is everyone, anonymous, name, number, range or prefix.

    `text` is as a policy writes it. `length` is how many digits the numbers of a prefix have, where not all lengths are
    meant.
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
        """How many names it takes."""
        return len(self.items) + len(self.excepted)


Phrases = tuple[Phrase, ...]
"""Callers as people say them: those of any of the phrases."""

_ORDER = ("everyone", "name", "prefix", "range", "number", "anonymous")


class Directory:
    """What the rules of two policies call their callers."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take the rules, those whose names are to be preferred first."""
        self._names: dict[NumberSet, Item] = {digits.UNIVERSE: Item("everyone"), digits.ANONYMOUS: Item("anonymous")}
        meant: dict[str, set[NumberSet]] = {}
        named = list(_named(rules))
        for item, callers in named:
            meant.setdefault(fold(item.text), set()).add(callers)
        for item, callers in named:
            if len(meant[fold(item.text)]) == 1:  # else the policies mean different callers by one name
                self._names.setdefault(callers & digits.UNIVERSE, item)
        self._widest = sorted(self._names, key=lambda callers: -callers.size)
        self._known: dict[NumberSet, Phrases] = {}

    def describe(self, callers: NumberSet) -> Phrases:
        """Return some callers as people say them."""
        found = self._known.get(callers)
        if found is None:
            found = self._known[callers] = tuple(self._phrases(callers & digits.UNIVERSE))
        return found

    def _phrases(self, callers: NumberSet) -> Iterator[Phrase]:
        if callers.is_kind_blind:
            yield self._phrase(callers, digits.UNIVERSE)
            return
        for kind in Kind:
            if some := callers & digits.OF_KIND[kind]:
                phrase = self._phrase(some, digits.OF_KIND[kind] & digits.UNIVERSE)
                # A number that can only call from one side needs no word that it does.
                yield phrase if some.is_kind_blind else replace(phrase, kind=kind)

    def _phrase(self, callers: NumberSet, among: NumberSet) -> Phrase:
        """Return some callers of those `among` whom names are meant."""
        best = Phrase(self._items(callers, callers, among))
        others = among - callers
        for around in self._around(callers, among):
            if best.words > 2:
                items = self._items(around, around, among)
                excepted = self._items(around - callers, others, among)
                best = min(best, Phrase(items, excepted), key=lambda phrase: phrase.words)
        return best

    def _around(self, callers: NumberSet, among: NumberSet) -> Iterator[NumberSet]:
        """Yield callers of few names that hold some callers, and more."""
        parts = [one & among for one in self._widest]
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
        for one in self._widest:
            part = one & among
            if left and part <= allowed and not part.isdisjoint(left):
                found.append(self._names[one])
                left -= part
        if not left.isdisjoint(digits.ANONYMOUS):
            found.append(Item("anonymous"))
        found += (_block(kind, prefix, more) for kind, prefix, more in _blocks(left))
        return tuple(sorted(dict.fromkeys(found), key=lambda item: (_ORDER.index(item.kind), item.text)))


def _blocks(callers: NumberSet) -> Iterator[tuple[Kind, str, int | None]]:
    for kind in Kind:
        for block in callers.cover(kind):
            yield kind, block.prefix, block.more


def _block(kind: Kind, prefix: str, more: int | None) -> Item:
    if more == 0:
        return Item("number", prefix)
    length = None if more is None else len(prefix.removeprefix("+")) + more
    french = kind is Kind.EXTERNAL and prefix.startswith("0") and length == 10
    return Item("prefix", f"{prefix}*", None if french else length)


def _named(rules: Iterable[Rule]) -> Iterator[tuple[Item, NumberSet]]:
    """Yield the callers that rules name, and those that the lists they name do."""
    for rule in rules:
        for one in rule.written.named:
            yield _item(one.callers, one.span.text, is_list=bool(one.parts)), one.callers
            for part in one.parts:
                if part.place is not None:
                    yield _item(part.callers, part.place.text, is_list=False), part.callers


def _item(callers: NumberSet, written: str, *, is_list: bool) -> Item:
    text = " ".join(written.split())
    if is_list:
        return Item("name", text.strip('"«»“” '))
    if callers.numbers == 1:
        return Item("number", callers.smallest().number or "")
    if callers is digits.EVERYONE:
        return Item("everyone")
    if callers <= digits.ANONYMOUS:
        return Item("anonymous")
    return Item("range" if ".." in text else "prefix", text)
