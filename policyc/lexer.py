"""Text of a file in, tokens line by line out. The words it knows are those of `grammar/policy.lark`.

Keywords compare folded, commas end numbers and are otherwise blanks, comments are kept apart, and the groups of
digits of one number arrive as one token, whose value has no separators: `06 12 34 56 78` → NUMBER `0612345678`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from policyc.source import SourceFile, fold


class Token(NamedTuple):
    """A word of a line: terminal of the grammar, value, and where it stands in the text."""

    type: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """The tokens of one line that has any, and its comment (with the `#`), if there is one."""

    tokens: tuple[Token, ...]
    comment: Token | None
    start: int
    end: int


# Types of tokens that no grammar rule takes: each makes a diagnostic of its own.
BAD_CHARACTER = "BAD_CHARACTER"
UNCLOSED_QUOTE = "UNCLOSED_QUOTE"

# Whole words, with the blanks before them; groups of digits are put together later. The order decides. Hours and dates
# are taken broadly, so that an impossible one is a word with a message of its own.
_MASTER = re.compile(
    r"""
    [ ]*(?:
    (?P<NEWLINE>\n)
  | (?P<COMMENT>\#[^\n]*)
  | (?P<QUOTED>"[^"\n]*"|«[^»\n]*»|“[^”\n]*”)
  | (?P<UNCLOSED>["«“][^\n]*)
  | (?P<DATE>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![0-9-])|[0-9]+(?:/[0-9]+)+)
  | (?P<TIME>[0-9]+(?::[0-9]*|[hH][0-9]*)(?![\w:]))
  | (?P<DURATION>[0-9]+[sS](?!\w))
  | (?P<DIGITS>(?:[+0]|\(0\))(?:[0-9]|[.-](?=[0-9(])|\(0\))*\*?|[1-9][0-9]*\*?)
  | (?P<WORD>[^\W\d_](?:[\w'./-]*[\w'])?)
  | (?P<RANGE>\.\.)
  | (?P<SIGN>[=,-]|(?<![^\s,=])\*(?![^\s,]))
  | (?P<BAD>[^ \n])
    )
    """,
    re.VERBOSE,
)
_SIGNS = {"*": "STAR", "=": "EGAL", "-": "TIRET"}
_DAYS = frozenset(("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"))
_OVERSEAS = ("262", "590", "594", "596")


def lex(source: SourceFile, keywords: Mapping[str, str]) -> Iterator[Line]:
    """Yield the lines of a file that hold tokens or a comment; `keywords` maps folded words to terminals."""
    tokens: list[Token] = []
    comment: Token | None = None
    line_start = 0
    words: dict[str, tuple[str, str] | None] = {}  # most words of a policy come back: fold each one once
    for match in _MASTER.finditer(source.text):
        kind = match.lastgroup or "BAD"
        start, end = match.span(kind)
        if kind == "NEWLINE":
            if tokens or comment:
                yield Line(tuple(_join_digits(tokens)), comment, line_start, start)
            tokens, comment, line_start = [], None, end
            continue
        text = match[kind]
        match kind:
            case "WORD":
                if text not in words:
                    words[text] = _keyword(text, keywords)
                known = words[text]
                if known is not None:
                    tokens.append(Token(known[0], known[1], start, end))
                elif (days := _day_range(text, start, keywords)) is not None:
                    tokens += days
                else:
                    tokens.append(Token("NAME", text, start, end))
            case "QUOTED":
                tokens.append(Token("NAME", " ".join(text[1:-1].split()), start, end))
            case "SIGN":
                tokens.append(Token(_SIGNS.get(text, "COMMA"), text, start, end))
            case "RANGE":
                tokens.append(Token("JUSQUE", text, start, end))
            case "COMMENT":
                comment = Token(kind, text.rstrip(), start, end)
            case "UNCLOSED":
                tokens.append(Token(UNCLOSED_QUOTE, text, start, start + 1))
            case "BAD":
                tokens.append(Token(BAD_CHARACTER, text, start, end))
            case _:
                tokens.append(Token(kind, text, start, end))
    if tokens or comment:
        yield Line(tuple(_join_digits(tokens)), comment, line_start, len(source.text))


def _keyword(word: str, keywords: Mapping[str, str]) -> tuple[str, str] | None:
    folded = fold(word)
    terminal = keywords.get(folded)
    return None if terminal is None else (terminal, folded)


def _day_range(word: str, start: int, keywords: Mapping[str, str]) -> list[Token] | None:
    """Return `lundi-vendredi` as three tokens, and None for any other word: `Aix-en-Provence` is a name."""
    first, dash, last = word.partition("-")
    if not dash or fold(first) not in _DAYS or fold(last) not in _DAYS:
        return None
    middle = start + len(first)
    return [
        Token(keywords[fold(first)], fold(first), start, middle),
        Token("TIRET", "-", middle, middle + 1),
        Token(keywords[fold(last)], fold(last), middle + 1, start + len(word)),
    ]


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
