"""The reader beside a real FreeSWITCH: the same calls on random dialplans, and on those of `traps` and `recorded`.

More random ones: POLICYC_SEEDS=0..500.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from judge.seeds import chosen
from recorded import table

from freeswitch_reader.compared import NotUnderstood, One, Reading, Told, of_call, opened, read_of
from freeswitch_reader.on_freeswitch import Tally, compare, random_dialplans
from freeswitch_reader.traps import TRAPS
from policyc.targets.freeswitch.reader import read

SEEDS = chosen(1, 2)
DIALPLANS = 60
"""Of each seed, without lines that are dialled and with them."""
UTC = ZoneInfo("UTC")


def told(tally: Tally) -> str:
    """Return how many calls agree, and why some are not understood."""
    why = Counter(one.partition(":")[0] for one in tally.unclear)
    return f"{tally}; not understood: {dict(why.most_common())}"


@pytest.mark.pbx_freeswitch
@pytest.mark.usefixtures("freeswitch")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bridges", [False, True])
def test_freeswitch_does_on_random_dialplans_what_the_reader_says(seed, bridges, tmp_path):
    tally = Tally()

    asyncio.run(compare(random_dialplans(seed, DIALPLANS, bridges=bridges), tmp_path / "random", tally))

    print(told(tally))
    assert not tally.differences, "\n\n".join(tally.differences[:2])
    assert tally.same > DIALPLANS
    assert tally.eventful > DIALPLANS // 3
    assert len(tally.unclear) < tally.same


@pytest.mark.pbx_freeswitch
@pytest.mark.usefixtures("freeswitch")
def test_freeswitch_does_on_traps_what_the_reader_says(tmp_path):
    tally = Tally()

    asyncio.run(compare([trap.calls() for trap in TRAPS], tmp_path / "traps", tally))

    print(told(tally))
    assert not tally.differences, "\n\n".join(tally.differences[:3])
    assert tally.eventful > 300
    assert len(tally.unclear) < tally.same // 4


# -- what was recorded, where there is no FreeSWITCH -------------------------------------------------------------------


def test_the_reader_says_of_recorded_calls_what_freeswitch_did():
    same, unclear, wrong = 0, 0, []
    for recorded, text in table.traps():
        for row in recorded.rows:
            try:
                mine = said(recorded, text, row)
            except NotUnderstood:
                unclear += 1
                continue
            theirs = of_row(row)
            same += mine == theirs
            wrong += [f"{recorded.name}, {row}:\n{mine}\n{theirs}"] if mine != theirs else []

    print(f"{same} the same, {unclear} not understood")
    assert not wrong, "\n\n".join(wrong)
    assert same > unclear


def said(recorded, text, row):
    """Return what the reader says of a call that was recorded. Raises NotUnderstood."""
    zone = ZoneInfo(recorded.server_zone) if recorded.server_zone else UTC
    context = f"policyc-{row.entry}"
    reading = Reading(read({"policyc.xml": text}), zone, {False: context, True: context})
    shape, digits = opened(row.caller or "", 1)
    local = row.at.astimezone(zone).replace(tzinfo=None)
    its = One(row.called, row.caller or "", shape, digits, row.restricted, row.entry == "internal", local, row.lines)
    mine = read_of(reading, its)
    return Told(mine.heard, tuple(one.rpartition(" ")[0] for one in mine.shown), mine.ended)  # no names were recorded


def of_row(row):
    """Return what FreeSWITCH did with a call that was recorded."""
    ran = [(name, data) for name, _, data in (one.partition(" ") for one in row.seen.ran)]
    return of_call(ran, row.seen.events, row.seen.shown, row.seen.cause)
