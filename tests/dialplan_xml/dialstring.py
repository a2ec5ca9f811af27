"""Dial strings: the variables before a destination, and which line the destination is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .channel import FAMILIES
from .errors import Place, UnsupportedError
from .variables import fields

READ = frozenset(
    "origination_caller_id_number origination_caller_id_name origination_privacy originate_timeout leg_timeout"
    " group_confirm_key group_confirm_file group_confirm_cancel_timeout group_confirm_read_timeout"
    " group_confirm_timeout"
    " ignore_early_media instant_ringback ringback hangup_after_bridge sip_cid_type sip_h_privacy".split()
)
"""The variables of FreeSWITCH that a dial string may have, besides those of the dialplan's own."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a destination is recognised: a pattern that must match all of it, its group `number` the number."""

    kind: str  # "extension" or "external"
    pattern: str


@dataclass(frozen=True, slots=True)
class Destination:
    """What a bridge dials: a line, and its variables, those of `{}` and then of `[]`, by name in lower case."""

    kind: str
    number: str
    variables: dict[str, str]  # of {}
    own: dict[str, str]  # of []
    dialled: str  # what the endpoint is asked for


def read_destination(text: str, lines: Sequence[Line], place: Place) -> Destination:
    """Return what an expanded dial string means. Raises UnsupportedError for several destinations, or no known line."""
    rest = text.lstrip(" ")
    if ":_:" in rest or rest.startswith("<"):
        raise UnsupportedError(place, f"several destinations: {text}")
    variables: dict[str, str] = {}
    while rest.startswith("{"):
        inner, rest = _bracketed(rest, "{}", place)
        variables.update(_variables(fields(inner, ",", 1024), inner, place))
    rest = rest.lstrip(" ")
    own: dict[str, str] = {}
    while rest.startswith("["):
        inner, rest = _bracketed(rest, "[]", place)
        if "'" in inner or "\\" in inner:
            raise UnsupportedError(place, f"quotes in [{inner}]")
        own.update(_variables(inner.split(","), inner, place))
    rest = rest.lstrip(" ")
    if set(rest) & set(",|'\\[]{}<>"):
        raise UnsupportedError(place, f"several destinations, or quotes: {rest}")
    for line in lines:
        if found := re.fullmatch(line.pattern, rest):
            return Destination(line.kind, found["number"], variables, own, rest.partition("/")[2])
    raise UnsupportedError(place, f"not a line that is known: {rest}")


def _bracketed(text: str, brackets: str, place: Place) -> tuple[str, str]:
    """Return what the brackets hold that the text begins with, and the rest. Quotes do not count."""
    depth = 0
    for index, char in enumerate(text):
        depth += (char == brackets[0]) - (char == brackets[1])
        if not depth:
            return text[1:index], text[index + 1 :]
    raise UnsupportedError(place, f"{brackets[0]} is not closed: {text}")


def _variables(parts: Sequence[str], inner: str, place: Place) -> dict[str, str]:
    if inner.startswith("^^"):
        raise UnsupportedError(place, f"another separator: {inner}")
    found: dict[str, str] = {}
    for part in parts:
        pair = fields(part, "=", 2)
        if len(pair) != 2:
            raise UnsupportedError(place, f"not a variable of a dial string: {part}")
        name, value = pair
        if name.lower() not in READ and name.lower().startswith(FAMILIES):
            raise UnsupportedError(place, f"the variable {name} of a dial string")
        found[name.lower()] = value
    return found
