"""A private FreeSWITCH: a folder with a `policyc.xml` in, calls placed on it out.

    async with FreeSwitch(folder) as freeswitch:
        seen = await freeswitch.call(entry="external", caller="+33612345678", restricted=False, to="102",
                                     at=None, lines={"102": "busy"})
        seen.events         # "ring 102 20s > voicemail 102 unavailable"

It listens on the loopback address alone, every path and port is its own, and it dies with the process
that started it, so that many can run side by side. The lines that a call dials are loopback channels of
the context `phones`; each call says how they behave. Standard library only.

FreeSWITCH has one clock, which libfaketime and `fsctl sync_clock` set. So calls of one instant are placed
together, and instants follow one another, on as many processes as the caller allows.
"""

import asyncio
import contextlib
import functools
import itertools
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
import wave
import weakref
import zoneinfo
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast
from xml.sax.saxutils import quoteattr

from pbx.freeswitch_observe import GREETINGS, Event, Watch
from pbx.observe import Observed

Entry = Literal["external", "internal"]

STATES = frozenset({"answer", "noanswer", "busy", "unavailable", "congestion", "accept", "refuse", "silent", "leave"})
PATIENCE = 60.0
"""Seconds after which a call that goes on is given up."""
AT_ONCE = 50
"""Calls in progress on one process; the others wait their turn."""
ROOM = 100
"""Calls in progress on all instances. Each call in progress has sound to carry: with many more, none gets on."""
CLOCKS = 6
"""Processes of one instance, each with its clock, where calls have instants."""
ATTEMPTS = 6
"""Times that a call is placed until it falls in the minute it is meant for."""
DOMAIN = "policyc.test"
MODULES = """
mod_logfile mod_commands mod_dptools mod_dialplan_xml mod_loopback mod_db mod_hash mod_expr mod_sndfile mod_native_file
mod_tone_stream mod_say_en mod_say_fr mod_voicemail mod_event_socket
""".split()
"""What routing needs. The last one is what the harness talks to: once it is there, so is the rest."""
PROMPTS = ("policyc/veuillez-patienter", "policyc/indisponible", "policyc/accepter")
GREETING, INSTRUCTIONS = GREETINGS
GOODBYE = "harness/goodbye"
VOICEMAIL = {
    "voicemail_play_greeting": GREETING,
    "voicemail_record_message": INSTRUCTIONS,
    **dict.fromkeys(("voicemail_record_file_check", "voicemail_ack", "voicemail_goodbye"), GOODBYE),
}
"""What voicemail says when."""
EVENTS = """
CHANNEL_CREATE CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_BRIDGE CHANNEL_HANGUP PLAYBACK_START BACKGROUND_JOB
""".strip()
FOLDERS = "db log run htdocs scripts temp grammar certs recordings storage cache sounds".split()
"""What the program is told the places of."""
CERTIFICATES = ("dtls-srtp.pem", "wss.pem")
"""FreeSWITCH makes these at its first start, which takes it seconds, though no call of the harness needs one."""
WARNING = re.compile(r"\[(WARNING|ERR|CRIT|ALERT)\]")
FAKETIME = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")

# A line that rings on reports "no answer" at once, as a far end does: the bridge ends as it does when its time
# is over, and no test waits for that. Keys are pressed again and again, as whoever is called presses when the
# prompt is over.
LINES = """
<context name="phones">
 <extension name="line">
  <condition field="destination_number" expression="^(?:ext|out)-(.+)$">
   <action application="transfer" data="state-${line_$1} XML phones"/>
  </condition>
 </extension>
%s
</context>
"""
STATE = """
 <extension name="%(name)s">
  <condition field="destination_number" expression="^state-%(name)s$">
%(actions)s
  </condition>
 </extension>
"""
ANSWER = (("sleep", "100"), ("answer", ""))
"""A far end takes a moment to answer. One that answers before FreeSWITCH has finished making the channel (which may
last, where there is no processor to spare) is connected unasked: nothing of `group_confirm_key=exec` is run then."""
ACTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "": (("hangup", "NO_ANSWER"),),
    "noanswer": (("hangup", "NO_ANSWER"),),
    "busy": (("hangup", "USER_BUSY"),),
    "unavailable": (("hangup", "USER_NOT_REGISTERED"),),
    "congestion": (("hangup", "NORMAL_CIRCUIT_CONGESTION"),),
    "answer": (*ANSWER, ("sleep", "60000")),
    "silent": (*ANSWER, ("sleep", "60000")),
    "leave": (*ANSWER, ("sleep", "300"), ("hangup", "NORMAL_CLEARING")),
    "accept": (*ANSWER, ("sleep", "200"), *(("send_dtmf", "1"), ("sleep", "300")) * 60),
    "refuse": (*ANSWER, ("sleep", "200"), *(("send_dtmf", "2"), ("sleep", "300")) * 60),
}
# Whoever presents no number at all: FreeSWITCH would place the call for 0000000000.
NOBODY = """
<context name="harness-%(entry)s">
 <extension name="nobody">
  <condition>
   <action application="set_profile_var" data="caller_id_number="/>
   <action application="transfer" data="${destination_number} XML policyc-%(entry)s"/>
  </condition>
 </extension>
</context>
"""
# The system's own context takes whatever comes, and waits to be hung up.
SYSTEM = """
<context name=%s>
 <extension name="system"><condition><action application="sleep" data="60000"/></condition></extension>
</context>
"""


class NotInstalledError(RuntimeError):
    """No FreeSWITCH on this machine."""


def find() -> Path:
    """Return the program: of $POLICYC_FREESWITCH (a folder, or the program itself), else of PATH."""
    named = os.environ.get("POLICYC_FREESWITCH")
    if named:
        places = [Path(named), Path(named) / "freeswitch", Path(named) / "bin/freeswitch"]
        found = next((place for place in places if place.is_file()), None)
    else:
        program = shutil.which("freeswitch")
        found = Path(program) if program else None
    if found is None:
        raise NotInstalledError(
            f"no FreeSWITCH in {named}" if named else "no freeswitch in PATH, and POLICYC_FREESWITCH is not set"
        )
    return found


def modules(program: Path) -> Path:
    """Return the folder of the program's modules."""
    home = program.resolve().parent
    places = [home / "mod", home.parent / "mod", home.parent / "lib/freeswitch/mod", Path("/usr/lib/freeswitch/mod")]
    for place in places:
        if (place / "mod_dptools.so").exists():
            return place
    raise NotInstalledError(f"no modules of {program} in {', '.join(map(str, places))}")


def faketime() -> Path | None:
    """Return the library that sets the clock of a process, if there is one: calls at an instant need it."""
    return next((found for pattern in FAKETIME for found in sorted(Path("/").glob(pattern.lstrip("/")))), None)


@dataclass(slots=True)
class _Waiting:
    """A call to be placed."""

    entry: Entry
    caller: str | None
    to: str
    restricted: bool
    at: datetime | None
    states: Mapping[str, str]
    seen: asyncio.Future[Observed]
    beyond: bool = False
    attempts: int = 0


@dataclass(slots=True)
class _Call:
    """A call in progress."""

    watch: Watch
    done: asyncio.Future[None]
    channels: set[str] = field(default_factory=set)
    killed: bool = False


class _Room:
    """Room for so many calls, given to groups of calls in the order in which they ask."""

    def __init__(self, calls: int) -> None:
        self._left = calls
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, calls: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((calls, turn))
        self._call()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(calls)
            raise

    def give_back(self, calls: int) -> None:
        self._left += calls
        self._call()

    def _call(self) -> None:
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= self._left):
            calls, turn = self._waiting.popleft()
            if not turn.done():
                self._left -= calls
                turn.set_result(None)


_ROOMS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Room] = weakref.WeakKeyDictionary()


def _room() -> _Room:
    """Return the room of all instances of this program."""
    return _ROOMS.setdefault(asyncio.get_running_loop(), _Room(ROOM))


class FreeSwitch:
    """An instance running the compiled dialplan of one folder."""

    def __init__(
        self,
        folder: str | Path,
        *,
        system_context: str = "default",
        mailboxes: Collection[str] | None = None,
        prompts: bool = True,
        zone: str | None = None,
        at_once: int = AT_ONCE,
        clocks: int = CLOCKS,
        patience: float = PATIENCE,
        within: int = 60,
        log_level: str = "warning",
    ) -> None:
        """`prompts`: the instance has the sound files that the dialplan names. `zone`: of its own clock.

        `within`: seconds from its instant, in the same minute, in which a call has to be decided.

        `mailboxes`: those of its directory; None for those that the file `mailboxes` of the folder names, or for
        any number of the dialplan.
        """
        self.confdir = Path(folder).resolve()
        self.system_context = system_context
        self.mailboxes = _mailboxes(self.confdir) if mailboxes is None else sorted(mailboxes)
        self.prompts = prompts
        self.zone = zone
        self.at_once = min(at_once, ROOM)
        self.clocks = clocks
        self.patience = patience
        self.within = within
        self.log_level = log_level
        self.log: tuple[str, ...] = ()
        """Warnings and errors while the dialplan was loaded."""
        self._processes: list[_Process] = []
        self._idle: list[_Process] = []
        self._queue: dict[datetime | None, deque[_Waiting]] = {}
        self._groups: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="policyc-freeswitch-"))
        try:
            process = self._new_process()
            await process.start()
            self._idle.append(process)
            self.log = process.log()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def call(
        self,
        *,
        entry: Entry,
        caller: str | None,
        to: str,
        restricted: bool = False,
        at: datetime | None = None,
        lines: Mapping[str, str] | None = None,
        beyond: bool = False,
    ) -> Observed:
        """Place one call and return what it did; `caller` None: no number at all.

        `beyond`: whoever takes the call hangs up at once, and what follows is told as well.
        """
        states = dict(lines or {})
        if not re.fullmatch(r"[0-9A-Za-z*#+]+", to):
            raise ValueError(f"{to!r} cannot be called")
        if at is not None and at.tzinfo is None:
            raise ValueError("an instant without a zone")
        for line, state in states.items():
            if not re.fullmatch(r"[0-9*#+]+", line) or state not in STATES:
                raise ValueError(f"{line}={state}: no such line, or no such state")
        seen: asyncio.Future[Observed] = asyncio.get_running_loop().create_future()
        self._queue_up(_Waiting(entry, caller, to, restricted, at, states, seen, beyond))
        await asyncio.sleep(0)  # calls that are placed together are to be seen together
        self._serve()
        return await seen

    def routing_log(self) -> tuple[str, ...]:
        """Return the warnings and errors since the dialplan was loaded, of all calls."""
        lines = [line for process in self._processes for line in process.log()[process.loaded :]]
        return tuple(lines)

    @property
    def pid(self) -> int:
        """The process of the instance: the first one, where there are several."""
        return self._processes[0].pid

    # ---- instants, one after the other

    def _queue_up(self, waiting: _Waiting) -> None:
        instant = waiting.at
        key = None if instant is None else datetime.fromtimestamp(int(instant.timestamp()), tz=zoneinfo.ZoneInfo("UTC"))
        self._queue.setdefault(key, deque()).append(waiting)

    def _serve(self) -> None:
        """Give what waits to the processes that do nothing."""
        while self._queue:
            instant = min(self._queue, key=lambda key: 0 if key is None else key.timestamp())
            process = self._take_process()
            if process is None:
                return
            waiting = self._queue.pop(instant)
            group = [waiting.popleft() for _ in range(min(self.at_once, len(waiting)))]
            if waiting:
                self._queue[instant] = waiting
            task = asyncio.create_task(self._serve_group(process, instant, group))
            self._groups.add(task)
            task.add_done_callback(self._groups.discard)

    def _take_process(self) -> "_Process | None":
        """Return an idle process, or one to be started, or None while all that there may be are at work."""
        if self._idle:
            return self._idle.pop(0)
        return self._new_process() if len(self._processes) < self.clocks else None

    async def _serve_group(self, process: "_Process", instant: datetime | None, group: Iterable[_Waiting]) -> None:
        group = list(group)
        room = _room()
        await room.take(len(group))
        try:
            if not process.started:
                await process.start()
            await process.set_clock(None if instant is None else instant.timestamp())
            results = await asyncio.gather(*(self._place(process, instant, each) for each in group))
        except Exception as error:  # noqa: BLE001  it is handed to whoever placed the calls
            for each in group:
                if not each.seen.done():
                    each.seen.set_exception(error)
            return
        finally:
            room.give_back(len(group))
            self._idle.append(process)
        for each, seen in zip(group, results, strict=True):
            if seen is None:
                self._queue_up(each)
            elif not each.seen.done():
                each.seen.set_result(seen)
        self._serve()

    async def _place(self, process: "_Process", instant: datetime | None, waiting: _Waiting) -> Observed | None:
        """Place a call; None if it must be placed again, since its time went by before it was decided."""
        watch, stuck = await process.place(waiting, self.system_context, self.patience)
        waiting.attempts += 1
        if instant is not None and watch.decided:
            first = int(instant.timestamp())
            last = min(first + self.within, (first // 60 + 1) * 60)
            if not first * 1_000_000 <= watch.decided < last * 1_000_000:
                if waiting.attempts >= ATTEMPTS:
                    raise RuntimeError(f"decided at {watch.decided / 1e6}, not at {instant.timestamp()}")
                return None
        return watch.result(self.log, stuck=stuck)

    # ---- processes

    def _new_process(self) -> "_Process":
        process = _Process(self.folder / str(len(self._processes) + 1), owner=self)
        self._processes.append(process)
        return process

    async def _stop(self) -> None:
        for task in self._groups:
            task.cancel()
        await asyncio.gather(*self._groups, return_exceptions=True)
        await asyncio.gather(*(process.stop() for process in self._processes))
        shutil.rmtree(self.folder, ignore_errors=True)


class _PortTakenError(RuntimeError):
    """The port chosen is no longer free."""


class _Process:
    """One FreeSWITCH with its own files."""

    def __init__(self, folder: Path, *, owner: FreeSwitch) -> None:
        self.folder = folder
        self.started = False
        self.loaded = 0  # lines of the log before the first call
        self._owner = owner
        self._process: asyncio.subprocess.Process | None = None
        self._esl: _Esl | None = None
        self._numbers = itertools.count(1)
        self._calls: dict[str, _Call] = {}
        self._of_channel: dict[str, _Call] = {}
        self._clock = faketime()
        self._set = False  # the clock is not the machine's

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        for last in (False, False, True):  # another program may take a free port before us
            try:
                await self._start()
                break
            except _PortTakenError:
                await self.stop()
                if last:
                    raise
        self.started = True

    async def _start(self) -> None:
        program = find()
        secret, port = secrets.token_hex(16), _free_port()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._write(modules(program), secret, port)
        here = self.folder
        places = {name: here / name for name in FOLDERS} | {"mod": modules(program), "conf": here / "conf"}
        # $LD_LIBRARY_PATH is the caller's
        with (here / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL",                       # it never outlives the tests
                program, "-nf", "-nc", "-np", "-nonat", "-nosql", "-nocal",
                *itertools.chain.from_iterable((f"-{name}", place) for name, place in places.items()),
                cwd=here, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment(),
            )  # fmt: skip
        self._esl = esl = _Esl(self._event)
        async with asyncio.timeout(120):
            while True:
                try:
                    await asyncio.get_running_loop().create_connection(lambda: esl, "127.0.0.1", port)
                    break
                except OSError:
                    if self._process.returncode is not None:
                        raise RuntimeError(f"FreeSWITCH did not start:\n{self._output()}") from None
                    await asyncio.sleep(0.02)
            if not (await esl.command(f"auth {secret}")).startswith("+OK"):
                raise _PortTakenError(f"port {port} is another program's")
            while True:
                if " is ready" in await esl.api("status"):
                    break
                await asyncio.sleep(0.01)
            reply = await esl.command(f"event json {EVENTS}")
            if not reply.startswith("+OK"):
                raise RuntimeError(f"no events: {reply}")
        self.loaded = len(self.log())

    async def stop(self) -> None:
        if self._esl is not None:
            self._esl.close()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()  # nothing of it is to be kept
            await self._process.wait()

    def log(self) -> tuple[str, ...]:
        """Return warnings and errors of the log."""
        path = self.folder / "log/freeswitch.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return tuple(line for line in lines if WARNING.search(line))

    async def set_clock(self, instant: float | None) -> None:
        """Make it the instant, now; None: the time that it really is."""
        assert self._esl is not None
        if instant is None and not self._set:
            return
        if self._clock is None:
            raise NotInstalledError("no libfaketime: calls cannot be placed at an instant")
        self._set = instant is not None
        wanted = time.time() if instant is None else instant
        self._offset(wanted)
        if not (reply := await self._esl.api("fsctl sync_clock")).startswith("+OK"):
            raise RuntimeError(f"the clock was not set: {reply}")
        async with asyncio.timeout(10):
            # the time that calls are told is of the last tick, which may be before the clock was set
            while True:
                if 0 <= int(await self._esl.api("strepoch")) - int(wanted) < 60:
                    break
                await asyncio.sleep(0.002)

    async def place(self, waiting: _Waiting, system_context: str, patience: float) -> tuple[Watch, bool]:
        """Place a call; return it and whether it had to be given up."""
        assert self._esl is not None
        number, placed = str(next(self._numbers)), str(uuid.uuid4())
        watch = Watch(placed, waiting.restricted, system_context, waiting.beyond)
        call = _Call(watch, asyncio.get_running_loop().create_future())
        self._calls[number] = self._of_channel[placed] = call
        exported = {"harness_call": number} | {f"line_{line}": state for line, state in waiting.states.items()}
        variables = exported | {"origination_uuid": placed, "export_vars": ",".join(exported)}
        if waiting.restricted:
            variables["origination_privacy"] = "hide_name:hide_number"
        braces = ";".join(f"{name}={value}" for name, value in variables.items())
        caller = _quoted(waiting.caller or "")
        context = f"{'policyc' if waiting.caller else 'harness'}-{waiting.entry}"
        try:
            self._esl.job(
                f"originate {{^^;{braces}}}loopback/{waiting.to}/{context} &park() XML default '' {caller}", number
            )
            await asyncio.wait((call.done,), timeout=patience)
            if call.done.done():
                call.done.result()
            return watch, not call.done.done()
        finally:
            if not watch.ended:
                self._esl.send(f"bgapi uuid_kill {placed}")
            del self._calls[number]
            for channel in (placed, *call.channels):
                self._of_channel.pop(channel, None)

    def _event(self, event: Event) -> None:
        if event.get("Event-Name") == "BACKGROUND_JOB":
            call = self._calls.get(event.get("Job-UUID", ""))
            if call and not call.watch.caller_channel and not call.done.done():
                call.done.set_exception(RuntimeError(f"no call: {event.get('_body')}"))
            return
        channel = event.get("Unique-ID", "")
        call = self._of_channel.get(channel)
        if call is None:
            call = self._calls.get(event.get("variable_harness_call", ""))
            if call is None:
                return
            self._of_channel[channel] = call
            call.channels.add(channel)
        over = call.watch.take(event)
        talking = event["Event-Name"] == "CHANNEL_BRIDGE" and channel == call.watch.caller_channel
        if call.watch.beyond and talking and not over:
            assert self._esl is not None
            self._esl.send(f"bgapi uuid_kill {event['Other-Leg-Unique-ID']} NORMAL_CLEARING")
        if call.watch.ended:
            if not call.done.done():
                call.done.set_result(None)
        elif over and not call.killed:
            call.killed = True
            assert self._esl is not None
            self._esl.send(f"bgapi uuid_kill {call.watch.placed}")

    # ---- its files

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        if self._owner.zone:
            environment["TZ"] = self._owner.zone
        if self._clock:
            self._offset(time.time())
            environment |= {
                "LD_PRELOAD": str(self._clock), "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }  # fmt: skip
        return environment

    def _offset(self, instant: float) -> None:
        new = self.folder / "clock.new"
        new.write_text(f"{instant - time.time():+.6f}\n")
        new.rename(self.folder / "clock")  # the process may be reading it

    def _output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")

    def _write(self, mod: Path, secret: str, port: int) -> None:
        here, owner = self.folder, self._owner
        for name in (*FOLDERS, "conf", "sounds/digits", "sounds/policyc", "sounds/harness"):
            (here / name).mkdir(parents=True)
        for box in owner.mailboxes:  # two first calls to a box at once would both make its folder, and one fail
            (here / "storage" / DOMAIN / box).mkdir(parents=True)
        for name in CERTIFICATES if _key() else ():
            (here / f"certs/{name}").write_text(_key())
        compiled = owner.confdir / "policyc.xml"
        text = compiled.read_text(encoding="utf-8")
        named = re.findall(r"\bpolicyc/[\w-]+", text)
        prompts = {*PROMPTS, *named} if owner.prompts else set()
        for name in (*(f"digits/{digit}" for digit in range(10)), *GREETINGS, GOODBYE, *prompts):
            _silence(here / f"sounds/{name}.wav")

        states = "".join(
            STATE % {"name": name, "actions": "\n".join(_action(*action) for action in actions)}
            for name, actions in ACTIONS.items()
        )
        voicemail = {
            "storage-dir": here / "storage", "file-extension": "wav", "terminator-key": "#", "max-login-attempts": 3,
            "digit-timeout": 10000, "min-record-len": 3, "max-record-len": 300, "tone-spec": "%(20, 0, 640)",
            "max-retries": 3, "record-silence-threshold": 200, "record-silence-hits": 2,
        }  # fmt: skip
        configuration = (
            "<configuration name='modules.conf'><modules>"
            + "".join(f"<load module='{name}'/>" for name in MODULES if (mod / f"{name}.so").exists())
            + "</modules></configuration>"
            + _configuration("switch", {
                "max-sessions": 100000, "sessions-per-second": 100000, "loglevel": owner.log_level,
                "events-use-dispatch": "false",     # events come in the order in which they happen
                "colorize-console": "false", "dump-cores": "no", "switchname": "harness",
            })
            + _configuration("event_socket", {
                "listen-ip": "127.0.0.1", "listen-port": port, "password": secret, "nat-map": "false",
            })
            + "<configuration name='logfile.conf'><settings/><profiles><profile name='default'><settings>"
            f"<param name='logfile' value={quoteattr(str(here / 'log/freeswitch.log'))}/>"
            "<param name='rollover' value='0'/></settings><mappings>"
            "<map name='all' value='debug,info,notice,warning,err,crit,alert'/></mappings></profile></profiles>"
            "</configuration>"
            + _configuration("loopback", {}) + _configuration("hash", {}) + _configuration("db", {})
            + _configuration("sndfile", {})
            + "<configuration name='acl.conf'><network-lists/></configuration>"
            + "<configuration name='post_load_modules.conf'><modules/></configuration>"
            + "<configuration name='voicemail.conf'><settings/><profiles><profile name='default'>"
            + "".join(f"<param name='{name}' value={quoteattr(str(value))}/>" for name, value in voicemail.items())
            + "</profile></profiles></configuration>"
            + _time_zones()
        )  # fmt: skip
        macros = "".join(
            f"<macro name='{name}'><input pattern='^(.*)$'><match><action function='play-file' data='{sound}.wav'/>"
            "</match></input></macro>"
            for name, sound in VOICEMAIL.items()
        )
        sounds = quoteattr(str(here / "sounds"))
        languages = "".join(
            f"<language name='{name}' say-module='{name}' sound-prefix={sounds}>"
            f"<phrases><macros>{macros}</macros></phrases></language>"
            for name in ("en", "fr")
        )
        users = "".join(f"<user id='{number}'/>" for number in owner.mailboxes)
        (here / "conf/freeswitch.xml").write_text(
            "<document type='freeswitch/xml'>\n"
            f'<X-PRE-PROCESS cmd="set" data="domain={DOMAIN}"/>\n'
            f'<X-PRE-PROCESS cmd="set" data="domain_name={DOMAIN}"/>\n'
            f'<X-PRE-PROCESS cmd="set" data="sound_prefix={here}/sounds"/>\n'
            '<X-PRE-PROCESS cmd="set" data="default_language=fr"/>\n'
            f"<section name='configuration'>\n{configuration}\n</section>\n"
            f"<section name='dialplan'>\n"
            f'<X-PRE-PROCESS cmd="include" data={quoteattr(str(compiled))}/>\n'
            f"{LINES % states}{''.join(NOBODY % {'entry': entry} for entry in ('external', 'internal'))}"
            f"{SYSTEM % quoteattr(owner.system_context)}</section>\n"
            f"<section name='directory'><domain name='{DOMAIN}'><users>{users}</users></domain></section>\n"
            f"<section name='languages'>{languages}</section>\n"
            "</document>\n",
            encoding="utf-8",
        )


class _Esl(asyncio.Protocol):
    """FreeSWITCH's event socket: commands in, replies and events out."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()
        self._replies: deque[asyncio.Future[str]] = deque()
        self._wanted = 0  # length of the body that is being received
        self._headers: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        for reply in self._replies:
            if not reply.done():
                reply.set_exception(ConnectionError("FreeSWITCH closed the connection"))
                reply.exception()  # nobody may be waiting for it

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            if not self._headers:
                end = self._received.find(b"\n\n")
                if end < 0:
                    return
                for line in self._received[:end].decode("utf-8", "replace").split("\n"):
                    key, _, value = line.partition(": ")
                    self._headers[key] = value
                del self._received[: end + 2]
                self._wanted = int(self._headers.get("Content-Length", "0"))
            if len(self._received) < self._wanted:
                return
            body = bytes(self._received[: self._wanted])
            del self._received[: self._wanted]
            headers, self._headers = self._headers, {}
            self._take(headers, body)

    def _take(self, headers: Mapping[str, str], body: bytes) -> None:
        match headers.get("Content-Type"):
            case "text/event-json":
                # a caller may present bytes that are no text
                self._on_event(json.loads(body.decode("utf-8", "replace"), strict=False))
            case "command/reply":
                self._answer(headers.get("Reply-Text", ""))
            case "api/response":
                self._answer(body.decode("utf-8", "replace"))
            case _:
                pass  # the greeting, and the notice that it closes

    def _answer(self, text: str) -> None:
        reply = self._replies.popleft()
        if not reply.done():
            reply.set_result(text)

    def send(self, command: str) -> asyncio.Future[str]:
        """Send a command and wait for nothing."""
        assert self._transport is not None
        reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._replies.append(reply)
        self._transport.write(f"{command}\n\n".encode("utf-8", "surrogateescape"))
        return reply

    async def command(self, command: str) -> str:
        """Send a command and return its reply."""
        return await self.send(command)

    async def api(self, command: str) -> str:
        """Run a command of the switch and return what it prints."""
        return await self.send(f"api {command}")

    def job(self, command: str, name: str) -> None:
        """Run a command of the switch aside; BACKGROUND_JOB of that name tells its end."""
        self.send(f"bgapi {command}\nJob-UUID: {name}")


def _quoted(text: str) -> str:
    """Return a text as one argument of an API command, which takes it apart at blanks."""
    table = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "'" + "".join(table.get(character, character) for character in text) + "'"


def _action(application: str, data: str) -> str:
    return f'   <action application="{application}" data={quoteattr(data)}/>'


def _configuration(name: str, settings: Mapping[str, Any]) -> str:
    params = "".join(f"<param name='{key}' value={quoteattr(str(value))}/>" for key, value in settings.items())
    return f"<configuration name='{name}.conf'><settings>{params}</settings></configuration>\n"


@functools.cache
def _key() -> str:
    """Return a key as long as FreeSWITCH wants one, of a kind that takes no time to make; nothing without openssl."""
    if not shutil.which("openssl"):
        return ""
    made = subprocess.run(
        "openssl genpkey -algorithm DH -pkeyopt group:ffdhe4096".split(),
        check=True, capture_output=True, text=True, env={**os.environ, "LD_LIBRARY_PATH": ""},
    )  # fmt: skip
    return made.stdout


@functools.cache
def _time_zones() -> str:
    """Return timezones.conf, which FreeSWITCH knows zones by: in its own package it is made from the same database."""
    zones = []
    for name in sorted(zoneinfo.available_timezones()):
        with contextlib.suppress(OSError):
            rule = _zone_rule(name)
            if rule:
                zones.append(f"<zone name={quoteattr(name)} value={quoteattr(rule)}/>")
    return "<configuration name='timezones.conf'><timezones>\n" + "\n".join(zones) + "\n</timezones></configuration>"


def _zone_rule(name: str) -> str:
    """Return the rule that a zone's file ends with; it holds from the file's last transition on."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder) / name
        if path.is_file():
            rule = path.read_bytes().rstrip(b"\n").rpartition(b"\n")[2].decode("ascii", "replace")
            # FreeSWITCH does not read the names that the database has in brackets, nor has any in its own file
            return re.sub(r"<[^>]*>", "DST", re.sub(r"<[^>]*>", "STD", rule, count=1))
    return ""


def _mailboxes(folder: Path) -> list[str]:
    listed = folder / "mailboxes"
    if listed.exists():
        return listed.read_text(encoding="utf-8").split()
    text = (folder / "policyc.xml").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"(?<![\w+])[0-9]{1,10}(?!\w)", text)))


def _silence(path: Path) -> None:
    """Write a prompt as short as can be."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(320))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])
