"""Numbers of all lengths that are looked at together are what each length alone is, on random dialplans."""

from __future__ import annotations

import random
from zoneinfo import ZoneInfo

import pytest
from judge.seeds import chosen

from asterisk_reader.asking import explore, known
from asterisk_reader.random_dialplans import draw, whole
from policyc.targets.asterisk.reader import NotUnderstood, Numbers, Walk, locating, read

PARIS = ZoneInfo("Europe/Paris")
DIALPLANS, SAMPLED = 1, 8
BLOCKS = [Numbers(prefix, more) for prefix in ("", "+", "0") for more in (2, 1, 3)]


@pytest.mark.parametrize("seed", chosen(300, 300))
def test_lengths_together_are_each_alone(seed, monkeypatch):
    chance = random.Random(seed)
    compared = 0
    together = counted(monkeypatch)
    monkeypatch.setattr(locating, "MOST_PARTS", 1500)  # as they are looked at, numbers have up to 15 digits
    for number in range(DIALPLANS):
        one = draw(seed, number)
        dialplan = read({"e": whole([one])}, "e")
        walk = Walk(dialplan, PARIS)
        for numbers in BLOCKS * 2:  # those of other lengths, if there are any, are known the second time
            alone, found = (asked(dialplan, one.entry, numbers, each) for each in (Walk(dialplan, PARIS), walk))
            if isinstance(alone, str):
                assert found == alone
                continue
            assert found.partition.count == alone.partition.count
            for _ in range(SAMPLED):
                digits = "".join(chance.choice("0123456789") for _ in range(numbers.more))
                instant = found.partition.witness(1 << chance.randrange(found.partition.count))
                its, other = (each.case(numbers.prefix + digits, instant) for each in (found, alone))
                assert known(its.plan, digits) == known(other.plan, digits), f"{numbers.prefix}{digits}\n{one.text}"
                compared += 1

    assert compared > DIALPLANS * len(BLOCKS) * SAMPLED / 2
    assert len(together) > DIALPLANS


def asked(dialplan, entry, numbers, walk):
    """Return what becomes of the calls of a block, or what is not understood."""
    try:
        return explore(dialplan, "policyc-external", entry, numbers, "allowed", PARIS, walk=walk)
    except NotUnderstood as unclear:
        return str(unclear)


def counted(monkeypatch):
    """Return a list that grows with each block that is found together with others."""
    found = []
    of_length = Walk._of_length

    def counting(self, one, inputs):
        diagram = of_length(self, one, inputs)
        if one.length:
            found.append(one)
        return diagram

    monkeypatch.setattr(Walk, "_of_length", counting)
    return found
