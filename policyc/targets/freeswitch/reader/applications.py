"""Applications that do one thing and let the queue go on: what they set, and what the caller hears."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from policyc.targets.freeswitch.reader import plans
from policyc.targets.freeswitch.reader.errors import Unclear, What
from policyc.targets.freeswitch.reader.expanding import again, fields, is_true, words
from policyc.targets.freeswitch.reader.texts import Choice, Value, choice, has_number, show, too_many

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.branch import Branch

SETTING = frozenset("set multiset unset multiunset export bridge_export".split())
"""Those that set variables; they and those that do nothing run `inline` too."""
NOTHING = frozenset("eval info log ring_ready".split())
INLINE = SETTING | {"eval", "info", "log"}
_OFF = frozenset("no off false f disabled inactive disallow 0".split())

Lookup = Callable[[str], Value]
"""Gives the value of a variable."""


def spelt(text: str) -> str:
    """Return a text in which no number stands that is not spelt out. Raises Unclear."""
    if has_number(text):
        raise Unclear(What.VALUE, show(text), spelt=True)
    return text


def setting(branch: Branch, application: str, data: Value, value: Lookup) -> None:
    """Run an application that sets variables; its data are expanded. Raises Unclear."""
    if isinstance(data, Choice):
        _by_answer(branch, application, data, value)
        return
    match application:
        case "set":
            _set(branch, data, value)
        case "multiset":
            for part in _parts(data):
                _set(branch, part, value)
        case "unset":
            branch.set(data, "")
        case "multiunset":
            for part in _parts(data):
                branch.set(part, "")
        case _:
            name, _, text = data.partition("=")
            branch.set(name, text)
            if text:
                branch.write("#exports", (*(branch.read("#exports") or ()), name))


def _by_answer(branch: Branch, application: str, data: Choice, value: Lookup) -> None:
    """Set variables to what an answer makes of them: to choices."""
    if application not in ("set", "multiset", "unset", "multiunset"):
        raise Unclear(What.VALUE, application)
    yes, no = branch.copy(), branch.copy()
    setting(yes, application, data.yes, value)
    setting(no, application, data.no, value)
    for name in (yes.written | no.written) - {"#exports"}:
        one, other = yes.env.get(name, ""), no.env.get(name, "")
        if one is other:
            if name not in branch.env or branch.env[name] is not one:
                branch.write(name, one)
            continue
        if not isinstance(one, str | Choice) or not isinstance(other, str | Choice):
            raise Unclear(What.VALUE, name)
        if name not in yes.written or name not in no.written:
            branch.read(name)
        made = choice(data.asked, one, other)
        if too_many(made):
            raise Unclear(What.ENDLESS, name)
        branch.write(name, made)


def _set(branch: Branch, data: str, value: Lookup) -> None:
    name, _, text = data.partition("=" if "=" in data else ",")
    branch.set(name, again(text, value))


def _parts(data: str) -> list[str]:
    """Return the parts of what multiset takes: words, or what another separator parts."""
    if data.startswith("^^") and len(data) > 3:
        return fields(data[3:], data[2], 256)
    return words(data, 256)


def _answer(branch: Branch, data: str) -> plans.Event | None:
    if data:
        raise Unclear(What.ARGUMENTS, show(data))
    if branch.is_answered:
        return None
    branch.answer()
    return plans.Answered()


def _playback(branch: Branch, data: str) -> plans.Event | None:
    branch.hear()
    return plans.Played(spelt(data))


def _say(branch: Branch, data: str) -> plans.Event | None:
    parts = words(spelt(data), 5)
    if len(parts) < 4 or parts[2].lower() not in ("iterated", "pronounced"):
        raise Unclear(What.ARGUMENTS, show(data))
    branch.hear()
    return plans.Said(parts[0], parts[1].lower(), parts[2].lower(), parts[-1])


def _pre_answer(branch: Branch, data: str) -> plans.Event | None:
    if data:
        raise Unclear(What.ARGUMENTS, show(data))
    branch.hear()
    return None


def _sleep(_: Branch, data: str) -> plans.Event | None:
    return plans.Waited(spelt(data))


def _privacy(branch: Branch, data: str) -> plans.Event | None:
    how = data.lower()
    whole = how == "full" or is_true(data)
    if whole or how in ("name", "number"):
        for one in ("name", "number"):
            if whole or how == one:
                branch.write(f"@hide_{one}", "true")
    elif how in _OFF:
        branch.write("@hide_name", "false")
        branch.write("@hide_number", "false")
    else:
        raise Unclear(What.ARGUMENTS, show(data))
    branch.write("@screen", "true")
    return None


def _voicemail(branch: Branch, data: str) -> plans.Event | None:
    parts = words(spelt(data), 6)
    if len(parts) != 3 or parts[0].lower() in ("check", "auth", "auth_only"):
        raise Unclear(What.ARGUMENTS, show(data))
    branch.answer()
    return plans.LeftMessage(*parts)


HEARD: dict[str, Callable[[Branch, str], plans.Event | None]] = {
    "answer": _answer,
    "playback": _playback,
    "pre_answer": _pre_answer,
    "privacy": _privacy,
    "say": _say,
    "sleep": _sleep,
    "voicemail": _voicemail,
}
"""Those that a caller may hear, by their names: data in, expanded, the event out."""
