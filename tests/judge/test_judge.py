"""The judge against the document: section 4's table, the example, each sentence that decides something."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from unittest.mock import patch

import holidays
import pytest
from judge import differential, generate
from judge import judge as judge_module
from judge.judge import (
    ANONYMOUS,
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
    events,
    in_builtin,
    in_prefix,
    in_range,
)
from judge.seeds import few

# --- section 4.2 --------------------------------------------------------------------------------------------

TABLE = {
    "0612345678": ("0612345678", "+33612345678", "0033612345678", "33612345678", "612345678",
                   "06 12 34 56 78",
                   "+33612345678;verstat=TN-Validation-Passed", "0612345678@192.0.2.1", "06.12.34.56.78",
                   "+33\u00a06\u202f12 34 56 78"),
    "+442071234567": ("+442071234567", "00442071234567", "+44 20 7123 4567"),
    "0692123456": ("+262692123456", "00262692123456", "0692123456", "+33692123456", "692123456"),
    "0590123456": ("+590590123456", "00590590123456"),
    "0694123456": ("+594694123456",),
    "0696123456": ("+596696123456",),
    "0508411234": ("+508411234", "00508411234", "+508508411234"),
    "3949": ("3949",),
    "118008": ("118008",),
    "17": ("17",),
    "+3361234": ("+3361234", "003361234"),
    ANONYMOUS: ("anonymous", "Restricted", "unknown", "", "Private", "withheld", "s", "_X.",
                "${SHELL(id)}", " ", "+"),
    "06&12": ("06&12",),
    "262692123456": ("262692123456",),
    "+262612345678": ("+262612345678",),
    "+33012345678": ("+33012345678", "0033012345678"),
    "07001234567890": ("07001234567890",),
}  # fmt: skip


@pytest.mark.parametrize(("expected", "presented"), [(c, p) for c, spelled in TABLE.items() for p in spelled])
def test_canonical(expected, presented):
    assert canonical(presented, internal=False, restricted=False) == expected


def test_restricted_is_anonymous_even_when_known():
    assert canonical("0612345678", internal=False, restricted=True) == ANONYMOUS
    assert canonical("101", internal=True, restricted=True) == ANONYMOUS


def test_internal_callers_are_as_they_are():
    assert canonical("101", internal=True, restricted=False) == "101"
    assert canonical("612345678", internal=True, restricted=False) == "612345678"
    assert canonical("", internal=True, restricted=False) == ANONYMOUS


# --- sets of numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "inside", "outside"),
    [
        (
            "06",
            ["0612345678", "0692123456"],
            ["0712345678", "061234567", "06123456789", "+44612345678", "6123"],
        ),
        ("+336", ["0612345678", "0692123456"], ["+3361234", "0712345678"]),
        ("+33", ["0112345678", "0692123456", "07001234567890"], ["+3361234", "+442071234567", "33"]),
        ("0", ["0112345678", "0900000000", "07001234567890", "09011234567890"], ["01234", "+442071234567"]),
        ("+", ["+442071234567", "0612345678", "+3361234", "+1234"], ["3949", "+123", ANONYMOUS]),
        ("+3", ["0612345678", "+32470123456", "+3361234"], ["+442071234567", "0692123456"]),
        ("+262", ["0692123456", "0262123456", "0639123456", "+262123"], ["0590123456", "0612345678"]),
        ("+508", ["0508411234"], ["0512345678"]),
        ("+44", ["+442071234567", "+4420"], ["44207", "0442930698"]),
        ("39", ["39", "3949", "391234"], ["0391234567", "+39061234567", "38", "3"]),
    ],
)
def test_prefixes(prefix, inside, outside):
    assert [n for n in inside if not in_prefix(prefix, n)] == []
    assert [n for n in outside if in_prefix(prefix, n)] == []


def test_ranges_hold_both_ends():
    inside = [in_range("0140000000", "0140009999", n) for n in ("0140000000", "0140005000", "0140009999")]
    outside = [in_range("0140000000", "0140009999", n) for n in ("0139999999", "0140010000", "014000500", "+140005000")]
    assert all(inside)
    assert not any(outside)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        (
            "mobiles",
            ["0612345678", "0731234567", "0799999999", "0692123456"],
            ["0700123456", "0721234567", "0112345678"],
        ),
        ("fixes", ["0112345678", "0599999999", "0262123456"], ["0612345678", "0912345678"]),
        ("étranger", ["+442071234567", "+3361234"], ["0692123456", "0612345678", "3949"]),
        ("surtaxés", ["0812345678", "0899999999"], ["0801234567", "3949"]),
        (
            "démarchage",
            ["0162000000", "0947512345", "0568999999"],
            ["0161999999", "0947412345", "0164000000"],
        ),
    ],
)
def test_built_in_lists(name, inside, outside):
    assert [n for n in inside if not in_builtin(name, n)] == []
    assert [n for n in outside if in_builtin(name, n)] == []


# --- the example of section 3 -------------------------------------------------------------------------------

WEEK, SATURDAY = frozenset(range(5)), frozenset({5})
BUREAU = Hours("bureau", (
    Span(WEEK, time(9), time(12, 30)), Span(WEEK, time(14), time(18, 30)), Span(SATURDAY, time(9), time(12)),
))  # fmt: skip
CONGES = Closure("congés", ((date(2026, 12, 24), date(2027, 1, 2)),))


def cabinet(*, years=("France", 2026, 2030)):
    office = When("hours", "bureau")
    return Policy(
        (
            Extension("100", "Accueil", voicemail=True),
            Extension("101", "Secrétariat", voicemail=True),
            Extension("102", "Dr Martin", "0612345678", voicemail=True, ring=20),
            Extension("103", "Atelier"),
        ),
        (System("800", "Standard"), System("810", "Patients", "file"), System("820", "Menu vocal", "svi")),
        (NumberList("VIP", (Exact("0600000000"), Exact("0142685300"))),),
        (BUREAU,),
        (CONGES,),
        frozenset(generate.french_holidays(*years)) if years else frozenset(),
        (
            Block("own", extension="102", rules=(
                Rule((ListRef("VIP"),), Destination("mobile", rebound=True)),
                Rule((Builtin("démarchage"),), Destination("busy")),
                Rule((Prefix("06"), Prefix("07")), Destination("extension-voicemail", "101"),
                     (Prefix("0612"),), times=(office,)),
                Rule((Anonymous(),), Destination("voicemail"), only="external", until=date(2026, 12, 31)),
                Rule((Everyone(),), Destination("ring"), only="internal"),
                Rule((Everyone(),), Destination("system", "800"), times=(replace(office, inside=False),)),
            )),
            Block("all", excluded=("100",), rules=(
                Rule((Everyone(),), Destination("extension", "100"), times=(When("closure", "congés"),)),
            )),
        ),
        holiday_years=years,
    )  # fmt: skip


MONDAY = datetime(2026, 11, 23, 10)


def ask(policy, presented, called="102", instant=MONDAY, *, internal=False, restricted=False, **lines):
    states = {key.strip("_"): state for key, state in lines.items()}
    return events(policy, Call(presented, internal, restricted, called, instant, states))


REBOUND = "answer > play wait > digits 102 > rebound 0612345678 20s"
REFUSED = REBOUND + " > play unavailable > voicemail 102 unavailable"
RINGS = "ring 102 20s > voicemail 102 unavailable"


@pytest.mark.parametrize(
    ("presented", "instant", "expected"),
    [
        ("0711223344", MONDAY, "voicemail 101 unavailable"),
        ("+33711223344", MONDAY, "voicemail 101 unavailable"),
        ("+33612000000", MONDAY, RINGS),
        ("600000000", MONDAY, REFUSED),
        ("0033162123456", MONDAY, "busy"),
        ("0711223344", datetime(2026, 11, 23, 12, 29, 59), "voicemail 101 unavailable"),
        ("0711223344", datetime(2026, 11, 23, 12, 30), "system 800"),
        ("0711223344", datetime(2026, 11, 23, 8, 59), "system 800"),
        ("0711223344", datetime(2026, 11, 28, 11, 59), "voicemail 101 unavailable"),
        ("0711223344", datetime(2026, 11, 11, 10), "system 800"),  # a holiday
        ("0711223344", datetime(2026, 12, 24, 10), "system 800"),  # a closure
        ("0711223344", datetime(2027, 1, 2, 10), "system 800"),
        ("0711223344", datetime(2027, 1, 4, 10), "voicemail 101 unavailable"),
        ("anonymous", datetime(2026, 12, 31, 23, 59, 59), "voicemail 102 unavailable"),
        ("anonymous", datetime(2027, 1, 4, 10), RINGS),
        ("anonymous", datetime(2027, 1, 1), "system 800"),
        ("0442930698", MONDAY, RINGS),
    ],
)
def test_example(presented, instant, expected):
    assert ask(cabinet(), presented, instant=instant) == expected


def test_internal_and_own_calls():
    assert ask(cabinet(), "102", internal=True, instant=datetime(2026, 12, 25)) == RINGS
    assert ask(cabinet(), "", internal=True) == RINGS
    assert ask(cabinet(), "101", internal=True, restricted=True, instant=datetime(2026, 12, 25)) == RINGS


def test_for_all_comes_after_and_chains():
    christmas = datetime(2026, 12, 25, 10)
    assert ask(cabinet(), "0442930698", "101", christmas) == "ring 100 20s > voicemail 100 unavailable"
    assert ask(cabinet(), "0442930698", "100", christmas) == "ring 100 20s > voicemail 100 unavailable"
    first = Block("first", (Rule((Exact("0442930698"),), Destination("busy")),))
    policy = replace(cabinet(), blocks=(*cabinet().blocks, first))
    assert ask(policy, "0442930698", "102", christmas) == "busy"


@pytest.mark.parametrize(
    ("called", "state", "expected"),
    [
        ("102", "answer", "ring 102 20s"),
        ("102", "busy", "ring 102 20s > voicemail 102 busy"),
        ("102", "unavailable", RINGS),
        ("103", "noanswer", "ring 103 20s > busy"),
        ("103", "busy", "ring 103 20s > busy"),
    ],
)
def test_ringing(called, state, expected):
    assert ask(cabinet(), "0442930698", called, **{f"_{called}": state}) == expected


@pytest.mark.parametrize("state", ["answer", "refuse", "silent", "leave", "noanswer", "busy", "unavailable"])
def test_rebound(state):
    assert ask(cabinet(), "0600000000", _0612345678="accept") == REBOUND
    assert ask(cabinet(), "0600000000", _0612345678=state) == REFUSED


@pytest.mark.parametrize(
    ("state", "after"),
    [("answer", ""), ("busy", " > busy"), ("noanswer", " > hangup"), ("unavailable", " > hangup")],
)
def test_external(state, after):
    for destination, number in (
        (Destination("external", "0442930698"), "0442930698"),
        (Destination("mobile"), "0612345678"),
    ):
        policy = replace(cabinet(), blocks=(Block("own", (Rule((Everyone(),), destination),), "102"),))
        assert ask(policy, "0140000000", **{f"_{number}": state}) == f"external {number}{after}"


def test_rebound_after_a_chain_belongs_to_the_extension_whose_rule_decided():
    to_martin = Block("own", (Rule((Everyone(),), Destination("extension", "102")),), "103")
    policy = replace(cabinet(), blocks=(*cabinet().blocks, to_martin))
    assert ask(policy, "0600000000", "103") == REFUSED


def test_numbers_match_whatever_the_kind():
    rules = (Rule((Exact("101"),), Destination("busy")), Rule((Poste("103"),), Destination("voicemail")))
    policy = replace(cabinet(), blocks=(Block("own", rules, "102"),))
    for internal in (True, False):
        assert ask(policy, "101", internal=internal) == "busy"
        assert ask(policy, "103", internal=internal) == "voicemail 102 unavailable"


def test_unknown_numbers_are_the_pbx_s():
    assert ask(cabinet(), "0600000000", "999") == "system 999"


# --- times --------------------------------------------------------------------------------------------------

NIGHT = Hours("nuit", (Span(frozenset({4}), time(22), time(6)), Span(frozenset({6}), time(22), time(0))))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 11, 27, 21, 59, 59), False),
        (datetime(2026, 11, 27, 22), True),
        (datetime(2026, 11, 28, 5, 59), True),
        (datetime(2026, 11, 28, 6), False),
        (datetime(2026, 11, 27, 3), False),
        (datetime(2026, 11, 29, 23, 59), True),
        (datetime(2026, 11, 30, 0, 0), False),
        (datetime(2027, 1, 1, 22), False),  # a holiday, Friday
        (datetime(2027, 1, 2, 1), False),  # in the closure
        (datetime(2026, 5, 1, 22), False),  # Friday, holiday: the span does not start …
        (datetime(2026, 5, 2, 1), True),  # … but the Saturday's own date counts
    ],
)
def test_overnight(instant, expected):
    policy = replace(cabinet(), hours=(NIGHT,))
    assert judge_module.in_hours(policy, NIGHT, instant) is expected
    assert judge_module.holds(policy, When("hours", "nuit", inside=False), instant) is not expected


def test_holidays_included():
    included = replace(BUREAU, holidays_included=True)
    policy = replace(cabinet(), hours=(included,))
    assert judge_module.in_hours(policy, included, datetime(2026, 11, 11, 10))
    assert judge_module.in_hours(policy, included, datetime(2026, 12, 25, 10))
    assert not judge_module.in_hours(cabinet(), BUREAU, datetime(2026, 11, 11, 10))


@pytest.mark.parametrize(("region", "subdivision"), [("France", None), ("Alsace-Moselle", "57")])
def test_holidays_are_the_public_ones(region, subdivision):
    for year in range(2020, 2060):
        assert set(generate.french_holidays(region, year, year)) == set(holidays.France(subdiv=subdivision, years=year))


# --- the generator ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cases():
    return [generate.generate(seed, calls=40) for seed in range(60)]


def test_generation_is_reproducible():
    assert generate.generate(5) == generate.generate(5)


@pytest.mark.parametrize("seed", few(range(60), 10))
def test_policies_are_legal_by_construction(seed):
    policy = generate.generate(seed, calls=0).policy
    emergency = {"15", "17", "18", "112", "114", "115", "116000", "116117", "119", "191", "196", "197"}
    named = [i for b in policy.blocks for r in b.rules for i in (*r.callers, *r.excepted)]
    named += [i for known in policy.lists for i in known.items]
    assert not emergency & {i.number for i in named if isinstance(i, Exact)}
    assert not emergency & {each.number for each in (*policy.extensions, *policy.systems)}
    for extension in policy.extensions:
        for rule in judge_module.rules_of(policy, extension.number):
            destination = rule.destination
            if destination.kind == "voicemail" or destination.rebound:
                assert extension.voicemail
            if destination.kind == "mobile":
                assert extension.mobile
            if destination.kind == "extension-voicemail":
                assert policy.extension(destination.number).voicemail
            if destination.kind == "external":
                assert not policy.extension(destination.number)
    assert reachable_without_return(policy)
    for hours in policy.hours:
        assert hours.spans
    ranges = [i for i in named if isinstance(i, Range)]
    assert all(len(r.first) == len(r.last) and r.first <= r.last for r in ranges)


def reachable_without_return(policy):
    """No forward, whatever its callers and times, leads back."""
    after = {
        e.number: {
            r.destination.number for r in judge_module.rules_of(policy, e.number) if r.destination.kind == "extension"
        }
        for e in policy.extensions
    }
    while after:
        ends = {number for number, targets in after.items() if not targets & after.keys()}
        if not ends:
            return False
        after = {number: targets for number, targets in after.items() if number not in ends}
    return True


def test_calls_reach_every_ending(cases):
    found = {each.expected.split()[0] for case in cases for each in case.calls}
    assert found == {"ring", "voicemail", "external", "answer", "system", "busy"}


def test_few_calls_hang_on_a_reading(cases):
    calls = [each for case in cases for each in case.calls]
    assert sum(bool(each.hangs_on) for each in calls) < 0.05 * len(calls)


# --- the power of the calls: each of these faults must be seen ----------------------------------------------


def faulty(name, change):
    original = getattr(judge_module, name)
    return patch.object(judge_module, name, lambda *a, **k: change(original, *a, **k))


def without_field(field, empty):
    """Rules as if they had no such clause."""
    return "rules_of", lambda real, policy, number: [replace(r, **{field: empty}) for r in real(policy, number)]


FAULTS = {
    "rules in reverse": ("rules_of", lambda real, policy, number: real(policy, number)[::-1]),
    "sauf ignored": without_field("excepted", ()),
    "filter ignored": without_field("only", ""),
    "times ignored": without_field("times", ()),
    "jusqu'au ignored": without_field("until", None),
    "for all before own": (
        "rules_of",
        lambda _real, policy, number: [r for b in policy.blocks if b.covers(number) for r in b.rules],
    ),
    "restricted ignored": ("canonical", lambda real, p, i, _r, *how: real(p, i, False, *how)),
    "nine digits forgotten": (
        "canonical",
        lambda real, p, i, r, *how: p if len(p) == 9 else real(p, i, r, *how),
    ),
    "bare 33 forgotten": (
        "canonical",
        lambda real, p, i, r, *how: p if p[:2] == "33" else real(p, i, r, *how),
    ),
    "tail kept": (
        "canonical",
        lambda real, p, i, r, *how: p if ";" in p or "@" in p else real(p, i, r, *how),
    ),
    "overseas forgotten": (
        "canonical",
        lambda real, p, i, r, *how: p if p[:4] == "+262" else real(p, i, r, *how),
    ),
    "06* as text": ("in_prefix", lambda _real, prefix, number, *_how: number.startswith(prefix)),
    "range without its end": ("in_range", lambda real, a, z, number: real(a, z, number) and number != z),
    "closing minute included": (
        "in_hours",
        lambda real, p, h, at, *how: real(
            p,
            replace(h, spans=tuple(replace(s, end=s.end.replace(second=1)) for s in h.spans)),
            at,
            *how,
        ),
    ),
    "closures do not close": (
        "in_hours",
        lambda real, p, h, at, *how: real(replace(p, closures=()), h, at, *how),
    ),
    "holidays do not close": (
        "in_hours",
        lambda real, p, h, at, *how: real(replace(p, holidays=frozenset()), h, at, *how),
    ),
    "nights end at midnight": (
        "in_hours",
        lambda real, p, h, at, *how: real(
            p,
            replace(h, spans=tuple(replace(s, end=time.max) if s.end <= s.start else s for s in h.spans)),
            at,
            *how,
        ),
    ),
    "last day of a closure open": (
        "in_closure",
        lambda real, c, day: real(c, day) and day != c.periods[-1][1],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_seen(cases, fault):
    name, change = FAULTS[fault]
    with faulty(name, change):
        assert any(events(c.policy, t.call) != t.expected for c in cases for t in c.calls if not t.hangs_on)


# --- the differential command, with an engine that knows the judge ------------------------------------------


@pytest.mark.thorough
def test_differential_reports_and_shrinks(monkeypatch, capsys):
    policies = {}

    def remember(seed, *arguments):
        case = generate.generate(seed, *arguments)
        policies[case.text] = case.policy
        return case

    def remember_plain(policy, *arguments, **keywords):
        text = generate.render(policy, *arguments, **keywords)
        policies[text] = policy
        return text

    def engine(text, calls):
        """The judge, but it takes no exception into account."""
        blocks = [replace(b, rules=tuple(replace(r, excepted=()) for r in b.rules)) for b in policies[text].blocks]
        return [events(replace(policies[text], blocks=tuple(blocks)), call) for call in calls]

    monkeypatch.setattr(differential, "generate", remember)
    monkeypatch.setattr(differential, "render", remember_plain)
    monkeypatch.setitem(differential.ENGINES, "policyc", engine)
    assert differential.main(["0", "9", "--shrink"]) == 1
    out = capsys.readouterr().out
    assert " sauf " in out.split("reduced;")[1]

    monkeypatch.setitem(
        differential.ENGINES, "policyc", lambda text, calls: [events(policies[text], call) for call in calls]
    )
    assert differential.main(["0", "9"]) == 0
    assert "0 disagreements, 0 refused" in capsys.readouterr().out
