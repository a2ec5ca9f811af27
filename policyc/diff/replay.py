"""A difference and the calls of some records in, those of them that would have ended elsewhere out, counted."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from policyc import numbering
from policyc.diff.grouping import Difference, Group
from policyc.digits import Caller, Kind
from policyc.records import Record


@dataclass(frozen=True, slots=True)
class Moved:
    """Calls to one extension that would have ended elsewhere, as a group says: how many, and the first of them.

    `caller` is who made that one.
    """

    extension: str
    group: Group
    count: int
    first: Record
    caller: Caller


@dataclass(frozen=True, slots=True)
class Replay:
    """What records say of a difference: how many calls were to extensions, how many to others, and which are moved.

    Those that most calls are of come first.
    """

    calls: int
    others: int
    moved: tuple[Moved, ...]

    @property
    def count(self) -> int:
        """How many calls would have ended elsewhere."""
        return sum(one.count for one in self.moved)


def replay(difference: Difference, records: Iterable[Record]) -> Replay:
    """Return what becomes of calls. Where a record does not say from where it is, an extension's number is inside."""
    extensions = difference.old.extensions.keys() | difference.new.extensions.keys()
    groups: dict[str, list[Group]] = {}
    for group in difference.groups:
        for extension in group.extensions:
            groups.setdefault(extension, []).append(group)
    calls = others = 0
    counts: dict[tuple[str, int], int] = {}
    firsts: dict[tuple[str, int], Moved] = {}
    for record in records:
        if record.called not in extensions:
            others += 1
            continue
        calls += 1
        for group in groups.get(record.called, ()):
            caller = _caller(record, extensions)
            if caller in group.callers and group.times.hold(record.local):
                key = record.called, id(group)
                counts[key] = counts.get(key, 0) + 1
                firsts.setdefault(key, Moved(record.called, group, 0, record, caller))
                break
    moved = [replace(one, count=counts[key]) for key, one in firsts.items()]
    moved.sort(key=lambda one: (-one.count, len(one.extension), one.extension, one.first.line))
    return Replay(calls, others, tuple(moved))


def _caller(record: Record, extensions: Container[str]) -> Caller:
    internal = record.caller in extensions if record.internal is None else record.internal
    return numbering.canonical(Kind.INTERNAL if internal else Kind.EXTERNAL, record.caller)
