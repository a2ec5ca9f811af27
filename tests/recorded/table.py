"""Tables of what a real FreeSWITCH ran: one JSON file a dialplan, one line of it a call; and their replay.

A row says how a call came (entry, caller, restricted, called, at, lines) and what FreeSWITCH did with it:

    ran      the applications of the caller's channel, inline ones too, each with the data that it was given, up to a
             conversation, the greeting of a mailbox, or the PBX's own context
    events   what happened, in the words of `calls.suite`
    shown    the caller's number, or "private", as each line dialled and the PBX's own context were shown it
    cause    why the dialplan hung up; left out for a call that somebody took

`outcome` gives the same of the evaluator, `differences` what is not the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from calls import suite
from dialplan_xml import Call, Dialplan, Line, Outcome, Surroundings, simulate
from dialplan_xml.calls import PRIVATE

HERE = Path(__file__).parent
SYSTEM = "default"
"""The PBX's own context, where a dialplan does not say otherwise."""
DOMAIN = "policyc.test"
LINES = (
    Line("extension", r"loopback/ext-(?P<number>[^/]+)/phones"),
    Line("external", r"loopback/out-(?P<number>[^/]+)/phones"),
)
PROMPTS = {r"policyc/veuillez-patienter\.wav": "wait", r"policyc/indisponible\.wav": "unavailable"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a call."""

    ran: tuple[str, ...] = ()
    events: str = ""
    shown: tuple[str, ...] = ()
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A call, and what FreeSWITCH did with it."""

    entry: str
    caller: str | None
    called: str
    at: datetime  # aware
    restricted: bool = False
    lines: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    """Why the evaluator reads no such dialplan: its error holds this."""
    seen: Seen = field(default_factory=Seen)

    def __str__(self) -> str:
        hidden = ", restricted" if self.restricted else ""
        states = "".join(f", {line} {state}" for line, state in self.lines.items())
        return f"{self.entry} {self.caller!r}{hidden} to {self.called} at {self.at.isoformat()}{states}"


@dataclass(frozen=True, slots=True)
class Table:
    """The calls that were placed on one dialplan: of a policy (its `sources`), or written by hand (a trap)."""

    name: str
    freeswitch: str
    rows: tuple[Row, ...]
    what: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    server_zone: str | None = None
    prompts: bool = True
    dialplan: str = ""
    """The digest of what FreeSWITCH decides by in the dialplan that was recorded."""

    @property
    def around(self) -> Surroundings:
        """The FreeSWITCH of the recording, for the evaluator."""
        return Surroundings(
            lines=LINES,
            prompts=PROMPTS,
            variables={"domain_name": DOMAIN},
            system_contexts=frozenset({self.settings.get("system_context", SYSTEM)}),
            server_zone=ZoneInfo(self.server_zone) if self.server_zone else None,
        )


def outcome(dialplan: Dialplan, row: Row, around: Surroundings) -> Seen:
    """Return what becomes of the call of a row by the evaluator. Raises DialplanError."""
    call = Call(f"policyc-{row.entry}", row.called, row.at, row.caller, row.restricted, states=row.lines)
    found = simulate(dialplan, call, around)
    shown = [f"{dial.number} {PRIVATE if dial.private else dial.shown}" for dial in found.dials]
    last = found.events.rsplit(" > ", 1)[-1].split()
    if last[0] == "system":
        shown.append(f"{last[1]} {found.shown}")
    return Seen(*_until_it_is_over(found), tuple(shown), None if _is_taken(found) else found.ended)


def _is_taken(found: Outcome) -> bool:
    """Whether the call went on at its end: a conversation, a mailbox, the PBX's own context."""
    last = found.events.rsplit(" > ", 1)[-1]
    talks = bool(found.dials) and found.dials[-1].cause is None
    return talks or last.startswith(("voicemail ", "system "))


def _until_it_is_over(found: Outcome) -> tuple[tuple[str, ...], str]:
    """Return what ran until then, of which an evaluator that knows no harness tells more; and the events."""
    ran = [f"{name} {data}" if data else name for name, data in found.applications]
    if _is_taken(found) and found.ended != "system":
        final = {"voicemail", "bridge"}
        last = max(index for index, (name, _) in enumerate(found.applications) if name in final)
        ran = ran[: last + 1]
    return tuple(ran), found.events


def differences(row: Row, found: Seen, *, actions: bool = True) -> list[str]:
    """Return what a replay does otherwise than FreeSWITCH did, in words; `actions`: what ran is compared too."""
    seen = row.seen
    wrong = []
    # of a dialplan that has nothing more to say, the harness tells that it ended so, the evaluator that it hung up
    if found.events not in (seen.events, _hung_up(seen.events)):
        wrong.append(f"events: {found.events}, recorded {seen.events}")
    if found.shown != seen.shown:
        wrong.append(f"shown: {found.shown}, recorded {seen.shown}")
    if found.cause != seen.cause:
        wrong.append(f"cause: {found.cause}, recorded {seen.cause}")
    if actions and found.ran != seen.ran:
        pairs = zip((*found.ran, None), (*seen.ran, None), strict=False)
        index, pair = next((index, pair) for index, pair in enumerate(pairs) if pair[0] != pair[1])
        wrong.append(f"action {index + 1}: {pair[0]!r}, recorded {pair[1]!r}")
    return [f"{row}: {one}" for one in wrong]


def _hung_up(events: str) -> str:
    before, separator, last = events.rpartition(" > ")
    return before + separator + ("hangup" if last == "end" else last)


def digest(dialplan: Dialplan) -> str:
    """Return a digest of what a dialplan decides by: not of comments, names of extensions, or lines' places."""
    contexts = {name: _decisive(context.extensions) for name, context in dialplan.contexts.items()}
    text = json.dumps(contexts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _decisive(part: Any) -> Any:
    if isinstance(part, tuple | list):
        return [_decisive(one) for one in part]
    if dataclasses.is_dataclass(part):
        fields = (one.name for one in dataclasses.fields(part))
        return [_decisive(getattr(part, name)) for name in fields if name not in ("name", "place")]
    return part if part is None or isinstance(part, str | int) else part.value


# --- files ---


def policies() -> Iterator[Table]:
    """Read the tables of policies."""
    for path in sorted((HERE / "calls").glob("*.json")):
        yield read(path)


def traps() -> Iterator[tuple[Table, str]]:
    """Read the tables of dialplans written by hand, each with its dialplan."""
    for path in sorted((HERE / "traps").glob("*.json")):
        yield read(path), path.with_suffix(".xml").read_text(encoding="utf-8")


def read(path: Path) -> Table:
    """Read one table."""
    data = json.loads(path.read_text(encoding="utf-8"))
    data["rows"] = tuple(_row(one) for one in data["rows"])
    data["sources"] = {name: "\n".join(lines) for name, lines in data.get("sources", {}).items()}
    return Table(name=path.stem, freeswitch=data.pop("freeswitch", ""), **data)


def _row(data: dict[str, Any]) -> Row:
    seen = Seen(
        tuple(data.pop("ran", ())), data.pop("events", ""), tuple(data.pop("shown", ())), data.pop("cause", None)
    )
    return Row(at=datetime.fromisoformat(data.pop("at")), seen=seen, **data)


def write(table: Table, path: Path) -> None:
    """Write a table: the same table gives the same bytes."""
    head = {
        "freeswitch": table.freeswitch,
        "what": table.what,
        "settings": dict(table.settings),
        "server_zone": table.server_zone,
        "prompts": table.prompts,
        "dialplan": table.dialplan,
        "sources": {name: text.split("\n") for name, text in sorted(table.sources.items())},
    }
    kept = {name: value for name, value in head.items() if value not in (None, "", {}, True)}
    lines = [f"{_json(name)}: {_json(value, 2 if name == 'sources' else None)}" for name, value in kept.items()]
    rows = ",\n".join(_json(_plain(row)) for row in table.rows)
    lines.append(f'"rows": [\n{rows}\n]')
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def _plain(row: Row) -> dict[str, Any]:
    """Return a row without what it has by default."""
    call = {
        "entry": row.entry,
        "caller": row.caller,
        "restricted": row.restricted,
        "called": row.called,
        "at": row.at.isoformat(),
        "lines": dict(sorted(row.lines.items())),
        "refused": row.refused,
    }
    seen = {"ran": row.seen.ran, "events": row.seen.events, "shown": row.seen.shown, "cause": row.seen.cause}
    kept = {name: value for name, value in (call | seen).items() if value not in (False, "", {}, (), None)}
    return {"entry": row.entry, "caller": row.caller} | kept


def _json(value: Any, indent: int | None = None) -> str:
    """Return JSON in which what cannot be seen is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)


def policy_of(table: Table) -> Any:
    """Return the policy that was recorded. Raises PolicyError when it has errors by now."""
    return suite.load(table.sources)
