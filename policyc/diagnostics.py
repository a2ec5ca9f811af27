"""Diagnostics as values: what was found and where; the words are in the catalogues that `report` reads.

Code that finds a problem passes typed arguments, never sentences. A mistake of the user is always a
`Diagnostic`; an exception is a bug of policyc.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from policyc.digits import Caller, Kind
from policyc.source import Span
from policyc.values import value

Arg = str | int | tuple[str, ...]


class Severity(Enum):
    """How grave a diagnostic is: an error withholds output, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@value()
class Code:
    """A kind of diagnostic: `PC301`, its kebab name, its severity. A released code is never reused."""

    id: str
    name: str
    severity: Severity


def _register() -> Mapping[str, Code]:
    codes: dict[str, Code] = {}
    for severity, table in ((Severity.ERROR, _ERRORS), (Severity.WARNING, _WARNINGS)):
        for line in table.split("\n"):
            if not line:
                continue
            ident, name = line.split()
            if ident in codes or any(code.name == name for code in codes.values()):
                raise ValueError(f"diagnostic code declared twice: {line}")
            codes[ident] = Code(ident, name, severity)
    return MappingProxyType(dict(sorted(codes.items())))


# Families: PC0 use and files, PC1 syntax, PC2 names and types, PC3 policy, PC4 target cannot express,
# PC5 import, PC6 a live PBX, PC7 tests, PC8 proof, PC9 style. Names say the bad thing: "ignorer <name>" reads right.
_ERRORS = """\
PC001 unreadable-file
PC002 not-utf8
PC003 include-outside-project
PC004 include-matches-nothing
PC006 bad-configuration
PC007 bad-directory
PC008 unknown-revision
PC009 git-unusable
PC010 not-call-records
PC101 unexpected-word
PC102 unexpected-character
PC103 unclosed-quote
PC104 misplaced-line
PC105 incomplete-number
PC106 impossible-number
PC107 bad-hour
PC108 bad-date
PC109 unknown-statement
PC110 keyword-as-name
PC111 bad-range
PC112 empty-block
PC113 bad-duration
PC114 bad-extension-number
PC201 unknown-caller
PC202 unknown-extension
PC203 unknown-system
PC204 unknown-period
PC205 duplicate-name
PC206 duplicate-number
PC207 wrong-kind-of-name
PC208 unknown-holidays
PC209 unknown-time-zone
PC210 list-contains-itself
PC211 repeated-setting
PC301 forward-loop
PC302 no-mobile
PC303 no-mailbox
PC304 no-mailbox-for-rebound
PC305 own-extension-as-external
PC306 emergency-number-as-destination
PC307 emergency-call-back-blocked
PC318 forward-to-own-company
PC401 target-cannot-say
PC402 too-many-exceptions
PC403 anonymous-told-apart
PC404 kinds-told-apart
PC405 days-off-told-apart
PC406 too-many-patterns
PC601 pbx-unreachable
PC602 pbx-refuses-client
PC603 bad-pbx-answer
PC604 extension-not-on-pbx
PC605 other-pbx-version
PC606 write-refused
PC607 write-without-effect
PC608 bad-compiled-policy
PC609 bad-state-file
PC610 pbx-changed-meanwhile
PC701 test-fails
PC702 guarantee-broken
PC703 coverage-too-low
PC705 too-many-moved
PC801 files-decide-otherwise
PC802 file-not-understood
PC803 missing-compiled-file
"""
_WARNINGS = """\
PC005 repeated-include
PC011 doubtful-call-records
PC212 undeclared-short-number
PC213 bad-ignore-comment
PC214 doubtful-foreign-number
PC308 rule-never-matches
PC309 rule-ended
PC311 rule-without-callers
PC312 everyone-among-others
PC313 shadowed-rule
PC314 partly-shadowed-rule
PC315 overlapping-hours
PC316 gapped-hours
PC317 mergeable-rules
PC319 anonymous-blocked
PC320 rule-ends-soon
PC321 emergency-number-as-extension
PC704 skipped-instant
PC901 decomposed-text
"""

CODES: Mapping[str, Code] = _register()


@value()
class Text:
    """A sentence of the catalogue: its key under the code, and what fills its placeholders."""

    key: str
    args: Mapping[str, Arg] = field(default_factory=dict)


@value()
class Secondary:
    """Another place that has a part in the problem, with its own short label."""

    span: Span
    key: str
    args: Mapping[str, Arg] = field(default_factory=dict)


@value()
class Witness:
    """A call that shows a problem: the canonical number (None: anonymous), from where, to which extension, when.

    `local` is an instant of the policy's zone, without one.
    """

    caller: str | None
    internal: bool
    called: str
    local: datetime

    @staticmethod
    def of(caller: Caller, called: str, instant: datetime) -> "Witness":
        """Return the witness of a call at an instant of the policy's zone, aware or not."""
        return Witness(caller.number, caller.kind is Kind.INTERNAL, called, instant.replace(tzinfo=None))


@value()
class Edit:
    """Characters of a file, and the text to put in their place."""

    span: Span
    text: str


@value()
class Fix:
    """The one way to repair what a diagnostic says, as edits that do not overlap.

    `safe`: no call ends otherwise for it. That is still proved before a file is written.
    """

    edits: tuple[Edit, ...]
    safe: bool = False

    @property
    def removes(self) -> bool:
        """Whether it only takes out whole lines."""
        return all(not one.text and one.span.column == 1 and one.span.text[-1:] == "\n" for one in self.edits)


@value()
class Diagnostic:
    """One problem: its code, where it stands (None: nowhere in a file), and what its sentences need."""

    code: str
    primary: Span | None
    args: Mapping[str, Arg] = field(default_factory=dict)
    secondary: tuple[Secondary, ...] = ()
    notes: tuple[Text, ...] = ()
    help: tuple[Text, ...] = ()
    witness: Witness | None = None
    fix: Fix | None = None

    @property
    def severity(self) -> Severity:
        """The severity of its code."""
        return CODES[self.code].severity

    @property
    def is_error(self) -> bool:
        """Whether it withholds output."""
        return self.severity is Severity.ERROR


def arrange(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by place and code, and remove repeats."""

    def key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
        span = diagnostic.primary
        place = ("", 0, 0) if span is None else (span.file.path, span.start, span.end)
        return (*place, diagnostic.code, repr(sorted(diagnostic.args.items())))

    unique: dict[tuple[str, int, int, str, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        unique.setdefault(key(diagnostic), diagnostic)
    return tuple(unique[one] for one in sorted(unique))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of them withholds output."""
    return any(diagnostic.is_error for diagnostic in diagnostics)
