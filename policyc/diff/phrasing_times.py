"""Times as `times` describes them in, the words of a language out: `pendant bureau, hors les fériés`."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from policyc.diff.times import Described, Literal, Name
from policyc.formatting import tokens
from policyc.words import DEFAULT, Words, load

# In which order literals of a clause read best.
_ORDER: Final = ("week", "dates", "period", "holidays", "until")


class Times:
    """How one language says times. `name` makes a text of the policies ready to be shown."""

    def __init__(self, words: Words, name: Callable[[str], str]) -> None:
        """Take the words."""
        self._words = words
        self._name = name
        written, said = load(DEFAULT).sequence("calendar.days"), words.sequence("calendar.days")
        self._days = dict(zip(written, said, strict=True))

    def describe(self, times: Described) -> str:
        """Return some times as people say them, or nothing where they are all instants."""
        if times.example is not None:
            local = times.example
            day = self._words.sequence("calendar.days")[local.weekday()]
            return self._words("diff.sometimes", day=day, date=self.date(local.date()), time=f"{local:%H:%M}")
        clauses = [self._clause(clause) for clause in times.clauses]
        if len(clauses) > 1 and any(len(clause) > 1 for clause in times.clauses):
            return self._words("diff.either") + self._words("diff.or_else").join(clauses)
        return listed(clauses, self._words("diff.or"))

    def instant(self, local: datetime) -> str:
        """Return an instant."""
        return self._words("diff.instant", date=self.date(local.date()), time=f"{local:%H:%M}")

    def date(self, day: date) -> str:
        """Return a date."""
        return self._words("diff.date", day=day.day, month=day.month, year=day.year)

    def _clause(self, clause: Sequence[Literal]) -> str:
        ordered = sorted(
            _between(clause), key=lambda one: (one.name.kind == "until", not one.inside, _ORDER.index(one.name.kind))
        )
        return ", ".join(self._literal(one, alone=len(clause) == 1) for one in ordered)

    def _literal(self, literal: Literal, *, alone: bool) -> str:
        name, inside = literal.name, literal.inside
        match name.kind:
            case "week":
                text = re.sub(r"[a-z]{5,}", lambda day: self._days[day[0]], name.name)
                return text if alone or ", " not in text else f"({text})"
            case "dates":
                return listed([self._span(one) for one in name.name.split(", ")], self._words("diff.and"))
            case "until":
                key = "diff.until" if inside else "diff.after"
                return self._words(key, date=self.date(date.fromisoformat(name.name)))
            case "holidays":
                text = self._sided(name, self._words("diff.holidays"))
            case _:
                text = self._sided(name, self._name(tokens.name(name.name)))
        return self._words("diff.during" if inside else "diff.outside", times=text)

    def _sided(self, name: Name, text: str) -> str:
        if not name.side:
            return text
        return self._words("diff.name_old" if name.side == "old" else "diff.name_new", name=text)

    def _span(self, span: str) -> str:
        start, _, end = span.partition("..")
        first, last = date.fromisoformat(start), date.fromisoformat(end or start)
        if first == last:
            return self._words("diff.on", date=self.date(first))
        return self._words("diff.between", first=self.date(first), last=self.date(last))


def _between(clause: Sequence[Literal]) -> Sequence[Literal]:
    """Return a clause with `après le` one date and `jusqu'au` another as one span of dates."""
    ends = {one.inside: date.fromisoformat(one.name.name) for one in clause if one.name.kind == "until"}
    others = [one for one in clause if one.name.kind != "until"]
    if len(ends) < 2 or len(clause) > len(others) + 2:
        return clause
    first, last = ends[False] + timedelta(days=1), ends[True]
    span = f"{first}" if first == last else f"{first}..{last}"
    return [*others, Literal(Name("dates", span), inside=True)]


def listed(texts: Sequence[str], last: str) -> str:
    """Return texts as a list of people: `a, b et c`, where `last` is ` et `."""
    return last.join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))
