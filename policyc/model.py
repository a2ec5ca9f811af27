"""The policy as resolved: names are numbers, callers are sets, times are periods. Frozen; nothing left to look up."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from policyc.digits import Caller, Kind, NumberSet
from policyc.schedule import Period, WeekSpan
from policyc.source import SourceFile, Span
from policyc.values import dataclass, value

DEFAULT_RING_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Extension:
    """A `poste`: internal number, name, mobile in canonical form, whether it has a mailbox, seconds it rings."""

    number: str
    name: str
    mobile: str | None
    mailbox: bool
    ring_seconds: int
    span: Span


@dataclass(frozen=True, slots=True)
class System:
    """A system extension, declared here and owned by the PBX; `kind` is group, queue or menu."""

    number: str
    name: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class NamedPeriod:
    """A period with the name rules call it by; `kind` is hours, closure or holidays.

    How it was declared is kept for output that people read: `spans` of hours, `dates` of closures and holidays, and
    whether `closures` and holidays take days out of hours.
    """

    name: str
    kind: str
    period: Period
    spans: tuple[WeekSpan, ...]
    dates: tuple[tuple[date, date], ...]
    closures: bool
    span: Span


@value()
class TimeClause:
    """`pendant` a period, or `hors` it when not `inside`."""

    named: NamedPeriod
    inside: bool

    def holds(self, local: datetime) -> bool:
        """Tell whether the clause holds at an instant, given in the policy's zone."""
        return self.named.period.holds(local) is self.inside


@value()
class Ring:
    """`sonnerie`: the extension rings as if there were no exception."""


@value()
class Mailbox:
    """Straight to the mailbox of an extension; None: of the extension called."""

    extension: str | None


@value()
class Forward:
    """The call is presented to another extension, whose own rules then apply."""

    extension: str


@value()
class External:
    """An outside number in canonical form; None: the mobile of the extension called. `rebound`: with rebond."""

    number: str | None
    rebound: bool


@value()
class ToSystem:
    """A system extension, by its number."""

    number: str


@value()
class Busy:
    """The caller hears the line as busy."""


Destination = Ring | Mailbox | Forward | External | ToSystem | Busy


class Part(NamedTuple):
    """Callers named by a number, a prefix, a range or a name, and where; None where policyc itself names them."""

    callers: NumberSet
    place: Span | None
    is_range: bool = False


@value(eq=False)
class Named:
    """One of the callers that a rule names, and where. Of a list, `parts` are those that the list names in its turn."""

    callers: NumberSet
    span: Span
    is_range: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def one_by_one(self) -> tuple[Part, ...]:
        """The parts of a list; of anything else, itself."""
        return self.parts or (Part(self.callers, self.span, self.is_range),)


@value(eq=False)
class Written:
    """How a rule says whom it holds for. Its callers follow from it; this is for telling people about their lines.

    `excepted` are those that `sauf` takes out, `kind` is the filter.
    """

    named: tuple[Named, ...] = ()
    excepted: tuple[Named, ...] = ()
    kind: Kind | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the rule holds for all whom it names."""
        return not self.excepted and self.kind is None

    @property
    def has_range(self) -> bool:
        """Whether a range is among the callers named one by one."""
        for one in self.named:  # not `any`: generators take twice as long, and this is asked of each rule
            if one.is_range:
                return True
            for part in one.parts:
                if part.is_range:
                    return True
        return False

    @property
    def parts(self) -> Iterator[Part]:
        """Yield the callers named one by one, those of lists too."""
        for one in self.named:
            yield from one.one_by_one


UNWRITTEN = Written()


@value(eq=False)
class Rule:
    """Callers (their kind included) and times that it holds for, and where it sends them. A rule equals itself only."""

    callers: NumberSet
    times: tuple[TimeClause, ...]
    until: date | None  # included
    destination: Destination
    reason: str | None
    excepted: frozenset[str]  # of a `pour tous`: the extensions it does not hold for
    span: Span
    written: Written = UNWRITTEN

    def lists(self, place: Span | None) -> bool:
        """Tell whether callers named at a place are named by way of a list, not on the rule's own line."""
        own = self.span
        return place is None or place.file is not own.file or not own.start <= place.start < own.end

    def times_hold(self, local: datetime) -> bool:
        """Tell whether the rule's times hold at an instant, given in the policy's zone."""
        return (self.until is None or local.date() <= self.until) and all(one.holds(local) for one in self.times)


@dataclass(frozen=True, slots=True)
class Result:
    """What a test or guarantee speaks of. `kind`: ring, voicemail, external, rebound, system or busy.

    `extension` is a number of an extension or a system, `numbers` the outside numbers meant; None: any.
    """

    kind: str
    extension: str | None
    numbers: NumberSet | None


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """One line of a test: who calls whom, when (None: at every instant, else local to the zone), and what it gives."""

    caller: Caller
    called: str
    local: datetime | None
    result: Result
    span: Span


@dataclass(frozen=True, slots=True)
class Test:
    """A `test` of the policy."""

    name: str
    calls: tuple[ExpectedCall, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of a guarantee: all these callers at these times to these extensions get, or never get, a result."""

    callers: NumberSet
    times: tuple[TimeClause, ...]
    until: date | None
    extensions: tuple[str, ...]
    never: bool
    result: Result
    span: Span


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A `garantie` of the policy."""

    name: str
    promises: tuple[Promise, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Policy:
    """All that a policy says, ready to be asked."""

    name: str
    zone: ZoneInfo
    extensions: Mapping[str, Extension]
    systems: Mapping[str, System]
    periods: tuple[NamedPeriod, ...]
    holidays: tuple[tuple[date, str], ...]
    closures: tuple[NamedPeriod, ...]
    first: tuple[Rule, ...]  # `pour tous en priorité`
    own: Mapping[str, tuple[Rule, ...]]
    rest: tuple[Rule, ...]  # `pour tous`
    tests: tuple[Test, ...]
    guarantees: tuple[Guarantee, ...]

    @property
    def rules(self) -> Iterator[Rule]:
        """Every rule, of whatever extension."""
        yield from self.first
        for rules in self.own.values():
            yield from rules
        yield from self.rest

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The files that its rules and extensions stand in, each once."""
        spans = chain((rule.span for rule in self.rules), (one.span for one in self.extensions.values()))
        return tuple({id(span.file): span.file for span in spans}.values())

    def layers(self, extension: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...], tuple[Rule, ...]]:
        """Return the rules that hold for an extension: those before its own, its own, those after."""
        first, rest = self.first, self.rest
        return (
            first and tuple([rule for rule in first if extension not in rule.excepted]),
            self.own.get(extension, ()),
            rest and tuple([rule for rule in rest if extension not in rule.excepted]),
        )

    def rules_for(self, extension: str) -> tuple[Rule, ...]:
        """Return the rules that hold for an extension, in the order they are tried."""
        first, own, rest = self.layers(extension)
        return first + own + rest
