"""A real FreeSWITCH, running what random policies compile to, against the independent judge.

More seeds: POLICYC_SEEDS=0..500.
"""

import asyncio
from collections.abc import Iterable

import pytest
from judge import differential
from judge.generate import Case, generate
from judge.seeds import chosen

pytestmark = pytest.mark.pbx_freeswitch

CALLS = 60
AT_ONCE = 4
"""Policies side by side: most calls of a rebond wait."""
SEEDS = chosen(1000, 1011)  # not those of tests/test_random.py: they are other policies


@pytest.fixture(scope="module")
def seen() -> dict[int, list[str] | Exception]:
    """Run every policy, several at once."""

    async def all_cases(seeds: Iterable[int]) -> list[list[str] | Exception]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(seed: int) -> list[str]:
            async with turn:
                case = generate(seed, CALLS)
                return await differential.on_freeswitch(case.text, [each.call for each in case.calls])

        return await asyncio.gather(*(one(seed) for seed in seeds), return_exceptions=True)  # type: ignore[return-value]

    return dict(zip(SEEDS, asyncio.run(all_cases(SEEDS)), strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_freeswitch_agrees_with_the_judge(seen: dict[int, list[str] | Exception], seed: int) -> None:
    """Every call that the design settles does what the judge says."""
    case: Case = generate(seed, CALLS)
    answers = seen[seed]
    if isinstance(answers, Exception):
        raise answers

    found = [
        (each, answer)
        for each, answer in zip(case.calls, answers, strict=True)
        if answer != each.expected and not each.hangs_on
    ]

    assert not found, differential.told(case, found)


@pytest.mark.parametrize("seed", SEEDS)
def test_freeswitch_agrees_with_evaluate(seen: dict[int, list[str] | Exception], seed: int) -> None:
    """Calls whose answer hangs on a reading of the design are read one way everywhere."""
    case: Case = generate(seed, CALLS)
    answers = seen[seed]
    if isinstance(answers, Exception):
        raise answers

    assert differential.run_policyc(case.text, [each.call for each in case.calls]) == answers
