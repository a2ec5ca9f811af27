"""The decision model says of every call what the interpreter says: who decides, and where it ends."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.generate import generate
from judge.seeds import chosen, few
from strategies import callers, policies

from policyc import api, digits, evaluate
from policyc.digits import Caller
from policyc.evaluate import Call, RoutingLoopError
from policyc.model import Policy
from policyc.outcomes import DecisionModel, Ending


def ending(policy: Policy, call: Call) -> tuple[str, str | None, str | None]:
    """Where the interpreter says that a call ends."""
    try:
        found = evaluate.evaluate(policy, call)
    except RoutingLoopError:
        return "loop", None, None
    return found.kind, None if found.kind == "busy" else found.extension, found.number


def edges(policy: Policy, model: DecisionModel, extension: str) -> Iterator[Caller]:
    """Both ends of every cell of the table and of the outcomes: whatever changes, changes there."""
    ranks = set()
    for diagram in (model.table(extension), model.outcomes(extension)):
        for low, high, _ in diagram.cells:
            ranks |= {low, high - 1}
    yield from (caller for rank in sorted(ranks) if (caller := digits.caller_at(rank)) in digits.EVERYONE)


def disagreements(policy: Policy, extension: str, some: list[Caller]) -> list[object]:
    """The calls of which the model and the interpreter say different things."""
    model = DecisionModel(policy)
    partition, table, outcomes = model.partition(extension), model.table(extension), model.outcomes(extension)
    found: list[object] = []
    for time in range(partition.count):
        local = partition.witness(1 << time).replace(tzinfo=None)
        for caller in [*some, *edges(policy, model, extension)]:
            call = Call(caller, extension, local)
            row, leaf = table.row(caller), outcomes.row(caller)
            assert row is not None
            assert leaf is not None
            rule = next((choice.rule for choice in row.choices if choice.taken >> time & 1), None)
            [end] = [end for mask, end in leaf if mask >> time & 1]
            said = end.kind, end.extension if end.kind != "loop" else None, end.number
            decided = evaluate.deciding_rule(policy, policy.extensions[extension], caller, local)
            if rule is not decided or said != ending(policy, call):
                found.append((call, end, ending(policy, call)))
    return found


@given(policies(), st.lists(callers(), max_size=4))
def test_every_call_ends_where_the_interpreter_says(policy: Policy, some: list[Caller]) -> None:
    for extension in policy.extensions:
        assert [] == disagreements(policy, extension, some)


@pytest.mark.parametrize("seed", few(chosen(0, 4), 5))
def test_every_edge_of_a_policy_ends_where_the_interpreter_says(seed: int) -> None:
    """Exhaustive: one caller of every cell, from both of its ends, at every class of time."""
    policy = api.load_text(generate(seed, calls=0).text)

    for extension in policy.extensions:
        assert [] == disagreements(policy, extension, [])


@given(policies())
def test_a_policy_written_otherwise_has_the_same_outcomes(policy: Policy) -> None:
    """Diagrams are equal as values when they are as functions: a rule split by its callers changes none."""
    half = digits.starting("06") | digits.INTERNAL

    def split(rules: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(
            replace(rule, callers=part)  # type: ignore[type-var]
            for rule in rules
            for part in (rule.callers & half, rule.callers - half)  # type: ignore[attr-defined]
        )

    other = replace(
        policy,
        first=split(policy.first),
        own={number: split(rules) for number, rules in policy.own.items()},
        rest=split(policy.rest),
    )
    one, two = DecisionModel(policy), DecisionModel(other)
    for extension in policy.extensions:
        outcomes = one.outcomes(extension)

        assert outcomes.starts == two.outcomes(extension).starts
        assert outcomes.rows == two.outcomes(extension).rows
        assert all(before is not after for before, after in pairwise(outcomes.rows))
        assert digits.EVERYONE is digits.from_intervals((low, high) for low, high, _ in outcomes.cells)
        for _, _, leaf in outcomes.cells:
            assert sum(mask for mask, _ in leaf) == outcomes.partition.everything
            assert all(not mask & other for (mask, _), (other, _) in pairwise(leaf))
            assert len({end for _, end in leaf}) == len(leaf)


def test_chains_and_circles_that_close_at_times() -> None:
    """Two that forward to each other, one by day and one by night, make no circle."""
    policy = api.load_text(
        """
        poste 101 Un messagerie
        poste 102 Deux
        poste 103 Trois mobile 06 39 98 00 03, messagerie
        horaires jour = lundi-dimanche 8h-20h
        pour Un
          depuis * pendant jour vers extension Deux
        pour Deux
          depuis * hors jour vers extension Un
          depuis 07* vers extension Trois
        pour Trois
          depuis externe vers mobile rebond
        """
    )
    model = DecisionModel(policy)
    day, night = model.outcomes("101").row(Caller(digits.Kind.EXTERNAL, "0712345678")) or ()

    assert {Ending("rebound", "103", "0639980003"), Ending("ring", "101")} == {day[1], night[1]}
    assert [] == [one for number in policy.extensions for one in model.looping(number, "101")]


def test_a_policy_has_one_model_while_someone_holds_it() -> None:
    """Another policy, equal or not, has its own."""
    policy = api.load_text("poste 101 Un messagerie")
    model = DecisionModel.of(policy)
    kept = weakref.ref(model)

    assert model is DecisionModel.of(policy)
    assert policy is model.policy
    assert DecisionModel.of(replace(policy)) is not model
    del model
    gc.collect()
    assert kept() is None
    assert policy is DecisionModel.of(policy).policy
