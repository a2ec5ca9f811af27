"""Circles of forwards are found exactly: what brute force over boundary callers and classes of time finds."""

from datetime import datetime
from itertools import permutations

import pytest
from hypothesis import given
from strategies import EXTENSIONS, NOWHERE, PARIS, policies, typical_callers

from policyc import decision, digits, evaluate, resolve
from policyc.checks import check
from policyc.checks.loops import MAX_CIRCLES, forward_loops
from policyc.diagnostics import Diagnostic
from policyc.digits import Caller, Kind
from policyc.evaluate import Call, RoutingLoopError
from policyc.files import MemoryFiles
from policyc.model import Forward, Policy, Rule
from policyc.outcomes import DecisionModel
from policyc.project import load


def circle_of(policy: Policy, caller: Caller, called: str, local: datetime) -> tuple[str, ...] | None:
    """Follow a call by the reference interpreter; the circle it is caught in, from its lowest number."""
    try:
        evaluate.evaluate(policy, Call(caller, called, local))
    except RoutingLoopError:
        path: list[str] = []
        while called not in path:
            path.append(called)
            rule = evaluate.deciding_rule(policy, policy.extensions[called], caller, local)
            assert rule is not None
            assert isinstance(rule.destination, Forward)
            called = rule.destination.extension
        circle = path[path.index(called) :]
        turn = circle.index(min(circle))
        return (*circle[turn:], *circle[:turn])
    return None


def brute_force(policy: Policy) -> set[tuple[str, ...]]:
    """Every circle that some call enters: one caller of every sort that rules tell apart is enough."""
    rules = [*policy.first, *(rule for own in policy.own.values() for rule in own), *policy.rest]
    partition = decision.partition_of(policy.zone, rules)
    locals_ = [partition.witness(1 << time).replace(tzinfo=None) for time in range(partition.count)]
    callers = typical_callers(*(rule.callers for rule in rules))
    found = {
        circle_of(policy, caller, called, local)
        for caller in callers
        for called in policy.extensions
        for local in locals_
    }
    return {circle for circle in found if circle}


def names(found: Diagnostic) -> tuple[str, ...]:
    """The numbers of the extensions that a diagnostic's steps go through."""
    steps = next(str(note.args["steps"]) for note in found.notes if note.key == "steps").split(" → ")
    assert steps[0] == steps[-1]
    return tuple(step.split()[0] for step in steps[:-1])


def witness(found: Diagnostic) -> tuple[Caller, datetime]:
    """The call that a diagnostic names."""
    assert found.witness is not None
    kind = Kind.INTERNAL if found.witness.internal else Kind.EXTERNAL
    return Caller(kind, found.witness.caller), found.witness.local


@given(policies())
def test_circles_are_found_exactly_and_shown_with_a_call_that_goes_round(policy: Policy) -> None:
    found = list(forward_loops(DecisionModel(policy)))

    assert brute_force(policy) == {names(one) for one in found}
    assert len(found) == len({names(one) for one in found})
    for one in found:
        caller, local = witness(one)
        assert names(one) == circle_of(policy, caller, names(one)[0], local)


def policy_of(text: str) -> Policy:
    program, problems = load(MemoryFiles({"p.pol": text}), ["p.pol"])
    policy, more = resolve.resolve(program)
    assert not problems + more
    return policy


TO_101, TO_102, TO_103 = (f"depuis * vers extension {number}" for number in (101, 102, 103))
INSIDE, OUTSIDE, MOBILES = "depuis interne vers occupé", "depuis externe vers sonnerie", "depuis 06* vers extension 102"
HOURS = "horaires jour = lundi-vendredi 9h-18h\n"
POSTES = "".join(f"poste {number} P{number}\n" for number in range(101, 106))


@pytest.mark.parametrize(
    ("rules", "circles"),
    [
        ("pour 101\ndepuis * vers extension 101", [("101",)]),
        ("pour 101\ndepuis * vers extension 102\npour 102\ndepuis * vers extension 101", [("101", "102")]),
        ("pour 102\ndepuis 06* vers extension 101\npour 101\ndepuis 07* vers extension 102", []),
        ("pour 101\ndepuis 06* vers extension 102\npour 102\ndepuis 06 12* vers extension 101", [("101", "102")]),
        # A rule in front lets no caller of the circle through.
        (f"pour 101\n{TO_102}\npour 102\n{INSIDE}\n{OUTSIDE}\n{TO_101}", []),
        # Two circles through one extension, told apart by the caller.
        (
            f"pour 101\n{MOBILES}\n{TO_103}\npour 102\n{TO_101}\npour 103\n{TO_101}",
            [("101", "102"), ("101", "103")],
        ),
        # Two circles of the same extensions, one against the other.
        (
            "\n".join(
                f"pour {one}\ndepuis 06* vers extension {two}\ndepuis * vers extension {three}"
                for one, two, three in ((101, 102, 103), (102, 103, 101), (103, 101, 102))
            ),
            [("101", "102", "103"), ("101", "103", "102")],
        ),
        # Times that never meet, and some that do.
        (f"{HOURS}pour 101\n{TO_102} pendant jour\npour 102\n{TO_101} hors jour", []),
        (f"{HOURS}pour 101\n{TO_102} pendant jour\npour 102\n{TO_101} jusqu'au 2026-11-30", [("101", "102")]),
        # Entered from outside of the circle only.
        (f"pour 105\n{TO_101}\npour 101\ndepuis anonyme vers extension 102\npour 102\n{TO_101}", [("101", "102")]),
        ("pour tous\ndepuis * vers extension 101", [("101",)]),
        ("pour tous sauf 101\ndepuis * vers extension 101", []),
    ],
)
def test_circles_by_example(rules: str, circles: list[tuple[str, ...]]) -> None:
    policy = policy_of(POSTES + rules)
    found = [one for one in check(policy) if one.code == "PC301"]

    assert circles == sorted(names(one) for one in found)
    for one in found:
        assert one.primary is not None
        assert one.primary.text.startswith("depuis")


def test_a_knot_of_circles_is_reported_in_part() -> None:
    """Every way round four extensions has a caller of its own: too many to read."""
    own: dict[str, list[Rule]] = {number: [] for number in EXTENSIONS}
    ways = [way for length in (1, 2, 3, 4) for way in permutations(sorted(EXTENSIONS), length) if way[0] == min(way)]
    for at, way in enumerate((*ways, *ways)):
        caller = digits.exactly(f"06000000{at:02}")
        for number, to in zip(way, (*way[1:], way[0]), strict=True):
            own[number].append(Rule(caller, (), None, Forward(to), None, frozenset(), NOWHERE))
    rules = {number: tuple(rules) for number, rules in own.items()}
    policy = Policy("", PARIS, EXTENSIONS, {}, (), (), (), (), rules, (), (), ())
    found = list(forward_loops(DecisionModel(policy)))

    assert set(ways) == brute_force(policy)
    assert {names(one) for one in found} <= set(ways)
    assert min(MAX_CIRCLES, len(ways)) == len(found)
