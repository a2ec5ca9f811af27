"""The examples on a real Asterisk: the calls of their own tests do there what the interpreter says."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pbx.asterisk import Asterisk
from pbx.compiled import write
from test_examples import POLICIES

from policyc import api
from policyc.digits import Kind
from policyc.evaluate import Call, events

pytestmark = pytest.mark.pbx

# For calls that must go alike at every instant: by day, by night, on a Sunday, on Christmas Day.
INSTANTS = [
    datetime(2026, 11, 23, 10),
    datetime(2026, 11, 24, 3),
    datetime(2026, 11, 29, 15),
    datetime(2026, 12, 25, 10),
]
# A call that dials somebody who does not answer waits for as long as the policy says, so every line says it is busy.
BUSY = "busy"


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_an_example(path: Path, tmp_path: Path) -> None:
    policy = api.load(path)
    lines = dict.fromkeys([*policy.extensions, *(one.mobile for one in policy.extensions.values() if one.mobile)], BUSY)
    lines |= dict.fromkeys(_outside(policy), BUSY)
    calls = [
        Call(one.caller, one.called, instant)
        for test in policy.tests
        for one in test.calls
        for instant in (INSTANTS if one.local is None else [one.local + timedelta(seconds=30)])
    ]

    async def place_all() -> list[str]:
        async with Asterisk(tmp_path) as asterisk:
            seen = await asyncio.gather(
                *(
                    asterisk.call(
                        entry="internal" if call.caller.kind is Kind.INTERNAL else "external",
                        caller=call.caller.number,
                        to=call.called,
                        at=call.instant.replace(tzinfo=policy.zone),
                        lines=lines,
                    )
                    for call in calls
                )
            )
            assert () == asterisk.log
            return [one.events for one in seen]

    write(policy, tmp_path, whole=False)

    assert [events(policy, call, lines) for call in calls] == asyncio.run(place_all())


def _outside(policy):
    """Return the outside numbers that rules name."""
    rules = [*policy.first, *policy.rest, *(rule for rules in policy.own.values() for rule in rules)]
    return {number for rule in rules if (number := getattr(rule.destination, "number", None))}
