"""The verdicts of `policyc test` against the independent judge, on seeded random policies, tests and guarantees.

A statement holds when brute force over every edge finds no call that breaks it; a counterexample is a call that
the statement names, and that breaks it. More seeds: POLICYC_SEEDS=0..500.
"""

from functools import cache

import pytest
from judge.generate import exists
from judge.promises import promise
from judge.seeds import chosen, few

from policyc import api, testing
from policyc.files import MemoryFiles

SEEDS = pytest.mark.parametrize("seed", few(chosen(0, 11), 6))


@cache
def promised(seed):
    return promise(seed)


@cache
def verdicts(seed):
    checked = api.examine(MemoryFiles({"p.pol": promised(seed).text}), ("p.pol",))

    assert not checked.has_errors, [each for each in checked.diagnostics if each.primary]
    return testing.run(checked.policy)


def told(seed, line):
    """A line of the policy, for a report."""
    return f"line {line}: {promised(seed).text.splitlines()[line - 1]}"


@SEEDS
def test_each_statement_has_its_verdict(seed):
    assert sorted(promised(seed).statements) == sorted(each.line for each in verdicts(seed))


@SEEDS
def test_what_holds_passes_and_what_does_not_fails(seed):
    for verdict in verdicts(seed):
        broken = promised(seed).failures(promised(seed).statements[verdict.line])

        assert (not broken) is verdict.passed, (told(seed, verdict.line), broken[:1])


@SEEDS
def test_counterexamples_break_what_they_are_examples_of(seed):
    for verdict in verdicts(seed):
        assert (verdict.counterexample is None) is verdict.passed, told(seed, verdict.line)
        if verdict.passed:
            continue
        call = verdict.counterexample
        broken = (call.called, call.caller or "", call.internal, call.local)
        statement = promised(seed).statements[verdict.line]

        assert exists(call.local, promised(seed).policy.zone)
        promised(seed).judge.atlas.group_of(call.caller or "", call.internal)  # is of the universe
        assert promised(seed).judge.breaks_call(statement, broken), (told(seed, verdict.line), call)
