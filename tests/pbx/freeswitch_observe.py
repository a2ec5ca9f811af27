"""What a call on FreeSWITCH did: its events in; the text that every judge of a call is compared on out.

By hand, on a folder that holds a `policyc.xml` whose lines are those of the instance
(`extension_dial = "loopback/ext-{number}/phones"`, `external_dial = "loopback/out-{number}/phones"`):

    python tests/pbx/freeswitch_observe.py FOLDER external|internal CALLED CALLER [INSTANT] [LINE=STATE...]
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `pbx`

from pbx.observe import Name, Observed, Shown, Step

Event = Mapping[str, str]

PHONES = "phones"
"""The context that plays the lines."""
OWN_CONTEXTS = "harness-"
"""How other contexts of the instance begin."""
GREETINGS = {"harness/mailbox": "unavailable", "harness/instructions": "none"}
"""What a mailbox of the instance plays first: its greeting, or how to leave a message, where it has no greeting.
Only a mailbox that exists gets that far."""
PROMPTS = {"policyc/veuillez-patienter": "wait", "policyc/indisponible": "unavailable"}
LINE = re.compile(r"loopback/(?P<kind>ext|out)-(?P<number>[^/,|:]+)/phones")
LINE_CHANNEL = re.compile(r"loopback/(?:ext|out)-(?P<number>.+)-a")
LINE_NUMBER = re.compile(r"(?P<kind>ext|out)-(?P<number>.+)")
DIGIT = re.compile(r"digits/([0-9])(?:_f)?\.wav$")
DEFAULT_LIMIT = 60
"""Seconds that FreeSWITCH dials for when nobody says how long."""
NO_LIMIT = 3600
"""Callers do not wait for an hour: such a limit is none."""
BUSY = "USER_BUSY"
BY_ITSELF = "NORMAL_CLEARING"
"""The cause of a call whose dialplan has nothing more to say."""


@dataclass(slots=True)
class _Dialled:
    """An attempt on one line; what the line was shown comes after the attempt."""

    kind: str
    number: str
    seconds: int
    hidden: bool | None = None

    def text(self, caller_hidden: bool) -> str:
        limited = self.seconds < NO_LIMIT
        if self.kind == "ext":
            event = "ring"
        elif self.hidden and (limited or not caller_hidden):
            # a caller that hides its number looks private on any line: but only a rebound has a time limit
            event = "rebound"
        else:
            event = "external"
        return f"{event} {self.number}" + (f" {self.seconds}s" if limited else "")


@dataclass(slots=True)
class _Digits:
    """Digits said one after the other."""

    said: str

    def text(self, _: bool) -> str:
        return f"digits {self.said}"


@dataclass(slots=True)
class Watch:
    """Follow one call. `take` takes an event of any of its channels."""

    placed: str
    """The channel that places the call; the one at its far end is the caller that FreeSWITCH routes."""
    caller_hidden: bool
    system_context: str
    beyond: bool = False
    """A conversation is not the end: whoever is called hangs up, and what follows is told."""
    caller_channel: str = ""
    decided: int = 0
    """When the last thing ran before the first event, in microseconds of the instance's clock."""
    events: list[str | _Dialled | _Digits] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    connected: str | None = None
    cause: str | None = None
    over: bool = False
    ended: bool = False
    """The caller's channel is no more."""
    _mailbox: str | None = None  # the one that the caller is being led to
    _reported: set[str] = field(default_factory=set)  # channels of lines

    def take(self, event: Event) -> bool:
        """Take an event; true when the call has nothing more to tell."""
        channel = event.get("Unique-ID", "")
        if not self.caller_channel and event.get("variable_other_loopback_leg_uuid") == self.placed:
            self.caller_channel = channel
        mine = channel == self.caller_channel
        match event["Event-Name"]:
            case "CHANNEL_HANGUP" if mine:
                self.ended = True
                if not self.over:
                    self._hung_up(event.get("Hangup-Cause", ""))
            case _ if self.over:
                pass
            case "CHANNEL_EXECUTE":
                self._execute(event, mine)
            case "CHANNEL_EXECUTE_COMPLETE" if mine and event.get("Application") == "voicemail":
                self._leave_voicemail("unknown")
            case "PLAYBACK_START" if mine:
                self._play(event.get("Playback-File-Path", ""))
            case "CHANNEL_BRIDGE" if mine:
                if line := LINE_CHANNEL.fullmatch(event.get("Other-Leg-Channel-Name", "")):
                    self.connected = line["number"]
                    self.over = not self.beyond
        return self.over

    def result(self, log: tuple[str, ...], *, stuck: bool = False) -> Observed:
        """Close the call: it is over, or (`stuck`) it had to be given up."""
        texts = [event if isinstance(event, str) else event.text(self.caller_hidden) for event in self.events]
        if stuck:
            texts.append("stuck")
        connected = self.connected if self.over else None
        return Observed(" > ".join(texts), tuple(self.steps), self.shown, self.names, connected, log, self.cause)

    def _execute(self, event: Event, mine: bool) -> None:
        context = event.get("Caller-Context", "")
        app, data = event.get("Application", ""), event.get("Application-Data", "")
        if context == PHONES:
            self._line(event)
            return
        if context.startswith(OWN_CONTEXTS):
            return
        if app == "bridge":
            # of whichever channel: a dialplan may dial by way of a loopback of its own
            self._dial(data, event)
        if not mine:
            return  # what the called side hears or runs is no event of the caller's
        if not self.events:
            self.decided = int(event.get("Event-Date-Timestamp", "0"))
        number = event.get("Caller-Destination-Number", "")
        if context == self.system_context:
            self._show(number, event)
            self._final(f"system {number}")
            return
        self.steps.append(Step(context, number, len(self.steps) + 1, app, data))
        match app:
            case "answer":
                self.events.append("answer")
            case "playback":
                name = data.removesuffix(".wav")
                self.events.append(f"play {PROMPTS.get(name, name)}")
            case "voicemail":
                self._mailbox = (data.split() or [""])[-1]
                if self.events[-1:] == ["answer"]:
                    self.events.pop()  # a mailbox has to answer: that is no event of its own

    def _play(self, path: str) -> None:
        if self._mailbox is not None:
            sound = "/".join(PurePath(path).with_suffix("").parts[-2:])
            if sound in GREETINGS:
                self._leave_voicemail(GREETINGS[sound])
        elif said := "".join(found[1] for file in path.split("!") if (found := DIGIT.search(file))):
            # one file after the other in French, one string of files in English
            if self.events and isinstance(self.events[-1], _Digits):
                self.events[-1].said += said
            else:
                self.events.append(_Digits(said))

    def _leave_voicemail(self, greeting: str) -> None:
        self._final(f"voicemail {self._mailbox} {greeting}")

    def _hung_up(self, cause: str) -> None:
        self.cause = cause
        last = self.steps[-1].app if self.steps else ""
        if cause == BUSY:
            event = "busy"
        elif last in ("hangup", "respond") or (last == "bridge" and cause != BY_ITSELF):
            event = "hangup"
        else:
            event = "end"  # the dialplan ran out: no policy wants that
        self._final(event)

    def _final(self, event: str) -> None:
        self.events.append(event)
        self.over = True

    def _dial(self, data: str, event: Event) -> None:
        seconds = _limit(data, event)
        found = list(LINE.finditer(data))
        for line in found:
            self.events.append(_Dialled(line["kind"], line["number"], seconds))
        if not found:
            self.events.append(f"dial {data}")

    def _line(self, event: Event) -> None:
        """Take what a line runs: the first thing tells what it is shown."""
        channel, number = event["Unique-ID"], event.get("Caller-Destination-Number", "")
        line = LINE_NUMBER.fullmatch(number)
        if line is None or channel in self._reported or not event.get("Channel-Name", "").endswith("-b"):
            return  # the other end of the line's channel, which is led away to be asked for a key, is no line
        self._reported.add(channel)
        hidden = self._show(line["number"], event)
        for dialled in self.events:
            if (
                isinstance(dialled, _Dialled)
                and dialled.hidden is None
                and (dialled.kind, dialled.number) == (line["kind"], line["number"])
            ):
                dialled.hidden = hidden
                return
        self.events.append(f"unseen {number}")  # an application dialled that is not understood here

    def _show(self, line: str, event: Event) -> bool:
        number_hidden = event.get("Caller-Privacy-Hide-Number") == "true"
        name_hidden = event.get("Caller-Privacy-Hide-Name") == "true"
        self.shown.append(Shown(line, event.get("Caller-Caller-ID-Number", ""), _presentation(number_hidden)))
        self.names.append(Name(line, event.get("Caller-Caller-ID-Name", ""), _presentation(name_hidden)))
        return number_hidden


def _presentation(hidden: bool) -> str:
    return "prohib" if hidden else "allowed"


def _limit(data: str, event: Event) -> int:
    """Return for how many seconds a line is dialled at most.

    FreeSWITCH reads `call_timeout` of the channel that dials; `call_timeout` in the braces of a dial string
    says nothing to it, `originate_timeout` there does, and `leg_timeout` besides.
    """
    whole = re.search(r"\boriginate_timeout=(\d+)", data)
    text = whole[1] if whole else event.get("variable_call_timeout", "")
    seconds = int(text) if re.fullmatch(r"[0-9]+", text) else 0
    legs = [int(found) for found in re.findall(r"\bleg_timeout=(\d+)", data)]
    return min([seconds or DEFAULT_LIMIT, *legs])


async def _main(folder: str, entry: str, called: str, caller: str, *more: str) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from pbx.asterisk import entry_named
    from pbx.freeswitch import FreeSwitch

    lines = dict(word.split("=", 1) for word in more if "=" in word)
    instants = [datetime.fromisoformat(word) for word in more if "=" not in word]
    at = instants[0] if instants else None
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo("Europe/Paris"))
    async with FreeSwitch(folder) as freeswitch:
        seen = await freeswitch.call(
            entry=entry_named(entry), caller=caller, restricted=False, to=called, at=at, lines=lines
        )
    for line in seen.log:
        print(line, file=sys.stderr)
    for step in seen.steps:
        print(f"{step.context}  {step.exten}  {step.app}({step.data})", file=sys.stderr)
    for shown in seen.shown:
        print(f"{shown.line} is shown {shown.number or 'no number'} ({shown.presentation})", file=sys.stderr)
    print(seen.events)


if __name__ == "__main__":
    import asyncio

    if len(sys.argv) < 5:
        sys.exit((__doc__ or "").split("\n\n", 1)[1])
    asyncio.run(_main(*sys.argv[1:]))
