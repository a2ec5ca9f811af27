"""What a real FreeSWITCH did, recorded in `tests/recorded`: the reader finds the same, wherever it understands."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass

import pytest
from dialplan_xml import DialplanError
from dialplan_xml import read as read_concretely
from freeswitch_model import Model
from recorded import table

from freeswitch_reader.played import of_evaluator, play
from policyc.targets.freeswitch.reader import NotUnderstood, Reading, read
from policyc.targets.freeswitch.reader.reading import UNKNOWN

LINES = r"loopback/(?:ext|out)-(?P<number>[^/]+)/phones"
ENTRIES = {True: "policyc-internal", False: "policyc-external"}
TRAPS = {one.name: (one, text) for one, text in table.traps()}
TABLES = {one.name: one for one in table.policies()}
FEW = ("03-rebond", "04-callers", "10-hours", "settings", "long-chain")
"""Of the policies, by default: POLICYC_SEEDS=all looks at all of them."""
NOT_UNDERSTOOD = {
    # a time by the server's clock, in another zone, of seconds, or beside a field
    *("date-time", "dates", "field-and-time", "time-of-day", "timezone", "tod-tz-offset", "tz-offset", "wday"),
    # a hunt that begins elsewhere, a context for all, a pattern of Asterisk, a test that misbehaves
    *("auto-hunt", "context-global", "asterisk-pattern", "regex-xor"),
    # a line that the preprocessor leaves out
    "line-left-out",
}


@dataclass(frozen=True)
class Calls:
    internal: bool
    presented: str
    hidden: bool


def found(reading, row, zone):
    """Return what the reader says of the call of a row, and the caller's number."""
    caller = row.caller or ""
    one = Calls(row.entry == "internal", caller, row.restricted)
    [answer] = reading.found(row.called, [one])
    local = row.at.astimezone(zone).replace(tzinfo=None)
    return play(answer.plans[0], local, row.lines, caller, LINES)


def ran(row):
    """Return what was heard and dialled, of what a row says that ran."""
    heard = []
    for step in row.seen.ran:
        name, _, data = step.partition(" ")
        match name:
            case "answer" if "answer" not in heard:
                heard.append("answer")
            case "playback":
                heard.append(f"play {data}")
            case "bridge":
                heard.append(f"dial {re.search(LINES, data)['number']}")
            case "voicemail":
                heard.append(f"voicemail {data.split()[-1]}")
            case "say":
                heard.append(f"digits {data.split()[-1]}")
    return heard


@functools.cache
def compiled(name):
    return Model(table.policy_of(TABLES[name]), TABLES[name].settings)


@pytest.mark.parametrize("name", TABLES if "POLICYC_SEEDS" in os.environ else FEW)
def test_calls_do_what_freeswitch_did(name):
    one, model = TABLES[name], compiled(name)
    reading = Reading(read({"policyc.xml": model.text}), model.zone, ENTRIES)
    wrong = []
    for row in one.rows:
        if UNKNOWN in (row.caller or ""):  # to the reader, any digit
            continue
        mine = found(reading, row, model.zone)
        heard = [re.sub(r"^(dial \S+) \d+s$", r"\1", event) for event in mine.heard]
        if heard != ran(row) or tuple(mine.shown) != row.seen.shown:
            wrong.append(f"{row}: {mine}, recorded {row.seen}")
        if row.seen.cause is not None and mine.ended != row.seen.cause:
            wrong.append(f"{row}: ended {mine.ended}, recorded {row.seen.cause}")

    assert not wrong, "\n".join(wrong[:5])


def zone_of(one):
    from zoneinfo import ZoneInfo

    return one.rows[0].at.tzinfo if isinstance(one.rows[0].at.tzinfo, ZoneInfo) else ZoneInfo("Europe/Paris")


def trap(name):
    """Return how many calls of a trap the reader understands, of how many, and what is wrong.

    What is logged can be heard in the dialplan that both the reader and the evaluator are given.
    """
    one, text = TRAPS[name]
    text = re.sub(r'application="log"( data="[^"]*"(?! inline="true"))', r'application="playback"\1', text)
    zone = zone_of(one)
    understood, wrong = 0, []
    try:
        dialplan = read({"trap.xml": text})
    except NotUnderstood:
        return 0, len(one.rows), []
    for row in one.rows:
        entry = f"policyc-{row.entry}"
        try:
            mine = found(Reading(dialplan, zone, {True: entry, False: entry}), row, zone)
        except NotUnderstood:
            continue
        understood += 1
        try:
            theirs = of_evaluator(concrete(text, row, one), row.caller or "")
        except DialplanError as error:
            wrong.append(f"{row}: {mine}, but {error}")
            continue
        cause = row.seen.cause
        if mine != theirs or tuple(mine.shown) != row.seen.shown or (cause and mine.ended != cause):
            wrong.append(f"{row}: {mine}, not {theirs}, recorded {row.seen}")
    return understood, len(one.rows), wrong


def concrete(text, row, one):
    from dialplan_xml import Call, simulate

    call = Call(f"policyc-{row.entry}", row.called, row.at, row.caller, row.restricted, states=row.lines)
    return simulate(read_concretely({"trap.xml": text}), call, one.around)


@pytest.mark.parametrize("name", TRAPS)
def test_traps_do_what_freeswitch_did(name):
    _, _, wrong = trap(name)

    assert not wrong, "\n".join(wrong)


def test_most_traps_are_understood():
    silent = {name for name in TRAPS if trap(name)[0] == 0}

    assert silent == NOT_UNDERSTOOD
