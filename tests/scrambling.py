"""A policy in its canonical layout in, the same policy in a bad one out: what `policyc fmt` has to put right again.

It goes by the tokens of each line, and shares nothing with what formats: each is spelt in another way, with other
blanks around it. Names, texts and comments keep their characters; blank lines that are the author's own stay.
"""

from __future__ import annotations

import random
import re
import unicodedata

from policyc import lexer, syntax
from policyc.source import SourceFile, plain

_BLANKS = (" ", " ", " ", "  ", "\t", "\u00a0", "\u202f", " , ", ", ", ",")
_QUOTES = ('"{}"', "«{}»", "« {} »", "«\u00a0{}\u00a0»", "“{}”", '"  {} "')
_ONE_WORD = ("POSTE", "EXTENSION")


def scramble(text: str, rng: random.Random) -> str:
    """Return a canonical text in a random bad layout."""
    source = SourceFile("p.pol", plain(text))
    lines = {source.position(line.start)[0]: line for line in lexer.lex(source, syntax.keywords())}
    written: list[str] = []
    for number in range(1, source.lines):
        line = lines.get(number)
        if line is None:
            written += _blank_lines(source, number, rng)
        else:
            written.append(_line(text, line, source.line(number), rng))
    if rng.random() < 0.3:
        written += ["", " \t"]
    end = rng.choice(("\n", "\n", "\r\n", "\r"))
    whole = end.join(written) + (end if rng.random() < 0.7 else "")
    if rng.random() < 0.2:
        whole = unicodedata.normalize("NFD", whole)
    return ("\ufeff" if rng.random() < 0.2 else "") + ("\n" if rng.random() < 0.2 else "") + whole


def _blank_lines(source: SourceFile, number: int, rng: random.Random) -> list[str]:
    """Return some blank lines for one, or none where a block makes one anyhow: behind its lines, or before the next."""
    above, below = source.line(number - 1), source.line(number + 1)
    opens = re.match("pour|test|garantie", below) is not None and not above.startswith("#")
    ends = above.startswith("  ") and not below.startswith(("  ", "#"))
    if (opens or ends) and rng.random() < 0.5:
        return []
    return [rng.choice(("", "", " ", "\t ", ",", " , ,")) for _ in range(rng.choice((1, 1, 2, 4)))]


def _line(text: str, line: lexer.Line, shown: str, rng: random.Random) -> str:
    deep = shown.startswith("  ")
    if line.comment and not line.tokens:  # at the end of a block, how far it stands to the right tells whose it is
        return (rng.choice(("  ", "\t\t", "     ")) if deep else "") + text[line.comment.start : line.comment.end]
    indent = rng.choice(("", " ", "\t", "    ")) if deep else rng.choice(("", "", " "))
    said = indent + "".join(_spelt(text, line, at, rng) + _between(line, at, rng) for at in range(len(line.tokens)))
    if line.comment:
        said += rng.choice(("", " ", "\t", "   ")) + text[line.comment.start : line.comment.end]
    return said + rng.choice(("", "", " ", "\t", "\u00a0"))


def _between(line: lexer.Line, at: int, rng: random.Random) -> str:
    """Return what stands behind a token: often less, or more, than there was."""
    token = line.tokens[at]
    if at + 1 == len(line.tokens):
        return rng.choice(("", " ")) if token.type in ("NAME", "NUMBER", "PREFIX") else ""
    following = line.tokens[at + 1]
    if {token.type, following.type} & {"TIRET", "JUSQUE"}:
        return rng.choice(("", "", " ", "\t"))
    if token.type == "NUMBER" and token.value[0] in "0+" and following.type in ("NUMBER", "PREFIX"):
        return rng.choice((", ", ",", " ,\t"))  # only a comma ends such a number for sure
    if token.type == "SONNE":
        return rng.choice((" ", "\t"))
    return rng.choice(_BLANKS)


def _spelt(text: str, line: lexer.Line, at: int, rng: random.Random) -> str:
    token = line.tokens[at]
    as_written = text[token.start : token.end]
    match token.type:
        case "NUMBER" | "PREFIX":
            return _number(token, rng)
        case "TIME":
            hours, minutes = map(int, token.value.split(":"))
            spoken = f"{hours}h{minutes:02}" if minutes else f"{hours}H"
            return rng.choice((f"{hours}:{minutes:02}", f"{hours:02}h{minutes:02}", spoken))
        case "DATE":
            year, month, day = map(int, token.value.split("-"))
            return rng.choice((f"{day}/{month}/{year}", f"{day:02}/{month:02}/{year}", f"{year}-{month}-{day}"))
        case "DURATION":
            return rng.choice((token.value.upper(), token.value.replace("s", " s"), f"0{token.value}"))
        case "NAME":
            return _name(as_written, rng) if line.tokens[0].type != "FERIES" else as_written
        case "EGAL":
            return rng.choice(("=", ""))
        case "TIRET":
            return rng.choice(("-", "–", "—"))
        case "JUSQUE" | "STAR":
            return as_written
    word = syntax.spelling()[rng.choice(_ONE_WORD) if token.type in _ONE_WORD else token.type]
    bare = "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
    return rng.choice((word, bare, word.upper(), bare.capitalize(), word.replace("'", "’")))


def _number(token: lexer.Token, rng: random.Random) -> str:
    digits, star = token.value, "*" * (token.type == "PREFIX")
    spellings = [digits + star]
    if digits[0] == "0" and len(digits) == 10 and not star:
        pairs = [digits[at : at + 2] for at in range(0, 10, 2)]
        spellings += [sign.join(pairs) for sign in (" ", "\u00a0", ".", "-", "  ", "\t")]
        spellings += [f"{digits[:4]} {digits[4:]}"]
    if digits.startswith("+33") and len(digits) == 12 and not star:
        spellings += [f"+33 (0){digits[3:]}", f"+33(0){digits[3]} {digits[4:]}", f"+33.{digits[3:]}"]
    if digits.startswith("06") and len(digits) > 2 and star:
        spellings += [f"{digits[:2]} {digits[2:]}*", f"06.{digits[2:]}*"]
    return rng.choice(spellings)


def _name(written: str, rng: random.Random) -> str:
    inner = written.strip('"')
    if set('"«»“”') & set(inner) or written[0] in "«“":
        return written
    quoted = rng.choice(_QUOTES).format(inner.replace(" ", rng.choice((" ", "  ", "\t"))))
    return rng.choice((written, quoted))
