"""Every edge of a policy: one caller and one instant of each sort that its rules tell apart, and what follows from all.

    atlas = Atlas(policy)
    atlas.dead()                       # the rules that match calls and decide none
    atlas.decider("102", caller, internal=False, instant=…)

Why that is exact, though it only asks the judge about some calls:

- A rule matches a call by a caller part (items, `sauf`, `interne`) *and* a time part (`pendant`, `hors`,
  `jusqu'au`): `judge.matches` is a conjunction, so the judge is asked about callers at one instant of a rule
  that always holds, and about instants for a rule that takes everyone.
- Callers of one kind and one shape (a `+` or none, a number of digits) compare as their digits do, and each item
  holds, of each shape, whole stretches of them. `stretches` gives at least both ends of every one, so between two
  neighbouring cuts (a first caller, or the one after a last) no item changes its mind: the first caller of such a
  cell speaks for all of it. A cut too many costs time, never truth; one too few is looked for by
  `test_seeding.test_cells_are_uniform` with random callers.
- Only callers in canonical form are calls' callers: cells of the others are dropped.
- Times are told apart by the minutes of the spans, by midnight and by the date; the date counts by its weekday (and
  so the day before), by being a holiday, in which closures it lies and which `jusqu'au` are over. Every combination
  that any date has is had by one between a week before the first special date and a week after the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise

from judge.generate import exists
from judge.judge import (
    ANONYMOUS,
    BUILTIN,
    OVERSEAS,
    READINGS,
    RING,
    Anonymous,
    Builtin,
    Destination,
    Everyone,
    Exact,
    Item,
    ListRef,
    Policy,
    Poste,
    Prefix,
    Range,
    Rule,
    canonical,
    matches,
)

Key = tuple[int, int]  # of a rule: its block and its place there

# Where the contract can be read in two ways, what is proved and counted over all callers hangs on the way taken.
# These are policyc's ways; `judge.Readings` has the sentences. `+0…` is foreign (§4.2: "+, then 4 to 15 digits"),
# though no country code begins with 0 and `000…` is therefore no spelling of it: see `is_canonical`.
TAKEN = replace(
    READINGS,
    country_code_may_start_with_zero=True,
    overseas_code_takes_any_nine_digits=True,
    long_numbers_have_e164=True,
    overseas_also_under_33=True,
)

# --- callers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """Callers from `first` to `last`, of one kind and shape, that no item tells apart."""

    internal: bool
    first: str
    last: str

    @property
    def count(self) -> int:
        return int(self.last or 0) - int(self.first or 0) + 1


def shapes() -> Iterator[tuple[bool, str, int]]:
    """§4.2, the universe: kind, sign and digits; anonymous callers apart."""
    yield from ((True, "", count) for count in range(1, 11))
    yield from ((False, "", count) for count in range(1, 16))
    yield from ((False, "+", count) for count in range(4, 16))


def is_canonical(caller: str, internal: bool) -> bool:
    # No national number starts with 0 after its code; fourteen digits have a spelling after +33 and 0033 only.
    if re.fullmatch(r"\+5080[0-9]{8}|33(700|901)[0-9]{10}", caller):
        return True
    how = replace(TAKEN, country_code_may_start_with_zero=False)
    return canonical(caller, internal, restricted=False, how=how) == caller


def other_spellings() -> Iterator[tuple[str, str]]:
    """Stretches of external numbers that are spellings of others: §4.2, the canonical form."""
    yield "1".ljust(9, "0"), "9" * 9
    yield from ((f"{sign}33{'1'.ljust(9, '0')}", f"{sign}33{'9' * 9}") for sign in ("", "+"))
    yield from (filled(f"{sign}33{machines}", 15 + len(sign)) for sign in ("", "+") for machines in ("700", "901"))
    for code in sorted(set(OVERSEAS.values())):
        yield f"+{code}{'1'.ljust(9, '0')}", f"+{code}{'9' * 9}"
    yield filled("+508", 10)
    yield from (("001".ljust(length, "0"), "009".ljust(length, "9")) for length in range(3, 16))


def stretches(policy: Policy, item: Item) -> Iterator[tuple[str, str]]:
    """First and last number of the stretches of an item, and of more; both of a pair have one shape."""
    match item:
        case Everyone() | Anonymous():
            pass
        case Exact(number) | Poste(number):
            yield number, number
        case Range(first, last):
            yield first, last
        case ListRef(name):
            for known in policy.lists:
                if known.name == name:
                    for inner in known.items:
                        yield from stretches(policy, inner)
        case Builtin("étranger"):
            yield from foreign("+")
        case Builtin(name):
            for beginning in BUILTIN[name]:
                yield from french(beginning)
        case Prefix(text) if text.startswith("+33"):
            yield from french("0" + text[3:])
        case Prefix(text) if text.startswith("+"):
            yield from foreign(text)
            for beginning in ("0", *OVERSEAS):
                yield from french(beginning)
            for code, before in {"33": "0", **dict.fromkeys(OVERSEAS.values(), "0"), "508": "0508"}.items():
                if text[1:].startswith(code):
                    yield from french(before + text[1 + len(code) :])
        case Prefix(text) if text.startswith("0"):
            yield from french(text)
        case Prefix(text):
            yield from (filled(text, count) for count in range(len(text), 16))


def filled(text: str, length: int) -> tuple[str, str]:
    return text.ljust(length, "0"), text.ljust(length, "9")


def french(beginning: str) -> Iterator[tuple[str, str]]:
    """Ten digits; fourteen begin with 0700 or 0901."""
    if len(beginning) <= 10:
        yield filled(beginning, 10)
    if len(beginning) <= 14:
        yield filled(beginning, 14)
    yield from (filled(machines, 14) for machines in ("0700", "0901"))


def foreign(text: str) -> Iterator[tuple[str, str]]:
    for length in range(max(5, len(text)), 17):
        yield filled(text, length)
        yield filled("+1", length)[0], filled("+9", length)[1]


def caller_cells(policy: Policy, rules: Iterable[Rule]) -> list[Cell]:
    """The whole universe of callers, cut where an item of these rules may begin or end."""
    items = {item for rule in rules for item in (*rule.callers, *rule.excepted)}
    cuts: dict[tuple[str, int], set[int]] = {}
    for first, last in (*other_spellings(), *(pair for item in items for pair in stretches(policy, item))):
        shape = ("+", len(first) - 1) if first.startswith("+") else ("", len(first))
        cuts.setdefault(shape, set()).update((int(first), int(last) + 1))
    cells = [Cell(internal, ANONYMOUS, ANONYMOUS) for internal in (True, False)]
    for internal, sign, length in shapes():
        end = 10**length
        edges = sorted({0, end} | {cut for cut in cuts.get((sign, length), ()) if 0 < cut < end})
        for low, after in pairwise(edges):
            first, last = (f"{sign}{number:0{length}d}" for number in (low, after - 1))
            cells.append(Cell(internal, first, last))
    return [cell for cell in cells if is_canonical(cell.first, cell.internal)]


# --- instants -----------------------------------------------------------------------------------------------


def instant_cells(policy: Policy, rules: Iterable[Rule]) -> list[datetime]:
    """One instant of each sort, of those that a clock of the policy's zone shows."""
    untils = sorted({rule.until for rule in rules if rule.until})
    periods = [period for closure in policy.closures for period in closure.periods]
    special = [*policy.holidays, *untils, *(day for period in periods for day in period)]
    start = min(special, default=date(2026, 1, 5)) - timedelta(days=8)
    end = max(special, default=date(2026, 1, 5)) + timedelta(days=8)
    sorts: dict[tuple[object, ...], list[date]] = {}
    for after in range((end - start).days + 1):
        day = start + timedelta(days=after)
        sort = (
            day.weekday(),
            day in policy.holidays,
            tuple(any(first <= day <= last for first, last in closure.periods) for closure in policy.closures),
            sum(day > until for until in untils),
        )
        sorts.setdefault(sort, []).append(day)
    minutes = {at.hour * 60 + at.minute for hours in policy.hours for s in hours.spans for at in (s.start, s.end)}
    starts = sorted({0, *minutes})
    found = []
    for days in sorts.values():
        for first, after in zip(starts, (*starts[1:], 24 * 60), strict=True):
            shown = (
                datetime.combine(day, time()) + timedelta(minutes=minute)
                for day in days
                for minute in range(first, after)
            )
            instant = next((each for each in shown if exists(each, policy.zone)), None)
            if instant is not None:
                found.append(instant)
    return found


# --- what the rules make of all calls -----------------------------------------------------------------------


def keyed(policy: Policy, number: str) -> list[tuple[Key, Rule]]:
    """§4.3, as `judge.rules_of`, with the place of each rule."""
    return [
        ((at, place), rule)
        for scope in ("first", "own", "all")
        for at, block in enumerate(policy.blocks)
        if block.scope == scope and block.covers(number)
        for place, rule in enumerate(block.rules)
    ]


@dataclass(frozen=True)
class Piece:
    """Calls of one group of callers at some sorts of instants, and what becomes of them."""

    group: int
    times: int  # a bit for each sort of instants
    rule: Key | None  # None: no rule, the extension rings


Ending = tuple[str, str, str]  # kind of the final outcome, its extension or number, the extension that decided
Circle = tuple[tuple[str, Key], ...]  # extensions and the rules that forward, from the lowest extension on


class Atlas:
    """All calls of a policy by groups of callers and sorts of instants that no rule (nor `more`) tells apart."""

    def __init__(self, policy: Policy, more: Mapping[object, Rule] | None = None):
        self.policy = policy
        own = {(at, place): r for at, block in enumerate(policy.blocks) for place, r in enumerate(block.rules)}
        self.own: list[Key] = list(own)
        self.rules: dict[object, Rule] = {**own, **(more or {})}
        cells = caller_cells(policy, self.rules.values())
        groups: dict[tuple[bool, ...], list[Cell]] = {}
        alike: dict[tuple[object, ...], list[object]] = {}  # rules of the same callers, asked once
        for key, rule in self.rules.items():
            alike.setdefault((rule.callers, rule.excepted, rule.only), []).append(key)
        askers = [timeless(self.rules[keys[0]]) for keys in alike.values()]
        for cell in cells:
            answers = tuple(matches(policy, each, cell.first, cell.internal, ANY_TIME, TAKEN) for each in askers)
            groups.setdefault((cell.internal, *answers), []).append(cell)
        self.groups: list[list[Cell]] = list(groups.values())
        self.who: dict[object, set[int]] = {}
        for at, keys in enumerate(alike.values(), start=1):
            taken = {group for group, answers in enumerate(groups) if answers[at]}
            self.who |= dict.fromkeys(keys, taken)
        sorts: dict[tuple[bool, ...], datetime] = {}
        clauses = {(rule.times, rule.until): rule for rule in self.rules.values()}
        for instant in instant_cells(policy, self.rules.values()):
            sorts.setdefault(tuple(is_on(policy, rule, instant) for rule in clauses.values()), instant)
        self.instants: list[datetime] = list(sorts.values())
        self.always = (1 << len(sorts)) - 1
        on = {clause: sum(answers[at] << i for i, answers in enumerate(sorts)) for at, clause in enumerate(clauses)}
        self.when: dict[object, int] = {key: on[rule.times, rule.until] for key, rule in self.rules.items()}

    def instants_of(self, times: int) -> list[datetime]:
        return [instant for at, instant in enumerate(self.instants) if times >> at & 1]

    def group_of(self, caller: str, internal: bool) -> int:
        """The group of a canonical caller of the universe."""
        for group, cells in enumerate(self.groups):
            for cell in cells:
                alike = cell.internal == internal and len(cell.first) == len(caller)
                if alike and cell.first[:1].isdigit() == caller[:1].isdigit() and cell.first <= caller <= cell.last:
                    return group
        raise ValueError(f"{caller!r} is no caller of the universe")

    @cached_property
    def pieces(self) -> dict[str, list[Piece]]:
        """Of each extension, all calls and the rule that decides."""
        found = {}
        for extension in self.policy.extensions:
            rules = [key for key, _ in keyed(self.policy, extension.number)]
            pieces = []
            for group in range(len(self.groups)):
                left = self.always
                for key in rules:
                    if group in self.who[key] and left & self.when[key]:
                        pieces.append(Piece(group, left & self.when[key], key))
                        left &= ~self.when[key]
                if left:
                    pieces.append(Piece(group, left, None))
            found[extension.number] = pieces
        return found

    def holders(self, key: Key) -> list[str]:
        """The extensions that a rule holds for."""
        block = self.policy.blocks[key[0]]
        return [each.number for each in self.policy.extensions if block.covers(each.number)]

    def empty(self, key: Key) -> bool:
        """Whether no call at all meets the conditions of a rule."""
        return not self.who[key] or not self.when[key]

    def decides(self, key: Key) -> bool:
        return any(piece.rule == key for number in self.holders(key) for piece in self.pieces[number])

    def dead(self) -> set[Key]:
        """The rules that match calls, hold for an extension, and decide no call of any."""
        return {key for key in self.own if not self.empty(key) and self.holders(key) and not self.decides(key)}

    def takers(self, key: Key) -> Iterator[tuple[str, Piece]]:
        """What becomes of the calls that a rule matches, in each extension that it holds for."""
        for number in self.holders(key):
            for piece in self.pieces[number]:
                if piece.group in self.who[key] and piece.times & self.when[key]:
                    yield number, replace(piece, times=piece.times & self.when[key])

    def would_end(self, number: str, key: Key, group: int, times: int) -> Iterator[tuple[Ending | Circle, int]]:
        """Where calls to an extension would end if this rule decided them."""
        destination = self.rules[key].destination
        if destination.kind == "extension":
            for end, here, _ in self._routes(destination.number, group, times, [(number, key)]):
                yield end, here
        else:
            yield ending(self.policy, number, destination), times

    def compared(self, key: Key, groups: set[int] | None = None) -> set[bool | None]:
        """Whether the calls that others take from a rule (all, or of some groups) end otherwise than it says."""
        return {
            differs(done, said)
            for number, piece in self.takers(key)
            if groups is None or piece.group in groups
            for done, times, _ in self.routes(number, piece.group, piece.times)
            for said, _ in self.would_end(number, key, piece.group, times)
        }

    def numbers(self, groups: Iterable[int]) -> int:
        """How many numbers these are; the same number from inside and outside is one (cells of both kinds agree)."""
        both = {(cell.first, cell.last): cell.count for group in groups for cell in self.groups[group]}
        return sum(both.values())

    # one call

    def decider(self, number: str, caller: str, internal: bool, instant: datetime) -> Key | None:
        """The rule that decides a call, by the judge alone: no cells."""
        for key, rule in keyed(self.policy, number):
            if matches(self.policy, rule, caller, internal, instant, TAKEN):
                return key
        return None

    def follow(self, number: str, caller: str, internal: bool, instant: datetime) -> Ending | Circle:
        """Where a call ends, or the circle it is caught in, by the judge alone."""
        path: list[tuple[str, Key]] = []
        while True:
            key = self.decider(number, caller, internal, instant)
            destination = RING if key is None else self.rules[key].destination
            if destination.kind != "extension" or key is None:
                return ending(self.policy, number, destination)
            path.append((number, key))
            number = destination.number
            before = [step for step, _ in path]
            if number in before:
                return turned(path[before.index(number) :])

    # chains

    def routes(self, number: str, group: int, times: int) -> Iterator[tuple[Ending | Circle, int, list[Key | None]]]:
        """Where the calls of a group at some instants end, with the rules on their way."""
        yield from self._routes(number, group, times, [])

    def _routes(
        self, number: str, group: int, times: int, path: list[tuple[str, Key]]
    ) -> Iterator[tuple[Ending | Circle, int, list[Key | None]]]:
        before = [step for step, _ in path]
        if number in before:
            yield turned(path[before.index(number) :]), times, [key for _, key in path]
            return
        for piece in self.by_group[number][group]:
            here = piece.times & times
            if not here:
                continue
            destination = RING if piece.rule is None else self.rules[piece.rule].destination
            if destination.kind == "extension" and piece.rule is not None:
                yield from self._routes(destination.number, group, here, [*path, (number, piece.rule)])
            else:
                yield ending(self.policy, number, destination), here, [*(key for _, key in path), piece.rule]

    @cached_property
    def by_group(self) -> dict[str, list[list[Piece]]]:
        found: dict[str, list[list[Piece]]] = {}
        for number, pieces in self.pieces.items():
            found[number] = [[] for _ in self.groups]
            for piece in pieces:
                found[number][piece.group].append(piece)
        return found

    def circles(self) -> set[Circle]:
        """Every circle of forwards that some call enters."""
        forwards = {b for b in self.own if self.rules[b].destination.kind == "extension"}
        found: set[Circle] = set()
        for number, pieces in self.pieces.items():
            for piece in pieces:
                if piece.rule in forwards:
                    for end, _, _ in self.routes(number, piece.group, piece.times):
                        if end and isinstance(end[0], tuple):
                            found.add(end)
        return found


ANY_TIME = datetime(2026, 1, 5, 10)


def timeless(rule: Rule) -> Rule:
    """The rule as if it held at all times."""
    return replace(rule, times=(), until=None)


def is_on(policy: Policy, rule: Rule, instant: datetime) -> bool:
    """Whether a rule's times hold this one: the rule as if it took everyone."""
    return matches(
        policy, Rule((Everyone(),), rule.destination, times=rule.times, until=rule.until), "", False, instant
    )


def ending(policy: Policy, number: str, destination: Destination) -> Ending:
    """The final outcome when a rule of extension `number` decides, or rings."""
    extension = policy.extension(number)
    assert extension is not None
    match destination.kind:
        case "ring" | "voicemail":
            return destination.kind, number, number
        case "extension-voicemail":
            return "voicemail", destination.number, number
        case "mobile" | "external":
            outside = destination.number if destination.kind == "external" else extension.mobile
            assert outside
            return "rebound" if destination.rebound else "external", outside, number
        case "system":
            return "system", destination.number, number
        case "busy":
            return "busy", "", number
    raise ValueError(destination)


def differs(done: Ending | Circle, said: Ending | Circle) -> bool | None:
    """Whether a call ends otherwise; None when it is busy either way, but at another extension.

    A rebound falls to the mailbox of the extension that decided, so that one counts.
    """
    if isinstance(done[0], tuple) or isinstance(said[0], tuple) or done[0] == "rebound":
        return done != said
    if done[0] == said[0] == "busy":
        return None if done != said else False
    return done[:2] != said[:2]


def turned(circle: Sequence[tuple[str, Key]]) -> Circle:
    start = circle.index(min(circle, key=lambda step: (int(step[0]), step[0])))
    return (*circle[start:], *circle[:start])
