"""The caller's channel on a real FreeSWITCH says which rules decided, when it hangs up.

That is what mod_cdr_csv, mod_json_cdr and mod_xml_cdr are given; the FreeSWITCH under test need not have them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from calls import suite
from pbx.freeswitch import FreeSwitch
from pbx.freeswitch_compiled import write
from pbx.freeswitch_observe import Event, Watch
from ways import call, chain, wrong

from policyc.targets import ways

if TYPE_CHECKING:
    from policyc.model import Policy

pytestmark = pytest.mark.pbx_freeswitch


@pytest.fixture
def hangups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that the variable of each caller's channel is added to, when it hangs up."""
    found: list[str] = []
    take = Watch.take

    def noted(watch: Watch, event: Event) -> bool:
        over = take(watch, event)
        if event["Event-Name"] == "CHANNEL_HANGUP" and event.get("Unique-ID") == watch.caller_channel:
            found.append(event.get("variable_policyc_rule", ""))
        return over

    monkeypatch.setattr(Watch, "take", noted)
    return found


async def place(folder: Path, policy: Policy, lines: list[suite.Line]) -> None:
    """Place calls, one after the other."""
    write(policy, folder, {"rule_in_cdr": True})
    async with FreeSwitch(folder) as freeswitch:
        assert freeswitch.log == ()
        for line in lines:
            await freeswitch.call(
                entry="internal" if line.internal else "external",
                caller=line.presented,
                restricted=line.restricted,
                to=line.called,
                lines=line.states,
            )


@pytest.mark.parametrize("name", ["02-destinations", "09-chains"])
def test_the_channel_says_which_rules_decided(name: str, tmp_path: Path, hangups: list[str]) -> None:
    [path] = [path for path in suite.paths() if path.stem == name]
    case = suite.read(path)
    asyncio.run(place(tmp_path / "fs", case.policy, list(case.lines)))

    assert wrong(case.policy, case.lines, [{one} for one in hangups]) == []


def test_a_long_way_is_whole(tmp_path: Path, hangups: list[str]) -> None:
    policy, line = chain(60, "règles/été.pol"), call("100")
    asyncio.run(place(tmp_path / "fs", policy, [line]))

    assert wrong(policy, [line], [{one} for one in hangups]) == []


def test_names_of_files_stay_text(tmp_path: Path, hangups: list[str]) -> None:
    policy = chain(2, "a$${x} ${system(touch injected)} <?x X-PRE-PROCESS '\\\n.pol")
    asyncio.run(place(tmp_path / "fs", policy, [call("100")]))

    assert hangups == [f"100 {ways.name(next(policy.rules).span)} > 101 -"]
    assert list(tmp_path.rglob("injected*")) == []
