"""The grammar in, a parser's tables out. Lark makes them of `policy.lark`; `policy.json` keeps them beside it.

Reading them takes two milliseconds, and Lark a hundred with its import. Tables of a grammar that has changed since
are not used; `pytest tests/test_grammar.py --bless` writes new ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from policyc import resources
from policyc.values import value

if TYPE_CHECKING:
    from lark.grammar import Rule as LarkRule

_GRAMMAR, _TABLES = "policy.lark", "policy.json"
_START: Final = "line"
END: Final = "$END"


@value()
class Rule:
    """A rule of the grammar: the last `size` symbols become one, and make a node with some of them as children.

    Children are places of symbols, `~place` for the children of one, and None for what was left out.
    """

    symbol: str
    size: int
    node: str
    children: tuple[int | None, ...]

    @property
    def makes(self) -> str:
        """The node that it makes; none if its children are those of another one."""
        return "" if self.node.startswith("_") else self.node

    @property
    def chosen(self) -> tuple[int | None, ...] | None:
        """Its children, or None if they are its symbols as they stand."""
        return None if self.children == tuple(range(self.size)) else self.children


@value()
class Tables:
    """An LALR(1) parser: in each state, a symbol leads to another state, or to `~rule` if that rule ends before it."""

    states: tuple[Mapping[str, int], ...]  # the first one is the state at the start
    rules: tuple[Rule, ...]
    end: int  # the state in which the line is one of the language
    spelling: Mapping[str, str]  # of each terminal that is always written alike

    def feed(self, stack: list[int], symbol: str) -> list[Rule] | None:
        """Go on from a stack of states by a symbol. Return the rules that end before it, or None if it does not fit."""
        ended: list[Rule] = []
        while stack[-1] != self.end:
            action = self.states[stack[-1]].get(symbol)
            if action is None:
                return None
            if action >= 0:
                stack.append(action)
                break
            rule = self.rules[~action]
            del stack[len(stack) - rule.size :]
            stack.append(self.states[stack[-1]][rule.symbol])
            ended.append(rule)
        return ended

    def accepted(self, stack: list[int]) -> tuple[str, ...]:
        """Return the terminals that go on from a stack of states."""
        terminals = sorted(symbol for symbol in self.states[stack[-1]] if symbol.isupper())
        return tuple(symbol for symbol in terminals if self.feed(stack.copy(), symbol) is not None)


@cache
def tables() -> Tables:
    """Return the tables of the grammar."""
    grammar = resources.read_grammar(_GRAMMAR)
    stored = json.loads(resources.read_grammar(_TABLES))
    return _load(stored) if stored["grammar"] == grammar else make(grammar)


def make(grammar: str) -> Tables:
    """Make the tables of a grammar with Lark."""
    from lark import Lark
    from lark.lexer import PatternStr
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(grammar, parser="lalr", lexer="basic", start=_START, maybe_placeholders=True)
    found = lark.parser.parser._parse_table  # noqa: SLF001 - Lark has no other way to its tables
    rules = {rule: at for at, rule in enumerate(lark.rules)}
    numbers = {state: at for at, state in enumerate(_met(found.states, found.start_states[_START]))}
    states: list[dict[str, int]] = []
    for state in numbers:
        actions = sorted(found.states[state].items())
        states.append({symbol: numbers[to] if kind is Shift else ~rules[to] for symbol, (kind, to) in actions})
    return Tables(
        tuple(states),
        tuple(map(_rule, lark.rules)),
        numbers[found.end_states[_START]],
        {one.name: one.pattern.value for one in lark.terminals if isinstance(one.pattern, PatternStr)},
    )


def _met(states: Mapping[int, Mapping[str, tuple[Any, Any]]], start: int) -> Iterable[int]:
    """Return the states in the order in which they are met, which is the same each time; Lark's own is not."""
    met = {start: None}
    waiting = [start]
    for state in waiting:
        for _, (_, to) in sorted(states[state].items()):
            if to in states and to not in met:
                met[to] = None
                waiting.append(to)
    return met


def _rule(rule: LarkRule) -> Rule:
    """Return a rule of Lark's. Raises NotImplementedError for what the language has no use of yet."""
    symbols, options = rule.expansion, rule.options
    if (options.expand1 and not rule.alias) or any(getattr(symbol, "filter_out", False) for symbol in symbols):
        raise NotImplementedError(str(rule))
    children: list[int | None] = []
    places = iter(range(len(symbols)))
    for is_absent in options.empty_indices or [False] * len(symbols):
        if is_absent:
            children.append(None)
        else:
            at = next(places)
            is_inlined = not symbols[at].is_term and symbols[at].name.startswith("_")
            children.append(~at if is_inlined else at)
    return Rule(rule.origin.name, len(symbols), rule.alias or rule.origin.name, tuple(children))


def dump(grammar: str, tables: Tables) -> str:
    """Return the tables of a grammar as they are kept, with a line for each state and each rule."""
    states = ",\n".join(map(json.dumps, tables.states))
    rules = ",\n".join(json.dumps([one.symbol, one.size, one.node, one.children]) for one in tables.rules)
    rest = {"end": tables.end, "spelling": tables.spelling, "grammar": grammar}
    told = json.dumps(rest, ensure_ascii=False, indent=0).removeprefix("{\n")
    return f'{{"states": [\n{states}\n],\n"rules": [\n{rules}\n],\n{told}\n'


def _load(stored: Mapping[str, Any]) -> Tables:
    rules = tuple(Rule(symbol, size, node, tuple(children)) for symbol, size, node, children in stored["rules"])
    return Tables(tuple(stored["states"]), rules, stored["end"], stored["spelling"])
