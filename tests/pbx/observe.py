"""What a call did: AMI events of its channels in; the text that every judge of a call is compared on out.

By hand, on a folder that `policyc compile` wrote with channels that lead to the instance's lines
(`extension_channel = "Local/ext-{number}@phones/n"`, `external_channel = "Local/out-{number}@phones/n"`):

    python tests/pbx/observe.py CONFDIR external|internal CALLED CALLER [INSTANT] [LINE=STATE...]
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

PROMPTS = {"policyc/veuillez-patienter": "wait", "policyc/indisponible": "unavailable"}
LINE = re.compile(r"Local/(?P<kind>ext|out)-(?P<number>[^@]+)@phones(/n)?")
EXECIF = re.compile(
    r"(?P<condition>[^?]*)\?(?:(?P<yes>\w+)(?:\((?P<yes_data>.*?)\))?)?(?::(?P<no>\w+)(?:\((?P<no_data>.*)\))?)?"
)
OWN_CONTEXTS = frozenset({"harness", "phones", "phones-act"})
REPORT = "shown: "
"""How the NoOp of a line begins that reports what the line is shown."""
BUSY_CAUSE = "17"
"""Hangup with this cause is what makes the caller's own phone sound busy."""


class Step(NamedTuple):
    """One application that the caller's channel ran."""

    context: str
    exten: str
    priority: int
    app: str
    data: str


class Shown(NamedTuple):
    """The number that a line dialled, or the system extension, is shown, and its presentation."""

    line: str
    number: str
    presentation: str


class Name(NamedTuple):
    """The name that goes with a `Shown`, and the presentation of the name."""

    line: str
    name: str
    presentation: str


@dataclass(frozen=True, slots=True)
class Observed:
    """A call that is over."""

    events: str
    steps: tuple[Step, ...]
    shown: list[Shown]
    names: list[Name]
    connected: str | None
    """The line that the caller came to talk with."""
    log: tuple[str, ...]
    """Warnings and errors of the instance while it loaded the dialplan: the same for each of its calls."""
    cause: str | None = None
    """Why the dialplan of a FreeSWITCH hung up; None for a call that went on until the harness ended it."""

    def __str__(self) -> str:
        return self.events


@dataclass(slots=True)
class _Dialled:
    """An attempt on one line; what the line was shown comes after the attempt."""

    kind: str
    number: str
    seconds: str
    presentation: str | None = None

    def text(self, caller_hidden: bool) -> str:
        if self.kind == "ext":
            event = "ring"
        elif (self.presentation or "").startswith("prohib") and (self.seconds or not caller_hidden):
            # a caller that hides its number looks private on any line: but only a rebound has a time limit
            event = "rebound"
        else:
            event = "external"
        return f"{event} {self.number}" + (f" {self.seconds}s" if self.seconds else "")


@dataclass(slots=True)
class Watch:
    """Follow one call; each method takes an AMI event and says whether the call has nothing more to tell."""

    caller_channel: str
    caller_hidden: bool
    system_context: str
    mailboxes: Collection[str]
    events: list[str | _Dialled] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    connected: str | None = None
    over: bool = False
    _bridged: bool = False  # the caller is in a bridge

    def step(self, event: Mapping[str, str]) -> bool:
        """Take a `Newexten`."""
        if self.over:
            return False
        context, exten, data = event["Context"], event["Exten"], event["AppData"]
        app, data = _executed(event["Application"].lower(), data)
        if context == "phones" and data.startswith(REPORT):
            self._line(exten, data)
        if context in OWN_CONTEXTS:
            return False
        if app == "dial":
            # of whichever channel: a dialplan may dial by way of a Local of its own
            self._dial(data)
        if event["Uniqueid"] != self.caller_channel:
            return False  # what the called side hears or runs is no event of the caller's
        if context == self.system_context:
            if data.startswith(REPORT):
                self._shown(exten, data)
            else:
                self.over = True
                self.events.append(f"system {exten}")
        else:
            step = Step(context, exten, int(event["Priority"]), event["Application"], event["AppData"])
            self.steps.append(step)
            self._application(app, data)
        return self.over

    def bridge(self, event: Mapping[str, str]) -> bool:
        """Take a `BridgeEnter`: once the caller and a line are in bridges, in either order, they talk.

        The bridge is not the same one where a Local channel of the dialplan's own stands between them.
        """
        if self.over:
            return False
        if event["Uniqueid"] == self.caller_channel:
            self._bridged = True
        elif line := LINE.match(event["Channel"].rsplit("-", 1)[0]):
            self.connected = line["number"]
        self.over = self._bridged and self.connected is not None
        return self.over

    def result(self, log: tuple[str, ...], *, stuck: bool = False) -> Observed:
        """Close the call: it was hung up, or (`stuck`) it had to be given up."""
        texts = [event if isinstance(event, str) else event.text(self.caller_hidden) for event in self.events]
        if stuck:
            texts.append("stuck")
        elif not self.over:
            texts.append("end")  # the dialplan ran out: no policy wants that
        connected = self.connected if self.over else None
        return Observed(" > ".join(texts), tuple(self.steps), self.shown, self.names, connected, log)

    def _application(self, app: str, data: str) -> None:
        arguments = data.split(",")
        match app:
            case "answer":
                self.events.append("answer")
            case "playback" | "background":
                self.events += [f"play {PROMPTS.get(name, name)}" for name in arguments[0].split("&")]
            case "saydigits":
                self.events.append(f"digits {arguments[0]}")
            case "voicemail":
                self._voicemail(arguments[0], arguments[1] if len(arguments) > 1 else "")
            case "busy" | "congestion":
                self._final(app)
            case "hangup":
                self._final("busy" if data == BUSY_CAUSE else "hangup")

    def _final(self, event: str) -> None:
        self.events.append(event)
        self.over = True

    def _voicemail(self, box: str, options: str) -> None:
        number = box.partition("@")[0]
        if (box if "@" in box else f"{box}@default") not in self.mailboxes:
            greeting = "unknown"  # Asterisk says nothing and goes on with the dialplan
        elif "u" in options:
            greeting = "unavailable"
        else:
            greeting = "busy" if "b" in options else "none"
        self._final(f"voicemail {number} {greeting}")

    def _dial(self, data: str) -> None:
        channels, _, rest = data.partition(",")
        seconds = rest.partition(",")[0]
        for channel in channels.split("&"):
            if line := LINE.fullmatch(channel):
                self.events.append(_Dialled(line["kind"], line["number"], seconds))
            elif not channel.startswith("Local/"):
                self.events.append(f"dial {channel}")

    def _line(self, exten: str, data: str) -> None:
        kind, _, number = exten.partition("-")
        presentation = self._shown(number, data)
        for event in self.events:
            if not isinstance(event, _Dialled) or event.presentation is not None:
                continue
            if (event.kind, event.number) == (kind, number):
                event.presentation = presentation
                return
        self.events.append(f"unseen {exten}")  # an application dialled that is not understood here

    def _shown(self, line: str, data: str) -> str:
        presentation, of_name, *texts = data.removeprefix(REPORT).split(" ")
        number, name = (unquote(text, errors="replace") for text in texts)
        self.shown.append(Shown(line, number, presentation))
        self.names.append(Name(line, name, of_name))
        return presentation


def _executed(app: str, data: str) -> tuple[str, str]:
    """Return what ExecIf runs: AMI shows its data with the condition worked out, but not what it runs."""
    if app == "execif" and (parts := EXECIF.fullmatch(data)):
        branch = "no" if parts["condition"].strip() in ("", "0") else "yes"
        return (parts[branch] or "").lower(), parts[f"{branch}_data"] or ""
    return app, data


async def _main(confdir: str, entry: str, called: str, caller: str, *more: str) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from pbx.asterisk import Asterisk, entry_named

    lines = dict(word.split("=", 1) for word in more if "=" in word)
    instants = [datetime.fromisoformat(word) for word in more if "=" not in word]
    at = instants[0] if instants else None
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo("Europe/Paris"))
    async with Asterisk(confdir) as asterisk:
        seen = await asterisk.call(
            entry=entry_named(entry), caller=caller, restricted=False, to=called, at=at, lines=lines
        )
    for line in seen.log:
        print(line, file=sys.stderr)
    for step in seen.steps:
        print(f"{step.context}  {step.exten}  {step.priority}  {step.app}({step.data})", file=sys.stderr)
    for shown in seen.shown:
        print(f"{shown.line} is shown {shown.number or 'no number'} ({shown.presentation})", file=sys.stderr)
    print(seen.events)


if __name__ == "__main__":
    import asyncio
    import pathlib
    import sys

    if len(sys.argv) < 5:
        sys.exit((__doc__ or "").split("\n\n", 1)[1])
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
    asyncio.run(_main(*sys.argv[1:]))
