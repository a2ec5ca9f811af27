"""The harness of FreeSWITCH itself, on a small dialplan written by hand that does what a compiled one may do."""

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
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

import pytest
from pbx.freeswitch import FreeSwitch
from pbx.observe import Observed, Shown

pytestmark = pytest.mark.pbx_freeswitch

RING = (
    ("set", "call_timeout=20"),
    ("set", "continue_on_fail=true"),
    ("set", "hangup_after_bridge=true"),
    ("bridge", "loopback/ext-102/phones"),
)
MAILBOX = (("answer", ""), ("voicemail", "default ${domain_name} 102"))
PRIVATE = "{origination_privacy=hide_name:hide_number}"
CONFIRMED = (
    "{origination_privacy=hide_name:hide_number,group_confirm_key=exec,"
    "group_confirm_file='execute_extension accept XML policyc-confirm',group_confirm_cancel_timeout=true}"
)
OUTSIDE = (("set", "call_timeout=86400"), ("set", "continue_on_fail=false"), ("set", "hangup_after_bridge=true"))
Actions = tuple[tuple[str, str], ...]
# What each number called from outside does; 102 rings.
NUMBERS: Mapping[str, Actions] = {
    "102": (*RING, *MAILBOX),
    "1": MAILBOX,
    "2": (*OUTSIDE, ("bridge", "loopback/out-0442930698/phones")),
    "3": (
        ("answer", ""),
        ("playback", "policyc/veuillez-patienter.wav"),
        ("say", "fr number iterated 102"),
        *RING[:3],
        ("bridge", f"{CONFIRMED}loopback/out-0612345678/phones"),
        ("playback", "policyc/indisponible.wav"),
        *MAILBOX,
    ),
    "4": (("transfer", "800 XML default"),),
    "5": (("set", "call_timeout=20"), ("bridge", f"{PRIVATE}loopback/out-0612345678/phones")),
    "6": (("answer", ""), ("voicemail", "default ${domain_name} 999")),
    "7": (("answer", ""), ("voicemail", "no-such-profile ${domain_name} 102")),
    "8": (("set", "skip_greeting=true"), *MAILBOX),
    "9": RING,
    "10": (*RING[:3], ("bridge", "error/user_busy"), ("hangup", "USER_BUSY")),
    "11": (*RING[:3], ("bridge", "loopback/ext-101/phones,loopback/ext-102/phones"), ("hangup", "USER_BUSY")),
    "12": (("set", "continue_on_fail=true"), ("bridge", "loopback/ext-102/phones"), ("hangup", "USER_BUSY")),
    "13": (
        *RING[:3],
        ("bridge", "{originate_timeout=7}[leg_timeout=30]loopback/ext-101/phones"),
        ("bridge", "{originate_timeout=30}[leg_timeout=5]loopback/ext-102/phones"),
        ("bridge", "{call_timeout=1}loopback/ext-103/phones"),
        ("hangup", "USER_BUSY"),
    ),
    "14": (("sleep", "30000"),),
    "15": (("respond", "404"),),
    "16": (("playback", "policyc/absent.wav"), ("hangup", "USER_BUSY")),
    "17": (("set", "continue_on_fail=true"), *RING[3:], ("hangup", "${originate_disposition}")),
}
CONFIRM = """
<context name="policyc-confirm">
 <extension name="ask"><condition field="destination_number" expression="^accept$">
  <action application="read" data="1 1 policyc/accepter.wav key 2000"/>
  <action application="execute_extension" data="key${key} XML policyc-confirm"/>
 </condition></extension>
 <extension name="accepted"><condition field="destination_number" expression="^key1$">
  <action application="set" data="accepted=true"/>
 </condition></extension>
 <extension name="refused"><condition><action application="hangup" data="CALL_REJECTED"/></condition></extension>
</context>
"""
HOURS = """
<context name="policyc-internal">
 <extension name="zone" continue="true"><condition field="destination_number" expression="^30[0-9]$">
  <action application="set" data="timezone=%s" inline="true"/>
 </condition></extension>
 <extension name="open"><condition field="destination_number" expression="^300$"/>
  <condition wday="2-6" time-of-day="09:00:00-12:29:59"><action application="hangup" data="USER_BUSY"/></condition>
 </extension>
 <extension name="summer"><condition field="destination_number" expression="^301$"/>
  <condition time-of-day="03:00:00-23:59:59"><action application="hangup" data="USER_BUSY"/></condition>
 </extension>
 <extension name="else"><condition><action application="transfer" data="800 XML default"/></condition></extension>
</context>
"""
REBOUND = "answer > play wait > digits 102 > rebound 0612345678 20s"
PARIS = ZoneInfo("Europe/Paris")


class Case(NamedTuple):
    """A call from outside and what it must be seen to do."""

    to: str
    lines: dict[str, str]
    events: str
    connected: str | None = None
    more: Mapping[str, Any] = MappingProxyType({})


HIDDEN = MappingProxyType({"restricted": True})
CASES = [
    # the extension's own line
    Case("102", {}, "ring 102 20s > voicemail 102 unavailable"),
    Case("102", {"102": "noanswer"}, "ring 102 20s > voicemail 102 unavailable"),
    Case("102", {"102": "busy"}, "ring 102 20s > voicemail 102 unavailable"),
    Case("102", {"102": "unavailable"}, "ring 102 20s > voicemail 102 unavailable"),
    Case("102", {"102": "congestion"}, "ring 102 20s > voicemail 102 unavailable"),
    Case("102", {"102": "answer"}, "ring 102 20s", "102"),
    Case("102", {"102": "answer"}, "ring 102 20s", "102", HIDDEN),
    Case("1", {}, "voicemail 102 unavailable"),
    # limits of time, wherever they stand
    Case("11", {"102": "answer"}, "ring 101 20s > ring 102 20s", "102"),
    Case("12", {}, "ring 102 60s > busy"),
    Case("13", {}, "ring 101 7s > ring 102 5s > ring 103 20s > busy"),
    # an outside number
    Case("2", {"0442930698": "busy"}, "external 0442930698 > busy"),
    Case("2", {}, "external 0442930698 > hangup"),
    Case("2", {"0442930698": "unavailable"}, "external 0442930698 > hangup"),
    Case("2", {"0442930698": "answer"}, "external 0442930698", "0442930698"),
    Case("2", {}, "external 0442930698 > hangup", None, HIDDEN),
    # the same, as a private call that is accepted with a key
    Case("3", {}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("3", {"0612345678": "busy"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("3", {"0612345678": "refuse"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("3", {"0612345678": "silent"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("3", {"0612345678": "leave"}, f"{REBOUND} > play unavailable > voicemail 102 unavailable"),
    Case("3", {"0612345678": "accept"}, REBOUND, "0612345678"),
    Case("3", {"0612345678": "accept"}, REBOUND, "0612345678", HIDDEN),
    # a dialplan that forgets the confirmation is seen to connect the mobile's answering machine
    Case("5", {"0612345678": "silent"}, "rebound 0612345678 20s", "0612345678"),
    # the PBX's own extensions
    Case("4", {}, "system 800"),
    # what no policy wants does not look like what one may want
    Case("6", {}, "voicemail 999 unknown"),
    Case("7", {}, "voicemail 102 unknown"),
    Case("8", {}, "voicemail 102 none"),
    Case("9", {}, "ring 102 20s > end"),
    Case("10", {}, "dial error/user_busy > busy"),
    Case("5", {}, "rebound 0612345678 20s > end"),  # FreeSWITCH goes on after "no answer" unless told not to
    Case("15", {}, "hangup"),
    Case("16", {}, "play policyc/absent > busy"),
    Case("17", {}, "ring 102 60s > hangup"),
    Case("17", {"102": "busy"}, "ring 102 60s > busy"),
    Case("199", {}, "end"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that a compilation would make."""
    return write(tmp_path_factory.mktemp("compiled"))


def write(folder: Path, numbers: Mapping[str, Actions] = NUMBERS, zone: str = "Europe/Paris") -> Path:
    """Write a compiled folder."""
    lines = [
        f'<extension name="{number}"><condition field="destination_number" expression="^{number}$">\n'
        + "".join(f'<action application="{name}" data={quoteattr(data)}/>\n' for name, data in actions)
        + "</condition></extension>\n"
        for number, actions in numbers.items()
    ]
    context = f'<context name="policyc-external">\n{"".join(lines)}</context>'
    (folder / "policyc.xml").write_text(f"<include>\n{context}{CONFIRM}{HOURS % zone}</include>\n", encoding="utf-8")
    (folder / "mailboxes").write_text("102\n103\n")
    return folder


def on(folder: Path, work: Callable[[FreeSwitch], Awaitable[Any]], **options: Any) -> Any:
    """Run `work` on an instance of its own."""

    async def run() -> Any:
        async with FreeSwitch(folder, **options) as freeswitch:
            return await work(freeswitch)

    return asyncio.run(run())


def place(freeswitch: FreeSwitch, case: Case) -> Awaitable[Observed]:
    """Place the call of a case."""
    call: dict[str, Any] = {"entry": "external", "caller": "0612345678", **case.more}
    return freeswitch.call(to=case.to, lines=case.lines, **call)


@pytest.fixture(scope="module")
def observed(folder: Path) -> list[Observed]:
    """Place every case's call at once."""

    async def all_cases(freeswitch: FreeSwitch) -> list[Observed]:
        return await asyncio.gather(*(place(freeswitch, case) for case in CASES))

    return on(folder, all_cases)


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

    assert steps[0] == ("policyc-external", "102", 1, "set", "call_timeout=20")
    assert [step.app for step in steps] == ["set", "set", "set", "bridge", "answer", "voicemail"]
    assert steps[-1].data == "default policyc.test 102"


@pytest.mark.parametrize(
    "caller",
    [
        "0700000001", "${system(touch injected)}", "a'b\"c\\d", " 06 12 ", "+33612345678;verstat=TN", "é🙂", "{x=1}[y]",
        "%41|a,b&c", "\\'", "'", "undef ", "&park()", "^^:a:b", "a=b",
    ],
)  # fmt: skip
def test_the_number_shown(folder: Path, caller: str) -> None:
    """A line is shown the very characters that the caller presented, whatever they are."""

    async def two(freeswitch: FreeSwitch) -> list[list[Shown]]:
        seen = [await freeswitch.call(entry="external", caller=caller, to=to) for to in ("2", "4")]
        assert not list(freeswitch.folder.rglob("injected*"))
        return [one.shown for one in seen]

    assert [[Shown("0442930698", caller, "allowed")], [Shown("800", caller, "allowed")]] == on(folder, two)


@pytest.mark.parametrize("caller", [None, ""])
def test_no_number_at_all(folder: Path, caller: str | None) -> None:
    """Who presents no number has none, and not the one that FreeSWITCH makes up."""
    seen = on(folder, lambda freeswitch: freeswitch.call(entry="external", caller=caller, to="4"))

    assert [Shown("800", "", "allowed")] == seen.shown
    assert seen.events == "system 800"


def test_presentations(observed: list[Observed]) -> None:
    """The presentation tells who hides the number: nobody, the caller, or a rebound."""
    shown = {(case.to, bool(case.more), seen.events): seen for case, seen in zip(CASES, observed, strict=True)}

    hidden = shown["2", True, "external 0442930698 > hangup"]
    assert hidden.shown == [("0442930698", "0612345678", "prohib")]
    assert [name.presentation for name in hidden.names] == ["prohib"]
    assert shown["3", False, REBOUND].shown == [("0612345678", "0612345678", "prohib")]
    assert shown["4", False, "system 800"].shown == [("800", "0612345678", "allowed")]


def test_many_calls_at_once_do_not_mix(folder: Path) -> None:
    """Each of many calls in progress has lines and a caller of its own."""
    cases = [case for _ in range(10) for case in CASES]

    async def all_cases(freeswitch: FreeSwitch) -> list[Observed]:
        return await asyncio.gather(*(place(freeswitch, case) for case in cases))

    assert [case.events for case in cases] == [seen.events for seen in on(folder, all_cases)]


INSTANTS = [
    # half-open hours, to the second
    ("300", datetime(2026, 11, 23, 8, 59, 59, tzinfo=PARIS), "system 800"),
    ("300", datetime(2026, 11, 23, 9, 0, 0, tzinfo=PARIS), "busy"),
    ("300", datetime(2026, 11, 23, 12, 29, 59, tzinfo=PARIS), "busy"),
    ("300", datetime(2026, 11, 23, 12, 30, 0, tzinfo=PARIS), "system 800"),
    ("300", datetime(2026, 11, 22, 10, 0, 0, tzinfo=PARIS), "system 800"),
    ("300", datetime(2031, 7, 1, 9, 0, 0, tzinfo=PARIS), "busy"),
    ("300", datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC), "busy"),
    ("300", datetime(2026, 7, 6, 7, 0, 0, tzinfo=UTC), "busy"),
    # the clock goes from 02:00 to 03:00, and back from 03:00 to 02:00
    ("301", datetime(2026, 3, 29, 1, 59, 59, tzinfo=PARIS), "system 800"),
    ("301", datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), "busy"),
    ("301", datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), "system 800"),
    ("301", datetime(2026, 10, 25, 1, 30, 0, tzinfo=UTC), "system 800"),
    ("301", datetime(2026, 10, 25, 2, 0, 0, tzinfo=UTC), "busy"),
]


@pytest.mark.parametrize("clocks", [1, 5])
def test_instants(folder: Path, clocks: int) -> None:
    """Calls see the instant that they are meant for, however many there are, and in whatever order."""
    calls = [call for _ in range(20) for call in INSTANTS]

    async def all_calls(freeswitch: FreeSwitch) -> list[Observed]:
        return await asyncio.gather(
            *(freeswitch.call(entry="internal", caller="101", to=to, at=at) for to, at, _ in calls)
        )

    assert [events for _, _, events in calls] == [
        seen.events for seen in on(folder, all_calls, clocks=clocks, zone="America/New_York")
    ]


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Indian/Reunion", datetime(2026, 11, 23, 5, 0, 0, tzinfo=UTC)),
        ("America/Martinique", datetime(2026, 11, 23, 13, 0, 0, tzinfo=UTC)),
        ("Pacific/Noumea", datetime(2026, 11, 22, 22, 0, 0, tzinfo=UTC)),
    ],
)
def test_zones(tmp_path: Path, zone: str, at: datetime) -> None:
    """A dialplan may name any zone."""

    async def two(freeswitch: FreeSwitch) -> list[str]:
        instants = (at, datetime.fromtimestamp(at.timestamp() - 1, tz=UTC))
        return [(await freeswitch.call(entry="internal", caller="101", to="300", at=each)).events for each in instants]

    assert ["busy", "system 800"] == on(write(tmp_path, zone=zone), two)


def test_now_comes_back(folder: Path) -> None:
    """A call without an instant is placed now, whatever instants others had."""

    async def two(freeswitch: FreeSwitch) -> list[Observed]:
        far = datetime(2031, 7, 1, 9, 0, 0, tzinfo=PARIS)
        first = await freeswitch.call(entry="internal", caller="101", to="300", at=far)
        return [first, await freeswitch.call(entry="external", caller="06", to="3", lines={"0612345678": "accept"})]

    assert ["busy", REBOUND] == [seen.events for seen in on(folder, two, clocks=1)]


def test_prompts_may_be_missing(folder: Path) -> None:
    """A PBX without the sound files is seen to do the same."""
    seen = on(folder, lambda freeswitch: place(freeswitch, Case("3", {}, "")), prompts=False)

    assert f"{REBOUND} > play unavailable > voicemail 102 unavailable" == seen.events


@pytest.mark.parametrize(
    ("to", "events"), [("102", "ring 102 20s > end"), ("12", "ring 102 60s > busy")], ids=["hung up", "goes on"]
)
def test_beyond_a_conversation(folder: Path, to: str, events: str) -> None:
    """Whoever takes the call hangs up, and what the dialplan does then is told."""
    lines = {"102": "answer"}

    async def both(freeswitch: FreeSwitch) -> list[Observed]:
        call = {"entry": "external", "caller": "+33612345678", "to": to, "lines": lines}
        return [await freeswitch.call(**call, beyond=beyond) for beyond in (False, True)]

    plain, beyond = on(folder, both)

    assert (plain.events, plain.connected) == (events.split(" > ", maxsplit=1)[0], "102")
    assert (beyond.events, beyond.connected) == (events, "102")


def test_a_call_that_goes_on_is_given_up(folder: Path) -> None:
    """A call that never ends is reported as such; those after it are placed all the same."""

    async def two(freeswitch: FreeSwitch) -> list[str]:
        first = await freeswitch.call(entry="external", caller="06", to="14")
        return [first.events, (await freeswitch.call(entry="external", caller="06", to="102")).events]

    assert on(folder, two, patience=2) == ["stuck", "ring 102 20s > voicemail 102 unavailable"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": {"102": "asleep"}},
        {"lines": {"102,1": "busy"}},
        {"to": "102/1"},
        {"at": datetime(2026, 11, 23, 10, 0)},
    ],
)
def test_a_wrong_call_is_refused(folder: Path, wrong: dict[str, Any]) -> None:
    """A mistake in a test is an exception, and never a call that means something else."""
    call: dict[str, Any] = {"entry": "external", "caller": "06", "to": "102", **wrong}

    with pytest.raises(ValueError, match=r"zone|called|state"):
        on(folder, lambda freeswitch: freeswitch.call(**call))


def test_a_dialplan_that_is_no_xml(tmp_path: Path) -> None:
    """What FreeSWITCH cannot read is said."""
    write(tmp_path)
    broken = (tmp_path / "policyc.xml").read_text().replace("</context>", "</contxt>", 1)
    (tmp_path / "policyc.xml").write_text(broken)

    with pytest.raises(RuntimeError, match="did not start"):
        on(tmp_path, lambda freeswitch: freeswitch.call(entry="external", caller="06", to="102"))


def test_the_log_of_routing(folder: Path) -> None:
    """What a call makes FreeSWITCH complain of is told."""

    async def one(freeswitch: FreeSwitch) -> tuple[str, ...]:
        await freeswitch.call(entry="external", caller="06", to="7")
        return freeswitch.routing_log()

    assert [True] == ["invalid profile no-such-profile" in line for line in on(folder, one) if "[ERR]" in line]


def test_side_by_side(folder: Path) -> None:
    """Several instances run at once, and leave neither process nor folder."""

    async def run() -> list[tuple[str, Path, int]]:
        async def one() -> tuple[str, Path, int]:
            async with FreeSwitch(folder) as freeswitch:
                seen = await freeswitch.call(entry="external", caller="06", to="102")
                return seen.events, freeswitch.folder, freeswitch.pid

        return await asyncio.gather(*(one() for _ in range(4)))

    seen = asyncio.run(run())

    assert {"ring 102 20s > voicemail 102 unavailable"} == {events for events, _, _ in seen}
    assert [folder for _, folder, _ in seen if folder.exists()] == []
    assert [pid for _, _, pid in seen if running(pid)] == []


def test_it_dies_with_the_tests(folder: Path) -> None:
    """An instance does not outlive a test run that was killed."""
    program = (
        "import asyncio, sys\nfrom pbx.freeswitch import FreeSwitch\n"
        "async def run():\n"
        "    async with FreeSwitch(sys.argv[1]) as freeswitch:\n"
        "        print(freeswitch.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(run())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(folder.parent)}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, env=environment, text=True
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


def test_it_listens_on_this_machine_alone(folder: Path) -> None:
    """Nobody else can reach an instance."""

    def addresses(pid: int) -> set[str]:
        sockets = {str(item.readlink()) for item in Path(f"/proc/{pid}/fd").iterdir()}
        found = set()
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = row.split()
                listens = fields[3] in ("0A", "07")  # listening; bound, for UDP
                if listens and f"socket:[{fields[9]}]" in sockets:
                    found.add(f"{table} {fields[1].partition(':')[0]}")
        return found

    async def one(freeswitch: FreeSwitch) -> set[str]:
        return addresses(freeswitch.pid)

    assert on(folder, one) == {"tcp 0100007F"}


def test_the_command_for_people(folder: Path) -> None:
    """`freeswitch_observe.py` prints the events of one call."""
    command = [sys.executable, Path(__file__).parent / "freeswitch_observe.py", folder, "external", "102"]
    command += ["0612345678", "2026-11-23T10:00", "102=busy"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "ring 102 20s > voicemail 102 unavailable\n"
    assert "102 is shown 0612345678 (allowed)" in done.stderr


@pytest.mark.parametrize(("require", "outcome"), [("", "1 skipped"), ("1", "1 error")])
def test_without_freeswitch(tmp_path: Path, require: str, outcome: str) -> None:
    """A machine without FreeSWITCH skips these tests and says why; where it is required they fail."""
    environment = {**os.environ, "POLICYC_FREESWITCH": str(tmp_path), "POLICYC_REQUIRE_FREESWITCH": require}
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", "-m", "pbx_freeswitch"]
    test = f"{__file__}::{test_the_command_for_people.__name__}"
    done = subprocess.run([*command, test], capture_output=True, text=True, env=environment, check=False)

    assert outcome in done.stdout
    assert "no FreeSWITCH in" in done.stdout
