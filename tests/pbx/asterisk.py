"""A private Asterisk: a folder that `policyc compile` wrote in, calls placed on it out.

    async with Asterisk(confdir) as asterisk:
        seen = await asterisk.call(entry="external", caller="+33612345678", restricted=False, to="102",
                                   at=None, lines={"102": "busy"})
        seen.events         # "ring 102 20s > voicemail 102 busy"

It listens on the loopback address alone, every path and port is its own, and it dies with the process
that started it, so that many can run side by side. The lines that a call dials are Local channels of
the context [phones]; each call says how they behave. Standard library only.
"""

import asyncio
import itertools
import os
import re
import secrets
import shutil
import socket
import tempfile
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import quote

from pbx import observe
from pbx.observe import Observed, Watch

Entry = Literal["external", "internal"]
Message = dict[str, str]

STATES = frozenset({"answer", "noanswer", "busy", "unavailable", "congestion", "accept", "refuse", "silent", "leave"})
PATIENCE = 60.0
"""Seconds after which a call that goes on is given up."""
AT_ONCE = 150
"""Calls in progress; the others wait their turn."""
SILENT_AT_ONCE = 500
"""Calls to a silent line spend whole seconds waiting for a key, and cost the machine nothing meanwhile."""

# What routing needs and no more: it is up in half a second and its log is quiet.
MODULES = """
res_timing_timerfd res_crypto res_convert res_musiconhold res_speech res_agi res_smdi res_mwi_devstate
codec_ulaw codec_alaw codec_a_mu codec_gsm codec_resample format_pcm format_gsm format_wav format_sln
bridge_simple bridge_softmix bridge_holding bridge_builtin_features
func_base64 func_callerid func_channel func_cut func_db func_devstate func_dialplan func_env func_evalexten
func_export func_global func_groupcount func_hangupcause func_logic func_math func_md5 func_rand func_shell
func_sprintf func_strings func_timeout func_uri func_version func_vmcount
app_dial app_stack app_voicemail app_playback app_verbose app_exec app_if app_while app_db app_read
app_senddtmf app_system app_userevent app_sayunixtime app_originate app_queue app_transfer
pbx_config
""".split()

# [harness] makes the caller what the call says and enters the policy. A line first reports what it is
# shown, then does what the inherited variable LINE_<number> says. A line that rings on reports "no answer"
# at once, as a far end does: Dial ends as it does when its time is over, and no test waits for that.
# Keys are pressed again and again, as whoever is called presses when the prompt is over.
LINES = """
[harness]
exten => s,1,Set(CALLERID(num)=${URIDECODE(${HARNESS_CALLER})})
 same => n,Set(CALLERID(pres)=${HARNESS_PRESENTATION})
 same => n,Goto(policyc-${HARNESS_ENTRY},${HARNESS_CALLED},1)

[%(system_context)s]
exten => _[0-9*#+a-zA-Z].,1,%(report)s
 same => n,Wait(60)
exten => _[0-9],1,%(report)s
 same => n,Wait(60)

[phones]
exten => _[eo]!,1,%(report)s
 same => n,Goto(phones-act,line-${LINE_${EXTEN:4}},1)

[phones-act]
exten => line-,1,Hangup(19)
exten => line-noanswer,1,Hangup(19)
exten => line-busy,1,Hangup(17)
exten => line-unavailable,1,Hangup(3)
exten => line-congestion,1,Hangup(34)
exten => line-answer,1,Answer(0,i)
 same => n,Wait(60)
exten => line-silent,1,Goto(line-answer,1)
exten => line-leave,1,Answer(0,i)
 same => n,Wait(0.3)
 same => n,Hangup(16)
exten => line-accept,1,Set(KEY=1)
 same => n,Goto(line-keys,1)
exten => line-refuse,1,Set(KEY=2)
 same => n,Goto(line-keys,1)
exten => line-keys,1,Answer(0,i)
 same => n,Wait(0.2)
 same => n(again),SendDTMF(${KEY})
 same => n,Wait(0.3)
 same => n,Goto(again)
"""
REPORT = (
    f"NoOp({observe.REPORT}"
    "${CALLERID(num-pres)} ${CALLERID(name-pres)} "
    "${URIENCODE(${CALLERID(num)})} ${URIENCODE(${CALLERID(name)})})"
)
FRENCH_TONES = """
[general]
country = fr
[fr]
description = France
ringcadence = 1500,3500
dial = 440
busy = 440/500,0/500
ring = 440/1500,0/3500
congestion = 440/250,0/250
"""
EVENTS = ("FullyBooted", "Newexten", "Hangup", "BridgeEnter")
UNWANTED = (
    "VarSet Newchannel Newstate NewCallerid NewConnectedLine NewAccountCode DialBegin DialState DialEnd "
    "HangupRequest SoftHangupRequest LocalBridge LocalOptimizationBegin LocalOptimizationEnd "
    "OriginateResponse BridgeCreate BridgeLeave BridgeDestroy DTMFBegin DTMFEnd MusicOnHoldStart "
    "MusicOnHoldStop DeviceStateChange"
)
"""Asterisk does not even make these: it spares a quarter of its work."""
OTHER_FILES = {
    "general": ("features", "ccss", "udptl", "stasis", "http", "queues", "codecs", "cdr", "cel", "voicemail"),
    "": ("acl", "sorcery", "extconfig", "say", "smdi", "dnsmgr", "cli_aliases"),
}
FOLDERS = "etc data/sounds/digits data/sounds/policyc lib/keys db spool/voicemail run log".split()
SOUNDS = ("beep", "vm-theperson", "vm-isunavail", "vm-isonphone", "vm-intro", "vm-goodbye", "vm-nobodyavail")
FIFTIETH_OF_A_SECOND = b"\xff" * 160
"""Silence, in 8 kHz µ-law: a prompt as short as can be."""


class NotInstalledError(RuntimeError):
    """No Asterisk on this machine."""


def find() -> Path:
    """Return the folder that `asterisk-sandbox` filled."""
    folder = Path(os.environ.get("POLICYC_ASTERISK") or Path.home() / ".cache/policyc/asterisk")
    if not (folder / "bin/asterisk").exists():
        raise NotInstalledError(f"no Asterisk in {folder}: run tests/pbx/asterisk-sandbox")
    return folder


def entry_named(word: str) -> Entry:
    """Return the word as an entry of the policy."""
    if word not in ("external", "internal"):
        raise ValueError(f"{word}: neither external nor internal")
    return cast("Entry", word)


class Asterisk:
    """An instance running the compiled dialplan of one folder."""

    def __init__(
        self,
        confdir: str | Path,
        *,
        system_context: str = "from-internal",
        prompts: bool = True,
        zone: str | None = None,
        at_once: int = AT_ONCE,
        patience: float = PATIENCE,
    ) -> None:
        """`prompts`: the instance has the sound files that the dialplan names. `zone`: of its own clock."""
        self.confdir = Path(confdir).resolve()
        self.system_context = system_context
        self.prompts = prompts
        self.zone = zone
        self.patience = patience
        self.log: tuple[str, ...] = ()
        self.mailboxes: frozenset[str] = frozenset()
        self._at_once = asyncio.Semaphore(at_once)
        self._silent_at_once = asyncio.Semaphore(SILENT_AT_ONCE)
        self._numbers = itertools.count(1)
        self._calls: dict[str, _Call] = {}

    async def __aenter__(self) -> Self:
        for last in (False, False, True):  # another program may take a free port before us
            try:
                await self._start()
                break
            except _NotOursError as error:
                await self._stop()
                if last:
                    raise
                warnings.warn(f"another instance of the PBX is started: {error}", stacklevel=2)
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
    ) -> Observed:
        """Place one call and return what it did; `caller` None: no number at all."""
        variables = _variables(entry, caller, restricted, to, at, lines or {})
        patient = "silent" in (lines or {}).values()
        return await self._place("Local/s@harness/n", variables, restricted=restricted, patient=patient)

    async def call_straight(self, entry: Entry, caller: str, to: str, *, at: datetime | None = None) -> Observed:
        """Place a call into the entry context itself, to a number that may hold anything but `@` and `/`."""
        clock = {} if at is None else {"__TESTTIME": str(int(at.timestamp()))}
        return await self._place(f"Local/{to}@policyc-{entry}/n", clock, ("CallerID", f"<{caller}>"))

    async def _place(
        self,
        channel: str,
        variables: Mapping[str, str],
        *headers: tuple[str, str],
        restricted: bool = False,
        patient: bool = False,
    ) -> Observed:
        number = next(self._numbers)
        async with self._silent_at_once if patient else self._at_once:
            watch = Watch(f"c{number}b", restricted, self.system_context, self.mailboxes)
            call = self._calls[f"c{number}a"] = _Call(watch)
            try:
                reply = await self._ami.action(
                    ("Action", "Originate"), ("Channel", channel), ("Async", "true"),
                    ("Application", "Wait"), ("Data", str(int(self.patience) + 5)),
                    ("Timeout", str(int(self.patience * 1000) + 5000)),
                    ("ChannelId", f"c{number}a"), ("OtherChannelId", f"c{number}b"), *headers,
                    *(("Variable", f"{name}={value}") for name, value in variables.items()),
                )  # fmt: skip
                if reply["Response"] != "Success":
                    raise RuntimeError(f"no call: {reply.get('Message')}")
                await asyncio.wait((call.done,), timeout=self.patience)
                return watch.result(self.log, stuck=not call.done.done())
            finally:
                del self._calls[f"c{number}a"]
                if not call.done.done():
                    self._ami.send(("Action", "Hangup"), ("Channel", call.channel))

    @property
    def pid(self) -> int:
        """The process of the instance."""
        return self._process.pid

    # ---- the instance

    async def _start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="policyc-asterisk-"))
        self._ami = _Ami(self._event)
        secret, port = secrets.token_hex(16), _free_port()
        self._write(find(), secret, port)
        with (self.folder / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL",                       # it never outlives the tests
                find() / "bin/asterisk", "-f", "-C", self.folder / "etc/asterisk.conf",
                cwd=self.folder, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, "TZ": self.zone} if self.zone else None,
            )  # fmt: skip
        async with asyncio.timeout(120):
            while True:
                try:
                    await asyncio.get_running_loop().create_connection(lambda: self._ami, "127.0.0.1", port)
                    break
                except OSError:
                    if self._process.returncode is not None:
                        raise RuntimeError(f"Asterisk did not start:\n{self._output()}") from None
                    await asyncio.sleep(0.02)
            try:
                reply = await self._ami.action(("Action", "Login"), ("Username", "harness"), ("Secret", secret))
                if reply["Response"] != "Success":
                    raise _NotOursError(f"port {port} is another Asterisk's")
                await self._ami.booted
            except ConnectionError as error:
                await asyncio.sleep(0.2)  # until a process that died is known to be dead
                status = self._process.returncode
                told = "runs" if status is None else f"ended with {status}"
                raise _NotOursError(f"{error}; its process {told}, port {port}:\n{self._output()}") from error
        self.log = tuple(line for line in self._output().splitlines() if re.search(r"\b(WARNING|ERROR)\b", line))
        self.mailboxes = frozenset(
            f"{entry['VoiceMailbox']}@{entry['VMContext']}" for entry in await self._ami.listing("VoicemailUsersList")
        )

    async def _stop(self) -> None:
        self._ami.close()
        process = getattr(self, "_process", None)
        if process and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _output(self) -> str:
        log = self.folder / "log/load"
        return (log if log.exists() else self.folder / "output").read_text(errors="replace")

    def _write(self, home: Path, secret: str, port: int) -> None:
        """Write the instance's own files; those of `confdir` are linked to."""
        here, etc = self.folder, self.folder / "etc"
        for name in FOLDERS:
            (here / name).mkdir(parents=True)
        compiled = []
        for item in self.confdir.iterdir():
            if item.name == "extensions.conf":
                (etc / "compiled.conf").symlink_to(item)
            else:
                (etc / item.name).symlink_to(item)
            compiled += [item.read_text(encoding="utf-8")] if item.suffix == ".conf" else []
        start = "compiled.conf" if (etc / "compiled.conf").exists() else "policyc.conf"
        lines = LINES % {"system_context": self.system_context, "report": REPORT}
        (etc / "extensions.conf").write_text(f"[general]\n{lines}\n#include {start}\n")

        share = home / "root/usr/share/asterisk"
        (here / "data/documentation").symlink_to(share / "documentation")  # modules do not load without
        prompts = re.findall(r"\bpolicyc/[\w-]+", "".join(compiled)) if self.prompts else []
        for name in (*SOUNDS, *(f"digits/{digit}" for digit in range(10)), *prompts):
            (here / f"data/sounds/{name}.ulaw").write_bytes(FIFTIETH_OF_A_SECOND)

        folders = {
            "astetcdir": etc, "astmoddir": next((home / "root/usr/lib").glob("*/asterisk/modules")),
            "astvarlibdir": here / "lib", "astdatadir": here / "data", "astdbdir": here / "db",
            "astkeydir": here / "lib", "astagidir": here / "lib", "astspooldir": here / "spool",
            "astrundir": here / "run", "astlogdir": here / "log", "astcachedir": here / "lib",
            "astsbindir": home / "bin",
        }  # fmt: skip
        files = {f"{name}.conf": f"[{section}]\n" if section else "" for section in OTHER_FILES
                 for name in OTHER_FILES[section]}  # fmt: skip
        files |= {
            "asterisk.conf": "[directories]\n" + "".join(f"{k} => {v}\n" for k, v in folders.items())
            + "[options]\nhideconnect = yes\n",
            "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {m}.so\n" for m in MODULES),
            "logger.conf": "[logfiles]\nload = warning,error\n",
            "manager.conf": f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {port}\n"
            f"disabledevents = {UNWANTED.replace(' ', ',')}\n"
            f"[harness]\nsecret = {secret}\nread = all\nwrite = all\nwritetimeout = 5000\n"
            + "".join(f"eventfilter(action(include),name({name})) =\n" for name in EVENTS),
            "indications.conf": FRENCH_TONES,
            "musiconhold.conf": f"[default]\nmode = files\ndirectory = {here}/data/sounds\n",
        }  # fmt: skip
        for name, text in files.items():
            if not (etc / name).exists():
                (etc / name).write_text(text)

    # ---- events of calls

    def _event(self, event: Message) -> None:
        call = self._calls.get(event.get("Linkedid", ""))
        if call is None:
            return
        watch, name = call.watch, event["Event"]
        mine = event["Uniqueid"] == watch.caller_channel
        if mine:
            call.channel = event["Channel"]
        if name == "Hangup":
            if mine and not call.done.done():
                call.done.set_result(None)
        elif watch.step(event) if name == "Newexten" else watch.bridge(event):
            self._ami.send(("Action", "Hangup"), ("Channel", call.channel))


class _Call:
    """A call in progress."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.channel = ""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _NotOursError(RuntimeError):
    """What answers at the port chosen does not let us in, or is gone at once: nothing was tried on it yet."""


class _Ami(asyncio.Protocol):
    """Asterisk's manager interface: actions in, replies and events out."""

    def __init__(self, on_event: Callable[[Message], None]) -> None:
        self.booted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_event = on_event
        self._transport: asyncio.WriteTransport | None = None
        self._rest = b""
        self._identities = itertools.count(1)
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._lists: dict[str, list[Message]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        lost = ConnectionError("Asterisk closed the connection")
        waiting: list[asyncio.Future[Any]] = [*self._replies.values(), self.booted]
        for reply in waiting:
            if not reply.done():
                reply.set_exception(lost)
                reply.exception()  # nobody may be waiting for it

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        *messages, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for raw in messages:
            message: Message = {}
            for line in raw.decode("utf-8", "replace").split("\r\n"):
                key, _, value = line.partition(":")
                message[key] = value.lstrip(" ")
            self._take(message)

    def _take(self, message: Message) -> None:
        identity = message.get("ActionID", "")
        if "Response" in message:
            if reply := self._replies.pop(identity, None):
                reply.set_result(message)
        elif message.get("Event") == "FullyBooted":
            if not self.booted.done():
                self.booted.set_result(None)
        elif identity in self._lists:
            self._lists[identity].append(message)
            if message.get("EventList") == "Complete":
                self._replies.pop(f"{identity} list").set_result(message)
        else:
            self._on_event(message)

    def send(self, *headers: tuple[str, str]) -> str:
        """Send an action and wait for nothing."""
        identity = f"a{next(self._identities)}"
        assert self._transport is not None
        lines = [f"{key}: {value}\r\n" for key, value in (*headers, ("ActionID", identity))]
        self._transport.write(("".join(lines) + "\r\n").encode())
        return identity

    async def action(self, *headers: tuple[str, str]) -> Message:
        """Send an action and return its reply."""
        identity = self.send(*headers)
        reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._replies[identity] = reply
        return await reply

    async def listing(self, name: str) -> list[Message]:
        """Send an action that lists something and return the entries."""
        identity = self.send(("Action", name))
        entries = self._lists[identity] = []
        loop = asyncio.get_running_loop()
        reply = self._replies[identity] = loop.create_future()
        complete = self._replies[f"{identity} list"] = loop.create_future()
        if (await reply).get("EventList") != "start":
            self._replies.pop(f"{identity} list")  # Asterisk says so when there is none
            return []
        await complete
        return [entry for entry in entries if entry.get("EventList") != "Complete"]


def _variables(
    entry: Entry, caller: str | None, restricted: bool, to: str, at: datetime | None, lines: Mapping[str, str]
) -> dict[str, str]:
    """Return the channel variables that tell the instance's own contexts about the call."""
    if not re.fullmatch(r"[0-9A-Za-z*#+]+", to):
        raise ValueError(f"{to!r} cannot be called")
    if at is not None and at.tzinfo is None:
        raise ValueError("an instant without a zone")
    presentation = "unavailable" if caller is None else "prohib_passed_screen" if restricted else "allowed"
    variables = {
        "HARNESS_ENTRY": entry, "HARNESS_CALLED": to, "HARNESS_CALLER": quote(caller or "", safe=""),
        "HARNESS_PRESENTATION": presentation,
    }  # fmt: skip
    if at is not None:
        variables["__TESTTIME"] = str(int(at.timestamp()))
    for line, state in lines.items():
        if not re.fullmatch(r"[0-9*#+]+", line) or state not in STATES:
            raise ValueError(f"{line}={state}: no such line, or no such state")
        variables[f"__LINE_{line}"] = state
    return variables


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])
