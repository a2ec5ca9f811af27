"""Hours, holidays and closures in, periods and the times of rules out."""

import re
from collections.abc import Iterable
from datetime import date

from policyc import holidays_fr, schedule, syntax
from policyc.diagnostics import Text
from policyc.model import (
    NamedPeriod,
    TimeClause,
)
from policyc.resolve.callers import CallerSets
from policyc.resolve.names import respelt
from policyc.resolve.openings import doubtful_hours
from policyc.schedule import WeekSpan
from policyc.source import Span, fold
from policyc.syntax import Clause, During, Until, Word
from policyc.values import dataclass


@dataclass(slots=True)
class Times(CallerSets):
    """When is meant where periods are named."""

    def times(
        self,
        holidays: Iterable[syntax.HolidaysDecl],
        closures: Iterable[syntax.ClosureDecl],
        hours: Iterable[syntax.HoursDecl],
    ) -> None:
        self.name_periods()
        for one in holidays:
            self.holidays_span = self.holidays_span or one.span
            self.declare_holidays(one)
        for closure in closures:
            if not closure.ranges:  # none of its dates exists, as was reported: rules may name it all the same
                self.doubtful.append(fold(closure.name.text))
            elif self.declare_period(closure.name):
                period = schedule.on_dates(closure.ranges)
                self.periods[fold(closure.name.text)] = NamedPeriod(
                    closure.name.text,
                    "closure",
                    period,
                    (),
                    closure.ranges,
                    closures=False,
                    span=closure.span,
                )
        closed = [(day, day) for day in self.holidays]
        closed += [dates for one in self.periods.values() for dates in one.dates]
        for opening in hours:
            if self.declare_period(opening.name):
                self.diagnostics += doubtful_hours(opening)
                spans = tuple(
                    WeekSpan(line.days, start, end)
                    for line in opening.openings
                    for start, end, _ in line.spans
                    if start != end
                )
                taken = () if opening.holidays_included else closed
                period = schedule.weekly(spans, taken)
                self.periods[fold(opening.name.text)] = NamedPeriod(
                    opening.name.text, "hours", period, spans, (), closures=bool(taken), span=opening.span
                )

    def name_periods(self) -> None:
        """Enter the names of hours and closures, in the order they stand, and report those that are taken."""
        for one in self.program.statements:
            if isinstance(one, syntax.HoursDecl | syntax.ClosureDecl):
                earlier = self.period_names.setdefault(fold(one.name.text), one.name)
                if earlier is not one.name:
                    self.twice("PC205", one.name.span, earlier.span, {"name": one.name.text})

    def declare_period(self, name: Word) -> bool:
        return self.period_names[fold(name.text)] is name

    def declare_holidays(self, node: syntax.HolidaysDecl) -> None:
        region = holidays_fr.REGIONS.get(fold(node.region.text))
        if region is None:
            names = [display for display, _ in holidays_fr.REGIONS.values()]
            help_ = self.suggest(node.region.text, names)
            fix = respelt(node.region.span, help_)
            self.report("PC208", node.region.span, help=help_, fix=fix, name=node.region.text)
            return
        years = []
        for word in (node.first, node.last):
            year = int(word.text) if re.fullmatch(r"[0-9]{4}", word.text) else 0
            if not holidays_fr.FIRST_YEAR <= year <= holidays_fr.LAST_YEAR:
                self.report("PC108", word.span, case="year", date=word.text)
                return
            years.append(year)
        if years[1] < years[0]:
            self.report("PC111", node.first.span.to(node.last.span), case="order")
            return
        for day, name in holidays_fr.holidays(region[0], years[0], years[1]):
            self.holidays.setdefault(day, name)

    def clauses(self, clauses: Iterable[Clause]) -> tuple[tuple[TimeClause, ...], date | None, str | None]:
        """Return the times, the last date and the reason that clauses give."""
        times: list[TimeClause] = []
        last: date | None = None
        reason: str | None = None
        for clause in clauses:
            match clause:
                case During(period=period, inside=inside):
                    named = self.period(clause) if period is not None else self.public_holidays(clause.span)
                    if named is not None:
                        times.append(self.time_clause(named, inside=inside))
                case Until():
                    last = clause.last
                case _:
                    reason = clause.text
        return tuple(times), last, reason

    def time_clause(self, named: NamedPeriod, *, inside: bool) -> TimeClause:
        found = self.time_clauses.get((named, inside))
        if found is None:
            found = self.time_clauses[named, inside] = TimeClause(named, inside)
        return found

    def period(self, clause: During) -> NamedPeriod | None:
        if clause.period is None:
            return None
        name = clause.period.text
        found = self.periods.get(fold(name))
        if found is None and fold(name) in (self.caller_names.keys() | self.system_names.keys()):
            self.report("PC207", clause.period.span, help=(Text("no-period"),), name=name)
        elif found is None and not self.excuse(name):
            names = [one.name for one in self.periods.values()]
            help_ = self.suggest(name, names)
            self.report("PC204", clause.period.span, help=help_, fix=respelt(clause.period.span, help_), name=name)
        return found

    def public_holidays(self, span: Span) -> NamedPeriod | None:
        if self.holidays_span is None:
            if self.excuse("fériés"):
                return None
            self.report("PC204", span, help=(Text("holidays"),), name="les fériés")
            return None
        if not self.holidays:  # a diagnostic at their declaration says why
            return None
        if self.holiday_period is None:
            dates = tuple((day, day) for day in sorted(self.holidays))
            period = schedule.on_dates(dates)
            self.holiday_period = NamedPeriod(
                "les fériés", "holidays", period, (), dates, closures=False, span=self.holidays_span
            )
        return self.holiday_period
