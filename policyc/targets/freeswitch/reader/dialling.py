"""Dial strings in; which line a bridge dials, for how long, what it is shown, and what whoever answers must do, out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from policyc import values
from policyc.targets.freeswitch.reader import texts
from policyc.targets.freeswitch.reader.applications import spelt
from policyc.targets.freeswitch.reader.branch import FAMILIES
from policyc.targets.freeswitch.reader.errors import Unclear, What
from policyc.targets.freeswitch.reader.expanding import fields, leading_number
from policyc.targets.freeswitch.reader.plans import Confirm, Dialled, Shown
from policyc.targets.freeswitch.reader.texts import show

_READ = frozenset(
    "origination_caller_id_number origination_caller_id_name origination_privacy originate_timeout leg_timeout"
    " group_confirm_key group_confirm_file group_confirm_cancel_timeout group_confirm_read_timeout"
    " group_confirm_timeout"
    " ignore_early_media instant_ringback ringback hangup_after_bridge sip_cid_type sip_h_privacy".split()
)
"""The variables of FreeSWITCH that a dial string may have, besides those of the dialplan's own."""
CONFIRM = ("group_confirm_key", "group_confirm_file", "group_confirm_cancel_timeout", "group_confirm_timeout")
"""Those that a line takes from the caller's channel."""
_RING_SECONDS = 60  # without a limit of the dialplan's
_ODD = re.compile(r"['\\{}<>]|:_:")


@values.value()
class DialString:
    """The variables of `{}` and of `[]`, by name in lower case, and what is dialled."""

    variables: Mapping[str, str]
    own: Mapping[str, str]
    line: str


def read(text: str) -> DialString:
    """Return the parts of an expanded dial string. Raises Unclear."""
    rest = text.lstrip(" ")
    if rest.startswith("<"):
        raise Unclear(What.ARGUMENTS, show(text))
    variables: dict[str, str] = {}
    while rest.startswith("{"):
        inner, rest = _bracketed(rest, "{}")
        variables.update(_listed(inner))
    rest = rest.lstrip(" ")
    own: dict[str, str] = {}
    while rest.startswith("["):
        inner, rest = _bracketed(rest, "[]")
        if "'" in inner or "\\" in inner:
            raise Unclear(What.ARGUMENTS, show(f"[{inner}]"))
        own.update(_variables(inner.split(","), inner))
    rest = rest.strip(" ")
    if not rest or _ODD.search(rest):
        raise Unclear(What.ARGUMENTS, show(text))
    return DialString(variables, own, rest)


def _bracketed(text: str, brackets: str) -> tuple[str, str]:
    """Return what the brackets hold that the text begins with, and the rest. Quotes do not count."""
    end = text.find(brackets[1])
    if text.find(brackets[0], 1, end) < 0 <= end:
        return text[1:end], text[end + 1 :]
    depth = 0
    for index, char in enumerate(text):
        depth += (char == brackets[0]) - (char == brackets[1])
        if not depth:
            return text[1:index], text[index + 1 :]
    raise Unclear(What.ARGUMENTS, show(text))


@lru_cache(maxsize=4096)
def _listed(inner: str) -> Mapping[str, str]:
    """Return the variables that braces hold. Raises Unclear."""
    return _variables(fields(inner, ",", 1024), inner)


def _variables(parts: Sequence[str], inner: str) -> dict[str, str]:
    if inner.startswith("^^"):
        raise Unclear(What.ARGUMENTS, show(inner))
    found: dict[str, str] = {}
    for part in parts:
        pair = fields(part, "=", 2)
        if len(pair) != 2 or not texts.is_known(pair[0]):
            raise Unclear(What.ARGUMENTS, show(part))
        name, value = pair[0].lower(), pair[1]
        if name not in _READ and name.startswith(FAMILIES):
            raise Unclear(What.VARIABLE, show(part))
        found[name] = value
    return found


DEPENDS = (
    *("call_timeout", "effective_caller_id_number", "effective_caller_id_name"),
    *("@caller_id_number", "@caller_id_name", "@hide_number", "@hide_name"),
    *CONFIRM,
)
"""All of a channel that says how a bridge dials, besides the variables that are exported."""


def dialled(data: str, channel: Mapping[str, str], exported: Mapping[str, str], presented: str | None) -> Dialled:
    """Return what a bridge dials, given its data and what a channel has. Raises Unclear.

    A number that is the one `presented` is shown as such; None: it stands in texts as `texts.PRESENTED`.
    """
    string = read(spelt(data))
    given = (string.variables, string.own, channel, exported)
    seconds, by_leg, caller, confirm = _manner(*(tuple(its.items()) for its in given), presented)
    return Dialled(string.line, seconds, by_leg, caller, confirm)


_Items = tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def _manner(
    of_all: _Items, own: _Items, of_channel: _Items, exported: _Items, presented: str | None
) -> tuple[int, bool, Shown, Confirm | None]:
    """Return how a line is dialled, whichever it is. Raises Unclear."""
    channel = dict(of_channel)
    variables = {**dict(exported), **dict(of_all)}
    for name in CONFIRM:
        if channel[name]:
            variables.setdefault(name, channel[name])
    both = {**variables, **dict(own)}
    return *_seconds(channel["call_timeout"], variables, both), _shown(channel, both, presented), _confirm(both)


def _seconds(call_timeout: str, variables: Mapping[str, str], both: Mapping[str, str]) -> tuple[int, bool]:
    """Return how long a line is dialled, and whether it is `leg_timeout` that ends it: that is no NO_ANSWER."""
    seconds = leading_number(call_timeout)
    if (limit := leading_number(variables.get("originate_timeout", ""))) > 0:
        seconds = limit
    if seconds < 0:
        raise Unclear(What.ARGUMENTS, str(seconds))
    leg = leading_number(both.get("leg_timeout", ""))
    if 0 < leg < (seconds or _RING_SECONDS):
        return leg, True
    return seconds or _RING_SECONDS, False


def _shown(channel: Mapping[str, str], both: Mapping[str, str], presented: str | None) -> Shown:
    caller = shown(channel, presented)
    number = both.get("origination_caller_id_number") or channel["effective_caller_id_number"]
    name = both.get("origination_caller_id_name") or channel["effective_caller_id_name"]
    privacy = both.get("origination_privacy")
    if privacy is not None and not texts.is_known(privacy):
        raise Unclear(What.VALUE, show(privacy))
    return Shown(
        mark(number, presented) if number else caller.number,
        name or caller.name,
        caller.hides_number if privacy is None else "hide_number" in privacy.lower(),
        caller.hides_name if privacy is None else "hide_name" in privacy.lower(),
        both.get("sip_cid_type", ""),
        both.get("sip_h_privacy", ""),
    )


def shown(channel: Mapping[str, str], presented: str | None) -> Shown:
    """Return what the caller's profile shows. Raises Unclear."""
    return Shown(
        mark(channel["@caller_id_number"], presented),
        channel["@caller_id_name"],
        channel["@hide_number"] == "true",
        channel["@hide_name"] == "true",
    )


def mark(number: str, presented: str | None) -> str:
    """Return a number that is shown; the one that was presented is a mark. Raises Unclear."""
    return texts.PRESENTED if number in ("", presented) else spelt(number)


def _confirm(both: Mapping[str, str]) -> Confirm | None:
    key = both.get("group_confirm_key", "")
    if not key:
        return None
    file, seconds = both.get("group_confirm_file", ""), leading_number(both.get("group_confirm_timeout", ""))
    # without a time, whoever is silent holds on; a file that is missing ends the leg at once
    if len(key) != 1 or key not in "0123456789*#" or seconds <= 0 or not file.endswith("silence_stream://200"):
        raise Unclear(What.ARGUMENTS, show(f"group_confirm_key={key},group_confirm_file={file}"))
    return Confirm(key, file, seconds, both.get("group_confirm_read_timeout", ""))
