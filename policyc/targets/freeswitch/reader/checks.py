"""Checks of conditions: which calls pass them, by all that this depends on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import islice
from operator import lt
from typing import TYPE_CHECKING

from policyc.targets.freeswitch.reader import causes, regions, texts, times
from policyc.targets.freeswitch.reader.branch import LIMITS, UNKNOWN_FIELDS, Branch
from policyc.targets.freeswitch.reader.errors import Place, Unclear, What
from policyc.targets.freeswitch.reader.expanding import is_number
from policyc.targets.freeswitch.reader.extensions import variable_of
from policyc.targets.freeswitch.reader.outcomes import (
    Fork,
    Match,
    Outcome,
    both_ways,
    fork,
    is_unclear,
    located,
    odd,
    placed,
)
from policyc.targets.freeswitch.reader.plans import Failed
from policyc.targets.freeswitch.reader.regions import Region
from policyc.targets.freeswitch.reader.texts import Choice, Value, is_plain

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.exploring import Explorer
    from policyc.targets.freeswitch.reader.extensions import Check
    from policyc.targets.freeswitch.reader.kinds import Layout
    from policyc.targets.freeswitch.reader.matching import Regex
    from policyc.targets.freeswitch.reader.times import Clock


class Checks:
    """Checks calls for one explorer."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer

    def check(self, branch: Branch, check: Check, *, groups: bool) -> Outcome:
        """Return what a check comes to; `groups`: what its groups hold is wanted."""
        if check.odd is not None:
            return odd(check.odd)
        try:
            if check.clock is not None:
                return placed(self.during(branch, times.united((check.clock,))), check.place)
            if check.field is None:
                return True
            regex = self.expanded(branch, check)
            if isinstance(regex, Unclear):
                return located(check.place, regex)
            name = variable_of(check.field)
            value = branch.read(name) if name is not None and name not in LIMITS else None
            if value is None or not is_plain(value):
                value = self.compared(branch, check.field)
            return self.told(regex, value, check.place, groups=groups)
        except Unclear as unclear:
            return located(check.place, unclear)

    def expanded(self, branch: Branch, check: Check) -> Regex | Unclear:
        """Return the expression of a check, its variables replaced."""
        regex = check.regex
        if "${" not in regex.text and "\\" not in regex.text:
            return regex
        try:
            text = self.explorer.expand(branch, regex.text)
        except Unclear as unclear:
            return unclear
        if not isinstance(text, str) or not texts.is_known(text):
            return Unclear(What.EXPRESSION, regex.text, spelt=True)
        return self.explorer.regex(text)

    def compared(self, branch: Branch, name: str) -> Value:
        """Return what `field="name"` gives: a text with `$` is expanded, an unknown field is empty. Raises Unclear."""
        if "$" in name:
            return self.explorer.expand(branch, name)
        key = name.lower()
        if key in UNKNOWN_FIELDS:
            raise Unclear(What.VARIABLE, name)
        return branch.field(key) or ""

    def told(self, regex: Regex, value: Value, place: Place, *, groups: bool) -> Outcome:
        """Return what an expression comes to on a value, on a line."""
        key = regex, value, groups
        known = self.explorer.outcomes.get(key)
        if known is None:
            raw = self._told(regex, value, groups=groups)
            known = self.explorer.outcomes[key] = raw, is_unclear(raw)
        return placed(known[0], place) if known[1] else known[0]

    def _told(self, regex: Regex, value: Value, *, groups: bool) -> Outcome:
        if isinstance(value, Choice) and not groups:
            layout = self.explorer.by_kind.layout(value)
            if layout is not None:
                return self._told_by_kind(regex, layout)
        if isinstance(value, Choice):
            return self.asked(
                value.asked,
                lambda: self._told(regex, value.yes, groups=groups),
                lambda: self._told(regex, value.no, groups=groups),
            )
        try:
            return self._told_of(regex, value, groups=groups)
        except Unclear as unclear:
            return unclear

    def _told_by_kind(self, regex: Regex, layout: Layout) -> Outcome:
        """Return what an expression comes to on a value that has one text for each kind of callers."""
        some: list[tuple[int, int]] = []
        ends: list[int] = []  # of numbers: in order, as kinds are
        space = regions.ANY
        try:
            for text, kinds, is_number in layout:
                if is_number:
                    space = text
                    ends += [start + end for start, _ in kinds for end in regex.line]
                elif regex.matches(text):
                    some += kinds
        except Unclear as unclear:
            return unclear
        if some or not all(map(lt, ends, islice(ends, 1, None))):
            return self.among(space, regions.joined((*some, *regions.pairs(ends))), self.explorer.size)
        return self.among(space, tuple(ends), self.explorer.size)

    def _told_of(self, regex: Regex, text: str, *, groups: bool) -> Outcome:
        if text == texts.CALLED:
            return self.explorer.told_of_called(regex, groups=groups)
        if texts.CALLED in text:
            text = text.replace(texts.CALLED, self.explorer.spelt_called())
        if texts.is_known(text):
            if groups:
                found = regex.search(text)
                return False if found is None else Match(found, text, regex.has_groups)
            return regex.matches(text)
        if not regex.text:
            return True
        if texts.is_number(text):
            if groups:
                raise Unclear(What.VALUE, regex.text, spelt=True)
            bases, whole = self.explorer.bases[text], self.explorer.size
            ends = regions.joined(
                (base + low, base + high) for base in bases for low, high in regions.pairs(regex.line)
            )
            return self.among(text, ends, whole)
        if texts.is_cause(text):
            if groups:
                raise Unclear(What.VALUE, regex.text)
            some = frozenset(one for one in causes.FAILURES if regex.matches(one))
            if some in (frozenset(), causes.FAILURES):
                return bool(some)
            return self.asked(Failed(texts.dial_of(text), some), lambda: True, lambda: False)
        form = texts.clock_form(text)
        if form is not None and not groups:
            return self.during_any([times.shown(form, regex)])
        size = self.explorer.space
        if texts.has_digit(text) and size is not None:
            if not groups:
                return self.among(size, regex.ends(text, size), 10**size)
            outcome: Outcome = False
            for cell in regex.cells(text, size):
                if cell.groups is not None:
                    outcome = both_ways(
                        self.among(size, cell.ends, 10**size), Match(cell.groups, text, regex.has_groups), outcome
                    )
            return outcome
        raise Unclear(What.VALUE, texts.show(text), spelt=text == texts.PRESENTED or texts.has_number(text))

    def among(self, space: int | str, ends: regions.Ends, size: int) -> Outcome:
        """Return whether the caller is among some."""
        if ends in ((), (0, size)):
            return bool(ends)
        region = Region(space, ends, size)
        answer = self.explorer.answer(region)
        return Fork(region, True, False) if answer is None else answer

    def during(self, branch: Branch, clocks: Sequence[Clock]) -> Outcome:
        """Return whether it is one of some times, by the clock that conditions look at."""
        try:
            shift = branch.read("tod_tz_offset")
            if isinstance(shift, Choice) or (shift and is_number(shift)):
                return Unclear(What.ZONE, "tod_tz_offset")
            return self._in_zone(branch.read("timezone") or "", clocks)
        except Unclear as unclear:
            return unclear

    def _in_zone(self, zone: Value, clocks: Sequence[Clock]) -> Outcome:
        if isinstance(zone, Choice):
            return self.asked(
                zone.asked, lambda: self._in_zone(zone.yes, clocks), lambda: self._in_zone(zone.no, clocks)
            )
        if zone != self.explorer.zone:
            return Unclear(What.ZONE, texts.show(zone) or "timezone")
        return self.during_any(clocks)

    def during_any(self, clocks: Sequence[Clock]) -> Outcome:
        """Return whether it is one of some times, of the zone that is read for."""
        outcome: Outcome = False
        for clock in reversed(clocks):
            if clock.is_always:
                outcome = True
            elif not clock.is_never:
                outcome = self.asked(clock, lambda: True, lambda before=outcome: before)  # type: ignore[misc]
        return outcome

    def asked(self, asked: Hashable, yes: Callable[[], Outcome], no: Callable[[], Outcome]) -> Outcome:
        """Return an outcome that depends on a question, answered where one call is followed."""
        answer = self.explorer.answer(asked)
        if answer is not None:
            return yes() if answer else no()
        one, other = yes(), no()
        return fork(asked, one, other)
