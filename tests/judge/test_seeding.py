"""The sown faults, the edges and the promises are what they say: all without policyc."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from unittest.mock import patch

import pytest
from judge import edges
from judge import judge as judge_module
from judge.edges import TAKEN, Atlas, is_canonical, is_on, keyed
from judge.generate import EVERYWHERE, generate, unaccented
from judge.judge import Call, Poste, Range, canonical, events, matches, rules_of
from judge.promises import Guarantee, Judge, Test, attempts, promise
from judge.seeding import DEAD, FINE, PARTLY, Elements, rendered, sow
from judge.seeds import few

SEEDS = pytest.mark.parametrize("seed", few(range(5), 3))


@cache
def sown(seed):
    return sow(seed)


@cache
def elements(seed):
    return Elements(sown(seed).policy)


@cache
def promised(seed):
    return promise(seed)


# --- faults are what their construction says ------------------------------------------------------------------


@SEEDS
def test_dead_rules_are_dead_by_their_covers(seed):
    atlas = elements(seed).atlas
    for fault in sown(seed).faults:
        if fault.kind == "dead":
            [key] = fault.rules
            assert key in atlas.dead(), fault
            assert {piece.rule for _, piece in atlas.takers(key)} <= set(fault.covers), fault
            assert (True in atlas.compared(key)) is (fault.case == "other"), fault


@SEEDS
def test_partly_hidden_rules_decide_but_for_one_item(seed):
    for fault in sown(seed).faults:
        if fault.kind == "partly":
            [key] = fault.rules
            hidden = elements(seed).hidden(key)
            assert elements(seed).atlas.decides(key), fault
            assert any(fault.taken in ("", each.kind) for each in hidden), fault
            assert {taker for _, takers, _ in hidden.values() for taker in takers} <= set(fault.covers), fault


@SEEDS
def test_what_comes_close_is_alive(seed):
    for fault in sown(seed).faults:
        if fault.kind == "fine":
            for key in fault.rules:
                assert elements(seed).atlas.decides(key), fault
                assert elements(seed).bounds(key)[0] == 0, fault


@SEEDS
def test_circles_are_those_sown(seed):
    expected = {frozenset(fault.rules) for fault in sown(seed).faults if fault.kind == "loop"}

    assert expected == {frozenset(key for _, key in circle) for circle in elements(seed).atlas.circles()}
    assert bool(expected) is bool(seed % 2)


def test_every_recipe_is_sown():
    seen = {fault.recipe for seed in range(10) for fault in sown(seed).faults}

    assert {recipe.__name__ for recipe in (*DEAD, *PARTLY, *FINE)} <= seen
    assert {"dead_for_all", "dead_after_all", "for_nobody", "same_end_twice", "loop_for_all"} <= seen
    assert len({recipe for recipe in seen if recipe.startswith("near_loop")}) > 5


@pytest.mark.thorough
def test_rules_are_close_to_dead():
    """Rules kept alive by one number, one minute or one day are sown, not only by half of their calls."""
    callers, instants = {}, {}
    for seed in range(10):
        atlas = elements(seed).atlas
        for fault in sown(seed).faults:
            if fault.recipe.startswith("all_but_one_"):
                key = fault.rules[-1]
                mine = [piece for n in atlas.holders(key) for piece in atlas.pieces[n] if piece.rule == key]
                callers[fault.recipe] = atlas.numbers(piece.group for piece in mine)
                instants[fault.recipe] = [at for piece in mine for at in atlas.instants_of(piece.times)]

    assert callers["all_but_one_number"] == 1
    assert callers["all_but_one_between"] == 1
    assert {(18, 30)} == {(at.hour, at.minute) for at in instants["all_but_one_minute"]}
    assert {date(2027, 5, 12)} == {at.date() for at in instants["all_but_one_day"]}


# --- edges are complete ---------------------------------------------------------------------------------------


@SEEDS
def test_rules_are_in_the_order_of_the_judge(seed):
    for extension in sown(seed).policy.extensions:
        number = extension.number
        assert [rule for _, rule in keyed(sown(seed).policy, number)] == rules_of(sown(seed).policy, number)


@SEEDS
def test_cells_are_uniform(seed):
    """Random callers of a cell, and its last, are matched by the same items as its first."""
    rng = random.Random(seed)
    atlas = elements(seed).atlas
    everything = [(group, cell) for group, cells in enumerate(atlas.groups) for cell in cells if cell.first]
    for group, cell in rng.sample(everything, 60):
        sign, width = cell.first[: -len(cell.first.lstrip("+"))], len(cell.first.lstrip("+"))
        between = rng.randint(int(cell.first), int(cell.last))
        for caller in (f"{sign}{between:0{width}d}", cell.last):
            assert is_canonical(caller, cell.internal), (cell, caller)
            taken = {
                key
                for key, rule in atlas.rules.items()
                if matches(atlas.policy, edges.timeless(rule), caller, cell.internal, edges.ANY_TIME, TAKEN)
            }
            assert taken == {key for key in atlas.rules if group in atlas.who[key]}, (cell, caller)


@SEEDS
def test_every_caller_is_in_one_cell(seed):
    rng = random.Random(seed)
    atlas = Atlas(sown(seed).policy)
    drawn = ["".join(rng.choice("0123456789") for _ in range(rng.randint(1, 15))) for _ in range(60)]
    drawn += ["+" + number for number in drawn if len(number) > 3] + ["0" + n[:9] for n in drawn if len(n) > 8]
    for caller in (*drawn, *EVERYWHERE, ""):
        for internal in (False, True):
            universe = len(caller) <= 10 and not caller.startswith("+") if internal else len(caller) <= 16
            universe = universe and (caller == "" or caller.lstrip("+").isdigit())
            universe = universe and not (caller.startswith("+") and len(caller) < 5)
            if universe and is_canonical(caller, internal):
                atlas.group_of(caller, internal)  # raises when there is none
            else:
                with pytest.raises(ValueError, match="no caller"):
                    atlas.group_of(caller, internal)


def test_the_universe_has_its_size():
    """§4.2: 10 lengths inside, 15 outside, 12 with a sign; less what is a spelling of another number."""
    atlas = Atlas(sown(0).policy)
    sizes = {True: 0, False: 0}
    for cell in (cell for cells in atlas.groups for cell in cells):
        sizes[cell.internal] += cell.count
    nine, zeros = 9 * 10**8, sum(9 * 10**k for k in range(13))  # 00 and 1 to 13 digits, the first not 0
    outside = sum(10**k for k in range(1, 16)) - nine - nine - zeros
    signed = sum(10**k for k in range(4, 16)) - 6 * nine - 10**6 - 2 * 10**10

    assert sizes == {True: sum(10**k for k in range(1, 11)) + 1, False: outside + signed + 1}


@SEEDS
def test_instants_are_complete(seed):
    """Random instants, and the minutes around midnights and ends of hours, are of a sort that is known."""
    rng = random.Random(seed)
    atlas = elements(seed).atlas
    clauses = list({(rule.times, rule.until): rule for rule in atlas.rules.values()}.values())
    known = {tuple(is_on(atlas.policy, rule, at) for rule in clauses) for at in atlas.instants}
    days = [datetime(2025, 12, 1) + timedelta(days=rng.randrange(2000)) for _ in range(40)]
    days += [
        datetime.combine(day, datetime.min.time())
        for day in rng.sample(sorted(atlas.policy.holidays), 5 * bool(atlas.policy.holidays))
    ]
    minutes = {0, *(at.hour * 60 + at.minute for h in atlas.policy.hours for s in h.spans for at in (s.start, s.end))}
    for day in days:
        for minute in (rng.choice(sorted(minutes)), rng.randrange(24 * 60)):
            instant = day + timedelta(minutes=minute - rng.choice((0, 0, 1)))
            assert tuple(is_on(atlas.policy, rule, instant) for rule in clauses) in known, instant


@SEEDS
def test_cells_decide_as_the_judge(seed):
    """The calls of the generator: their piece has the rule that decides them, and their route the end of events."""
    case = generate(seed)
    atlas = Atlas(case.policy)
    clauses = list(atlas.rules.values())
    sorts = [[is_on(case.policy, rule, at) for rule in clauses] for at in atlas.instants]
    for each in case.calls:
        call = each.call
        caller = canonical(call.presented, call.internal, call.restricted, TAKEN)
        if each.hangs_on or case.policy.extension(call.called) is None:
            continue
        try:
            group = atlas.group_of(caller, call.internal)
        except ValueError:
            continue  # a hostile text: everyone, and in no universe
        at = sorts.index([is_on(case.policy, rule, call.instant) for rule in clauses])
        [piece] = [p for p in atlas.pieces[call.called] if p.group == group and p.times >> at & 1]
        [(end, _, _)] = list(atlas.routes(call.called, group, 1 << at))

        assert piece.rule == atlas.decider(call.called, caller, call.internal, call.instant)
        assert end == atlas.follow(call.called, caller, call.internal, call.instant)
        assert end[:2] == met(each.expected)[0][:2], each


def met(played):
    """What a call meets on its last step, by the text of its events; the first is its outcome."""
    steps = [step.split() for step in played.split(" > ") if step.split()[0] not in ("answer", "play", "digits")]
    return [("busy", "") if step[0] == "busy" else (step[0], step[1]) for step in steps if step != ["hangup"]]


# --- lines ------------------------------------------------------------------------------------------------------


@SEEDS
def test_lines_are_those_of_the_rules(seed):
    lines = sown(seed).text.splitlines()
    keys = elements(seed).atlas.own

    assert sorted(sown(seed).lines) == sorted(keys)
    assert all(unaccented(lines[at - 1]).strip().casefold().startswith("depuis") for at in sown(seed).lines.values())
    assert len(keys) == sum(unaccented(line).strip().casefold().startswith("depuis") for line in lines)
    text, places = rendered(sown(seed).policy, random.Random(0), plain=True)
    for key in keys:
        rule = elements(seed).atlas.rules[key]
        written = text.splitlines()[places[key] - 1]
        assert (" sauf " in written) is bool(rule.excepted)
        assert ("jusqu'au" in written) is bool(rule.until)
        assert (" occupé" in written) is (rule.destination.kind == "busy") or "Occupé" in written


# --- promises -----------------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_about_half_of_the_promises_hold():
    for kind in (Test, Guarantee):
        drawn = [(seed, each) for seed in range(10) for each in promised(seed).statements.values()]
        holding = [not promised(seed).failures(each) for seed, each in drawn if isinstance(each, kind)]

        assert 0.4 < sum(holding) / len(holding) < 0.75


@pytest.mark.thorough
def test_some_promises_fail_for_a_sliver():
    """One sort of caller at one sort of instant, of many."""
    slivers = 0
    for seed in range(10):
        judge = promised(seed).judge
        for each in promised(seed).statements.values():
            broken = sum(times.bit_count() for _, _, times in judge.broken(each))
            slivers += 0 < broken < 0.05 * sum(times.bit_count() for _, _, times in judge.named_calls(each))

    assert slivers >= 10


@SEEDS
def test_promises_are_written_on_their_lines(seed):
    lines = promised(seed).text.splitlines()
    for line, statement in promised(seed).statements.items():
        word = "appel" if isinstance(statement, Test) else "depuis"
        assert unaccented(lines[line - 1]).strip().casefold().startswith(word)


@SEEDS
def test_the_truth_about_promises_is_what_calls_meet(seed):
    """Each sort of call that a statement names, played by `events` with nobody answering."""
    judge = promised(seed).judge
    policy = promised(seed).policy
    for statement in promised(seed).statements.values():
        broken = set(promised(seed).failures(statement))
        for number, group, times in judge.named_calls(statement):
            cell = judge.atlas.groups[group][0]
            for instant in judge.atlas.instants_of(times)[:3]:
                if canonical(cell.first, cell.internal, False, TAKEN) != cell.first:
                    continue
                seen = met(events(policy, Call(cell.first, cell.internal, False, number, instant), TAKEN))
                dialled = [("external", where) for kind, where in seen if kind == "rebound"]
                never = isinstance(statement, Guarantee) and statement.never
                looked_at = seen + dialled if never else seen[:1]
                said = [each for each in looked_at if says(policy, statement.result, each)]
                breaks = bool(said) is never

                assert breaks == judge.breaks_call(
                    statement, (number, cell.first, cell.internal, at(statement, instant))
                )
                if breaks:
                    assert any(call[0] == number for call in broken)


def at(statement, instant):
    return statement.at or instant if isinstance(statement, Test) else instant


def says(policy, result, seen):
    kind, where = seen
    if kind != result.kind or result.where not in ("", where):
        return False
    return not result.among or any(
        judge_module.matches_item(policy, item, where, False, TAKEN) for item in result.among
    )


def test_what_rings_falls_to_a_mailbox_or_busy():
    policy = promised(0).policy
    for extension in policy.extensions:
        number = extension.number
        after = ("voicemail", number) if extension.voicemail else ("busy", "")
        rings, dials = ("ring", number, number), ("rebound", "0612345678", number)

        assert [("ring", number), after] == [each[:2] for each in attempts(policy, rings)]
        assert ("external", "0612345678") in [each[:2] for each in attempts(policy, dials)]
        assert ("voicemail", number) in [each[:2] for each in attempts(policy, dials)]


# --- the power of what is sown: each of these faults of a checker must be seen ------------------------------------


def dead_by_one(atlas):
    """Rules that a single earlier rule covers: no union."""
    return {
        key
        for key in atlas.own
        if not atlas.empty(key) and atlas.holders(key)
        if all(covered(atlas, key, number) for number in atlas.holders(key))
    }


def covered(atlas, key, number):
    before = [each for each, _ in keyed(atlas.policy, number)]
    return any(
        atlas.who[key] <= atlas.who[each] and not atlas.when[key] & ~atlas.when[each]
        for each in before[: before.index(key)]
    )


def changed(policy, change):
    """The policy as a checker sees it that reads each rule so."""
    blocks = [replace(block, rules=tuple(change(rule) for rule in block.rules)) for block in policy.blocks]
    return replace(policy, blocks=tuple(blocks))


def without_ends(items):
    """Ranges that stop before their last number."""
    return tuple(
        Range(item.first, f"{int(item.last) - 1:0{len(item.last)}d}")
        if isinstance(item, Range) and item.first < item.last and not item.last.startswith("+")
        else item
        for item in items
    )


READ_SO = {
    "times forgotten": lambda rule: replace(rule, times=()),
    "ends forgotten": lambda rule: replace(rule, until=None),
    "kinds forgotten": lambda rule: replace(rule, only=""),
    "exceptions forgotten": lambda rule: replace(rule, excepted=()),
    "hors as pendant": lambda rule: replace(rule, times=tuple(replace(when, inside=True) for when in rule.times)),
    "ranges without their end": lambda rule: replace(rule, callers=without_ends(rule.callers)),
    "a poste from inside only": lambda rule: (
        replace(rule, only="internal") if all(isinstance(item, Poste) for item in rule.callers) else rule
    ),
}


def test_a_checker_without_unions_is_seen():
    assert any(dead_by_one(elements(seed).atlas) != elements(seed).atlas.dead() for seed in range(10))


@pytest.mark.parametrize("fault", few(READ_SO, 7))
def test_rules_read_wrongly_are_seen(fault):
    assert any(
        Atlas(changed(sown(seed).policy, READ_SO[fault])).dead() != elements(seed).atlas.dead() for seed in range(10)
    )


@pytest.mark.parametrize("fault", few([each for each in READ_SO if each.split()[0] not in ("a", "ranges")], 2))
def test_promises_of_rules_read_wrongly_are_seen(fault):
    assert any(verdicts(changed(promised(seed).policy, READ_SO[fault]), seed) != truth(seed) for seed in range(10))


def verdicts(policy, seed):
    judge = Judge(policy, promised(seed).statements.values())
    return [not list(judge.broken(each)) for each in promised(seed).statements.values()]


@cache
def truth(seed):
    return verdicts(promised(seed).policy, seed)


def in_hours_with(change):
    """A faulty judge of hours: `change` sees the policy and the hours."""
    return lambda real, policy, hours, at, *how: real(*change(policy, hours), at, *how)


# Faults that cut across no cell of callers or of times.
FAULTS = {
    "closures do not close": ("in_hours", in_hours_with(lambda policy, hours: (replace(policy, closures=()), hours))),
    "holidays do not close": (
        "in_hours",
        in_hours_with(lambda policy, hours: (replace(policy, holidays=frozenset()), hours)),
    ),
    "holidays always close": (
        "in_hours",
        in_hours_with(lambda policy, hours: (policy, replace(hours, holidays_included=False))),
    ),
    "last day of a closure open": (
        "in_closure",
        lambda real, closure, day: real(closure, day) and day != closure.periods[-1][1],
    ),
    "fourteen digits forgotten": ("is_french", lambda real, number, *how: len(number) == 10 and real(number, *how)),
}


@pytest.mark.parametrize("fault", few(FAULTS, 5))
def test_faults_of_a_model_are_seen(fault):
    name, change = FAULTS[fault]
    original = getattr(judge_module, name)

    def is_seen(seed):
        dead, true = elements(seed).atlas.dead(), truth(seed)
        with patch.object(judge_module, name, lambda *given, **named: change(original, *given, **named)):
            return Atlas(sown(seed).policy).dead() != dead or verdicts(promised(seed).policy, seed) != true

    assert any(map(is_seen, range(10)))
