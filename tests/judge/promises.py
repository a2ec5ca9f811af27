"""Random tests and guarantees of a random policy, with the truth about each by brute force.

    promised = promise(seed)       # Promised(policy, text, tests, guarantees)
    promised.failures(each)        # calls that break it, one of each sort; none when it holds

The truth is the judge's: every sort of caller, kind and instant that the rules or the promise itself tell apart
(`edges.Atlas`) is followed to its end. About half of them hold. Some policies get one more rule, for one number,
one kind or one minute, after the promises were drawn: those then fail for a sliver.

    donne R                 the final outcome is R
    ne donne jamais R       no attempt is R: what rings falls to its mailbox, or busy without one; a rebound
                            dials an outside number (`rebond N`, and `externe N` all the same) and falls to the
                            mailbox of the extension whose rule decided
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property

from judge.edges import TAKEN, Atlas, Cell, Ending, ending, is_on
from judge.generate import FEATURES, FOREIGN, Numbers, Writer, exists, random_callers, random_exceptions, random_policy
from judge.judge import (
    RING,
    Anonymous,
    Block,
    Builtin,
    Destination,
    Everyone,
    Exact,
    Extension,
    Hours,
    Item,
    Policy,
    Poste,
    Prefix,
    Range,
    Rule,
    Span,
    When,
    is_french,
    matches,
    matches_item,
)


@dataclass(frozen=True)
class Result:
    """What a test or guarantee says of a call: `kind` and, if it says so, where."""

    kind: str  # ring, voicemail, external, rebound, system, busy
    where: str = ""  # extension, or canonical number
    among: tuple[Item, ...] = ()  # of a guarantee: externe, rebond and some callers


@dataclass(frozen=True)
class Test:
    """`appel [interne|externe] de X pour E [le D H] donne R`"""

    caller: Exact | Poste | Anonymous
    said: str  # internal, external, or nothing
    called: str
    at: datetime | None
    result: Result

    __test__ = False  # nothing for pytest to collect


@dataclass(frozen=True)
class Guarantee:
    """`depuis … pour … donne R` or `… ne donne jamais R`"""

    named: Rule  # callers and times; its destination is nothing
    extension: str  # number; none: pour tous
    excluded: tuple[str, ...]
    never: bool
    result: Result


Statement = Test | Guarantee
Broken = tuple[str, str, bool, datetime]  # a call: extension, canonical caller, whether internal, instant


def caller_of(policy: Policy, test: Test) -> tuple[str, bool]:
    """§3: externe, unless X is a poste or `interne` is said."""
    number = "" if isinstance(test.caller, Anonymous) else test.caller.number
    internal = test.said == "internal" or (not test.said and policy.extension(number) is not None)
    return number, internal


def is_result(policy: Policy, result: Result, end: Ending) -> bool:
    kind, where, _ = end
    if kind != result.kind or (result.where and where != result.where):
        return False
    return not result.among or any(matches_item(policy, item, where, False, TAKEN) for item in result.among)


def attempts(policy: Policy, end: Ending) -> list[Ending]:
    """All that a call may meet on its last step."""
    kind, where, decided_by = end
    extension = policy.extension(decided_by)
    assert extension is not None
    mailbox = ("voicemail", decided_by, decided_by)
    match kind:
        case "ring":
            return [end, mailbox if extension.voicemail else ("busy", "", decided_by)]
        case "rebound":
            return [end, ("external", where, decided_by), mailbox]
        case _:
            return [end]


@dataclass(frozen=True)
class Promised:
    seed: int
    policy: Policy
    text: str
    statements: Mapping[int, Statement]  # by their line in the text

    @cached_property
    def judge(self) -> Judge:
        return Judge(self.policy, self.statements.values())

    def failures(self, statement: Statement) -> list[Broken]:
        return self.judge.failures(statement)


class Judge:
    """The truth about statements."""

    def __init__(self, policy: Policy, statements: Iterable[Statement]):
        self.policy = policy
        rules = dict.fromkeys(rule_of(each) for each in statements)
        self.keys: dict[Rule, tuple[str, int]] = {rule: ("promise", at) for at, rule in enumerate(rules)}
        self.atlas = Atlas(policy, {key: rule for rule, key in self.keys.items()})
        self.postes = {each.number: each for each in policy.extensions}

    def failures(self, statement: Statement) -> list[Broken]:
        """A call of each sort that breaks the statement."""
        at = statement.at if isinstance(statement, Test) else None
        return [
            (number, cell.first, cell.internal, at or self.atlas.instants_of(times)[0])
            for number, group, times in self.broken(statement)
            for cell in self.atlas.groups[group][:1]
        ]

    def broken(self, statement: Statement) -> Iterator[tuple[str, int, int]]:
        """Extension, group of callers and instants of the calls that break it."""
        for number, group, times in self.named_calls(statement):
            for end, here, _ in self.atlas.routes(number, group, times):
                if self.breaks(statement, end):
                    yield number, group, here

    def named_calls(self, statement: Statement) -> Iterator[tuple[str, int, int]]:
        """Extension, group of callers and instants that the statement speaks of."""
        key = self.keys[rule_of(statement)]
        when = self.atlas.when[key]
        if isinstance(statement, Test):
            group = self.atlas.group_of(*caller_of(self.policy, statement))
            if statement.at is not None:
                when = 1 << self.sort_of(statement.at)
            yield statement.called, group, when
            return
        for extension in self.policy.extensions:
            if extension.number not in held(self.policy, statement):
                continue
            for group in sorted(self.atlas.who[key]):
                yield extension.number, group, when

    def sort_of(self, instant: datetime) -> int:
        """The place of the sort of an instant: the one at which the same rules are on."""
        here = self.on(instant)
        return next(at for at, known in enumerate(self.atlas.instants) if self.on(known) == here)

    def on(self, instant: datetime) -> list[bool]:
        return [is_on(self.policy, rule, instant) for rule in self.clauses]

    @cached_property
    def clauses(self) -> list[Rule]:
        return list({(rule.times, rule.until): rule for rule in self.atlas.rules.values()}.values())

    def breaks(self, statement: Statement, end: Ending) -> bool:
        if isinstance(statement, Guarantee) and statement.never:
            return any(is_result(self.policy, statement.result, e) for e in attempts(self.policy, end))
        return not is_result(self.policy, statement.result, end)

    def breaks_call(self, statement: Statement, call: Broken) -> bool:
        """Whether one call is named by the statement and breaks it: by the judge alone, no cells."""
        number, caller, internal, instant = call
        if isinstance(statement, Test):
            if (caller, internal) != caller_of(self.policy, statement) or number != statement.called:
                return False
            if statement.at is not None and statement.at != instant:
                return False
        else:
            if number not in held(self.policy, statement):
                return False
            if not matches(self.policy, statement.named, caller, internal, instant, TAKEN):
                return False
        end = self.atlas.follow(number, caller, internal, instant)
        assert isinstance(end[0], str), "a policy of promises has no loop"
        return self.breaks(statement, end)


def held(policy: Policy, guarantee: Guarantee) -> list[str]:
    """The extensions that a guarantee is about."""
    if guarantee.extension:
        return [guarantee.extension]
    return [each.number for each in policy.extensions if each.number not in guarantee.excluded]


def rule_of(statement: Statement) -> Rule:
    """A rule with the edges of a statement."""
    if isinstance(statement, Guarantee):
        return statement.named
    return Rule((statement.caller,), RING)


# --- text -----------------------------------------------------------------------------------------------------


class PromiseWriter(Writer):
    """Writes statements in one of their many spellings."""

    def result(self, result: Result) -> str:
        word = {"ring": "sonnerie", "voicemail": "messagerie", "external": "externe"}
        word |= {"rebound": "rebond", "system": "système", "busy": "occupé"}
        written = self.keyword(word[result.kind])
        if result.among:
            return self.words(written, self.items(result.among))
        if not result.where:
            return written
        if result.kind == "system":
            [system] = [each for each in self.policy.systems if each.number == result.where]
            return self.words(written, self.name(system.name))
        if result.kind in ("external", "rebound"):
            return self.words(written, self.exact(result.where))
        return self.words(written, self.poste(result.where))

    def test(self, test: Test) -> str:
        kind = {"": "", "internal": "interne", "external": "externe"}[test.said]
        moment = ""
        if test.at is not None:
            moment = self.words(self.keyword("le"), self.day(test.at.date()), self.hour(test.at.time()))
        return self.words(
            self.keyword("appel"),
            self.keyword(kind) if kind else "",
            self.keyword("de"),
            self.item(test.caller),
            self.keyword("pour"),
            self.poste(test.called),
            moment,
            self.keyword("donne"),
            self.result(test.result),
        )

    def guarantee(self, guarantee: Guarantee) -> str:
        rule = guarantee.named
        kind = {"": "", "internal": "interne", "external": "externe"}[rule.only]
        alone = kind and rule.callers == (Everyone(),) and not rule.excepted and self.rng.random() < 0.6
        clauses = [self.when(when) for when in rule.times]
        if rule.until:
            clauses.append(self.words(self.keyword("jusqu'au"), self.day(rule.until)))
        self.rng.shuffle(clauses)
        before = self.rng.randint(0, len(clauses))
        if guarantee.extension:
            target = self.poste(guarantee.extension)
        elif guarantee.excluded:
            names = ", ".join(self.poste(number) for number in guarantee.excluded)
            target = self.words(self.keyword("tous"), self.keyword("sauf"), names)
        else:
            target = self.keyword("tous")
        verdict = ("ne", "donne", "jamais") if guarantee.never else ("donne",)
        return self.words(
            self.keyword("depuis"),
            "" if alone else self.items(rule.callers),
            self.words(self.keyword("sauf"), self.items(rule.excepted)) if rule.excepted else "",
            self.keyword(kind) if kind else "",
            *clauses[:before],
            self.keyword("pour"),
            target,
            *clauses[before:],
            *(self.keyword(word) for word in verdict),
            self.result(guarantee.result),
        )


def written(
    policy: Policy, statements: Sequence[Statement], rng: random.Random, features: frozenset[str], plain: bool = False
) -> tuple[str, dict[int, Statement]]:
    """The text of a policy and its statements, and on which line each of them is."""
    writer = PromiseWriter(policy, rng, features, plain)
    text = writer.text()
    end = "\r\n" if "\r\n" in text else "\n"
    text = text if text.endswith("\n") else text + end
    line = text.count("\n")
    placed: dict[int, Statement] = {}
    before: type | None = None
    lines: list[str] = []
    for at, each in enumerate(statements):
        if type(each) is not before or rng.random() < 0.4:
            word = "test" if isinstance(each, Test) else "garantie"
            lines += ["", writer.words(writer.keyword(word), f'"essai {at}"')]
            before = type(each)
        is_test = isinstance(each, Test)
        lines.append(writer.indent() + (writer.test(each) if is_test else writer.guarantee(each)))
        placed[line + len(lines)] = each
    lines = [writer.commented(each) for each in lines]
    return text + "".join(each + end for each in lines), placed


# --- drawing --------------------------------------------------------------------------------------------------


def promise(seed: int, count: int = 14, features: frozenset[str] = FEATURES) -> Promised:
    """A random policy with statements of both kinds, true and false; some false for a sliver only."""
    rng = random.Random(f"promises {seed}")
    policy = random_policy(random.Random(f"policy {seed}"), features)
    numbers = Numbers(rng, [each.number for each in policy.extensions])
    drawn = draw(policy, rng, numbers, count, 0.65 if seed % 3 == 0 else 0.5)  # slivers break some that hold
    if seed % 3 == 0:
        policy = with_sliver(policy, rng, drawn)
    rng.shuffle(drawn)
    text, placed = written(policy, drawn, random.Random(f"text {seed}"), features)
    return Promised(seed, policy, text, placed)


def draw(policy: Policy, rng: random.Random, numbers: Numbers, count: int, share: float) -> list[Statement]:
    """Statements of which about this share holds; of those that fail, rather the nearly true."""
    atlas = Atlas(policy)
    raw = [
        each
        for at in range(4 * count)
        if (each := random_test(policy, rng, atlas) if at % 2 else random_guarantee(policy, rng, numbers))
    ]
    judge = Judge(policy, raw)
    true: list[Statement] = []
    false: list[tuple[float, Statement]] = []
    for each in raw:
        calls = list(judge.named_calls(each))
        if not any(times for _, _, times in calls):
            continue  # speaks of no call
        statement = replace(each, result=random_result(policy, rng, judge, each, rng.random() < 0.5))
        broken = sum(times.bit_count() for _, _, times in judge.broken(statement))
        if broken:
            false.append((broken / sum(times.bit_count() for _, _, times in calls), statement))
        else:
            true.append(statement)
    chosen: list[Statement] = []
    for kind in (Test, Guarantee):
        holding = [each for each in true if isinstance(each, kind)]
        failing = sorted((e for e in false if isinstance(e[1], kind)), key=lambda each: each[0])
        holding = rng.sample(holding, min(len(holding), round(share * count / 2)))
        nearly = [each for _, each in failing[: (count // 2 - len(holding) + 1) // 2]]
        others = [each for _, each in failing[len(nearly) :]]
        left = count // 2 - len(holding) - len(nearly)
        chosen += [*holding, *nearly, *rng.sample(others, max(0, min(len(others), left)))]
    return chosen


def random_test(policy: Policy, rng: random.Random, atlas: Atlas) -> Test | None:
    called = rng.choice(policy.extensions).number
    piece = rng.choice(atlas.pieces[called])
    named = [(cell, found) for cell in atlas.groups[piece.group] if (found := named_by(policy, cell, rng))]
    if not named:
        return None
    cell, caller = rng.choice(named)
    poste = not isinstance(caller, Anonymous) and policy.extension(caller.number) is not None
    said = "internal" if cell.internal else "external"
    if cell.internal is poste and rng.random() < 0.7:
        said = ""
    at = rng.choice(atlas.instants_of(piece.times)) if rng.random() < 0.6 else None
    if at is not None and rng.random() < 0.3 and exists(near := at.replace(minute=59), policy.zone):
        at = near
    return Test(caller, said, called, at, Result("busy"))


def named_by(policy: Policy, cell: Cell, rng: random.Random) -> Exact | Poste | Anonymous | None:
    """How a test may name the first or last caller of a cell."""
    number = rng.choice((cell.first, cell.last))
    if not number:
        return Anonymous()
    if policy.extension(number):
        return rng.choice((Exact(number), Poste(number)))
    if is_french(number) and len(number) == 10 and number[:4] not in ("0700", "0901") and number[1] != "0":
        return Exact(number)
    return Exact(number) if number in FOREIGN else None


def random_guarantee(policy: Policy, rng: random.Random, numbers: Numbers) -> Guarantee:
    """Callers and times of some rule, or drawn anew; for one extension or many."""
    rules = [rule for block in policy.blocks for rule in block.rules]
    if rules and rng.random() < 0.5:
        model = rng.choice(rules)
        named = replace(model, destination=RING)
        if rng.random() < 0.3:
            named = replace(named, times=(), until=None)
    else:
        callers = random_callers(policy=policy, rng=rng, numbers=numbers)
        excepted = random_exceptions(rng, policy, numbers, callers) if rng.random() < 0.25 else ()
        times: list[When] = []
        choices = [When("hours", h.name) for h in policy.hours] + [When("closure", c.name) for c in policy.closures]
        if policy.holidays:
            choices.append(When("holidays"))
        if choices and rng.random() < 0.4:
            times.append(replace(rng.choice(choices), inside=rng.random() < 0.5))
        until = rng.choice((date(2026, 12, 31), date(2027, 6, 30))) if rng.random() < 0.1 else None
        named = Rule(callers, RING, excepted, rng.choice(("", "", "internal", "external")), tuple(times), until)
    postes = [each.number for each in policy.extensions]
    if rng.random() < 0.6:
        return Guarantee(named, rng.choice(postes), (), rng.random() < 0.5, Result("busy"))
    excluded = rng.sample(postes, rng.choice((0, 0, rng.randint(0, len(postes) - 1))))
    return Guarantee(named, "", tuple(excluded), rng.random() < 0.7, Result("busy"))


def random_result(policy: Policy, rng: random.Random, judge: Judge, statement: Statement, holds: bool) -> Result:
    """A result that makes the statement hold or fail, where one does; failing for few calls rather than many."""
    never = isinstance(statement, Guarantee) and statement.never
    met: dict[Ending, int] = {}
    for number, group, times in judge.named_calls(statement):
        for end, here, _ in judge.atlas.routes(number, group, times):
            assert isinstance(end[0], str)
            seen = attempts(policy, end) if never else [end]
            for each in seen:
                met[each] = met.get(each, 0) + here.bit_count()
    ordered = sorted(met, key=lambda each: (met[each], each))
    rare, common = ordered[0], ordered[-1]
    if never:
        end = rng.choice((rare, rare, rng.choice(ordered))) if not holds else other_end(policy, rng, met)
    else:
        end = common if holds or len(ordered) > 1 else other_end(policy, rng, met)
    return phrased(policy, rng, end, general=isinstance(statement, Guarantee))


def other_end(policy: Policy, rng: random.Random, met: Iterable[Ending]) -> Ending:
    """An ending that some call of the policy might have, and these have not."""
    extension = rng.choice(policy.extensions)
    outside = [e.mobile for e in policy.extensions if e.mobile]
    outside += [r.destination.number for b in policy.blocks for r in b.rules if r.destination.kind == "external"]
    outside.append("0442930699")
    choices = [
        ("ring", extension.number),
        ("external", rng.choice(outside)),
        ("rebound", rng.choice(outside)),
        ("system", rng.choice(policy.systems).number),
        ("busy", ""),
    ]
    choices += [("voicemail", each.number) for each in policy.extensions if each.voicemail]
    seen = {each[:2] for each in met}
    return (*rng.choice([each for each in choices if each not in seen] or choices), "")


def phrased(policy: Policy, rng: random.Random, end: Ending, general: bool) -> Result:
    """The ending as a result; in a guarantee also without its name, or with callers that hold the number."""
    kind, where, _ = end
    if kind == "busy" or (general and rng.random() < 0.25):
        return Result(kind)
    if kind in ("external", "rebound") and general and rng.random() < 0.6:
        wide: list[Item] = [
            Prefix(where[:3]),
            Prefix("+"),
            Builtin("mobiles"),
            Builtin("étranger"),
            Builtin("surtaxés"),
        ]
        wide.append(Range("0400000000", "0699999999"))
        chosen = rng.sample(wide, rng.choice((1, 1, 2)))
        return Result(kind, "", tuple(chosen))
    return Result(kind, where)


def with_sliver(policy: Policy, rng: random.Random, drawn: Sequence[Statement]) -> Policy:
    """The policy with one more rule, first of all, that takes few calls of one guarantee that holds."""
    judge = Judge(policy, drawn)
    holding = [each for each in drawn if isinstance(each, Guarantee) and not judge.failures(each)]
    rng.shuffle(holding)
    for guarantee in holding:
        number, group, times = rng.choice([each for each in judge.named_calls(guarantee) if each[2]])
        extension = policy.extension(number)
        assert extension is not None
        callers: list[Item] = [
            found for cell in judge.atlas.groups[group] if (found := named_by(policy, cell, rng)) is not None
        ]
        if not callers:
            continue
        cell = judge.atlas.groups[group][0]
        only = rng.choice(("", "internal" if cell.internal else "external"))
        when: tuple[When, ...] = ()
        with_minute = policy
        if rng.random() < 0.6:
            at = rng.choice(judge.atlas.instants_of(times))
            late = (at.hour, at.minute) == (23, 59)
            end = time(0) if late else time(at.hour + (at.minute == 59), (at.minute + 1) % 60)
            minute = Hours("La minute", (Span(frozenset({at.weekday()}), at.time(), end),), holidays_included=True)
            when = (When("hours", minute.name),)
            with_minute = replace(policy, hours=(*policy.hours, minute))
        for destination in breaking(policy, rng, extension, guarantee):
            sliver = Rule((rng.choice(callers),), destination, (), only, when)
            return replace(with_minute, blocks=(Block("own", (sliver,), number), *policy.blocks))
    return policy


def breaking(policy: Policy, rng: random.Random, extension: Extension, guarantee: Guarantee) -> Iterator[Destination]:
    """A destination in this extension that breaks a guarantee."""
    choices = [Destination("busy"), Destination("ring"), Destination("external", "0140506070")]
    choices += [Destination("system", each.number) for each in policy.systems]
    choices += [Destination("extension-voicemail", each.number) for each in policy.extensions if each.voicemail]
    if extension.mobile:
        choices.append(Destination("mobile"))
    if extension.voicemail:
        choices += [Destination("voicemail"), Destination("external", "+442071234567", rebound=True)]
    rng.shuffle(choices)
    for destination in choices:
        end = ending(policy, extension.number, destination)
        met = attempts(policy, end) if guarantee.never else [end]
        if any(is_result(policy, guarantee.result, each) for each in met) is guarantee.never:
            yield destination
