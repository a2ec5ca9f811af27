"""A file of call records in, one `Record` for each call out, and how many rows are none and why."""

import itertools
import os
import re
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import IO, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from policyc.diagnostics import Diagnostic, Text
from policyc.records import rows
from policyc.records.instants import Clock
from policyc.records.layouts import Form, Layout, recognise
from policyc.records.record import FAULTS, Reason, Record, first_called
from policyc.source import fold

INTERNAL: Final = "policyc-internal"
EXTERNAL: Final = "policyc-external"
_POLICYC: Final = "policyc-"  # starts the contexts of its dialplans
_HEAD: Final = 200  # lines that are looked at to recognise a file
_RECENT: Final = 1 << 13  # calls of which further rows may come: those of a call stand close together
_HELD: Final = 1024  # rows that wait for one which tells that they are another leg of its call
_NAMED: Final = 7  # lines that are named for each reason; people see six, and that there are more
_DIALLED: Final = re.compile(r"[0-9*#+]{1,40}")
_ID: Final = re.compile(r"(?:\S+-)?[0-9]{9,}\.[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4,12}){4}")
_KINDS: Final = {"": None, "interne": True, "internal": True, "externe": False, "external": False}


class JournalError(Exception):
    """A file of which no call can be read, and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Take what there is to tell."""
        super().__init__(diagnostic.code)
        self.diagnostic = diagnostic


def read(
    path: str | os.PathLike[str],
    zone: ZoneInfo,
    *,
    form: Form | None = None,
    server_zone: ZoneInfo | None = None,
    internal: Collection[str] = (),
    external: Collection[str] = (),
) -> "Journal":
    """Return the calls of a file of records, which is recognised unless its `form` is given. Raises JournalError.

    `zone` is the policy's, `server_zone` that of the clocks by which the file was written, by default the same.
    `internal` and `external` are contexts of the PBX, besides those of policyc, which tell from where calls come.
    """
    name = os.fspath(path)
    kinds = {INTERNAL: True, EXTERNAL: False, **dict.fromkeys(internal, True), **dict.fromkeys(external, False)}
    with ExitStack() as opened:
        try:
            file = opened.enter_context(Path(path).open("rb"))
            texts = rows.lines(file)
            head = list(itertools.islice(texts, _HEAD))
        except (OSError, ValueError) as error:
            raise JournalError(problem("unreadable", name, getattr(error, "strerror", None) or str(error))) from None
        layout = recognise(head, form)
        if layout is None:
            raise JournalError(problem(form or "unknown", name))
        opened.pop_all()  # the journal closes it
        return Journal(name, layout, Clock(zone, server_zone), kinds, file, itertools.chain(head, texts))


class _Row(NamedTuple):
    """A row as its layout reads it; what the file does not have is empty."""

    line: int
    caller: str
    called: str
    start: str
    end: str
    context: str
    channel: str
    id: str  # only if it is one: a file may have another column in its place
    other: str
    kind: str
    way: str


class Journal:
    """The calls of a file, to go through once. A context manager; what it counts is whole at the end."""

    def __init__(
        self, path: str, layout: Layout, clock: Clock, kinds: Mapping[str, bool], file: IO[bytes], texts: Iterable[str]
    ) -> None:
        """Take where the file has what, by which clock it was written, what contexts tell, the file and its lines."""
        self.path = path
        self.layout = layout
        self.left_out: Counter[Reason] = Counter()
        self._lines: dict[Reason, list[int]] = {}  # the first of each
        self._clock = clock
        self._kinds = kinds
        self._file = file
        self._texts = texts

    def __enter__(self) -> Self:
        """Return the journal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Record]:
        """Yield the calls in the order of the file. Memory is bounded, however long that is."""
        # When the last row of each recent call ends.
        ends: OrderedDict[tuple[str, bool], str] = OrderedDict()
        for row in self._without_legs(self._rows()):
            # A call that the PBX's own dialplan takes first has rows of that too, which say nothing of a policy.
            key = (row.id or row.channel, bool(row.way))
            end = ends.get(key, "")
            if end and (row.id or row.start <= end):  # names of channels come again when Asterisk is restarted
                ends[key] = max(end, row.end)
                ends.move_to_end(key)
                self._leave_out(Reason.REPEATED, row.line)
                continue
            found = self._record(row)
            if key[0] and (isinstance(found, Record) or found is Reason.WAY):
                ends[key] = row.end
                if len(ends) > _RECENT:
                    ends.popitem(last=False)
            if isinstance(found, Reason):
                self._leave_out(found, row.line)
            else:
                yield found

    @property
    def doubtful(self) -> int:
        """How many calls were in an hour that came twice by the clocks of the server: the first is taken."""
        return self._clock.doubtful

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield what is doubtful about the rows that were gone through."""
        # A PBX writes such rows, nobody else does.
        undialled = (Reason.UNDIALLED,) if self.layout.form == "plain" else ()
        faults = [reason for reason in (*FAULTS, *undialled) if self.left_out[reason]]
        if faults:
            notes = tuple(
                Text(one.value, {"rows": self.left_out[one], "lines": tuple(map(str, self._lines[one]))})
                for one in faults
            )
            help_ = (Text("way"),) if Reason.WAY in faults else ()
            count = sum(self.left_out[one] for one in faults)
            yield _doubt("left-out", self.path, count, notes, help_)
        if self.doubtful:
            yield _doubt("twice", self.path, self.doubtful)

    def _leave_out(self, reason: Reason, line: int) -> None:
        self.left_out[reason] += 1
        lines = self._lines.setdefault(reason, [])
        if len(lines) < _NAMED:
            lines.append(line)

    def _rows(self) -> Iterator[_Row]:
        """Yield the rows that can be read."""
        layout = self.layout
        # A column that the file does not have is the last cell, which is added to each row and is empty.
        take = itemgetter(*(layout.columns.get(name, -1) for name in _Row._fields[1:-1]))
        width, least = 1 + max(layout.columns.values()), layout.least
        texts = rows.unwrapped(self._texts) if layout.sql else self._texts
        is_header = layout.has_header
        for number, cells in rows.rows(texts, layout.delimiter):
            if cells is not None and not any(cells):
                continue
            if is_header:
                is_header = False
                continue
            if cells is None or len(cells) < least:
                self._leave_out(Reason.UNREADABLE if cells is None else Reason.COLUMNS, number)
                continue
            way, entered = self._way(cells)
            cells.extend([""] * (width - len(cells)))
            cells.append("")
            caller, called, start, end, context, channel, name, other, kind = take(cells)
            name = name if _ID.fullmatch(name) else ""
            start = start.strip()
            yield _Row(
                number, caller, entered or called.strip(), start, end or start, context, channel, name, other, kind, way
            )

    def _way(self, cells: Sequence[str]) -> tuple[str, str]:
        """Return the way that is noted of a call, and the extension that it came to first; nothing if none is."""
        for at in self.layout.ways:
            if at < len(cells) and (noted := cells[at]):
                way = noted.partition(";")[0].strip()  # behind it comes what the other leg notes
                if entered := first_called(way):
                    return way, entered
        return "", ""

    def _without_legs(self, found: Iterable[_Row]) -> Iterator[_Row]:
        """Yield the rows of those who call, not of what rings: legs that a row names come before it or after it."""
        if "other" not in self.layout.columns:
            for row in found:
                if row.channel.startswith("Local/") and not row.way:  # a leg of a group, a queue, a forward
                    self._leave_out(Reason.LEG, row.line)
                else:
                    yield row
            return
        held: OrderedDict[str, _Row] = OrderedDict()
        legs: OrderedDict[str, None] = OrderedDict()
        for row in found:
            if row.other in held:
                self._leave_out(Reason.LEG, held.pop(row.other).line)
            elif row.other:
                legs[row.other] = None
            if row.id in legs:
                self._leave_out(Reason.LEG, row.line)
            elif not row.id or row.id in held:
                yield row
            else:
                held[row.id] = row
            if len(held) > _HELD:
                yield held.popitem(last=False)[1]
            if len(legs) > _HELD:
                legs.popitem(last=False)
        yield from held.values()

    def _record(self, row: _Row) -> Record | Reason:
        """Return the call of a row."""
        local = self._clock.read(row.start)
        if local is None:
            return Reason.INSTANT
        if row.way:  # the context is where the call came to at last
            return Record(row.line, row.caller.strip(), row.called, local, None, row.way)
        if row.context:
            kind: bool | Reason | None = self._kinds.get(row.context)
        else:
            kind = _KINDS.get(fold(row.kind), Reason.KIND)
        if isinstance(kind, Reason):
            return kind
        if row.context.startswith(_POLICYC) and kind is None:
            return Reason.WAY
        if not _DIALLED.fullmatch(row.called):
            return Reason.UNDIALLED
        return Record(row.line, row.caller.strip(), row.called, local, kind)


def problem(case: str, path: str, said: str = "") -> Diagnostic:
    """Return what to tell of a file that is no journal: it is `unreadable`, `unknown`, or not of the form asked for."""
    notes = (Text("says", {"detail": said}),) if said else ()
    help_ = () if case == "unreadable" else (Text("forms"),)
    return Diagnostic("PC010", None, {"case": case, "journal": path}, notes=notes, help=help_)


def _doubt(case: str, path: str, count: int, notes: tuple[Text, ...] = (), help_: tuple[Text, ...] = ()) -> Diagnostic:
    return Diagnostic("PC011", None, {"case": case, "journal": path, "count": count}, notes=notes, help=help_)
