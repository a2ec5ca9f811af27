"""The reader beside a real Asterisk, on random dialplans. More of them: POLICYC_SEEDS=0..50."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from judge.seeds import chosen
from pbx.asterisk import Asterisk

from asterisk_reader.asking import run
from asterisk_reader.played import Playing
from asterisk_reader.random_dialplans import draw, whole
from policyc.targets.asterisk.reader import NotUnderstood, read

pytestmark = [pytest.mark.pbx, pytest.mark.usefixtures("asterisk")]
PARIS = ZoneInfo("Europe/Paris")
DIALPLANS, CALLS = 150, 4
CALLERS = ["0612", "1", "0", "12", "06", "1a", "+331", "600", "2260", "", "b", "61", "0-1", "26-", "0501", "111"]


@pytest.mark.parametrize("seed", chosen(1, 2))
def test_asterisk_does_what_the_reader_says(seed, tmp_path):
    chance = random.Random(seed)
    drawn = [draw(seed, number) for number in range(DIALPLANS)]
    (tmp_path / "extensions.conf").write_text(whole(drawn), encoding="utf-8")
    calls = []
    for one in drawn:
        for _ in range(CALLS):
            instant = datetime(2026, 1, 1) + timedelta(minutes=chance.randrange(3 * 525_600))
            if chance.random() < 0.5:
                instant = instant.replace(hour=chance.choice([0, 6, 8, 12, 22]), minute=chance.choice([0, 59]))
            calls.append((one, chance.choice([*CALLERS[: 4 if one.callers else None], *one.callers]), instant))
    refused, wrong, compared = 0, [], 0
    for (one, caller, instant), seen in zip(calls, asyncio.run(placed(tmp_path, calls)), strict=True):
        try:
            plan = run(read({"e": whole([one])}, "e"), "policyc-external", one.entry, caller, "allowed", instant, PARIS)
        except NotUnderstood:
            refused += 1
            continue
        compared += 1
        if (events := Playing({}, frozenset()).play(plan)) != seen:
            wrong.append(f"{caller!r} at {instant}: Asterisk {seen}, the reader {events}\n{one.text}")
    print(f"{compared} calls compared, {refused} of dialplans that are not understood, {len(wrong)} differ")

    assert not wrong, "\n".join(wrong[:6])
    assert compared > len(calls) * 0.6


async def placed(folder, calls):
    async with Asterisk(folder) as asterisk:
        seen = await asyncio.gather(
            *(
                asterisk.call(entry="external", caller=caller, to=one.entry, at=instant.replace(tzinfo=PARIS))
                for one, caller, instant in calls
            )
        )
    return [one.events for one in seen]
