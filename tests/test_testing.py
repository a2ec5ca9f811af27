"""Tests and guarantees are judged for all callers, kinds, instants and attempts; and what they cover is counted."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import EXTENSIONS, NOWHERE, callers, number_sets, policies, time_clauses, typical_callers

from policyc import api, coverage, decision, digits, evaluate, model, report, schedule, testing, verdicts, words
from policyc.digits import Caller, Kind
from policyc.evaluate import Call, DialOutside, LeaveMessage, RingExtension, SoundBusy
from policyc.model import ExpectedCall, Guarantee, Policy, Promise, Result
from policyc.outcomes import DecisionModel

KINDS = ("ring", "voicemail", "external", "rebound", "system", "busy")


def results() -> st.SearchStrategy[Result]:
    """Any result: of a kind, perhaps of one extension or of some numbers."""
    extensions = st.sampled_from((None, None, *EXTENSIONS))
    numbers = st.sampled_from((digits.exactly("0442930698"), digits.starting("06"), digits.starting("08")))
    return st.one_of(
        st.builds(Result, st.sampled_from(("ring", "voicemail")), extensions, st.none()),
        st.builds(Result, st.sampled_from(("external", "rebound")), st.none(), st.none() | numbers),
        st.builds(Result, st.just("system"), st.sampled_from((None, "800")), st.none()),
        st.builds(Result, st.just("busy"), st.none(), st.none()),
    )


def promises() -> st.SearchStrategy[Promise]:
    """Any line of a guarantee."""
    return st.builds(
        Promise,
        callers=number_sets() | st.just(digits.EVERYONE),
        times=st.lists(time_clauses(), max_size=1).map(tuple),
        until=st.sampled_from((None, None, date(2026, 11, 30))),
        extensions=st.lists(st.sampled_from(sorted(EXTENSIONS)), min_size=1, max_size=2, unique=True).map(tuple),
        never=st.booleans(),
        result=results(),
        span=st.just(NOWHERE),
    )


def endless(policy: Policy) -> bool:
    """Whether some call of the policy goes round for ever: then it is an error, and there is nothing to test."""
    model = DecisionModel(policy)
    return any(model.looping(number, group[0]) for group in model.knots() for number in group)


def breaks(promise: Promise, policy: Policy, call: Call) -> bool:
    """Say by the definition whether a call breaks a promise."""
    outcome = evaluate.evaluate(policy, call)
    met = {(outcome.kind, outcome.extension, outcome.number)}
    if promise.never:
        for attempt in outcome.attempts:
            match attempt:
                case RingExtension(extension=extension):
                    met.add(("ring", extension, None))
                case LeaveMessage(extension=extension):
                    met.add(("voicemail", extension, None))
                case DialOutside(number=number):
                    met.add(("external", None, number))
                case SoundBusy():
                    met.add(("busy", outcome.extension, None))
    result = promise.result
    said = any(
        kind == result.kind
        and result.extension in (None, extension)
        and (result.numbers is None or Caller(Kind.EXTERNAL, number) in result.numbers)
        for kind, extension, number in met
    )
    return said is promise.never


def calls(policy: Policy, promise: Promise) -> Iterator[Call]:
    """Every sort of call that a promise speaks of: any other is treated like one of them."""
    rules = list(policy.rules)
    periods = [period for one in (*rules, promise) for period in decision.periods_of(one)]
    partition = schedule.partition(policy.zone, periods)
    locals_ = [partition.witness(1 << time).replace(tzinfo=None) for time in range(partition.count)]
    for caller in typical_callers(promise.callers, *(rule.callers for rule in rules)):
        for local in locals_:
            holds = promise.until is None or local.date() <= promise.until
            if caller in promise.callers and holds and all(clause.holds(local) for clause in promise.times):
                yield from (Call(caller, extension, local) for extension in promise.extensions)


@given(policies(("101", "102")), promises())
def test_guarantees_are_proved_or_broken_by_a_call_that_breaks_them(policy: Policy, promise: Promise) -> None:
    if endless(policy):
        return
    [verdict] = testing.run(replace(policy, guarantees=(Guarantee("g", (promise,), NOWHERE),)))

    assert verdict.passed is not any(breaks(promise, policy, call) for call in calls(policy, promise))
    if verdict.counterexample is not None:
        shown = verdict.counterexample
        caller = Caller(Kind.INTERNAL if shown.internal else Kind.EXTERNAL, shown.caller)
        assert caller in promise.callers
        assert shown.called in promise.extensions
        assert promise.until is None or shown.local.date() <= promise.until
        assert all(clause.holds(shown.local) for clause in promise.times)
        assert breaks(promise, policy, Call(caller, shown.called, shown.local))


@given(policies(("101", "102")), callers(), results(), st.sampled_from((None, datetime(2026, 11, 23, 10))))
def test_calls_are_judged_at_their_instant_or_at_all(
    policy: Policy, caller: Caller, result: Result, local: datetime | None
) -> None:
    if endless(policy):
        return
    expected = ExpectedCall(caller, "101", local, result, NOWHERE)
    [verdict] = testing.run(replace(policy, tests=(model.Test("t", (expected,), NOWHERE),)))
    always = Promise(
        digits.from_intervals([(digits.rank(caller), digits.rank(caller) + 1)]),
        (),
        None,
        ("101",),
        never=False,
        result=result,
        span=NOWHERE,
    )
    tried = [Call(caller, "101", local)] if local else calls(policy, always)

    assert verdict.passed is not any(breaks(always, policy, call) for call in tried)


# -- coverage ----------------------------------------------------------------------------------------------------


@given(policies(("101", "102")), callers(), st.sampled_from((None, datetime(2026, 11, 23, 10))))
def test_a_test_reaches_the_rules_that_decide_its_call(policy: Policy, caller: Caller, local: datetime | None) -> None:
    if endless(policy):
        return
    expected = ExpectedCall(caller, "101", local, Result("busy", None, None), NOWHERE)
    found = coverage.cover(DecisionModel(replace(policy, tests=(model.Test("t", (expected,), NOWHERE),))))
    one = Promise(
        digits.from_intervals([(digits.rank(caller), digits.rank(caller) + 1)]),
        *((), None, ("101",)),
        never=False,
        result=expected.result,
        span=NOWHERE,
    )
    tried = [Call(caller, "101", local)] if local else calls(policy, one)
    deciding = {step.rule for call in tried for step in evaluate.evaluate(policy, call).steps} - {None}
    counted = {one.rule for one in found.rules if caller in digits.UNIVERSE}

    assert deciding & counted <= {one.rule for one in found.rules if one.reached} <= deciding
    for each in found.rules:
        assert each.decided is each.decided & each.rule.callers
        assert each.reached is each.reached & each.decided
        assert 0 <= each.missed <= each.callers


@given(policies(("101", "102")), promises())
def test_a_guarantee_reaches_the_callers_it_names(policy: Policy, promise: Promise) -> None:
    if endless(policy):
        return
    found = coverage.cover(DecisionModel(replace(policy, guarantees=(Guarantee("g", (promise,), NOWHERE),))))
    reached = {one.rule: one.reached for one in found.rules}
    met = {one.rule: digits.EMPTY for one in found.rules}
    for call in calls(policy, promise):
        for step in evaluate.evaluate(policy, call).steps:
            if step.rule in met:
                met[step.rule] |= digits.from_intervals([(digits.rank(call.caller), digits.rank(call.caller) + 1)])

    if promise.never:
        assert not any(reached.values())
    else:
        assert all(met[rule] & digits.UNIVERSE <= found for rule, found in reached.items())
        assert all(met[rule] for rule, found in reached.items() if found)
        assert all(found <= promise.callers for found in reached.values())


def test_coverage_counts_callers() -> None:
    policy = api.load_text(
        """
        poste 101 Un messagerie
        poste 102 Deux messagerie
        liste VIP = 06 39 98 00 01, 06 39 98 00 02, 06 39 98 00 03
        pour Un
          depuis VIP vers messagerie
          depuis 06* vers extension Deux
          depuis 07 4* vers occupé
        pour Deux
          depuis 06 1* vers messagerie
        test "t"
          appel de 06 39 98 00 02 pour Un donne messagerie Un
          appel de 06 22 00 00 00 pour Un donne sonnerie Deux
        garantie "g"
          depuis 07 44* pour Un donne occupé
          depuis 07 45* pour Un ne donne jamais sonnerie
        """
    )
    found = coverage.cover(DecisionModel(policy))

    # 06 1* is treated otherwise by Deux, but by Un like any other 06.
    assert [(3, 0), (10**8 - 3, 0), (10**7, 9 * 10**6), (10**7, 10**7)] == [
        (one.callers, one.missed) for one in found.rules
    ]
    assert pytest.approx(100 * (1 + 1 + 0.1 + 0) / 4) == found.percent


# -- reports -----------------------------------------------------------------------------------------------------

POLICY = """
politique "Cabinet & <Fils>"
poste 101 Un messagerie
poste 102 Deux
pour Un
  depuis 06* vers extension Deux
test "hachis # \\\\ <b>"
  appel de 06 39 98 00 01 pour Un donne sonnerie Deux
  appel de 07 39 98 00 01 pour Un donne occupé
garantie "jamais occupé"
  depuis * pour Deux ne donne jamais occupé
"""


def made(minimum: float | None = 90.0) -> verdicts.Run:
    policy = api.load_text(POLICY, "cabinet.pol")
    return verdicts.Run(
        policy, testing.run(policy), coverage.cover(DecisionModel(policy)), minimum, ("mon cabinet.pol",)
    )


def told(diagnostic: object) -> str:
    return report.render_text([diagnostic], report.load_catalogue("fr"), color=False)  # type: ignore[list-item]


def test_json_tells_every_line() -> None:
    data = json.loads(verdicts.to_json(made()))

    assert data["passed"] is False
    assert [("test", False), ("guarantee", False)] == [(one["kind"], one["passed"]) for one in data["tests"]]
    assert [True, False, False] == [line["passed"] for one in data["tests"] for line in one["lines"]]
    assert {
        "caller": "0739980001",
        "kind": "external",
        "to": "101",
        "at": data["tests"][0]["lines"][1]["counterexample"]["at"],
        "outcome": {"kind": "ring", "extension": "101"},
    } == data["tests"][0]["lines"][1]["counterexample"]
    assert 100.0 == data["coverage"]["percent"]


def test_junit_counts_what_fails_and_is_xml() -> None:
    root = ET.fromstring(verdicts.to_junit(made(), words.load("fr"), report.load_catalogue("fr"), told))  # noqa: S314
    cases = list(root.iter("testcase"))

    assert ("4", "2") == (root.get("tests"), root.get("failures"))
    assert ["Cabinet & <Fils>"] == [suite.get("name") for suite in root.iter("testsuite")]
    assert 4 == len(cases)
    assert 2 == len(list(root.iter("failure")))
    assert all("PC70" in (failure.text or "") for failure in root.iter("failure"))


def test_junit_holds_no_character_that_xml_refuses() -> None:
    run = made()
    hostile = replace(
        run, verdicts=tuple(replace(one, block=replace(one.block, name="a\x00b\x1b[31m\ufffe")) for one in run.verdicts)
    )

    ET.fromstring(verdicts.to_junit(hostile, words.load("fr"), report.load_catalogue("fr"), told))  # noqa: S314


def test_tap_numbers_its_lines_and_escapes_names() -> None:
    lines = verdicts.to_tap(made(), words.load("en"), report.load_catalogue("en"), told).split("\n")
    points = [line for line in lines if line.startswith(("ok", "not ok"))]

    assert ["TAP version 14", "1..4"] == lines[:2]
    assert ["ok 1", "not ok 2", "not ok 3", "ok 4"] == [line.partition(" - ")[0] for line in points]
    assert "hachis ＃ " in points[0]
    assert "#" not in points[0]
    assert "  ---" in lines
    assert "  ..." in lines


def test_a_coverage_that_is_too_low_fails() -> None:
    policy = api.load_text(POLICY.replace("06 39", "07 39"), "cabinet.pol")
    short = verdicts.Run(policy, (), coverage.cover(DecisionModel(policy)), 50.0)

    assert not short.passed
    assert ["PC703"] == [one.code for one in verdicts.problems(short)]
    assert replace(short, minimum=0.0).passed
    assert replace(short, minimum=None).passed


def test_the_command_shown_quotes_the_names_of_files() -> None:
    [first, _] = verdicts.problems(made(minimum=None))

    assert "policyc trace 'mon cabinet.pol' --from 0739980001 --to 101 --at" in str(first.help[0].args["command"])
