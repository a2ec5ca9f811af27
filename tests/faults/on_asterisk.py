"""Many texts of one dialplan in, what calls do on each out: one real Asterisk has them all, in contexts of their own.

Everything that people on a call could notice is told, in order: answered, prompts and their language, lines dialled
with options, seconds and what they are shown, keys asked of the called side, mailbox and greeting, busy, the PBX's own
context, who talks with whom, and why the call was hung up. The instance has no mailbox: so VoiceMail goes on at once,
and what the dialplan does after it is seen too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pbx.asterisk import UNWANTED, Asterisk, _variables
from pbx.observe import LINE, OWN_CONTEXTS, REPORT, _executed

from faults.aimed import Pool
from faults.asterisk import parse
from faults.judging import Judged, Shows, Told

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from faults.calls import Call, Calls
    from faults.edits import Fault

INERT = frozenset(
    "answer set mset noop goto gotoif gotoiftime gosub gosubif return stackpop verbose log execif while".split()
)
"""Applications that nobody notices by themselves; that somebody is answered is an event of its own."""
MOST_STEPS = 300
LOST = "lost"
"""A line that the harness does not play: dialling it fails, and nobody says why."""
ROUND, STUCK = "goes round", "stuck"
COVER = "cover"
TOUCHED = "@line "


def apart(text: str, name: str) -> str:
    """Return a dialplan whose contexts are another's than those of the same dialplan under another name."""
    return re.sub(r"(?<![\w/-])(policyc|other)-(?=[a-z0-9$])", rf"\1-{name}-", text)


def covering(text: str) -> str:
    """Return a dialplan that tells each line that it runs."""
    found = []
    for at, line in enumerate(parse(text)):
        if not line.step:
            found.append(line.raw)
            continue
        label = f"({line.label})" if line.label else ""
        found += [f"{line.head}{label},NoOp({TOUCHED}{at})", f" same => n,{line.app}({line.data}){line.comment}"]
    return "\n".join(found)


@dataclass(slots=True)
class Witness:
    """Follow one call; `take` takes an AMI event and says whether the call has nothing more to tell."""

    number: int
    system_context: str = "from-internal"
    told: list[str] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    channel: str = ""
    over: bool = False
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _steps: int = 0
    _languages: dict[str, str] = field(default_factory=dict)
    _last: str = ""
    _talks: str = ""
    _bridged: bool = False

    @property
    def caller(self) -> str:
        """The channel that runs the dialplan."""
        return f"c{self.number}b"

    def take(self, event: Mapping[str, str]) -> bool:
        mine = event["Uniqueid"] == self.caller
        if mine:
            self.channel = event["Channel"]
        name = event["Event"]
        if name == "Hangup":
            if mine:
                self._hung_up(event)
        elif self.over:
            return False
        elif name == "Newstate":
            if mine and event["ChannelStateDesc"] == "Up":
                self._answered()
        elif name == "BridgeEnter":
            self._bridge(event, mine)
        elif name == "Newexten":
            self._step(event, mine)
        return self.over

    def _hung_up(self, event: Mapping[str, str]) -> None:
        if not self.over:
            how = "hangup" if self._last == "hangup" else "end"
            self.told.append(f"{how} {event['Cause']}")
        self.over = True
        self.finish()

    def finish(self) -> None:
        """Let whoever waits for the call go on."""
        if not self.done.done():
            self.done.set_result(None)

    def _answered(self) -> None:
        # Playback answers before it plays, but tells that it runs before it answers.
        at = len(self.told) - (bool(self.told) and self.told[-1].startswith("play "))
        self.told.insert(at, "answered")

    def _bridge(self, event: Mapping[str, str], mine: bool) -> None:
        if mine:
            self._bridged = True
        elif line := LINE.match(event["Channel"].rsplit("-", 1)[0]):
            self._talks = line["number"]
        if self._bridged and self._talks:
            self._end(f"talks with {self._talks}")

    def _end(self, event: str) -> None:
        self.told.append(event)
        self.over = True

    def _step(self, event: Mapping[str, str], mine: bool) -> None:
        context, exten, data = event["Context"], event["Exten"], event["AppData"]
        app, data = _executed(event["Application"].lower(), data)
        if context == "phones" and data.startswith(REPORT):
            self.told.append(f"{exten} is shown {_shown(data)}")
        if context in OWN_CONTEXTS:
            return
        self._steps += 1
        if self._steps > MOST_STEPS:
            self._end(ROUND)
            return
        if app == "noop" and data.startswith(TOUCHED):
            self.lines.add(int(data.removeprefix(TOUCHED)))
            return
        channel = event["Uniqueid"]
        if app in ("set", "mset") and data.upper().startswith("CHANNEL(LANGUAGE)="):
            self._languages[channel] = data.partition("=")[2]
        language = self._languages.get(channel, "")
        if context == self.system_context:
            if data.startswith(REPORT):
                self.told.append(f"system is shown {_shown(data)}")
            elif mine:
                self._end(f"system {exten}")
        elif app == "dial":
            self.told.append(_dialled(data))
        elif not mine:
            if app not in INERT:
                self.told.append(f"called side: {app} {_without_variable(app, data)} {language}")
        else:
            self._last = app
            self._application(app, data, language)

    def _application(self, app: str, data: str, language: str) -> None:
        match app:
            case "playback" | "background":
                self.told.append(f"play {data} {language}")
            case "voicemail":
                boxes, _, options = data.partition(",")
                self.told.append(f"voicemail {boxes} {''.join(sorted(options))} {language}")
            case "busy" | "congestion":
                self._end(app)
            case "hangup":
                pass
            case _ if app not in INERT:
                self.told.append(f"{app} {data} {language}".strip())


def _shown(data: str) -> str:
    presentation, of_name, number, name = (*data.removeprefix(REPORT).split(" "), "", "")[:4]
    return f"{unquote(number)!r} {presentation}, {unquote(name)!r} {of_name}"


def _without_variable(app: str, data: str) -> str:
    """Return the data of an application, but for the variable in which Read puts the keys."""
    return data.partition(",")[2] if app == "read" else data


def _dialled(data: str) -> str:
    channels, seconds, options = (*data.split(",", 2), "", "")[:3]
    known = re.sub(r"U\([^)]*\)", "", options)  # what it runs is told by itself
    return f"dial {channels} {seconds}s {''.join(sorted(known))}"


def noticed(told: Told) -> Told:
    """Return what people notice of what happened; the rest is but seen on the wire.

    Nobody notices why a call is hung up that was answered, nor whether a line is busy by its tone or by a cause.
    """
    found: list[str] = []
    answered = False
    for at, one in enumerate(told):
        event = one
        after = told[at + 1] if at + 1 < len(told) else ""
        word, _, rest = event.partition(" ")
        if event == "answered":
            answered = True
            if after.startswith("voicemail "):
                continue
        elif word == "voicemail":
            answered = True
        elif word in ("ringing", "progress"):
            continue
        elif word in ("hangup", "end"):
            if answered:
                event = "hung up"
            elif rest == "17":
                event = "busy"
            else:
                event = f"hung up {'16' if rest == '0' else rest}"
        found.append(event)
    return tuple(found)


class Placing(Asterisk):
    """An instance that has many dialplans; names say which one a call is placed on."""

    def _write(self, home: Path, secret: str, port: int) -> None:
        super()._write(home, secret, port)
        file = self.folder / "etc/manager.conf"
        wanted = UNWANTED.replace(" Newstate", "")
        text = file.read_text().replace(UNWANTED.replace(" ", ","), wanted.replace(" ", ","))
        own = "eventfilter(action(include),name(Newstate),header(Uniqueid),method(ends_with)) = b\n"
        file.write_text(text + own)

    def _event(self, event: Mapping[str, str]) -> None:
        witness = self._calls.get(event.get("Linkedid", ""))
        if isinstance(witness, Witness) and witness.take(event):
            self._ami.send(("Action", "Hangup"), ("Channel", witness.channel))
            witness.finish()  # whatever its channels still do, the call has nothing more to tell

    async def place(self, name: str, call: Call, zone: ZoneInfo, lines: Iterable[str]) -> Witness:
        """Place a call on the dialplan of that name."""
        variables = _variables(
            f"{name}-{'internal' if call.internal else 'external'}",  # type: ignore[arg-type]  # of that dialplan
            call.presented,
            call.hidden,
            call.called,
            call.local.replace(tzinfo=zone),
            {} if call.state == LOST else dict.fromkeys(lines, call.state),
        )
        if call.state == LOST:
            variables |= {f"__LINE_{line}": LOST for line in lines}
        if call.screen:
            variables["HARNESS_PRESENTATION"] = call.screen
        number = next(self._numbers)
        async with self._silent_at_once if call.state in ("silent", "answer") else self._at_once:
            witness = Witness(number, self.system_context)
            self._calls[f"c{number}a"] = witness  # type: ignore[assignment]  # a call of another kind
            try:
                reply = await self._ami.action(
                    ("Action", "Originate"), ("Channel", "Local/s@harness/n"), ("Async", "true"),
                    ("Application", "Wait"), ("Data", "65"), ("Timeout", "65000"),
                    ("ChannelId", f"c{number}a"), ("OtherChannelId", f"c{number}b"),
                    *(("Variable", f"{key}={value}") for key, value in variables.items()),
                )  # fmt: skip
                if reply["Response"] != "Success":
                    raise RuntimeError(f"no call: {reply.get('Message')}")
                await asyncio.wait((witness.done,), timeout=PATIENCE)
                if not witness.done.done():
                    witness.told.append(STUCK)
                    self._ami.send(("Action", "Hangup"), ("Channel", witness.channel))
                return witness
            finally:
                del self._calls[f"c{number}a"]


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write dialplans into one folder, each under its name."""
    folder.mkdir(exist_ok=True, parents=True)
    whole = "\n".join(apart(text, name) for name, text in texts.items())
    (folder / "policyc.conf").write_text(f"{whole}\n", encoding="utf-8", newline="")


ORIGINAL = "original"


class Judge:
    """Judges faults of one dialplan by calls on an instance that has it, and each of the faulty ones."""

    def __init__(self, asterisk: Placing, calls: Calls) -> None:
        self.asterisk = asterisk
        self.calls = calls
        self._known: dict[Call, asyncio.Task[Told]] = {}

    async def told(self, name: str, call: Call) -> Told:
        """Return what happens on a call."""
        seen = await self.asterisk.place(name, call, self.calls.policy.zone, self.calls.lines)
        return tuple(seen.told)

    async def pool(self, text: str, calls: Iterable[Call]) -> Pool:
        """Return calls, each with the lines that it runs through."""
        each = [call for call in calls if call.state != "silent"]
        seen = await asyncio.gather(
            *(self.asterisk.place(COVER, call, self.calls.policy.zone, self.calls.lines) for call in each)
        )
        return Pool(self.calls, text, {call: frozenset(one.lines) for call, one in zip(each, seen, strict=True)})

    async def all(self, text: str, faults: Iterable[Fault], pool: Iterable[Call], count: int) -> list[Judged]:
        """Return what calls show of each fault: `count` are placed for each, of those of `pool` and near it."""
        known = await self.pool(text, pool)
        return await asyncio.gather(*(self.judged(fault, known.aimed(fault, count)) for fault in faults))

    async def judged(self, fault: Fault, calls: Sequence[Call]) -> Judged:
        """Return whether some call does something else; few are placed at once, as a call that goes round is costly."""
        name = name_of(fault)
        unnoticed = None
        for start in range(0, len(calls), TOGETHER):
            some = calls[start : start + TOGETHER]
            for shows in filter(None, await asyncio.gather(*(self.differs(name, call) for call in some))):
                if shows.noticed:
                    return Judged(fault, start + len(some), shows)
                unnoticed = unnoticed or shows
        return Judged(fault, len(calls), unnoticed)

    async def differs(self, name: str, call: Call) -> Shows | None:
        """Return what a call does otherwise on a faulty dialplan; it must do so twice."""
        if call not in self._known:
            self._known[call] = asyncio.create_task(self.told(ORIGINAL, call))
        before, after = await self._known[call], await self.told(name, call)
        if before == after:
            return None
        if after[-1:] in ((ROUND,), (STUCK,)) and before[-1:] != (STUCK,):
            return Shows(call, before, after)
        before, after = await self.told(ORIGINAL, call), await self.told(name, call)
        return None if before == after else Shows(call, before, after, noticed(before) != noticed(after))


PATIENCE = 25.0
"""Seconds: more than people who are asked twice for a key keep a call, and than a busy tone lasts."""
TOGETHER = 6
"""Calls on one faulty dialplan at a time."""


def name_of(fault: Fault) -> str:
    """Return the name under which an instance has a faulty dialplan."""
    return f"m{fault.number}"


def dialplans(text: str, faults: Iterable[Fault]) -> dict[str, str]:
    """Return all the dialplans that an instance needs to judge faults of one."""
    return {ORIGINAL: text, COVER: covering(text), **{name_of(fault): fault.text for fault in faults}}


@asynccontextmanager
async def instance(folder: Path, text: str, faults: Iterable[Fault]) -> AsyncIterator[Placing]:
    """Run an instance that has a dialplan and faulty ones."""
    write(folder, dialplans(text, faults))
    async with Placing(folder, at_once=AT_ONCE) as asterisk:
        if broken := [line for line in asterisk.log if "parse error" in line]:
            raise ValueError("\n".join(broken))
        yield asterisk


AT_ONCE = 100
