"""What was recorded of a FreeSWITCH is what a real one does: some calls of each kind are placed again."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from recorded import record, table

pytestmark = pytest.mark.pbx_freeswitch

POLICIES = ("03-rebond", "06-anonymous", "10-hours", "settings")
TRAPS = ("bad-regex", "break", "leak-to-next-extension", "regex-all-group", "time-of-day", "timezone")
CALLS = 6
"""Calls of each, spread over its table."""


def some(rows: tuple[table.Row, ...]) -> tuple[table.Row, ...]:
    """Return a few of the rows."""
    return rows[:: max(1, len(rows) // CALLS)][:CALLS]


def told(recorded: tuple[table.Row, ...], again: tuple[table.Row, ...], *, actions: bool) -> list[str]:
    """Return what is not as it was recorded."""
    pairs = zip(recorded, again, strict=True)
    return [text for row, other in pairs for text in table.differences(row, other.seen, actions=actions)]


@pytest.mark.parametrize("name", POLICIES)
def test_policies(name: str, tmp_path: Path) -> None:
    """The actions are compared as well where the dialplan is still the one that was recorded."""
    recorded = table.read(table.HERE / f"calls/{name}.json")
    task = record.Task(
        name, table.policy_of(recorded), recorded.sources, (), recorded.settings, recorded.server_zone, recorded.prompts
    )
    rows = some(recorded.rows)

    again = asyncio.run(record.record_policy(task, rows, tmp_path / name))

    assert not told(rows, again.rows, actions=again.dialplan == recorded.dialplan)


@pytest.mark.parametrize("name", TRAPS)
def test_traps(name: str, tmp_path: Path) -> None:
    """Dialplans written by hand do not change."""
    recorded = table.read(table.HERE / f"traps/{name}.json")
    recorded = replace(recorded, rows=some(recorded.rows))
    text = (table.HERE / f"traps/{name}.xml").read_text(encoding="utf-8")

    again = asyncio.run(record.record_trap(recorded, text, tmp_path / name))

    assert not told(recorded.rows, again.rows, actions=True)
