"""Lines of tokens in, typed syntax tree out, with spans and comments; names and numbers are still text here.

Lark parses each *shape* of line (its sequence of terminals) once; further lines of a shape fill the same tree
with their own tokens. A mistake is reported and its line left out, so one run reports every mistake.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from policyc import lexer, resources
from policyc.diagnostics import Diagnostic, Text
from policyc.digits import Kind
from policyc.lexer import Line, Token
from policyc.source import SourceFile, Span, fold

# -- nodes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A name or a number as written, without quotes and separators."""

    text: str
    span: Span
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One caller of a list: `kind` is number, prefix, range, anonymous, everyone or named."""

    kind: str
    text: str
    span: Span
    last: str = ""  # the end of a range


@dataclass(frozen=True, slots=True)
class Callers:
    """`items`, without `excepted`, of one kind or of both."""

    items: tuple[Item, ...]
    excepted: tuple[Item, ...]
    kind: Kind | None
    span: Span


@dataclass(frozen=True, slots=True)
class During:
    """`pendant T` or `hors T`; a period of None is `les fériés`."""

    period: Word | None
    inside: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Until:
    """`jusqu'au D`, D included; None when the date does not exist (a diagnostic says so)."""

    last: date | None
    span: Span


@dataclass(frozen=True, slots=True)
class Reason:
    """`motif "…"`."""

    text: str
    span: Span


Clause = During | Until | Reason


@dataclass(frozen=True, slots=True)
class Target:
    """A destination or a result: `kind` is ring, mailbox, mobile, extension, external, system or busy."""

    kind: str
    span: Span
    reference: Word | None = None
    mailbox: bool = False
    rebound: bool = False
    items: tuple[Item, ...] = ()  # in a guarantee: numbers reached
    option: Span | None = None  # where `rebond` or `messagerie` stands


@dataclass(frozen=True, slots=True)
class Header:
    """`politique "…"`."""

    name: Word
    span: Span


@dataclass(frozen=True, slots=True)
class Zone:
    """`fuseau Europe/Paris`."""

    name: Word
    span: Span


@dataclass(frozen=True, slots=True)
class Include:
    """`inclure "…"`."""

    pattern: Word
    span: Span


@dataclass(frozen=True, slots=True)
class Directory:
    """`annuaire "postes.csv"`."""

    path: Word
    span: Span


@dataclass(frozen=True, slots=True)
class ExtensionDecl:
    """`poste 102 "Dr Martin" mobile …, messagerie, sonne 20s`."""

    number: Word
    name: Word
    mobile: Word | None
    mailbox: bool
    ring_seconds: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class SystemDecl:
    """`groupe`, `file` or `svi`, with its number and name; `kind` is group, queue or menu."""

    kind: str
    number: Word
    name: Word
    span: Span


@dataclass(frozen=True, slots=True)
class ListDecl:
    """`liste VIP = …`, or the header of a list whose lines follow."""

    name: Word
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Opening:
    """One line of hours: days (Monday 0) and spans of minutes of the day, each with where it stands."""

    days: frozenset[int]
    spans: tuple[tuple[int, int, Span], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class HoursDecl:
    """`horaires bureau` and its lines."""

    name: Word
    openings: tuple[Opening, ...]
    holidays_included: bool
    span: Span


@dataclass(frozen=True, slots=True)
class HolidaysDecl:
    """`fériés France 2026..2030`."""

    region: Word
    first: Word
    last: Word
    span: Span


@dataclass(frozen=True, slots=True)
class ClosureDecl:
    """`fermeture congés = 24/12/2026..2027-01-02`: ranges of dates, both ends included."""

    name: Word
    ranges: tuple[tuple[date, date], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class RuleNode:
    """`depuis … vers …`."""

    callers: Callers
    clauses: tuple[Clause, ...]
    destination: Target
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """`pour X` with its rules. `extension` is None for `pour tous`."""

    extension: Word | None
    excepted: tuple[Word, ...]
    first: bool
    rules: tuple[RuleNode, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class CallTest:
    """`appel de X pour E le D H donne R`; a day of None means at every instant."""

    kind: Kind | None
    caller: Item
    called: Word
    day: date | None
    minute: int | None
    result: Target
    span: Span


@dataclass(frozen=True, slots=True)
class TestBlock:
    """`test "…"` with its calls."""

    name: Word
    calls: tuple[CallTest, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Assertion:
    """`depuis … pour … donne R` or `ne donne jamais R`; an extension of None means all but `excepted`."""

    callers: Callers
    clauses: tuple[Clause, ...]
    extension: Word | None
    excepted: tuple[Word, ...]
    never: bool
    result: Target
    span: Span


@dataclass(frozen=True, slots=True)
class GuaranteeBlock:
    """`garantie "…"` with its lines."""

    name: Word
    assertions: tuple[Assertion, ...]
    span: Span


Statement = (
    Header
    | Zone
    | Include
    | Directory
    | ExtensionDecl
    | SystemDecl
    | ListDecl
    | HoursDecl
    | HolidaysDecl
    | ClosureDecl
    | Block
    | TestBlock
    | GuaranteeBlock
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its `#`; `alone` when nothing stands before it on its line."""

    text: str
    span: Span
    alone: bool


@dataclass(frozen=True, slots=True)
class SyntaxTree:
    """What one file says."""

    source: SourceFile
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    doubtful: tuple[str, ...] = ()  # folded text of declarations that were not understood


# -- the parser ------------------------------------------------------------------------------------

# What a grammar rule makes of a line that is no statement by itself.
_BODY_OF: Final = {
    ListDecl: ("list_line", "liste"),
    HoursDecl: ("hours_line", "horaires"),
    Block: ("rule", "pour"),
    TestBlock: ("call", "test"),
    GuaranteeBlock: ("assertion", "garantie"),
}
_BODY_RULES: Final = {rule for rule, _ in _BODY_OF.values()}
_OPENERS: Final = {"rule": "pour", "call": "test", "assertion": "garantie", "hours_line": "horaires"}


@dataclass(frozen=True, slots=True)
class _Shape:
    """A parsed shape: the grammar rule of the line, and its tree with positions of tokens as leaves."""

    rule: str
    tree: Any


@dataclass(frozen=True, slots=True)
class _Failure:
    """A shape that is no line of the language: the place of the token that does not fit, and what would."""

    at: int
    expected: tuple[str, ...]


@cache
def _lark() -> Any:
    from lark import Lark  # lark is only needed where a policy is parsed
    from lark.lexer import Lexer as LarkLexer

    class Fed(LarkLexer):
        """Tokens are fed one by one: Lark reads no text here."""

        def __init__(self, _conf: object) -> None:
            """Take Lark's configuration, of which nothing is needed."""

        def lex(self, _state: object) -> Iterator[Any]:  # type: ignore[override]
            """Yield nothing."""
            return iter(())

    return Lark(resources.read_grammar("policy.lark"), parser="lalr", start="line", lexer=Fed, maybe_placeholders=True)


@cache
def keywords() -> dict[str, str]:
    """Return the reserved words, folded, with their terminals, as the grammar has them."""
    from lark.lexer import PatternStr

    return {
        fold(terminal.pattern.value): terminal.name
        for terminal in _lark().terminals
        if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value[0].isalpha()
    }


@cache
def spelling() -> dict[str, str]:
    """Return how a terminal is written in a policy: DEPUIS → `depuis`, JUSQUE → `..`."""
    from lark.lexer import PatternStr

    return {
        terminal.name: terminal.pattern.value
        for terminal in _lark().terminals
        if isinstance(terminal.pattern, PatternStr)
    }


@cache
def _shape(types: tuple[str, ...]) -> _Shape | _Failure:
    """Parse a sequence of terminals, once."""
    from lark import Token as LarkToken
    from lark.exceptions import UnexpectedToken

    parser = _lark().parse_interactive()
    for at, name in enumerate((*types, "$END")):
        try:
            tree = parser.feed_token(LarkToken(name, str(at)))
        except UnexpectedToken:
            return _Failure(at, tuple(sorted(parser.accepts())))
    top = tree.children[0]
    return _Shape(top.data, _leaves(top))


def _leaves(node: Any) -> Any:
    """Return a Lark tree as (rule, children) with positions of tokens as leaves."""
    if node is None:
        return None
    if hasattr(node, "children"):
        return str(node.data), tuple(_leaves(child) for child in node.children)
    return int(node)


def parse(source: SourceFile) -> tuple[SyntaxTree, tuple[Diagnostic, ...]]:
    """Return the syntax tree of a file and what is wrong with its syntax."""
    reader = _Reader(source)
    for line in lexer.lex(source, keywords()):
        reader.take(line)
    reader.close()
    tree = SyntaxTree(source, tuple(reader.statements), tuple(reader.comments), tuple(reader.doubtful))
    return tree, tuple(reader.diagnostics)


@dataclass(slots=True)
class _Reader:
    """Puts lines together into blocks."""

    source: SourceFile
    statements: list[Statement] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    opened: Any = None  # the block whose lines are being read
    body: list[Any] = field(default_factory=list)
    spoilt: bool = False  # a line of the block was wrong, so it may look empty
    excused: frozenset[str] = frozenset()  # kinds of lines whose block could not be opened
    doubtful: list[str] = field(default_factory=list)

    def take(self, line: Line) -> None:
        if line.comment:
            span = Span(self.source, line.comment.start, line.comment.end)
            self.comments.append(Comment(line.comment.value, span, alone=not line.tokens))
        if not line.tokens or self._broken(line):
            return
        tokens = line.tokens
        shape = _shape(_types(tokens))
        if isinstance(shape, _Failure):
            self._unexpected(tokens, shape)
            return
        if shape.rule in _BODY_RULES:
            self._add(shape, tokens)
            return
        self.close()
        statement = self._build(shape, tokens)
        if type(statement) in _BODY_OF:
            self.opened, self.body, self.spoilt = statement, [], False
        else:
            self.statements.append(statement)

    def close(self) -> None:
        """End the open block: its lines become part of it."""
        opened, self.opened, self.excused = self.opened, None, frozenset()
        if opened is None:
            return
        body = tuple(self.body)
        match opened:
            case ListDecl():
                items = (*opened.items, *(item for line in body for item in line))
                closed: Statement = ListDecl(opened.name, items, opened.span)
            case HoursDecl():
                openings = (*opened.openings, *(one for one in body if isinstance(one, Opening)))
                included = opened.holidays_included or any(one is True for one in body)
                closed = HoursDecl(opened.name, openings, included, opened.span)
            case Block():
                closed = Block(opened.extension, opened.excepted, opened.first, body, opened.span)
            case TestBlock():
                closed = TestBlock(opened.name, body, opened.span)
            case _:
                closed = GuaranteeBlock(opened.name, body, opened.span)
        content: tuple[Any, ...] = body
        if isinstance(closed, ListDecl):
            content = closed.items
        elif isinstance(closed, HoursDecl):
            content = closed.openings
        if not content and not self.spoilt:
            self._report("PC112", opened.span, block=_BODY_OF[type(opened)][1])
        self.statements.append(closed)

    def _add(self, shape: _Shape, tokens: tuple[Token, ...]) -> None:
        built = self._build(shape, tokens) if shape.rule != "list_line" or self._in_list() else None
        wanted = _BODY_OF[type(self.opened)][0] if self.opened is not None else ""
        if wanted == shape.rule:
            if built is not None:
                self.body.append(built)
        elif shape.rule in self.excused:
            return
        elif shape.rule == "list_line":
            self._unknown_statement(tokens)
        else:
            self.spoilt = True
            self.excused |= {shape.rule}  # the lines that follow are part of the same mistake
            self._report("PC104", self._span(tokens[0]), word=tokens[0].value, block=_OPENERS[shape.rule])

    def _in_list(self) -> bool:
        """Tell whether lines that are just callers have a place here."""
        return isinstance(self.opened, ListDecl) or "list_line" in self.excused

    def _build(self, shape: _Shape, tokens: tuple[Token, ...]) -> Any:
        """Return the node of a line, or None for a line of a block that a diagnostic was made for."""
        builder = _Builder(self.source, tokens, self.diagnostics)
        before = len(self.diagnostics)
        node = builder.build(shape.tree)
        if len(self.diagnostics) == before:
            return node
        self.spoilt = True
        return None if isinstance(node, RuleNode | CallTest | Assertion) else node

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)

    def _report(
        self,
        code: str,
        span: Span,
        help: Text | None = None,  # noqa: A002  as the field is called
        **args: str | int | tuple[str, ...],
    ) -> None:
        self.diagnostics.append(Diagnostic(code, span, args, help=(help,) if help else ()))

    def _broken(self, line: Line) -> bool:
        """Report a character that no word is made of, or a quote without an end."""
        for token in line.tokens:
            if token.type == lexer.BAD_CHARACTER:
                alone = token.value.isprintable() and not unicodedata.combining(token.value)
                shown = token.value if alone else f"U+{ord(token.value):04X}"
                self._report("PC102", self._span(token), character=shown)
            elif token.type == lexer.UNCLOSED_QUOTE:
                self._report("PC103", self._span(token))
            else:
                continue
            self._give_up(line.tokens)
            return True
        return False

    def _give_up(self, tokens: tuple[Token, ...]) -> None:
        """Leave a wrong line out, and excuse what follows from that: one mistake makes one diagnostic.

        What it would have declared may be named elsewhere, and the block it would have opened has lines.
        """
        self.spoilt = True
        first = tokens[0]
        meant = first.type
        if meant == "NAME":
            meant = keywords().get(fold(_closest(first.value, _starting_words())), meant)
        if meant in _DECLARING or meant == "NAME":
            self.doubtful.append(fold(self.source.text[first.start : tokens[-1].end]))
            if tokens[-1].type == lexer.UNCLOSED_QUOTE:
                self.doubtful.append(fold(tokens[-1].value.lstrip('"')))
        if meant == "FERIES" and isinstance(self.opened, HoursDecl):
            return
        if meant in _STATEMENTS:
            self.close()
            self.excused = _EXCUSED.get(meant, frozenset())

    def _unexpected(self, tokens: tuple[Token, ...], failure: _Failure) -> None:
        """Report a line that is none of the language."""
        first, at = tokens[0], failure.at
        meant = _closest(first.value, _starting_words()) if first.type == "NAME" else ""
        stray = first.type not in keywords().values() and (meant or not self._in_list())
        if at == 0 or stray:
            self._unknown_statement(tokens)
            return
        misspelt = self._misspelt(tokens, at)
        ended = at == len(tokens)
        end = tokens[-1].end
        span = Span(self.source, end, end) if ended else self._span(tokens[at])
        if misspelt is not None:
            at, close = misspelt
            span = self._span(tokens[at])
            expected = self._expected(_accepted(_types(tokens[:at])))
            self._report("PC101", span, Text("suggest", {"word": close}), word=span.text, expected=expected)
        elif not ended and _is_name_instead(tokens, failure):
            self._report("PC110", span, Text("quote", {"name": span.text}), word=span.text)
        else:
            word = "<END>" if ended else span.text
            help_ = None if ended else self._repair(tokens, failure)
            self._report("PC101", span, help_, word=word, expected=self._expected(failure.expected))
        self._give_up(tokens)

    def _misspelt(self, tokens: tuple[Token, ...], at: int) -> tuple[int, str] | None:
        """Return the name at or before a place that would make a good line as the keyword it resembles."""
        types = _types(tokens)
        for place in range(max(1, at - 3), min(at + 1, len(tokens))):
            if types[place] == "NAME":
                expected = [name for name in _accepted(types[:place]) if _is_word(name)]
                close = _closest(tokens[place].value, [spelling()[name] for name in expected])
                if close and (place == at or _fits((*types[:place], keywords()[fold(close)], *types[place + 1 :]))):
                    return place, close
        return None

    def _repair(self, tokens: tuple[Token, ...], failure: _Failure) -> Text | None:
        """Return the most likely repair of a line that has a token too many or lacks one, if one is likely."""
        types, at = _types(tokens), failure.at
        found = tokens[at]
        if fold(found.value) in _CONNECTIVES and _fits((*types[:at], *types[at + 1 :])):
            return Text("remove", {"word": found.value})
        if types[at] in _STATEMENTS | _BODY_WORDS and "$END" in failure.expected:
            return Text("newline", {"word": found.value})
        quotable = self._unquoted(tokens, failure)
        if quotable:
            return Text("quote", {"name": quotable})
        for place in (at, at - 1):
            accepted = [name for name in _accepted(types[:place]) if _is_word(name)]
            missing = [name for name in accepted if _fits((*types[:place], name, *types[place:]))]
            if len(missing) == 1:
                before = self._span(tokens[place]).text
                return Text("insert", {"word": spelling()[missing[0]], "before": before})
        return next((Text(key) for name, key in _FORMATS.items() if name in failure.expected), None)

    def _unquoted(self, tokens: tuple[Token, ...], failure: _Failure) -> str:
        """Return the text that would make a good line if it were one quoted name, or nothing."""
        types, at = _types(tokens), failure.at
        first, last = at, at + 1
        if types[at - 1] == "NAME" and types[at] == "NAME":  # several words
            first = at - 1
            while last < min(len(tokens), at + 8) and types[last] == "NAME":
                if _fits((*types[:at], *types[last:])):
                    break
                last += 1
        elif "NAME" in failure.expected:  # starts with a digit
            while last < len(tokens) and tokens[last].start == tokens[last - 1].end:
                last += 1
            if last == at + 1:
                return ""
        else:
            return ""
        text = self.source.text[tokens[first].start : tokens[last - 1].end]
        fits = _fits((*types[:first], "NAME", *types[last:]))
        return text if fits and not set('"«»“”,') & set(text) else ""

    def _expected(self, terminals: Iterable[str]) -> tuple[str, ...]:
        """Return what would fit, as messages show it: words, and `<NUMBER>` for what the catalogue names."""
        left = set(terminals)
        if len(left) > 1:
            left.discard("VERS" if isinstance(self.opened, GuaranteeBlock) else "POUR")
        if "EXTENSION" in left:
            left.discard("POSTE")  # the same word
        if left >= _CALLERS:
            left = left - _CALLERS - {"NAME"} | {"CALLER"}
        if left >= _WEEK:
            left = left - _WEEK | {"DAY"}
        ranked = {name: at for at, name in enumerate(_ORDER)}
        return tuple(_shown(name) for name in sorted(left, key=lambda name: (ranked.get(name, len(ranked)), name)))

    def _unknown_statement(self, tokens: tuple[Token, ...]) -> None:
        first = tokens[0]
        close = _closest(first.value, _starting_words()) if first.type == "NAME" else ""
        help_ = Text("suggest", {"word": close}) if close else None
        if not close and self.opened is not None and not isinstance(self.opened, ListDecl):
            help_ = Text(_BODY_OF[type(self.opened)][1])
        self._report("PC109", self._span(first), help_, word=self._span(first).text)
        self._give_up(tokens)


# The words that start a statement, and so end a block; those whose names are used elsewhere; those that open one.
_STATEMENTS: Final = frozenset(
    "POLITIQUE FUSEAU INCLURE ANNUAIRE POSTE EXTENSION GROUPE FILE SVI LISTE HORAIRES FERIES FERMETURE"
    " POUR TEST GARANTIE".split()
)
_DECLARING: Final = frozenset("POSTE EXTENSION GROUPE FILE SVI LISTE HORAIRES FERIES FERMETURE".split())
_EXCUSED: Final = {
    "LISTE": frozenset(("list_line",)),
    "HORAIRES": frozenset(("hours_line",)),
    "POUR": frozenset(("rule",)),
    "TEST": frozenset(("call",)),
    "GARANTIE": frozenset(("assertion",)),
}
# The words that start a line of a block, and those that join things in prose and nothing here.
_BODY_WORDS: Final = frozenset(("DEPUIS", "APPEL"))
_CONNECTIVES: Final = frozenset(("et", "ou", "puis", "and", "or"))
# Terminals whose form users get wrong, and the help that shows it.
_FORMATS: Final = {"TIME": "time", "DATE": "date", "DURATION": "duration"}
# What stands for several terminals in "expected", and in which order they are told: first what must come.
_CALLERS: Final = frozenset(("NUMBER", "PREFIX", "STAR", "ANONYME"))
_WEEK: Final = frozenset(("LUNDI", "MARDI", "MERCREDI", "JEUDI", "VENDREDI", "SAMEDI", "DIMANCHE"))
_ORDER: Final = (
    "VERS POUR DE DONNE NE JAMAIS COMPRIS PRIORITE FERIES NUMBER NAME CALLER DAY TIME DATE DURATION"
    " EGAL TIRET JUSQUE MESSAGERIE MOBILE EXTENSION POSTE EXTERNE SYSTEME OCCUPE SONNERIE SONNE REBOND"
    " TOUS SAUF PENDANT HORS INTERNE JUSQU_AU MOTIF LES EN LE"
).split()


def _types(tokens: Iterable[Token]) -> tuple[str, ...]:
    return tuple(token.type for token in tokens)


def _fits(types: tuple[str, ...]) -> bool:
    return isinstance(_shape(types), _Shape)


def _is_name_instead(tokens: tuple[Token, ...], failure: _Failure) -> bool:
    """Tell whether the line would be good if the keyword that does not fit were a name."""
    types, at = _types(tokens), failure.at
    if types[at] not in keywords().values() or "NAME" not in failure.expected:
        return False
    return _fits((*types[:at], "NAME", *types[at + 1 :]))


def _is_word(terminal: str) -> bool:
    return spelling().get(terminal, "=")[0].isalpha()


def _accepted(types: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terminals that may follow some that start a good line."""
    ended = _shape((*types, lexer.BAD_CHARACTER))
    return ended.expected if isinstance(ended, _Failure) else ()


@cache
def _starting_words() -> tuple[str, ...]:
    """Return the words that a line may start with."""
    names = sorted(_lark().parse_interactive().accepts())
    return tuple(spelling()[name] for name in names if _is_word(name))


def _closest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that a word is a likely misspelling of, or nothing."""
    if len(word) < 3:
        return ""
    folded = {fold(candidate): candidate for candidate in candidates}
    found = get_close_matches(fold(word), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else ""


def _shown(terminal: str) -> str:
    return spelling().get(terminal, f"<{terminal.strip('$')}>")


# -- trees to nodes --------------------------------------------------------------------------------

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
        return HoursDecl(self.word(name), (opening,) if opening else (), bool(included), self.whole())

    def hours_line(self, content: Opening | bool) -> Opening | bool:
        return content

    def included(self, *_: Token) -> bool:
        return True

    def opening(self, days: frozenset[int], *spans: tuple[int, int, Span]) -> Opening:
        return Opening(days, spans, self.whole())

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

_IGNORE = re.compile(r"#\s*ignorer\s+(PC[0-9]{3})\s*:\s*(\S.*)", re.IGNORECASE)


def ignored_code(comment: Comment) -> str | None:
    """Return the code that `# ignorer PCnnn : raison` accepts on its line, or None for any other comment."""
    found = _IGNORE.fullmatch(comment.text)
    return found[1].upper() if found else None


def is_ignore_comment(comment: Comment) -> bool:
    """Tell whether a comment means to accept a diagnostic, well written or not."""
    return fold(comment.text.lstrip("# ")).startswith("ignorer pc")
