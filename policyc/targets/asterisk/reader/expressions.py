"""What stands in `$[ ]`, its variables put in: a text in, the text that Asterisk makes of it out (ast_expr2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader import regexes, times
from policyc.targets.asterisk.reader.errors import Unclear, What
from policyc.targets.asterisk.reader.remembering import remembered
from policyc.targets.asterisk.reader.texts import (
    CALLERS,
    CAUSES,
    CLOCKS,
    STATUSES,
    Questions,
    bounds,
    has_clock,
    has_unknown_digit,
    has_word,
    is_known,
    is_nonzero,
    known,
    same,
    show,
    spelled,
)
from policyc.targets.asterisk.reader.texts import NeedsDigit as NeedsDigitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policyc.schedule import Period

_DIGIT = f"0-9{CALLERS}{CLOCKS}"
_LEXER = re.compile(
    rf"""(?P<blank>[ \t\r\n]+)
    |(?P<string>"[^"]*")
    |(?P<word>(?:[a-zA-Z.';\\_^\#@\x80-\xff{_DIGIT}{STATUSES}{CAUSES}]|\$[^{{])+)
    |(?P<operator>\|\||&&|==|=~|~~|>=|<=|!=|::|[|&=<>+,\-*/%?!:()])""",
    re.VERBOSE,
)
_NUMBER = re.compile(rf"[{_DIGIT}]+")
_CAUSE = re.compile(rf"0*([{CAUSES}])")
_HAS_CAUSE = re.compile(f"[{CAUSES}]")
_LONGEST_NUMBER = 18  # digits: Asterisk writes no more
_BINARY = {
    **dict.fromkeys(("|", "||"), 1),
    **dict.fromkeys(("&", "&&"), 2),
    **dict.fromkeys(("=", "==", ">", "<", ">=", "<=", "!="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
    ":": 7,
}
_UNARY = 6
_SIGNS = {
    "=": (0,),
    "==": (0,),
    "!=": (-1, 1),
    "<": (-1,),
    ">": (1,),
    "<=": (-1, 0),
    ">=": (0, 1),
}


@dataclass(slots=True)  # not frozen: there are some for each expression, and it would take four times as long to make
class _Value:
    """An operand: its text, and whether it is a number."""

    text: str
    number: bool


_TRUE, _FALSE = _Value("1", number=True), _Value("0", number=True)


def evaluated(text: str, questions: Questions) -> str:
    """Return what an expression gives. Raises NeedsDigit, and Unclear for what is not understood or no expression."""
    return _of_known(text) if text.isascii() else _evaluated(text, questions)


class _Nobody:
    """Questions that nobody asks, as all is known."""

    def during(self, period: Period) -> bool:
        raise AssertionError(period)

    def word_is(self, word: str, value: str) -> bool:
        raise AssertionError(word, value)

    def candidates(self, word: str) -> Iterable[str]:
        raise AssertionError(word)


@remembered
def _of_known(text: str) -> str:
    return _evaluated(text, _Nobody())


def _evaluated(text: str, questions: Questions) -> str:
    tokens = _tokens(text)
    if not tokens:
        return ""
    parser = _Parser(text, [*tokens], questions)
    value = parser.operation(0)
    if parser.tokens:
        raise Unclear(What.EXPRESSION, show(text))
    return value.text


@remembered
def _tokens(text: str) -> tuple[tuple[str, str], ...]:
    """Return operators, words and strings, the last first."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        token = _LEXER.match(text, at)
        if token is None:
            raise Unclear(What.EXPRESSION, show(text))
        at = token.end()
        if token.lastgroup != "blank":
            found.append((str(token.lastgroup), token[0]))
    return tuple(reversed(found))


@dataclass(slots=True)
class _Parser:
    text: str
    tokens: list[tuple[str, str]]
    questions: Questions

    def operation(self, least: int) -> _Value:
        """Return the value of what follows, up to an operator that binds less than `least`."""
        left = self.operand()
        while self.tokens and self.tokens[-1][0] == "operator":
            operator = self.tokens[-1][1]
            strength = _BINARY.get(operator, 0)
            if not strength or strength < least:
                break
            self.tokens.pop()
            left = self.binary(operator, left, self.operation(strength + 1))
        return left

    def operand(self) -> _Value:
        if not self.tokens:
            raise self.unclear()
        kind, text = self.tokens.pop()
        if kind != "operator":
            if self.tokens and self.tokens[-1] == ("operator", "("):
                raise self.unclear()  # a function of the expression
            cause = _CAUSE.fullmatch(text)
            if kind == "word" and not cause and _HAS_CAUSE.search(text):
                raise self.unclear()  # it may be a number or none
            return _Value(text, number=bool(cause or _NUMBER.fullmatch(text)))
        if text == "(":
            inner = self.operation(0)
            if not self.tokens or self.tokens.pop() != ("operator", ")"):
                raise self.unclear()
            return inner
        if text == "!":
            return self.negation(self.operation(_UNARY))
        if text == "-":
            return _number(-self.integer(self.operation(_UNARY)))
        raise self.unclear()

    def unclear(self) -> Unclear:
        return Unclear(What.EXPRESSION, show(self.text))

    def binary(self, operator: str, left: _Value, right: _Value) -> _Value:
        if operator in ("|", "||"):
            return self.plain(left) if self.holds(left) else right
        if operator in ("&", "&&"):
            both = self.holds(left) and self.holds(right)
            return self.plain(left) if both else _FALSE
        if operator == ":":
            return self.matched(left, right)
        if operator in _SIGNS:
            return _TRUE if self.compared(left, right, _SIGNS[operator]) else _FALSE
        one, other = self.integer(left), self.integer(right)
        if operator in "/%" and (not other or one % other or min(one, other) < 0):
            raise self.unclear()
        results = {"+": one + other, "-": one - other, "*": one * other}
        return _number(results[operator] if operator in results else one // other if operator == "/" else 0)

    def holds(self, value: _Value) -> bool:
        """Tell whether a value is neither 0 nor empty; a quoted text never is, `""` neither."""
        if not value.number:
            return bool(value.text)
        digits = value.text.removeprefix("-")
        if cause := _CAUSE.fullmatch(digits):
            return not self.questions.word_is(cause[1], "0")
        return is_nonzero(digits)

    def plain(self, value: _Value) -> _Value:
        """Return a value that was taken for a number: its leading zeros are gone."""
        if not value.number or _CAUSE.fullmatch(value.text):
            return value
        text = value.text.lstrip("0")
        if has_unknown_digit(text[:1]):
            raise NeedsDigitError
        if len(text) > _LONGEST_NUMBER or (text and not is_known(text[0])):
            raise self.unclear()
        return _Value(text or "0", number=True)

    def integer(self, value: _Value) -> int:
        if not value.number:
            raise self.unclear()
        text = known(value.text, self.questions)
        if len(text) > _LONGEST_NUMBER:
            raise self.unclear()
        return int(text)

    def negation(self, value: _Value) -> _Value:
        if value.number:
            return _FALSE if self.holds(value) else _TRUE
        text = known(value.text, self.questions)
        if not text:
            return _TRUE
        begins = re.match(r"\s*[+-]?\d+", text)  # as atoi reads it: of a quoted text nothing
        return _FALSE if text != "0" and begins and int(begins[0]) else _TRUE

    def matched(self, left: _Value, right: _Value) -> _Value:
        """Return how many characters a regular expression matches at the start of a text."""
        regex = regexes.compiled(_unquoted(right.text))
        if regex.groups:
            raise self.unclear()
        return _number(regex.length_at_start(_unquoted(spelled(left.text, self.questions))) or 0)

    def compared(self, left: _Value, right: _Value, signs: tuple[int, ...]) -> bool:
        if left.number and right.number:
            return self.numbers(left.text, right.text, signs)
        if signs in ((0,), (-1, 1)):
            equal = same(left.text, right.text, self.questions)
            if equal is not None:
                return equal is (signs == (0,))
        one, other = spelled(left.text, self.questions), spelled(right.text, self.questions)
        if has_clock(one + other):
            return self.questions.during(times.period_of(one, other, _texts(signs), signs))
        inner = [known(text, self.questions).strip('"') for text in (one, other)]
        if not all(re.fullmatch(r"[0-9]+", text) for text in inner) or one[0] != other[0]:
            raise self.unclear()  # the order of other characters is that of the server's language
        return _sign(one, other) in signs

    def numbers(self, one: str, other: str, signs: tuple[int, ...]) -> bool:
        for text, against, turned in ((one, other, signs), (other, one, tuple(-sign for sign in signs))):
            if cause := _CAUSE.fullmatch(text):
                if against.strip("0") or not against:
                    raise self.unclear()  # a cause from far away is known to be one, or none
                return (0 if self.questions.word_is(cause[1], "0") else 1) in turned
        if has_word(one + other):
            raise self.unclear()
        if has_clock(one + other):
            return self.questions.during(times.period_of(one, other, _integers, signs))
        if max(len(one), len(other)) > _LONGEST_NUMBER:
            raise self.unclear()
        (low, high), (least, most) = _bounds(one), _bounds(other)
        possible = {sign for sign, may in ((-1, low < most), (1, high > least)) if may}
        if low <= most and least <= high:
            possible.add(0)
        if possible.issubset(signs) or possible.isdisjoint(signs):
            return possible.issubset(signs)
        raise NeedsDigitError


def _bounds(text: str) -> tuple[int, int]:
    if text.startswith("-"):
        low, high = bounds(text[1:])
        return -high, -low
    return bounds(text)


def _number(value: int) -> _Value:
    if len(str(abs(value))) > _LONGEST_NUMBER:
        raise Unclear(What.EXPRESSION, str(value))
    return _Value(str(value), number=True)


def _unquoted(text: str) -> str:
    return text.replace('"', "") if len(text) > 0 and text[0] == text[-1] == '"' else text


def _sign(one: object, other: object) -> int:
    return (one > other) - (one < other)  # type: ignore[operator,no-any-return]


def _integers(one: str, other: str) -> int:
    return _sign(int(one), int(other))


def _texts(signs: tuple[int, ...]) -> Callable[[str, str], int]:
    return _equal if signs in ((0,), (-1, 1)) else _in_order


def _equal(one: str, other: str) -> int:
    return _sign(one, other)


def _in_order(one: str, other: str) -> int:
    if not re.fullmatch(r'"?[0-9]+"?', one) or not re.fullmatch(r'"?[0-9]+"?', other):
        raise Unclear(What.EXPRESSION, f"{one}, {other}")
    return _sign(one, other)
