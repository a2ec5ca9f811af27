"""A generated dialplan and faulty ones in, what calls on a real FreeSWITCH do on each out.

Each text has its own instance. What a call did on the generated one is remembered, and a call that shows a fault is
placed on both once more: a machine that has much else to do is no fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pbx.freeswitch import FreeSwitch
from recorded.table import SYSTEM

from faults.judging import Judged, Shows, Told
from faults.trials import in_each_state

if TYPE_CHECKING:
    from pbx.observe import Observed

    from faults.calls import Call, Calls
    from faults.edits import Fault

CLOCKS = 4
"""Processes of an instance: most calls of a fault have instants of their own."""


class UnsteadyError(Exception):
    """A call did one thing and then another."""


def told(seen: Observed) -> Told:
    """Return what people notice of a call, in the words of `on_freeswitch.told`."""
    # what nobody hears: that a dialplan has nothing more to say, that whoever was answered is answered again
    events = ["hangup" if event == "end" else event for event in seen.events.split(" > ")]
    events = [event for at, event in enumerate(events) if event != "answer" or "answer" not in events[:at]]
    if seen.connected and seen.events.endswith(("end", "hangup", "busy")) and _is_dial(events[-2]):
        return (*events[:-1], *_shown(seen))  # after a conversation, nobody hears how the call ends
    cause = () if seen.cause is None else (f"cause {seen.cause}",)
    return (*events, *_shown(seen), *cause)


def _is_dial(event: str) -> bool:
    return event.startswith(("ring ", "external ", "rebound "))


def _shown(seen: Observed) -> list[str]:
    shown = [f"{one.line} is shown {_number(one.number, one.presentation)}" for one in seen.shown]
    if seen.events.split(" > ")[-1].startswith("system "):
        last = seen.shown[-1]
        shown[-1] = f"{last.line} is shown {'private' if last.presentation == 'prohib' else last.number}"
    return shown


def _number(number: str, presentation: str) -> str:
    return f"{number} private" if presentation == "prohib" else number


@dataclass(frozen=True, slots=True)
class Tried:
    """A fault: what each call did on the generated dialplan and on the faulty one, and what those of the proof show."""

    fault: Fault
    placed: tuple[tuple[Call, Told, Told], ...]
    shows: Shows | None
    of_proof: tuple[tuple[Call, Shows | None], ...] = ()

    @property
    def judged(self) -> Judged:
        """What the calls say of the fault."""
        return Judged(self.fault, len(self.placed), self.shows)


@dataclass(slots=True)
class Placed:
    """One text on an instance: each call is placed once."""

    switch: FreeSwitch
    its: Calls
    known: dict[Call, asyncio.Task[Told]] = field(default_factory=dict)

    async def told(self, call: Call) -> Told:
        """Return what a call does."""
        if call not in self.known:
            self.known[call] = asyncio.create_task(self.again(call))
        return await self.known[call]

    async def again(self, call: Call) -> Told:
        """Return what a call does, placed anew."""
        seen = await self.switch.call(
            entry="internal" if call.internal else "external",
            caller=call.presented,
            to=call.called,
            restricted=call.hidden,
            at=call.local.replace(tzinfo=self.its.policy.zone),
            lines=dict.fromkeys(self.its.lines, call.state),
            beyond=True,
        )
        return told(seen)


class Judge:
    """The generated dialplan of a policy: faults in it are tried, `at_once` side by side."""

    def __init__(self, text: str, its: Calls, folder: Path, at_once: int = 5) -> None:
        """Take the dialplan and the folder for files of its instances."""
        self._text, self._its, self._folder = text, its, folder
        self._turn = asyncio.Semaphore(at_once)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._generated = Placed(
            await self._open.enter_async_context(self._instance(self._text, "generated")), self._its
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def _instance(self, text: str, name: str) -> FreeSwitch:
        folder = self._folder / name
        folder.mkdir(parents=True)
        (folder / "policyc.xml").write_text(text, encoding="utf-8", newline="")
        boxes = [number for number, one in self._its.policy.extensions.items() if one.mailbox]
        return FreeSwitch(folder, mailboxes=boxes, system_context=SYSTEM, clocks=CLOCKS)

    async def tried(self, fault: Fault, calls: Sequence[Call], of_proof: Iterable[Call] = ()) -> Tried:
        """Return what calls do on both dialplans, and what each call of the proof shows with lines in each state."""
        async with self._turn, self._instance(fault.text, str(fault.number)) as switch:
            faulty = Placed(switch, self._its)
            pairs = await asyncio.gather(*(self._both(faulty, call) for call in calls))
            placed = tuple((call, *pair) for call, pair in zip(calls, pairs, strict=True))
            first = next((call for call, before, after in placed if before != after), None)
            shows = first and await self._surely(faulty, first)
            shown = [(call, await self._shown(faulty, call)) for call in of_proof]
            return Tried(fault, placed, shows, tuple(shown))

    async def _both(self, faulty: Placed, call: Call) -> tuple[Told, Told]:
        return await asyncio.gather(self._generated.told(call), faulty.told(call))

    async def _surely(self, faulty: Placed, call: Call) -> Shows:
        """Return what a call shows that does something else on a faulty dialplan. Raises UnsteadyError."""
        seen = await self._both(faulty, call)
        again = await asyncio.gather(self._generated.again(call), faulty.again(call))
        if again != seen:
            raise UnsteadyError(f"{call}: {seen}, then {again}")
        return Shows(call, *seen)

    async def _shown(self, faulty: Placed, call: Call) -> Shows | None:
        ways = in_each_state(call)
        for some in (ways[:2], ways[2:-2], ways[-2:]):  # most show at once, and the last ones take long
            for one, (before, after) in zip(
                some, await asyncio.gather(*(self._both(faulty, one) for one in some)), strict=True
            ):
                if before != after:
                    return await self._surely(faulty, one)
        return None


async def all_tried(judge: Judge, tasks: Iterable[tuple[Fault, Sequence[Call], Sequence[Call]]],
                    done: Callable[[Tried], None] = lambda _: None) -> list[Tried]:  # fmt: skip
    """Try many faults, each with its calls and those of the proof; `done` hears of each."""

    async def one(fault: Fault, calls: Sequence[Call], of_proof: Sequence[Call]) -> Tried:
        found = await judge.tried(fault, calls, of_proof)
        done(found)
        return found

    return list(await asyncio.gather(*(one(*task) for task in tasks)))
