"""Declarations in, numbers and names looked up out: what every later step of resolving asks."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from policyc import edits, numbering, syntax
from policyc.diagnostics import Arg, Diagnostic, Fix, Secondary, Text
from policyc.digits import NumberSet
from policyc.model import (
    DEFAULT_RING_SECONDS,
    Extension,
    NamedPeriod,
    Part,
    System,
    TimeClause,
)
from policyc.project import Program
from policyc.source import Span, fold
from policyc.syntax import Word
from policyc.values import dataclass

DEFAULT_ZONE = "Europe/Paris"
MAX_SUGGESTIONS = 200
# Names of the zone database that are no zone of their own: the machine's, placeholders, other counts of seconds.
_NO_ZONES = ("localtime", "posixrules", "Factory", "right/", "posix/")
_NATIONAL = re.compile(r"(?:\+|00)330?")
MAX_EXTENSION_DIGITS = 10
MAX_COUNTRY_CODE_AND_AREA = 9  # a prefix of fewer digits swallowed no other number
_INSIDE = {"extension": "extension", "systeme": "système"}  # the destinations inside, as they are written
_Once = TypeVar("_Once", syntax.Header, syntax.Zone)


@dataclass(slots=True)
class Names:
    """The names and numbers that a program declares, and the diagnostics of looking for them."""

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
    builtin_parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    builtin_spelling: dict[str, str] = field(default_factory=dict)
    period_names: dict[str, Word] = field(default_factory=dict)
    periods: dict[str, NamedPeriod] = field(default_factory=dict)
    # One of each for all rules that say so: there are few, and checks compare them.
    time_clauses: dict[tuple[NamedPeriod, bool], TimeClause] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)  # folded text of declarations that came to nothing
    suggested: int = 0
    excused: int = 0  # names whose callers are not known, for a reason that is reported elsewhere
    holidays: dict[date, str] = field(default_factory=dict)
    holidays_span: Span | None = None
    holiday_period: NamedPeriod | None = None  # once a rule asks for it

    def report(
        self,
        code: str,
        span: Span,
        *,
        secondary: tuple[Secondary, ...] = (),
        notes: tuple[Text, ...] = (),
        help: tuple[Text, ...] = (),  # noqa: A002
        fix: Fix | None = None,
        **args: Arg,
    ) -> None:
        self.diagnostics.append(Diagnostic(code, span, args, secondary, notes, help, fix=fix))

    def has_failed_since(self, before: int) -> bool:
        """Tell whether an error was reported since there were so many diagnostics."""
        return len(self.diagnostics) > before and any(one.is_error for one in self.diagnostics[before:])

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
                if not name.startswith(_NO_ZONES):
                    return ZoneInfo(name)
            except (KeyError, OSError, ValueError):  # not found, a folder, or no path at all
                pass
            zones = _zones()
            city = next((one for one in zones if fold(one).endswith("/" + fold(name))), None)
            help_ = (Text("suggest", {"name": city}),) if city else self.suggest(name, zones)
            self.report("PC209", statement.name.span, help=help_, fix=respelt(statement.name.span, help_), name=name)
        return ZoneInfo(DEFAULT_ZONE)

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

    def phone_number(self, word: Word) -> str | None:
        """Return the canonical form of an outside number to be called, or report why it is none."""
        return self.number(word.text, word.span)

    def number(self, text: str, span: Span) -> str | None:
        """Return the canonical form of a number as written, or report it. A declared number is itself."""
        if text in self.spans or (numbering.is_french(text) and text[1] != "0"):  # as most are written
            return text
        canonical, problem = _canonical(text)
        if not problem:
            return canonical
        french = re.match(r"0[1-9]|0$|(?:\+|00)33", text)
        notes = (Text("french" if french else "foreign"),) if problem != "PC214" else ()
        first, dash, last = span.text.partition("-")
        is_range = dash and len(first) == len(last) > 2  # 0140000000-0140009999
        help_ = (Text("range", {"first": first, "last": last}),) if is_range else ()
        is_good = is_range and not any(_canonical(end)[1] for end in (first, last))
        fix = edits.replaced(span, f"{first}..{last}") if is_good else None
        abroad = re.match(r"(?:\+|00)33", text)
        count = len(_NATIONAL.sub("0", text)) if abroad else sum(char.isdigit() for char in text)
        self.report(problem, span, notes=notes, help=help_, fix=fix, number=span.text, digits=count)
        return None if problem in ("PC105", "PC106") else canonical

    def suggest(self, name: str, names: Iterable[str]) -> tuple[Text, ...]:
        """Return a did-you-mean; but where all names are wrong, comparing each with each helps nobody."""
        self.suggested += 1
        return suggest_close(name, names) if self.suggested <= MAX_SUGGESTIONS else ()

    def excuse(self, name: str) -> bool:
        """Tell whether an unknown name may stand in a declaration or a file that was not understood."""
        excused = self.may_be_declared(name)
        self.excused += excused
        return excused

    def may_be_declared(self, name: str) -> bool:
        folded = fold(name)
        return not self.program.complete or any(folded in text for text in self.doubtful)

    def check_outside(self, number: str, span: Span, *, alone: bool = False) -> bool:
        """Report an own extension or an emergency number where an outside number is to be called.

        `alone`: nothing is said of the destination but the number.
        """
        if number in self.spans:
            declared = (Secondary(self.spans[number], "declared"),)
            word = "extension" if number in self.extensions else "systeme"
            fix = edits.replaced_before(span, ("externe",), _INSIDE[word]) if alone else None
            self.report("PC305", span, secondary=declared, help=(Text(word),), fix=fix, number=number)
            return False
        if number in numbering.emergency_numbers():
            self.report("PC306", span, number=number)
            return False
        return True

    def extension(self, word: Word) -> str | None:
        """Return the number of the extension that a name or a number means, or report it."""
        found = word.text if word.is_number else self.extension_names.get(fold(word.text))
        if found in self.extensions:
            return found
        if (word.text in self.systems) if word.is_number else (fold(word.text) in self.system_names):
            fix = edits.replaced_before(word.span, ("extension", "poste"), _INSIDE["systeme"])
            self.report("PC207", word.span, help=(Text("system", {"name": word.text}),), fix=fix, name=word.text)
        elif not word.is_number and fold(word.text) in (self.lists.keys() | self.builtin.keys()):
            self.report("PC207", word.span, help=(Text("list"),), name=word.text)
        elif not self.excuse(word.text):
            names: Iterable[str] = self.extensions if word.is_number else [one.name for one in self.extensions.values()]
            help_ = self.suggest(word.text, names)
            other = self.suggest(word.text, [] if word.is_number else [one.name for one in self.systems.values()])
            fix = respelt(word.span, help_)
            if other and not help_:
                help_ = (Text("system", other[0].args),)
            self.report("PC202", word.span, help=help_, fix=fix, name=word.text)
        return None

    def system(self, word: Word) -> str | None:
        """Return the number of the system extension that a name or a number means, or report it."""
        found = word.text if word.is_number else self.system_names.get(fold(word.text))
        if found in self.systems:
            return found
        if (word.text in self.extensions) if word.is_number else (fold(word.text) in self.extension_names):
            fix = edits.replaced_before(word.span, ("systeme",), _INSIDE["extension"])
            self.report("PC207", word.span, help=(Text("extension", {"name": word.text}),), fix=fix, name=word.text)
        elif not self.excuse(word.text):
            names = self.systems if word.is_number else [one.name for one in self.systems.values()]
            help_ = self.suggest(word.text, names)
            other = self.suggest(word.text, [] if word.is_number else [one.name for one in self.extensions.values()])
            fix = respelt(word.span, help_)
            if other and not help_:
                help_ = (Text("extension", other[0].args),)
            self.report("PC203", word.span, help=help_, fix=fix, name=word.text)
        return None


def respelt(span: Span, suggestions: tuple[Text, ...]) -> Fix | None:
    """Return a fix that puts the name of a did-you-mean in the place of another."""
    return edits.replaced(span, syntax.as_name(str(suggestions[0].args["name"]))) if suggestions else None


def suggest_close(name: str, names: Iterable[str], cutoff: float = 0.6) -> tuple[Text, ...]:
    """Return a did-you-mean for a name, when one of the names is close to it."""
    from difflib import get_close_matches

    folded = {fold(one): one for one in names}
    close = get_close_matches(fold(name), folded, n=1, cutoff=cutoff)
    return (Text("suggest", {"name": folded[close[0]]}),) if close else ()


def _zones() -> list[str]:
    from zoneinfo import available_timezones  # reads the disk: only for a misspelt zone

    return sorted(available_timezones())


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


def is_too_long_abroad(prefix: str) -> bool:
    """Tell whether a prefix with a country code is longer than any number there: it swallowed what follows."""
    code = prefix.removeprefix("00") if prefix.startswith("00") else prefix.removeprefix("+")
    if (
        code == prefix
        or len(code) < MAX_COUNTRY_CODE_AND_AREA
        or not numbering.canonical_number("+" + code).startswith("+")
    ):
        return False
    import phonenumbers  # see below

    try:
        parsed = phonenumbers.parse("+" + code)
    except phonenumbers.NumberParseException:
        return True
    return phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.TOO_LONG


def _is_possible(number: str) -> bool:
    """Tell whether a foreign number has a length that its country uses."""
    import phonenumbers  # slow to load, and few policies name foreign numbers

    try:
        found = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
    # Not is_possible_number(): it takes what can be dialled in one town only, too.
    return found == phonenumbers.ValidationResult.IS_POSSIBLE
