"""policyc against faults sown into random policies: all found, none invented, every witness true.

The truth is the independent judge's: `judge.seeding` sows, `judge.edges` asks the judge at every edge. More seeds:
POLICYC_SEEDS=0..500.
"""

from functools import cache

import pytest
from judge.edges import TAKEN, differs
from judge.generate import exists
from judge.judge import matches
from judge.seeding import Elements, flat, sow
from judge.seeds import chosen, few

from policyc import api
from policyc.diagnostics import CODES, Severity
from policyc.files import MemoryFiles

SEEDS = pytest.mark.parametrize("seed", few(chosen(0, 11), 6))


@cache
def sown(seed):
    return sow(seed)


@cache
def elements(seed):
    return Elements(sown(seed).policy)


def atlas(seed):
    return elements(seed).atlas


@cache
def diagnostics(seed):
    return examine(sown(seed).text)


def examine(text):
    return api.examine(MemoryFiles({"p.pol": text}), ("p.pol",)).diagnostics


def found(seed, code):
    return [each for each in diagnostics(seed) if each.code == code]


def line(label):
    return label.span.line


def key_at(seed, number):
    [key] = [key for key, known in sown(seed).lines.items() if known == number]
    return key


def takers(each):
    """The lines of the rules that a diagnostic says take the calls."""
    return {label.span.line for label in each.secondary if label.key not in {"also", "named"}}


def told(seed, number):
    """A line of the policy, for a report."""
    return f"line {number}: {sown(seed).text.splitlines()[number - 1]}"


def shadowed(seed):
    """The rules that policyc says never decide; those of nobody apart."""
    return [each for each in found(seed, "PC313") if each.args["case"] != "nobody"]


@SEEDS
def test_rules_that_never_decide_are_exactly_those_found(seed):
    expected = {sown(seed).lines[key] for key in atlas(seed).dead()}
    actual = [each.primary.line for each in shadowed(seed)]

    assert sorted(actual) == sorted(set(actual)), "one diagnostic for each rule"
    assert {told(seed, each) for each in expected} == {told(seed, each) for each in actual}
    for fault in sown(seed).faults:
        if fault.kind == "dead":
            assert sown(seed).lines[fault.rules[0]] in actual, fault


@SEEDS
def test_rules_of_nobody_are_said_to_be(seed):
    expected = {sown(seed).lines[fault.rules[0]] for fault in sown(seed).faults if fault.kind == "nobody"}

    assert {each.primary.line for each in found(seed, "PC313") if each.args["case"] == "nobody"} == expected


@SEEDS
def test_rules_that_no_call_meets_are_told_apart(seed):
    """Without callers (PC311) or with impossible times (PC308); of both, either."""
    nobody = {sown(seed).lines[key] for key in atlas(seed).own if not atlas(seed).who[key]}
    never = {sown(seed).lines[key] for key in atlas(seed).own if not atlas(seed).when[key]}
    without_callers = {each.primary.line for each in found(seed, "PC311")}
    without_times = {each.primary.line for each in found(seed, "PC308")}

    assert nobody - never <= without_callers <= nobody
    assert never - nobody <= without_times <= never
    assert not (nobody | never) & {each.primary.line for each in shadowed(seed)}


@SEEDS
def test_covering_rules_take_all_calls(seed):
    for each in shadowed(seed):
        key = key_at(seed, each.primary.line)
        real = {sown(seed).lines[piece.rule] for _, piece in atlas(seed).takers(key)}
        more = sum(note.args["more"] for note in each.notes if note.key == "more")

        assert takers(each) <= real, told(seed, each.primary.line)
        assert len(takers(each)) + more == len(real), told(seed, each.primary.line)


@SEEDS
def test_calls_end_otherwise_or_not_as_said(seed):
    """Calls that are busy at another extension may be said to end otherwise: see the last test of this file."""
    for each in shadowed(seed):
        ends = atlas(seed).compared(key_at(seed, each.primary.line))
        expected = {"other"} if True in ends else {"same", "other"} if None in ends else {"same"}

        assert each.args["case"] in expected, told(seed, each.primary.line)
    for fault in sown(seed).faults:
        if fault.kind == "dead":
            [each] = [d for d in shadowed(seed) if d.primary.line == sown(seed).lines[fault.rules[0]]]
            assert fault.case == each.args["case"], fault


@SEEDS
def test_witnesses_are_calls_that_another_rule_takes(seed):
    policy = sown(seed).policy
    for each in (*shadowed(seed), *found(seed, "PC314")):
        key, call = key_at(seed, each.primary.line), each.witness
        caller = call.caller or ""
        atlas(seed).group_of(caller, call.internal)  # is of the universe
        decider = atlas(seed).decider(call.called, caller, call.internal, call.local)

        assert exists(call.local, policy.zone)
        assert call.called in atlas(seed).holders(key)
        assert matches(policy, atlas(seed).rules[key], caller, call.internal, call.local, TAKEN)
        assert decider != key
        assert sown(seed).lines[decider] in takers(each), (told(seed, each.primary.line), call)


@SEEDS
def test_partly_hidden_rules_are_found_with_exact_counts(seed):
    reports = {each.primary.line: each for each in found(seed, "PC314")}

    assert len(reports) == len(found(seed, "PC314"))
    for fault in sown(seed).faults:
        if fault.kind == "partly":
            [key] = fault.rules
            groups = {
                group
                for element, (mine, _, _) in elements(seed).hidden(key).items()
                for group in mine
                if element.kind == fault.taken or not fault.taken
                if element.item in set(flat(sown(seed).policy, fault.item))
            }
            report = reports.get(sown(seed).lines[key])
            assert report, fault
            assert atlas(seed).numbers(groups) == report.args["count"], fault
    for key in atlas(seed).own:
        number = sown(seed).lines[key]
        least, most = elements(seed).bounds(key) if atlas(seed).decides(key) else (0, 0)
        if number in reports:
            assert least <= reports[number].args["count"] <= most, told(seed, number)
        else:
            assert not least, told(seed, number)


@SEEDS
def test_calls_hidden_in_part_end_otherwise(seed):
    for each in found(seed, "PC314"):
        key, call = key_at(seed, each.primary.line), each.witness
        group = atlas(seed).group_of(call.caller or "", call.internal)
        times = next(
            piece.times for number, piece in atlas(seed).takers(key) if number == call.called and piece.group == group
        )
        done = atlas(seed).follow(call.called, call.caller or "", call.internal, call.local)
        ends = {differs(done, said) for said, _ in atlas(seed).would_end(call.called, key, group, times)}

        assert ends != {False}, told(seed, each.primary.line)


@SEEDS
def test_what_comes_close_raises_nothing(seed):
    for fault in sown(seed).faults:
        if fault.kind == "fine":
            lines = {sown(seed).lines[key] for key in fault.rules}
            about = [each.code for each in diagnostics(seed) if each.primary.line in lines]

            assert not {"PC301", "PC308", "PC311", "PC313", "PC314"} & set(about), fault


@SEEDS
def test_loops_are_exactly_those_that_a_call_enters(seed):
    loops = found(seed, "PC301")
    expected = {frozenset(sown(seed).lines[key] for _, key in circle) for circle in atlas(seed).circles()}
    actual = {frozenset({each.primary.line, *map(line, each.secondary)}) for each in loops}

    assert expected == actual
    assert len(actual) == len(loops)
    for fault in sown(seed).faults:
        if fault.kind == "loop":
            assert {sown(seed).lines[key] for key in fault.rules} in actual, fault


@SEEDS
def test_witnesses_of_loops_are_caught_in_them(seed):
    for each in found(seed, "PC301"):
        call = each.witness
        circle = atlas(seed).follow(call.called, call.caller or "", call.internal, call.local)

        assert exists(call.local, sown(seed).policy.zone)
        assert {sown(seed).lines[key] for _, key in circle} == {each.primary.line, *map(line, each.secondary)}


@SEEDS
def test_nothing_else_is_wrong_with_the_policies(seed):
    wrong = {each.code for each in diagnostics(seed) if CODES[each.code].severity is Severity.ERROR}

    assert wrong <= {"PC301"}


# --- disagreements that are not settled ---------------------------------------------------------------------


def lines_of(code, text):
    return [each.primary.line for each in examine(text) if each.code == code]


POSTES = """poste 101 A messagerie
poste 102 B messagerie
liste VIP = 06 39 98 00 01, 01 99 00*
"""


def test_a_list_named_again_is_hidden():
    text = f"""{POSTES}
pour A
  depuis VIP vers occupé
  depuis VIP 04* vers messagerie
"""

    assert [7] == lines_of("PC314", text)


def test_busy_is_busy():
    text = f"""{POSTES}
pour A
  depuis 06* vers occupé
  depuis 06* vers extension B
pour B
  depuis * vers occupé
"""

    assert ["same"] == [each.args["case"] for each in examine(text) if each.code == "PC313"]


def test_a_rule_of_all_that_own_rules_hide_is_not_hidden_in_part():
    text = f"""{POSTES}
pour A
  depuis * vers occupé
pour B
  depuis * vers occupé
pour tous
  depuis externe vers externe 01 40 50 60 70
  depuis 07 43 87 58 67, 102 vers messagerie
"""

    assert [10, 11] == lines_of("PC313", text)
    assert [] == lines_of("PC314", text)


def test_the_witness_of_a_hidden_item_is_taken_by_the_rule_named():
    text = f"""{POSTES}
pour A
  depuis externe vers occupé
pour tous
  depuis 07* vers externe 01 40 50 60 70
  depuis 07 43 87 58 67, 01* vers messagerie
"""
    [found] = [each for each in examine(text) if each.code == "PC314"]

    assert {8} == {label.span.line for label in found.secondary}
    assert found.witness.called == "102", "in A, the rule of line 6 takes that call"
