"""A generated `policyc-3cx.json` in, faults in it out."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from faults.edits import COSMETIC, Edit, Operators

Json = Any
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Way = Callable[[Json, random.Random], str | None]
"""Changes a document that it is given, and tells what; None where there is nothing to change."""


def _applied(way: Way, text: str, rng: random.Random) -> Edit | None:
    document = json.loads(text)
    what = way(document, rng)
    return None if what is None else Edit(what, written(document))


_OPERATORS: Operators[Way] = Operators("3cx", _applied)
_way = _OPERATORS.way
faults = _OPERATORS.faults


def written(document: Json) -> str:
    """Return a document as policyc lays it out."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _all(document: Json) -> Iterator[tuple[Json, int]]:
    """Yield the lists of exceptions, each with each place in it."""
    for entry in document["value"]:
        for at in range(len(entry["ForwardingExceptions"])):
            yield entry, at


def _one(document: Json, rng: random.Random, test: Callable[[Json], Any] = lambda _: True) -> tuple[str, Json] | None:
    """Return how an exception is called that passes a test, and the exception."""
    found = [(entry, at) for entry, at in _all(document) if test(entry["ForwardingExceptions"][at])]
    if not found:
        return None
    entry, at = rng.choice(found)
    return f"{entry['Number']}, exception {at + 1}", entry["ForwardingExceptions"][at]


def _numbers(document: Json) -> list[str]:
    return [entry["Number"] for entry in document["value"]]


def _field(exception: Json) -> str:
    return "Data" if "Data" in exception else "CallerId"


def _with_pattern(document: Json, rng: random.Random, change: Callable[[str], str | None]) -> str | None:
    chosen = _one(document, rng)
    if chosen is None:
        return None
    name, exception = chosen
    field = _field(exception)
    patterns = exception[field].split(" ")
    at = rng.randrange(len(patterns))
    new = change(patterns[at])
    if new is None:
        return None
    told = f"{name}: {patterns[at]} → {new or 'nothing'}"
    patterns[at : at + 1] = [new] if new else []
    if not patterns:
        return None
    exception[field] = " ".join(patterns)
    return told


# --- pattern ---


@_way("pattern")
def digit(document: Json, rng: random.Random) -> str | None:
    def change(pattern: str) -> str | None:
        places = [at for at, one in enumerate(pattern) if one.isdigit()]
        if not places:
            return None
        at = rng.choice(places)
        return pattern[:at] + str((int(pattern[at]) + rng.randrange(1, 10)) % 10) + pattern[at + 1 :]

    return _with_pattern(document, rng, change)


@_way("pattern")
def star(document: Json, rng: random.Random) -> str | None:
    return _with_pattern(document, rng, lambda one: one[:-1] or None if one.endswith("*") else f"{one}*")


@_way("pattern")
def length(document: Json, rng: random.Random) -> str | None:
    def change(pattern: str) -> str | None:
        stem, end = pattern.rstrip("*"), "*" if pattern.endswith("*") else ""
        if not stem:
            return "0*"
        return (stem[:-1] + end or None) if rng.random() < 0.5 else stem + rng.choice("0123456789") + end

    return _with_pattern(document, rng, change)


@_way("pattern")
def pattern_missing(document: Json, rng: random.Random) -> str | None:
    return _with_pattern(document, rng, lambda one: "" if one != "*" else None)


@_way("pattern")
def pattern_more(document: Json, rng: random.Random) -> str | None:
    return _with_pattern(document, rng, lambda one: f"{one} {rng.choice(('06*', '+336*', '01*', '*', '3*'))}")


# --- order ---


@_way("order")
def exchanged(document: Json, rng: random.Random) -> str | None:
    found = [(entry, at) for entry, at in _all(document) if at]
    if not found:
        return None
    entry, at = rng.choice(found)
    exceptions, other = entry["ForwardingExceptions"], rng.randrange(at)
    exceptions[at], exceptions[other] = exceptions[other], exceptions[at]
    return f"{entry['Number']}: exception {at + 1} exchanged with {other + 1}"


@_way("order")
def last_first(document: Json, rng: random.Random) -> str | None:
    found = [entry for entry in document["value"] if len(entry["ForwardingExceptions"]) > 1]
    if not found:
        return None
    entry = rng.choice(found)
    entry["ForwardingExceptions"].insert(0, entry["ForwardingExceptions"].pop())
    return f"{entry['Number']}: the last exception first"


# --- number ---


@_way("number")
def number_of_destination(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: one["Destination"]["Number"] or one["Destination"]["External"])
    if chosen is None:
        return None
    name, exception = chosen
    to = exception["Destination"]
    key = rng.choice([key for key in ("Number", "External") if to[key]])
    old = to[key]
    others = [number for number in _numbers(document) if number != old]
    at = rng.randrange(len(old))
    other = old[:at] + str((int(old[at]) + 1) % 10 if old[at].isdigit() else "0") + old[at + 1 :]
    to[key] = rng.choice((other, *others)) if key == "Number" and others else other
    return f"{name}: {key} {old} → {to[key]}"


@_way("number")
def number_of_extension(document: Json, rng: random.Random) -> str | None:
    entry = rng.choice(document["value"])
    old = entry["Number"]
    entry["Number"] = rng.choice((old[:-1] + str((int(old[-1]) + 5) % 10), old + "0"))
    return f"{old} is {entry['Number']}" if entry["Number"] not in set(_numbers(document)) - {entry["Number"]} else None


@_way("number")
def destinations_exchanged(document: Json, rng: random.Random) -> str | None:
    found = [entry for entry in document["value"] if len(entry["ForwardingExceptions"]) > 1]
    if not found:
        return None
    entry = rng.choice(found)
    one, other = rng.sample(range(len(entry["ForwardingExceptions"])), 2)
    first, second = entry["ForwardingExceptions"][one], entry["ForwardingExceptions"][other]
    first["Destination"], second["Destination"] = second["Destination"], first["Destination"]
    return f"{entry['Number']}: destinations of {one + 1} and {other + 1} exchanged"


# --- context: where to ---


@_way("context")
def kind_of_destination(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng)
    if chosen is None:
        return None
    name, exception = chosen
    to = exception["Destination"]
    old = dict(to)
    own = name.partition(",")[0]
    ways = (
        {"To": "VoiceMail", "Number": own, "External": ""},
        {"To": "None", "Number": "", "External": ""},
        {"To": "ProceedWithNoExceptions", "Number": "", "External": ""},
        {"To": "Extension", "Number": rng.choice(_numbers(document)), "External": ""},
        {"To": "External", "Number": "", "External": to["External"] or "0102030405"},
    )
    to.update(rng.choice([way for way in ways if way["To"] != to["To"]]))
    return f"{name}: {old} → {dict(to)}"


# --- time ---


@_way("time")
def bound_of_period(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: one["Hours"]["Periods"])
    if chosen is None:
        return None
    name, exception = chosen
    period = rng.choice(exception["Hours"]["Periods"])
    key = rng.choice(("Start", "Stop"))
    old = dict(period)
    hour, minute = map(int, period[key].split(":")[:2])
    moved = (hour * 60 + minute + rng.choice((-1, 1, 30, -60))) % 1440
    period[key] = f"{moved // 60:02}:{moved % 60:02}:00"
    return f"{name}: {old} → {period}" if period["Start"] < period["Stop"] else None


@_way("time")
def day_of_period(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: one["Hours"]["Periods"])
    if chosen is None:
        return None
    name, exception = chosen
    period = rng.choice(exception["Hours"]["Periods"])
    old = period["DayOfWeek"]
    period["DayOfWeek"] = rng.choice([day for day in DAYS if day != old])
    return f"{name}: {old} → {period}"


@_way("time")
def period_missing(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: len(one["Hours"]["Periods"]) > 1)
    if chosen is None:
        return None
    name, exception = chosen
    gone = exception["Hours"]["Periods"].pop(rng.randrange(len(exception["Hours"]["Periods"])))
    return f"{name}: {gone} left out"


@_way("time")
def type_of_hours(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng)
    if chosen is None:
        return None
    name, exception = chosen
    hours = exception["Hours"]
    ways = ["AllHours", "Never"]
    if hours["Periods"]:
        ways += ["SpecificHours", "SpecificHoursExcludingHolidays", "OutOfSpecificHours",
                 "OutOfSpecificHoursIncludingHolidays"]  # fmt: skip
    old = hours["Type"]
    hours["Type"] = rng.choice([way for way in ways if way != old])
    return f"{name}: {old} → {hours['Type']}"


# --- flag ---


@_way("flag")
def switched_off(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: "Enabled" in one)
    if chosen is None:
        return None
    name, exception = chosen
    exception["Enabled"] = False
    return f"{name}: switched off"


@_way("flag")
def type_of_calls(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: "CallType" in one)
    if chosen is None:
        return None
    name, exception = chosen
    old = exception["CallType"]
    exception["CallType"] = rng.choice(
        [one for one in ("AllCalls", "InternalCallsOnly", "ExternalCallsOnly") if one != old]
    )
    return f"{name}: {old} → {exception['CallType']}"


# --- privacy ---


@_way("privacy")
def rebound_or_not(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: one["Destination"]["To"] in ("Boomerang", "External"))
    if chosen is None:
        return None
    name, exception = chosen
    to = exception["Destination"]
    shown = to["To"] == "Boomerang"
    to.update({"To": "External", "Number": ""} if shown else {"To": "Boomerang", "Number": name.partition(",")[0]})
    return f"{name}: {'External' if shown else 'Boomerang'}"


# --- continuation ---


@_way("continuation")
def exception_missing(document: Json, rng: random.Random) -> str | None:
    found = list(_all(document))
    if not found:
        return None
    entry, at = rng.choice(found)
    del entry["ForwardingExceptions"][at]
    return f"{entry['Number']}: exception {at + 1} left out"


@_way("continuation")
def extension_missing(document: Json, rng: random.Random) -> str | None:
    entry = document["value"].pop(rng.randrange(len(document["value"])))
    return f"{entry['Number']} left out"


@_way("continuation")
def exception_of_another(document: Json, rng: random.Random) -> str | None:
    found = list(_all(document))
    if not found:
        return None
    entry, at = rng.choice(found)
    other = rng.choice(document["value"])
    other["ForwardingExceptions"].append(deepcopy(entry["ForwardingExceptions"][at]))
    return f"exception {at + 1} of {entry['Number']} for {other['Number']} too"


# --- cosmetic ---


@_way(COSMETIC)
def patterns_reordered(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: " " in one[_field(one)])
    if chosen is None:
        return None
    name, exception = chosen
    patterns = exception[_field(exception)].split(" ")
    rng.shuffle(patterns)
    exception[_field(exception)] = " ".join(patterns)
    return f"{name}: patterns in another order"


@_way(COSMETIC)
def pattern_twice(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng)
    if chosen is None:
        return None
    name, exception = chosen
    field = _field(exception)
    exception[field] += " " + rng.choice(exception[field].split(" "))
    return f"{name}: a pattern twice"


@_way(COSMETIC)
def periods_reordered(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng, lambda one: len(one["Hours"]["Periods"]) > 1)
    if chosen is None:
        return None
    name, exception = chosen
    rng.shuffle(exception["Hours"]["Periods"])
    return f"{name}: periods in another order"


@_way(COSMETIC)
def period_in_two(document: Json, rng: random.Random) -> str | None:
    """A period is cut at a minute within."""
    chosen = _one(document, rng, lambda one: one["Hours"]["Periods"])
    if chosen is None:
        return None
    name, exception = chosen
    periods = exception["Hours"]["Periods"]
    at = rng.randrange(len(periods))
    first, last = (int(text[:2]) * 60 + int(text[3:5]) for text in (periods[at]["Start"], periods[at]["Stop"]))
    if last - first < 2:
        return None
    minute = rng.randrange(first + 1, last)
    cut = f"{minute // 60:02}:{minute % 60:02}:00"
    periods[at : at + 1] = [{**periods[at], "Stop": cut}, {**periods[at], "Start": cut}]
    return f"{name}: a period cut at {cut}"


@_way(COSMETIC)
def identity(document: Json, rng: random.Random) -> str | None:
    chosen = _one(document, rng)
    if chosen is None:
        return None
    name, exception = chosen
    exception["Id"] = rng.randrange(1, 5000)
    return f"{name}: Id {exception['Id']}"


@_way(COSMETIC)
def extensions_reordered(document: Json, rng: random.Random) -> str | None:
    rng.shuffle(document["value"])
    return "extensions in another order"


@_way(COSMETIC)
def exception_twice(document: Json, rng: random.Random) -> str | None:
    """The second one never decides."""
    found = list(_all(document))
    if not found:
        return None
    entry, at = rng.choice(found)
    entry["ForwardingExceptions"].insert(at + 1, deepcopy(entry["ForwardingExceptions"][at]))
    return f"{entry['Number']}: exception {at + 1} twice"


def _keys_reordered(text: str, rng: random.Random) -> Edit | None:
    def turned(part: Json) -> Json:
        if isinstance(part, dict):
            keys = rng.sample(list(part), len(part))
            return {key: turned(part[key]) for key in keys}
        return [turned(one) for one in part] if isinstance(part, list) else part

    return Edit("keys in another order", written(turned(json.loads(text))))


def _laid_out(text: str, rng: random.Random) -> Edit | None:
    document = json.loads(text)
    match rng.randrange(3):
        case 0:
            return Edit("no blanks", json.dumps(document, separators=(",", ":")))
        case 1:
            return Edit("indented by tabs", json.dumps(document, indent="\t") + "\n\n")
        case _:
            return Edit("one digit escaped", re.sub(r'("Number": ")1', r"\1\\u0031", text, count=1))


_OPERATORS.of_kind[COSMETIC] += [_keys_reordered, _laid_out]
