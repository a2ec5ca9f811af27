"""Seeded random policies, their source text in the language of the contract section 3, and calls at their edges.

    case = generate(seed)            # Case(policy, text, calls)

Policies are right by construction: chains go only forward in a hidden order of the extensions, mailboxes
and mobiles exist where a rule needs them, no emergency number is named. Spellings whose legality the contract
does not settle are features that can be switched (`FEATURES`, `OPTIONAL`). Calls whose answer hangs on a
reading of the contract carry the names of the readings (see `judge.Readings`).
"""

from __future__ import annotations

import dataclasses
import random
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from judge.judge import (
    BUILTIN,
    OVERSEAS,
    READINGS,
    Anonymous,
    Block,
    Builtin,
    Call,
    Closure,
    Destination,
    Everyone,
    Exact,
    Extension,
    Hours,
    Item,
    ListRef,
    NumberList,
    Policy,
    Poste,
    Prefix,
    Range,
    Rule,
    Span,
    System,
    When,
    canonical,
    e164,
    events,
    is_french,
    matches,
    overseas,
    rules_of,
)

# Spellings and constructs that the contract allows in as many words, or nearly; each can be switched off.
FEATURES = frozenset(
    {
        "keyword-case",  # DEPUIS: "keywords compare after NFC, case folding and without accents"
        "name-folding",  # secretariat for Secrétariat
        "nfd",  # decomposed accents
        "nbsp",  # no-break spaces between words and in numbers
        "guillemets",  # « Dr Martin », the inner blanks trimmed
        "crlf",
        "tricky-comments",
        "number-references",  # pour 102, vers extension 101: a poste by its number where a name stands
        "feries-compris",  # on the header line of the horaires, after its name
        "overseas-code",  # +262 692 12 34 56 in the policy
        "keyword-names",  # poste 103 "mobile"
        "odd-names",  # "#3 bureau", "R&D <Paris>", "a${b}"
        "zones",  # fuseau other than Europe/Paris
        "no-zone",  # no fuseau line
    }
)
# Nothing in the contract says that these are legal.
OPTIONAL = frozenset(
    {
        "curly-quotes",  # “Dr Martin”
        "alsace-moselle",  # fériés Alsace-Moselle 2026..2030
        "late-declarations",  # pour blocks before the declarations they use
        "single-date",  # fermeture pont = 2026-05-15
        "several-periods",  # fermeture congés = A..B, C..D
        "feries-compris-line",  # "fériés compris" as a line of the block
        "unknown-called",  # calls to a number that is not the policy's
        "called-system",  # calls to a système of the policy
    }
)


@dataclass(frozen=True)
class TaggedCall:
    call: Call
    expected: str
    hangs_on: tuple[str, ...]  # names of the readings that change the answer


@dataclass(frozen=True)
class Case:
    seed: int
    policy: Policy
    text: str
    calls: tuple[TaggedCall, ...]


def generate(seed: int, calls: int = 80, features: frozenset[str] = FEATURES) -> Case:
    policy = random_policy(random.Random(f"policy {seed}"), features)
    text = render(policy, random.Random(f"text {seed}"), features)
    return Case(seed, policy, text, random_calls(policy, random.Random(f"calls {seed}"), calls, features))


# --- policies -----------------------------------------------------------------------------------------------

NAMES = ("Accueil", "Secrétariat", "Dr Martin", "Compta", "Atelier", "Zoé", "Direction Générale", "Ümit",
         "Léa Noël", "L'Étage", "Jean-Paul", "Service après-vente", "Dépôt 2")  # fmt: skip
KEYWORD_NAMES = ("mobile", "Interne", "Système", "depuis", "Occupé")
ODD_NAMES = ("#3 bureau", "R&D <Paris>", "a${b}", "c, d", "e;f=g", "h*", "i|j'k", "100%", "x\\n")
SYSTEM_NAMES = ("Standard", "Patients", "Menu vocal", "Commerce")
LIST_NAMES = ("VIP", "Confrères", "Clients de l'été", "Fâcheux")
HOURS_NAMES = ("bureau", "Soirée", "garde de nuit")
CLOSURE_NAMES = ("congés", "Été", "pont de mai")
SYSTEM_BASES = {100: 800, 200: 800, 40: 90, 4010: 7000, 80: 60}  # of the extensions: of the systems
OTHER_PREFIXES = ("39", "118", "10", "3", "33", "6", "36", "2")  # no prefix of an emergency number
SHORT_NUMBERS = ("3949", "118008", "3103", "1023", "36", "3631")
FOREIGN = (
    *("+442071234567", "+32470123456", "+41791234567", "+12125550100"),
    *("+351211234567", "+21612345", "+39061234567"),
)
ZONES = ("Indian/Reunion", "America/Martinique", "Europe/Paris", "Pacific/Noumea")


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def random_french(rng: random.Random) -> str:
    listed = [beginning for each in BUILTIN.values() for beginning in each]
    beginning = rng.choice(("06", "07", "01", "04", "09", *rng.sample(listed, 4), rng.choice(list(OVERSEAS))))
    return beginning + digits(rng, 10 - len(beginning))


class Numbers:
    """The few numbers that a policy is about, so that its rules overlap."""

    def __init__(self, rng: random.Random, extensions: Sequence[str]):
        self.rng = rng
        self.extensions = extensions
        self.french = [n for n in (random_french(rng) for _ in range(5)) if n[:4] not in ("0700", "0901")]
        self.french.append("06" + digits(rng, 8))
        self.french.append(rng.choice(("0692", "0690", "0262", "0508")) + digits(rng, 6))
        self.mobiles = [n for n in self.french if not n.startswith("08")]
        self.foreign = rng.sample(FOREIGN, 3)

    def pattern(self) -> Item:
        rng = self.rng
        kind = rng.randrange(20)
        if kind < 8:
            return Prefix(rng.choice(self.french)[: rng.choice((1, 2, 2, 2, 3, 4, 4, 6, 9))])
        if kind < 11:
            return Exact(rng.choice(self.french))
        if kind < 13:
            number = rng.choice([n for n in self.french if not overseas(n)])
            return Range(*self.around(number))
        if kind == 13:
            return Exact(rng.choice(self.foreign))
        if kind == 14:
            return Prefix(rng.choice(self.foreign)[: rng.choice((1, 2, 3, 3, 5))])
        if kind == 15:
            return Prefix(rng.choice(("+", "+33", "+3", "+262", "+2", "+590", "+26269")))
        if kind == 16:
            return Prefix(rng.choice(OTHER_PREFIXES))
        if kind == 17:
            return Exact(rng.choice(SHORT_NUMBERS))
        if kind == 18:
            return Exact(rng.choice(self.extensions))
        first, last = sorted(rng.sample(self.extensions, 2), key=int)
        return Range(first, last) if len(first) == len(last) else Exact(first)

    def around(self, number: str) -> tuple[str, str]:
        width = self.rng.choice((1, 2, 4, 6))
        low, high = sorted((digits(self.rng, width), digits(self.rng, width)))
        if self.rng.random() < 0.3:
            low, high = "0" * width, "9" * width
        return number[:-width] + low, number[:-width] + high


def random_policy(rng: random.Random, features: frozenset[str] = FEATURES) -> Policy:
    base = rng.choice((100, 100, 200, 40, 4010, 80))
    names = list(NAMES)
    if "keyword-names" in features and rng.random() < 0.3:
        names += KEYWORD_NAMES
    if "odd-names" in features and rng.random() < 0.3:
        names += ODD_NAMES
    count = rng.randint(2, 8)
    step_by = rng.choice((1, 1, 10)) if base in (200, 4010) else 1
    own_numbers = [str(base + step_by * i) for i in range(count)]
    numbers = Numbers(rng, own_numbers)
    extensions = tuple(
        Extension(
            number,
            name,
            mobile=rng.choice((None, rng.choice(numbers.mobiles), "06" + digits(rng, 8))),
            voicemail=rng.random() < 0.65,
            ring=rng.choice((20, 20, 20, 5, 12, 30, 60)),
        )
        for number, name in zip(own_numbers, rng.sample(names, count), strict=True)
    )
    first = SYSTEM_BASES[base]
    systems = tuple(
        System(str(first + (10 if first > 100 else 1) * i), name, rng.choice(("groupe", "file", "svi")))
        for i, name in enumerate(rng.sample(SYSTEM_NAMES, rng.randint(1, 3)))
    )
    lists = tuple(
        NumberList(name, tuple(dict.fromkeys(numbers.pattern() for _ in range(rng.randint(1, 5)))))
        for name in rng.sample(LIST_NAMES, rng.randint(0, 3))
    )
    hours = tuple(random_hours(rng, name, features) for name in rng.sample(HOURS_NAMES, rng.randint(0, 2)))
    closure_names = rng.sample(CLOSURE_NAMES, rng.choice((0, 0, 1, 2)))
    closures = tuple(random_closure(rng, name, features) for name in closure_names)
    years: tuple[str, int, int] | None = None
    if rng.random() < 0.6:
        region = "Alsace-Moselle" if "alsace-moselle" in features and rng.random() < 0.3 else "France"
        years = (region, rng.choice((2026, 2026, 2027)), rng.choice((2027, 2028, 2030)))
    policy = Policy(
        extensions,
        systems,
        lists,
        hours,
        closures,
        frozenset(french_holidays(*years) if years else ()),
        (),
        rng.choice(ZONES) if "zones" in features and rng.random() < 0.25 else "Europe/Paris",
        years,
    )
    return replace(policy, blocks=tuple(random_blocks(rng, policy, numbers)))


def random_hours(rng: random.Random, name: str, features: frozenset[str]) -> Hours:
    """Day groups and spans of a day do not overlap: the contract does not say what that would mean."""
    spans: list[Span] = []
    cuts = sorted(rng.sample(range(8), rng.choice((2, 2, 3, 3, 4))))
    for first, after in pairwise(cuts):
        days = frozenset(range(first, after))
        kind = rng.random()
        if kind < 0.25:
            end = time(rng.choice((0, 2, 6)), rng.choice((0, 0, 30)))
            spans.append(Span(days, time(rng.choice((20, 22, 23)), rng.choice((0, 30))), end))
            if rng.random() < 0.3:
                spans.append(Span(days, time(9), time(12, 30)))
        elif kind < 0.7:
            spans.append(Span(days, time(9), time(12, 30)))
            spans.append(Span(days, time(14), time(18, rng.choice((0, 30)))))
        elif kind < 0.9 or not spans:
            start = rng.randrange(23)
            end = time(rng.randint(start + 1, 23), rng.choice((0, 15, 59)))
            spans.append(Span(days, time(start, rng.choice((0, 30, 45))), end))
    compris = bool({"feries-compris", "feries-compris-line"} & features) and rng.random() < 0.3
    return Hours(name, tuple(spans), compris)


def random_closure(rng: random.Random, name: str, features: frozenset[str]) -> Closure:
    periods = []
    for _ in range(rng.choice((1, 2)) if "several-periods" in features else 1):
        start = date(2026, 1, 1) + timedelta(days=rng.randrange(800))
        periods.append((start, start + timedelta(days=rng.choice((0, 1, 4, 14)))))
    if rng.random() < 0.3:
        periods = [(date(2026, 12, 24), date(2027, 1, 2))]
    return Closure(name, tuple(periods))


def easter(year: int) -> date:
    """The Anonymous Gregorian algorithm."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def french_holidays(region: str, first: int, last: int) -> Iterable[date]:
    for year in range(first, last + 1):
        for month, day in ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)):
            yield date(year, month, day)
        for days in (1, 39, 50):  # Easter Monday, Ascension, Whit Monday
            yield easter(year) + timedelta(days=days)
        if region == "Alsace-Moselle":
            yield easter(year) - timedelta(days=2)
            yield date(year, 12, 26)


def random_blocks(rng: random.Random, policy: Policy, numbers: Numbers) -> list[Block]:
    order = [e.number for e in policy.extensions]
    rng.shuffle(order)
    blocks = []
    for number in order:
        if rng.random() < 0.85:
            for _ in range(rng.choice((1, 1, 1, 2))):  # several `pour X` continue one another
                count = rng.randint(1, 4)
                rules = tuple(random_rule(rng, policy, numbers, order, [number]) for _ in range(count))
                blocks.append(Block("own", rules, number))
    for scope, chance in (("first", 0.3), ("all", 0.4), ("all", 0.2)):
        if rng.random() < chance:
            kept = order[: rng.choice((len(order), len(order), rng.randint(1, len(order))))]
            excluded = [n for n in order if n not in kept]
            count = rng.randint(1, 2)
            rules = tuple(random_rule(rng, policy, numbers, order, kept) for _ in range(count))
            blocks.append(Block(scope, rules, excluded=tuple(excluded)))
    rng.shuffle(blocks)
    return blocks


def random_rule(rng: random.Random, policy: Policy, numbers: Numbers, order: list[str], covered: list[str]) -> Rule:
    callers = random_callers(rng, policy, numbers)
    excepted: tuple[Item, ...] = ()
    if rng.random() < 0.3:
        excepted = random_exceptions(rng, policy, numbers, callers)
    times: list[When] = []
    if rng.random() < 0.5:
        choices = [("hours", h.name) for h in policy.hours] * 2
        choices += [("closure", c.name) for c in policy.closures]
        if policy.holidays:
            choices.append(("holidays", ""))
        for kind, name in rng.sample(choices, min(len(choices), rng.choice((1, 1, 2)))):
            if not any((w.kind, w.name) == (kind, name) for w in times):
                times.append(When(kind, name, rng.random() < 0.6))
    until = None
    if rng.random() < 0.15:
        until = rng.choice((date(2026, 12, 31), date(2027, 3, 28), date(2027, 6, 30), date(2028, 2, 29)))
    return Rule(
        callers,
        random_destination(rng, policy, order, covered),
        excepted,
        rng.choice(("", "", "", "", "internal", "external")),
        tuple(times),
        until,
    )


def random_callers(rng: random.Random, policy: Policy, numbers: Numbers) -> tuple[Item, ...]:
    kind = rng.random()
    if kind < 0.2:
        return (Everyone(),)
    if kind < 0.3:
        return (Anonymous(),)
    count = rng.choice((1, 1, 2, 3, 5))
    return tuple(dict.fromkeys(random_item(rng, policy, numbers) for _ in range(count)))


def random_item(rng: random.Random, policy: Policy, numbers: Numbers) -> Item:
    kind = rng.random()
    if kind < 0.15:
        return Builtin(rng.choice((*BUILTIN, "étranger")))
    if kind < 0.25:
        return Poste(rng.choice(policy.extensions).number)
    if kind < 0.4 and policy.lists:
        return ListRef(rng.choice(policy.lists).name)
    if kind < 0.44:
        return Anonymous()
    return numbers.pattern()


def random_exceptions(
    rng: random.Random, policy: Policy, numbers: Numbers, callers: tuple[Item, ...]
) -> tuple[Item, ...]:
    inner: list[Item] = []
    for item in callers:
        if isinstance(item, Prefix) and 2 <= len(item.text) < 8 and item.text[0] == "0":
            inner.append(Prefix(item.text + rng.choice("123456789")))
        elif isinstance(item, Range):
            inner.append(Exact(item.last))
        elif isinstance(item, Everyone):
            inner.append(rng.choice((Anonymous(), Builtin("mobiles"), Prefix("+"), Prefix("0"))))
    inner.append(random_item(rng, policy, numbers))
    chosen = dict.fromkeys(rng.sample(inner, rng.randint(1, len(inner))))
    return tuple(item for item in chosen if item not in callers) or (Exact("0612345678"),)


def random_destination(rng: random.Random, policy: Policy, order: list[str], covered: list[str]) -> Destination:
    known = [policy.extension(number) for number in covered]
    mailboxes = all(e is not None and e.voicemail for e in known)
    mobiles = all(e is not None and e.mobile for e in known)
    later = order[max(order.index(number) for number in covered) + 1 :]
    with_mailbox = [e.number for e in policy.extensions if e.voicemail]
    choices = [Destination("busy"), Destination("ring")]
    choices.append(Destination("system", rng.choice(policy.systems).number))
    outside = ("0442930698", "0140506070", "0612340000", "+442071234567", "+32470123456", "0692123456")
    number = rng.choice(outside)
    choices.append(Destination("external", number))
    if mailboxes:
        choices += [Destination("voicemail"), Destination("external", number, rebound=True)]
    if mobiles:
        choices.append(Destination("mobile"))
    if mobiles and mailboxes:
        choices.append(Destination("mobile", rebound=True))
    if later:
        choices += [Destination("extension", rng.choice(later))] * 3
    if with_mailbox:
        choices.append(Destination("extension-voicemail", rng.choice(with_mailbox)))
    return rng.choice(choices)


# --- source text --------------------------------------------------------------------------------------------

KEYWORDS = frozenset(
    "politique fuseau poste extension groupe file svi mobile messagerie sonne liste horaires feries "
    "fermeture pour tous sauf en priorite depuis vers anonyme interne externe pendant hors les compris "
    "jusqu au rebond occupe systeme sonnerie motif inclure annuaire test appel de le donne garantie ne "
    "jamais mobiles fixes etranger surtaxes demarchage france lundi mardi mercredi jeudi vendredi "
    "samedi dimanche".split()
)
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
COMMENTS = ("commentaire", "vu avec le Dr", "à revoir en 2027", "06 12 34 56 78")
TRICKY_COMMENTS = (
    *('"non fermé', "vers occupé", "« ouvert", "depuis * vers messagerie", "l’été ## encore #"),
    "pour tous",
)
MOTIVES = ('"campagne 2026"', '"a # b"', "« c’est l’été »", '"vers occupé"', '"${EXTEN} <x>&amp;"')
GUILLEMETS = ("« {} »", "«{}»", "«\u00a0{}\u00a0»", "«\u202f{}\u202f»")


def unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


class Writer:
    """Writes a policy in one of its many spellings."""

    def __init__(self, policy: Policy, rng: random.Random, features: frozenset[str], plain: bool = False):
        self.policy = policy
        self.rng = rng
        self.features = features
        self.plain = plain
        self.rule_lines: dict[tuple[int, int], int] = {}  # block and rule, by their places: line of the text
        # A text has a style: most texts are mostly tame, some are wild.
        self.wildness = 0.0 if plain else rng.choice((0.0, 0.1, 0.3, 0.6))

    def wild(self, feature: str = "", times: float = 1.0) -> bool:
        allowed = not feature or feature in self.features
        return self.rng.random() < self.wildness * times and allowed

    # words

    def keyword(self, text: str) -> str:
        if self.wild():
            text = unaccented(text)
        if self.wild("keyword-case", 0.3):
            text = self.rng.choice((text.upper(), text.capitalize()))
        if self.wild("nfd", 0.3):
            text = unicodedata.normalize("NFD", text)
        return text.replace("'", "’") if self.wild() else text

    def words(self, *parts: str) -> str:
        return "".join(part + self.blank() for part in parts if part).rstrip(" \t\u00a0\u202f")

    def blank(self) -> str:
        if self.wild(times=0.3):
            return self.rng.choice(("  ", "\t", "   "))
        return self.rng.choice("\u00a0\u202f") if self.wild("nbsp", 0.2) else " "

    def name(self, name: str, declared: bool = False) -> str:
        if not declared and self.wild("name-folding"):
            name = self.rng.choice((name.lower(), unaccented(name), name.upper()))
        if self.wild("nfd", 0.3):
            name = unicodedata.normalize("NFD", name)
        if self.wild() and "'" in name:
            name = name.replace("'", "’")
        bare = unaccented(name)
        if bare.isalpha() and bare.casefold() not in KEYWORDS and not self.wild():
            return name
        if self.wild("curly-quotes"):
            return f"“{name}”"
        if self.wild("guillemets"):
            return self.rng.choice(GUILLEMETS).format(name)
        return f'"{name}"'

    def poste(self, number: str, declared: bool = False) -> str:
        extension = self.policy.extension(number)
        assert extension is not None
        if not declared and self.wild("number-references", 0.5):
            return number
        return self.name(extension.name, declared)

    # numbers

    def space(self) -> str:
        return self.rng.choice("\u00a0\u202f") if self.wild("nbsp") else " "

    def grouped(self, number: str, sizes: Iterable[int]) -> str:
        groups, at = [], 0
        for size in sizes:
            groups.append(number[at : at + size])
            at += size
        groups.append(number[at:])
        return self.space().join(group for group in groups if group)

    def french(self, number: str) -> str:
        code = overseas(number)
        choices: list[Callable[[], str]] = [lambda: number, lambda: self.grouped(number, (2, 2, 2, 2, 2))]
        if code and code != "508" and "overseas-code" in self.features:
            choices.append(lambda: f"+{code}{number[1:]}")
            choices.append(lambda: f"+{code} " + self.grouped(number[1:], (3, 2, 2)))
        if not code:
            nine = (1, 2, 2, 2, 2)
            choices.append(lambda: "+33" + number[1:])
            choices.append(lambda: "0033" + number[1:])
            choices.append(lambda: "+33 " + self.grouped(number[1:], nine))
            choices.append(lambda: "0033 " + self.grouped(number[1:], nine))
            choices.append(lambda: "+33 (0)" + self.grouped(number[1:], nine))
        return self.rng.choice(choices if self.wild(times=1.5) else choices[:2])()

    def exact(self, number: str) -> str:
        if number.startswith("+"):
            if self.wild():
                return "00" + number[1:]
            return self.grouped(number, (3, 2, 3, 4)) if self.wild() else number
        return self.french(number) if is_french(number) and len(number) == 10 else number

    def prefix(self, text: str) -> str:
        if text in ("+", "0"):
            return "00*" if text == "+" and self.wild() else text + "*"
        if text.startswith("+"):
            sign = "00" if self.wild() else "+"
            rest = self.grouped(text[1:], (2,)) if self.wild() else text[1:]
            return sign + rest + "*"
        if text.startswith("0"):
            if self.wild(times=1.5):
                sign = self.rng.choice(("+33", "0033")) + self.rng.choice(("", " "))
                return sign + self.grouped(text[1:], (1, 2, 2, 2, 2)) + "*"
            return (self.grouped(text, (2, 2, 2, 2)) if self.wild(times=2) else text) + "*"
        return text + "*"

    def range(self, item: Range) -> str:
        if is_french(item.first) and self.wild():
            sign = self.rng.choice(("+33", "0033"))
            return f"{sign}{item.first[1:]}..{sign}{item.last[1:]}"
        if is_french(item.first) and self.wild():
            pairs = (2, 2, 2, 2)
            return f"{self.grouped(item.first, pairs)}..{self.grouped(item.last, pairs)}"
        return f"{item.first}..{item.last}"

    def item(self, item: Item) -> str:
        match item:
            case Everyone():
                return "*"
            case Anonymous():
                return self.keyword("anonyme")
            case Exact(number):
                return self.exact(number)
            case Prefix(text):
                return self.prefix(text)
            case Range():
                return self.range(item)
            case Poste(number):
                extension = self.policy.extension(number)
                assert extension is not None
                return self.name(extension.name)
            case Builtin(name):
                return self.keyword(name)
            case ListRef(name):
                return self.name(name)

    def items(self, items: Sequence[Item]) -> str:
        """Comma and blank separate alike, but after a foreign number or a range only a comma is safe."""
        text = ""
        for at, item in enumerate(items):
            text += self.item(item)
            if at + 1 < len(items):
                foreign = isinstance(item, Exact) and item.number.startswith("+")
                with_code = isinstance(item, Exact) and overseas(item.number)
                only_comma = isinstance(item, Range) or foreign or with_code
                blank = not only_comma and self.rng.random() < 0.5
                text += self.blank() if blank else self.rng.choice((", ", ", ", ","))
        return text

    # times

    def day(self, day: date) -> str:
        french = self.rng.random() < 0.4 and not self.plain
        return day.strftime("%d/%m/%Y") if french else day.isoformat()

    def hour(self, at: time) -> str:
        clock = f"{at.hour:02d}:{at.minute:02d}"
        spoken = f"{at.hour}h{at.minute:02d}" if at.minute else f"{at.hour}h"
        return clock if self.plain else self.rng.choice((clock, spoken))

    def days(self, days: frozenset[int]) -> str:
        ordered = sorted(days)
        first, last = DAYS[ordered[0]], DAYS[ordered[-1]]
        if first == last:
            return self.keyword(first)
        return self.keyword(first) + ("–" if self.wild() else "-") + self.keyword(last)

    def when(self, when: When) -> str:
        word = self.keyword("pendant" if when.inside else "hors")
        if when.kind == "holidays":
            return self.words(word, self.keyword("les"), self.keyword("fériés"))
        return self.words(word, self.name(when.name))

    # lines

    def destination(self, destination: Destination) -> str:
        rebound = self.keyword("rebond") if destination.rebound else ""
        extension = self.keyword("poste" if self.wild() else "extension")
        match destination.kind:
            case "ring":
                return self.keyword("sonnerie")
            case "voicemail":
                return self.keyword("messagerie")
            case "busy":
                return self.keyword("occupé")
            case "mobile":
                return self.words(self.keyword("mobile"), rebound)
            case "external":
                number = destination.number
                written = number if number.startswith("+") else self.french(number)
                return self.words(self.keyword("externe"), written, rebound)
            case "extension":
                return self.words(extension, self.poste(destination.number))
            case "extension-voicemail":
                return self.words(extension, self.poste(destination.number), self.keyword("messagerie"))
            case "system":
                [system] = [s for s in self.policy.systems if s.number == destination.number]
                return self.words(self.keyword("système"), self.name(system.name))
        raise ValueError(destination)

    def rule(self, rule: Rule) -> str:
        kind = {"": "", "internal": "interne", "external": "externe"}[rule.only]
        # `depuis interne` is `depuis * interne`
        bare = bool(kind) and rule.callers == (Everyone(),) and not rule.excepted
        alone = bare and self.rng.random() < 0.6
        return self.words(
            self.keyword("depuis"),
            "" if alone else self.items(rule.callers),
            self.words(self.keyword("sauf"), self.items(rule.excepted)) if rule.excepted else "",
            self.keyword(kind),
            *(self.when(when) for when in rule.times),
            self.keyword("vers"),
            self.destination(rule.destination),
            self.words(self.keyword("jusqu'au"), self.day(rule.until)) if rule.until else "",
            self.words(self.keyword("motif"), self.rng.choice(MOTIVES)) if self.wild(times=0.4) else "",
        )

    def block(self, block: Block) -> list[str]:
        if block.scope == "own":
            head = self.words(self.keyword("pour"), self.poste(block.extension))
        else:
            priority = [self.keyword("en"), self.keyword("priorité")] if block.scope == "first" else []
            separator = self.rng.choice((", ", " "))
            names = separator.join(self.poste(number) for number in block.excluded)
            excluded = [self.keyword("sauf"), names] if names else []
            head = self.words(self.keyword("pour"), self.keyword("tous"), *priority, *excluded)
        return ["", head, *(self.indent() + self.rule(rule) for rule in block.rules)]

    def indent(self) -> str:
        return self.rng.choice(("", "\t", "      ")) if self.wild(times=0.5) else "  "

    def extension(self, extension: Extension) -> str:
        options = []
        if extension.mobile:
            options.append(self.words(self.keyword("mobile"), self.french(extension.mobile)))
        if extension.voicemail:
            options.append(self.keyword("messagerie"))
        if extension.ring != 20 or self.wild(times=0.5):
            options.append(self.words(self.keyword("sonne"), f"{extension.ring}s"))
        if not self.plain:
            self.rng.shuffle(options)
        word = self.keyword("extension" if self.wild(times=0.5) else "poste")
        name = self.poste(extension.number, declared=True)
        return self.words(word, extension.number, name, ", ".join(options))

    def number_list(self, known: NumberList) -> list[str]:
        head = self.words(self.keyword("liste"), self.name(known.name, declared=True))
        if self.rng.random() < 0.5:
            return [f"{head} = {self.items(known.items)}"]
        return [head, *(self.indent() + self.item(item) for item in known.items)]

    def hours(self, hours: Hours) -> list[str]:
        compris = self.words(self.keyword("fériés"), self.keyword("compris")) if hours.holidays_included else ""
        as_line = "feries-compris-line" in self.features
        name = self.name(hours.name, declared=True)
        head = self.words(self.keyword("horaires"), name, "" if as_line else compris)
        lines: list[str] = []
        spans = list(hours.spans)
        while spans:
            days = spans[0].days
            together = [span for span in spans if span.days == days]
            spans = [span for span in spans if span.days != days]
            dash = "–" if self.wild() else "-"
            written = [self.hour(s.start) + dash + self.hour(s.end) for s in together]
            lines.append(self.indent() + self.words(self.days(days), *written))
        if compris and as_line:
            lines.append(self.indent() + compris)
        return [head, *lines]

    def closure(self, closure: Closure) -> str:
        periods = []
        for first, last in closure.periods:
            single = first == last and "single-date" in self.features
            periods.append(self.day(first) if single else f"{self.day(first)}..{self.day(last)}")
        name = self.name(closure.name, declared=True)
        return self.words(self.keyword("fermeture"), name, "=", ", ".join(periods))

    def text(self) -> str:
        policy, rng = self.policy, self.rng
        lines = [self.words(self.keyword("politique"), '"Essai « fou »"' if self.wild() else '"Essai"')]
        if policy.zone != "Europe/Paris" or "no-zone" not in self.features or rng.random() < 0.6:
            lines.append(self.words(self.keyword("fuseau"), policy.zone))
        declarations = [[self.extension(e)] for e in policy.extensions]
        for system in policy.systems:
            name = self.name(system.name, declared=True)
            declarations.append([self.words(self.keyword(system.kind), system.number, name)])
        if not self.plain:
            rng.shuffle(declarations)
        declarations += [self.number_list(known) for known in policy.lists]
        declarations += [self.hours(hours) for hours in policy.hours]
        declarations += [[self.closure(closure)] for closure in policy.closures]
        if policy.holiday_years:
            region, first, last = policy.holiday_years
            declarations.append([self.words(self.keyword("fériés"), region, f"{first}..{last}")])
        blocks = [self.block(block) for block in policy.blocks]
        late = "late-declarations" in self.features and rng.random() < 0.5
        parts = blocks + declarations if late else declarations + blocks
        above = len(lines) + (0 if late else sum(map(len, declarations)))
        for at, block in enumerate(blocks):  # an empty line, the head, then a line a rule; lines count from 1
            rules = range(len(policy.blocks[at].rules))
            self.rule_lines |= {(at, rule): above + 3 + rule for rule in rules}
            above += len(block)
        lines += [line for part in parts for line in part]
        lines = [self.commented(line) for line in lines]
        end = "\r\n" if self.wild("crlf", 0.3) else "\n"
        return end.join(lines) + (end if not self.wild(times=0.3) else "")

    def commented(self, line: str) -> str:
        if not self.wild(times=0.4):
            return line
        choices = COMMENTS + (TRICKY_COMMENTS if "tricky-comments" in self.features else ())
        return line + self.rng.choice((" # ", "   #", "\t# ")) + self.rng.choice(choices)


def render(policy: Policy, rng: random.Random, features: frozenset[str] = FEATURES, plain: bool = False) -> str:
    return Writer(policy, rng, features, plain).text()


# --- calls --------------------------------------------------------------------------------------------------

ANONYMOUS_SPELLINGS = (
    *("anonymous", "Anonymous", "private", "Private", "unknown", "Restricted", "unavailable", "withheld"),
    *("blocked", "", " ", "ANONYMOUS", "anonymous@anonymous.invalid"),
)
HOSTILE = ('0" | "1"="1', "s", "_X.", "${SHELL(id)}", "06&12", "06" + "1" * 38, "0612345678&SIP/100", "*",
           "06*", "0612*", "_06XXXXXXXX", "${EXTEN}", "06'12", "06,12,34", "06|07", "<0612345678>",
           "061234567a", "i", "t", "h", "..", "+", "00", "+33", "0", "39;49", "]]>&amp;06", "0612345678)",
           "[06]", "$[1=1]", "39" + "4" * 30, "+44" + "7" * 30, "06.*", "^06", "0612345678$", "\\d+",
           "٠٦١٢٣٤٥٦٧٨", "%30612", "-1", "1e3", "0x10", "inf", "None")  # fmt: skip
# One of each row of the table of section 4, and what stands beside it.
EVERYWHERE = ("0612345678", "+33612345678;verstat=TN-Validation-Passed", "+262692123456", "00262692123456",
              "0692123456", "+442071234567", "00442071234567", "3949", "118008", "17", "112", "+3361234",
              "07001234567890", "09011234567890", "0700123456", "+330612345678", "+33 (0)6 12 34 56 78",
              "33012345678", "+262612345678", "+508411234", "00508411234", "0508411234", "+508508411234",
              "262692123456", "+33692123456", "+590690123456", "+594694123456", "+596696123456",
              "+262639123456", "+337001234567890", "0033612345678@10.0.0.1", "+33-6-12-34-56-78",
              "06/12/34/56/78", "123456789", "012345678", "00123456789", "+0612345678")  # fmt: skip


def boundary_numbers(rng: random.Random, policy: Policy, item: Item) -> list[str]:
    """Canonical numbers inside the item's set, and just outside it."""
    match item:
        case Everyone():
            return [random_french(rng), rng.choice(FOREIGN), rng.choice(SHORT_NUMBERS)]
        case Anonymous():
            return [rng.choice(ANONYMOUS_SPELLINGS)]
        case Exact(number) | Poste(number):
            return [number, number, step(number, 1), step(number, -1), number + "0", number[:-1]]
        case Range(first, last):
            return [first, last, step(first, -1), step(last, 1), step(first, 1), first + "0", first[:-1]]
        case Builtin("étranger"):
            return [*FOREIGN, "+3361234", "+262692123456", "+1234", "+" + "1" * 15, "0033123456789"]
        case Builtin(name):
            return boundary_numbers(rng, policy, Prefix(rng.choice(BUILTIN[name])))
        case ListRef(name):
            [known] = [each for each in policy.lists if each.name == name]
            return boundary_numbers(rng, policy, rng.choice(known.items))
        case Prefix(text):
            return prefix_boundaries(rng, text)


def prefix_boundaries(rng: random.Random, text: str) -> list[str]:
    if text.startswith("+"):
        rest = [digits(rng, count) for count in (2, 4, 7, 9, 9, 11)]
        found = [text + r for r in rest if 4 <= len(text + r) - 1 <= 15 and len(text) > 1]
        found += [
            text + "1234567890"[: 16 - len(text)],
            text[:-1] + "9876543",
            rng.choice(FOREIGN),
            "0612345678",
        ]
        if text[1:2] in "2355":
            found += ["0692123456", "0262123456", "0690123456", "+262692123456", "0508411234", "+3361234"]
        return found
    if text.startswith("0"):
        left = 10 - len(text)
        beside = [text[:-1] + d for d in "0123456789" if d != text[-1]] if len(text) > 1 else ["1", "3", "9"]
        found = [text + "0" * left, text + "9" * left, text + digits(rng, left), text + digits(rng, left)]
        found += [other + digits(rng, left) for other in rng.sample(beside, 2)]
        found += [step(text + "9" * left, 1), step(text + "0" * left, -1)]
        found += [text + digits(rng, left - 1), text + digits(rng, left + 1), text]
        if "0700".startswith(text[:4]) or "0901".startswith(text[:4]):
            start = max(rng.choice(("0700", "0901")), text) if len(text) < 4 else text
            found.append(start + digits(rng, 14 - len(start)))
        return [n for n in found if n]
    found = [text, text + "0", text + "99", text[:-1] or "4", step(text, 1), step(text, -1) + "9"]
    return found + [text + digits(rng, count) for count in (2, 6, 9 - len(text), 10 - len(text))]


def step(number: str, by: int) -> str:
    sign, rest = ("+", number[1:]) if number.startswith("+") else ("", number)
    if not rest.isdigit() or not rest.isascii():
        return number
    return sign + str((int(rest) + by) % 10 ** len(rest)).zfill(len(rest))


def present(rng: random.Random, number: str) -> str:
    """One of the presentations that a trunk may use for a canonical number."""
    if is_french(number) and len(number) == 10:
        nine = number[1:]
        forms = [
            number,
            "+33" + nine,
            "0033" + nine,
            "33" + nine,
            nine,
            " ".join(number[i : i + 2] for i in range(0, 10, 2)),
        ]
        forms.append("+33 " + " ".join((nine[0], nine[1:3], nine[3:5], nine[5:7], nine[7:])))
        forms.append(f"+33{nine};verstat=TN-Validation-Passed")
        forms.append(f"{number}@192.0.2.1")
        forms.append(rng.choice(".-").join(number[i : i + 2] for i in range(0, 10, 2)))
        if overseas(number):
            international = e164(number)
            forms += [international, "00" + international[1:], international, "00" + international[1:]]
        return rng.choice(forms)
    if number.startswith("+"):
        rest = number[1:]
        return rng.choice(
            (number, number, "00" + rest, f"+{rest[:2]} {rest[2:5]} {rest[5:]}".rstrip(), number + ";x=y")
        )
    return number


def instants(rng: random.Random, policy: Policy, whens: Iterable[When], until: date | None) -> list[datetime]:
    """Both sides of the boundaries of these clauses."""
    edges: list[datetime] = []
    some_day = date(2026, 1, 1) + timedelta(days=rng.randrange(1000))
    days = [some_day + timedelta(days=i) for i in range(7)]
    if policy.holidays:
        days += [rng.choice(sorted(policy.holidays)) for _ in range(2)]
    days += [closure.periods[0][0] for closure in policy.closures]
    midnight = time()
    for when in whens:
        if when.kind == "hours":
            [hours] = [h for h in policy.hours if h.name == when.name]
            span = rng.choice(hours.spans)
            edges += [datetime.combine(rng.choice(days), edge) for edge in (span.start, span.end) for _ in range(3)]
            on_day = next(day for day in days if day.weekday() in span.days)
            edges += [datetime.combine(on_day, span.start), datetime.combine(on_day, span.end)]
            edges.append(edges[-1] + timedelta(days=span.end <= span.start))
        elif when.kind == "closure":
            [closure] = [c for c in policy.closures if c.name == when.name]
            for first, last in closure.periods:
                edges += [
                    datetime.combine(first, midnight),
                    datetime.combine(last, midnight) + timedelta(days=1),
                ]
        else:
            day = datetime.combine(rng.choice(sorted(policy.holidays)), midnight)
            edges += [day, day, day + timedelta(days=1)]
    if until:
        edges.append(datetime.combine(until, midnight) + timedelta(days=1))
    beside = [timedelta(0), timedelta(minutes=-1), timedelta(seconds=-1), timedelta(minutes=1)]
    return [edge + rng.choice(beside) for edge in edges]


CLOCK_CHANGES = (datetime(2026, 3, 29, 1, 59, 59), datetime(2026, 3, 29, 3), datetime(2026, 10, 25, 2, 30),
                 datetime(2026, 10, 25, 3), datetime(2026, 10, 25, 1, 59), datetime(2027, 3, 28, 1, 59),
                 datetime(2027, 3, 28, 3, 0), datetime(2027, 10, 31, 2, 0),
                 datetime(2027, 10, 31, 23, 59, 59), datetime(2026, 3, 29, 9), datetime(2026, 10, 25, 22),
                 datetime(2026, 10, 26, 5, 59, 59))  # fmt: skip
CALENDAR = (datetime(2026, 12, 31, 23, 59, 59), datetime(2027, 1, 1), datetime(2028, 2, 29, 12),
            datetime(2026, 1, 1), datetime(2028, 12, 31, 23, 59), datetime(2031, 1, 1, 10),
            datetime(2025, 12, 25, 10))  # fmt: skip


def exists(instant: datetime, zone: str) -> bool:
    """Not in the hour that a clock change skips (which no wall clock shows)."""
    from_utc = instant.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
    return from_utc.replace(tzinfo=None) == instant


def random_instant(rng: random.Random, policy: Policy, rule: Rule | None) -> datetime:
    pool: list[datetime] = []
    if rule and rng.random() < 0.75:
        pool = instants(rng, policy, rule.times, rule.until)
    if not pool and rng.random() < 0.3:
        everything = [When("hours", h.name) for h in policy.hours] + [When("closure", c.name) for c in policy.closures]
        pool = instants(rng, policy, everything + ([When("holidays")] if policy.holidays else []), None)
    if not pool:
        pool = [*rng.sample(CLOCK_CHANGES, 2), rng.choice(CALENDAR)]
        pool += [datetime(2026, 1, 1) + timedelta(minutes=rng.randrange(3 * 525_600)) for _ in range(3)]
    pool = [instant for instant in pool if exists(instant, policy.zone)]
    return rng.choice(pool) if pool else datetime(2026, 11, 23, 10)


def random_calls(
    policy: Policy, rng: random.Random, count: int, features: frozenset[str] = FEATURES
) -> tuple[TaggedCall, ...]:
    calls = []
    for _ in range(count):
        call = random_call(policy, rng, features)
        if rng.random() < 0.6 and not decided(policy, call):  # a second chance to meet a rule
            call = random_call(policy, rng, features)
        calls.append(tagged(policy, with_lines(policy, rng, call)))
    return tuple(calls)


def decided(policy: Policy, call: Call) -> bool:
    caller = canonical(call.presented, call.internal, call.restricted)
    rules = rules_of(policy, call.called)
    return any(matches(policy, rule, caller, call.internal, call.instant) for rule in rules)


def random_call(policy: Policy, rng: random.Random, features: frozenset[str]) -> Call:
    called = rng.choice(policy.extensions).number
    rules = rules_of(policy, called)
    rule = rng.choice(rules) if rules else None
    instant = random_instant(rng, policy, rule)
    odd = rng.random()
    if "unknown-called" in features and odd < 0.03:
        called = rng.choice(("999", "0612345678", "5"))
    elif "called-system" in features and odd < 0.06:
        called = rng.choice(policy.systems).number
    kind = rng.random()
    internal = (
        rng.random() < 0.25
        if rule is None or not rule.only
        else rng.random() < (0.75 if rule.only == "internal" else 0.15)
    )
    restricted = rng.random() < 0.06
    if kind < 0.08:
        return Call(rng.choice(HOSTILE), internal, restricted, called, instant)
    if kind < 0.14:
        return Call(rng.choice(ANONYMOUS_SPELLINGS), internal, restricted, called, instant)
    if kind < 0.22:
        return Call(rng.choice(EVERYWHERE), False, restricted, called, instant)
    if internal and rng.random() < 0.6:
        extension = rng.choice(policy.extensions).number
        return Call(rng.choice((extension, extension, step(extension, 1))), True, restricted, called, instant)
    items = [*rule.callers, *rule.excepted, *rule.excepted] if rule else [Everyone()]
    number = rng.choice(boundary_numbers(rng, policy, rng.choice(items)))
    if internal:
        number = number.replace("+", "")[:10]
        return Call(number, True, restricted, called, instant)
    return Call(present(rng, number), False, restricted, called, instant)


def with_lines(policy: Policy, rng: random.Random, call: Call) -> Call:
    """Give every line of the policy a state; the one that is dialled, one that suits how it is dialled."""
    outside = [e.mobile for e in policy.extensions if e.mobile]
    outside += [r.destination.number for b in policy.blocks for r in b.rules if r.destination.kind == "external"]
    plain = ("answer", "noanswer", "busy", "unavailable")
    lines = {number: rng.choice(plain) for number in [*(e.number for e in policy.extensions), *outside]}
    for event in events(policy, call).split(" > "):
        if event.startswith("rebound "):
            lines[event.split()[1]] = rng.choice(
                ("accept", "refuse", "silent", "leave", "noanswer", "busy", "unavailable")
            )
    return replace(call, lines=lines)


def tagged(policy: Policy, call: Call) -> TaggedCall:
    expected = events(policy, call)
    hangs_on = tuple(
        field.name
        for field in dataclasses.fields(READINGS)
        if events(policy, call, replace(READINGS, **{field.name: not getattr(READINGS, field.name)})) != expected
    )
    return TaggedCall(call, expected, hangs_on)


def witness(policy: Policy, call: Call) -> str:
    """The call in words, for a report."""
    kind = "internal" if call.internal else "external"
    caller = canonical(call.presented, call.internal, call.restricted) or "anonymous"
    hidden = ", restricted" if call.restricted else ""
    at = call.instant.isoformat()
    return f"{call.presented!r} ({kind}{hidden}; canonical {caller}) to {call.called} at {at}"
