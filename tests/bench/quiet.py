"""A private Asterisk that is measured: a folder with a dialplan in; calls placed one by one, and what they cost, out.

It is the one of the tests (pbx/asterisk.py), but for what would be measured with it: it sends no event, and calls that
were routed to a mailbox, to busy or to the system are hung up there. Of an extension that is written twice, Asterisk
keeps what came first; so these ends stand before the dialplan, which is loaded as it is.
"""

import random
import re
import socket
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from bench.baseline import Seconds
from bench.sampler import shared_out
from pbx.asterisk import Asterisk

ENDS = """
[general]
[bench]
exten => empty,1,Hangup()
[policyc-mailbox]
exten => _X!,1,Hangup()
[policyc-busy]
exten => s,1,Hangup(17)
[from-internal]
exten => _X!,1,Hangup()
"""
AT_A_TIME = 50
"""Calls of a batch: a tenth of a second at most, so that what slows the machine slows batches of all kinds."""
WARMING = 4
"""Rounds that do not count."""
TABLE = "CREATE TABLE astdb(key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))"


@dataclass(frozen=True, slots=True)
class Placed:
    """A call to place: its caller as presented, the number called, the instant, and the events that must follow."""

    caller: str
    to: str
    at: datetime
    events: str = ""


class Loaded(Asterisk):
    """An instance of the tests, whose AstDB may hold something."""

    def __init__(self, folder: Path, database: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self.database = database or {}

    def _write(self, home: Path, secret: str, port: int) -> None:
        super()._write(home, secret, port)
        if self.database:
            with sqlite3.connect(self.folder / "db/astdb.sqlite3") as database:
                database.execute(TABLE)
                database.executemany("INSERT INTO astdb VALUES (?, ?)", self.database.items())
            database.close()


class Quiet(Loaded):
    """An instance that is measured."""

    def _write(self, home: Path, secret: str, port: int) -> None:
        super()._write(home, secret, port)
        etc = self.folder / "etc"
        dialplan = "compiled.conf" if (etc / "compiled.conf").exists() else "policyc.conf"
        (etc / "extensions.conf").write_text(f"{ENDS}\n#include {dialplan}\n", encoding="utf-8")
        manager = etc / "manager.conf"
        silent = manager.read_text(encoding="utf-8").replace("disabledevents = ", "disabledevents = Newexten,Hangup,")
        manager.write_text(silent, encoding="utf-8")
        self._login = port, secret

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.line = _Line(*self._login)
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.line.close()
        await super().__aexit__(*failure)

    def processor(self) -> float:
        """Return the seconds of processor that the process took so far, all its threads together."""
        return time.clock_gettime(~self.pid << 3 | 2)  # the kernel's name of that clock

    def memory(self) -> int:
        return shared_out(self.pid)

    def spent(self, act: Callable[[], object]) -> Seconds:
        """Return what something that the instance does takes, and takes of it."""
        clock, processor = time.perf_counter(), self.processor()
        act()
        return Seconds(time.perf_counter() - clock, self.processor() - processor)

    def reload(self) -> Seconds:
        """Load the dialplan again."""
        return self.spent(lambda: self.line.act(Action="Command", Command="dialplan reload"))

    def place(self, calls: Sequence[Placed], *, empty: bool = False) -> Seconds:
        """Place calls, each when the one before is over; `empty`: to an extension that hangs up at once instead."""

        def each() -> None:
            for call in calls:
                where = "empty@bench" if empty else f"{call.to}@policyc-external"
                self.line.act(
                    Action="Originate",
                    Channel=f"Local/{where}/n",
                    Application="Wait",
                    Data="1",
                    CallerID=f"<{call.caller}>",
                    Variable=f"__TESTTIME={int(call.at.timestamp())}",
                )

        return self.spent(each)


class _Line:
    """A connection to the manager interface: one action at a time."""

    def __init__(self, port: int, secret: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._rest = b""
        self._number = 0
        self.act(Action="Login", Username="harness", Secret=secret, Events="off")

    def act(self, **headers: str) -> bytes:
        """Do an action and return its reply: to an Originate, when the call is over."""
        self._number += 1
        mark = b"ActionID: q%d\r\n" % self._number
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(lines.encode() + mark + b"\r\n")
        while True:
            while b"\r\n\r\n" not in self._rest:
                if not (more := self._socket.recv(65536)):
                    raise ConnectionError("Asterisk closed the connection")
                self._rest += more
            reply, _, self._rest = self._rest.partition(b"\r\n\r\n")
            if mark in reply + b"\r\n":
                return reply

    def close(self) -> None:
        self._socket.close()


# ---- what calls cost


@dataclass(frozen=True, slots=True)
class Cost:
    """What routing one call takes, in milliseconds, without the harness; medians, and the middle half of the rounds."""

    clock: float
    processor: float
    quarters: tuple[float, float]
    harness: float

    def as_data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("clock", "processor", "quarters", "harness")}


def costs(batches: Mapping[str, tuple[Quiet, Sequence[Placed]]], rounds: int, seed: str = "rounds") -> dict[str, Cost]:
    """Place a few calls of every batch in every round, in an order that changes, each beside as many empty calls.

    What routing costs is the difference of the two, round by round: what slows the machine for a while slows both. The
    median is taken of all rounds.
    """
    draw = random.Random(seed)
    taken: dict[str, list[tuple[Seconds, Seconds]]] = {name: [] for name in batches}
    for nth in range(-WARMING, rounds):
        for name in draw.sample(list(batches), len(batches)):
            instance, every = batches[name]
            calls = [every[(nth * AT_A_TIME + at) % len(every)] for at in range(AT_A_TIME)]
            order = draw.sample((True, False), 2)
            pair = {empty: instance.place(calls, empty=empty) for empty in order}
            if nth >= 0:
                taken[name].append((pair[True], pair[False]))

    return {name: _cost(pairs) for name, pairs in taken.items()}


def _cost(pairs: Sequence[tuple[Seconds, Seconds]]) -> Cost:
    each = 1000 / AT_A_TIME
    processor = sorted((routed.processor - empty.processor) * each for empty, routed in pairs)

    return Cost(
        statistics.median((routed.clock - empty.clock) * each for empty, routed in pairs),
        statistics.median(processor),
        (processor[len(pairs) // 4], processor[-1 - len(pairs) // 4]),
        statistics.median(empty.processor for empty, _ in pairs) * each,
    )


def applications(steps: Sequence[Any]) -> tuple[str, ...]:
    """Return the shape of a call: the applications that it ran."""
    return tuple(re.sub(r"\W.*", "", step.app) for step in steps)
