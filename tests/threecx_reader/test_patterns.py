"""Patterns and texts in, who matches out: as one text after the other is compared with them."""

from __future__ import annotations

import random

import pytest
from judge.seeds import chosen, few

from policyc.targets.threecx.reader.patterns import UNKNOWN, Matcher, shape, split

LITERALS = ("", "0", "00", "+", "+3", "+33", "06")


@pytest.fixture(params=few(chosen(3000, 3040), 8))
def chance(request):
    return random.Random(request.param)


def drawn(chance):
    """Return patterns, each with the exception that has it."""
    found = [("*", 1 << chance.randrange(4))] if chance.random() < 0.3 else []
    for _ in range(chance.choice((0, 1, 3, 10, 20))):
        digits = "".join(chance.choice("03") for _ in range(chance.randint(0, 6)))
        start = chance.choice(("", "0", "00", "+", "+33")) + digits
        star = "*" if start in ("", "+") or chance.random() < 0.5 else ""
        found.append((start + star, 1 << chance.randrange(4)))
    return found


def matching(patterns, text):
    """Return the exceptions that match a text."""
    found = 0
    for one, bit in patterns:
        if text.startswith(one[:-1]) if one.endswith("*") else text == one:
            found |= bit
    return found


def texts(its):
    """Return the texts of a shape, in order."""
    return [its.literal + f"{number:0{its.more}}" if its.more else its.literal for number in range(its.size)]


def told(matcher, its, allowed=15, unasked=()):
    """Return the exceptions that match each text of a shape, as it is cut without its spare digits."""
    (spare,) = matcher.spare([its], unasked)
    starts, found = matcher.cut(shape(its.literal + UNKNOWN * (its.more - spare)), allowed, unasked)
    ends = [*(start * 10**spare for start in starts[1:]), its.size]
    assert starts[0] == 0
    return [bits for bits, start, end in zip(found, starts, ends, strict=True) for _ in range(start * 10**spare, end)]


def test_who_matches(chance):
    patterns = drawn(chance)
    matcher = Matcher(patterns)
    for literal in LITERALS:
        for more in range(4 if literal else 5):
            its, allowed = shape(literal + UNKNOWN * more), chance.choice((15, 6))
            assert told(matcher, its, allowed) == [matching(patterns, text) & allowed for text in texts(its)], its


@pytest.mark.parametrize(
    "unasked", [("0",), ("001", "002", "003"), ("+33",), ("+0", "+331", "+333"), ("033", "06", "3")]
)
def test_what_nobody_asks_about_does_not_matter(chance, unasked):
    patterns = drawn(chance)
    matcher = Matcher(patterns)
    for literal in LITERALS:
        its = shape(literal + UNKNOWN * 3)
        for text, bits in zip(texts(its), told(matcher, its, unasked=unasked), strict=True):
            assert text.startswith(unasked) or bits == matching(patterns, text), text


def test_digits_that_no_pattern_looks_at():
    matcher = Matcher([("06*", 1), ("0612*", 2), ("061", 4), ("06123", 8), ("+33*", 1)])
    spare = [matcher.spare([shape(UNKNOWN * more)], ())[0] for more in range(1, 9)]
    assert spare == [0, 0, 0, 0, 0, 2, 3, 4]  # 06 and 061, 0612 and 06123, and 0612 again
    assert matcher.spare([shape("+"), *(shape("+" + UNKNOWN * more) for more in (1, 2, 3))], ()) == [0, 0, 0, 1]
    assert matcher.spare([shape("?? ??")], ()) == [0]


@pytest.mark.parametrize("data", ["06*", "*", "+*", "+3312 06* anonymous", "a.b_c-d *", "0"])
def test_patterns_that_are_understood(data):
    assert split(data) == tuple(data.split(" "))


@pytest.mark.parametrize(
    "data", ["", " ", "06* ", " 06*", "06*  07*", "0*6", "**", "*5", "+", "-a", "06*,07*", "٠", "0\n"]
)
def test_patterns_that_are_not_understood(data):
    assert split(data) is None
    assert split(f"06* {data} 07*") is None
