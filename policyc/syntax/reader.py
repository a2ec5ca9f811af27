"""Lines of tokens in, the syntax tree of a file out. A wrong line is reported and left out; the next one goes on."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any, Final

from policyc import edits, lexer
from policyc.diagnostics import Diagnostic, Fix, Text
from policyc.lexer import Line, Token
from policyc.source import SourceFile, Span, fold
from policyc.syntax.build import builder
from policyc.syntax.nodes import (
    Block,
    Comment,
    GuaranteeBlock,
    HoursDecl,
    ListDecl,
    Opening,
    Statement,
    SyntaxTree,
    TestBlock,
)
from policyc.syntax.shapes import (
    Failure,
    Shape,
    accepted,
    closest,
    fits,
    is_name_instead,
    is_word,
    keywords,
    shape_of,
    shown,
    spelling,
    starting_words,
    types_of,
)
from policyc.values import dataclass

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


def parse(
    source: SourceFile, parts: Iterable[tuple[int, int]] | None = None
) -> tuple[SyntaxTree, tuple[Diagnostic, ...]]:
    """Return the syntax tree of a file, or of `parts` of it, each of whole lines; and what is wrong with its syntax."""
    return parse_lines(source, lines(source, parts))


def lines(source: SourceFile, parts: Iterable[tuple[int, int]] | None = None) -> Iterator[Line]:
    """Yield the lines of tokens of a file, or of `parts` of it."""
    return lexer.lex(source, keywords(), parts)


def parse_lines(source: SourceFile, lines: Iterable[Line]) -> tuple[SyntaxTree, tuple[Diagnostic, ...]]:
    """Return the syntax tree of the lines of a file, as `parse` does of its text."""
    reader = _Reader(source)
    for line in lines:
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
    build: Callable[[Line], Any] = field(init=False)

    def __post_init__(self) -> None:
        """Start with no line read."""
        self.build = builder(self.source, self.diagnostics)

    def take(self, line: Line) -> None:
        if line.comment:
            span = Span(self.source, line.comment.start, line.comment.end)
            self.comments.append(Comment(line.comment.value, span, alone=not line.types))
        if not line.types:
            return
        shape = shape_of(line.types)
        if isinstance(shape, Failure):
            if not self._broken(line):
                self._unexpected(line.tokens, shape)
            return
        if shape.rule in _BODY_RULES:
            self._add(shape, line)
            return
        self.close()
        statement = self._build(line)
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
                included = opened.holidays_included or True in body or any(one.holidays_included for one in openings)
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

    def _add(self, shape: Shape, line: Line) -> None:
        built = self._build(line) if shape.rule != "list_line" or self._in_list() else None
        wanted = _BODY_OF[type(self.opened)][0] if self.opened is not None else ""
        if wanted == shape.rule:
            if built is not None:
                self.body.append(built)
        elif shape.rule in self.excused:
            return
        elif shape.rule == "list_line":
            self._unknown_statement(line.tokens)
        else:
            self.spoilt = True
            self.excused |= {shape.rule}  # the lines that follow are part of the same mistake
            self._report("PC104", self._span(line.tokens[0]), word=line.values[0], block=_OPENERS[shape.rule])

    def _in_list(self) -> bool:
        """Tell whether lines that are just callers have a place here."""
        return isinstance(self.opened, ListDecl) or "list_line" in self.excused

    def _build(self, line: Line) -> Any:
        """Return the node of a line; what is wrong with a part of it does not hide what else is."""
        before = len(self.diagnostics)
        node = self.build(line)
        self.spoilt |= len(self.diagnostics) > before
        return node

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)

    def _report(
        self,
        code: str,
        span: Span,
        help: Text | None = None,  # noqa: A002  as the field is called
        fix: Fix | None = None,
        **args: str | int | tuple[str, ...],
    ) -> None:
        self.diagnostics.append(Diagnostic(code, span, args, help=(help,) if help else (), fix=fix))

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
            meant = keywords().get(fold(closest(first.value, starting_words())), meant)
        if meant in _DECLARING or meant == "NAME":
            self.doubtful.append(fold(self.source.text[first.start : tokens[-1].end]))
            if tokens[-1].type == lexer.UNCLOSED_QUOTE:
                self.doubtful.append(fold(tokens[-1].value.lstrip('"')))
        if meant == "FERIES" and isinstance(self.opened, HoursDecl):
            return
        if meant in _STATEMENTS:
            self.close()
            self.excused = _EXCUSED.get(meant, frozenset())

    def _unexpected(self, tokens: tuple[Token, ...], failure: Failure) -> None:
        """Report a line that is none of the language."""
        first, at = tokens[0], failure.at
        meant = closest(first.value, starting_words()) if first.type == "NAME" else ""
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
            expected = self._expected(accepted(types_of(tokens[:at])))
            help_, fix = Text("suggest", {"word": close}), edits.replaced(span, close)
            self._report("PC101", span, help_, fix, word=span.text, expected=expected)
        elif not ended and is_name_instead(tokens, failure):
            fix = edits.replaced(span, f'"{span.text}"')
            self._report("PC110", span, Text("quote", {"name": span.text}), fix, word=span.text)
        else:
            word = "<END>" if ended else span.text
            repair = None if ended else self._repair(tokens, failure)
            self._report("PC101", span, *repair or (), word=word, expected=self._expected(failure.expected))
        self._give_up(tokens)

    def _misspelt(self, tokens: tuple[Token, ...], at: int) -> tuple[int, str] | None:
        """Return the name at or before a place that would make a good line as the keyword it resembles."""
        types = types_of(tokens)
        for place in range(max(1, at - 3), min(at + 1, len(tokens))):
            if types[place] == "NAME":
                expected = [name for name in accepted(types[:place]) if is_word(name)]
                close = closest(tokens[place].value, [spelling()[name] for name in expected])
                if close and (place == at or fits((*types[:place], keywords()[fold(close)], *types[place + 1 :]))):
                    return place, close
        return None

    def _repair(self, tokens: tuple[Token, ...], failure: Failure) -> tuple[Text, Fix | None] | None:
        """Return the most likely repair of a line that has a token too many or lacks one, if one is likely."""
        types, at = types_of(tokens), failure.at
        found = tokens[at]
        if fold(found.value) in _CONNECTIVES and fits((*types[:at], *types[at + 1 :])):
            return Text("remove", {"word": found.value}), edits.removed_word(self._span(found))
        if types[at] in _STATEMENTS | _BODY_WORDS and "$END" in failure.expected:
            between = Span(self.source, tokens[at - 1].end, found.start)
            return Text("newline", {"word": found.value}), edits.replaced(between, "\n")
        quotable = self._unquoted(tokens, failure)
        if quotable is not None:
            return Text("quote", {"name": quotable.text}), edits.replaced(quotable, f'"{quotable.text}"')
        for place in (at, at - 1):
            words = [name for name in accepted(types[:place]) if is_word(name)]
            missing = [name for name in words if fits((*types[:place], name, *types[place:]))]
            if len(missing) == 1:
                before, word = self._span(tokens[place]), spelling()[missing[0]]
                fix = edits.replaced(Span(self.source, before.start, before.start), f"{word} ")
                return Text("insert", {"word": word, "before": before.text}), fix
        return next(((Text(key), None) for name, key in _FORMATS.items() if name in failure.expected), None)

    def _unquoted(self, tokens: tuple[Token, ...], failure: Failure) -> Span | None:
        """Return what would make a good line if it were one quoted name, or nothing."""
        types, at = types_of(tokens), failure.at
        first, last = at, at + 1
        if types[at - 1] == "NAME" and types[at] == "NAME":  # several words
            first = at - 1
            while last < min(len(tokens), at + 8) and types[last] == "NAME":
                if fits((*types[:at], *types[last:])):
                    break
                last += 1
        elif "NAME" in failure.expected:  # starts with a digit
            while last < len(tokens) and tokens[last].start == tokens[last - 1].end:
                last += 1
            if last == at + 1:
                return None
        else:
            return None
        span = Span(self.source, tokens[first].start, tokens[last - 1].end)
        good = fits((*types[:first], "NAME", *types[last:]))
        return span if good and not set('"«»“”,') & set(span.text) else None

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
        return tuple(shown(name) for name in sorted(left, key=lambda name: (ranked.get(name, len(ranked)), name)))

    def _unknown_statement(self, tokens: tuple[Token, ...]) -> None:
        first = tokens[0]
        close = closest(first.value, starting_words()) if first.type == "NAME" else ""
        help_ = Text("suggest", {"word": close}) if close else None
        fix = edits.replaced(self._span(first), close) if close else None
        if not close and self.opened is not None and not isinstance(self.opened, ListDecl):
            help_ = Text(_BODY_OF[type(self.opened)][1])
        self._report("PC109", self._span(first), help_, fix, word=self._span(first).text)
        self._give_up(tokens)
