"""Laws of whole policies: what the order of lines means, and what it does not."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.generate import generate
from judge.seeds import few
from strategies import EXTENSIONS, boundary_callers, policies, typical_callers

from policyc import decision, digits, evaluate, project, resolve
from policyc.diagnostics import Diagnostic, arrange
from policyc.digits import Caller
from policyc.files import MemoryFiles
from policyc.model import Busy, Policy, Rule
from policyc.syntax import Block

Decisions = dict[tuple[Caller, datetime], Rule | None]


def decisions(policy: Policy, like: Policy) -> Decisions:
    """What decides at 101, for every sort of caller and time that the rules of another policy tell apart."""
    rules = tuple(like.rules_for("101"))
    partition = decision.partition_of(like.zone, rules)
    locals_ = [partition.witness(1 << time).replace(tzinfo=None) for time in range(partition.count)]
    extension = policy.extensions["101"]
    return {
        (caller, local): evaluate.deciding_rule(policy, extension, caller, local)
        for caller in typical_callers(*(rule.callers for rule in rules))
        for local in locals_
    }


def with_own(policy: Policy, rules: Iterable[Rule]) -> Policy:
    return replace(policy, own={**policy.own, "101": tuple(rules)})


# -- rules -------------------------------------------------------------------------------------------------------


@given(policies(("101",)), st.integers(0, 1))
def test_rules_without_a_common_caller_may_change_places(policy: Policy, at: int) -> None:
    rules = [*policy.first, *policy.own["101"], *policy.rest]
    if len(rules) > at + 1:
        rules[at + 1] = replace(rules[at + 1], callers=rules[at + 1].callers - rules[at].callers)
        before = with_own(policy, rules)
        rules[at], rules[at + 1] = rules[at + 1], rules[at]

        assert decisions(before, policy) == decisions(with_own(policy, rules), policy)


@given(policies(("101",)))
def test_a_rule_whose_callers_are_all_taken_at_all_times_changes_nothing(policy: Policy) -> None:
    rules = [replace(rule, times=(), until=None) for rule in policy.own["101"]]
    taken = digits.union(rule.callers for rule in rules)
    before = with_own(policy, rules)
    dead = [replace(rule, callers=taken) for rule in rules[:1]]

    assert decisions(before, policy) == decisions(with_own(policy, [*rules, *dead]), policy)


@given(policies(("101",)))
def test_a_rule_at_the_end_takes_only_calls_that_no_other_takes(policy: Policy) -> None:
    before = decisions(policy, policy)
    last = Rule(digits.EVERYONE, (), None, Busy(), None, frozenset(), next(iter(EXTENSIONS.values())).span)
    after = decisions(replace(policy, rest=(*policy.rest, last)), policy)

    assert {call: rule or last for call, rule in before.items()} == after


@given(policies(("101",)))
def test_a_rule_may_be_split_by_its_callers(policy: Policy) -> None:
    def split(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        half = digits.starting("06") | digits.INTERNAL
        return tuple(
            replace(rule, callers=part) for rule in rules for part in (rule.callers & half, rule.callers - half)
        )

    def destinations(found: Decisions) -> list[object]:
        return [rule and rule.destination for rule in found.values()]

    parts = replace(
        policy,
        first=split(policy.first),
        own={number: split(rules) for number, rules in policy.own.items()},
        rest=split(policy.rest),
    )

    assert destinations(decisions(policy, parts)) == destinations(decisions(parts, parts))


# -- text --------------------------------------------------------------------------------------------------------


def read(text: str) -> Policy:
    program, problems = project.load(MemoryFiles({"p.pol": text}), ["p.pol"])
    policy, more = resolve.resolve(program)
    wrong = [one for one in (*problems, *more) if one.is_error]

    assert not wrong
    return policy


def summary(policy: Policy) -> object:
    """A policy without its spans. Order counts only where it means something: among the rules of a layer."""

    def shown(rules: Iterable[Rule]) -> list[object]:
        return [
            (
                *(rule.callers, rule.until, rule.destination, rule.reason, rule.excepted),
                [(clause.named.name, clause.named.period, clause.inside) for clause in rule.times],
            )
            for rule in rules
        ]

    extensions = {
        (one.number, one.name, one.mobile, one.mailbox, one.ring_seconds) for one in policy.extensions.values()
    }
    systems = {(one.number, one.name, one.kind) for one in policy.systems.values()}
    periods = {(one.name, one.kind, one.period) for one in policy.periods}
    own = {number: shown(rules) for number, rules in policy.own.items() if rules}
    named = (policy.name, policy.zone.key, policy.holidays)
    return named, extensions, systems, periods, shown(policy.first), own, shown(policy.rest)


@pytest.mark.parametrize("seed", few(range(40), 8))
def test_a_policy_is_read_alike_each_time_and_however_its_lines_end(seed: int) -> None:
    text = generate(seed, calls=0).text
    expected = summary(read(text))

    assert expected == summary(read(text))
    assert expected == summary(read(text.replace("\r\n", "\n").replace("\n", "\r\n")))
    assert expected == summary(read("\ufeff" + text + "\n\n# fin"))


@pytest.mark.parametrize("seed", few(range(40), 8))
def test_statements_may_stand_in_any_order_but_for_blocks_that_continue_one_another(seed: int) -> None:
    program, _ = project.load(MemoryFiles({"p.pol": generate(seed, calls=0).text}), ["p.pol"])
    rng = random.Random(seed)
    places: dict[object, list[int]] = {}  # of blocks, by whom they are for
    statements = list(program.statements)
    rng.shuffle(statements)
    for at, one in enumerate(statements):
        if isinstance(one, Block):
            places.setdefault(whom(one), []).append(at)
    for key, free in places.items():
        blocks = [one for one in program.statements if isinstance(one, Block) and whom(one) == key]
        for at, one in zip(free, blocks, strict=True):
            statements[at] = one
    policy, problems = resolve.resolve(program)
    shuffled, same = resolve.resolve(replace(program, statements=tuple(statements)))

    assert summary(policy) == summary(shuffled)
    assert [told(one) for one in arrange(problems)] == [told(one) for one in arrange(same)]


def told(diagnostic: Diagnostic) -> object:
    """A diagnostic by what it says: the places of a repair are made anew each time."""
    edits = diagnostic.fix.edits if diagnostic.fix else ()
    return replace(diagnostic, fix=None), [(edit.span.start, edit.span.end, edit.text) for edit in edits]


def whom(block: Block) -> object:
    """Blocks of one layer keep their order here: a name or a number may say for which extension they are."""
    return "own" if block.extension else block.first


@pytest.mark.parametrize("seed", few(range(10), 5))
def test_evaluating_is_a_function_of_the_call(seed: int) -> None:
    policy = read(generate(seed, calls=0).text)
    local = datetime(2026, 11, 23, 10)
    sets = [rule.callers for number in policy.extensions for rule in policy.rules_for(number)]
    for caller in boundary_callers(*sets[:3]):
        for called in policy.extensions:
            call = evaluate.Call(caller, called, local)

            assert evaluate.evaluate(policy, call) == evaluate.evaluate(policy, call)
            aware = evaluate.Call(caller, called, local.replace(tzinfo=policy.zone))
            assert evaluate.events(policy, call) == evaluate.events(policy, aware)
