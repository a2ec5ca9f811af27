"""A difference in, JSON for programs out, by `schema.json`: complete, and exact for whoever evaluates it alone."""

import re
from collections.abc import Iterator
from typing import Any, Final

from policyc import digits
from policyc.diff.grouping import OWN, Group
from policyc.diff.partition import Times
from policyc.diff.phrasing import Phrasing, Told
from policyc.diff.redacting import Mask
from policyc.diff.replay import Replay
from policyc.digits import Caller, Kind, NumberSet
from policyc.model import Policy
from policyc.outcomes import Ending
from policyc.report import Catalogue, json_text
from policyc.words import Words

Json = dict[str, Any]
# Strings of JSON hold no line feed: a bracket before one is no part of a string.
_INNERMOST: Final = re.compile(r"([\[{])((?:\n[^\[\]{}\n]+)+)\n *([\]}])")
_WIDTH: Final = 100
_NOT_ONE: Final = digits.ANONYMOUS | (digits.EVERYONE - digits.UNIVERSE)  # callers that have no number to tell


def to_json(told: Told, words: Words, catalogue: Catalogue) -> str:
    """Return the whole difference as JSON."""
    return _INNERMOST.sub(_on_one_line, json_text(as_data(told, words, catalogue)))


def _on_one_line(found: re.Match[str]) -> str:
    """Return a list or an object that holds no other on one line, if it is short: most are ranges."""
    text = found[1] + " ".join(line.strip() for line in found[2].split("\n")[1:]) + found[3]
    return text if len(text) <= _WIDTH else found[0]


def as_data(told: Told, words: Words, catalogue: Catalogue) -> Json:
    """Return the whole difference as JSON values."""
    difference, say = told.difference, Phrasing(told, words, catalogue, str)
    return {
        "identical": not difference.groups,
        "redacted": told.redact,
        "extensions": difference.extensions,
        "verdict": say.verdict(),
        "old": _side(told, difference.old, [group.before for group in difference.groups]),
        "new": _side(told, difference.new, [group.after for group in difference.groups]),
        "shares": {one.callers: one.part for one in difference.shares},
        "changes": [_change(told, group, say) for group in difference.groups],
        "replay": told.replayed and _replay(told, told.replayed),
        "settings": [
            {
                "number": one.number,
                "key": one.key,
                "before": _value(told.mask, one.key, one.before),
                "after": _value(told.mask, one.key, one.after),
                "text": say.setting(one),
            }
            for one in difference.settings
        ],
    }


def _replay(told: Told, replayed: Replay) -> Json:
    index = {id(group): at for at, group in enumerate(told.difference.groups)}
    return {
        "calls": replayed.calls,
        "others": replayed.others,
        "moved": replayed.count,
        "changes": [
            {
                "change": index[id(one.group)],
                "to": one.extension,
                "calls": one.count,
                "first": {
                    "line": one.first.line,
                    "caller": None if one.caller.number is None else told.mask.number(one.caller.number),
                    "kind": one.caller.kind.value,
                    "at": one.first.local.isoformat(timespec="seconds"),
                },
            }
            for one in replayed.moved
        ],
    }


def _side(told: Told, policy: Policy, endings: list[Ending]) -> Json:
    return {
        "name": told.mask.text(policy.name),
        "zone": policy.zone.key,
        "mobiles": _mobiles(told, policy) if any(one.number == OWN for one in endings) else {},
    }


def _mobiles(told: Told, policy: Policy) -> dict[str, str]:
    changed = {extension for group in told.difference.groups for extension in group.extensions}
    return {
        number: told.mask.number(one.mobile)
        for number, one in sorted(policy.extensions.items(), key=lambda one: (len(one[0]), one[0]))
        if number in changed and one.mobile is not None
    }


def _change(told: Told, group: Group, say: Phrasing) -> Json:
    example = group.example
    return {
        "extensions": list(group.extensions),
        "callers": list(_callers(group.callers, told.mask)),
        "numbers": group.callers.numbers,
        "times": _times(group.times),
        "before": _ending(group.before, told.mask),
        "after": _ending(group.after, told.mask),
        "text": {
            "line": say.line(group),
            "extensions": say.extensions(group),
            "callers": say.callers(group),
            "times": say.times(group),
            "before": say.before(group),
            "after": say.after(group),
        },
        "example": {
            "caller": None if example.caller.number is None else told.mask.number(example.caller.number),
            "kind": example.caller.kind.value,
            "to": example.called,
            "at": example.local.isoformat(timespec="minutes"),
            "before": _steps(told, group, after=False),
            "after": _steps(told, group, after=True),
        },
    }


def _callers(callers: NumberSet, mask: Mask) -> Iterator[Json]:
    """Yield callers as ranges of numbers of one length and sign, after those that have no number."""
    for kind in Kind:
        if digits.OF_KIND[kind] <= callers:
            yield {"kind": kind.value}
            continue
        if Caller(kind, None) in callers:
            yield {"kind": kind.value, "anonymous": True}
        if Caller(kind, "9" * 20) in callers:  # one of those beyond the universe, which go together
            yield {"kind": kind.value, "beyond": True}
        last: Json = {}
        for low, high in _ranges(callers & digits.OF_KIND[kind] - _NOT_ONE):
            first, end = mask.number(low), mask.number(high)
            if last and last["to"] == first:  # masked, the two are one
                last["to"] = end
                continue
            if last:
                yield last
            last = {"kind": kind.value, "from": first, "to": end}
        if last:
            yield last


def _ranges(numbers: NumberSet) -> Iterator[tuple[str, str]]:
    """Yield the first and the last of numbers that follow one another, of one length and sign."""
    for low, high in numbers.intervals:
        first = low
        while first < high:
            caller = digits.caller_at(first)
            number = caller.number or ""
            highest = re.sub("[0-9]", "9", number)
            end = min(high, digits.rank(Caller(caller.kind, highest)) + 1)
            yield number, digits.caller_at(end - 1).number or ""
            first = end


def _times(times: Times) -> str | list[Json]:
    if times.always:
        return "always"
    return [
        {
            "week": [list(span) for span in week],
            "dates": [[first.isoformat(), last.isoformat()] for first, last in dates],
        }
        for week, dates in times.partition.cells(times.mask)
    ]


def _ending(ending: Ending, mask: Mask) -> Json:
    """Return an ending as `trace` does; what is the called extension's own is named by `own`."""
    if ending.kind == "outside":
        return {"kind": "system", "extension": None, "own": ["extension"], "outside": True}
    found: Json = {"kind": ending.kind}
    if ending.extension is not None:
        found["extension"] = ending.extension or None
    if ending.number is not None:
        found["number"] = mask.number(ending.number) or None
    own = [key for key, value in (("extension", ending.extension), ("number", ending.number)) if value == OWN]
    return {**found, "own": own} if own else found


def _steps(told: Told, group: Group, *, after: bool) -> list[Json]:
    found = []
    for step in group.example.after if after else group.example.before:
        place = told.place(step, after=after)
        rule = None if place is None else dict(zip(("file", "line", "text"), place, strict=True))
        found.append({"extension": step.extension, "rule": rule})
    return found


def _value(mask: Mask, key: str, value: str | int | bool | None) -> str | int | bool | None:
    if not isinstance(value, str):
        return value
    return mask.number(value) if key == "mobile" else mask.text(value)
