"""The grammar by itself: no conflict, nothing spare, and shapes of lines parsed as Lark would parse their text."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer, PatternStr
from strategies import grammar, lines, shapes

from policyc import lexer, resources, syntax
from policyc.source import SourceFile, fold, plain
from policyc.syntax import build as nodes_build
from policyc.syntax import shapes as line_shapes
from policyc.syntax import tables

ROOT = Path(__file__).resolve().parent.parent


class Fed(Lexer):
    """Takes a sequence of terminals for the text; each token is its position."""

    def __init__(self, conf: object) -> None:
        pass

    def lex(self, state: object) -> Iterator[Token]:
        for at, terminal in enumerate(str(state).split()):
            yield Token(terminal, str(at))


def build(lexer_class: object) -> Lark:
    text = resources.read_grammar("policy.lark")
    return Lark(text, parser="lalr", start="line", strict=True, lexer=lexer_class, maybe_placeholders=True)


@pytest.mark.parametrize("lexer_class", ["contextual", "basic", Fed])
def test_the_grammar_has_no_conflict(lexer_class: object) -> None:
    assert build(lexer_class).terminals


@cache
def fed() -> Lark:
    return build(Fed)


def test_every_keyword_has_a_folded_form_of_its_own() -> None:
    words = [
        terminal.pattern.value
        for terminal in grammar().terminals
        if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value[0].isalpha()
    ]

    assert len(words) == len({fold(word) for word in words}) == len(syntax.keywords())
    assert all(word == word.lower() for word in words)


def test_the_syntax_has_a_method_for_each_rule_and_none_to_spare() -> None:
    names = {(rule.alias or rule.origin.name) for rule in grammar().rules}
    names = {str(name) for name in names if not str(name).startswith("_") and str(name) != "line"}
    inlined = {"option", "scope", "item", "clause", "destination", "result", "outcome"}
    helpers = {"line", "word", "span", "whole", "report", "once", "around", "optional", "gives", "minute", "day_of"}

    assert names - inlined <= nodes_build._METHODS.keys()
    assert nodes_build._METHODS.keys() - names - {"span_", "except_"} - set(nodes_build._Builder.__slots__) <= helpers


@given(shapes())
def test_a_shape_has_the_tree_that_lark_gives(shape: tuple[str, ...]) -> None:
    direct = fed().parse(" ".join(shape)).children[0]
    cached = line_shapes.shape_of(shape)

    assert isinstance(cached, line_shapes.Shape)
    assert str(direct.data) == cached.rule
    assert leaves(direct) == cached.tree
    assert cached is line_shapes.shape_of(tuple(shape))


def leaves(node: object) -> object:
    if isinstance(node, Tree):
        return str(node.data), tuple(leaves(child) for child in node.children)
    return None if node is None else int(str(node))


@st.composite
def nearly_shapes(draw: st.DrawFn) -> tuple[str, ...]:
    """Sequences of terminals that are lines of the language, but for one that is another, too many or missing."""
    shape = draw(shapes())
    at = draw(st.integers(0, len(shape)))
    other = draw(st.just(()) | st.sampled_from([(terminal.name,) for terminal in grammar().terminals]))
    return (*shape[:at], *other, *shape[at + draw(st.integers(0, 1)) :])


@given(nearly_shapes())
@example(("DEPUIS", "STAR"))
@example(("DEPUIS", "NAME", "SAUF", "ANONYME", "SAUF", "PREFIX", "VERS", "OCCUPE"))
def test_what_does_not_fit_and_what_would_are_those_that_lark_tells(shape: tuple[str, ...]) -> None:
    parser = fed().parse_interactive("")
    found = line_shapes.shape_of(shape)
    for at, name in enumerate((*shape, "$END")):
        try:
            parser.feed_token(Token(name, str(at)))
        except UnexpectedToken:
            assert line_shapes.Failure(at, tuple(sorted(parser.accepts()))) == found
            return

    assert isinstance(found, line_shapes.Shape)


def test_the_tables_are_those_of_the_grammar(golden: Callable[[Path, str], None]) -> None:
    text = resources.read_grammar("policy.lark")
    made = tables.make(text)
    golden(ROOT / "grammar" / "policy.json", tables.dump(text, made))

    assert made == tables.tables()


def test_a_grammar_that_was_changed_is_parsed_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = resources.read_grammar("policy.lark").replace('"fuseau"', '"zone"')
    stored = resources.read_grammar("policy.json")
    monkeypatch.setattr(resources, "read_grammar", {"policy.lark": changed, "policy.json": stored}.get)
    found = tables.tables.__wrapped__()

    assert found.spelling["FUSEAU"] == "zone"
    assert found.rules == tables.tables().rules
    assert found.states == tables.tables().states


@pytest.mark.parametrize(
    "grammar",
    [
        "line: word | NAME\n?word: NAME NAME\nNAME: /a/",
        'line: "a" NAME\nNAME: /a/',
        "line: _NAME NAME\n_NAME: /a/\nNAME: /b/",
    ],
)
def test_what_tables_cannot_say_is_refused(grammar: str) -> None:
    with pytest.raises(NotImplementedError):
        tables.make(grammar)


@given(lines())
def test_the_text_of_a_shape_has_its_tokens(line: tuple[tuple[str, ...], str]) -> None:
    shape, text = line
    source = SourceFile("test.pol", plain(text))
    [found] = lexer.lex(source, syntax.keywords())

    assert shape == tuple(token.type for token in found.tokens)
