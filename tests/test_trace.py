"""Why a call was decided so: the rules tried, what did not match of each, and how both are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.generate import generate
from judge.seeds import few
from strategies import EXTENSIONS, NOWHERE, callers, number_sets, policies, typical_callers

from policyc import api, digits, evaluate, report, schedule, trace, why, words
from policyc.digits import Caller, Kind
from policyc.files import MemoryFiles
from policyc.model import Named, Policy, Rule, Written
from policyc.why import NotNamed, NotThen, OnlyKind, Over, Reason

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = [api.load(ROOT / "examples" / path) for path in ("cabinet/cabinet.pol", "mairie/mairie.pol")]
START = datetime(2026, 12, 21)

POLICY = """\
poste 101 Anne messagerie
poste 102 Luc
horaires bureau
  lundi-vendredi 9h-18h
horaires "heures creuses" fériés compris
  lundi-vendredi 12h-14h
fériés France 2026..2026
fermeture congés = 24/12/2026..26/12/2026
liste VIP = 06 00 00 00 00

pour tous en priorité
  depuis démarchage vers occupé
pour Anne
  {rule}
pour tous sauf Luc
  depuis 07* vers occupé
"""


def instants() -> st.SearchStrategy[datetime]:
    """Local instants around what the periods of the strategies tell apart."""
    return st.builds(lambda hours, half: START + timedelta(hours=hours, minutes=30 * half), *[st.integers(0, 400)] * 2)


def load(text: str) -> Policy:
    checked = api.examine(MemoryFiles({"p.pol": text}), ["p.pol"], date(2026, 1, 1))
    assert not checked.has_errors, [one.code for one in checked.diagnostics]
    return checked.policy


def other_kind(caller: Caller) -> Caller:
    return Caller(Kind.EXTERNAL if caller.kind is Kind.INTERNAL else Kind.INTERNAL, caller.number)


def is_named(rule: Rule, caller: Caller) -> bool:
    return any(caller in part.callers for part in rule.written.parts)


def is_true(policy: Policy, rule: Rule, reason: Reason, caller: Caller, local: datetime) -> bool:
    """Say by the definition whether a reason holds of a rule and a call."""
    match reason:
        case NotNamed(excepted=True):
            mine = digits.OF_KIND[caller.kind]
            return (
                bool(rule.written.excepted)
                and is_named(rule, caller)
                and rule.written.kind in (None, caller.kind)
                and (caller in mine - rule.callers)
            )
        case NotNamed():
            return not is_named(rule, caller) and caller not in rule.callers
        case OnlyKind(kind=kind):
            nobody = rule.callers.isdisjoint(digits.OF_KIND[caller.kind])
            return kind is not caller.kind and (
                (rule.written.kind is kind and nobody)
                or (other_kind(caller) in rule.callers and caller not in rule.callers)
            )
        case NotThen(clause=clause, days=days):
            declared = {name for day, name in policy.holidays if day == local.date()}
            closures = [one for one in (*policy.closures, clause.named) if one.kind == "closure"]
            declared |= {one.name for one in closures if one.period.holds(local)}
            would_be = clause.named.kind != "hours" or schedule.weekly(clause.named.spans).holds(local)
            return clause in rule.times and not clause.holds(local) and set(days) <= declared and (would_be or not days)
        case Over(last=last):
            return last == rule.until and local.date() > last


def hold(policy: Policy, extension: str, caller: Caller, local: datetime) -> None:
    """Assert all that must be true of the rules tried for one call."""
    tried = why.tried(policy, extension, caller, local)
    deciding = evaluate.deciding_rule(policy, policy.extensions[extension], caller, local)
    rules = list(policy.rules_for(extension))

    assert [one.rule for one in tried] == (rules if deciding is None else rules[: rules.index(deciding) + 1])
    for one in tried:
        assert one.rule in policy.layers(extension)[why.LAYERS.index(one.layer)]
        assert one.matched is (one.rule is deciding)
        assert one.matched is (not one.failed)
        assert all(is_true(policy, one.rule, reason, caller, local) for reason in one.failed), one
        # All that does not match is told, each thing once.
        who = [reason for reason in one.failed if isinstance(reason, NotNamed | OnlyKind)]
        assert bool(who) is (caller not in one.rule.callers)
        assert len({type(reason) for reason in who}) == len(who)
        clauses = [reason.clause for reason in one.failed if isinstance(reason, NotThen)]
        assert clauses == [clause for clause in one.rule.times if not clause.holds(local)]
        over = one.rule.until is not None and local.date() > one.rule.until
        assert any(isinstance(reason, Over) for reason in one.failed) is over


# -- laws --------------------------------------------------------------------------------------------------------------


@given(policies(), st.data())
def test_the_rules_tried_are_those_of_the_interpreter_and_each_reason_is_true(policy: Policy, data: st.DataObject):
    sets = [rule.callers for rule in policy.rules]
    for caller in [*typical_callers(*sets)[:6], data.draw(callers())]:
        hold(policy, data.draw(st.sampled_from(sorted(EXTENSIONS))), caller, data.draw(instants()))


@st.composite
def written_rules(draw: st.DrawFn, rule: Rule) -> tuple[Rule, digits.NumberSet]:
    """A rule whose callers follow from how it names them, and those that its `sauf` takes out."""
    parts = draw(st.lists(number_sets(), min_size=1, max_size=2))
    out = draw(st.just(digits.EMPTY) | number_sets())
    kind = draw(st.sampled_from((None, None, *Kind)))
    found = (digits.union(parts) - out) & (digits.OF_KIND[kind] if kind else digits.EVERYONE)
    named = tuple(Named(one, NOWHERE) for one in parts)
    excepted = (Named(out, NOWHERE),) if out else ()
    return replace(rule, callers=found, written=Written(named, excepted, kind)), out


@given(policies(("101",)), st.data())
def test_who_is_not_meant_is_told_from_how_the_rule_names_them(policy: Policy, data: st.DataObject):
    made = [data.draw(written_rules(rule)) for rule in policy.own["101"]]
    policy = replace(policy, own={"101": tuple(rule for rule, _ in made)})
    out = {id(rule): excepted for rule, excepted in made}
    sets = [one for rule, excepted in made for one in (rule.callers, excepted)]
    for caller in typical_callers(*sets)[:12]:
        local = data.draw(instants())
        hold(policy, "101", caller, local)
        for one in why.tried(policy, "101", caller, local):
            if one.layer == why.OWN:
                filtered = one.rule.written.kind not in (None, caller.kind)
                excepted = caller in out[id(one.rule)] and is_named(one.rule, caller) and not filtered
                assert (NotNamed(excepted=True) in one.failed) is excepted
                assert not filtered or OnlyKind(other_kind(caller).kind) in one.failed


@pytest.mark.parametrize("seed", few(range(20), 5))
def test_laws_hold_of_policies_as_they_are_written(seed: int):
    case = generate(seed, 40)
    policy = load(case.text)
    for tagged in case.calls:
        call = tagged.call
        made = evaluate.call_from(
            call.presented, call.called, call.instant, internal=call.internal, restricted=call.restricted
        )
        local = call.instant
        if local.tzinfo is not None:
            local = local.astimezone(policy.zone).replace(tzinfo=None)
        if call.called not in policy.extensions:
            continue
        found = trace.follow(policy, made, presented=call.presented, restricted=call.restricted)
        for step, tried in zip(found.outcome.steps, found.tried, strict=True):
            hold(policy, step.extension, made.caller, local)
            assert step.rule is (tried[-1].rule if tried and tried[-1].matched else None)


# -- each reason -------------------------------------------------------------------------------------------------------


def traced(rule: str, presented: str, at: str, *, internal: bool = False, to: str = "101") -> trace.Trace:
    policy = load(POLICY.format(rule=rule))
    call = evaluate.call_from(presented, to, datetime.fromisoformat(at), internal=internal)
    return trace.follow(policy, call, presented=presented)


@pytest.mark.parametrize(
    ("rule", "presented", "at", "told", "data"),
    [
        (
            "depuis 06* vers messagerie",
            "0142424242",
            "2026-11-23T10:00",
            ["l'appelant n'en est pas"],
            [{"reason": "caller", "excepted": False}],
        ),
        (
            "depuis 06* vers messagerie",
            "anonymous",
            "2026-11-23T10:00",
            ["l'appelant, anonyme, n'en est pas"],
            [{"reason": "caller", "excepted": False}],
        ),
        (
            "depuis 06* sauf VIP vers messagerie",
            "+33600000000",
            "2026-11-23T10:00",
            ["l'appelant est de ceux que « sauf » retire"],
            [{"reason": "caller", "excepted": True}],
        ),
        (
            "depuis * sauf anonyme vers messagerie",
            "",
            "2026-11-23T10:00",
            ["l'appelant, anonyme, est de ceux que « sauf » retire"],
            [{"reason": "caller", "excepted": True}],
        ),
        (
            "depuis interne vers messagerie",
            "+442071234567",
            "2026-11-23T10:00",
            ["appels internes seulement"],
            [{"reason": "kind", "only": "internal"}],
        ),
        (
            "depuis 102 interne vers messagerie",
            "0142424242",
            "2026-11-23T10:00",
            ["appels internes seulement", "l'appelant n'en est pas"],
            [{"reason": "kind", "only": "internal"}, {"reason": "caller", "excepted": False}],
        ),
        (
            "depuis * pendant bureau vers messagerie",
            "0142424242",
            "2026-11-23T22:00",
            ["pendant bureau : lundi 23 novembre 22:00 n'est pas dans bureau"],
            [{"reason": "time", "inside": True, "period": "bureau", "kind": "hours", "days": []}],
        ),
        (
            "depuis * pendant bureau vers messagerie",
            "0142424242",
            "2026-12-25T10:00",
            ["pendant bureau : vendredi 25 décembre est fermé (Noël, congés)"],
            [{"reason": "time", "inside": True, "period": "bureau", "kind": "hours", "days": ["Noël", "congés"]}],
        ),
        (  # it would not be open at that hour anyway
            "depuis * pendant bureau vers messagerie",
            "0142424242",
            "2026-12-25T22:00",
            ["pendant bureau : vendredi 25 décembre 22:00 n'est pas dans bureau"],
            [{"reason": "time", "inside": True, "period": "bureau", "kind": "hours", "days": []}],
        ),
        (
            'depuis * hors "heures creuses" vers messagerie',
            "0142424242",
            "2026-12-25T12:30:05",
            ['hors "heures creuses" : vendredi 25 décembre 12:30:05 est dans "heures creuses"'],
            [{"reason": "time", "inside": False, "period": "heures creuses", "kind": "hours", "days": []}],
        ),
        (
            "depuis * pendant congés pendant les fériés vers messagerie",
            "0142424242",
            "2026-11-23T10:00",
            [
                "pendant congés : lundi 23 novembre n'est pas dans congés",
                "pendant les fériés : lundi 23 novembre n'est pas férié",
            ],
            [
                {"reason": "time", "inside": True, "period": "congés", "kind": "closure", "days": []},
                {"reason": "time", "inside": True, "period": "les fériés", "kind": "holidays", "days": []},
            ],
        ),
        (
            "depuis * hors congés hors les fériés vers messagerie",
            "0142424242",
            "2026-12-25T10:00",
            [
                "hors congés : vendredi 25 décembre est dans congés",
                "hors les fériés : vendredi 25 décembre est férié (Noël)",
            ],
            [
                {"reason": "time", "inside": False, "period": "congés", "kind": "closure", "days": ["congés"]},
                {"reason": "time", "inside": False, "period": "les fériés", "kind": "holidays", "days": ["Noël"]},
            ],
        ),
        (
            "depuis VIP hors bureau vers messagerie jusqu'au 31/10/2026",
            "0142424242",
            "2026-11-23T10:00",
            [
                "l'appelant n'en est pas",
                "hors bureau : lundi 23 novembre 10:00 est dans bureau",
                "jusqu'au samedi 31 octobre 2026 : la date est passée",
            ],
            [
                {"reason": "caller", "excepted": False},
                {"reason": "time", "inside": False, "period": "bureau", "kind": "hours", "days": []},
                {"reason": "until", "last": "2026-10-31"},
            ],
        ),
    ],
)
def test_all_that_does_not_match_is_told(rule, presented, at, told, data):
    found = traced(rule, presented, at)

    [step] = trace.to_json(found)["steps"]
    assert data == step["tried"][1]["failed"]
    lines = trace.to_text(found, words.load("fr")).replace("\u00a0", " ").split("\n")
    start = lines.index(f"  ├─ ✗ p.pol:14 : {rule}") + 1
    branches = [f"  │  ├─ {one}" for one in told[:-1]] + [f"  │  └─ {told[-1]}"]
    assert branches == lines[start : start + len(told)]


def test_a_rule_that_was_never_written_tells_by_its_callers():
    policy = load(POLICY.format(rule="depuis 06* vers messagerie"))
    rule = replace(policy.own["101"][0], callers=digits.starting("06", (Kind.EXTERNAL,)), written=Written())

    def told(caller: Caller) -> list[Reason]:
        return list(why.reasons(policy, rule, caller, START))

    assert [] == told(Caller(Kind.EXTERNAL, "0612345678"))
    assert [OnlyKind(Kind.EXTERNAL)] == told(Caller(Kind.INTERNAL, "0612345678"))
    assert [NotNamed(excepted=False)] == told(Caller(Kind.INTERNAL, "101"))
    assert [NotNamed(excepted=False)] == told(Caller(Kind.EXTERNAL, None))


def test_layers_are_told_and_a_rule_that_does_not_hold_for_the_extension_is_not_tried():
    found = traced("depuis 06* vers messagerie", "0711111111", "2026-11-23T10:00")
    [step] = trace.to_json(found)["steps"]
    assert [("first", 12), ("own", 14), ("rest", 16)] == [(one["layer"], one["line"]) for one in step["tried"]]
    assert [False, False, True] == [one["matched"] for one in step["tried"]]
    text = trace.to_text(found, words.load("en"))
    assert "  ├─ ✗ (pour tous en priorité) p.pol:12: depuis démarchage vers occupé\n" in text
    assert "  └─ ✓ (pour tous) p.pol:16: depuis 07* vers occupé\n     → busy\n" in text

    found = traced("depuis 06* vers messagerie", "0711111111", "2026-11-23T10:00", to="102")
    [step] = trace.to_json(found)["steps"]
    assert ["first"] == [one["layer"] for one in step["tried"]]
    assert "aucune règle ne s'applique\u00a0: le poste sonne\n" in trace.to_text(found, words.load("fr"))


def test_without_a_presented_text_none_is_told():
    policy = load(POLICY.format(rule="depuis 06* vers messagerie"))
    found = trace.follow(policy, evaluate.call_from("06", "101", START))

    assert "présent" not in trace.to_text(found, words.load("fr"))
    call = trace.to_json(found)["call"]
    assert (None, None, []) == (call["presented"], call["presentation"], call["dropped"])


# -- the tree ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_tree_stays_within_its_width(language):
    for policy in EXAMPLES:
        for called in policy.extensions:
            for presented in ("+33639981234", "anonymous", "0162001234", "00442071234567;verstat=TN-Validation-Passed"):
                for at in (datetime(2026, 11, 23, 10), datetime(2026, 12, 25, 22)):
                    call = evaluate.call_from(presented, called, at)
                    text = trace.to_text(trace.follow(policy, call, presented=presented), words.load(language))
                    assert [] == [line for line in text.split("\n") if len(line) > trace.WIDTH]


def test_a_long_rule_goes_on_beside_its_branch():
    rule = "depuis " + " ".join(f"04 42 93 06 {end}" for end in range(10, 25)) + " vers messagerie"
    lines = trace.to_text(traced(rule, "0142424242", "2026-11-23T10:00"), words.load("fr")).split("\n")

    at = next(number for number, line in enumerate(lines) if "p.pol:14" in line)
    shown = lines[at : at + 4]
    assert shown[0].startswith("  ├─ ✗ p.pol:14\u00a0: depuis 04")
    assert [line[:9] for line in shown[1:3]] == ["  │      "] * 2
    assert " ".join(line[9:] for line in shown[:3]) == f"  ├─ ✗ p.pol:14\u00a0: {rule}"[9:]
    assert shown[3].startswith("  │  └─ ")


def test_hostile_names_draw_no_branches():
    text = 'poste 101 "A\x1b[2Jnne"\nhoraires "b\u202eu\x07r"\n  lundi 9h-10h\n'
    text += 'pour 101\n  depuis * pendant "b\u202eu\x07r" vers occupé\n'
    policy = load(text)
    presented = "06\n  └─ ✓ faux\x1b[31m"
    call = evaluate.call_from(presented, "101", START)
    found = trace.follow(policy, call, presented=presented, shown_path=lambda path: f"a\n  └─ ✓ faux\r{path}")

    shown = trace.to_text(found, words.load("fr"))
    assert not any(line.startswith("  └─ ✓") for line in shown.split("\n"))
    for line in shown.split("\n"):
        assert "\x1b" not in report.visible(line)
        assert len(report.visible(line)) == len(line)


@pytest.mark.parametrize(
    ("rule", "at", "days"),
    [
        ("depuis * hors nuit vers messagerie", "2026-11-24T23:00", ("inv",)),
        ("depuis * hors nuit vers messagerie", "2026-12-25T23:00", ("Noël",)),
        ("depuis * hors nuit vers messagerie", "2026-11-24T12:00", ()),
        ("depuis * hors nuit vers messagerie", "2026-11-23T12:00", ()),
        ("depuis * hors garde vers messagerie", "2026-11-24T12:00", ()),
    ],
)
def test_a_hors_that_holds_because_the_day_is_closed_is_told(rule: str, at: str, days: tuple[str, ...]):
    """The clock is within the hours, and the rule says outside them: that surprises."""
    policy = load(
        f"""
        poste 101 A messagerie
        horaires nuit = lundi-dimanche 22h-6h
        horaires garde fériés compris = lundi-dimanche 22h-6h
        fermeture inv = 2026-11-24
        fériés France 2026..2026
        pour A
          {rule}
        """
    )
    call = evaluate.call_from("0612345678", "101", datetime.fromisoformat(at))
    found = trace.follow(policy, call, presented="0612345678")
    text = trace.to_text(found, words.load("en"))

    assert [days] * bool(days) == [one.days for one in found.tried[0][-1].closed]
    assert bool(days) is (f"is closed ({', '.join(days)})" in text)
    assert [list(days)] * bool(days) == [one["days"] for one in trace.to_json(found)["steps"][0]["tried"][-1]["closed"]]
