"""Record what a real FreeSWITCH runs, by hand, where there is one:

    python tests/recorded/record.py [NAME...]

Of each policy of `tests/calls`, of `policies/` beside this file, and of a few random ones, it places the calls that
show something of the dialplan which no call before them showed, and writes `calls/NAME.json`. Of each dialplan of
`traps/`, written by hand, it places the calls that its JSON has already, and writes there what they did.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `recorded`
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from calls import suite
from dialplan_xml import Surroundings
from dialplan_xml import read as read_dialplan
from freeswitch_model import Model
from judge.generate import generate
from pbx import freeswitch
from pbx.freeswitch_compiled import write as write_compiled
from recorded.table import DOMAIN, HERE, LINES, PRIVATE, SYSTEM, Row, Seen, Table, digest, outcome, read, write

if TYPE_CHECKING:
    from pbx.observe import Observed

    from policyc.model import Policy

RANDOM = (41, 42, 43)
"""Seeds of random policies."""
CALLS = 16
"""Calls on each of them."""
AT_ONCE = 2
FAULTS = (
    (r'(field="\$\{policyc_number\}" expression="[^"]*)\$"', r'\1"'),
    (r'(field="\$\{policyc_number\}" expression=")\^', r"\1"),
)
"""Faults that few calls show: an expression that is not held at its end, or at its beginning."""


@dataclass(frozen=True, slots=True)
class Task:
    """A policy to record, and the calls that may be placed."""

    name: str
    policy: Policy
    sources: Mapping[str, str]
    rows: tuple[Row, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    server_zone: str | None = None
    prompts: bool = True


def tasks() -> Iterator[Task]:
    """Yield what there is to record of policies."""
    for path in (*suite.paths(), *sorted((HERE / "policies").glob("*.toml"))):
        case = suite.read(path)
        rows = tuple(row_of(case.policy, line) for line in case.lines)
        yield Task(path.stem, case.policy, case.sources, rows, settings(path), case.server_zone, case.prompts)
    for seed in RANDOM:
        case = generate(seed, CALLS)
        sources = {"policy.pol": case.text}
        policy = suite.load(sources)
        rows = tuple(
            Row(
                "internal" if call.internal else "external",
                call.presented,
                call.called,
                aware(call.instant, policy),
                call.restricted,
                dict(call.lines),
            )
            for call in (each.call for each in case.calls if not each.hangs_on)
        )
        yield Task(f"random-{seed}", policy, sources, rows)


def settings(path: Path) -> dict[str, Any]:
    """Return the settings that a comment of the form `# freeswitch: …` of a file asks for, in TOML."""
    found = re.findall(r"^# freeswitch: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return tomllib.loads("\n".join(found))


def row_of(policy: Policy, line: suite.Line) -> Row:
    """Return a call of the suite as a row that is still empty."""
    entry = "internal" if line.internal else "external"
    return Row(entry, line.presented, line.called, aware(line.instant, policy), line.restricted, dict(line.states))


def aware(instant: datetime, policy: Policy) -> datetime:
    """Return an instant with its zone, that of the policy if it has none."""
    return instant if instant.tzinfo else instant.replace(tzinfo=policy.zone)


def chosen(model: Model, rows: Iterable[Row]) -> list[Row]:
    """Return the calls that show something which no call before them showed, and those that show a fault."""
    faulty = [read_dialplan({"policyc.xml": re.sub(*fault, model.text)}) for fault in FAULTS]
    around = Surroundings(lines=LINES, variables={"domain_name": DOMAIN})
    known: set[Hashable] = set()
    kept = []
    for row in rows:
        right = outcome(model.dialplan, row, around)
        if (new := set(_shows(model, row)) - known) or any(outcome(one, row, around) != right for one in faulty):
            known |= new
            kept.append(row)
    return kept


def _shows(model: Model, row: Row) -> Iterator[Hashable]:
    """Yield what a call is a case of: lines of the dialplan, events, instants, ways to present a number."""
    found = model.run(
        row.called, row.caller, row.at, internal=row.entry == "internal", restricted=row.restricted, lines=row.lines
    )
    for step in found.steps:
        yield step.place.line
    for event in found.events.split(" > "):
        yield re.sub(r"\d+", "", event), tuple(row.lines.values())
    yield row.at, row.called
    yield row.caller is None, row.restricted, row.entry
    for character in row.caller or "":
        if not character.isdigit():
            yield character


def seen(observed: Observed) -> Seen:
    """Return what is kept of a call."""
    ran = tuple(f"{step.app} {step.data}" if step.data else step.app for step in observed.steps)
    shown = tuple(f"{one.line} {PRIVATE if one.presentation == 'prohib' else one.number}" for one in observed.shown)
    return Seen(ran, observed.events, shown, observed.cause)


async def place(switch: freeswitch.FreeSwitch, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Place the calls of rows; return the rows with what they did."""

    async def one(row: Row) -> Row:
        observed = await switch.call(
            entry=row.entry,  # type: ignore[arg-type]
            caller=row.caller,
            to=row.called,
            restricted=row.restricted,
            at=row.at,
            lines=row.lines,
        )
        return replace(row, seen=seen(observed))

    return tuple(await asyncio.gather(*map(one, rows)))


async def record_policy(task: Task, rows: Iterable[Row], folder: Path) -> Table:
    """Place calls on what a policy compiles to; return the table."""
    write_compiled(task.policy, folder, task.settings)
    context = task.settings.get("system_context", SYSTEM)
    async with freeswitch.FreeSwitch(
        folder, prompts=task.prompts, zone=task.server_zone, system_context=context, clocks=3
    ) as switch:
        placed = await place(switch, rows)
    model = Model(task.policy, task.settings)
    return Table(
        task.name,
        version(),
        placed,
        sources=task.sources,
        settings=task.settings,
        server_zone=task.server_zone,
        prompts=task.prompts,
        dialplan=digest(model.dialplan),
    )


async def record_trap(table: Table, text: str, folder: Path) -> Table:
    """Place the calls of a table on a dialplan; return the table with what they did."""
    _write_dialplan(text, folder)
    async with freeswitch.FreeSwitch(
        folder, zone=table.server_zone, mailboxes=(), within=1, at_once=10, clocks=1
    ) as switch:
        return replace(table, freeswitch=version(), rows=await place(switch, table.rows))


def _write_dialplan(text: str, folder: Path) -> None:
    folder.mkdir()
    (folder / "policyc.xml").write_text(text, encoding="utf-8", newline="")


def version() -> str:
    """Return the version of the FreeSWITCH that is found, without what tells its build."""
    told = subprocess.run([freeswitch.find(), "-version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+\.\d+\.\d+(?:-[a-z]+)?)", told)
    return found[1] if found else ""


async def main(names: Iterable[str]) -> None:
    """Record what the names ask for, or all."""
    wanted = set(names)
    turn = asyncio.Semaphore(AT_ONCE)

    async def policy(task: Task, folder: Path) -> None:
        async with turn:
            rows = chosen(Model(task.policy, task.settings), task.rows)
            table = await record_policy(task, rows, folder / task.name)
            write(table, HERE / f"calls/{task.name}.json")
            print(f"{task.name}: {len(table.rows)} of {len(task.rows)} calls", flush=True)

    async def trap(path: Path, folder: Path) -> None:
        async with turn:
            text = path.with_suffix(".xml").read_text(encoding="utf-8")
            table = await record_trap(read(path), text, folder / path.stem)
            write(table, path)
            print(f"{path.stem}: {len(table.rows)} calls", flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        await asyncio.gather(
            *(policy(task, folder) for task in tasks() if not wanted or task.name in wanted),
            *(trap(path, folder) for path in sorted((HERE / "traps").glob("*.json"))
              if not wanted or path.stem in wanted),
        )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
