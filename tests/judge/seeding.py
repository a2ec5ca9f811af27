"""Faults sown into random policies, each of a kind that is known by how it was made.

    seeded = sow(seed)         # Seeded(policy, text, lines, faults)

A fault stands in extensions of its own, which no random rule forwards to or takes calls of first. What the
construction says is told again by `edges.Atlas` (the judge asked at every edge), which also knows of all the
random rules around which of them never decide; `test_seeding.py` holds the two to each other.

What is sown, and what must be found:

    dead      a rule that matches calls and decides none            PC313 on its line, the covers beside
    nobody    a rule of `pour tous sauf` everyone                   PC313 that says so
    partly    one item of a living rule taken, to end otherwise     PC314, with the exact count of callers taken
    loop      extensions that forward some call in a circle         PC301 with these lines
    fine      close to one of these, and none of them               nothing on these lines
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time

from judge.edges import Atlas, Key
from judge.generate import FEATURES, Writer, french_holidays, random_policy
from judge.judge import (
    BUILTIN,
    RING,
    Anonymous,
    Block,
    Builtin,
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
    When,
)


@dataclass(frozen=True)
class Fault:
    kind: str  # dead, nobody, partly, loop, fine
    recipe: str
    rules: tuple[Key, ...]  # dead, partly: the one at fault; loop: the forwards; fine: all
    covers: tuple[Key, ...] = ()  # dead, partly: rules that together take the calls
    case: str = ""  # dead: same, other
    item: Item | None = None  # partly: what is taken
    taken: str = ""  # partly: from inside or outside, if not from both


@dataclass(frozen=True)
class Seeded:
    seed: int
    policy: Policy
    text: str
    lines: Mapping[Key, int]
    faults: tuple[Fault, ...]


def rule(
    *callers: Item,
    sauf: Sequence[Item] = (),
    only: str = "",
    times: Sequence[When] = (),
    until: date | None = None,
    to: Destination = RING,
) -> Rule:
    return Rule(callers, to, tuple(sauf), only, tuple(times), until)


@dataclass(frozen=True)
class Hiding:
    """Rules of one extension that together take every call of `hidden`."""

    covers: tuple[Rule, ...]
    hidden: Rule


@dataclass
class Bench:
    """A random policy to which things are added; blocks keep the order in which they are added."""

    policy: Policy
    rng: random.Random
    fresh: list[str] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)  # new extensions without rules
    added: list[Block] = field(default_factory=list)

    def extension(self) -> str:
        """A new extension with all that a rule may need."""
        number = str(5200 + 7 * len(self.fresh))
        mobile = f"0655{len(self.fresh):02d}{self.rng.randrange(10**4):04d}"
        new = Extension(number, f"Annexe {len(self.fresh)}", mobile, voicemail=True, ring=15)
        self.policy = replace(self.policy, extensions=(*self.policy.extensions, new))
        self.fresh.append(number)
        return number

    def postes(self) -> list[str]:
        return [each.number for each in self.policy.extensions]

    def numbers(self, *items: Item) -> ListRef:
        """A new list."""
        name = f"Cercle {len(self.policy.lists)}"
        self.policy = replace(self.policy, lists=(*self.policy.lists, NumberList(name, items)))
        return ListRef(name)

    def hours(self, *spans: Span, compris: bool = False, inside: bool = True) -> When:
        """New hours, or those of the policy that are the same."""
        for known in self.policy.hours:
            if (known.spans, known.holidays_included) == (spans, compris):
                return When("hours", known.name, inside)
        name = f"Cadence {len(self.policy.hours)}"
        self.policy = replace(self.policy, hours=(*self.policy.hours, Hours(name, spans, compris)))
        return When("hours", name, inside)

    def closure(self) -> When:
        """A closure, new if the policy has none."""
        if not self.policy.closures:
            new = Closure("Relâche", ((date(2026, 12, 24), date(2027, 1, 2)),))
            self.policy = replace(self.policy, closures=(new,))
        return When("closure", self.rng.choice(self.policy.closures).name)

    def holidays(self) -> When:
        """The holidays, declared if the policy has none."""
        if not self.policy.holidays:
            years = ("France", 2026, 2028)
            self.policy = replace(self.policy, holidays=frozenset(french_holidays(*years)), holiday_years=years)
        return When("holidays")

    def when(self) -> When:
        """Some times that are neither always nor never."""
        return self.rng.choice((self.working, self.working, self.nights, self.closure, self.holidays))()

    def working(self, end: time = time(18, 30), compris: bool = False) -> When:
        days = frozenset(range(5))
        return self.hours(Span(days, time(9), time(12, 30)), Span(days, time(14), end), compris=compris)

    def nights(self) -> When:
        return self.hours(Span(frozenset({4, 5}), time(22), time(6)))

    def ends(self, number: str, count: int) -> list[Destination]:
        """Destinations of an extension that all end differently."""
        system = self.rng.choice(self.policy.systems).number
        choices = [
            Destination("busy"),
            Destination("voicemail"),
            Destination("ring"),
            Destination("mobile"),
            Destination("mobile", rebound=True),
            Destination("external", "0442930698"),
            Destination("external", "0140506070", rebound=True),
            Destination("external", "+442071234567"),
            Destination("system", system),
        ]
        others = [each for each in self.fresh if each != number and each in self.leaves]
        if others:
            choices.append(
                Destination(*self.rng.choice((("extension", others[0]), ("extension-voicemail", others[0]))))
            )
        return self.rng.sample(choices, count)

    def own(self, number: str, rules: Sequence[Rule]) -> list[tuple[Block, int]]:
        """Write rules of an extension, in one block or two; return where each stands."""
        cut = self.rng.randrange(1, len(rules)) if len(rules) > 1 and self.rng.random() < 0.3 else len(rules)
        places = []
        for part in (rules[:cut], rules[cut:]):
            if part:
                places += self.block(Block("own", tuple(part), number))
        return places

    def shared(self, scope: str, numbers: Sequence[str], rules: Sequence[Rule]) -> list[tuple[Block, int]]:
        """Write rules of `pour tous` for these extensions only. Those made later are kept out by `finished`."""
        return self.block(Block(scope, tuple(rules), excluded=("only", *numbers)))

    def block(self, block: Block) -> list[tuple[Block, int]]:
        self.added.append(block)
        return [(block, place) for place in range(len(block.rules))]

    def finished(self) -> tuple[Policy, dict[int, int]]:
        """The policy with all blocks, and the place of each added one by its identity."""
        every = [each.number for each in self.policy.extensions]
        old = [
            block if block.scope == "own" else replace(block, excluded=(*block.excluded, *self.fresh))
            for block in self.policy.blocks
        ]
        at = sorted(self.rng.randint(0, len(old)) for _ in self.added)
        blocks: list[Block] = []
        places: dict[int, int] = {}
        waiting = list(zip(at, self.added, strict=True))
        for place in range(len(old) + 1):
            while waiting and waiting[0][0] == place:
                block = waiting.pop(0)[1]
                places[id(block)] = len(blocks)
                if block.excluded[:1] == ("only",):
                    block = replace(block, excluded=tuple(n for n in every if n not in block.excluded))
                blocks.append(block)
            blocks += old[place : place + 1]
        return replace(self.policy, blocks=tuple(blocks)), places


# --- rules that never decide ----------------------------------------------------------------------------------

TOPICS = ("06", "0612", "0442", "01", "05", "+44", "+3247", "0699", "07", "09")
NATIONAL = ("06", "0612", "0442", "01", "05", "0699")  # of ten digits only: 07 and 09 also have fourteen


def inside(bench: Bench, text: str, depth: int | None = None) -> Item:
    """Some callers of a prefix, not all; spelt in one of many ways."""
    rng = bench.rng
    more = "".join(rng.choice("0123456789") for _ in range(depth or rng.choice((1, 1, 2, 3))))
    narrow = text + more
    international = f"+33{narrow[1:]}" if narrow.startswith("0") else narrow
    choices: list[Item] = [Prefix(narrow), Prefix(international)]
    if text.startswith("0"):
        choices += [Range(narrow.ljust(10, "0"), narrow.ljust(10, "9")), Exact(narrow.ljust(10, "4"))]
        choices.append(Range(narrow.ljust(10, "2"), narrow.ljust(10, "7")))
    else:
        choices.append(Exact(text + "20712345"))
    if rng.random() < 1 / (len(choices) + 1):
        return bench.numbers(Prefix(narrow), Exact(text + "7" * (10 - len(text))))
    return rng.choice(choices)


def narrowed(bench: Bench, wide: Rule) -> Rule:
    """The rule with more conditions, or as it is; never with none of its calls left."""
    rng = bench.rng
    if rng.random() < 0.3 and not wide.times:
        wide = replace(wide, times=(replace(bench.when(), inside=rng.random() < 0.5),))
    if rng.random() < 0.2 and not wide.only:
        wide = replace(wide, only=rng.choice(("internal", "external")) if not foreign(wide) else "external")
    if rng.random() < 0.15 and not wide.until and not wide.times:
        wide = replace(wide, until=date(2028, 6, 30))
    return wide


def foreign(narrow: Rule) -> bool:
    """Whether nobody inside the company has such a number."""
    return any(isinstance(item, Prefix | Exact) and item_text(item).startswith("+") for item in narrow.callers) or any(
        isinstance(item, ListRef | Builtin) for item in narrow.callers
    )


def item_text(item: Prefix | Exact) -> str:
    return item.text if isinstance(item, Prefix) else item.number


def by_one(bench: Bench) -> Hiding:
    text = bench.rng.choice(TOPICS)
    return Hiding((rule(Prefix(text)),), narrowed(bench, rule(inside(bench, text))))


def by_itself_again(bench: Bench) -> Hiding:
    item = inside(bench, bench.rng.choice(TOPICS))
    return Hiding((rule(item),), rule(item))


def by_parts(bench: Bench) -> Hiding:
    rng = bench.rng
    text = rng.choice([each for each in TOPICS if each != "+3247"])  # which is a number itself, of four digits
    digits = list("0123456789")
    rng.shuffle(digits)
    cuts = sorted(rng.sample(range(1, 10), rng.choice((1, 1, 2))))
    parts = [digits[a:b] for a, b in zip((0, *cuts), (*cuts, 10), strict=True)]
    covers = tuple(rule(*(Prefix(text + digit) for digit in part)) for part in parts)
    national = text.startswith("0") and rng.random() < 0.4
    return Hiding(covers, rule(Prefix(f"+33{text[1:]}" if national else text)))


def by_halves(bench: Bench) -> Hiding:
    text = bench.rng.choice(NATIONAL)
    left = 10 - len(text)
    middle = bench.rng.randrange(1, 10**left)
    low = Range(text + "0" * left, f"{text}{middle - 1:0{left}d}")
    high = Range(f"{text}{middle:0{left}d}", text + "9" * left)
    return Hiding((rule(low), rule(high)), rule(Prefix(text)))


def by_times(bench: Bench) -> Hiding:
    text, when = bench.rng.choice(TOPICS), bench.when()
    off = replace(when, inside=False)
    hidden = rule(Prefix(text)) if bench.rng.random() < 0.5 else rule(inside(bench, text))
    return Hiding((rule(Prefix(text), times=[when]), rule(Prefix(text), times=[off])), hidden)


def by_kinds(bench: Bench) -> Hiding:
    text = bench.rng.choice(NATIONAL)
    covers = (rule(Everyone(), only="internal"), rule(Prefix(text), only="external"))
    return Hiding(covers, rule(Prefix(text)))


def by_kinds_and_times(bench: Bench) -> Hiding:
    text, when = bench.rng.choice(NATIONAL), bench.when()
    off = replace(when, inside=False)
    covers = (
        rule(Prefix(text), only="internal", times=[when]),
        rule(Prefix(text), times=[off]),
        rule(Prefix(text), only="external"),
    )
    return Hiding(covers, rule(Prefix(text)))


def by_list(bench: Bench) -> Hiding:
    rng = bench.rng
    text = rng.choice(TOPICS)
    known = bench.numbers(Prefix(text), Exact("0388000000"), Anonymous())
    if rng.random() < 0.5:
        return Hiding((rule(known),), rule(inside(bench, text), Exact("0388000000")))
    separate = (rule(Prefix(text)), rule(Exact("0388000000"), Anonymous()))
    return Hiding(separate, rule(bench.numbers(known)))


def by_hole_and_plug(bench: Bench) -> Hiding:
    text = bench.rng.choice(TOPICS)
    hole = inside(bench, text)
    covers = [rule(Prefix(text), sauf=[hole]), rule(hole)]
    bench.rng.shuffle(covers)
    return Hiding(tuple(covers), rule(Prefix(text)))


def by_everyone(bench: Bench) -> Hiding:
    covers = (rule(Everyone(), sauf=[Anonymous()]), rule(Anonymous()))
    hidden = bench.rng.choice((rule(Everyone()), rule(Everyone(), only="internal"), rule(Anonymous(), Prefix("06"))))
    return Hiding(covers, hidden)


def by_everyone_in_three(bench: Bench) -> Hiding:
    covers = (
        rule(Everyone(), only="internal"),
        rule(Everyone(), sauf=[Anonymous()], only="external"),
        rule(Anonymous()),
    )
    return Hiding(covers, rule(Everyone()))


def by_ordinary_days(bench: Bench) -> Hiding:
    """`pendant` hours is false on holidays, unless they say otherwise."""
    text = bench.rng.choice(TOPICS)
    cover = rule(Prefix(text), times=[replace(bench.holidays(), inside=False)])
    return Hiding((cover,), rule(inside(bench, text), times=[bench.working()]))


def by_open_days(bench: Bench) -> Hiding:
    """… and on closed days."""
    text = bench.rng.choice(TOPICS)
    cover = rule(Prefix(text), times=[replace(bench.closure(), inside=False)])
    return Hiding((cover,), rule(inside(bench, text), times=[bench.working()]))


def by_longer_hours(bench: Bench) -> Hiding:
    text, compris = bench.rng.choice(TOPICS), bench.rng.random() < 0.5
    days = frozenset(range(bench.rng.choice((5, 6, 7))))
    wide = bench.hours(Span(days, time(8), time(20)), compris=compris)
    return Hiding((rule(Prefix(text), times=[wide]),), rule(Prefix(text), times=[bench.working(compris=compris)]))


def by_hours_end_to_end(bench: Bench) -> Hiding:
    text = bench.rng.choice(TOPICS)
    days = frozenset(range(5))
    morning = bench.hours(Span(days, time(8), time(11, 11)))
    evening = bench.hours(Span(days, time(11, 11), time(19)))
    covers = (rule(Prefix(text), times=[morning]), rule(Prefix(text), times=[evening]))
    return Hiding(covers, rule(Prefix(text), times=[bench.working()]))


def by_later_end(bench: Bench) -> Hiding:
    text = bench.rng.choice(TOPICS)
    cover = rule(Prefix(text), until=date(2027, 5, 12))
    until = bench.rng.choice((date(2027, 5, 12), date(2027, 5, 11)))
    return Hiding((cover,), rule(inside(bench, text), until=until))


def by_built_in(bench: Bench) -> Hiding:
    wide, *narrow = bench.rng.choice(
        (
            (Builtin("mobiles"), Prefix("06"), Prefix("0612"), Prefix("073"), Prefix("+3375")),
            (Builtin("surtaxés"), Prefix("0812"), Exact("0899000001")),
            (Builtin("fixes"), Prefix("01"), Range("0140000000", "0149999999")),
            (Builtin("étranger"), Prefix("+44"), Exact("+32470123456")),
            (Prefix("+"), Builtin("étranger"), Prefix("06"), Prefix("+44"), Builtin("mobiles")),
            (Prefix("0"), Builtin("mobiles"), Builtin("démarchage"), Prefix("+33")),
            (Prefix("+33"), Prefix("06"), Builtin("mobiles"), Prefix("0")),
            (Prefix("+3"), Prefix("+32"), Prefix("01"), Exact("0140506071")),
        )
    )
    return Hiding((rule(wide),), narrowed(bench, rule(bench.rng.choice(narrow))))


def by_built_in_in_parts(bench: Bench) -> Hiding:
    covers = (rule(Prefix("06")), rule(*(Prefix(f"07{digit}") for digit in "3456789")))
    return Hiding(covers, rule(Builtin("mobiles")))


def by_overseas_code(bench: Bench) -> Hiding:
    wide, *narrow = bench.rng.choice(
        (
            (Prefix("+262"), Prefix("0692"), Prefix("0262"), Prefix("0639"), Exact("0693000001")),
            (Prefix("+59"), Prefix("0590"), Prefix("0596"), Prefix("0694")),
            (Prefix("+508"), Prefix("0508"), Exact("0508410001")),
        )
    )
    return Hiding((rule(wide),), rule(bench.rng.choice(narrow)))


def by_poste(bench: Bench) -> Hiding:
    number = bench.rng.choice(bench.postes())
    first, second = Exact(number), Poste(number)
    if bench.rng.random() < 0.5:
        first, second = second, first
    return Hiding((rule(first),), narrowed(bench, rule(second)))


DEAD: tuple[Callable[[Bench], Hiding], ...] = (
    by_one,
    by_parts,
    by_times,
    by_list,
    by_kinds,
    by_ordinary_days,
    by_open_days,
    by_hole_and_plug,
    by_halves,
    by_built_in,
    by_kinds_and_times,
    by_everyone,
    by_longer_hours,
    by_built_in_in_parts,
    by_later_end,
    by_overseas_code,
    by_hours_end_to_end,
    by_everyone_in_three,
    by_poste,
    by_itself_again,
)


def ended(bench: Bench, number: str, hiding: Hiding, case: str) -> tuple[list[Rule], Rule]:
    """Destinations for covers and hidden: all the same, or the covers' others."""
    hidden, *others = bench.ends(number, 4)
    if case == "same":
        return [replace(cover, destination=hidden) for cover in hiding.covers], replace(
            hiding.hidden, destination=hidden
        )
    covers = [replace(cover, destination=bench.rng.choice(others)) for cover in hiding.covers]
    return covers, replace(hiding.hidden, destination=hidden)


Places = list[tuple[Block, int]]


@dataclass(frozen=True)
class Sown:
    """A fault while blocks have no places yet."""

    kind: str
    recipe: str
    rules: Places
    covers: Places = field(default_factory=list)
    case: str = ""
    item: Item | None = None
    taken: str = ""


def dead_rule(bench: Bench, recipe: Callable[[Bench], Hiding]) -> Sown:
    """Covers and hidden rule in one extension, or covers before all, or the hidden rule after all."""
    rng = bench.rng
    number = bench.extension()
    case = rng.choice(("same", "other"))
    covers, hidden = ended(bench, number, recipe(bench), case)
    after = [rule(Exact("0388999999"), to=Destination("busy"))] if rng.random() < 0.3 else []
    way = rng.random()
    if way < 0.25:
        ahead = rng.randint(1, len(covers))
        before = bench.shared("first", [number], covers[:ahead])
        rest = bench.own(number, [*covers[ahead:], hidden, *after])
        covering, at = before + rest[: len(covers) - ahead], rest[len(covers) - ahead]
    elif way < 0.45:
        covering = bench.own(number, covers)
        [at, *_] = bench.shared("all", [number], [hidden])
    else:
        rest = bench.own(number, [*covers, hidden, *after])
        covering, at = rest[: len(covers)], rest[len(covers)]
    return Sown("dead", recipe.__name__, [at], covering, case)


def dead_for_all(bench: Bench) -> Sown:
    """A rule of `pour tous` that each extension covers in its own way."""
    numbers = [bench.extension() for _ in range(bench.rng.choice((2, 3)))]
    text = bench.rng.choice(NATIONAL)
    when = bench.when()
    ways = (
        (rule(Prefix(text)),),
        (rule(Prefix(text), times=[when]), rule(Prefix(text), times=[replace(when, inside=False)])),
        (rule(*(Prefix(text + digit) for digit in "01234")), rule(*(Prefix(text + digit) for digit in "56789"))),
        (rule(Everyone()),),
        (rule(Prefix(text), only="external"), rule(Prefix(text), only="internal")),
    )
    covers = []
    for number in numbers:
        ends = bench.ends(number, 2)
        covers += bench.own(number, [replace(r, destination=bench.rng.choice(ends)) for r in bench.rng.choice(ways)])
    places = bench.shared("all", numbers, [rule(Prefix(text), to=Destination("external", "0388111111"))])
    return Sown("dead", "dead_for_all", places, covers, "other")


def dead_after_all(bench: Bench) -> Sown:
    """A rule of `pour tous` covered by earlier ones of `pour tous`."""
    numbers = [bench.extension() for _ in range(2)]
    hiding = bench.rng.choice(DEAD)(bench)
    cover, hidden = Destination("busy"), Destination("external", "0388111111")
    covers = [replace(each, destination=cover) for each in hiding.covers]
    ahead = bench.rng.randint(0, len(covers))
    before = bench.shared("first", numbers, covers[:ahead]) if ahead else []
    rest = bench.shared("all", numbers, [*covers[ahead:], replace(hiding.hidden, destination=hidden)])
    return Sown("dead", "dead_after_all", rest[-1:], before + rest[:-1], "other")


def for_nobody(bench: Bench) -> Sown:
    """A rule of `pour tous sauf` everyone."""
    return Sown("nobody", "for_nobody", bench.shared("all", [], [rule(Prefix("06"), to=Destination("busy"))]))


# --- rules that are partly hidden ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Covers, the rule of which they take one item, and that item."""

    covers: tuple[Rule, ...]
    rule: Rule
    item: Item
    kind: str = ""  # of the calls that are taken, if not all


def item_of_prefix(bench: Bench) -> Part:
    text = bench.rng.choice(("06", "0442", "01", "05", "+44"))
    item = inside(bench, text)
    return Part((rule(Prefix(text)),), rule(item, Prefix("03")), item)


def item_by_two(bench: Bench) -> Part:
    covers = tuple(rule(*(Prefix(f"0612{digit}") for digit in digits)) for digits in ("02468", "13579"))
    item = Prefix("0612")
    return Part(covers, rule(Prefix("01"), item), item)


def item_at_times(bench: Bench) -> Part:
    when = bench.when()
    item = Exact("0612345678")
    return Part((rule(Prefix("06"), times=[when]),), rule(item, Prefix("01"), times=[when]), item)


def item_outside(bench: Bench) -> Part:
    item = Range("0612000000", "0612000099")
    cover = rule(Builtin("mobiles"), only="external")
    return Part((cover,), rule(Prefix("+44"), item, Anonymous(), only="external"), item)


def item_with_exceptions(bench: Bench) -> Part:
    item = Prefix("0612")
    return Part((rule(Prefix("+336")),), rule(item, Prefix("02"), sauf=[Prefix("06123"), Exact("0612999999")]), item)


def item_of_list(bench: Bench) -> Part:
    item = bench.numbers(Exact("0612345678"), Exact("0612345679"), Prefix("06124"))
    return Part((rule(Prefix("0612"), Builtin("étranger")),), rule(item, Builtin("fixes")), item)


def item_poste(bench: Bench) -> Part:
    item = Poste(bench.rng.choice(bench.postes()))
    return Part((rule(item),), rule(Prefix("02"), item), item)


def item_taken_outside(bench: Bench) -> Part:
    """A mobile from inside is nobody: what counts of it is taken."""
    item = Prefix("0612")
    return Part((rule(Prefix("06"), only="external"),), rule(item, Prefix("01")), item, "external")


def item_poste_taken_inside(bench: Bench) -> Part:
    item = Poste(bench.rng.choice(bench.postes()))
    return Part((rule(Everyone(), only="internal"),), rule(item, Prefix("02"), only=""), item, "internal")


def element_of_list(bench: Bench) -> Part:
    """One element of a list that is named whole."""
    known = bench.numbers(Exact("0612345678"), Prefix("0388"))
    return Part((rule(Prefix("06")),), rule(known), Exact("0612345678"))


def item_anonymous(bench: Bench) -> Part:
    return Part((rule(Anonymous()),), rule(Builtin("étranger"), Anonymous()), Anonymous())


PARTLY = (
    item_of_prefix,
    item_by_two,
    item_at_times,
    item_outside,
    item_with_exceptions,
    item_of_list,
    element_of_list,
    item_poste,
    item_taken_outside,
    item_anonymous,
    item_poste_taken_inside,
)


def partly_dead(bench: Bench, recipe: Callable[[Bench], Part]) -> Sown:
    number = bench.extension()
    part = recipe(bench)
    mine, *others = bench.ends(number, 3)
    covers = [replace(cover, destination=bench.rng.choice(others)) for cover in part.covers]
    places = bench.own(number, [*covers, replace(part.rule, destination=mine)])
    return Sown("partly", recipe.__name__, places[-1:], places[:-1], "other", part.item, part.kind)


# --- what comes close ---------------------------------------------------------------------------------------


def all_but_one_number(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(NATIONAL)
    left = 10 - len(text)
    return [rule(Range(text + "0" * left, text + "9" * (left - 1) + "8")), rule(Prefix(text))]


def all_but_one_between(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(NATIONAL)
    left = 10 - len(text)
    middle = bench.rng.randrange(1, 10**left - 1)
    low = Range(text + "0" * left, f"{text}{middle - 1:0{left}d}")
    high = Range(f"{text}{middle + 1:0{left}d}", text + "9" * left)
    return [rule(low), rule(high), rule(Prefix(text))]


def all_but_one_digit(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(TOPICS)
    digits = bench.rng.sample("0123456789", 9)
    return [rule(*(Prefix(text + digit) for digit in digits)), rule(Prefix(text))]


def all_but_the_short_one(bench: Bench) -> list[Rule]:
    """39 itself starts with 39, and no 390… to 399… holds it."""
    return [rule(*(Prefix(f"39{digit}") for digit in "0123456789")), rule(Prefix("39"))]


def all_but_one_minute(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(TOPICS)
    short, long = bench.working(), bench.working(end=time(18, 31))
    return [
        rule(Prefix(text), times=[short]),
        rule(Prefix(text), times=[replace(long, inside=False)]),
        rule(Prefix(text)),
    ]


def all_but_one_day(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(TOPICS)
    return [rule(Prefix(text), until=date(2027, 5, 11)), rule(inside(bench, text), until=date(2027, 5, 12))]


def all_but_one_kind(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(NATIONAL)
    if bench.rng.random() < 0.5:
        return [rule(Prefix(text), only="internal"), rule(Prefix(text))]
    return [rule(Everyone(), only="external"), rule(*map(Poste, bench.postes()[:2]), only="")]


def all_but_the_short_foreign_one(bench: Bench) -> list[Rule]:
    """As with 39."""
    return [rule(*(Prefix(f"+3247{digit}") for digit in "0123456789")), rule(Prefix("+3247"))]


def all_but_anonymous(bench: Bench) -> list[Rule]:
    return [rule(Prefix("0"), Prefix("+"), *(Prefix(digit) for digit in "123456789")), rule(Everyone())]


def all_but_holidays(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(TOPICS)
    bench.holidays()
    return [
        rule(Prefix(text), times=[bench.working()]),
        rule(Prefix(text), times=[bench.working(compris=True)]),
    ]


def all_but_machines(bench: Bench) -> list[Rule]:
    """Fourteen digits of 0700 are of 07, and no mobiles."""
    tens = [*(Prefix(f"070{digit}") for digit in "123456789"), Prefix("071"), Prefix("072")]
    return [rule(Builtin("mobiles")), rule(*tens, Range("0700000000", "0700999999")), rule(Prefix("07"))]


def all_but_malformed(bench: Bench) -> list[Rule]:
    """`+26269*` holds what its national numbers are, and foreign numbers of other lengths."""
    return [rule(Prefix("06")), rule(Prefix("+26269"))]


def specific_before_general(bench: Bench) -> list[Rule]:
    when = bench.when()
    chain = [
        rule(Exact("0612345678")),
        rule(Prefix("0612"), Exact("0140506070")),
        rule(Prefix("06"), Prefix("07"), times=[when]),
        rule(Prefix("06"), Prefix("01")),
        rule(Builtin("étranger"), Prefix("0")),
        rule(Everyone(), only="internal"),
        rule(Everyone()),
    ]
    keep = sorted(bench.rng.sample(range(len(chain)), bench.rng.randint(2, len(chain))))
    return [chain[at] for at in keep]


def sauf_before_the_rest(bench: Bench) -> list[Rule]:
    text = bench.rng.choice(TOPICS)
    hole = inside(bench, text)
    return [rule(Prefix(text), sauf=[hole]), rule(Prefix(text))]


def other_times(bench: Bench) -> list[Rule]:
    text, when = bench.rng.choice(TOPICS), bench.when()
    first, second = bench.rng.sample((True, False), 2)
    return [
        rule(Prefix(text), times=[replace(when, inside=first)]),
        rule(inside(bench, text), times=[replace(when, inside=second)]),
    ]


def item_alive_at_night(bench: Bench) -> list[Rule]:
    """An item taken by day only."""
    return [rule(Prefix("06"), times=[bench.working()]), rule(Prefix("0612"), Prefix("01"))]


def item_alive_outside(bench: Bench) -> list[Rule]:
    """An item taken from inside only, where nobody has such a number."""
    return [rule(Prefix("06"), only="internal"), rule(Prefix("0612"), Prefix("01"))]


def element_before_its_list(bench: Bench) -> list[Rule]:
    """The exception that names one of a list, which is then named whole."""
    known = bench.numbers(Exact("0612345678"), Prefix("01"))
    return [rule(Exact("0612345678")), rule(known)]


def item_alive_for_one(bench: Bench) -> list[Rule]:
    """An item taken but for one number."""
    return [rule(Prefix("06"), sauf=[Exact("0612345678")]), rule(Prefix("0612"), Prefix("01"))]


FINE = (
    all_but_one_number,
    specific_before_general,
    all_but_one_minute,
    all_but_one_day,
    item_alive_for_one,
    all_but_one_digit,
    all_but_one_kind,
    all_but_holidays,
    all_but_one_between,
    other_times,
    all_but_machines,
    sauf_before_the_rest,
    all_but_the_short_one,
    all_but_the_short_foreign_one,
    item_alive_at_night,
    all_but_anonymous,
    item_alive_outside,
    element_before_its_list,
    all_but_malformed,
)


def fine(bench: Bench, recipe: Callable[[Bench], list[Rule]]) -> Sown:
    number = bench.extension()
    rules = recipe(bench)
    ends = bench.ends(number, min(len(rules), 4))
    rules = [replace(each, destination=ends[at % len(ends)]) for at, each in enumerate(rules)]
    return Sown("fine", recipe.__name__, bench.own(number, rules))


def same_end_twice(bench: Bench) -> Sown:
    """One item is named again, to end as before: nothing goes elsewhere than the rule says."""
    number = bench.extension()
    [end] = bench.ends(number, 1)
    rules = [rule(Prefix("06"), to=end), rule(Prefix("0612"), Prefix("01"), to=end)]
    return Sown("fine", "same_end_twice", bench.own(number, rules))


# --- circles -------------------------------------------------------------------------------------------------


def core_item(bench: Bench) -> Item:
    """An item that holds 06 12 34 56 78."""
    choices: list[Item] = [
        Prefix("06"),
        Prefix("+33612"),
        Everyone(),
        Builtin("mobiles"),
        Range("0612345670", "0612345678"),
        Range("0612345678", "0699999999"),
        Exact("0612345678"),
    ]
    if bench.rng.random() < 1 / (len(choices) + 1):
        return bench.numbers(Prefix("061"), Exact("0388000000"))
    return bench.rng.choice(choices)


def forward(bench: Bench, to: str, kind: str, times: Sequence[Sequence[When]]) -> Rule:
    rng = bench.rng
    item = core_item(bench)
    sauf: list[Item] = [Prefix("07"), Anonymous()] if rng.random() < 0.2 and item == Everyone() else []
    return rule(
        item,
        sauf=sauf,
        only=rng.choice(("", kind)),
        times=rng.choice(times),
        until=date(2029, 12, 31) if rng.random() < 0.15 else None,
        to=Destination("extension", to),
    )


def loop(bench: Bench) -> Sown:
    """Extensions that all forward one call, on a working day, to the next; others before may take other callers."""
    rng = bench.rng
    count = rng.choice((1, 2, 2, 3, 3, 4, 6))
    numbers = [bench.extension() for _ in range(count)]
    kind = rng.choice(("internal", "external"))
    working = bench.working()
    times = ((), (), (working,), (working, replace(bench.closure(), inside=False)), (bench.working(time(19)),))
    through = rng.choice(("own", "own", "first", "all")) if count > 1 else "own"
    places: Places = []
    for at, number in enumerate(numbers):
        step = forward(bench, numbers[(at + 1) % count], kind, times)
        if at == 0 and through != "own":
            places += bench.shared(through, [number], [step])
            continue
        other = "external" if kind == "internal" else "internal"
        decoys = [
            rule(Prefix("0613"), to=Destination("busy")),
            rule(Everyone(), only=other, to=Destination("voicemail")),
            rule(Everyone(), times=[replace(working, inside=False)], to=Destination("voicemail")),
        ]
        before = [rng.choice(decoys)] if rng.random() < 0.4 and step.callers == (Everyone(),) and count > 1 else []
        places += bench.own(number, [*before, step])[len(before) :]
    return Sown("loop", f"loop of {count} through {through}", places)


def loop_for_all(bench: Bench) -> Sown:
    """One rule of `pour tous` forwards both to the one that sends back."""
    first, second, third = (bench.extension() for _ in range(3))
    back = bench.own(first, [forward(bench, second, "external", [()])])
    every = bench.shared("all", [second, third], [forward(bench, first, "external", [(), (bench.working(),)])])
    return Sown("loop", "loop_for_all", back + every)


def near_loop(bench: Bench) -> Sown:
    """Forwards in a circle that no call goes round."""
    rng = bench.rng
    count = rng.choice((2, 2, 3))
    numbers = [bench.extension() for _ in range(count)]
    steps = [rule(Prefix("06"), to=Destination("extension", numbers[(at + 1) % count])) for at in range(count)]
    one, other = rng.sample(range(count), 2)
    apart = rng.choice(("callers", "neighbours", "kinds", "times", "holidays", "dates", "before", "sauf", "minutes"))
    before: list[Rule] = []

    def change(at: int, **fields: object) -> None:
        steps[at] = replace(steps[at], **fields)  # type: ignore[arg-type]

    match apart:
        case "callers":
            change(one, callers=(Prefix("07"), Prefix("01")))
        case "neighbours":
            change(one, callers=(Range("0600000000", "0612345678"),))
            change(other, callers=(Range("0612345679", "0699999999"),))
        case "kinds":
            change(one, only="internal")
            change(other, only="external")
        case "times":
            when = bench.when()
            change(one, times=(when,))
            change(other, times=(replace(when, inside=False),))
        case "holidays":
            change(one, times=(bench.working(),))
            change(other, times=(bench.holidays(),))
        case "dates":
            later = bench.closure()
            starts = [p[0] for c in bench.policy.closures if c.name == later.name for p in c.periods]
            change(one, until=date.fromordinal(min(starts).toordinal() - 1))
            change(other, times=(later,))
        case "before":
            before = [rule(Prefix("06"), to=Destination("busy"))]
            change(one, callers=(Everyone(),))
        case "sauf":
            change(one, callers=(Everyone(),), excepted=(Builtin("mobiles"),))
        case "minutes":
            days = frozenset(range(7))
            change(one, times=(bench.hours(Span(days, time(8), time(12))),))
            change(other, times=(bench.hours(Span(days, time(12), time(14))),))
    places: Places = []
    for at, (number, step) in enumerate(zip(numbers, steps, strict=True)):
        places += bench.own(number, [*(before if at == one else []), step])
    return Sown("fine", f"near_loop by {apart}", places)


# --- all together ---------------------------------------------------------------------------------------------


def sow(seed: int, features: frozenset[str] = FEATURES) -> Seeded:
    """A random policy with faults of every kind; even seeds have no loop, so nothing is an error there."""
    rng = random.Random(f"faults {seed}")
    bench = Bench(random_policy(random.Random(f"policy {seed}"), features), rng)
    bench.leaves.append(bench.extension())
    sown = [dead_rule(bench, DEAD[(4 * seed + at) % len(DEAD)]) for at in range(4)]
    sown.append((dead_for_all, dead_after_all)[seed % 2](bench))
    sown += [partly_dead(bench, PARTLY[(2 * seed + at) % len(PARTLY)]) for at in range(2)]
    sown += [fine(bench, FINE[(3 * seed + at) % len(FINE)]) for at in range(3)]
    sown += [near_loop(bench) for _ in range(2)]
    if seed % 4 == 3:
        sown.append(for_nobody(bench))
    if seed % 5 == 2:
        sown.append(same_end_twice(bench))
    if seed % 2:
        sown += [loop(bench), loop_for_all(bench) if seed % 4 == 1 else loop(bench)]
    policy, places = bench.finished()

    def keys(each: Places) -> tuple[Key, ...]:
        return tuple((places[id(block)], place) for block, place in each)

    faults = tuple(
        Fault(each.kind, each.recipe, keys(each.rules), keys(each.covers), each.case, each.item, each.taken)
        for each in sown
    )
    text, lines = rendered(policy, random.Random(f"text {seed}"), features)
    return Seeded(seed, policy, text, lines, faults)


def rendered(
    policy: Policy, rng: random.Random, features: frozenset[str] = FEATURES, plain: bool = False
) -> tuple[str, dict[Key, int]]:
    """The text of a policy, and the line of each rule."""
    writer = Writer(policy, rng, features, plain)
    return writer.text(), writer.rule_lines


# --- what must be said of an item that is hidden ---------------------------------------------------------------


@dataclass(frozen=True)
class Element:
    """One thing that a rule names, by itself or in a list, and the kind of calls looked at."""

    item: Item
    kind: str  # internal, external
    listed: bool


def elements(policy: Policy, narrow: Rule) -> Iterator[tuple[Item, bool]]:
    """All that a rule names, lists and built-in lists taken apart, and whether in a list."""
    for item in narrow.callers:
        for part in dict.fromkeys(flat(policy, item)):
            yield part, isinstance(item, ListRef | Builtin)


def flat(policy: Policy, item: Item) -> Iterator[Item]:
    """The items of a list, those of its lists too, in one spelling of several."""
    match item:
        case ListRef(name):
            for known in policy.lists:
                if known.name == name:
                    for inner in known.items:
                        yield from flat(policy, inner)
        case Builtin(name) if name in BUILTIN:
            yield from (Prefix(beginning) for beginning in BUILTIN[name])
        case Prefix(text) if text.startswith("+33"):
            yield Prefix("0" + text[3:])
        case Poste(number):
            yield Exact(number)
        case _:
            yield item


class Elements:
    """A policy by all that its rules name: which of them never reach their rule."""

    def __init__(self, policy: Policy):
        self.policy = policy
        rules = {(at, place): r for at, block in enumerate(policy.blocks) for place, r in enumerate(block.rules)}
        apart = {
            (key, item): replace(r, callers=(item,)) for key, r in rules.items() for item, _ in elements(policy, r)
        }
        self.atlas = Atlas(policy, apart)

    def hidden(self, key: Key) -> dict[Element, tuple[set[int], set[Key], set[bool | None]]]:
        """What never reaches a rule: its groups of callers, who takes them, and whether they end otherwise."""
        found = {}
        for item, listed in elements(self.policy, self.atlas.rules[key]):
            for kind in ("internal", "external"):
                groups = {
                    group
                    for group in self.atlas.who[key, item]
                    if self.atlas.groups[group][0].internal is (kind == "internal")
                }
                deciders = {piece.rule for _, piece in self.atlas.takers(key) if piece.group in groups}
                if deciders and key not in deciders:
                    ends = self.atlas.compared(key, groups)
                    found[Element(item, kind, listed)] = groups, deciders - {None}, ends
        return found

    def bounds(self, key: Key) -> tuple[int, int]:
        """At least and at most how many callers a diagnostic may count as hidden from a rule that decides.

        At most: all that names hide, where some call ends otherwise, and what ranges have in common. At least: less
        what may be meant. That is an exception that names what a list named later holds; own rules before those of
        `pour tous`; parts of built-in lists; and calls of the kind that does not count: a short number from outside, a
        long one from inside.
        """
        sure: set[int] = set()
        every: set[int] = set()
        hidden = self.hidden(key)
        for each, (groups, takers, ends) in hidden.items():
            if ends == {False}:
                continue
            every |= groups
            named = {part for taker in takers for item in self.rule(taker).callers for part in flat(self.policy, item)}
            scopes = {self.policy.blocks[taker[0]].scope for taker in takers}
            meant = each.listed and (each.item in named or Everyone() in named)
            shared = self.policy.blocks[key[0]].scope == "all" and "own" in scopes
            if not (meant or shared or ends != {True} or each.kind != self.counted(key, each)):
                sure |= groups
        return self.atlas.numbers(sure), self.atlas.numbers(every | self.crossed(key))

    def crossed(self, key: Key) -> set[int]:
        """The callers that a rule never decides for, and that it or a rule that takes them names by a range: groups."""
        takers: dict[int, set[Key | None]] = {}
        for _, piece in self.atlas.takers(key):
            takers.setdefault(piece.group, set()).add(piece.rule)
        found = set()
        for item, _ in elements(self.policy, self.atlas.rules[key]):
            for group in self.atlas.who[key, item]:
                others = takers.get(group, {key})
                if key not in others and (
                    isinstance(item, Range) or any(self.has_range(other) for other in others - {None})
                ):
                    found.add(group)
        return found

    def has_range(self, key: Key) -> bool:
        """Whether a rule names a range, by a list too."""
        return any(isinstance(part, Range) for item in self.rule(key).callers for part in flat(self.policy, item))

    def counted(self, key: Key, each: Element) -> str:
        """The kind of calls that counts for an element, if that is sure."""
        if only := self.rule(key).only:
            return only
        match each.item:
            case Exact(number) if self.policy.extension(number):
                return "internal"
            case Exact(text) | Prefix(text) | Range(text, _) if text[0] in "0+":
                return "external"
        return ""

    def rule(self, key: Key) -> Rule:
        return self.atlas.rules[key]
