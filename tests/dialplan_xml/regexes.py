r"""Regular expressions as FreeSWITCH reads them (PCRE2, bytes, no options), where Python's `re` reads the same.

Refused, since Python reads them otherwise or not at all, or since FreeSWITCH gives them another sense:

- a first character `_` (an Asterisk pattern, for FreeSWITCH);
- escapes other than `\d \D \w \W \s \S` and those of punctuation: `\Z` and `\z` end elsewhere, `\b` in a class, `\1`,
  `\x`, `\p`, `\h`, `\R`, `\Q…\E`, `\K`, `\G` are not the same or not there;
- `(?` other than `(?:`, `(?=` and `(?!`: options, names, look-behind, atomic and conditional groups; `(*`;
- a capturing group in a look-ahead;
- a class that has `[`, begins with `]`, or has `&&`, `||`, `~~` or `--`: POSIX classes, and Python's future sets;
- `{` that is not `{n}`, `{n,}` or `{n,m}`: `{,m}` and spaces have changed with the version of PCRE2;
- a quantifier after a quantifier, `++` and its like (possessive), or after `^`, `$` or a look-ahead;
- a capturing group under `*`, `+` or `{…}`: what it holds in the end differs.

A malformed expression never matches in FreeSWITCH. Those that cannot be anything else, of parentheses that do not
pair or with nothing to repeat, are so here too; any other doubt is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_ESCAPES = set(r"dDwWsS")
_PUNCTUATION = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
_LOOK_AHEADS = {"(?=", "(?!"}
_REPEAT = re.compile(r"\{\d{1,4}(,(\d{1,4})?)?\}")


class RefusedError(ValueError):
    """The expression is not in the part of the syntax that is read here; the text says what."""


@dataclass(frozen=True, slots=True)
class Match:
    """A match: the groups as text, `None` for those that took no part, the whole first."""

    groups: tuple[str | None, ...]

    @property
    def count(self) -> int:
        """One more than the highest group that took part: what PCRE2 returns."""
        return max(number for number, text in enumerate(self.groups) if text is not None) + 1


def search(expression: str, subject: str) -> Match | None:
    """Return where the expression matches first in the subject, or None. Raises RefusedError."""
    pattern = compiled(expression)
    if pattern is None:
        return None
    found = pattern.search(to_bytes(subject))
    if found is None:
        return None
    return Match((to_text(found[0]), *(None if one is None else to_text(one) for one in found.groups())))


def to_bytes(text: str) -> bytes:
    """Return the text as FreeSWITCH holds it."""
    return text.encode("utf-8", "surrogateescape")


def to_text(data: bytes) -> str:
    """Return bytes as text; half a character survives as surrogates."""
    return data.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=65536)
def compiled(expression: str) -> re.Pattern[bytes] | None:
    """Return the expression compiled, or None if it is malformed and never matches. Raises RefusedError."""
    flags = 0
    if expression.startswith("_"):
        raise RefusedError("a pattern of Asterisk")
    if expression.startswith("/"):
        body, slash, options = expression[1:].rpartition("/")
        if not slash:
            return None
        if set(options) - {"i", "s"}:
            raise RefusedError(f"options {options}")
        flags = (re.IGNORECASE if "i" in options else 0) | (re.DOTALL if "s" in options else 0)
        expression = body
    if not _is_well_formed(expression):
        return None
    return re.compile(to_bytes(expression), flags)


def _is_well_formed(text: str) -> bool:
    """Walk the expression. Raises RefusedError for what is not read here."""
    stack: list[str] = []  # how the open groups begin
    repeatable = ""  # "", "atom", "capture" or "other" (an assertion or an already repeated atom)
    well_formed = True
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            follower = text[at + 1 : at + 2]
            if not follower or follower not in _ESCAPES | _PUNCTUATION:
                raise RefusedError(f"the escape \\{follower}")
            at, repeatable = at + 2, "atom"
        elif char == "[":
            at, repeatable = _class_end(text, at), "atom"
        elif char == "(":
            if text.startswith("(*", at):
                raise RefusedError("a verb (*…)")
            opening = text[at : at + 3] if text.startswith("(?", at) else "("
            if opening not in ("(", "(?:", "(?=", "(?!"):
                raise RefusedError(f"the group {opening}")
            if opening == "(" and _LOOK_AHEADS & set(stack):
                raise RefusedError("a group in a look-ahead")
            stack.append(opening)
            at, repeatable = at + len(opening), ""
        elif char == ")":
            if not stack:
                return False
            opened = stack.pop()
            at, repeatable = at + 1, "capture" if opened == "(" else "other" if opened in _LOOK_AHEADS else "atom"
        elif char in "*+?" or (char == "{" and _REPEAT.match(text, at)):
            if repeatable == "":
                well_formed = False  # PCRE2: nothing to repeat
            elif repeatable == "other" or (repeatable == "capture" and char != "?"):
                raise RefusedError(f"the repetition at character {at + 1}")
            end = _REPEAT.match(text, at)
            at, repeatable = end.end() if end else at + 1, "other"
            if end and (numbers := end[0][1:-1].split(","))[-1] and int(numbers[0]) > int(numbers[-1]):
                return False  # PCRE2: numbers out of order
            if text.startswith("?", at):  # lazy
                at += 1
        elif char == "{":
            raise RefusedError("a { that repeats nothing")
        else:
            at, repeatable = at + 1, "" if char == "|" else "other" if char in "^$" else "atom"
    return well_formed and not stack


def _class_end(text: str, start: int) -> int:
    """Return the place behind the class that begins at `start`. Raises RefusedError."""
    at = start + 2 if text.startswith("[^", start) else start + 1
    if text.startswith("]", at):
        raise RefusedError("a class that begins with ]")
    while at < len(text) and text[at] != "]":
        char, both = text[at], text[at : at + 2]
        if char == "[" or both in ("&&", "||", "~~", "--"):
            raise RefusedError(f"{both} in a class")
        if char == "\\":
            if text[at + 1 : at + 2] not in _ESCAPES | _PUNCTUATION or not text[at + 1 : at + 2]:
                raise RefusedError(f"the escape {both} in a class")
            _no_range_of_classes(text, at)
            at += 1
        elif ord(char) > 127:
            raise RefusedError("a letter beyond ASCII in a class, of which FreeSWITCH sees the bytes")
        elif (
            char == "-"
            and text[at - 1] not in "[^"
            and text[at + 1 : at + 2] not in "]\\"
            and text[at - 1] > text[at + 1 : at + 2]
        ):
            raise RefusedError("a range out of order")
        at += 1
    if at >= len(text):
        raise RefusedError("a class without end")
    return at + 1


def _no_range_of_classes(text: str, at: int) -> None:
    """Refuse `[\\d-x]` and `[a-\\d]`, which Python rejects and PCRE2 reads in its own way."""
    if text[at + 1] in _ESCAPES and (
        (text[at + 2 : at + 3] == "-" and text[at + 3 : at + 4] != "]") or (text[at - 1] == "-" and text[at - 2] != "[")
    ):
        raise RefusedError("a range of classes")
