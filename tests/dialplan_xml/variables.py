r"""Texts: `${…}` expansion, `$1` substitution, words with quotes, truth values.

Of the commands of FreeSWITCH, `${strftime_tz(zone format)}` is read; `value` is asked for it as it is written.

Refused in an expansion: `\$` (no escape, whatever it looks like), `$$`, and all of `${…}` but a plain name: `:` takes
a part, `[` an element, `(` or a space runs a command of FreeSWITCH (but that one), and a name within a name is built
as it runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import InjectionError, Place, UnsupportedError
from .regexes import Match, to_bytes, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

_VARIABLE = re.compile(r"\$\\*\{")
_ESCAPE = re.compile(r"\\[\\nst']")
_NAME = re.compile(r"\$\{([A-Za-z0-9_.-]+|strftime_tz\([A-Za-z0-9/_+-]+ [A-Za-z0-9%:-]+\))\}")
_GROUP = re.compile(r"\$(?:(\d+)|\{(\d+)\})")
_NUMBER = re.compile(r"[-+]?[\d.]*", re.ASCII)


def is_expanded(text: str) -> bool:
    """Whether FreeSWITCH looks into the text at all."""
    return bool(_VARIABLE.search(text) or _ESCAPE.search(text))


def expand(text: str, value: Callable[[str], str], place: Place) -> str:
    """Return the text with its `${name}` replaced by `value(name)`, which is expanded in its turn.

    Raises UnsupportedError, and InjectionError when a value has `${` itself.
    """
    if ("$" not in text and "\\" not in text) or not is_expanded(text):
        return text
    done: list[str] = []
    at = 0
    while at < len(text):
        char, follower = text[at], text[at + 1 : at + 2]
        if char == "\\" and follower == "$":
            raise UnsupportedError(place, f"a backslash before $, in {text}")
        if char == "\\" and follower in ("'", "\\"):
            done.append("\\" if follower == "\\" else "")
            at += 2
        elif char == "$" and follower == "$":
            raise UnsupportedError(place, f"$$, in {text}")
        elif char == "$" and follower == "{":
            found = _NAME.match(text, at)
            if not found:
                raise UnsupportedError(place, f"not the plain name of a variable, in {text}")
            given = value(found[1])
            if _VARIABLE.search(given):
                raise InjectionError(place, f"${{{found[1]}}} is {given!r}, in {text}")
            done.append(expand(given, value, place))
            at = found.end()
            if text[at : at + 1] not in ("", "$"):  # what follows is taken as it is
                done.append(text[at])
                at += 1
        else:
            done.append(char)
            at += 1
    return "".join(done)


def refuse_variables(text: str, place: Place) -> None:
    """Raise InjectionError when a text whose own `${…}` are done still has one: FreeSWITCH would expand it again."""
    if _VARIABLE.search(text):
        raise InjectionError(place, f"expanded once more: {text!r}")


def substitute(data: str, match: Match, subject: str, place: Place) -> str:
    """Return the data of an action with `$1`, `${1}`… replaced by what the groups hold, empty for a missing one.

    The result is cut where FreeSWITCH's buffer ends. Raises UnsupportedError, and InjectionError when what a
    group holds makes a `${` that the data has not.
    """
    if re.search(r"\$\{\d+[^\d}]|\$\{\d+$|\$\{?\d{9}", data):
        raise UnsupportedError(place, f"a group number, in {data}")
    result = _GROUP.sub(lambda found: _group(match, found), data)
    harmless = _GROUP.sub(lambda found: re.sub(r"[${\\]", "-", _group(match, found)), data)
    starts = [[found.start() for found in _VARIABLE.finditer(text)] for text in (result, harmless)]
    if starts[0] != starts[1]:
        raise InjectionError(place, f"{match.groups} makes {result!r} of {data}")
    room = (len(to_bytes(data)) + len(to_bytes(subject)) + 10) * match.count - 1
    return to_text(to_bytes(result)[:room])


def _group(match: Match, found: re.Match[str]) -> str:
    number = int(found[1] or found[2])
    return (match.groups[number] or "") if number < len(match.groups) and number <= 256 else ""


def is_true(text: str | None) -> bool:
    """Whether FreeSWITCH takes the text for true."""
    if not text:
        return False
    if text.lower() in ("yes", "on", "true", "t", "enabled", "active", "allow"):
        return True
    return is_number(text) and leading_number(text) != 0


def is_number(text: str) -> bool:
    """Whether FreeSWITCH takes the text for a number."""
    return bool(text) and bool(_NUMBER.fullmatch(text))


def leading_number(text: str) -> int:
    """Return the number that the text begins with, 0 if none (C's atoi)."""
    found = re.match(r"\s*[-+]?\d+", text, re.ASCII)
    return int(found[0]) if found else 0


def words(text: str, limit: int) -> list[str]:
    """Return the words of the text, at most `limit`, quotes and backslashes as FreeSWITCH reads them."""
    if text.startswith("^^"):
        raise ValueError("another separator")
    found: list[str] = []
    at = 0
    while at < len(text) and len(found) < limit:
        start = at
        while text[at : at + 1] == " ":
            at += 1
        quoted = False
        while at < len(text) and (quoted or text[at] != " "):
            if text[at] == "\\":
                at += 1
            elif text[at] == "'":
                quoted = not quoted
            at += 1
        last = len(found) + 1 == limit
        found.append(clean(text[start:] if last else text[start:at], ""))
        while text[at : at + 1] == " ":
            at += 1
    return found


def fields(text: str, separator: str, limit: int) -> list[str]:
    """Return the parts of the text between separators outside quotes, at most `limit`; the last one has the rest."""
    found: list[str] = []
    at = 0
    while at < len(text):
        start = at
        if len(found) + 1 == limit:
            found.append(clean(text[start:], separator))
            break
        quoted = False
        while at < len(text) and (quoted or text[at] != separator):
            if text[at] == "\\":
                at += 1
            elif text[at] == "'" and (quoted or "'" in text[at + 1 :]):
                quoted = not quoted
            at += 1
        found.append(clean(text[start:at], separator))
        at += 1
    return found


def clean(text: str, separator: str) -> str:
    """Return a part without its quotes, escapes and outer spaces."""
    text = text.lstrip(" ")
    done: list[str] = []
    end: int | None = None
    quoted = False
    at = 0
    while at < len(text):
        char = text[at]
        follower = text[at + 1 : at + 2]
        meant = {"n": "\n", "r": "\r", "t": "\t", "s": " "}.get(follower, follower)
        if char == "\\" and follower and (follower in "'\"\\" or follower == separator or meant != follower):
            done.append(follower if follower in "'\"\\" or follower == separator else meant)
            end = len(done)
            at += 2
            continue
        if char == "'" and (quoted or "'" in text[at + 1 :]):
            quoted = not quoted
            if quoted:
                end = len(done)
        else:
            done.append(char)
            if char != " " or quoted:
                end = len(done)
        at += 1
    return "".join(done if end is None else done[:end])
