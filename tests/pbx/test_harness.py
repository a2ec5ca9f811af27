"""The harness itself, on a small dialplan written by hand that does what a compiled one may do."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from pbx.asterisk import Asterisk, find
from pbx.observe import Observed, Shown

pytestmark = pytest.mark.pbx

DIALPLAN = r"""
[policyc-internal]
exten => 102,1,Goto(ring,1)
exten => ring,1,Dial(Local/ext-102@phones/n,20)
 same => n,Busy(20)

[policyc-external]
exten => 102,1,Gosub(policyc-caller,s,1)
 same => n,GotoIf($["${N}" = ""]?mailbox,1)
 same => n,GotoIf($["${N:0:2}" = "06"]?ring,1)
 same => n,GotoIf($["${N}" = "0700000001"]?external,1)
 same => n,GotoIf($["${N}" = "0700000002"]?rebound,1)
 same => n,GotoIf($["${N}" = "0700000003"]?from-internal,800,1)
 same => n,GotoIf($["${N}" = "0700000004"]?policyc-indirect,s,1)
 same => n,GotoIf($["${N}" = "0700000005"]?ring-conditionally,1)
 same => n,GotoIf($["${N}" = "0700000006"]?unconfirmed,1)
 same => n,GotoIf($["${N}" = "0700000007"]?no-such-box,1)
 same => n,GotoIf($["${N}" = "0700000008"]?hour,1)
 same => n,GotoIf($["${N}" = "0700000009"]?runs-out,1)
 same => n,GotoIf($["${N}" = "0700000010"]?other-channel,1)
 same => n,GotoIf($["${N}" = "0700000011"]?both,1)
exten => mailbox,1,VoiceMail(102@default,u)
exten => ring,1,Dial(Local/ext-102@phones/n,20)
 same => n,GotoIf($["${DIALSTATUS}" = "BUSY"]?busy)
 same => n,VoiceMail(102@default,u)
 same => n,Hangup()
 same => n(busy),VoiceMail(102@default,b)
exten => external,1,Dial(Local/out-0442930698@phones/n)
 same => n,GotoIf($["${DIALSTATUS}" = "BUSY"]?busy)
 same => n,Hangup(${HANGUPCAUSE})
 same => n(busy),Busy(20)
exten => rebound,1,Answer()
 same => n,Playback(policyc/veuillez-patienter)
 same => n,SayDigits(102)
 same => n,Set(CALLERID(pres)=prohib)
 same => n,Dial(Local/out-0612345678@phones/n,20,U(policyc-confirm))
 same => n,Playback(policyc/indisponible)
 same => n,VoiceMail(102@default,u)
exten => ring-conditionally,1,ExecIf($[1]?Dial(Local/ext-102@phones/n,15))
 same => n,ExecIf($["${DIALSTATUS}" = "BUSY"]?Busy(20):Hangup(17))
exten => unconfirmed,1,Set(CALLERID(pres)=prohib)
 same => n,Dial(Local/out-0612345678@phones/n,20)
 same => n,Hangup()
exten => no-such-box,1,VoiceMail(999@default,u)
exten => hour,1,GotoIfTime(09:00-11:59,mon,*,*,Europe/Paris?mailbox,1)
 same => n,Busy(20)
exten => runs-out,1,Dial(Local/ext-102@phones/n,20)
exten => other-channel,1,Dial(PJSIP/102,20)
 same => n,Busy(20)
exten => both,1,Dial(Local/ext-101@phones/n&Local/ext-102@phones/n,20)
 same => n,Busy(20)
exten => 103,1,Wait(30)

[policyc-indirect]
exten => s,1,Dial(Local/s@policyc-indirect-out/n)
 same => n,Busy(20)
[policyc-indirect-out]
exten => s,1,Set(CALLERID(pres)=prohib)
 same => n,Dial(Local/out-0612345678@phones/n,20,U(policyc-confirm))

[policyc-confirm]
exten => s,1,Read(KEY,policyc/accepter,1,,1,1)
 same => n,GotoIf($["${KEY}" = "1"]?accepted)
 same => n,Set(GOSUB_RESULT=CONTINUE)
 same => n(accepted),Return()

[policyc-caller]
exten => s,1,Set(N=${FILTER(0-9+,${CALLERID(num)})})
 same => n,GotoIf($["${N:0:3}" != "+33"]?done)
 same => n,Set(N=0${N:3})
 same => n(done),GotoIf($["${CALLERID(num-pres):0:6}" != "prohib"]?return)
 same => n,GotoIf($["${N:0:2}" != "06"]?return)
 same => n,Set(N=)
 same => n(return),Return()
"""
MAILBOXES = "[general]\n[default]\n102 => 1234,Dr Martin\n"
REBOUND = "answer > play wait > digits 102 > rebound 0612345678 20s"
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))


class Case(NamedTuple):
    """A call from outside and what it must be seen to do."""

    caller: str | None
    lines: dict[str, str]
    events: str
    connected: str | None = None
    more: Mapping[str, Any] = MappingProxyType({})


CASES = [
    # the extension's own line
    Case("+33612345678", {}, "ring 102 20s > voicemail 102 unavailable"),
    Case("0612345678", {"102": "noanswer"}, "ring 102 20s > voicemail 102 unavailable"),
    Case("0612345678", {"102": "busy"}, "ring 102 20s > voicemail 102 busy"),
    Case("0612345678", {"102": "unavailable"}, "ring 102 20s > voicemail 102 unavailable"),
    Case("0612345678", {"102": "congestion"}, "ring 102 20s > voicemail 102 unavailable"),
    Case("0612345678", {"102": "answer"}, "ring 102 20s", "102"),
    Case("101", {}, "ring 102 20s > busy", None, {"entry": "internal"}),
    Case("0700000011", {"102": "answer"}, "ring 101 20s > ring 102 20s", "102"),
    # callers without a number
    Case(None, {}, "voicemail 102 unavailable"),
    Case("", {}, "voicemail 102 unavailable"),
    Case("anonymous", {}, "voicemail 102 unavailable"),
    Case("0612345678", {}, "voicemail 102 unavailable", None, {"restricted": True}),
    # an outside number, shown the caller's
    Case("0700000001", {"0442930698": "busy"}, "external 0442930698 > busy"),
    Case("0700000001", {}, "external 0442930698 > hangup"),
    Case("0700000001", {"0442930698": "answer"}, "external 0442930698", "0442930698"),
    Case("0700000001", {}, "external 0442930698 > hangup", None, {"restricted": True}),
    # the same, as a private call that is accepted with a key
    Case("0700000002", {}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("0700000002", {"0612345678": "busy"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("0700000002", {"0612345678": "refuse"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("0700000002", {"0612345678": "silent"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("0700000002", {"0612345678": "answer"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("0700000002", {"0612345678": "accept"}, REBOUND, "0612345678"),
    Case("0700000002", {"0612345678": "accept"}, REBOUND, "0612345678", {"restricted": True}),
    Case("0700000004", {"0612345678": "accept"}, "rebound 0612345678 20s", "0612345678"),
    Case("0700000004", {"0612345678": "busy"}, "rebound 0612345678 20s > busy"),
    # a dialplan that forgets the confirmation is seen to connect the mobile's answering machine
    Case("0700000006", {"0612345678": "silent"}, "rebound 0612345678 20s", "0612345678"),
    # the PBX's own extensions
    Case("0700000003", {}, "system 800"),
    # applications that AMI shows as ExecIf; a busy signal by the cause of the hangup
    Case("0700000005", {"102": "busy"}, "ring 102 15s > busy"),
    Case("0700000005", {}, "ring 102 15s > busy"),
    # time, by the zone that the dialplan names
    Case("0700000008", {}, "voicemail 102 unavailable", None, {"at": MONDAY}),
    Case("0700000008", {}, "busy", None, {"at": MONDAY.replace(hour=12)}),
    Case("0700000008", {}, "voicemail 102 unavailable", None, {"at": MONDAY.astimezone(UTC)}),
    # what no policy wants does not look like what one may want
    Case("0700000007", {}, "voicemail 999 unknown"),
    Case("0700000009", {}, "ring 102 20s > end"),
    Case("0700000010", {}, "dial PJSIP/102 > busy"),
    Case("0612345678", {}, "end", None, {"to": "199"}),
]


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that a compilation would make."""
    return write(tmp_path_factory.mktemp("compiled"), DIALPLAN)


def write(folder: Path, dialplan: str) -> Path:
    """Write a compiled folder."""
    (folder / "policyc.conf").write_text(dialplan)
    (folder / "extensions.conf").write_text("[general]\nstatic = yes\n\n#include policyc.conf\n")
    (folder / "voicemail.conf").write_text(MAILBOXES)
    return folder


def on(confdir: Path, work: Callable[[Asterisk], Awaitable[Any]], **options: Any) -> Any:
    """Run `work` on an instance of its own."""

    async def run() -> Any:
        async with Asterisk(confdir, **options) as asterisk:
            return await work(asterisk)

    return asyncio.run(run())


def place(asterisk: Asterisk, case: Case) -> Awaitable[Observed]:
    """Place the call of a case."""
    call: dict[str, Any] = {"entry": "external", "to": "102", **case.more}
    return asterisk.call(caller=case.caller, lines=case.lines, **call)


@pytest.fixture(scope="module")
def observed(confdir: Path) -> list[Observed]:
    """Place every case's call at once."""

    async def all_cases(asterisk: Asterisk) -> list[Observed]:
        return await asyncio.gather(*(place(asterisk, case) for case in CASES))

    return on(confdir, all_cases)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_events(observed: list[Observed], number: int) -> None:
    """A call's events, and who the caller talks with, are those of the case."""
    case, seen = CASES[number], observed[number]

    assert case.events == seen.events
    assert case.connected == seen.connected


def test_a_clean_dialplan_loads_without_a_word(observed: list[Observed]) -> None:
    """The harness's own configuration adds no warning to those of the dialplan under test."""
    assert observed[0].log == ()


def test_steps(observed: list[Observed]) -> None:
    """The steps are the caller's, without those of the harness and of the lines."""
    steps = observed[0].steps

    assert steps[0] == ("policyc-external", "102", 1, "Gosub", "policyc-caller,s,1")
    assert steps[-3] == ("policyc-external", "ring", 1, "Dial", "Local/ext-102@phones/n,20")
    assert steps[-1] == ("policyc-external", "ring", 3, "VoiceMail", "102@default,u")


@pytest.mark.parametrize("caller", ["0700000001", '0" | "1"="1', "a,b&c|d;e", "${N}$[1]", "<sip:x>", "%41 é"])
def test_the_number_shown(tmp_path: Path, caller: str) -> None:
    """A line is shown the very characters that the caller presented, whatever they are."""
    dialplan = "[policyc-external]\nexten => 102,1,Dial(Local/out-0442930698@phones/n)\n same => n,Busy(20)\n"

    seen = on(write(tmp_path, dialplan), lambda asterisk: asterisk.call(entry="external", caller=caller, to="102"))

    assert [Shown("0442930698", caller, "allowed")] == seen.shown


def test_presentations(observed: list[Observed]) -> None:
    """The presentation tells who hides the number: nobody, the caller, or a rebound."""
    shown = {
        (case.caller, bool(case.more), seen.events): seen.shown for case, seen in zip(CASES, observed, strict=True)
    }

    hidden = shown["0700000001", True, "external 0442930698 > hangup"]
    assert hidden == [("0442930698", "0700000001", "prohib_passed_screen")]
    assert shown["0700000002", False, REBOUND] == [("0612345678", "0700000002", "prohib")]
    assert shown["0700000003", False, "system 800"] == [("800", "0700000003", "allowed")]


def test_many_calls_at_once_do_not_mix(confdir: Path) -> None:
    """Each of many calls in progress has lines, a caller and a clock of its own."""
    ordinary = [case for case in CASES if "silent" not in case.lines.values()]
    cases = [case for _ in range(10) for case in ordinary]

    async def all_cases(asterisk: Asterisk) -> list[Observed]:
        return await asyncio.gather(*(place(asterisk, case) for case in cases))

    assert [case.events for case in cases] == [seen.events for seen in on(confdir, all_cases)]


def test_prompts_may_be_missing(confdir: Path) -> None:
    """A PBX without the sound files routes alike."""
    seen = on(confdir, lambda asterisk: place(asterisk, Case("0700000002", {}, "")), prompts=False)

    assert f"{REBOUND} > play unavailable > voicemail 102 unavailable" == seen.events


def test_a_call_that_goes_on_is_given_up(confdir: Path) -> None:
    """A call that never ends is reported as such; those after it are placed all the same."""

    async def two(asterisk: Asterisk) -> list[str]:
        first = await asterisk.call(entry="external", caller="06", to="103")
        return [first.events, (await asterisk.call(entry="external", caller="06", to="102")).events]

    assert on(confdir, two, patience=2) == ["stuck", "ring 102 20s > voicemail 102 unavailable"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": {"102": "asleep"}},
        {"lines": {"102,1": "busy"}},
        {"to": "102,1"},
        {"at": MONDAY.replace(tzinfo=None)},
    ],
)
def test_a_wrong_call_is_refused(confdir: Path, wrong: dict[str, Any]) -> None:
    """A mistake in a test is an exception, and never a call that means something else."""
    call: dict[str, Any] = {"entry": "external", "caller": "06", "to": "102", **wrong}

    with pytest.raises(ValueError, match=r"zone|called|state"):
        on(confdir, lambda asterisk: asterisk.call(**call))


def test_the_log_of_loading(tmp_path: Path) -> None:
    """What Asterisk dislikes in a dialplan is reported."""
    dialplan = "[policyc-external]\nexten => 102,1,Busy(20)\nexten => 102,1,Hangup()\n"

    seen = on(write(tmp_path, dialplan), lambda asterisk: asterisk.call(entry="external", caller="06", to="102"))

    assert seen.events == "busy"
    assert any("already in use" in line for line in seen.log)


def test_side_by_side(confdir: Path) -> None:
    """Several instances run at once, and leave neither process nor folder."""

    async def run() -> list[tuple[str, Path, int]]:
        async def one() -> tuple[str, Path, int]:
            async with Asterisk(confdir) as asterisk:
                seen = await asterisk.call(entry="external", caller="06", to="102")
                return seen.events, asterisk.folder, asterisk.pid

        return await asyncio.gather(*(one() for _ in range(4)))

    seen = asyncio.run(run())

    assert {"ring 102 20s > voicemail 102 unavailable"} == {events for events, _, _ in seen}
    assert [folder for _, folder, _ in seen if folder.exists()] == []
    assert [pid for _, _, pid in seen if running(pid)] == []


def test_it_dies_with_the_tests(confdir: Path) -> None:
    """An instance does not outlive a test run that was killed."""
    program = (
        "import asyncio, sys\nfrom pbx.asterisk import Asterisk\n"
        "async def run():\n"
        "    async with Asterisk(sys.argv[1]) as asterisk:\n"
        "        print(asterisk.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(run())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(confdir.parent)}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(confdir)], stdout=subprocess.PIPE, env=environment, text=True
    ) as tests:
        assert tests.stdout is not None
        pid = int(tests.stdout.readline())
        assert running(pid)
        tests.send_signal(signal.SIGKILL)

    end = time.monotonic() + 10
    while running(pid) and time.monotonic() < end:
        time.sleep(0.05)

    assert not running(pid)


def running(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_command_for_people(confdir: Path) -> None:
    """`observe.py` prints the events of one call."""
    command = [sys.executable, Path(__file__).parent / "observe.py", confdir, "external", "102", "0612345678"]
    command += ["2026-11-23T10:00", "102=busy"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "ring 102 20s > voicemail 102 busy\n"
    assert "102 is shown 0612345678 (allowed)" in done.stderr


def test_the_script_and_the_harness_agree_on_the_folder() -> None:
    """`asterisk-sandbox` fills the folder that the tests look in."""
    script = Path(__file__).parent / "asterisk-sandbox"
    done = subprocess.run([script, "--path"], capture_output=True, text=True, check=True)

    assert str(find().resolve()) == done.stdout.strip()


@pytest.mark.parametrize(("require", "outcome"), [("", "1 skipped"), ("1", "1 error")])
def test_without_asterisk(tmp_path: Path, require: str, outcome: str) -> None:
    """A machine without Asterisk skips these tests and says why; where it is required they fail."""
    environment = {**os.environ, "POLICYC_ASTERISK": str(tmp_path), "POLICYC_REQUIRE_ASTERISK": require}
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "-m", "pbx"]
    test = f"{__file__}::{test_the_script_and_the_harness_agree_on_the_folder.__name__}"
    done = subprocess.run([*command, test], capture_output=True, text=True, env=environment, check=False)

    assert outcome in done.stdout
    assert "run tests/pbx/asterisk-sandbox" in done.stdout
