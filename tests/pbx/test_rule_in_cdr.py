"""The records that a real Asterisk writes of calls say which rules decided: the rows of cdr_csv's `Master.csv`."""

from __future__ import annotations

import asyncio
import csv
from typing import TYPE_CHECKING

import pytest
from calls import suite
from pbx.asterisk import MODULES, Asterisk
from pbx.compiled import write
from ways import call, chain, way, wrong

import policyc
from policyc.evaluate import evaluate
from policyc.targets import ways

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from policyc.model import Policy

pytestmark = pytest.mark.pbx

CONFIGURATION = {
    "cdr.conf": "[general]\nunanswered = yes\n[csv]\nloguniqueid = yes\nloguserfield = yes\n",
    "modules.conf": "[modules]\nautoload = no\n"
    + "".join(f"load = {module}.so\n" for module in (*MODULES[:-1], "func_cdr", "cdr_csv", MODULES[-1])),
}
MASTER = "log/cdr-csv/Master.csv"
UNIQUEID, USERFIELD = 16, 17
KINDS = ("02-destinations", "03-rebond", "07-kinds", "09-chains", "18-hostile-callers")
"""Files of the suite with calls that end in each way."""
ENDINGS = {"ring", "voicemail", "external", "rebound", "system", "busy"}
BACK = """
[back]
exten => _X!,1,Goto(policyc-external,101,1)
[policyc-external](+)
exten => 777,1,Set(CDR(userfield)=own)
 same => n,Goto(102,1)
exten => 778,1,Set(CDR(userfield)=own)
 same => n,Goto(back,800,1)
"""


def compiled(folder: Path, policy: Policy, *, more: str = "", **settings: str) -> Path:
    """Compile a policy, with the setting, into a folder for an Asterisk that writes records; return it."""
    write(policy, folder, {"rule_in_cdr": True, **settings}, whole=False)
    for name, text in CONFIGURATION.items():
        (folder / name).write_text(text, encoding="utf-8")
    with (folder / "policyc.conf").open("a", encoding="utf-8") as dialplan:
        dialplan.write(more)
    return folder


async def placed(folder: Path, policy: Policy, lines: Sequence[suite.Line], **options: str) -> list[set[str]]:
    """Place calls; return what the rows of each say, as a set."""
    async with Asterisk(folder, **options) as asterisk:  # type: ignore[arg-type]  # those that are texts
        assert asterisk.log == ()
        master = asterisk.folder / MASTER
        master.parent.mkdir()
        calls = [
            asterisk.call(
                entry="internal" if line.internal else "external",
                caller=line.presented,
                restricted=line.restricted,
                to=line.called,
                at=line.instant if line.instant.tzinfo else line.instant.replace(tzinfo=policy.zone),
                lines=line.states,
            )
            for line in lines
        ]
        await asyncio.gather(*calls)  # they are numbered in this order
        said: dict[str, set[str]] = {f"c{number}b": set() for number in range(1, len(lines) + 1)}
        async with asyncio.timeout(30):
            while not all(said.values()):  # records are written when calls are over
                await asyncio.sleep(0.05)
                for row in csv.reader(master.read_text(encoding="utf-8").splitlines()) if master.exists() else ():
                    said.get(row[UNIQUEID], set()).add(row[USERFIELD])
        return list(said.values())


def records_of(folder: Path, policy: Policy, *lines: suite.Line) -> list[set[str]]:
    return asyncio.run(placed(compiled(folder, policy), policy, lines))


def test_the_suite_has_calls_that_end_in_each_way() -> None:
    cases = [suite.read(path) for path in suite.paths() if path.stem in KINDS]

    assert {evaluate(case.policy, line.call).kind for case in cases for line in case.lines} == ENDINGS


@pytest.mark.parametrize("name", KINDS)
def test_the_record_says_which_rules_decided(tmp_path: Path, name: str) -> None:
    [path] = [path for path in suite.paths() if path.stem == name]
    case = suite.read(path)

    assert wrong(case.policy, case.lines, records_of(tmp_path / "asterisk", case.policy, *case.lines)) == []


@pytest.mark.parametrize("count", [2, 12, 60])
def test_a_long_way_is_cut_between_two_steps(tmp_path: Path, count: int) -> None:
    """Of accents too: no row ends within a character, and the last step is always there."""
    policy = chain(count, "règles/été.pol")
    [[said]] = records_of(tmp_path / "asterisk", policy, call("100"))
    whole = way(policy, call("100"))

    assert len(said.encode()) <= 255
    if len(whole.encode()) <= 255:
        assert said == whole
        return
    first, cut, rest = said.partition(" > … > ")
    assert cut
    assert whole.startswith(f"{first} > ")
    assert whole.endswith(f" > {rest}")
    assert first.count(" > ") > 2


def test_names_of_files_stay_text(tmp_path: Path) -> None:
    policy = chain(2, 'a;--b, "c" (${SHELL(touch injected)}) > 101 -\n[x].pol')

    assert records_of(tmp_path / "asterisk", policy, call("100")) == [
        {f"100 {ways.name(next(policy.rules).span)} > 101 -"}
    ]
    assert list(tmp_path.rglob("injected*")) == []


def test_a_call_that_the_pbx_gives_back_goes_on_with_its_way(tmp_path: Path) -> None:
    """A system extension may lead back to the policy; a text that was the PBX's own before is not kept."""
    policy = policyc.load_text(
        "poste 101 A\nposte 102 B\ngroupe 800 Standard\npour B\n  depuis 06* vers système Standard\n"
    )
    folder = compiled(tmp_path / "asterisk", policy, more=BACK, system_context="back")
    lines = [call("102"), call("777"), call("778")]

    assert asyncio.run(placed(folder, policy, lines, system_context="elsewhere")) == [
        {"102 policy.pol:5 > 101 -"},
        {"102 policy.pol:5 > 101 -"},
        {"101 -"},
    ]
