"""Faults in the exceptions of a 3CX: what the model of `pbx_3cx` shows of them, and what the proof says.

More of them: POLICYC_SEEDS=0..50.
"""

import random

import pytest
from judge.seeds import chosen

from faults import on_3cx, proof, threecx
from faults.calls import Calls
from faults.trials import FILES, Result, Tally, compiled, confirmed, first_random, policy, problems, takes, told

SEEDS = chosen(0, 0)
CALLS, OF_POOL = 400, 800


def tried(name, seed, count):
    """Return the results of faults in a policy."""
    text, its = compiled(name, "3cx", {}), policy(name)
    calls = Calls(its, on_3cx.LISTED)
    faults = threecx.faults(text, f"{name} {seed}", count)
    pool = calls.pool(random.Random(f"{name} {seed}"), OF_POOL)
    for judged in on_3cx.judge(text, faults, calls, pool=pool, count=CALLS):
        refused = proof.refused(its, "3cx", {FILES["3cx"]: judged.fault.text}, {})
        texts = {"before": text, "after": judged.fault.text}
        shows = confirmed(refused, lambda call, texts=texts: on_3cx.differs(texts, its, calls.lines, call))
        yield Result(judged.fault, judged, refused, shows)


def check(tally):
    print(tally)
    found = list(problems(tally.results))

    assert not found, told(found)
    assert len(tally.unexplained) <= max(2, len(tally.results) // 25), tally.unexplained


@pytest.mark.parametrize("name", ["cabinet", "4-chaque-exception"])
def test_what_is_generated_is_proved(name):
    assert proof.refused(policy(name), "3cx", {FILES["3cx"]: compiled(name, "3cx", {})}, {}) is None


def test_few_faults():
    tally = Tally([*tried("4-chaque-exception", 0, 27), *tried("cabinet", 0, 9)])

    check(tally)
    assert sum(one.judged.changes for one in tally.results) > 15


@pytest.mark.pbx
@pytest.mark.parametrize("seed", SEEDS)
def test_many_faults(seed):
    """Needs no PBX, but more time than the tests of each run have."""
    tally = Tally()
    for name in ("4-chaque-exception", "cabinet", first_random(seed, "3cx")):
        assert takes(name, "3cx")
        tally.results += tried(name, seed + 1, 40)

    check(tally)
    assert len(tally.results) >= 100
    assert sum(one.judged.changes for one in tally.results) > 50
