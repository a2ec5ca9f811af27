"""Sequences of terminals in, what the grammar makes of them out: each *shape* of line is parsed once.

Lines of a policy have few shapes. A shape is parsed the first time it is met, with places for tokens; every further
line of that shape is the same tree with other words in it.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from policyc import lexer
from policyc.lexer import Token
from policyc.source import SourceFile, fold
from policyc.syntax.tables import END, tables
from policyc.values import value


@value()
class Shape:
    """A parsed shape: the grammar rule of the line, and the steps to its tree, each a rule and places of children.

    Places count the tokens, `size` many, then one for what was left out, then what the steps before have made.
    """

    rule: str
    size: int
    steps: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def tree(self) -> Any:
        """The tree of the line: (rule, children), with places of tokens as leaves."""
        made: list[Any] = [*range(self.size), None]
        for rule, places in self.steps:
            made.append((rule, tuple([made[place] for place in places])))
        return made[-1]


@value()
class Failure:
    """A shape that is no line of the language: the place of the token that does not fit, and what would."""

    at: int
    expected: tuple[str, ...]


@cache
def keywords() -> dict[str, str]:
    """Return the reserved words, folded, with their terminals, as the grammar has them."""
    return {fold(word): terminal for terminal, word in spelling().items() if word[0].isalpha()}


def spelling() -> Mapping[str, str]:
    """Return how a terminal is written in a policy: DEPUIS → `depuis`, JUSQUE → `..`."""
    return tables().spelling


def as_name(name: str) -> str:
    """Return how a policy writes a name: as it is where it is read as one, else in quotes."""
    lines = list(lexer.lex(SourceFile("", name), keywords()))
    if [line.tokens for line in lines] == [(Token("NAME", name, 0, len(name)),)]:
        return name
    return f"« {name} »" if '"' in name else f'"{name}"'


@cache
def shape_of(types: tuple[str, ...]) -> Shape | Failure:
    """Parse a sequence of terminals, once."""
    state = _state((0,))
    steps: list[tuple[str, tuple[int, ...]]] = []
    size = len(types)
    parts: list[Any] = []  # of the symbols on the stack: places of tokens and nodes, and lists of what is yet no node's
    for at, symbol in enumerate((*types, END)):
        state, ended = state[symbol]
        if ended is None:
            return Failure(at, tables().accepted(list(state.stack)))
        for node, count, taken in ended:
            if count == 1 and node and taken is None:  # as mostly
                steps.append((node, (parts[-1],)))
                parts[-1] = size + len(steps)
                continue
            first = len(parts) - count
            children = parts[first:] if taken is None else _taken(parts[first:], taken, size)
            if node:
                steps.append((node, tuple(children)))
                parts[first:] = [size + len(steps)]
            else:
                parts[first:] = [children]
        parts.append(at)
    steps.pop()  # it says of what was made that it is a line
    return Shape(steps[-1][0], size, tuple(steps))


_Ended = tuple[str, int, tuple[int | None, ...] | None]


class _State(dict[str, tuple["_State", tuple[_Ended, ...] | None]]):
    """What symbols lead to from a stack: another one, and what ends before, or None if the symbol does not fit.

    Of rules that end: the node that each makes, if any; of how many symbols; and its children, if not all of these.
    """

    def __init__(self, stack: tuple[int, ...]) -> None:
        self.stack = stack

    def __missing__(self, symbol: str) -> tuple["_State", tuple[_Ended, ...] | None]:
        onward = list(self.stack)
        rules = tables().feed(onward, symbol)
        ended = None if rules is None else tuple([(rule.makes, rule.size, rule.chosen) for rule in rules])
        found = self[symbol] = _state(tuple(onward)), ended
        return found


@cache
def _state(stack: tuple[int, ...]) -> _State:
    """Return the one state of a stack."""
    return _State(stack)


def _taken(parts: list[Any], children: Iterable[int | None], nothing: int) -> list[int]:
    """Return the children that a rule takes of the parts of its symbols."""
    taken: list[int] = []
    for place in children:
        if place is None:
            taken.append(nothing)
        elif place >= 0:
            taken.append(parts[place])
        elif taken:
            taken += parts[~place]
        else:
            taken = parts[~place]  # not copied: a list that grows item by item stays one
    return taken


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
    return tuple(spelling()[name] for name in accepted(()) if is_word(name))


def closest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that a word is a likely misspelling of, or nothing."""
    if len(word) < 3:
        return ""
    from difflib import get_close_matches

    folded = {fold(candidate): candidate for candidate in candidates}
    found = get_close_matches(fold(word), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else ""


def shown(terminal: str) -> str:
    """Return a terminal as it is written, or in angle brackets for the catalogue to name: `<NUMBER>`."""
    return spelling().get(terminal, f"<{terminal.strip('$')}>")
