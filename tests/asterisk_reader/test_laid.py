"""Calls that are laid out over rows of numbers are what each of them is alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from judge.generate import generate
from judge.seeds import chosen, few

import policyc
from asterisk_reader.played import compiled
from asterisk_reader.random_dialplans import draw, whole
from policyc.proof.shapes import shapes
from policyc.targets.asterisk import proof
from policyc.targets.asterisk.reader import locating, read
from policyc.targets.asterisk.render import DEFAULTS

POLICY = policyc.load_text(generate(1, 1).text)
CALLS = [shape.calls for shape in shapes()]


FEW = [calls for calls in CALLS if calls.size <= 1000]  # as random dialplans look at each digit


def laid_is_found(dialplan, policy, called, asked):
    """Check each of the calls, and return how many are laid out over rows that they share."""
    laying, finding = (proof.reading(dialplan, policy, DEFAULTS) for _ in range(2))
    shared = 0
    for number in called:
        laid, found = laying.laid(number, asked), finding.found(number, asked)
        assert len(laid.windows) == len(asked)
        sources = [source for windows in laid.windows for _, source, _ in windows]
        shared += sum(sources.count(source) > 1 for source in set(sources))
        for windows, one, calls in zip(laid.windows, found, asked, strict=True):
            assert pieces(laid, windows, calls.size) == list(zip(one.starts, one.plans, strict=True)), calls
    return shared


def pieces(laid, windows, size):
    """Return from where on which plan is that of the unknown digits of calls."""
    assert windows[0][0] == 0
    assert all(one[0] < other[0] for one, other in pairwise(windows))
    found = []
    for (start, at, first), (end, *_) in zip(windows, (*windows[1:], (size,)), strict=True):
        source = laid.sources[at]
        ends = (*source.starts[1:], first + end - start + 1)
        for low, high, plan in zip(source.starts, ends, source.plans, strict=True):
            if low < first + end - start and high > first and (not found or found[-1][1] != plan):
                found.append((start + max(0, low - first), plan))
    return found


@pytest.mark.parametrize("seed", few(chosen(4000, 4001), 2))
def test_of_a_policy(seed):
    policy = policyc.load_text(generate(seed, 1).text)

    assert laid_is_found(compiled(policy).dialplan, policy, [*list(policy.extensions)[:4], "0199000001"], CALLS)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", chosen(5000, 5003))
def test_of_a_random_dialplan(seed, monkeypatch):
    monkeypatch.setattr(locating, "MOST_PARTS", 200)  # as they are looked at, numbers have up to 15 digits
    one = draw(seed, 0)
    text = whole([one]) + "\n[policyc-internal]\nexten => _X.,1,Goto(policyc-external,k0,1)\n"
    laid_is_found(read({"e": text}, "e"), POLICY, [one.entry, "101"], FEW)
