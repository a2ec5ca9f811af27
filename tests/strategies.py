"""Hypothesis strategies that several tests share: callers, sets of callers, times, rules, policies and their text.

A strategy for something that policyc works out exactly comes with a plain definition to hold it to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from policyc import digits, numbering, resources, schedule, syntax
from policyc.digits import Caller, Kind, NumberSet
from policyc.model import (
    Busy,
    Destination,
    Extension,
    External,
    Forward,
    Mailbox,
    NamedPeriod,
    Policy,
    Ring,
    Rule,
    System,
    TimeClause,
    ToSystem,
)
from policyc.schedule import WeekSpan
from policyc.source import SourceFile, Span, fold

PARIS = ZoneInfo("Europe/Paris")
NOWHERE = Span(SourceFile("test.pol", ""), 0, 0)

# -- callers -----------------------------------------------------------------------------------------------------

# Beginnings that the numbering plan treats each in its own way, so that random sets meet its edges.
BEGINNINGS = (
    *("0", "00", "000", "01", "06", "061", "0612", "07", "0700", "0901", "08", "0508", "0692", "0262"),
    *("+", "+1", "+3", "+33", "+336", "+33700", "+330", "+44", "+262", "+262692", "+508", "+5085", "+0"),
    *("0033", "0044", "33", "336", "3", "1", "10", "101", "2", "6", "61", "9", "112"),
)
DIGITS = "0123456789"


def is_caller(caller: Caller) -> bool:
    """Say by the definition whether a caller is of the universe (the contract: "the universe of callers")."""
    number = caller.number
    if number is None:
        return True
    if caller.kind is Kind.INTERNAL:
        return re.fullmatch(r"[0-9]{1,10}", number) is not None
    spelt = re.fullmatch(r"[0-9]{1,15}|\+[0-9]{4,15}", number) is not None
    return spelt and numbering.canonical_number(number) == number


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Digits, perhaps behind a `+`: near the beginnings above, of any length that a number may have and more."""
    start = draw(st.sampled_from(BEGINNINGS) | st.text(DIGITS, min_size=1, max_size=3))
    length = draw(st.sampled_from((3, 4, 9, 10, 11, 12, 13, 14, 15, 16)) | st.integers(1, 17))
    fill = draw(st.sampled_from(("0", "9", "5", "")))
    more = max(0, length - len(start))
    return start + (fill * more if fill else draw(st.text(DIGITS, min_size=more, max_size=more)))


def callers() -> st.SearchStrategy[Caller]:
    """Callers of the universe."""
    named = st.builds(Caller, st.sampled_from(Kind), numbers() | st.sampled_from(("101", "102", "201", "0612345678")))
    return named.filter(is_caller) | st.builds(Caller, st.sampled_from(Kind), st.none())


def boundary_callers(*sets: NumberSet) -> list[Caller]:
    """Return the callers on both sides of every end of some sets."""
    ends = {end for one in sets for end in one.ends}
    ranks = {rank for end in ends for rank in (end - 1, end) if 0 <= rank < digits.END}
    return [caller for rank in sorted(ranks) if (caller := digits.caller_at(rank)) in digits.EVERYONE]


def typical_callers(*sets: NumberSet) -> list[Caller]:
    """Return callers of every sort that some sets tell apart: any other is in the same sets as one of them."""
    cuts = sorted({0, digits.END, *(end for one in sets for end in one.ends)})
    pieces = (digits.EVERYONE & digits.from_ends(cut) for cut in pairwise(cuts))
    found = [piece.smallest() for piece in pieces if piece]
    return list({tuple(caller in one for one in sets): caller for caller in found}.values())


@dataclass(frozen=True)
class Known:
    """A set of callers with its definition, for callers of the universe."""

    built: NumberSet
    holds: Callable[[Caller], bool]

    def __repr__(self) -> str:
        return repr(self.built)


def _of(kinds: Iterable[Kind], test: Callable[[str], bool]) -> Callable[[Caller], bool]:
    """Tell whether a caller is of one of the kinds and has a number that passes a test."""
    allowed = frozenset(kinds)
    return lambda caller: caller.kind in allowed and caller.number is not None and test(caller.number)


def _between(first: str, last: str) -> Callable[[str], bool]:
    return lambda number: len(number) == len(first) and first <= number <= last


def _kinds() -> st.SearchStrategy[tuple[Kind, ...]]:
    return st.sampled_from((tuple(Kind), tuple(Kind), (Kind.INTERNAL,), (Kind.EXTERNAL,)))


@st.composite
def _leaves(draw: st.DrawFn) -> Known:
    shape = draw(st.sampled_from(("exactly", "starting", "starting", "between", "everyone", "anonymous", "empty")))
    kinds = draw(_kinds())
    match shape:
        case "exactly":
            number = draw(numbers())
            return Known(digits.exactly(number, kinds), _of(kinds, lambda given: given == number))
        case "starting":
            start = draw(st.sampled_from(BEGINNINGS) | numbers())
            return Known(digits.starting(start, kinds), _of(kinds, lambda given: given.startswith(start)))
        case "between":
            one = draw(numbers().filter(lambda number: number != "+"))
            moved = draw(st.integers(0, 10**4))
            sign, plain = one[: one.startswith("+")], one.removeprefix("+")
            other = sign + str(max(0, int(plain) - moved)).zfill(len(plain))
            first, last = sorted((one, other))
            return Known(digits.between(first, last, kinds), _of(kinds, _between(first, last)))
        case "everyone":
            return Known(digits.EVERYONE, lambda _: True)
        case "anonymous":
            return Known(digits.ANONYMOUS, lambda caller: caller.number is None)
        case _:
            return Known(digits.EMPTY, lambda _: False)


def _combine(operation: str, one: Known, two: Known) -> Known:
    match operation:
        case "or":
            return Known(one.built | two.built, lambda caller: one.holds(caller) or two.holds(caller))
        case "and":
            return Known(one.built & two.built, lambda caller: one.holds(caller) and two.holds(caller))
        case "less":
            return Known(one.built - two.built, lambda caller: one.holds(caller) and not two.holds(caller))
        case _:
            return Known(~one.built, lambda caller: not one.holds(caller))


@st.composite
def known_sets(draw: st.DrawFn) -> Known:
    """Sets of callers built by any operations, with their definitions."""
    left = draw(st.lists(_leaves(), min_size=1, max_size=5))
    while len(left) > 1:  # two neighbours become one
        at = draw(st.integers(0, len(left) - 2))
        left[at : at + 2] = [_combine(draw(_OPERATIONS), left[at], left[at + 1])]
    return left[0]


_OPERATIONS = st.sampled_from(("or", "or", "and", "less", "not"))


def number_sets() -> st.SearchStrategy[NumberSet]:
    """Sets of callers built by any operations."""
    return known_sets().map(lambda known: known.built)


# -- rules and policies ------------------------------------------------------------------------------------------


def _hours(name: str, *spans: WeekSpan) -> NamedPeriod:
    return NamedPeriod(name, "hours", schedule.weekly(spans), spans, (), closures=False, span=NOWHERE)


def _closure(name: str, *dates: tuple[date, date]) -> NamedPeriod:
    return NamedPeriod(name, "closure", schedule.on_dates(dates), (), dates, closures=False, span=NOWHERE)


PERIODS = (
    _hours("bureau", WeekSpan(frozenset(range(5)), 540, 750)),
    _hours("nuit", WeekSpan(frozenset((4, 5)), 1320, 360)),
    _closure("congés", (date(2026, 12, 24), date(2027, 1, 2))),
    _hours("jamais"),
)
EXTENSIONS = MappingProxyType(
    {
        number: Extension(number, f"Poste {number}", "0612345678", mailbox=True, ring_seconds=20, span=NOWHERE)
        for number in ("101", "102", "103", "104")
    }
)


def time_clauses() -> st.SearchStrategy[TimeClause]:
    """`pendant` or `hors` one of a few periods."""
    return st.builds(TimeClause, st.sampled_from(PERIODS), st.booleans())


def destinations(*, forward: bool = False) -> st.SearchStrategy[Destination]:
    """Any destination, or with `forward` nearly always another extension."""
    to = st.builds(Forward, st.sampled_from(sorted(EXTENSIONS)))
    others: tuple[Destination, ...] = (
        *(Ring(), Busy(), Mailbox(None), ToSystem("800"), External(None, rebound=True)),
        External("0442930698", rebound=False),
    )
    return st.one_of(to, to, to, st.sampled_from(others)) if forward else to | st.sampled_from(others)


def rules(*, forward: bool = False, excepted: bool = False) -> st.SearchStrategy[Rule]:
    """Rules for any callers and times; `excepted`: those of a `pour tous sauf`."""
    out = st.frozensets(st.sampled_from(sorted(EXTENSIONS)), max_size=2) if excepted else st.just(frozenset())
    return st.builds(
        Rule,
        callers=number_sets(),
        times=st.lists(time_clauses(), max_size=2).map(tuple),
        until=st.sampled_from((None, None, None, date(2026, 12, 31))),
        destination=destinations(forward=forward),
        reason=st.none(),
        excepted=out,
        span=st.just(NOWHERE),
    )


@st.composite
def policies(draw: st.DrawFn, busy: tuple[str, ...] = tuple(EXTENSIONS)) -> Policy:
    """Policies of four extensions that forward to one another; the `busy` ones have rules of their own."""
    layer = st.lists(rules(forward=True, excepted=True), max_size=1).map(tuple)
    own = {number: tuple(draw(st.lists(rules(forward=True), max_size=3))) for number in busy}
    return Policy(
        name="",
        zone=PARIS,
        extensions=EXTENSIONS,
        systems={"800": System("800", "Standard", "group", NOWHERE)},
        periods=PERIODS,
        holidays=(),
        closures=(),
        first=draw(layer),
        own=own,
        rest=draw(layer),
        tests=(),
        guarantees=(),
    )


# -- lines of the language ---------------------------------------------------------------------------------------

# How the terminals that are no fixed word may be written, so that two of them side by side stay two.
_WRITTEN = {
    "NAME": (
        '"Dr Martin"',
        "« Été »",
        "Secrétariat",
        "l'Étage",
        '"mobile"',
        "Europe/Paris",
        "“a # b”",
        "L’Haÿ-les-Roses",
    ),
    "NUMBER": (
        "101",
        "06 12 34 56 78",
        "+33 6 12 34 56 78",
        "+44 20 7123 4567,",
        "0140000000",
        "2026",
        "01.42.68.53.00",
    ),
    "PREFIX": ("06*", "01 42*", "+33 6*", "+*", "2*"),
    "DATE": ("2026-12-24", "24/12/2026", "1/2/2027"),
    "TIME": ("09:00", "9h", "12h30", "18:30", "22H"),
    "DURATION": ("20s", "45 s", "600S"),
    "STAR": ("*",),
}


_GAPS = st.sampled_from((" ", " ", " ", "  ", ", ", "\t", "\u00a0"))


@cache
def _spellings(terminal: str) -> st.SearchStrategy[str]:
    word = syntax.spelling().get(terminal, "")
    keyword = (word, word, word.upper(), unicodedata.normalize("NFD", word), fold(word), word.replace("'", "’"))
    return st.sampled_from(_WRITTEN.get(terminal, keyword))


@cache
def grammar() -> Lark:
    """The grammar, its conflicts refused."""
    return Lark(resources.read_grammar("policy.lark"), parser="lalr", start="line", strict=True)


@cache
def shapes() -> st.SearchStrategy[tuple[str, ...]]:
    """Sequences of terminals that the grammar takes for a line."""
    names = {terminal.name: st.just(terminal.name + " ") for terminal in grammar().terminals}
    found = from_lark(grammar(), start="line", explicit=names).map(lambda text: tuple(text.split()))
    return found.filter(lambda shape: len(shape) < 40)


@st.composite
def lines(draw: st.DrawFn) -> tuple[tuple[str, ...], str]:
    """Lines of the language: the sequence of terminals and the text."""
    shape = draw(shapes())
    text = draw(st.sampled_from(("", "  ", "\t")))
    for terminal in shape:
        text += draw(_spellings(terminal)) + draw(_GAPS)
    return shape, text + draw(st.sampled_from(("", "# commentaire", "#")))
