"""The value of a token in, its canonical spelling out, which the lexer reads back as the same number, hour or name."""

import re
from functools import lru_cache

from policyc import lexer, numbering
from policyc.source import SourceFile, plain
from policyc.syntax import keywords

_INTERNATIONAL = re.compile(r"(\+|00(?=[1-9]))([0-9]*)")
_FRENCH_ABROAD = re.compile(r"[1-9][0-9]{8}|(?:700|901)[0-9]{10}")  # what follows +33
_BLANKS = re.compile(r"\s+")


def number(value: str) -> str:
    """Return a number in the groups that people read; short, internal and irregular ones as they are."""
    abroad = _INTERNATIONAL.fullmatch(value)
    if abroad:
        return _international(abroad[1], abroad[2])
    if numbering.is_french(value):
        return _pairs(value)
    return value or "(0)"  # all there was


def prefix(value: str) -> str:
    """Return a prefix in the groups of the numbers that it starts, with its star."""
    abroad = _INTERNATIONAL.fullmatch(value)
    if abroad:
        return _international_prefix(abroad[1], abroad[2]) + "*"
    if value.startswith("0") and len(value) <= 10:  # with more, the lexer would see a whole number in it
        return _pairs(value) + "*"
    return f"{value or '(0)'}*"


def date(value: str) -> str:
    """Return a date as 2026-12-24."""
    if "/" in value:
        day, month, year = value.split("/")
    else:
        year, month, day = value.split("-")
    return f"{year}-{month:0>2}-{day:0>2}"


def hour(value: str) -> str:
    """Return an hour as 09:30."""
    hours, _, minutes = value.lower().replace("h", ":").partition(":")
    return f"{hours:0>2}:{minutes:0>2}"


def duration(value: str) -> str:
    """Return a duration as 20s."""
    return f"{int(value.rstrip(' sS'))}s"


@lru_cache(maxsize=1 << 16)
def name(written: str) -> str:
    """Return a name, without quotes where it is read as the same name without them."""
    text = _unquoted(written)
    return text if _is_bare(text) else _quoted(text)


@lru_cache(maxsize=1 << 16)
def text(written: str) -> str:
    """Return a text in quotes: a title, a reason, a path."""
    return _quoted(_unquoted(written))


def region(written: tuple[str, ...]) -> str:
    """Return the region of public holidays, one name or several words in a row, with quotes where it must have them."""
    whole = " ".join(map(_unquoted, written))
    words = whole.split()
    return " ".join(words) if words and all(map(_is_bare, words)) else _quoted(whole)


def _pairs(digits: str) -> str:
    return " ".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _international(sign: str, digits: str) -> str:
    if digits.startswith("33"):
        national = digits[2:]
        return f"{sign}33 {national[0]} {_pairs(national[1:])}" if _FRENCH_ABROAD.fullmatch(national) else sign + digits
    return _foreign(digits).replace("+", sign)


@lru_cache(maxsize=1 << 16)
def _foreign(digits: str) -> str:
    """Return `+` and the digits of a foreign number, in the groups of its country where that has any for it."""
    import phonenumbers  # only where a policy names foreign numbers

    written = "+" + digits
    try:
        parsed = phonenumbers.parse(written)
    except phonenumbers.NumberParseException:
        return written
    if not phonenumbers.is_possible_number(parsed):
        return written
    grouped = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace("-", " ")
    same = re.fullmatch(r"\+[0-9]+(?: [0-9]+)*", grouped) and grouped.replace(" ", "") == written
    return grouped if same else written


def _international_prefix(sign: str, digits: str) -> str:
    if digits.startswith("33"):
        national = digits[2:]
        if not 1 <= len(national) <= 9:
            return sign + digits
        return f"{sign}33 {national[0]} {_pairs(national[1:])}".rstrip()
    code = _country_code(digits)
    return f"{sign}{code} {digits[len(code) :]}".rstrip()


@lru_cache(maxsize=1 << 16)
def _country_code(digits: str) -> str:
    """Return the country code that digits start with, or all of them if they start with none."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as KNOWN

    starts = (digits[:length] for length in range(1, min(len(digits), 3) + 1))
    return next((start for start in starts if int(start) in KNOWN), digits)


def _unquoted(written: str) -> str:
    """Return the characters of a name as they were typed, with single blanks."""
    inner = written[1:-1] if written[0] in '"«“' else written
    return _BLANKS.sub(_blank, inner.strip())


def _blank(run: re.Match[str]) -> str:
    """Return the one blank that a run becomes: a no-break space, or another that someone chose, if it has one."""
    return next((char for char in run[0] if char not in " \t" and plain(char) == " "), " ")


def _quoted(inner: str) -> str:
    if '"' not in inner:
        return f'"{inner}"'
    return f"« {inner} »" if "»" not in inner else f"“{inner}”"  # it came in one of these, without that one's end


def _is_bare(inner: str) -> bool:
    """Tell whether a text is read as a name without quotes."""
    shown = plain(inner)
    line = next(lexer.lex(SourceFile("", shown), keywords()), None)
    if line is None or shown.startswith(('"', "«", "“")):
        return False
    return line.comment is None and line.tokens == (lexer.Token("NAME", shown, 0, len(shown)),)
