"""The conformance suite (`tests/calls`) on a real FreeSWITCH: each policy is compiled and all its calls are placed."""

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path

import pytest
from calls import suite
from pbx.freeswitch import FreeSwitch
from pbx.freeswitch_compiled import write
from pbx.observe import Observed

from policyc.model import Policy

pytestmark = pytest.mark.pbx_freeswitch

AT_ONCE = 3
"""Cases side by side."""
INJECTED = "injected*"
"""Names and callers of the suite try to make a file of such a name."""
NO_FAULT = (
    # FreeSWITCH copies what callers present into variables of its own, and rightly refuses those that hold a variable
    r"\[CRIT\] switch_channel\.c:\d+ Invalid data \(\$\{\w+\} contains a variable\)",
    # a line that is asked to accept hangs up, or its time is over
    r"\[ERR\] switch_ivr_originate\.c:\d+ loopback/\S+ Error Playing File!",
    # the harness sets the clock
    r"\[CRIT\] switch_time\.c:\d+ Virtual Migration Detected! Syncing Clock",
)
"""Errors in the log that no dialplan can avoid."""
NO_PROMPT = r"\[ERR\] .*(Error Opening File|Can't open file) "
"""… and those of a case whose PBX has not the prompts."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A case, what its calls did, and what they left behind."""

    case: suite.Case
    seen: tuple[Observed, ...]
    injected: tuple[Path, ...]
    errors: tuple[str, ...]


def place(freeswitch: FreeSwitch, policy: Policy, line: suite.Line) -> Awaitable[Observed]:
    """Place one call of the suite."""
    instant = line.instant
    return freeswitch.call(
        entry="internal" if line.internal else "external",
        caller=line.presented,
        restricted=line.restricted,
        to=line.called,
        at=instant if instant.tzinfo else instant.replace(tzinfo=policy.zone),
        lines=line.states,
    )


async def run(case: suite.Case, folder: Path) -> Ran:
    """Compile the policy of a case and place its calls."""
    write(case.policy, folder)
    async with FreeSwitch(folder, prompts=case.prompts, zone=case.server_zone) as freeswitch:
        seen = await asyncio.gather(*(place(freeswitch, case.policy, line) for line in case.lines))
        known = NO_FAULT if case.prompts else (*NO_FAULT, NO_PROMPT)
        errors = tuple(
            line
            for line in freeswitch.routing_log()
            if "[WARNING]" not in line and not any(re.search(one, line) for one in known)
        )
        return Ran(case, tuple(seen), tuple(freeswitch.folder.rglob(INJECTED)), errors)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Run the whole suite, several cases at once."""
    folder = tmp_path_factory.mktemp("suite")

    async def all_cases() -> list[Ran]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(path: Path) -> Ran:
            async with turn:
                return await run(suite.read(path), folder / path.stem)

        return await asyncio.gather(*(one(path) for path in suite.paths()))

    return {one.case.name: one for one in asyncio.run(all_cases())}


@pytest.fixture(params=[path.stem for path in suite.paths()])
def each(request: pytest.FixtureRequest, ran: dict[str, Ran]) -> Ran:
    """Return the runs one by one."""
    return ran[request.param]


def test_events(each: Ran) -> None:
    """Calls do what the suite says."""
    wrong = [
        f"{line}: {seen.events}, not {line.gives_on('freeswitch')}"
        for line, seen in zip(each.case.lines, each.seen, strict=True)
        if seen.events != line.gives_on("freeswitch")
    ]

    assert not wrong, "\n".join(wrong)


def test_who_talks_with_whom(each: Ran) -> None:
    """A call that somebody takes is a conversation with the line dialled last; no other call is one."""
    wrong = [
        f"{line}: talks with {seen.connected}"
        for line, seen in zip(each.case.lines, each.seen, strict=True)
        if seen.connected != line.talks_with
    ]

    assert not wrong, "\n".join(wrong)


def test_what_the_far_side_is_shown(each: Ran) -> None:
    """The far side is shown the caller's number as it was presented, or a private call."""
    wrong = []
    for line, seen in zip(each.case.lines, each.seen, strict=True):
        if line.shown is None:
            continue
        if line.shown == suite.PRIVATE:
            right = all(one.presentation == "prohib" for one in (*seen.shown, *seen.names))
        else:
            right = all((one.number, one.presentation) == (line.shown, "allowed") for one in seen.shown)
        if not right or not seen.shown:
            wrong.append(f"{line}: shown {seen.shown}, {seen.names}, not {line.shown}")

    assert not wrong, "\n".join(wrong)


def test_loading(each: Ran) -> None:
    """FreeSWITCH takes the dialplan without a word."""
    assert () == each.seen[0].log


def test_routing(each: Ran) -> None:
    """No call makes FreeSWITCH write an error."""
    assert () == each.errors


def test_injection(each: Ran) -> None:
    """Neither names of the policy nor what callers present are run."""
    assert () == each.injected
