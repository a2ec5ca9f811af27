r"""Regular expressions as FreeSWITCH reads them (PCRE2, bytes, no options): text in, a tree of what must match out.

What is not understood, since it is rare, or differs with the version of PCRE2: escapes but `\d \D \w \W \s \S` and
those of punctuation; `(?` but `(?:`, `(?=`, `(?!`; `(*`; groups that capture within a look-ahead or under `*`, `+`,
`{}`; classes with `[`, a first `]`, `&&`, `||`, `~~`, `--` or ranges of classes; a `{` that repeats nothing;
repetitions of repetitions. An expression that is no regular expression never matches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from policyc.targets.freeswitch.reader.errors import Unclear, What

_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
_REPEAT = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}", re.ASCII)
_ALL = (1 << 256) - 1
MANY = 1 << 16
"""As often as one likes."""


def _mask(chars: str) -> int:
    return sum(1 << ord(char) for char in set(chars))


DIGITS = _mask("0123456789")
FIRST_DIGIT = ord("0")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLASSES = {
    "d": DIGITS,
    "w": _mask(f"{_LETTERS}_") | DIGITS,
    "s": _mask(" \t\n\r\v\f"),
}
_CLASSES |= {name.upper(): _ALL & ~mask for name, mask in _CLASSES.items()}


@dataclass(frozen=True, slots=True)
class One:
    """One of some bytes, as bits."""

    of: int


@dataclass(frozen=True, slots=True)
class Row:
    """Some things, one after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of some things, the first that will do."""

    ways: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """Something from `least` to `most` times: as often as possible, or as seldom when `lazy`."""

    part: Node
    least: int
    most: int
    lazy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Something that is captured."""

    number: int
    part: Node


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of the text."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The end of the text, or the line end that ends it."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Something that must, or must not, stand here."""

    part: Node
    wanted: bool


Node = One | Row | Either | Again | Group | Start | Stop | Ahead


class NoPatternError(ValueError):
    """The text is no regular expression: FreeSWITCH says so in its log, and nothing ever matches."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, and how many groups it has."""

    tree: Node
    groups: int


def parse(expression: str) -> Pattern:
    """Return the tree of an expression. Raises NoPatternError, and Unclear for what is not understood."""
    if expression.startswith("_") or any(char > "\xff" for char in expression):  # the first: a pattern of Asterisk
        raise Unclear(What.REGEX, expression)
    ignore_case = dot_all = False
    body = expression
    if expression.startswith("/"):
        body, slash, options = expression[1:].rpartition("/")
        if not slash:
            raise NoPatternError(expression)
        if set(options) - {"i", "s"}:
            raise Unclear(What.REGEX, expression)
        ignore_case, dot_all = "i" in options, "s" in options
    parser = _Parser(expression, body, ignore_case=ignore_case, dot_all=dot_all)
    tree = parser.either()
    if parser.at < len(body):
        raise NoPatternError(expression)  # a `)` too many
    return Pattern(tree, parser.groups)


class _Parser:
    def __init__(self, whole: str, text: str, *, ignore_case: bool, dot_all: bool) -> None:
        self.whole = whole
        self.text = text
        self.at = 0
        self.groups = 0
        self.ahead = 0
        self.ignore_case = ignore_case
        self.dot = _ALL if dot_all else _ALL & ~_mask("\n")

    def unclear(self) -> Unclear:
        return Unclear(What.REGEX, self.whole)

    def either(self) -> Node:
        ways = [self.row()]
        while self.text.startswith("|", self.at):
            self.at += 1
            ways.append(self.row())
        return ways[0] if len(ways) == 1 else Either(tuple(ways))

    def row(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def atom(self) -> Node:
        char = self.text[self.at]
        self.at += 1
        match char:
            case "^":
                return Start()
            case "$":
                return Stop()
            case ".":
                return One(self.dot)
            case "[":
                return One(self.folded(self.bracketed()))
            case "\\":
                return One(self.folded(self.escaped()))
            case "(":
                return self.group()
            case "*" | "+" | "?":
                raise NoPatternError(self.whole)
            case "{":
                if _REPEAT.match(self.text, self.at - 1):
                    raise NoPatternError(self.whole)
                raise self.unclear()
        return One(self.folded(1 << ord(char)))

    def group(self) -> Node:
        if self.text.startswith("*", self.at):
            raise self.unclear()
        opening = self.text[self.at : self.at + 2] if self.text.startswith("?", self.at) else ""
        if opening not in ("", "?:", "?=", "?!"):
            raise self.unclear()
        self.at += len(opening)
        number = 0
        if not opening:
            if self.ahead:
                raise self.unclear()
            self.groups += 1
            number = self.groups
        looking = opening in ("?=", "?!")
        self.ahead += looking
        part = self.either()
        self.ahead -= looking
        if not self.text.startswith(")", self.at):
            raise NoPatternError(self.whole)
        self.at += 1
        if looking:
            return Ahead(part, opening == "?=")
        return Group(number, part) if number else part

    def repeated(self, part: Node) -> Node:
        char = self.text[self.at : self.at + 1]
        found = _REPEAT.match(self.text, self.at) if char == "{" else None
        if char in tuple("*+?"):
            least, most = {"*": (0, MANY), "+": (1, MANY), "?": (0, 1)}[char]
            self.at += 1
        elif found:
            least = int(found[1])
            most = int(found[3]) if found[3] else MANY if found[2] else least
            if most < least:
                raise NoPatternError(self.whole)
            self.at = found.end()
        else:
            return part
        if isinstance(part, Start | Stop | Ahead) or (isinstance(part, Group) and char != "?"):
            raise self.unclear()
        if char != "?" and _captures(part):
            raise self.unclear()
        lazy = self.text.startswith("?", self.at)
        self.at += lazy
        if self.text[self.at : self.at + 1] in tuple("*+?") or _REPEAT.match(self.text, self.at):
            raise self.unclear()
        return Again(part, least, most, lazy)

    def escaped(self) -> int:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char in _CLASSES and char:
            return _CLASSES[char]
        if char not in _PUNCTUATION or not char:
            raise self.unclear()
        return 1 << ord(char)

    def bracketed(self) -> int:
        """Return the bytes of a class; its `[` is behind."""
        negated = self.text.startswith("^", self.at)
        self.at += negated
        if self.text.startswith("]", self.at):
            raise self.unclear()
        mask = 0
        last: str | None = None  # what a range may begin with
        while self.at < len(self.text) and self.text[self.at] != "]":
            char, both = self.text[self.at], self.text[self.at : self.at + 2]
            if char == "[" or both in ("&&", "||", "~~", "--") or ord(char) > 127:
                raise self.unclear()
            self.at += 1
            if char == "\\":
                name = self.text[self.at : self.at + 1]
                one = self.escaped()
                is_class = name in _CLASSES
                if is_class and (
                    self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 : self.at + 2] != "]"
                ):
                    raise self.unclear()
                mask |= one
                last = None if is_class else name
            elif char == "-" and last is not None and self.text[self.at : self.at + 1] not in ("]", ""):
                end = self.text[self.at]
                if end in "[\\" or ord(end) > 127 or end < last:
                    raise self.unclear()
                self.at += 1
                mask |= sum(1 << code for code in range(ord(last), ord(end) + 1))
                last = None
            else:
                mask |= 1 << ord(char)
                last = char
        if self.at >= len(self.text):
            raise self.unclear()  # no end
        self.at += 1
        return _ALL & ~mask if negated else mask

    def folded(self, mask: int) -> int:
        if not self.ignore_case:
            return mask
        for char in _LETTERS:
            if mask >> ord(char) & 1:
                mask |= 1 << ord(char.swapcase())
        return mask


def _captures(node: Node) -> bool:
    match node:
        case Group():
            return True
        case Row(parts) | Either(parts):
            return any(map(_captures, parts))
        case Again(part):
            return _captures(part)
    return False
