"""The rules that stand in for those of a text in, plain data to be kept out; and, of the same declarations, back.

What `standing_in` makes of a long text takes as long as all else that is to be known of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, get_args

from policyc.digits import from_ends
from policyc.model import Destination, Rule
from policyc.resolve import Resolver
from policyc.source import SourceFile, Span, fold
from policyc.values import value

To = tuple[Any, ...]  # the kind of a destination, and what it holds
Plain = tuple[tuple[int, ...], tuple[tuple[str, bool], ...], str, To]  # callers, times, the last day, destination

_KINDS: Final[Mapping[str, Any]] = {one.__name__: one for one in get_args(Destination)}
_HOLIDAYS: Final = ""  # in place of the name of a period
_NOWHERE: Final = Span(SourceFile("", ""), 0, 0)


@value()
class Known:
    """What is known of a text: the extension of each block, in their order, and the rules that stand in for its own.

    These are in `of` by extension, as places among `rules`; those that say the same, once.
    """

    blocks: Sequence[str]
    rules: Sequence[Plain]
    of: Mapping[str, Sequence[int]]

    def stand_ins(self, resolver: Resolver, numbers: Iterable[str]) -> dict[str, tuple[Rule, ...]]:
        """Return the rules that stand in for those of some extensions. `resolver` knows what the text declares."""
        made = [_rule(one, resolver) for one in self.rules]
        return {number: tuple([made[at] for at in self.of[number]]) for number in numbers}

    def after(self, own: Mapping[str, Iterable[Rule]]) -> "Known":
        """Return what is known where some extensions have other rules."""
        places = {one: at for at, one in enumerate(self.rules)}
        of = {**self.of, **{number: _places(rules, places) for number, rules in own.items()}}
        return Known(self.blocks, tuple(places), of)


def known_of(blocks: Sequence[str], own: Mapping[str, Iterable[Rule]]) -> Known:
    """Return what there is to know of a text with these blocks and rules."""
    return Known(blocks, (), {}).after(own)


def _places(rules: Iterable[Rule], places: dict[Plain, int]) -> list[int]:
    """Return where rules are, those that say the same once; what is nowhere goes to the end."""
    return list(dict.fromkeys([places.setdefault(_plain(rule), len(places)) for rule in rules]))


def _plain(rule: Rule) -> Plain:
    times = [(_HOLIDAYS if one.named.kind == "holidays" else fold(one.named.name), one.inside) for one in rule.times]
    to = rule.destination
    goal = type(to).__name__, *[getattr(to, name) for name in to.__match_args__]
    return rule.callers.ends, tuple(times), rule.until.isoformat() if rule.until else "", goal


def _rule(plain: Plain, resolver: Resolver) -> Rule:
    ends, times, until, (kind, *held) = plain
    periods = [
        (resolver.periods[name] if name else resolver.public_holidays(_NOWHERE), inside) for name, inside in times
    ]
    clauses = tuple([resolver.time_clause(named, inside=inside) for named, inside in periods if named is not None])
    last = date.fromisoformat(until) if until else None
    return Rule(from_ends(ends), clauses, last, _KINDS[kind](*held), None, frozenset(), _NOWHERE)
