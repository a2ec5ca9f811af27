"""The syntax tree: what one line, and one file, says. Names and numbers are still text, each with its span."""

from datetime import date

from policyc.digits import Kind
from policyc.source import SourceFile, Span
from policyc.values import value


@value()
class Word:
    """A name or a number as written, without quotes and separators."""

    text: str
    span: Span
    is_number: bool = False


@value()
class Item:
    """One caller of a list: `kind` is number, prefix, range, anonymous, everyone or named."""

    kind: str
    text: str
    span: Span
    last: str = ""  # the end of a range


@value()
class Callers:
    """`items`, without `excepted`, of one kind or of both."""

    items: tuple[Item, ...]
    excepted: tuple[Item, ...]
    kind: Kind | None
    span: Span


@value()
class During:
    """`pendant T` or `hors T`; a period of None is `les fériés`."""

    period: Word | None
    inside: bool
    span: Span


@value()
class Until:
    """`jusqu'au D`, D included; None when the date does not exist (a diagnostic says so)."""

    last: date | None
    span: Span


@value()
class Reason:
    """`motif "…"`."""

    text: str
    span: Span


Clause = During | Until | Reason


@value()
class Target:
    """A destination or a result: `kind` is ring, mailbox, mobile, extension, external, system or busy."""

    kind: str
    span: Span
    reference: Word | None = None
    mailbox: bool = False
    rebound: bool = False
    items: tuple[Item, ...] = ()  # in a guarantee: numbers reached
    option: Span | None = None  # where `rebond` or `messagerie` stands


@value()
class Header:
    """`politique "…"`."""

    name: Word
    span: Span


@value()
class Zone:
    """`fuseau Europe/Paris`."""

    name: Word
    span: Span


@value()
class Include:
    """`inclure "…"`."""

    pattern: Word
    span: Span


@value()
class Directory:
    """`annuaire "postes.csv"`."""

    path: Word
    span: Span


@value()
class ExtensionDecl:
    """`poste 102 "Dr Martin" mobile …, messagerie, sonne 20s`."""

    number: Word
    name: Word
    mobile: Word | None
    mailbox: bool
    ring_seconds: int | None
    span: Span


@value()
class SystemDecl:
    """`groupe`, `file` or `svi`, with its number and name; `kind` is group, queue or menu."""

    kind: str
    number: Word
    name: Word
    span: Span


@value()
class ListDecl:
    """`liste VIP = …`, or the header of a list whose lines follow."""

    name: Word
    items: tuple[Item, ...]
    span: Span


@value()
class Opening:
    """One line of hours: days (Monday 0) and spans of minutes of the day, each with where it stands."""

    days: frozenset[int]
    spans: tuple[tuple[int, int, Span], ...]
    holidays_included: bool
    span: Span


@value()
class HoursDecl:
    """`horaires bureau` and its lines."""

    name: Word
    openings: tuple[Opening, ...]
    holidays_included: bool
    span: Span


@value()
class HolidaysDecl:
    """`fériés France 2026..2030`."""

    region: Word
    first: Word
    last: Word
    span: Span


@value()
class ClosureDecl:
    """`fermeture congés = 24/12/2026..2027-01-02`: ranges of dates, both ends included."""

    name: Word
    ranges: tuple[tuple[date, date], ...]
    span: Span


@value()
class RuleNode:
    """`depuis … vers …`."""

    callers: Callers
    clauses: tuple[Clause, ...]
    destination: Target
    span: Span


@value()
class Block:
    """`pour X` with its rules. `extension` is None for `pour tous`."""

    extension: Word | None
    excepted: tuple[Word, ...]
    first: bool
    rules: tuple[RuleNode, ...]
    span: Span


@value()
class CallTest:
    """`appel de X pour E le D H donne R`; a day of None means at every instant."""

    kind: Kind | None
    caller: Item
    called: Word
    day: date | None
    minute: int | None
    result: Target
    span: Span


@value()
class TestBlock:
    """`test "…"` with its calls."""

    name: Word
    calls: tuple[CallTest, ...]
    span: Span


@value()
class Assertion:
    """`depuis … pour … donne R` or `ne donne jamais R`; an extension of None means all but `excepted`."""

    callers: Callers
    clauses: tuple[Clause, ...]
    extension: Word | None
    excepted: tuple[Word, ...]
    never: bool
    result: Target
    span: Span


@value()
class GuaranteeBlock:
    """`garantie "…"` with its lines."""

    name: Word
    assertions: tuple[Assertion, ...]
    span: Span


Statement = (
    Header
    | Zone
    | Include
    | Directory
    | ExtensionDecl
    | SystemDecl
    | ListDecl
    | HoursDecl
    | HolidaysDecl
    | ClosureDecl
    | Block
    | TestBlock
    | GuaranteeBlock
)


@value()
class Comment:
    """A comment with its `#`; `alone` when nothing stands before it on its line."""

    text: str
    span: Span
    alone: bool


@value()
class SyntaxTree:
    """What one file says."""

    source: SourceFile
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    doubtful: tuple[str, ...] = ()  # folded text of declarations that were not understood
