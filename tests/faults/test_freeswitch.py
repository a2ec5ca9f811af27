"""Faults in the dialplan of a FreeSWITCH: what calls show of them, and what the proof says.

The calls are those of the evaluator of `dialplan_xml`, which recorded tables hold to a real FreeSWITCH. Of faults that
a real one was shown (`record.py`), what it did counts. More of them: POLICYC_SEEDS=0..50.
"""

import random

import pytest
from freeswitch_model import DIALS
from judge.seeds import chosen

from faults import freeswitch, on_freeswitch, proof, record
from faults.calls import Calls
from faults.judging import Shows
from faults.trials import FILES, Result, Tally, compiled, confirmed, first_random, policy, problems, told

SEEDS = chosen(0, 0)
CALLS, OF_POOL = 60, 200


def tried(name, seed, count):
    """Return the results of faults in a policy."""
    text, its = compiled(name, "freeswitch", DIALS), policy(name)
    calls = Calls(its)
    faults = freeswitch.faults(text, f"{name} {seed}", count)
    pool = calls.pool(random.Random(f"{name} {seed}"), OF_POOL)
    recorded = record.table()
    for fault, judged in zip(faults, on_freeswitch.judge(text, faults, calls, pool=pool, count=CALLS), strict=True):
        judged = recorded.get(record.digest(text, fault.text), judged and (lambda _, known=judged: known))  # noqa: PLW2901
        judged = judged(fault) if judged else None  # noqa: PLW2901
        refused = proof.refused(its, "freeswitch", {FILES["freeswitch"]: fault.text}, DIALS)
        yield Result(fault, judged, refused, confirmed(refused, differing(text, fault, calls)))


def differing(text, fault, calls):
    """Return what a call shows of a fault, None for nothing; what the evaluator does not understand shows itself."""
    before = on_freeswitch.model(text, calls)

    def differs(call):
        try:
            ran = before.told(call)
            seen = on_freeswitch.model(fault.text, calls).told(call)
        except on_freeswitch.NotJudgedError as error:
            return Shows(call, (), (f"not understood: {error}",))
        return None if ran == seen else Shows(call, ran, seen)

    return differs


def check(tally):
    print(tally)
    found = list(problems(tally.results))

    assert not found, told(found)
    assert len(tally.unexplained) <= max(2, len(tally.results) // 25), tally.unexplained
    assert len(tally.not_judged) <= max(2, len(tally.results) // 10), tally.not_judged


pytestmark = pytest.mark.skipif(not proof.is_there("freeswitch"), reason="no proof of this target yet")


@pytest.mark.parametrize("name", ["cabinet", "4-chaque-exception"])
def test_what_is_generated_is_proved(name):
    text = compiled(name, "freeswitch", DIALS)

    assert proof.refused(policy(name), "freeswitch", {FILES["freeswitch"]: text}, DIALS) is None


def test_few_faults():
    tally = Tally(list(tried("4-chaque-exception", 0, 18)))

    check(tally)
    assert sum(bool(one.judged and one.judged.changes) for one in tally.results) > 6


@pytest.mark.pbx
@pytest.mark.parametrize("seed", SEEDS)
def test_many_faults(seed):
    """Needs no PBX, but more time than the tests of each run have."""
    tally = Tally()
    for name in ("4-chaque-exception", "cabinet", first_random(seed)):
        tally.results += tried(name, seed + 1, 40)

    check(tally)
    assert len(tally.results) >= 100
    assert sum(bool(one.judged and one.judged.changes) for one in tally.results) > 40
