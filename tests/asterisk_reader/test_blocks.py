"""Exploring a block says of each of its numbers what running that number alone says, on random dialplans."""

from __future__ import annotations

import random
from zoneinfo import ZoneInfo

import pytest
from judge.seeds import chosen

from asterisk_reader.asking import explore, known, run
from asterisk_reader.random_dialplans import draw, whole
from policyc.targets.asterisk.reader import NotUnderstood, Numbers, read

PARIS = ZoneInfo("Europe/Paris")
DIALPLANS, NUMBERS = 16, 20


@pytest.mark.parametrize("seed", chosen(105, 105))
def test_a_block_is_all_its_numbers(seed):
    chance = random.Random(seed)
    compared = parted = 0
    for number in range(DIALPLANS):
        one = draw(seed, number)
        dialplan = read({"e": whole([one])}, "e")
        numbers = Numbers(chance.choice(["", "", "0", "+", "06", "1a"]), chance.choice([1, 2, 3]))
        try:
            found = explore(dialplan, "policyc-external", one.entry, numbers, "allowed", PARIS)
        except NotUnderstood:
            continue  # for one of the numbers at least
        parted += len({case.numbers for case in found.cases}) > 1
        size = sum(10**case.numbers.more * case.instants.bit_count() for case in found.cases)
        assert size == 10**numbers.more * found.partition.count
        for _ in range(NUMBERS):
            text = numbers.prefix + "".join(chance.choice("0123456789") for _ in range(numbers.more))
            instant = found.partition.witness(1 << chance.randrange(found.partition.count))
            case = found.case(text, instant)
            alone = run(dialplan, "policyc-external", one.entry, text, "allowed", instant.replace(tzinfo=None), PARIS)

            plan = known(case.plan, text[len(numbers.prefix) :])
            assert alone == plan, f"{text} of {case.numbers} at {instant}\n{one.text}"
            compared += 1

    assert compared > DIALPLANS * NUMBERS / 2
    assert parted
