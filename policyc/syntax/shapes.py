"""Sequences of terminals in, what the grammar makes of them out: each *shape* of line is parsed once.

Lines of a policy have few shapes. Lark parses a shape the first time it is met, with positions for tokens; every
further line of that shape is the same tree with other words in it. `grammar/policy.lark` stays the only grammar.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from policyc import lexer, resources
from policyc.lexer import Token
from policyc.source import SourceFile, fold


@dataclass(frozen=True, slots=True)
class Shape:
    """A parsed shape: the grammar rule of the line, and its tree with positions of tokens as leaves."""

    rule: str
    tree: Any


@dataclass(frozen=True, slots=True)
class Failure:
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


def as_name(name: str) -> str:
    """Return how a policy writes a name: as it is where it is read as one, else in quotes."""
    lines = list(lexer.lex(SourceFile("", name), keywords()))
    if [line.tokens for line in lines] == [(Token("NAME", name, 0, len(name)),)]:
        return name
    return f"« {name} »" if '"' in name else f'"{name}"'


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
def shape_of(types: tuple[str, ...]) -> Shape | Failure:
    """Parse a sequence of terminals, once."""
    from lark import Token as LarkToken
    from lark.exceptions import UnexpectedToken

    parser = _lark().parse_interactive()
    for at, name in enumerate((*types, "$END")):
        try:
            tree = parser.feed_token(LarkToken(name, str(at)))
        except UnexpectedToken:
            return Failure(at, tuple(sorted(parser.accepts())))
    top = tree.children[0]
    return Shape(top.data, _leaves(top))


def _leaves(node: Any) -> Any:
    """Return a Lark tree as (rule, children) with positions of tokens as leaves."""
    if node is None:
        return None
    if hasattr(node, "children"):
        return str(node.data), tuple(_leaves(child) for child in node.children)
    return int(node)


def types_of(tokens: Iterable[Token]) -> tuple[str, ...]:
    """Return the shape of a line: the terminals of its tokens."""
    return tuple(token.type for token in tokens)


def fits(types: tuple[str, ...]) -> bool:
    """Tell whether a shape is a line of the language."""
    return isinstance(shape_of(types), Shape)


def is_name_instead(tokens: tuple[Token, ...], failure: Failure) -> bool:
    """Tell whether the line would be good if the keyword that does not fit were a name."""
    types, at = types_of(tokens), failure.at
    if types[at] not in keywords().values() or "NAME" not in failure.expected:
        return False
    return fits((*types[:at], "NAME", *types[at + 1 :]))


def is_word(terminal: str) -> bool:
    """Tell whether a terminal is a word, rather than a sign or a form like NUMBER."""
    return spelling().get(terminal, "=")[0].isalpha()


def accepted(types: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terminals that may follow some that start a good line."""
    ended = shape_of((*types, lexer.BAD_CHARACTER))
    return ended.expected if isinstance(ended, Failure) else ()


@cache
def starting_words() -> tuple[str, ...]:
    """Return the words that a line may start with."""
    names = sorted(_lark().parse_interactive().accepts())
    return tuple(spelling()[name] for name in names if is_word(name))


def closest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that a word is a likely misspelling of, or nothing."""
    if len(word) < 3:
        return ""
    folded = {fold(candidate): candidate for candidate in candidates}
    found = get_close_matches(fold(word), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else ""


def shown(terminal: str) -> str:
    """Return a terminal as it is written, or in angle brackets for the catalogue to name: `<NUMBER>`."""
    return spelling().get(terminal, f"<{terminal.strip('$')}>")
