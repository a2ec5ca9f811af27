"""Many small dialplans in, what the reader says of calls on them and what a real FreeSWITCH does out."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dialplan_xml import DialplanError
from dialplan_xml import read as read_concretely
from dialplan_xml.random_dialplans import draw
from pbx.freeswitch import FreeSwitch

from freeswitch_reader.compared import One as Asked
from freeswitch_reader.compared import Told, of_call, opened, read_of
from policyc.targets.freeswitch.reader import NotUnderstood, Reading, read

PARIS = ZoneInfo("Europe/Paris")
CLOCK = (
    '<extension continue="true"><condition>'
    '<action application="set" data="timezone=Europe/Paris" inline="true"/></condition></extension>'
)
STATES = {"9001": "answer", "9002": "busy", "9003": "unavailable", "9004": "noanswer"}
"""Lines of random dialplans, and what they do."""
OPENED = (0, 1, 3, 20)
"""How many digits of the caller's number the reader may know."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a context `policyc-…` of a dialplan."""

    entry: str
    called: str
    caller: str
    hidden: bool
    at: datetime  # aware
    states: dict[str, str]
    kept: int
    """So many of the caller's digits are known to the reader."""

    def __str__(self) -> str:
        hidden = ", hidden" if self.hidden else ""
        shape, _ = opened(self.caller, self.kept)
        return (
            f"{self.entry} {self.caller!r} ({shape}){hidden} to {self.called} at {self.at.isoformat()}, {self.states}"
        )


@dataclass(slots=True)
class Tally:
    """How many calls were compared, how many the reader does not understand, and what it says otherwise."""

    same: int = 0
    eventful: int = 0
    """Of those, the calls on which something is heard or dialled."""
    unclear: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        placed = self.same + len(self.unclear) + len(self.differences)
        return (f"{placed} calls: {self.same} the same ({self.eventful} with something heard or dialled),"
                f" {len(self.unclear)} not understood, {len(self.differences)} differ")  # fmt: skip


def heard(text: str) -> str:
    """Return a dialplan whose queued logs can be heard."""
    return re.sub(r'application="log"( data="[^"]*"(?! inline="true"))', r'application="playback"\1', text)


def telling(chance: random.Random, text: str) -> str:
    """Return a dialplan in which many conditions tell that they held or did not, and what the variables are then."""
    found = []
    for number, line in enumerate(text.split("\n")):
        found.append(line)
        if re.match(r"<condition[^>]*>$", line) and chance.random() < 0.6:
            kind = "action" if chance.random() < 0.7 else "anti-action"
            found.append(f'<{kind} application="playback" data="{number} ${{v0}}/${{v1}}/${{v2}}/${{v3}}"/>')
    return "\n".join(found)


def clocked(text: str, context: str) -> str:
    """Return a dialplan whose context knows the time zone: of the machine's clock a reader knows nothing."""
    return text.replace(f'<context name="{context}">', f'<context name="{context}">{CLOCK}')


async def compare(dialplans: Sequence[tuple[str, Iterable[Call]]], folder: Path, tally: Tally) -> None:
    """Place the calls of dialplans, which share no context, on one FreeSWITCH, and note what the reader says."""
    _write(dialplans, folder)
    placed = [(text, call) for text, calls in dialplans for call in calls]
    async with FreeSwitch(folder, zone="Europe/Paris", clocks=2) as switch:
        seen = await asyncio.gather(*(_told(switch, call) for _, call in placed))
    for (text, call), theirs in zip(placed, seen, strict=True):
        try:
            mine = _read(text, call)
        except NotUnderstood as unclear:
            tally.unclear.append(f"{unclear.what.value}: {unclear.text}")
            continue
        if mine == theirs:
            tally.same += 1
            tally.eventful += bool(mine.heard)
        else:
            tally.differences.append(f"{call}\n{text}\n  reader     {mine}\n  FreeSWITCH {theirs}")


def _write(dialplans: Iterable[tuple[str, Iterable[Call]]], folder: Path) -> None:
    folder.mkdir(parents=True)
    whole = "\n".join(text for text, _ in dialplans)
    (folder / "policyc.xml").write_text(f"<include>\n{whole}\n</include>\n", encoding="utf-8", newline="")


def _read(text: str, call: Call) -> Told:
    """Return what the reader says of a call. Raises NotUnderstood."""
    context = f"policyc-{call.entry}"
    reading = Reading(read({"policyc.xml": text}), PARIS, {False: context, True: context})
    shape, digits = opened(call.caller, call.kept)
    local = call.at.astimezone(PARIS).replace(tzinfo=None)
    return read_of(reading, Asked(call.called, call.caller, shape, digits, call.hidden, False, local, call.states))


async def _told(switch: FreeSwitch, call: Call) -> Told:
    seen = await switch.call(
        entry=call.entry,  # type: ignore[arg-type]  # the harness puts `policyc-` before any
        caller=call.caller,
        to=call.called,
        restricted=call.hidden,
        at=call.at,
        lines=call.states,
    )
    shown = []
    for who, name in zip(seen.shown, seen.names, strict=True):
        number = "private" if who.presentation == "prohib" else who.number
        known = "private" if name.presentation == "prohib" else "own" if name.name == "" else name.name
        shown.append(f"{who.line} {number} {known}")
    return of_call([(step.app, step.data) for step in seen.steps], seen.events, shown, seen.cause)


def random_dialplans(seed: int, count: int, *, bridges: bool) -> list[tuple[str, list[Call]]]:
    """Return so many random dialplans that the evaluator reads, each with calls."""
    chance = random.Random(seed)
    at = datetime(2026, 1, 1, tzinfo=PARIS) + timedelta(seconds=chance.randrange(4 * 365 * 86400))
    at = at.replace(second=chance.choice((0, 0, 0, 30)))
    found: list[tuple[str, list[Call]]] = []
    while len(found) < count:
        name = f"policyc-r{seed}x{len(found)}"
        text, calls = draw(chance, name, at, bridges=bridges)
        text = text.replace('field="dialplan"', 'field="rdnis"')  # calls of the harness do not come by SIP
        for number, state in STATES.items():
            text = text.replace(f"loopback/{state}/phones", f"loopback/ext-{number}/phones")
        text = re.sub(r"originate_timeout='(\d)'", r"originate_timeout=\1", text)  # the harness reads no quotes
        text = clocked(telling(chance, heard(text)), name)
        try:
            read_concretely({"policyc.xml": text})
        except DialplanError:
            continue
        its = [
            Call(one.context[len("policyc-") :], one.called, one.caller or "", one.hidden, at, STATES,
                 chance.choice(OPENED))
            for one in calls if one.context.startswith("policyc-") and one.called.isalnum()
        ]  # fmt: skip
        found.append((text, its))
    return found


__all__ = ["Call", "Tally", "clocked", "compare", "heard", "random_dialplans"]
