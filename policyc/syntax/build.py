"""A line and the tree of its shape in, a node out: a method for each rule of the grammar."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from datetime import date
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from policyc.diagnostics import Diagnostic
from policyc.digits import Kind
from policyc.source import SourceFile, Span
from policyc.syntax.nodes import (
    Assertion,
    Block,
    Callers,
    CallTest,
    Clause,
    ClosureDecl,
    Directory,
    During,
    ExtensionDecl,
    GuaranteeBlock,
    Header,
    HolidaysDecl,
    HoursDecl,
    Include,
    Item,
    ListDecl,
    Opening,
    Reason,
    RuleNode,
    SystemDecl,
    Target,
    TestBlock,
    Until,
    Word,
    Zone,
)
from policyc.syntax.shapes import Shape, shape_of
from policyc.values import dataclass

if TYPE_CHECKING:
    from policyc.lexer import Line

_DAYS = {name: at for at, name in enumerate(("LUNDI", "MARDI", "MERCREDI", "JEUDI", "VENDREDI", "SAMEDI", "DIMANCHE"))}
_HOUR = re.compile(r"([0-9]{1,2})(?::([0-5][0-9])|[hH]([0-5][0-9])?)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_SYSTEMS = {"GROUPE": "group", "FILE": "queue", "SVI": "menu"}
_KINDS = {"INTERNE": Kind.INTERNAL, "EXTERNE": Kind.EXTERNAL}

_CLAUSES = (During, Until, Reason)

Place = int  # of a token in its line; what may be left out is never the first one, so that its place is true
_Step = tuple[Callable[..., Any], Place, "itemgetter[Any] | None"]  # a method, its one token or else its arguments


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whom a guarantee is for: one extension, or (None) all without the excepted ones."""

    extension: Word | None
    excepted: tuple[Word, ...]


class _Builder:
    """Makes the nodes of a file, line by line; a method for each rule of the grammar, named like it.

    Of children, methods take the nodes, and the places of tokens.
    """

    __slots__ = ("diagnostics", "ends", "source", "starts", "types", "values")

    def __init__(self, source: SourceFile, diagnostics: list[Diagnostic]) -> None:
        self.source, self.diagnostics = source, diagnostics

    def line(self, line: Line) -> Any:
        """Return the node of a line of the language."""
        self.types, self.values, self.starts, self.ends = line.types, line.values, line.starts, line.ends
        made: list[Any] = [*range(len(self.types)), None]
        for method, token, taken in _steps_of(self.types):
            made.append(method(self, token) if taken is None else method(self, *taken(made)))
        return made[-1]

    def span(self, first: int, last: int) -> Span:
        return Span(self.source, self.starts[first], self.ends[last])

    def whole(self) -> Span:
        return Span(self.source, self.starts[0], self.ends[-1])

    def word(self, at: int) -> Word:
        return Word(self.values[at], Span(self.source, self.starts[at], self.ends[at]), self.types[at] == "NUMBER")

    def report(self, code: str, span: Span, **args: str | int) -> None:
        self.diagnostics.append(Diagnostic(code, span, args))

    # declarations

    def header(self, _: Place, name: Place) -> Header:
        return Header(self.word(name), self.whole())

    def zone(self, _: Place, name: Place) -> Zone:
        return Zone(self.word(name), self.whole())

    def include(self, _: Place, pattern: Place) -> Include:
        return Include(self.word(pattern), self.whole())

    def directory(self, _: Place, path: Place) -> Directory:
        return Directory(self.word(path), self.whole())

    def extension(self, _: Place, number: Place, name: Place, *options: tuple[str, Any, Span]) -> ExtensionDecl:
        given: dict[str, Any] = {}
        for kind, value, span in options:
            if kind in given:
                self.report("PC211", span, word=span.text)
            given[kind] = value
        return ExtensionDecl(
            self.word(number),
            self.word(name),
            given.get("mobile"),
            "mailbox" in given,
            given.get("ring"),
            self.whole(),
        )

    def mobile_option(self, keyword: Place, number: Place) -> tuple[str, Any, Span]:
        return "mobile", self.word(number), self.span(keyword, number)

    def mailbox_option(self, keyword: Place) -> tuple[str, Any, Span]:
        return "mailbox", True, self.span(keyword, keyword)

    def ring_option(self, keyword: Place, duration: Place) -> tuple[str, Any, Span]:
        written = self.values[duration].rstrip(" sS").lstrip("0")
        seconds = int(written or 0) if len(written) < 4 else 1000
        if not 1 <= seconds <= 600:  # a caller who waits ten minutes has hung up
            self.report("PC113", self.span(duration, duration), duration=self.values[duration])
        return "ring", seconds, self.span(keyword, duration)

    def system(self, kind: Place, number: Place, name: Place) -> SystemDecl:
        return SystemDecl(_SYSTEMS[self.types[kind]], self.word(number), self.word(name), self.whole())

    def list(self, _: Place, name: Place, _equals: Place | None, items: tuple[Item, ...] | None) -> ListDecl:
        return ListDecl(self.word(name), items or (), self.whole())

    def list_line(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        return items

    def hours(
        self, _: Place, name: Place, included: bool | None, _equals: Place | None, opening: Opening | None
    ) -> HoursDecl:
        openings = (opening,) if opening else ()
        return HoursDecl(self.word(name), openings, bool(included), self.whole())

    def hours_line(self, content: Opening | bool) -> Opening | bool:
        return content

    def included(self, *_: Place) -> bool:
        return True

    def opening(self, days: frozenset[int], *parts: tuple[int, int, Span] | bool | None) -> Opening:
        spans = tuple(part for part in parts if isinstance(part, tuple))
        return Opening(days, spans, parts[-1] is True, self.whole())

    def days(self, *parts: frozenset[int]) -> frozenset[int]:
        return frozenset().union(*parts)

    def day(self, at: Place) -> frozenset[int]:
        return frozenset((_DAYS[self.types[at]],))

    def day_range(self, first: frozenset[int], _: Place, last: frozenset[int]) -> frozenset[int]:
        start, end = min(first), min(last)
        return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))

    def span_(self, start: Place, _: Place, end: Place) -> tuple[int, int, Span]:
        span = self.span(start, end)
        first, last = self.minute(start), self.minute(end, last=True)
        if first is not None and first == last:
            self.report("PC107", span, case="empty", hour=span.text)
        return first or 0, last or 0, span

    def minute(self, at: Place, *, last: bool = False) -> int | None:
        """Return the minute of the day; 24:00 ends a day and starts none."""
        parts = _HOUR.fullmatch(self.values[at])
        found = 60 * int(parts[1]) + int(parts[2] or parts[3] or 0) if parts else 1441
        if found > (1440 if last else 1439):
            case = "24:00" if found == 1440 else "impossible" if parts else "written"
            self.report("PC107", self.span(at, at), case=case, hour=self.values[at])
            return None
        return found

    def holidays(self, _: Place, *parts: Place | None) -> HolidaysDecl:
        *names, first, _jusque, last = parts
        if first is None or not names or names[0] is None or names[-1] is None:
            raise AssertionError(parts)
        region = Word(" ".join(self.values[name] for name in names if name), self.span(names[0], names[-1]))
        return HolidaysDecl(region, self.word(first), self.word(last or first), self.whole())

    def closure(self, _: Place, name: Place, _equals: Place | None, *dates: tuple[date, date] | None) -> ClosureDecl:
        return ClosureDecl(self.word(name), tuple(one for one in dates if one), self.whole())

    def dates(self, first: Place, _: Place | None, last: Place | None) -> tuple[date, date] | None:
        start = self.day_of(first)
        end = self.day_of(last) if last else start
        if start is None or end is None:
            return None
        if end < start:
            self.report("PC111", self.span(first, last or first), case="order")
            return None
        return start, end

    def day_of(self, at: Place) -> date | None:
        text = self.values[at]
        try:
            parts = _DATE.fullmatch(text)
            if parts is None:
                self.report("PC108", self.span(at, at), case="written", date=text)
                return None
            year, month, day = parts[1] or parts[6], parts[2] or parts[5], parts[3] or parts[4]
            return date(int(year), int(month), int(day))
        except ValueError:
            self.report("PC108", self.span(at, at), case="impossible", date=text)
            return None

    # rules

    def own_block(self, _: Place, reference: Word) -> Block:
        return Block(reference, (), first=False, rules=(), span=self.whole())

    def all_block(self, _: Place, _all: Place, *scopes: tuple[Word, ...] | bool) -> Block:
        excepted: tuple[Word, ...] = ()
        first = 0
        for scope in scopes:
            if scope is True:
                first += 1
            elif isinstance(scope, tuple):
                excepted += scope
        if first > 1 or sum(isinstance(scope, tuple) for scope in scopes) > 1:
            self.report("PC211", self.whole(), word="sauf" if first <= 1 else "en priorité")
        return Block(None, excepted, first=bool(first), rules=(), span=self.whole())

    def scope_except(self, _: Place, *references: Word) -> tuple[Word, ...]:
        return references

    def scope_first(self, *_: Place) -> bool:
        return True

    def reference(self, at: Place) -> Word:
        return self.word(at)

    def rule(self, _: Place, callers: Callers, *rest: Any) -> RuleNode:
        clauses = tuple([one for one in rest if isinstance(one, _CLAUSES)])
        self.once(clauses)
        [destination] = [one for one in rest if isinstance(one, Target)]
        return RuleNode(callers, clauses, destination, self.whole())

    def once(self, clauses: tuple[Clause, ...]) -> None:
        """Report a second `jusqu'au` or `motif`."""
        if len(clauses) < 2:
            return
        for sort in (Until, Reason):
            for extra in [one for one in clauses if isinstance(one, sort)][1:]:
                self.report("PC211", extra.span, word=extra.span.text.split()[0])

    def callers(self, items: tuple[Item, ...], excepted: tuple[Item, ...] | None, kind: Kind | None) -> Callers:
        return Callers(items, excepted or (), kind, self.around(items, excepted, kind))

    def callers_of_kind(self, kind: Kind, excepted: tuple[Item, ...] | None) -> Callers:
        at = next(at for at, name in enumerate(self.types) if name in _KINDS)
        span = self.span(at, at)
        if excepted:
            span = span.to(excepted[-1].span)
        return Callers((Item("everyone", "*", span),), excepted or (), kind, span)

    def around(self, items: tuple[Item, ...], excepted: tuple[Item, ...] | None, kind: Kind | None) -> Span:
        first, last = items[0].span, (excepted or items)[-1].span
        if kind is not None:
            after = bisect_left(self.starts, last.end)
            last = self.span(after, after)
        return first if first is last else first.to(last)

    def except_(self, _: Place, items: tuple[Item, ...]) -> tuple[Item, ...]:
        return items

    def kind(self, at: Place) -> Kind:
        return _KINDS[self.types[at]]

    def items(self, *items: Item) -> tuple[Item, ...]:
        return items

    def number(self, at: Place) -> Item:
        return Item("number", self.values[at], Span(self.source, self.starts[at], self.ends[at]))

    def prefix(self, at: Place) -> Item:
        return Item("prefix", self.values[at], Span(self.source, self.starts[at], self.ends[at]))

    def range(self, first: Place, _: Place, last: Place) -> Item:
        return Item("range", self.values[first], self.span(first, last), self.values[last])

    def anonymous(self, at: Place) -> Item:
        return Item("anonymous", self.values[at], self.span(at, at))

    def everyone(self, at: Place) -> Item:
        return Item("everyone", self.values[at], self.span(at, at))

    def named(self, at: Place) -> Item:
        return Item("named", self.values[at], Span(self.source, self.starts[at], self.ends[at]))

    def during(self, keyword: Place, period: tuple[Word | None, Place]) -> During:
        return During(period[0], inside=True, span=self.span(keyword, period[1]))

    def outside(self, keyword: Place, period: tuple[Word | None, Place]) -> During:
        return During(period[0], inside=False, span=self.span(keyword, period[1]))

    def period(self, *places: Place) -> tuple[Word | None, Place]:
        return (self.word(places[0]) if len(places) == 1 else None), places[-1]

    def until(self, keyword: Place, last: Place) -> Until:
        return Until(self.day_of(last), self.span(keyword, last))

    def reason(self, keyword: Place, text: Place) -> Reason:
        return Reason(self.values[text], self.span(keyword, text))

    # destinations and results

    def to_mailbox(self, keyword: Place) -> Target:
        return Target("mailbox", self.span(keyword, keyword))

    def to_mobile(self, keyword: Place, rebound: Place | None) -> Target:
        span = self.span(keyword, rebound or keyword)
        return Target("mobile", span, rebound=rebound is not None, option=self.optional(rebound))

    def to_extension(self, keyword: Place, reference: Word, mailbox: Place | None) -> Target:
        span = self.span(keyword, keyword).to(self.span(mailbox, mailbox) if mailbox else reference.span)
        return Target("extension", span, reference, mailbox=mailbox is not None, option=self.optional(mailbox))

    def to_external(self, keyword: Place, number: Place, rebound: Place | None) -> Target:
        span = self.span(keyword, rebound or number)
        return Target("external", span, self.word(number), rebound=rebound is not None, option=self.optional(rebound))

    def to_system(self, keyword: Place, reference: Word) -> Target:
        return Target("system", self.span(keyword, keyword).to(reference.span), reference)

    def to_busy(self, keyword: Place) -> Target:
        return Target("busy", self.span(keyword, keyword))

    def to_ring(self, keyword: Place) -> Target:
        return Target("ring", self.span(keyword, keyword))

    def optional(self, at: Place | None) -> Span | None:
        return self.span(at, at) if at else None

    def gives(self, kind: str, keyword: Place, what: Word | Place | tuple[Item, ...] | None) -> Target:
        span = self.span(keyword, keyword)
        if what is None:
            return Target(kind, span)
        if isinstance(what, Word):
            return Target(kind, span.to(what.span), what)
        if isinstance(what, int):
            word = self.word(what)
            return Target(kind, span.to(word.span), word, items=(Item("number", word.text, word.span),))
        return Target(kind, span.to(what[-1].span), items=what)

    def gives_ring(self, keyword: Place, reference: Word | None) -> Target:
        return self.gives("ring", keyword, reference)

    def gives_mailbox(self, keyword: Place, reference: Word | None) -> Target:
        return self.gives("mailbox", keyword, reference)

    def gives_external(self, keyword: Place, numbers: Place | tuple[Item, ...] | None) -> Target:
        return self.gives("external", keyword, numbers)

    def gives_rebound(self, keyword: Place, numbers: Place | tuple[Item, ...] | None) -> Target:
        return self.gives("rebound", keyword, numbers)

    def gives_system(self, keyword: Place, reference: Word | None) -> Target:
        return self.gives("system", keyword, reference)

    def gives_busy(self, keyword: Place) -> Target:
        return self.gives("busy", keyword, None)

    # tests and guarantees

    def test(self, _: Place, name: Place) -> TestBlock:
        return TestBlock(self.word(name), (), self.whole())

    def call(
        self, _: Place, kind: Kind | None, _of: Place, caller: Item, _for: Place, called: Word, *rest: Any
    ) -> CallTest:
        moment, _gives, result = rest
        day, minute = moment or (None, None)
        return CallTest(kind, caller, called, day, minute, result, self.whole())

    def caller(self, at: Place) -> Item:
        kind = {"NUMBER": "number", "NAME": "named", "ANONYME": "anonymous"}[self.types[at]]
        return Item(kind, self.values[at], self.span(at, at))

    def moment(self, _: Place, day: Place, time: Place) -> tuple[date | None, int | None]:
        return self.day_of(day), self.minute(time)

    def guarantee(self, _: Place, name: Place) -> GuaranteeBlock:
        return GuaranteeBlock(self.word(name), (), self.whole())

    def assertion(self, _: Place, callers: Callers, *rest: Any) -> Assertion:
        clauses = tuple(one for one in rest if isinstance(one, _CLAUSES))
        self.once(clauses)
        to = next(one for one in rest if isinstance(one, _Scope))
        never = next(one for one in rest if isinstance(one, bool))
        return Assertion(callers, clauses, to.extension, to.excepted, never, rest[-1], self.whole())

    def target(self, first: Place | Word, *rest: Any) -> _Scope:
        if isinstance(first, Word):
            return _Scope(first, ())
        return _Scope(None, tuple(one for one in rest if isinstance(one, Word)))

    def verdict(self, *places: Place) -> bool:
        return len(places) > 1


_RENAMED = {"span": "span_", "except": "except_"}
_METHODS: dict[str, Callable[..., Any]] = {
    name: getattr(_Builder, name) for name in vars(_Builder) if not name.startswith("_")
} | {rule: getattr(_Builder, name) for rule, name in _RENAMED.items()}


@cache
def _steps_of(types: tuple[str, ...]) -> tuple[_Step, ...]:
    """Return the steps that make the node of a line, by the terminals of its tokens. They are a line of the language.

    Steps take from a list: the places of all tokens, None, and what the steps before have made.
    """
    shape = shape_of(types)
    if not isinstance(shape, Shape):
        raise TypeError(f"no line of the language: {types}")
    steps: list[_Step] = []
    for rule, places in shape.steps:
        is_token = len(places) == 1 and places[0] < shape.size
        steps.append((_METHODS[rule], places[0], None if is_token else _taker(places)))
    return tuple(steps)


@cache
def _taker(places: tuple[int, ...]) -> itemgetter[Any]:
    """Return what takes places of a list, as a tuple even of one."""
    first, *others = places
    return itemgetter(first, *others) if others else itemgetter(slice(first, first + 1))


def builder(source: SourceFile, diagnostics: list[Diagnostic]) -> Callable[[Line], Any]:
    """Return what makes the nodes of a file's lines; what is wrong with the words of a line goes to `diagnostics`."""
    return _Builder(source, diagnostics).line
