"""Text of a file in, tokens line by line out. The words it knows are those of `grammar/policy.lark`.

Keywords compare folded, commas end numbers and are otherwise blanks, comments are kept apart, and the groups of
digits of one number arrive as one token, whose value has no separators: `06 12 34 56 78` → NUMBER `0612345678`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from operator import sub
from typing import Final, NamedTuple

from policyc.source import SourceFile, fold
from policyc.values import value


class Token(NamedTuple):
    """A word of a line: terminal of the grammar, value, and where it stands in the text."""

    type: str
    value: str
    start: int
    end: int


@value()
class Line:
    """The tokens of one line that has any, and its comment (with the `#`), if there is one.

    Tokens are kept as columns, a place in each of which is one token.
    """

    types: tuple[str, ...]
    values: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    comment: Token | None
    start: int
    end: int

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens one by one."""
        return tuple(map(Token, self.types, self.values, self.starts, self.ends))


# Types of tokens that no grammar rule takes: each makes a diagnostic of its own.
BAD_CHARACTER = "BAD_CHARACTER"
UNCLOSED_QUOTE = "UNCLOSED_QUOTE"

# Whole words; groups of digits are put together later. The order decides. Hours and dates are taken broadly, so that
# an impossible one is a word with a message of its own.
_LETTERS: Final = r"[^\W\d_][\w']*+(?:[./-]+[\w']+)*+"
_WORD: Final = rf"""
    (?P<WORD>{_LETTERS})
  | (?P<COMMENT>\#.*)
  | (?P<QUOTED>"[^"\n]*"|«[^»\n]*»|“[^”\n]*”)
  | (?P<UNCLOSED>["«“].*)
  | (?P<DATE>[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}(?![0-9-])|[0-9]+(?:/[0-9]+)+)
  | (?P<TIME>[0-9]+(?::[0-9]*|[hH][0-9]*)(?![\w:]))
  | (?P<DURATION>[0-9]+[sS](?!\w))
  | (?P<DIGITS>(?:[+0]|\(0\))(?:[0-9]|[.-](?=[0-9(])|\(0\))*\*?|[1-9][0-9]*\*?)
  | (?P<RANGE>\.\.)
  | (?P<SIGN>[=-]|(?<![^\s,=])\*(?![^\s,]))
"""
_WORDS: Final = re.compile(rf"{_WORD} | (?P<COMMA>,) | (?P<BAD>[^ ])", re.VERBOSE)

# Most lines are of pieces that can be looked at one by one, and once for all lines. A piece is the end of a line, or a
# word with what parts it from the one before; the usual numbers in groups are one piece. What follows never goes on
# such a number, and such a prefix has too few digits to be a number before its star. A star that is no STAR takes along
# what is behind it, so that the piece looks like no other.
_NUMBER: Final = r"(?:0|(?:\+|00)33[ ]?)(?!7[ ]?00|9[ ]?01)[1-9]" + 4 * "[ ]?[0-9][0-9]"
_PREFIX: Final = r"(?:0[1-9]|(?:\+|00)[1-9][0-9])(?:[ ]?[0-9]){0,7}\*"
_PIECE: Final = rf"""
    [ ,]*+(?:
    {_LETTERS}
  | {_NUMBER}(?=[ ,\n]|$|\.\.)
  | {_PREFIX}
  | {re.sub(r"[?]P<[A-Z]+>", "?:", _WORD)}
  | \*.+
  | [^ ,\n]
    )
  | [ ,]+
  | \n
"""
_PIECES: Final = re.compile(_PIECE, re.VERBOSE)
_USUAL_NUMBER: Final = re.compile(_NUMBER)
_USUAL_PREFIX: Final = re.compile(_PREFIX)
_LINE_END: Final = "\n"
_PORTION: Final = 1 << 14  # characters that are taken apart at a time: line by line, it would take half as long again

# What pieces are that mean something else in another line, or more than one token: their lines are read word by word.
_UNSETTLED: Final = "unsettled"
_NEVER_SETTLED: Final = frozenset((BAD_CHARACTER, UNCLOSED_QUOTE, "DAYS", "SONNE"))
_WHOLE: Final = re.compile(r"[1-9][0-9]*|0(?!700|901)[1-9][0-9]{8}")  # digits that no group goes on

_SIGNS: Final = {"*": "STAR", "=": "EGAL", "-": "TIRET"}
_DAYS: Final = frozenset(("LUNDI", "MARDI", "MERCREDI", "JEUDI", "VENDREDI", "SAMEDI", "DIMANCHE"))
_OVERSEAS: Final = ("262", "590", "594", "596")


def lex(
    source: SourceFile, keywords: Mapping[str, str], parts: Iterable[tuple[int, int]] | None = None
) -> Iterator[Line]:
    """Yield the lines of a file that hold tokens or a comment; `keywords` maps folded words to terminals.

    `parts` are those of the text to be read, each of whole lines, if not all of it is.
    """
    known = _Known(keywords)
    text = source.text
    for start, stop in _portions(text, parts):
        pieces = [*_PIECES.findall(text, start, stop), _LINE_END]
        types, values, widths = zip(*map(known.__getitem__, pieces), strict=True)
        ends = tuple(accumulate(map(len, pieces), initial=start))[1:]
        starts = tuple(map(sub, ends, widths))
        are_settled = _UNSETTLED not in types
        first, begin = 0, start
        while begin < stop:
            last = following = types.index(_LINE_END, first)
            end = starts[last]
            if not are_settled and _UNSETTLED in types[first:last]:
                if text[begin:end].strip(" "):
                    yield _word_by_word(text[begin:end], begin, keywords)
            elif first < last:
                comment = None
                if types[last - 1] == "COMMENT":
                    last -= 1
                    comment = Token("COMMENT", values[last], starts[last], end)
                of = slice(first, last)
                yield Line(types[of], values[of], starts[of], ends[of], comment, begin, end)
            first, begin = following + 1, end + 1


def _portions(text: str, parts: Iterable[tuple[int, int]] | None) -> Iterator[tuple[int, int]]:
    """Yield bounds of some whole lines after others: all of a text, or parts of it."""
    for start, end in ((0, len(text)),) if parts is None else parts:
        at = start
        while at < end:
            stop = text.find("\n", at + _PORTION, end) + 1 or end
            yield at, stop
            at = stop


class _Known(dict[str, tuple[str, str, int]]):
    """What pieces are: type, value, and how many characters the word has. Most of them come back."""

    def __init__(self, keywords: Mapping[str, str]) -> None:
        super().__init__({_LINE_END: (_LINE_END, "", 1)})
        self.keywords = keywords

    def __missing__(self, piece: str) -> tuple[str, str, int]:
        word = piece.lstrip(" ,")
        if _USUAL_NUMBER.fullmatch(word):  # few of these come back: they are not kept
            return "NUMBER", word.replace(" ", ""), len(word)
        known = self[piece] = (*self.settled(piece, word), len(word))
        return known

    def settled(self, piece: str, word: str) -> tuple[str, str]:
        """Return the type and the value of the word of a piece, if they are the same in any line, or `_UNSETTLED`."""
        if _USUAL_PREFIX.fullmatch(word):
            return "PREFIX", word.replace(" ", "")[:-1]
        match = _WORDS.match(word)
        if match is None or match.end() < len(word):
            return _UNSETTLED, ""
        kind = match.lastgroup or "BAD"
        if kind == "DIGITS":
            digits = _compact(word)
            if word.endswith("*"):
                return "PREFIX", digits
            return "NUMBER" if _WHOLE.fullmatch(digits) else _UNSETTLED, digits
        found, value = _read(kind, word, self.keywords)
        if found in _NEVER_SETTLED or piece == "*" or (found == "DATE" and value.startswith("0")):
            return _UNSETTLED, ""
        return found, value


def _word_by_word(text: str, start: int, keywords: Mapping[str, str]) -> Line:
    """Return the line of any text, which stands at `start`."""
    words: list[Token] = []
    comment: Token | None = None
    for match in _WORDS.finditer(text):
        kind, value = _read(match.lastgroup or "BAD", match[0], keywords)
        word = Token(kind, value, start + match.start(), start + match.end())
        if kind == "COMMENT":
            comment = word
        elif kind == "DAYS":
            words += _day_range(word, keywords)
        elif kind == UNCLOSED_QUOTE:
            words.append(word._replace(end=word.start + 1))
        else:
            words.append(word)
    tokens = tuple(_join_digits(words))
    types, values, starts, ends = zip(*tokens, strict=True) if tokens else ((), (), (), ())
    return Line(types, values, starts, ends, comment, start, start + len(text))


def _read(kind: str, word: str, keywords: Mapping[str, str]) -> tuple[str, str]:
    """Return the type and the value of a word, by the form that it has."""
    match kind:
        case "WORD":
            folded = fold(word)
            if folded in keywords:
                return keywords[folded], folded
            first, _, last = folded.partition("-")
            is_range = keywords.get(first) in _DAYS and keywords.get(last) in _DAYS
            return "DAYS" if is_range else "NAME", word
        case "QUOTED":
            return "NAME", " ".join(word[1:-1].split())
        case "SIGN":
            return _SIGNS[word], word
        case "RANGE":
            return "JUSQUE", word
        case "COMMENT":
            return kind, word.rstrip()
        case "UNCLOSED":
            return UNCLOSED_QUOTE, word
        case "BAD":
            return BAD_CHARACTER, word
    return kind, word


def _day_range(days: Token, keywords: Mapping[str, str]) -> Iterator[Token]:
    """Yield the three tokens of `lundi-vendredi`. Other words with a dash are names: `Aix-en-Provence`."""
    first, _, last = days.value.partition("-")
    dash = days.start + len(first)
    yield Token(keywords[fold(first)], fold(first), days.start, dash)
    yield Token("TIRET", "-", dash, dash + 1)
    yield Token(keywords[fold(last)], fold(last), dash + 1, days.end)


def _join_digits(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens with the groups of one number made one, and without commas."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.type == "COMMA":
            continue
        if token.type != "DIGITS":
            yield token
            continue
        is_rung = at > 1 and tokens[at - 2].type == "SONNE" and token.value.isdigit()
        if is_rung and at < len(tokens) and tokens[at].value in ("s", "S"):
            yield Token("DURATION", f"{token.value}s", token.start, tokens[at].end)  # sonne 20 s
            at += 1
            continue
        digits, end = _compact(token.value), token.end
        starred = token.value.endswith("*")
        if not starred and digits[:1] in ("0", "+"):
            following = at
            while following < len(tokens) and tokens[following].type == "DIGITS":
                group = tokens[following].value
                if group.startswith("+") or _complete(digits, tokens, following):
                    break
                digits += _compact(group)
                end = tokens[following].end
                following += 1
                if group.endswith("*"):
                    starred = True
                    break
            at = following
        yield Token("PREFIX" if starred else "NUMBER", digits, token.start, end)


def _compact(group: str) -> str:
    """Remove separators and the `(0)` that some write behind +33."""
    return group.replace("(0)", "").replace("-", "").replace(".", "").removesuffix("*")


def _complete(digits: str, tokens: list[Token], following: int) -> bool:
    """Tell whether digits that start with `0` or `+` are a full French number: no group goes on."""
    if len(digits) < 10 and not digits.startswith(("+", "00")):
        return False  # as for most groups
    code = digits[1:] if digits.startswith("+") else digits[2:] if re.match(r"00[1-9]", digits) else ""
    if code.startswith("33"):
        digits = "0" + code[2:].removeprefix("0")
    elif code:
        return code.startswith(_OVERSEAS) and len(code) >= 12
    elif digits.startswith("+") or digits == "00":
        return False
    if len(digits) < 10:
        return False
    # 0700 and 0901 go on to fourteen digits, where exactly two pairs follow: 07 00 12 34 56 78 90
    if len(digits) in (10, 12) and digits.startswith(("0700", "0901")):
        pairs = 0
        while following < len(tokens) and re.fullmatch(r"[0-9]{2}", tokens[following].value):
            pairs += 1
            following += 1
        ended = following == len(tokens) or tokens[following].type != "DIGITS"
        return not (ended and len(digits) + 2 * pairs == 14)
    return True
