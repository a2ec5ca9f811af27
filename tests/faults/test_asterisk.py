"""Faults in the dialplan of an Asterisk: what calls on a real one show of them, and what the proof says.

More of them: POLICYC_SEEDS=0..50.
"""

import asyncio
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest
from judge.seeds import chosen
from pbx.compiled import CHANNELS

from faults import asterisk as engine
from faults import on_asterisk
from faults.calls import HIDDEN, SHOWN, Calls
from faults.trials import Result, Tally, compiled, first_random, in_each_state, policy, problems, refusal, told

SEEDS = chosen(0, 0)
FAULTS = 63
"""Of each policy: seven of each kind."""
CALLS, OF_POOL = 36, 220

pytestmark = [pytest.mark.pbx, pytest.mark.usefixtures("asterisk")]


async def tried(name, seed, folder, workers):
    """Return the results of faults in a policy; `workers` prove while calls are placed."""
    text, calls = compiled(name, "asterisk", CHANNELS), Calls(policy(name))
    faults = engine.faults(text, f"{name} {seed}", FAULTS)
    proofs = [workers.submit(refusal, name, "asterisk", fault.text, CHANNELS) for fault in faults]
    pool = calls.pool(random.Random(f"{name} {seed}"), OF_POOL)
    async with on_asterisk.instance(folder / name, text, faults) as asterisk:
        judge = on_asterisk.Judge(asterisk, calls)
        judged = await judge.all(text, faults, pool, CALLS)
        refused = await asyncio.gather(*map(asyncio.wrap_future, proofs))
        shows = await asyncio.gather(
            *(confirmed(judge, fault, one) for fault, one in zip(faults, refused, strict=True))
        )
    return [Result(*one) for one in zip(faults, judged, refused, shows, strict=True)]


async def confirmed(judge, fault, refused):
    """Return what each call of the proof shows: it is placed on both dialplans, with lines in each state."""

    async def shows(call):
        for screen in ("", *(HIDDEN if call.hidden else SHOWN)):
            ways = in_each_state(replace(call, screen=screen), [on_asterisk.LOST])
            for some in (ways[:2], ways[2:-2], ways[-2:]):  # most show at once, and the last ones take long
                found = await asyncio.gather(*(judge.differs(on_asterisk.name_of(fault), one) for one in some))
                if any(found):
                    return next(filter(None, found))
        return None

    return tuple(await asyncio.gather(*map(shows, refused.calls if refused else ())))


@pytest.fixture(scope="module")
def tally(tmp_path_factory):
    """Try all faults, of several policies at once."""
    folder = tmp_path_factory.mktemp("faults")

    async def every(names, workers):
        found = []
        for seed, its in names.items():
            found += await asyncio.gather(*(tried(name, seed, folder / str(seed), workers) for name in its))
        return [one for results in found for one in results]

    names = {seed: ("4-chaque-exception", first_random(seed), first_random(seed + 20)) for seed in SEEDS}
    for name in {name for its in names.values() for name in its}:
        policy(name)  # so that the workers, which are copies of this process, have it already
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as workers:
        return Tally(asyncio.run(every(names, workers)))


def test_there_are_many_faults_and_calls_show_most(tally):
    print(tally)

    assert len(tally.results) >= 150
    assert sum(one.judged.changes for one in tally.results) > 0.4 * len(tally.results)


def test_cosmetic_edits_change_nothing(tally):
    found = [f"{one.fault}: {one.judged.shows}" for one in tally.results if one.fault.cosmetic and one.judged.shows]

    assert not found, told(found)


def test_the_proof_goes_with_the_calls(tally):
    found = list(problems(tally.results))

    assert not found, told(found)
    assert len(tally.unexplained) <= max(2, len(tally.results) // 25), tally.unexplained
