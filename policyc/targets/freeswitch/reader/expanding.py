r"""Texts of actions: `${…}` and `$1` replaced, words and fields cut, as FreeSWITCH does it.

In a text that FreeSWITCH expands, `\$`, `$$` and anything in `${…}` but a plain name or `strftime_tz(zone format)` are
not understood: `:` takes a part, `[` an element, `(` or a space runs a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from policyc.targets.freeswitch.reader.errors import Unclear, What
from policyc.targets.freeswitch.reader.texts import Value, has_number, is_known, is_plain, joined, mapped, show

_EXPANDED = re.compile(r"\$\\*\{|\\[\\nst']")
_VARIABLE = re.compile(r"\$\\*\{")
_NAME = re.compile(r"\$\{([A-Za-z0-9_.-]+|strftime_tz\([A-Za-z0-9/_+-]+ [A-Za-z0-9%:-]+\))\}")
_GROUP = re.compile(r"\$(?:(\d+)|\{(\d+)\})", re.ASCII)
_ODD_GROUP = re.compile(r"\$\{\d+[^\d}]|\$\{\d+$|\$\{?\d{9}", re.ASCII)
_TRUE = frozenset("yes on true t enabled active allow".split())
_LEADING = re.compile(r"\s*[-+]?\d+", re.ASCII)
_NUMBER = re.compile(r"[-+]?[\d.]*", re.ASCII)
_BLANKS = re.compile(" +")
_RUN = re.compile(r"[^$\\]+")
_MOST_GROUPS = 256


@dataclass(frozen=True, slots=True)
class _Name:
    name: str


def is_expanded(text: str) -> bool:
    """Tell whether FreeSWITCH looks into a text at all."""
    return _EXPANDED.search(text) is not None


@lru_cache(maxsize=1 << 12)
def _parts(text: str) -> tuple[str | _Name, ...]:
    """Return a text as what stands in it and the names of variables. Raises Unclear."""
    if ("$" not in text and "\\" not in text) or not _EXPANDED.search(text):
        return (text,)
    parts: list[str | _Name] = []
    plain: list[str] = []
    at = 0
    while at < len(text):
        char, follower = text[at], text[at + 1 : at + 2]
        if (char == "\\" and follower == "$") or (char == "$" and follower == "$"):
            raise Unclear(What.ARGUMENTS, show(text))
        if char == "\\" and follower and follower in "'\\":
            plain.append("\\" if follower == "\\" else "")
            at += 2
        elif char == "$" and follower == "{":
            found = _NAME.match(text, at)
            if not found:
                raise Unclear(What.ARGUMENTS, show(text))
            if plain:
                parts.append("".join(plain))
                plain = []
            parts.append(_Name(found[1]))
            at = found.end()
            if text[at : at + 1] not in ("", "$"):  # what follows is taken as it is
                plain.append(text[at])
                at += 1
        else:
            run = _RUN.match(text, at)
            plain.append(run[0] if run else char)
            at += len(plain[-1])
    if plain:
        parts.append("".join(plain))
    return tuple(parts)


def expanded(text: str, value: Callable[[str], Value]) -> Value:
    """Return a text with its variables; their values are expanded in their turn. Raises Unclear."""
    if "$" not in text and "\\" not in text:
        return text
    parts = _parts(text)
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]

    found: list[Value] = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
            continue
        one = value(part.name)
        if not is_plain(one):
            one = mapped(one, lambda text: _again(text, value))
        found.append(one)
    return joined(found)


def _again(given: str, value: Callable[[str], Value]) -> Value:
    """Return the value of a variable, expanded in its turn."""
    if "$" not in given and "\\" not in given:
        return given
    if _VARIABLE.search(given):  # whoever gave the value could run a command
        raise Unclear(What.VALUE, show(given))
    return expanded(given, value)


def again(text: str, value: Callable[[str], Value]) -> Value:
    """Return a text that was expanded, expanded once more. Raises Unclear where that would run anything."""
    if "$" not in text and "\\" not in text:
        return text
    if _VARIABLE.search(text):
        raise Unclear(What.VALUE, show(text))
    return expanded(text, value)


def substituted(data: str, groups: Sequence[str | None], subject: str) -> str:
    """Return the data of an action with `$1`, `${1}`… replaced by what the groups hold, empty for a missing one.

    The result is cut where FreeSWITCH's buffer ends. Raises Unclear, also when a group makes a `${` of its own.
    """
    if "$" not in data:
        return data
    if _ODD_GROUP.search(data):
        raise Unclear(What.ARGUMENTS, show(data))
    count = max(number for number, text in enumerate(groups) if text is not None) + 1

    def group(found: re.Match[str]) -> str:
        number = int(found[1] or found[2])
        return (groups[number] or "") if number < len(groups) and number <= _MOST_GROUPS else ""

    result = _GROUP.sub(group, data)
    harmless = _GROUP.sub(lambda found: re.sub(r"[${\\]", "-", group(found)), data)
    if [one.start() for one in _VARIABLE.finditer(result)] != [one.start() for one in _VARIABLE.finditer(harmless)]:
        raise Unclear(What.VALUE, show(result))
    if not is_known(subject) and has_number(subject):
        raise Unclear(What.VALUE, show(data), spelt=True)
    return result[: (len(data) + len(subject) + 10) * count - 1]


def is_true(text: str | None) -> bool:
    """Tell whether FreeSWITCH takes a text for true."""
    if not text:
        return False
    return text.lower() in _TRUE or (_NUMBER.fullmatch(text) is not None and leading_number(text) != 0)


def is_number(text: str) -> bool:
    """Tell whether FreeSWITCH takes a text for a number."""
    return bool(text) and _NUMBER.fullmatch(text) is not None


def leading_number(text: str) -> int:
    """Return the number that a text begins with, 0 if none (C's atoi). Raises Unclear where it is not known."""
    if text.isdigit() and text.isascii():
        return int(text)
    found = _LEADING.match(text)
    if not is_known(text[: found.end() + 1 if found else 1]):
        raise Unclear(What.VALUE, show(text), spelt=has_number(text))
    return int(found[0]) if found else 0


def words(text: str, limit: int) -> list[str]:
    """Return the words of a text, at most `limit`, quotes and backslashes as FreeSWITCH reads them. Raises Unclear."""
    if text.startswith("^^"):
        raise Unclear(What.ARGUMENTS, show(text))
    if "'" not in text and "\\" not in text:
        return _BLANKS.split(text.strip(" "), limit - 1) if text else []
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
        found.append(_clean(text[start:] if len(found) + 1 == limit else text[start:at], ""))
        while text[at : at + 1] == " ":
            at += 1
    return found


def fields(text: str, separator: str, limit: int) -> list[str]:
    """Return the parts of a text between separators outside quotes, at most `limit`; the last one has the rest."""
    if "'" not in text and "\\" not in text:
        parts = text.split(separator, limit - 1)
        if parts[-1] == "":
            parts.pop()
        return [part.strip(" ") for part in parts]
    found: list[str] = []
    at = 0
    while at < len(text):
        start = at
        if len(found) + 1 == limit:
            found.append(_clean(text[start:], separator))
            break
        quoted = False
        while at < len(text) and (quoted or text[at] != separator):
            if text[at] == "\\":
                at += 1
            elif text[at] == "'" and (quoted or "'" in text[at + 1 :]):
                quoted = not quoted
            at += 1
        found.append(_clean(text[start:at], separator))
        at += 1
    return found


def _clean(text: str, separator: str) -> str:
    """Return a part without its quotes, escapes and outer spaces."""
    if "'" not in text and "\\" not in text:
        return text.strip(" ")
    text = text.lstrip(" ")
    done: list[str] = []
    end: int | None = None
    quoted = False
    at = 0
    while at < len(text):
        char, follower = text[at], text[at + 1 : at + 2]
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
