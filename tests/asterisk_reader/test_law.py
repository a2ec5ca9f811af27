"""What the reader finds in the dialplan of a random policy is what the interpreter says of the policy.

More seeds: POLICYC_SEEDS=0..500.
"""

from __future__ import annotations

import random

import pytest
from judge.generate import generate
from judge.seeds import chosen, few

import policyc
from asterisk_reader.asking import explore
from asterisk_reader.played import Playing, compiled
from policyc.targets.asterisk.reader import Numbers
from policyc.targets.asterisk.reader.texts import digit_at

BLOCKS = [
    *(Numbers(prefix, more) for prefix, more in (("0", 9), ("+33", 9), ("0033", 9), ("33", 9), ("", 9), ("+", 11))),
    *(Numbers(prefix, more) for prefix, more in (("00", 11), ("", 4), ("", 5), ("0700", 10), ("+262", 9), ("", 20))),
]
INTERNAL = [Numbers("", more) for more in (1, 3, 4, 10, 11)]
SAMPLED = 300
"""Calls of each number of the policy, in each kind and presentation."""
INSIDE = ("answer", "noanswer", "busy", "unavailable")
OUTSIDE = (*INSIDE, "accept", "refuse", "silent", "leave")


def filled(numbers, chance):
    return numbers.prefix + "".join(chance.choice("0123456789") for _ in range(numbers.more))


def counted(found, numbers):
    """Check that the blocks and instants part what was asked: each number at each class of instants is in one case."""
    size = sum(10**case.numbers.more * case.instants.bit_count() for case in found.cases)
    assert size == 10**numbers.more * found.partition.count
    taken = [(case.numbers.prefix, case.instants) for case in found.cases]
    by_prefix = {}
    for prefix, mask in taken:
        assert not by_prefix.get(prefix, 0) & mask
        by_prefix[prefix] = by_prefix.get(prefix, 0) | mask


@pytest.mark.parametrize("seed", few(chosen(2000, 2003), 4))
def test_the_dialplan_decides_as_the_policy(seed):
    chance = random.Random(seed)
    policy = policyc.load_text(generate(seed, 1).text)
    read = compiled(policy)
    outside = [extension.mobile for extension in policy.extensions.values() if extension.mobile]
    wrong = []
    for called in policy.extensions:
        for internal in (False, True):
            numbers = chance.choice(INTERNAL if internal else BLOCKS)
            presentation = chance.choice(["allowed", "allowed", "allowed_not_screened", "prohib_passed_screen"])
            entry = "policyc-internal" if internal else "policyc-external"
            found = explore(read.dialplan, entry, called, numbers, presentation, policy.zone)
            counted(found, numbers)
            hidden = presentation.startswith("prohib")
            for _ in range(SAMPLED):
                case = chance.choice(found.cases)
                number = filled(case.numbers, chance)
                instant = found.partition.witness(1 << chance.choice(bits(case.instants)))
                lines = {line: chance.choice(INSIDE) for line in policy.extensions}
                lines |= {line: chance.choice(OUTSIDE) for line in outside}
                call = policyc.call_from(number, called, instant, internal=internal, restricted=hidden)
                expected = policyc.events(policy, call, lines)
                playing = Playing(lines, read.mailboxes, hidden)
                if (events := playing.play(case.plan)) != expected:
                    wrong.append(f"{entry} {number} to {called} at {instant}, {lines}: {events}, not {expected}")
                for party in playing.shown:
                    assert party.number == case.numbers.text  # whoever is called is shown who calls

    assert not wrong, "\n".join(wrong[:5])


def bits(mask):
    return [at for at in range(mask.bit_length()) if mask >> at & 1]


def test_unknown_digits_have_places():
    assert Numbers("06", 2).text == "06" + digit_at(1) + digit_at(0)
