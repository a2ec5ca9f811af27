"""Syntax in, `Policy` out: names become numbers, callers sets and times periods; every mistake is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from policyc import digits, holidays_fr, numbering, schedule, syntax
from policyc.diagnostics import Arg, Diagnostic, Secondary, Text
from policyc.digits import Caller, Kind, NumberSet
from policyc.model import (
    DEFAULT_RING_SECONDS,
    Busy,
    Destination,
    ExpectedCall,
    Extension,
    External,
    Forward,
    Guarantee,
    Mailbox,
    NamedPeriod,
    Policy,
    Promise,
    Result,
    Ring,
    Rule,
    System,
    Test,
    TimeClause,
    ToSystem,
)
from policyc.schedule import WeekSpan
from policyc.source import Span, fold
from policyc.syntax import Callers, Clause, During, Item, Target, Until, Word

if TYPE_CHECKING:
    from policyc.project import Program

_T = TypeVar("_T")
_Once = TypeVar("_Once", syntax.Header, syntax.Zone)

DEFAULT_ZONE = "Europe/Paris"
# Keywords that follow callers; misspelt, they look like the name of one.
_CALLER_WORDS = ("sauf", "interne", "externe", "anonyme", "pendant", "hors")
MAX_SUGGESTIONS = 200
MAX_EXTENSION_DIGITS = 10
MAX_SHORT_DIGITS = 6  # longer numbers without a leading 0 are no extension that someone misspelt


def resolve(program: Program) -> tuple[Policy, tuple[Diagnostic, ...]]:
    """Return the policy of a program and what is wrong with it.

    With errors among the diagnostics the policy is what could be understood: not for output.
    """
    resolver = _Resolver(program)
    policy = resolver.policy()
    return policy, tuple(resolver.diagnostics)


@dataclass(slots=True)
class _Resolver:
    program: Program
    diagnostics: list[Diagnostic] = field(default_factory=list)
    extensions: dict[str, Extension] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)  # of numbers declared
    extension_names: dict[str, str] = field(default_factory=dict)  # folded name → number
    system_names: dict[str, str] = field(default_factory=dict)
    # One namespace of callers: extensions, lists and built-in lists, which stand nowhere.
    caller_names: dict[str, Span | None] = field(default_factory=dict)
    lists: dict[str, syntax.ListDecl] = field(default_factory=dict)
    emergencies: dict[str, frozenset[str]] = field(default_factory=dict)  # spelt out by lists
    spoilt: set[str] = field(default_factory=set)  # lists with something wrong in them
    # None while a list is being resolved.
    list_sets: dict[str, NumberSet | None] = field(default_factory=dict)
    builtin: dict[str, NumberSet] = field(default_factory=dict)
    builtin_spelling: dict[str, str] = field(default_factory=dict)
    period_names: dict[str, Word] = field(default_factory=dict)
    periods: dict[str, NamedPeriod] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)  # folded text of declarations that came to nothing
    suggested: int = 0
    excused: int = 0  # names whose callers are not known, for a reason that is reported elsewhere
    holidays: dict[date, str] = field(default_factory=dict)
    holidays_span: Span | None = None

    # -- the whole ---------------------------------------------------------------------------------

    def policy(self) -> Policy:
        by_type: dict[type, list[object]] = {}
        for statement in self.program.statements:
            by_type.setdefault(type(statement), []).append(statement)

        def of(kind: type[_T]) -> list[_T]:
            return by_type.get(kind, [])  # type: ignore[return-value]

        self.doubtful += self.program.doubtful
        for name, numbers in numbering.builtin_lists().values():
            self.builtin[fold(name)] = numbers
            self.builtin_spelling[fold(name)] = name
            self.caller_names[fold(name)] = None
        title = self.only(of(syntax.Header))
        zone = self.zone(self.only(of(syntax.Zone)))
        for extension in of(syntax.ExtensionDecl):
            self.declare_extension(extension)
        for system in of(syntax.SystemDecl):
            self.declare_system(system)
        for mobile in of(syntax.ExtensionDecl):
            self.check_mobile(mobile)
        for one in of(syntax.ListDecl):
            if self.declare_caller(one.name):
                self.lists[fold(one.name.text)] = one
        for one in of(syntax.ListDecl):
            self.list_set(fold(one.name.text))
        self.times(of(syntax.HolidaysDecl), of(syntax.ClosureDecl), of(syntax.HoursDecl))
        first, own, rest = self.blocks(of(syntax.Block))
        return Policy(
            name=title.name.text if title else "",
            zone=zone,
            extensions=self.extensions,
            systems=self.systems,
            periods=tuple(self.periods.values()),
            holidays=tuple(sorted(self.holidays.items())),
            closures=tuple(one for one in self.periods.values() if one.kind == "closure"),
            first=first,
            own=own,
            rest=rest,
            tests=tuple(self.test(one) for one in of(syntax.TestBlock)),
            guarantees=tuple(self.guarantee(one) for one in of(syntax.GuaranteeBlock)),
        )

    def report(
        self,
        code: str,
        span: Span,
        *,
        secondary: tuple[Secondary, ...] = (),
        notes: tuple[Text, ...] = (),
        help: tuple[Text, ...] = (),  # noqa: A002
        **args: Arg,
    ) -> None:
        self.diagnostics.append(Diagnostic(code, span, args, secondary, notes, help))

    def only(self, found: Sequence[_Once]) -> _Once | None:
        """Return the first of statements that may stand once, and report the others."""
        for extra in found[1:]:
            earlier = (Secondary(found[0].span, "first"),)
            self.report("PC211", extra.span, secondary=earlier, word=extra.span.text.split()[0])
        return found[0] if found else None

    def zone(self, statement: syntax.Zone | None) -> ZoneInfo:
        if statement is not None:
            name = statement.name.text
            try:
                return ZoneInfo(name)
            except (KeyError, OSError, ValueError):  # not found, a folder, or no path at all
                pass
            zones = _zones()
            city = next((one for one in zones if fold(one).endswith("/" + fold(name))), None)
            help_ = (Text("suggest", {"name": city}),) if city else self.suggest(name, zones)
            self.report("PC209", statement.name.span, help=help_, name=name)
        return ZoneInfo(DEFAULT_ZONE)

    # -- declarations ------------------------------------------------------------------------------

    def declare_extension(self, node: syntax.ExtensionDecl) -> None:
        number = node.number.text
        if not self.declare_number(node.number):
            self.doubtful.append(fold(f"{number} {node.name.text}"))
            return
        mobile = None
        if node.mobile is not None:  # even a bad one is a mobile: rules that send calls there are not wrong too
            mobile = self.phone_number(node.mobile) or node.mobile.text
        extension = Extension(
            number, node.name.text, mobile, node.mailbox, node.ring_seconds or DEFAULT_RING_SECONDS, node.span
        )
        self.extensions[number] = extension
        if self.declare_caller(node.name):
            self.extension_names[fold(node.name.text)] = number

    def declare_system(self, node: syntax.SystemDecl) -> None:
        if not self.declare_number(node.number):
            self.doubtful.append(fold(f"{node.number.text} {node.name.text}"))
            return
        folded = fold(node.name.text)
        if folded in self.system_names:
            earlier = self.systems[self.system_names[folded]].span
            self.twice("PC205", node.name.span, earlier, {"name": node.name.text})
            return
        self.system_names[folded] = node.number.text
        self.systems[node.number.text] = System(node.number.text, node.name.text, node.kind, node.span)

    def declare_number(self, number: Word) -> bool:
        text = number.text
        if not (text.isascii() and text.isdigit()) or len(text) > MAX_EXTENSION_DIGITS:
            self.report("PC114", number.span, number=text)
            return False
        if text in self.spans:
            self.twice("PC206", number.span, self.spans[text], {"number": text})
            return False
        self.spans[text] = number.span
        return True

    def declare_caller(self, name: Word) -> bool:
        """Enter a name into the one namespace of callers; report it when it is taken."""
        folded = fold(name.text)
        if not folded:
            self.report("PC201", name.span, name="")
            return False
        if folded in self.caller_names:
            earlier = self.caller_names[folded]
            if earlier is not None:
                self.twice("PC205", name.span, earlier, {"name": name.text})
            else:
                notes = (Text("builtin", {"name": self.builtin_spelling[folded]}),)
                self.report("PC205", name.span, notes=notes, name=name.text)
            return False
        self.caller_names[folded] = name.span
        return True

    def twice(self, code: str, one: Span, other: Span, args: dict[str, Arg]) -> None:
        """Report two declarations of one thing, at the one that stands last."""
        if one.file is other.file and one.start < other.start:
            one, other = other, one
        self.diagnostics.append(Diagnostic(code, one, args, (Secondary(other, "first"),)))

    def check_mobile(self, node: syntax.ExtensionDecl) -> None:
        extension = self.extensions.get(node.number.text)
        if extension is None or extension.span is not node.span:  # declared twice: the first one counts
            return
        if node.mobile is not None and extension.mobile is not None:
            self.check_outside(extension.mobile, node.mobile.span)

    # -- numbers -----------------------------------------------------------------------------------

    def phone_number(self, word: Word) -> str | None:
        """Return the canonical form of an outside number to be called, or report why it is none."""
        return self.number(word.text, word.span)

    def number(self, text: str, span: Span) -> str | None:
        """Return the canonical form of a number as written, or report it. A declared number is itself."""
        if text in self.spans:
            return text
        canonical, problem = _canonical(text)
        if problem:
            french = re.match(r"0[1-9]|(?:\+|00)33", text)
            notes = (Text("french" if french else "foreign"),) if problem != "PC214" else ()
            first, dash, last = span.text.partition("-")
            is_range = dash and len(first) == len(last) > 2  # 0140000000-0140009999
            help_ = (Text("range", {"first": first, "last": last}),) if is_range else ()
            count = sum(char.isdigit() for char in text)
            self.report(problem, span, notes=notes, help=help_, number=span.text, digits=count)
        return None if problem in ("PC105", "PC106") else canonical

    def suggest(self, name: str, names: Iterable[str]) -> tuple[Text, ...]:
        """Return a did-you-mean; but where all names are wrong, comparing each with each helps nobody."""
        self.suggested += 1
        return _suggest(name, names) if self.suggested <= MAX_SUGGESTIONS else ()

    def excuse(self, name: str) -> bool:
        """Tell whether an unknown name may stand in a declaration or a file that was not understood."""
        excused = self.may_be_declared(name)
        self.excused += excused
        return excused

    def may_be_declared(self, name: str) -> bool:
        folded = fold(name)
        return not self.program.complete or any(folded in text for text in self.doubtful)

    def check_outside(self, number: str, span: Span) -> bool:
        """Report an own extension or an emergency number where an outside number is to be called."""
        if number in self.spans:
            declared = (Secondary(self.spans[number], "declared"),)
            word = "extension" if number in self.extensions else "systeme"
            self.report("PC305", span, secondary=declared, help=(Text(word),), number=number)
            return False
        if number in numbering.emergency_numbers():
            self.report("PC306", span, number=number)
            return False
        return True

    # -- callers -----------------------------------------------------------------------------------

    def list_set(self, folded: str) -> NumberSet:
        """Return the callers of a declared list, those it names worked out before it: at any depth."""
        waiting = [folded]
        while waiting and folded in self.lists:
            name = waiting[-1]
            items = self.lists[name].items
            if name not in self.list_sets:
                self.list_sets[name] = None
                inner = {fold(item.text) for item in items if item.kind == "named"}
                waiting += sorted(one for one in inner if one in self.lists and one not in self.list_sets)
                continue
            waiting.pop()
            if self.list_sets[name] is None:
                before, excused = len(self.diagnostics), self.excused
                self.list_sets[name] = self.items(items, in_list=True)
                if self.excused > excused or any(one.is_error for one in self.diagnostics[before:]):
                    self.spoilt.add(name)
        return self.list_sets.get(folded) or digits.EMPTY

    def items(self, items: Iterable[Item], *, in_list: bool = False) -> NumberSet:
        """Return the callers named by a list of items."""
        found: list[NumberSet] = []
        left = list(items)[::-1]  # the next one is the last
        previous: Item | None = None
        many = len(left) > 1
        failed: Item | None = None  # the item before, when it was wrong
        while left:
            item = left.pop()
            before_it, previous = previous, item
            if item.kind == "everyone" and many and failed is None:  # after an incomplete number it is its prefix
                detached = before_it is not None and before_it.kind == "number"
                self.report("PC312", item.span, help=(Text("attach" if detached else "remove"),))
            words = self.unquoted(item, left)
            if words > 1:
                name = item.span.to(left[1 - words].span)
                self.report("PC201", name, help=(Text("quote", {"name": name.text}),), name=name.text)
                del left[1 - words :]
            elif help_ := self.no_name(item):
                self.report("PC201", item.span, help=(help_,), name=item.text)
                if help_.args.get("name") in ("pendant", "hors") and left and fold(left[-1].text) in self.periods:
                    left.pop()
            elif failed is not None and _is_rest(failed, item) and item.text not in self.extensions:
                failed = item  # a number with a group too many leaves the groups behind it
            else:
                before = len(self.diagnostics)
                found.append(self.item(item, in_list=in_list))
                failed = item if any(one.is_error for one in self.diagnostics[before:]) else None
        return digits.union(found)

    def no_name(self, item: Item) -> Text | None:
        """Return the repair of an unknown name that looks like no name: a misspelt keyword, or an "et"."""
        if item.kind != "named" or item.span.text != item.text or self.is_known(item.text):
            return None
        if fold(item.text) in ("et", "ou", "and", "or"):
            return Text("remove", {"word": item.text})
        close = _suggest(item.text, _CALLER_WORDS, cutoff=0.75)
        if not close or self.may_be_declared(item.text) or self.suggest(item.text, self.names()):
            return None
        return close[0]

    def is_known(self, name: str) -> bool:
        folded = fold(name)
        return any(folded in names for names in (self.caller_names, self.system_names, self.periods))

    def unquoted(self, item: Item, following: Sequence[Item]) -> int:
        """Return how many items are the words of one known name that lacks its quotes, or 1.

        `following` has the next item last.
        """
        if item.kind != "named" or fold(item.text) in self.caller_names or " " in item.text:
            return 1
        text = item.text
        before = item
        for at, other in enumerate(following[:-5:-1]):
            if other.kind != "named" or not _follows(before, other):
                break
            before = other
            text += " " + other.text
            if fold(text) in self.caller_names:
                return at + 2
        return 1

    def item(self, item: Item, *, in_list: bool) -> NumberSet:
        match item.kind:
            case "everyone":
                return digits.EVERYONE
            case "anonymous":
                return digits.ANONYMOUS
            case "number":
                number = self.number(item.text, item.span)
                if number is None:
                    return digits.EMPTY
                self.short_number(number, item.span)
                return numbering.exactly(number)
            case "prefix":
                found = numbering.prefix(item.text)
                if not found:
                    digits_ = sum(char.isdigit() for char in item.text)
                    self.report("PC106", item.span, notes=(Text("prefix"),), number=item.span.text, digits=digits_)
                return found
            case "range":
                return self.range(item)
            case _:
                return self.named(item, in_list=in_list)

    def short_number(self, number: str, span: Span) -> None:
        short = not number.startswith(("0", "+")) and len(number) <= MAX_SHORT_DIGITS
        if short and number not in self.extensions and number not in numbering.emergency_numbers():
            self.report("PC212", span, help=self.suggest(number, self.extensions), number=number)

    def range(self, item: Item) -> NumberSet:
        first, last = self.number(item.text, item.span), self.number(item.last, item.span)
        if first is None or last is None:
            return digits.EMPTY
        try:
            return digits.between(first, last)
        except ValueError:
            case = "order" if len(first) == len(last) else "length"
            self.report("PC111", item.span, case=case)
            return digits.EMPTY

    def named(self, item: Item, *, in_list: bool) -> NumberSet:
        folded = fold(item.text)
        if folded in self.extension_names:
            return numbering.exactly(self.extension_names[folded])
        if folded in self.builtin:
            return self.builtin[folded]
        if folded in self.lists:
            if in_list and self.list_sets.get(folded, digits.EMPTY) is None:
                self.report("PC210", item.span, name=item.text)
                return digits.EMPTY
            self.excused += folded in self.spoilt  # it may lack callers
            return self.list_set(folded)
        if folded in self.system_names:
            self.report("PC207", item.span, help=(Text("no-caller"),), name=item.text)
            return digits.EMPTY
        if folded in self.periods:
            self.report("PC207", item.span, help=(Text("period", {"name": item.text}),), name=item.text)
            return digits.EMPTY
        if self.excuse(item.text):
            return digits.EMPTY
        self.report("PC201", item.span, help=self.suggest(item.text, self.names()), name=item.text)
        return digits.EMPTY

    def names(self) -> list[str]:
        return [
            *(one.name for one in self.extensions.values()),
            *(one.name.text for one in self.lists.values()),
            *self.builtin_spelling.values(),
        ]

    def callers(self, node: Callers) -> NumberSet:
        """Return who a `depuis` names, its filter applied."""
        before, excused = len(self.diagnostics), self.excused
        found = self.items(node.items)
        if node.excepted:
            found = found - self.items(node.excepted)
        if node.kind is not None:
            found &= digits.OF_KIND[node.kind]
        failed = self.excused > excused or any(one.is_error for one in self.diagnostics[before:])
        if not found and not failed:
            self.report("PC311", node.span)
        return found

    # -- times -------------------------------------------------------------------------------------

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
            if self.declare_period(closure.name):
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
            self.report("PC208", node.region.span, help=self.suggest(node.region.text, names), name=node.region.text)
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
                        times.append(TimeClause(named, inside))
                case Until():
                    last = clause.last
                case _:
                    reason = clause.text
        return tuple(times), last, reason

    def period(self, clause: During) -> NamedPeriod | None:
        if clause.period is None:
            return None
        name = clause.period.text
        found = self.periods.get(fold(name))
        if found is None and fold(name) in (self.caller_names.keys() | self.system_names.keys()):
            self.report("PC207", clause.period.span, help=(Text("no-period"),), name=name)
        elif found is None and not self.excuse(name):
            names = [one.name for one in self.periods.values()]
            self.report("PC204", clause.period.span, help=self.suggest(name, names), name=name)
        return found

    def public_holidays(self, span: Span) -> NamedPeriod | None:
        if self.holidays_span is None:
            if self.excuse("fériés"):
                return None
            self.report("PC204", span, help=(Text("holidays"),), name="les fériés")
            return None
        if not self.holidays:  # a diagnostic at their declaration says why
            return None
        dates = tuple((day, day) for day in sorted(self.holidays))
        return NamedPeriod(
            "les fériés",
            "holidays",
            schedule.on_dates(dates),
            (),
            dates,
            closures=False,
            span=self.holidays_span,
        )

    # -- rules -------------------------------------------------------------------------------------

    def blocks(
        self, blocks: Iterable[syntax.Block]
    ) -> tuple[tuple[Rule, ...], dict[str, tuple[Rule, ...]], tuple[Rule, ...]]:
        first: list[Rule] = []
        rest: list[Rule] = []
        own: dict[str, list[Rule]] = {}
        for block in blocks:
            if block.extension is not None:
                extension = self.extension(block.extension)
                scope = [self.extensions[extension]] if extension else []
                rules = own.setdefault(extension or "", [])
                excepted: frozenset[str] = frozenset()
            else:
                excepted = frozenset(found for word in block.excepted if (found := self.extension(word)))
                scope = [one for one in self.extensions.values() if one.number not in excepted]
                rules = first if block.first else rest
            rules += [self.rule(node, scope, excepted) for node in block.rules]
        own.pop("", None)
        return tuple(first), {number: tuple(rules) for number, rules in own.items()}, tuple(rest)

    def extension(self, word: Word) -> str | None:
        """Return the number of the extension that a name or a number means, or report it."""
        found = word.text if word.is_number else self.extension_names.get(fold(word.text))
        if found in self.extensions:
            return found
        if (word.text in self.systems) if word.is_number else (fold(word.text) in self.system_names):
            self.report("PC207", word.span, help=(Text("system", {"name": word.text}),), name=word.text)
        elif not word.is_number and fold(word.text) in (self.lists.keys() | self.builtin.keys()):
            self.report("PC207", word.span, help=(Text("list"),), name=word.text)
        elif not self.excuse(word.text):
            names: Iterable[str] = self.extensions if word.is_number else [one.name for one in self.extensions.values()]
            help_ = self.suggest(word.text, names)
            other = self.suggest(word.text, [] if word.is_number else [one.name for one in self.systems.values()])
            if other and not help_:
                help_ = (Text("system", other[0].args),)
            self.report("PC202", word.span, help=help_, name=word.text)
        return None

    def system(self, word: Word) -> str | None:
        """Return the number of the system extension that a name or a number means, or report it."""
        found = word.text if word.is_number else self.system_names.get(fold(word.text))
        if found in self.systems:
            return found
        if (word.text in self.extensions) if word.is_number else (fold(word.text) in self.extension_names):
            self.report("PC207", word.span, help=(Text("extension", {"name": word.text}),), name=word.text)
        elif not self.excuse(word.text):
            names = self.systems if word.is_number else [one.name for one in self.systems.values()]
            help_ = self.suggest(word.text, names)
            other = self.suggest(word.text, [] if word.is_number else [one.name for one in self.extensions.values()])
            if other and not help_:
                help_ = (Text("extension", other[0].args),)
            self.report("PC203", word.span, help=help_, name=word.text)
        return None

    def rule(self, node: syntax.RuleNode, scope: list[Extension], excepted: frozenset[str]) -> Rule:
        callers = self.callers(node.callers)
        times, until, reason = self.clauses(node.clauses)
        destination = self.destination(node.destination, scope)
        if isinstance(destination, Busy):
            self.check_call_backs(node.callers, callers)
        # A rule that was reported still takes its calls: what follows it must not be blamed for them.
        return Rule(callers, times, until, destination or Ring(), reason, excepted, node.span)

    def check_call_backs(self, node: Callers, callers: NumberSet) -> None:
        """Report emergency services refused by name: they call back those who hung up."""
        for item in node.items:
            for number in sorted(self.named_emergencies(item)):
                if not callers.isdisjoint(numbering.exactly(number) & digits.EXTERNAL):
                    self.report("PC307", item.span, number=number)

    def named_emergencies(self, item: Item) -> frozenset[str]:
        """Return the emergency numbers that an item spells out, through lists."""
        if item.kind == "named" and fold(item.text) in self.emergencies:
            return self.emergencies[fold(item.text)]
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [item]
        while waiting:
            one = waiting.pop()
            folded = fold(one.text)
            if one.kind == "number" and one.text in numbering.emergency_numbers():
                found.add(one.text)
            elif one.kind == "named" and folded in self.lists and folded not in seen:
                seen.add(folded)
                waiting += self.lists[folded].items
        if item.kind == "named":
            self.emergencies[fold(item.text)] = frozenset(found)
        return frozenset(found)

    def destination(self, target: Target, scope: list[Extension]) -> Destination | None:
        match target.kind:
            case "ring":
                return Ring()
            case "busy":
                return Busy()
            case "mailbox":
                good = self.all_have(scope, "PC303", target, lambda one: one.mailbox)
                return Mailbox(None) if good else None
            case "mobile":
                has_mobile = self.all_have(scope, "PC302", target, lambda one: one.mobile is not None)
                good = self.rebound(target, scope) and has_mobile
                return External(None, target.rebound) if good else None
            case "external":
                return self.external(target, scope)
            case "system":
                number = self.system(target.reference) if target.reference else None
                return ToSystem(number) if number else None
            case _:
                return self.forward(target)

    def external(self, target: Target, scope: list[Extension]) -> Destination | None:
        if target.reference is None:
            return None
        number = self.phone_number(target.reference)
        good = number is not None and self.check_outside(number, target.reference.span)
        good = self.rebound(target, scope) and good
        return External(number, target.rebound) if good else None

    def forward(self, target: Target) -> Destination | None:
        number = self.extension(target.reference) if target.reference else None
        if number is None:
            return None
        if not target.mailbox:
            return Forward(number)
        extension = self.extensions[number]
        if not extension.mailbox:
            self.report(
                "PC303",
                target.option or target.span,
                secondary=(Secondary(extension.span, "declared"),),
                help=(Text("add", {"number": number}),),
                names=(extension.name,),
            )
            return None
        return Mailbox(number)

    def rebound(self, target: Target, scope: list[Extension]) -> bool:
        """Tell whether `rebond`, if said, has a mailbox to fall back to."""
        return not target.rebound or self.all_have(scope, "PC304", target, lambda one: one.mailbox)

    def all_have(self, scope: list[Extension], code: str, target: Target, has: Callable[[Extension], bool]) -> bool:
        """Report a destination that some extension of the block has no means for."""
        lacking = [one for one in scope if not has(one)]
        if not lacking:
            return True
        shown = (Secondary(lacking[0].span, "declared"),)
        notes = (Text("others", {"count": len(lacking) - 1}),) if len(lacking) > 1 else ()
        names = tuple(one.name for one in lacking[:7])
        help_ = (Text("add", {"number": lacking[0].number}),)
        span = target.option if code == "PC304" and target.option else target.span
        self.report(code, span, secondary=shown, notes=notes, help=help_, names=names)
        return False

    # -- tests and guarantees ----------------------------------------------------------------------

    def test(self, node: syntax.TestBlock) -> Test:
        return Test(node.name.text, tuple(one for call in node.calls if (one := self.call(call))), node.span)

    def call(self, node: syntax.CallTest) -> ExpectedCall | None:
        caller = self.test_caller(node)
        called = self.extension(node.called)
        result = self.result(node.result)
        if caller is None or called is None or result is None:
            return None
        local = None
        if node.day is not None and node.minute is not None:
            local = datetime.combine(node.day, time(0)) + timedelta(minutes=node.minute)
        return ExpectedCall(caller, called, local, result, node.span)

    def test_caller(self, node: syntax.CallTest) -> Caller | None:
        item = node.caller
        if item.kind == "anonymous":
            return Caller(node.kind or Kind.EXTERNAL, None)
        if item.kind == "named":
            number = self.extension(Word(item.text, item.span))
        else:
            number = self.number(item.text, item.span)
        if number is None:
            return None
        internal = number in self.extensions
        return Caller(node.kind or (Kind.INTERNAL if internal else Kind.EXTERNAL), number)

    def result(self, target: Target) -> Result | None:
        kind = "voicemail" if target.kind == "mailbox" else target.kind
        if target.items:
            before = len(self.diagnostics)
            numbers = self.items(target.items)
            failed = any(one.is_error for one in self.diagnostics[before:])
            return None if failed else Result(kind, None, numbers)
        if target.reference is None:
            return Result(kind, None, None)
        number = self.system(target.reference) if kind == "system" else self.extension(target.reference)
        return Result(kind, number, None) if number else None

    def guarantee(self, node: syntax.GuaranteeBlock) -> Guarantee:
        promises = tuple(one for line in node.assertions if (one := self.promise(line)))
        return Guarantee(node.name.text, promises, node.span)

    def promise(self, node: syntax.Assertion) -> Promise | None:
        callers = self.callers(node.callers)
        times, until, _ = self.clauses(node.clauses)
        result = self.result(node.result)
        if node.extension is not None:
            extension = self.extension(node.extension)
            extensions: tuple[str, ...] = (extension,) if extension else ()
        else:
            excepted = {self.extension(word) for word in node.excepted}
            extensions = tuple(number for number in self.extensions if number not in excepted)
        if result is None or not extensions:
            return None
        return Promise(callers, times, until, extensions, node.never, result, node.span)


def _suggest(name: str, names: Iterable[str], cutoff: float = 0.6) -> tuple[Text, ...]:
    """Return a did-you-mean for a name, when one of the names is close to it."""
    folded = {fold(one): one for one in names}
    close = get_close_matches(fold(name), folded, n=1, cutoff=cutoff)
    return (Text("suggest", {"name": folded[close[0]]}),) if close else ()


def _zones() -> list[str]:
    from zoneinfo import available_timezones  # reads the disk: only for a misspelt zone

    return sorted(available_timezones())


@lru_cache(maxsize=1 << 16)
def _canonical(text: str) -> tuple[str, str]:
    """Return the canonical form of a number as written, and the code of what is wrong with it, if any."""
    if text.startswith("0") and (len(text) == 1 or text.startswith("000") or text[1] != "0"):
        if numbering.is_french(text):
            return text, ""
        return text, "PC105" if len(text) < 10 else "PC106"
    if text.startswith(("+", "00")):
        code = text.removeprefix("+") if text.startswith("+") else text[2:]
        if code.startswith("33"):
            national = "0" + code[2:].removeprefix("0")
            if numbering.is_french(national):
                return national, ""
            return text, "PC105" if len(national) < 10 else "PC106"
        canonical = numbering.canonical_number("+" + code)
        if not canonical.startswith("+"):
            return canonical, ""
        if not 4 <= len(canonical) - 1 <= 15:  # ITU-T E.164
            return canonical, "PC105" if len(canonical) < 5 else "PC106"
        return canonical, "" if _is_possible(canonical) else "PC214"
    canonical = numbering.canonical_number(text)
    return canonical, "" if len(canonical) <= 15 else "PC106"


def _is_possible(number: str) -> bool:
    """Tell whether a foreign number has a length that its country uses."""
    import phonenumbers  # slow to load, and few policies name foreign numbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _follows(one: Item, other: Item) -> bool:
    """Tell whether only blanks stand between two items: no comma, no line end."""
    same = one.span.file is other.span.file
    return same and set(one.span.file.text[one.span.end : other.span.start]) == {" "}


def _is_rest(failed: Item, item: Item) -> bool:
    """Tell whether an item looks like a group of digits of the wrong number before it."""
    return item.kind == failed.kind == "number" and len(item.text) < 4 and _follows(failed, item)
