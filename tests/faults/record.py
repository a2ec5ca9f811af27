"""Record what a real FreeSWITCH shows of faults, by hand, where there is one:

    python tests/faults/record.py [NAME:SEED:FAULTS...]

It draws the faults that `test_freeswitch` draws and writes `freeswitch.json` beside this file, a row for each fault:

    digest   of the generated dialplan and the faulty one: of other texts, the row says nothing
    calls    how many calls were placed on both
    shows    one that did something else on the faulty one, with what both did; left out where none did
    proof    the calls that policyc's proof said end otherwise, each with what it shows

The calls are those that the evaluator is asked about; one that shows the fault by the evaluator is among them. It
prints each call that did something else than the evaluator says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `faults`
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from typing import TYPE_CHECKING, Any

from freeswitch_model import DIALS

from faults import freeswitch, on_freeswitch
from faults.calls import Call, Calls
from faults.judging import Judged, Shows, Told
from faults.trials import compiled, first_random, policy, refusal

if TYPE_CHECKING:
    from faults.edits import Fault
    from faults.proof import Refused
    from faults.real_freeswitch import Tried

TABLE = Path(__file__).with_name("freeswitch.json")
CALLS, OF_POOL = 60, 200
PLACED = 25
"""Of the calls that the evaluator is asked about, so many are placed."""
SLOW = ("silent", "answer")
"""States of lines in which a rebound lasts for seconds."""
FEW = ("4-chaque-exception", 0, 18)


def recorded_faults() -> list[tuple[str, int, int]]:
    """Return the policies of which faults are recorded, each with the seed and the number of its faults."""
    return [FEW, *many_faults(0)]


def many_faults(seed: int) -> list[tuple[str, int, int]]:
    """Return the policies of a seed, each with the seed and the number of its faults."""
    return [(name, seed + 1, 40) for name in ("4-chaque-exception", "cabinet", first_random(seed))]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Faults in the dialplan of a policy, each with the calls to place and what the evaluator says of it."""

    text: str
    its: Calls
    faults: Sequence[Fault]
    aimed: Sequence[Sequence[Call]]
    judged: Sequence[Judged | None]


def drawn(name: str, seed: int, count: int, placed: int = PLACED) -> Drawn:
    """Return the faults of a seed in a policy, each with so many calls."""
    text, its = compiled(name, "freeswitch", DIALS), Calls(policy(name))
    faults = freeswitch.faults(text, f"{name} {seed}", count)
    pool = its.pool(random.Random(f"{name} {seed}"), OF_POOL)
    judged = on_freeswitch.judge(text, faults, its, pool=pool, count=CALLS)
    original = on_freeswitch.model(text, its)
    near = on_freeswitch.Pool(its, text, {call: original.lines(call) for call in pool})
    aimed = []
    for fault, one in zip(faults, judged, strict=True):
        first = [one.shows.call] if one and one.shows else []
        quick = [call for call in near.aimed(fault, CALLS) if call.state not in SLOW]
        aimed.append(list(dict.fromkeys([*first, *quick]))[:placed])
    return Drawn(text, its, faults, aimed, judged)


# -- the table ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What a real FreeSWITCH showed of a fault."""

    digest: str
    policy: str
    fault: str
    calls: int
    shows: Shows | None = None
    of_proof: Mapping[Call, Shows | None] = field(default_factory=dict)

    def judged(self, fault: Fault) -> Judged:
        """Return what it says of the fault."""
        return Judged(fault, self.calls, self.shows)


def digest(text: str, faulty: str) -> str:
    """Return a digest of a dialplan and a faulty one."""
    return hashlib.sha256(f"{text}\0{faulty}".encode()).hexdigest()[:24]


@cache
def table() -> Mapping[str, Row]:
    """Return the rows by the digests of their dialplans."""
    return {row["digest"]: _row(row) for row in json.loads(TABLE.read_text(encoding="utf-8"))["rows"]}


def _row(data: Mapping[str, Any]) -> Row:
    of_proof = {_call(one["call"]): _shows(one.get("shows")) for one in data.get("proof", ())}
    return Row(data["digest"], data["policy"], data["fault"], data["calls"], _shows(data.get("shows")), of_proof)


def _shows(data: Mapping[str, Any] | None) -> Shows | None:
    return data and Shows(_call(data["call"]), tuple(data["before"]), tuple(data["after"]))


def _call(data: Mapping[str, Any]) -> Call:
    return Call(**{**data, "local": datetime.fromisoformat(data["local"])})


def row_of(name: str, text: str, tried: Tried) -> Row:
    """Return what was tried as a row."""
    return Row(digest(text, tried.fault.text), name, str(tried.fault), len(tried.placed), tried.shows,
               dict(tried.of_proof))  # fmt: skip


def write(rows: Iterable[Row], version: str) -> None:
    """Write the table: one line a fault."""
    lines = ",\n".join(json.dumps(_plain(row), ensure_ascii=False) for row in rows)
    TABLE.write_text(
        f'{{"freeswitch": {json.dumps(version)},\n"rows": [\n{lines}\n]}}\n', encoding="utf-8", newline="\n"
    )


def _plain(row: Row) -> dict[str, Any]:
    of_proof = [{"call": _plain_call(call), **_plain_shows(shows)} for call, shows in row.of_proof.items()]
    whole = {"digest": row.digest, "policy": row.policy, "fault": row.fault, "calls": row.calls}
    return {**whole, **_plain_shows(row.shows), **({"proof": of_proof} if of_proof else {})}


def _plain_shows(shows: Shows | None) -> dict[str, Any]:
    return {"shows": {"call": _plain_call(shows.call), "before": shows.before, "after": shows.after}} if shows else {}


def _plain_call(call: Call) -> dict[str, Any]:
    fields = ("internal", "presented", "hidden", "called", "state")
    return {**{name: getattr(call, name) for name in fields}, "local": call.local.isoformat(timespec="minutes")}


# -- the evaluator beside it -------------------------------------------------------------------------------------------


def otherwise(drawn: Drawn, fault: Fault, placed: Iterable[tuple[Call, Told, Told]]) -> list[str]:
    """Return the calls that did something else than the evaluator says, in words, on either dialplan."""
    placed, found = list(placed), []
    for text, at, which in ((drawn.text, 1, "generated"), (fault.text, 2, "faulty")):
        try:
            model = on_freeswitch.model(text, drawn.its)
        except on_freeswitch.NotJudgedError:
            continue
        for one in placed:
            said = _said(model, one[0])
            # a call without end is given up after a minute: how far it got by then says nothing
            if said is not None and said != one[at] and "stuck" not in one[at]:
                found.append(f"{fault}: {one[0]}, {which}\n   evaluator:  {said}\n   FreeSWITCH: {one[at]}")
    return found


def _said(model: on_freeswitch.Model, call: Call) -> Told | None:
    try:
        # the harness has no sounds but of digits: of numbers that are pronounced, it hears nothing
        return tuple(event for event in model.told(call) if not event.startswith("number "))
    except on_freeswitch.NotJudgedError:
        return None


# -- recording ---------------------------------------------------------------------------------------------------------


async def placed(
    its: Drawn, refused: Iterable[Refused | None], folder: Path, done: Callable[[Tried], None] = lambda _: None
) -> list[Tried]:
    """Return what the calls of faults, and those of the proof, do on a real FreeSWITCH."""
    from faults.real_freeswitch import Judge, all_tried

    async with Judge(its.text, its.its, folder) as judge:
        return await all_tried(judge, zip(its.faults, its.aimed, map(_calls, refused), strict=True), done)


async def record(name: str, seed: int, count: int, folder: Path) -> list[Row]:
    """Return the rows of faults in a policy."""
    its = drawn(name, seed, count)
    refused = [refusal(name, "freeswitch", fault.text, DIALS) for fault in its.faults]
    by_fault = dict(zip(its.faults, its.judged, strict=True))

    def done(tried: Tried) -> None:
        one = by_fault[tried.fault]
        by_evaluator = "not judged" if one is None else "shows" if one.shows else "nothing"
        print(f"{tried.fault}\n   {'shows' if tried.shows else 'nothing'}, evaluator: {by_evaluator},"
              f" {len(tried.placed)} calls, {len(tried.of_proof)} of the proof", flush=True)  # fmt: skip
        for wrong in otherwise(its, tried.fault, tried.placed):
            print(f"   OTHERWISE {wrong}", flush=True)

    return [row_of(name, its.text, one) for one in await placed(its, refused, folder, done)]


def _calls(refused: Refused | None) -> Sequence[Call]:
    return refused.calls if refused else ()


async def main(asked: Sequence[str]) -> None:
    """Record what is asked for."""
    from recorded.record import version

    rows = []
    each = [(name, int(seed), int(count)) for name, seed, count in (one.split(":") for one in asked)]
    with tempfile.TemporaryDirectory() as temporary:
        for at, (name, seed, count) in enumerate(each or recorded_faults()):
            rows += await record(name, seed, count, Path(temporary) / str(at))
    write(rows, version())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
