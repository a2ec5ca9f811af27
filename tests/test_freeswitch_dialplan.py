"""The dialplan for FreeSWITCH does what the policy says: read by `dialplan_xml`, which shares nothing with policyc.

What a real FreeSWITCH does is in `tests/pbx`, and as recorded in `tests/recorded`.
"""

import re
from datetime import datetime

import pytest
from calls import suite
from dialplan_xml import Call, simulate
from freeswitch_model import AROUND, Model
from hypothesis import assume, given
from hypothesis import strategies as st
from judge import differential
from judge.generate import generate
from judge.seeds import chosen, few
from strategies import boundary_callers, policies

import policyc
from policyc import decision, digits, evaluate
from policyc.diagnostics import has_errors
from policyc.digits import Kind

MONDAY = datetime(2026, 11, 23, 10)
SMALL = """
poste 101 Accueil messagerie
poste 102 "Dr Martin" messagerie, mobile 06 12 34 56 78
pour "Dr Martin"
  depuis 06* vers mobile
  depuis 07* vers mobile rebond
"""


@pytest.mark.parametrize("path", few(suite.paths(), 10), ids=lambda path: path.stem)
def test_the_conformance_suite(path):
    case = suite.read(path)
    model = Model(case.policy)

    wrong = []
    for line in case.lines:
        options = {"internal": line.internal, "restricted": line.restricted, "lines": line.states}
        outcome = model.run(line.called, line.presented, line.instant, **options)
        seen = model.events(line.called, line.presented, line.instant, **options)
        if seen != line.gives_on("freeswitch"):
            wrong.append(f"{line}: {seen}, not {line.gives_on('freeswitch')}")
        if line.shown is not None and outcome.dials and outcome.shown != line.shown:
            wrong.append(f"{line}: shown {outcome.shown}, not {line.shown}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seed", few(chosen(2000, 2009), 10))
def test_it_agrees_with_the_judge(seed):
    case = generate(seed, 60)
    model = Model(policyc.load_text(case.text))

    found = []
    for each in case.calls:
        call = each.call
        seen = model.events(
            call.called,
            call.presented,
            call.instant,
            internal=call.internal,
            restricted=call.restricted,
            lines=call.lines,
        )
        expected = re.sub(r"(voicemail \S+) busy", r"\1 unavailable", each.expected)
        if seen != expected and not each.hangs_on:
            found.append((each, seen))

    assert not found, differential.told(case, found)


@given(policies(), st.data())
def test_it_does_what_evaluate_says_at_the_edges_of_every_rule(policy, data):
    assume(not has_errors(policyc.check(policy)))
    model = Model(policy)
    sets = [rule.callers for rule in policy.rules]
    callers = boundary_callers(*sets, digits.FRENCH)
    partition = decision.partition_of(policy.zone, tuple(policy.rules))
    for caller in data.draw(st.lists(st.sampled_from(callers), max_size=12, unique=True)):
        time = data.draw(st.integers(0, partition.count - 1))
        instant = partition.witness(1 << time)
        for called in sorted(policy.extensions):
            expected = evaluate.events(policy, evaluate.Call(caller, called, instant))
            seen = model.events(called, caller.number, instant, internal=caller.kind is Kind.INTERNAL)
            assert seen == expected, (caller, called, instant)


# -- the traps of FreeSWITCH, one by one ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    return Model(policyc.load_text(SMALL))


def test_nothing_is_nested_and_only_the_last_condition_acts(small):
    """Actions queue while conditions are evaluated, and are never taken back."""
    for path in suite.paths():
        for context in Model(suite.read(path).policy).dialplan.contexts.values():
            for extension in context.extensions:
                *first, last = extension.conditions
                assert not any(condition.actions or condition.anti_actions for condition in first)
                assert last.actions
                assert not any(condition.nested for condition in extension.conditions)


@pytest.mark.parametrize("number", ["${system(touch injected)}", "06${uuid}", "$${domain}", "%[x]0612345678"])
def test_what_a_caller_presents_is_never_expanded(small, number):
    """The evaluator raises an error where it would be."""
    assert small.events("101", number, MONDAY)


@pytest.mark.parametrize("called", ["102\n", "102 ", "${system(id)}", "10x", "", "policyc-10x", "é", "102;1"])
def test_a_called_number_that_is_none_is_refused(small, called):
    outcome = small.run(called, "0612345678", MONDAY)

    assert outcome.ended == "UNALLOCATED_NUMBER"
    assert not outcome.dials


def test_expressions_hold_the_whole_number(small):
    assert small.events("1020", "0712345678", MONDAY) == "system 1020"
    assert small.events("1102", "0712345678", MONDAY) == "system 1102"


def test_a_call_that_hops_far_spares_its_max_forwards():
    """Transfers would use up the Max-Forwards that a SIP call brings, of which a proxy may leave few."""
    text = "\n".join(f"poste {n} P{n}" for n in range(100, 140)) + "\n"
    text += "\n".join(f"pour {n}\n  depuis * vers extension {n + 1}" for n in range(100, 139))
    model = Model(policyc.load_text(f"politique « Longue »\n{text}\n"))
    call = Call(
        "policyc-external", "100", MONDAY.replace(tzinfo=model.zone), "0612345678", variables={"max_forwards": "5"}
    )

    outcome = simulate(model.dialplan, call, AROUND)

    assert outcome.events == "ring 139 20s > busy"
    assert outcome.variables["max_forwards"] == "5"


def test_the_pbx_may_have_a_limit_of_its_own(small):
    call = Call(
        "policyc-external",
        "102",
        MONDAY.replace(tzinfo=small.zone),
        "0612345678",
        variables={"max_session_transfers": "2"},
    )

    assert simulate(small.dialplan, call, AROUND).ended == "EXCHANGE_ROUTING_ERROR"


def test_the_channels_zone_is_given_back():
    text = """
        horaires bureau = lundi-vendredi 09:00-18:00
        poste 101 Accueil
        pour 101
          depuis * pendant bureau vers occupé
    """
    model = Model(policyc.load_text(text))
    instant = MONDAY.replace(tzinfo=model.zone)
    zone = {"timezone": "Asia/Tokyo", "tod_tz_offset": "9"}
    given = [
        simulate(model.dialplan, Call("policyc-external", "101", instant, "0612345678", variables=variables), AROUND)
        for variables in ({}, zone)
    ]

    assert [one.events for one in given] == ["busy", "busy"]
    assert given[1].variables["timezone"] == "Asia/Tokyo"


def test_a_period_is_judged_once_however_many_rules_ask():
    rules = "\n".join(f"  depuis 0{n % 9 + 1}* pendant les fériés vers occupé" for n in range(9))
    model = Model(policyc.load_text(f"fériés France 2026..2027\nposte 101 Accueil\npour 101\n{rules}\n"))

    assert model.text.count("policyc_holidays=false") == model.text.count("policyc_holidays=true") == 1


def test_many_numbers_are_many_lines(small):
    """An expression that is too large never matches, and FreeSWITCH says nothing."""
    numbers = [f"06{n * 7919 % 10**8:08}" for n in range(3000)]
    text = f"liste Noire = {', '.join(numbers)}\nposte 101 Accueil\npour 101\n  depuis Noire vers occupé\n"
    model = Model(policyc.load_text(text))
    expressions = re.findall(
        r'expression="([^"]*)"',
        policyc.compile(policyc.load_text(text), targets=["freeswitch"]).files["freeswitch"]["policyc.xml"],
    )

    assert max(map(len, expressions)) < 4000
    assert {model.events("101", number, MONDAY) for number in numbers[::97]} == {"busy"}
    assert model.events("101", "0612345679", MONDAY) == "ring 101 20s > busy"


def test_scattered_extensions_are_found_by_a_tree():
    numbers = [str(10**6 + n * 15485863 % (9 * 10**6)) for n in range(400)]
    text = "\n".join(f"poste {number} P{number}" for number in numbers)
    model = Model(policyc.load_text(f"politique « Éparse »\n{text}\n"))

    assert len([name for name in model.dialplan.contexts if name.startswith("policyc-route-")]) > 3
    assert {model.events(number, "06", MONDAY) for number in numbers[::41]} == {
        f"ring {number} 20s > busy" for number in numbers[::41]
    }
    assert model.events("1000001", "06", MONDAY) == "system 1000001"
