"""A plan of the reader in, the events of `tests/calls` out: the lines are the channels of the harness."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pbx.compiled import CHANNELS
from pbx.observe import BUSY_CAUSE, LINE, PROMPTS

import policyc
from policyc.targets.asterisk.reader import plans, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyc import Policy
    from policyc.targets.asterisk.reader import Dialplan, Plan

KEYS = {"accept": "1", "refuse": "2", "silent": ""}
ANSWERS = ("answer", "accept", "refuse", "silent", "leave")
STATUSES = {"busy": "BUSY", "noanswer": "NOANSWER", "unavailable": "CHANUNAVAIL", "congestion": "CONGESTION"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a policy compiles to, as the reader has it."""

    dialplan: Dialplan
    mailboxes: frozenset[str]


def compiled(policy: Policy) -> Compiled:
    files = policyc.compile(policy, targets=["asterisk"], settings={"asterisk": CHANNELS}).files["asterisk"]
    boxes, section = set(), ""
    for line in files["voicemail.conf"].splitlines():
        if line.startswith("["):
            section = line[1 : line.index("]")]
        elif box := re.match(r"(\d+)\s*=>", line):
            boxes.add(f"{box[1]}@{section}")
    return Compiled(read({"policyc.conf": files["policyc.conf"]}, "policyc.conf"), frozenset(boxes))


@dataclass(slots=True)
class Playing:
    """A call through a plan, with lines in given states."""

    lines: Mapping[str, str]
    mailboxes: frozenset[str]
    hidden: bool = False
    events: list[str] = field(default_factory=list)
    shown: list[plans.Party] = field(default_factory=list)
    connected: str | None = None
    status: str = ""
    keys: str = ""
    over: bool = False

    def play(self, plan: Plan) -> str:
        for event in plan.events:
            self.take(event)
            if self.over:
                return " > ".join(self.events)
        if plan.then:
            return self.play(plan.then.yes if self.answer(plan.then.asked) else plan.then.no)
        return " > ".join(self.events)

    def answer(self, asked: plans.Asked) -> bool:
        known = {"status": self.status, "keys": self.keys, "cause": "17" if self.status == "BUSY" else "19"}
        return known[asked.what] == asked.value

    def ends(self, event: str) -> None:
        self.events.append(event)
        self.over = True

    def take(self, event: plans.Event) -> None:
        match event:
            case plans.Answered():
                self.events.append("answer")
            case plans.Played(files=files):
                self.events += [f"play {PROMPTS.get(name, name)}" for name in files]
            case plans.SaidDigits(digits=digits):
                self.events.append(f"digits {digits}")
            case plans.Dialled():
                self.dial(event)
            case plans.LeftMessage(boxes=(box,), options=options):
                greeting = "busy" if "b" in options else "unavailable" if "u" in options else "none"
                known = box in self.mailboxes
                self.ends(f"voicemail {box.partition('@')[0]} {greeting if known else 'unknown'}")
            case plans.SoundedBusy():
                self.ends("busy")
            case plans.HungUp(cause=cause):
                self.ends("busy" if cause == BUSY_CAUSE else "hangup")
            case plans.HandedOver(exten=exten, caller=caller):
                self.shown.append(caller)
                self.ends(f"system {exten}")
            case plans.RanOut() | plans.Failed():
                self.ends("end")
            case plans.Progressed() | plans.Waited():
                pass
            case _:
                raise AssertionError(event)

    def dial(self, event: plans.Dialled) -> None:
        [channel] = event.channels
        line = LINE.fullmatch(channel)
        assert line, channel
        number, seconds, caller = line["number"], event.seconds, event.caller
        private = caller.number_presentation.startswith("prohib")
        kind = "ring" if line["kind"] == "ext" else "external"
        if kind == "external" and private and (seconds or not self.hidden):
            kind = "rebound"
        self.events.append(f"{kind} {number}" + (f" {seconds}s" if seconds else ""))
        self.shown.append(caller)
        state = self.lines.get(number, "noanswer")
        if state not in ANSWERS:
            self.status = STATUSES[state]
        elif event.confirm is None or self.confirmed(event.confirm, state):
            self.connected, self.over = number, True
        else:
            self.status = "ANSWER"

    def confirmed(self, plan: Plan, state: str) -> bool:
        for event in plan.events:
            match event:
                case plans.AskedKeys(left=left):
                    if state == "leave":
                        return isinstance(left, plans.Connected)
                    self.keys = KEYS.get(state, "")
                case plans.Connected() | plans.Declined():
                    return isinstance(event, plans.Connected)
                case _:
                    raise AssertionError(event)
        assert plan.then
        return self.confirmed(plan.then.yes if self.answer(plan.then.asked) else plan.then.no, state)
