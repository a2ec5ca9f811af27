"""The tree of a shape and the tokens of a line in, a node out: a method for each rule of the grammar."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from policyc.diagnostics import Diagnostic
from policyc.digits import Kind
from policyc.lexer import Token
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

_DAYS = {name: at for at, name in enumerate(("LUNDI", "MARDI", "MERCREDI", "JEUDI", "VENDREDI", "SAMEDI", "DIMANCHE"))}
_HOUR = re.compile(r"([0-9]{1,2})(?::([0-5][0-9])|[hH]([0-5][0-9])?)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_SYSTEMS = {"GROUPE": "group", "FILE": "queue", "SVI": "menu"}
_KINDS = {"INTERNE": Kind.INTERNAL, "EXTERNE": Kind.EXTERNAL}


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whom a guarantee is for: one extension, or (None) all without the excepted ones."""

    extension: Word | None
    excepted: tuple[Word, ...]


class _Builder:
    """Makes the node of one line; a method for each rule of the grammar, named like it."""

    __slots__ = ("diagnostics", "source", "tokens")

    def __init__(self, source: SourceFile, tokens: tuple[Token, ...], diagnostics: list[Diagnostic]) -> None:
        self.source, self.tokens, self.diagnostics = source, tokens, diagnostics

    def build(self, tree: Any) -> Any:
        """Return the node of a shape's tree, filled with this line's tokens."""
        if tree is None:
            return None
        if isinstance(tree, int):
            return self.tokens[tree]
        rule, children = tree
        method: Callable[..., Any] = _METHODS[rule]
        return method(self, *[self.build(child) for child in children])

    def span(self, first: Token, last: Token) -> Span:
        return Span(self.source, first.start, last.end)

    def whole(self) -> Span:
        return self.span(self.tokens[0], self.tokens[-1])

    def word(self, token: Token) -> Word:
        return Word(token.value, self.span(token, token), token.type == "NUMBER")

    def report(self, code: str, span: Span, **args: str | int) -> None:
        self.diagnostics.append(Diagnostic(code, span, args))

    # declarations

    def header(self, _: Token, name: Token) -> Header:
        return Header(self.word(name), self.whole())

    def zone(self, _: Token, name: Token) -> Zone:
        return Zone(self.word(name), self.whole())

    def include(self, _: Token, pattern: Token) -> Include:
        return Include(self.word(pattern), self.whole())

    def directory(self, _: Token, path: Token) -> Directory:
        return Directory(self.word(path), self.whole())

    def extension(self, _: Token, number: Token, name: Token, *options: tuple[str, Any, Span]) -> ExtensionDecl:
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

    def mobile_option(self, keyword: Token, number: Token) -> tuple[str, Any, Span]:
        return "mobile", self.word(number), self.span(keyword, number)

    def mailbox_option(self, keyword: Token) -> tuple[str, Any, Span]:
        return "mailbox", True, self.span(keyword, keyword)

    def ring_option(self, keyword: Token, duration: Token) -> tuple[str, Any, Span]:
        written = duration.value.rstrip(" sS").lstrip("0")
        seconds = int(written or 0) if len(written) < 4 else 1000
        if not 1 <= seconds <= 600:  # a caller who waits ten minutes has hung up
            self.report("PC113", self.span(duration, duration), duration=duration.value)
        return "ring", seconds, self.span(keyword, duration)

    def system(self, kind: Token, number: Token, name: Token) -> SystemDecl:
        return SystemDecl(_SYSTEMS[kind.type], self.word(number), self.word(name), self.whole())

    def list(self, _: Token, name: Token, _equals: Token | None, items: tuple[Item, ...] | None) -> ListDecl:
        return ListDecl(self.word(name), items or (), self.whole())

    def list_line(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        return items

    def hours(
        self, _: Token, name: Token, included: bool | None, _equals: Token | None, opening: Opening | None
    ) -> HoursDecl:
        openings = (opening,) if opening else ()
        return HoursDecl(self.word(name), openings, bool(included), self.whole())

    def hours_line(self, content: Opening | bool) -> Opening | bool:
        return content

    def included(self, *_: Token) -> bool:
        return True

    def opening(self, days: frozenset[int], *parts: tuple[int, int, Span] | bool | None) -> Opening:
        spans = tuple(part for part in parts if isinstance(part, tuple))
        return Opening(days, spans, parts[-1] is True, self.whole())

    def days(self, *parts: frozenset[int]) -> frozenset[int]:
        return frozenset().union(*parts)

    def day(self, token: Token) -> frozenset[int]:
        return frozenset((_DAYS[token.type],))

    def day_range(self, first: frozenset[int], _: Token, last: frozenset[int]) -> frozenset[int]:
        start, end = min(first), min(last)
        return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))

    def span_(self, start: Token, _: Token, end: Token) -> tuple[int, int, Span]:
        span = self.span(start, end)
        first, last = self.minute(start), self.minute(end, last=True)
        if first is not None and first == last:
            self.report("PC107", span, case="empty", hour=span.text)
        return first or 0, last or 0, span

    def minute(self, token: Token, *, last: bool = False) -> int | None:
        """Return the minute of the day; 24:00 ends a day and starts none."""
        parts = _HOUR.fullmatch(token.value)
        found = 60 * int(parts[1]) + int(parts[2] or parts[3] or 0) if parts else 1441
        if found > (1440 if last else 1439):
            case = "24:00" if found == 1440 else "impossible" if parts else "written"
            self.report("PC107", self.span(token, token), case=case, hour=token.value)
            return None
        return found

    def holidays(self, _: Token, *parts: Token | None) -> HolidaysDecl:
        *names, first, _jusque, last = parts
        if first is None or not names or names[0] is None or names[-1] is None:
            raise AssertionError(parts)
        region = Word(" ".join(name.value for name in names if name), self.span(names[0], names[-1]))
        return HolidaysDecl(region, self.word(first), self.word(last or first), self.whole())

    def closure(self, _: Token, name: Token, _equals: Token | None, *dates: tuple[date, date] | None) -> ClosureDecl:
        return ClosureDecl(self.word(name), tuple(one for one in dates if one), self.whole())

    def dates(self, first: Token, _: Token | None, last: Token | None) -> tuple[date, date] | None:
        start = self.day_of(first)
        end = self.day_of(last) if last else start
        if start is None or end is None:
            return None
        if end < start:
            self.report("PC111", self.span(first, last or first), case="order")
            return None
        return start, end

    def day_of(self, token: Token) -> date | None:
        text = token.value
        try:
            parts = _DATE.fullmatch(text)
            if parts is None:
                self.report("PC108", self.span(token, token), case="written", date=text)
                return None
            year, month, day = parts[1] or parts[6], parts[2] or parts[5], parts[3] or parts[4]
            return date(int(year), int(month), int(day))
        except ValueError:
            self.report("PC108", self.span(token, token), case="impossible", date=text)
            return None

    # rules

    def own_block(self, _: Token, reference: Word) -> Block:
        return Block(reference, (), first=False, rules=(), span=self.whole())

    def all_block(self, _: Token, _all: Token, *scopes: tuple[Word, ...] | bool) -> Block:
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

    def scope_except(self, _: Token, *references: Word) -> tuple[Word, ...]:
        return references

    def scope_first(self, *_: Token) -> bool:
        return True

    def reference(self, token: Token) -> Word:
        return self.word(token)

    def rule(self, _: Token, callers: Callers, *rest: Any) -> RuleNode:
        clauses = tuple(one for one in rest if isinstance(one, During | Until | Reason))
        self.once(clauses)
        destination = next(one for one in rest if isinstance(one, Target))
        return RuleNode(callers, clauses, destination, self.whole())

    def once(self, clauses: tuple[Clause, ...]) -> None:
        """Report a second `jusqu'au` or `motif`."""
        for sort in (Until, Reason):
            for extra in [one for one in clauses if isinstance(one, sort)][1:]:
                self.report("PC211", extra.span, word=extra.span.text.split()[0])

    def callers(self, items: tuple[Item, ...], excepted: tuple[Item, ...] | None, kind: Kind | None) -> Callers:
        return Callers(items, excepted or (), kind, self.around(items, excepted, kind))

    def callers_of_kind(self, kind: Kind, excepted: tuple[Item, ...] | None) -> Callers:
        start = next(token for token in self.tokens if token.type in _KINDS)
        span = self.span(start, start)
        if excepted:
            span = span.to(excepted[-1].span)
        return Callers((Item("everyone", "*", span),), excepted or (), kind, span)

    def around(self, items: tuple[Item, ...], excepted: tuple[Item, ...] | None, kind: Kind | None) -> Span:
        last = (excepted or items)[-1].span
        if kind is not None:
            after = next(token for token in self.tokens if token.start >= last.end)
            last = self.span(after, after)
        return items[0].span.to(last)

    def except_(self, _: Token, items: tuple[Item, ...]) -> tuple[Item, ...]:
        return items

    def kind(self, token: Token) -> Kind:
        return _KINDS[token.type]

    def items(self, *items: Item) -> tuple[Item, ...]:
        return items

    def number(self, token: Token) -> Item:
        return Item("number", token.value, self.span(token, token))

    def prefix(self, token: Token) -> Item:
        return Item("prefix", token.value, self.span(token, token))

    def range(self, first: Token, _: Token, last: Token) -> Item:
        return Item("range", first.value, self.span(first, last), last.value)

    def anonymous(self, token: Token) -> Item:
        return Item("anonymous", token.value, self.span(token, token))

    def everyone(self, token: Token) -> Item:
        return Item("everyone", token.value, self.span(token, token))

    def named(self, token: Token) -> Item:
        return Item("named", token.value, self.span(token, token))

    def during(self, keyword: Token, period: tuple[Word | None, Token]) -> During:
        return During(period[0], inside=True, span=self.span(keyword, period[1]))

    def outside(self, keyword: Token, period: tuple[Word | None, Token]) -> During:
        return During(period[0], inside=False, span=self.span(keyword, period[1]))

    def period(self, *tokens: Token) -> tuple[Word | None, Token]:
        return (self.word(tokens[0]) if len(tokens) == 1 else None), tokens[-1]

    def until(self, keyword: Token, last: Token) -> Until:
        return Until(self.day_of(last), self.span(keyword, last))

    def reason(self, keyword: Token, text: Token) -> Reason:
        return Reason(text.value, self.span(keyword, text))

    # destinations and results

    def to_mailbox(self, keyword: Token) -> Target:
        return Target("mailbox", self.span(keyword, keyword))

    def to_mobile(self, keyword: Token, rebound: Token | None) -> Target:
        span = self.span(keyword, rebound or keyword)
        return Target("mobile", span, rebound=rebound is not None, option=self.optional(rebound))

    def to_extension(self, keyword: Token, reference: Word, mailbox: Token | None) -> Target:
        span = self.span(keyword, keyword).to(self.span(mailbox, mailbox) if mailbox else reference.span)
        return Target("extension", span, reference, mailbox=mailbox is not None, option=self.optional(mailbox))

    def to_external(self, keyword: Token, number: Token, rebound: Token | None) -> Target:
        span = self.span(keyword, rebound or number)
        return Target("external", span, self.word(number), rebound=rebound is not None, option=self.optional(rebound))

    def to_system(self, keyword: Token, reference: Word) -> Target:
        return Target("system", self.span(keyword, keyword).to(reference.span), reference)

    def to_busy(self, keyword: Token) -> Target:
        return Target("busy", self.span(keyword, keyword))

    def to_ring(self, keyword: Token) -> Target:
        return Target("ring", self.span(keyword, keyword))

    def optional(self, token: Token | None) -> Span | None:
        return self.span(token, token) if token else None

    def gives(self, kind: str, keyword: Token, what: Word | Token | tuple[Item, ...] | None) -> Target:
        span = self.span(keyword, keyword)
        if what is None:
            return Target(kind, span)
        if isinstance(what, Word):
            return Target(kind, span.to(what.span), what)
        if isinstance(what, Token):
            word = self.word(what)
            return Target(kind, span.to(word.span), word, items=(Item("number", word.text, word.span),))
        return Target(kind, span.to(what[-1].span), items=what)

    def gives_ring(self, keyword: Token, reference: Word | None) -> Target:
        return self.gives("ring", keyword, reference)

    def gives_mailbox(self, keyword: Token, reference: Word | None) -> Target:
        return self.gives("mailbox", keyword, reference)

    def gives_external(self, keyword: Token, numbers: Token | tuple[Item, ...] | None) -> Target:
        return self.gives("external", keyword, numbers)

    def gives_rebound(self, keyword: Token, numbers: Token | tuple[Item, ...] | None) -> Target:
        return self.gives("rebound", keyword, numbers)

    def gives_system(self, keyword: Token, reference: Word | None) -> Target:
        return self.gives("system", keyword, reference)

    def gives_busy(self, keyword: Token) -> Target:
        return self.gives("busy", keyword, None)

    # tests and guarantees

    def test(self, _: Token, name: Token) -> TestBlock:
        return TestBlock(self.word(name), (), self.whole())

    def call(
        self, _: Token, kind: Kind | None, _of: Token, caller: Item, _for: Token, called: Word, *rest: Any
    ) -> CallTest:
        moment, _gives, result = rest
        day, minute = moment or (None, None)
        return CallTest(kind, caller, called, day, minute, result, self.whole())

    def caller(self, token: Token) -> Item:
        kind = {"NUMBER": "number", "NAME": "named", "ANONYME": "anonymous"}[token.type]
        return Item(kind, token.value, self.span(token, token))

    def moment(self, _: Token, day: Token, time: Token) -> tuple[date | None, int | None]:
        return self.day_of(day), self.minute(time)

    def guarantee(self, _: Token, name: Token) -> GuaranteeBlock:
        return GuaranteeBlock(self.word(name), (), self.whole())

    def assertion(self, _: Token, callers: Callers, *rest: Any) -> Assertion:
        clauses = tuple(one for one in rest if isinstance(one, During | Until | Reason))
        self.once(clauses)
        to = next(one for one in rest if isinstance(one, _Scope))
        never = next(one for one in rest if isinstance(one, bool))
        return Assertion(callers, clauses, to.extension, to.excepted, never, rest[-1], self.whole())

    def target(self, first: Token | Word, *rest: Any) -> _Scope:
        if isinstance(first, Word):
            return _Scope(first, ())
        return _Scope(None, tuple(one for one in rest if isinstance(one, Word)))

    def verdict(self, *tokens: Token) -> bool:
        return len(tokens) > 1


_RENAMED = {"span": "span_", "except": "except_"}
_METHODS: dict[str, Callable[..., Any]] = {
    name: getattr(_Builder, name) for name in vars(_Builder) if not name.startswith("_")
} | {rule: getattr(_Builder, name) for rule, name in _RENAMED.items()}


def build(source: SourceFile, tokens: tuple[Token, ...], tree: Any, diagnostics: list[Diagnostic]) -> Any:
    """Return the node of a line, by the tree of its shape; what is wrong with its words goes to `diagnostics`."""
    return _Builder(source, tokens, diagnostics).build(tree)
