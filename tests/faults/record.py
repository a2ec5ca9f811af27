"""Record what a real FreeSWITCH shows of faults, by hand, where there is one:

    python tests/faults/record.py [POLICY...] [--seed N] [--faults N]

It draws the faults that `test_freeswitch` draws, places the calls that the evaluator would on the generated dialplan
and on each faulty one, and writes `freeswitch.json` beside this file: a row for each fault, which the tests then
believe rather than the evaluator. No such table is there as long as nobody had a FreeSWITCH to record it with.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `faults`
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from typing import TYPE_CHECKING

from freeswitch_model import DIALS

from faults import freeswitch, on_freeswitch
from faults.calls import Call, Calls
from faults.judging import Judged, Shows, Told
from faults.trials import compiled, first_random, policy

if TYPE_CHECKING:
    from faults.edits import Fault

TABLE = Path(__file__).with_name("freeswitch.json")
CALLS, OF_POOL, FAULTS = 25, 200, 40


def digest(text: str, faulty: str) -> str:
    """Return a digest of a dialplan and a faulty one."""
    return hashlib.sha256(f"{text}\0{faulty}".encode()).hexdigest()[:24]


@cache
def table() -> Mapping[str, Callable[[Fault], Judged]]:
    """Return what a real FreeSWITCH showed, by the digests of the dialplans; empty where none was recorded."""
    if not TABLE.exists():
        return {}
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    return {row["digest"]: _judged(row) for row in rows}


def _judged(row: Mapping[str, object]) -> Callable[[Fault], Judged]:
    def judged(fault: Fault) -> Judged:
        shows = row.get("shows")
        return Judged(fault, row["calls"], shows and _shows(shows))  # type: ignore[arg-type]  # it is JSON

    return judged


def _shows(data: Mapping[str, object]) -> Shows:
    call = dict(data["call"])  # type: ignore[call-overload]  # it is JSON
    call["local"] = datetime.fromisoformat(call["local"])
    return Shows(Call(**call), tuple(data["before"]), tuple(data["after"]))  # type: ignore[arg-type]


async def placed(text: str, folder: Path, calls: Sequence[Call], its: Calls) -> list[Told]:
    """Return what calls do on a real FreeSWITCH with a dialplan."""
    from pbx.freeswitch import FreeSwitch

    _write_dialplan(text, folder)
    boxes = [number for number, one in its.policy.extensions.items() if one.mailbox]
    async with FreeSwitch(folder, mailboxes=boxes, clocks=3) as switch:
        seen = await asyncio.gather(*(
            switch.call(
                entry="internal" if call.internal else "external",
                caller=call.presented,
                to=call.called,
                restricted=call.hidden,
                at=call.local.replace(tzinfo=its.policy.zone),
                lines=dict.fromkeys(its.lines, call.state),
            )
            for call in calls
        ))  # fmt: skip
    shown = [tuple(f"{one.line} is shown {one.number} {one.presentation}" for one in each.shown) for each in seen]
    return [(*each.events.split(" > "), *who, f"cause {each.cause}") for each, who in zip(seen, shown, strict=True)]


def _write_dialplan(text: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "policyc.xml").write_text(text, encoding="utf-8", newline="")


async def record(name: str, seed: int, count: int, folder: Path) -> list[dict[str, object]]:
    """Return the rows of faults in a policy."""
    text, calls = compiled(name, "freeswitch", DIALS), Calls(policy(name))
    model = on_freeswitch.model(text, calls)
    pool = calls.pool(random.Random(f"{name} {seed}"), OF_POOL)
    near = on_freeswitch.Pool(calls, text, {call: model.lines(call) for call in pool})
    rows = []
    for fault in freeswitch.faults(text, f"{name} {seed}", count):
        aimed = [call for call in near.aimed(fault, CALLS) if call.state not in ("silent", "answer")]
        before, after = await asyncio.gather(
            placed(text, folder / f"{fault.number} before", aimed, calls),
            placed(fault.text, folder / f"{fault.number} after", aimed, calls),
        )
        row = {"digest": digest(text, fault.text), "policy": name, "fault": str(fault), "calls": len(aimed)}
        for call, one, other in zip(aimed, before, after, strict=True):
            if one != other:
                row["shows"] = {"call": _plain(call), "before": one, "after": other}
                break
        rows.append(row)
        print(fault, "shows" if "shows" in row else "shows nothing", flush=True)
    return rows


def _plain(call: Call) -> dict[str, object]:
    fields = ("internal", "presented", "hidden", "called", "state")
    return {"local": call.local.isoformat(), **{name: getattr(call, name) for name in fields}}


def write(rows: Iterable[Mapping[str, object]], version: str) -> None:
    """Write the table: one line a fault."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    TABLE.write_text(
        f'{{"freeswitch": {json.dumps(version)},\n"rows": [\n{lines}\n]}}\n', encoding="utf-8", newline="\n"
    )


async def main() -> None:
    """Record what is asked for."""
    from recorded.record import version

    parser = argparse.ArgumentParser(description="what a real FreeSWITCH shows of faults")
    parser.add_argument("policies", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=FAULTS)
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for name in asked.policies or ["4-chaque-exception", "cabinet", first_random(asked.seed - 1)]:
            rows += await record(name, asked.seed, asked.faults, Path(temporary) / name)
    write(rows, version())


if __name__ == "__main__":
    asyncio.run(main())
