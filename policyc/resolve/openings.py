"""The lines of one `horaires` in, diagnostics out: hours said twice, and gaps that nobody meant."""

import re
from collections.abc import Iterator

from policyc import hours, schedule
from policyc.diagnostics import Diagnostic, Edit, Fix, Secondary, Text
from policyc.schedule import MINUTES_PER_DAY, MINUTES_PER_WEEK, Range, WeekSpan
from policyc.source import Span
from policyc.syntax import HoursDecl
from policyc.values import dataclass


@dataclass(frozen=True, slots=True)
class _Opening:
    """Where hours are written, and which minutes of the week they are."""

    span: Span
    days: tuple[Range, ...]  # those minutes that fall on the days that are named: a night ends on the next one
    week: tuple[Range, ...]

    @property
    def is_whole_day(self) -> bool:
        return all(not start % MINUTES_PER_DAY and not end % MINUTES_PER_DAY for start, end in self.days)

    def ends_at(self, minute: int) -> bool:
        return any(end == minute for _, end in self.week)

    def starts_at(self, minute: int) -> bool:
        return any(start == minute % MINUTES_PER_WEEK for start, _ in self.week)


def doubtful_hours(node: HoursDecl) -> Iterator[Diagnostic]:
    """Yield what looks like a mistake in the lines of an `horaires`."""
    openings = [
        _opening(span, WeekSpan(line.days, start, end))
        for line in node.openings
        for start, end, span in line.spans
        if start != end
    ]
    yield from _overlaps(node.name.text, openings)
    yield from _gaps(node.name.text, openings)


def _opening(span: Span, hours_: WeekSpan) -> _Opening:
    midnight = MINUTES_PER_DAY if hours_.end <= hours_.start else hours_.end
    own_days = WeekSpan(hours_.days, hours_.start, midnight)
    return _Opening(span, schedule.weekly([own_days]).week, schedule.weekly([hours_]).week)


def _overlaps(name: str, openings: list[_Opening]) -> Iterator[Diagnostic]:
    """PC315: hours of a day that are said twice. One diagnostic for each place that says again what is said before it.

    What a night leaves on the next morning may be said there again, and so may all that a whole day holds: "every
    night, Saturdays all day".
    """
    pieces = sorted(
        (start, end, at)
        for at, opening in enumerate(openings)
        for start, end in opening.days
        if not opening.is_whole_day
    )
    twice: dict[int, dict[int, list[Range]]] = {}  # later place → earlier place → minutes of both
    going: list[tuple[int, int]] = []  # end, place
    for start, end, at in pieces:
        going = [(until, other) for until, other in going if until > start]
        for until, other in going:
            twice.setdefault(max(at, other), {}).setdefault(min(at, other), []).append((start, min(end, until)))
        going.append((end, at))
    for later, earlier in sorted(twice.items()):
        both = [bounds for ranges in earlier.values() for bounds in ranges]
        yield Diagnostic(
            "PC315",
            openings[later].span,
            {"case": "within", "name": name, "hours": hours.written(both)},
            tuple(Secondary(openings[at].span, "said") for at in sorted(earlier)),
            help=(Text("within"),),
        )


def _gaps(name: str, openings: list[_Opening]) -> Iterator[Diagnostic]:
    """PC316: hours that go on so soon that nothing was meant to be left out between them."""
    found: dict[tuple[int, int], list[Range]] = {}
    for gap in hours.small_gaps([bounds for opening in openings for bounds in opening.week]):
        before = next(at for at, one in enumerate(openings) if one.ends_at(gap[0]))
        after = next(at for at, one in enumerate(openings) if one.starts_at(gap[1]))
        found.setdefault((before, after), []).append(gap)
    for at, one in enumerate(openings):
        # 23h59 leaves out the last minute of the day, whether or not the next day goes on.
        late = [(end, end + 1) for _, end in one.days if end % MINUTES_PER_DAY == MINUTES_PER_DAY - 1]
        if late and not any(before == at for before, _ in found):
            found[at, at] = late
    for (before, after), gaps in sorted(found.items()):
        left_out = [piece for gap in gaps for piece in hours.within_week(*gap)]
        help_ = hours.repair(gaps[0], alone=before == after)
        yield Diagnostic(
            "PC316",
            openings[before].span,
            {"case": "within", "name": name, "hours": hours.written(left_out)},
            () if before == after else (Secondary(openings[after].span, "goes-on"),),
            help=(help_,),
            fix=_closed(help_, openings[before].span, openings[after].span),
        )


_HOUR = re.compile("[0-9]+(?::[0-9]+|[hH][0-9]*)")


def _closed(help_: Text, before: Span, after: Span) -> Fix | None:
    """Return a fix that makes hours end, or begin, when a help says; None where they are not written as two hours."""
    says = {"midnight": {"end": "24h", "start": "0h"}}.get(help_.key, help_.args)
    edits = [_hour(before, -1, str(says["end"]))] if "end" in says else []
    edits += [_hour(after, 0, str(says["start"]))] if "start" in says else []
    done = tuple(edit for edit in edits if edit is not None)
    return Fix(done) if len(done) == len(edits) else None


def _hour(span: Span, at: int, hour: str) -> Edit | None:
    """Return an edit of the first (0) or the last (-1) hour of a span, in the form that it is written in."""
    written = list(_HOUR.finditer(span.text))
    if len(written) != 2:
        return None
    found = written[at]
    whole, _, minutes = hour.partition("h")
    text = f"{whole:0>2}:{minutes or '00'}" if ":" in found[0] else hour
    return Edit(Span(span.file, span.start + found.start(), span.start + found.end()), text)
