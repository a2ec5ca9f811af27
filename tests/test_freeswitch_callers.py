"""Regular expressions for sets of callers match just those: laws, and what a person would write."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import boundary_callers, callers, number_sets, typical_callers

from policyc import digits, numbering
from policyc.digits import Caller, Kind, NumberSet
from policyc.targets.freeswitch import callers as writer
from policyc.targets.freeswitch.callers import ANONYMOUS, UNKNOWN, Match, matches
from policyc.targets.freeswitch.dialect import none_of, one_of

BEYOND = [Caller(kind, "9" * 20) for kind in Kind]
SIX = numbering.prefix("06")
ONE = numbering.exactly("0612345678")


def matched(found: tuple[Match, ...], caller: Caller) -> bool:
    """Tell whether conditions made of some matches hold for a caller."""
    number = UNKNOWN if caller in BEYOND else caller.number or ANONYMOUS
    return any(
        one.kind in (None, caller.kind)
        and (not one.among or re.search(one_of(one.among), number) is not None)
        and (not one.but or re.search(none_of(one.but), number) is not None)
        for one in found
    )


@given(number_sets(), st.lists(callers(), max_size=8))
@example(SIX - ONE, [])
@example(~ONE, [])
@example(digits.FOREIGN, [])
@example(digits.EMPTY, [])
def test_expressions_match_the_callers_of_the_set(numbers: NumberSet, some: list[Caller]) -> None:
    found = matches(numbers)

    for caller in (*some, *boundary_callers(numbers), *typical_callers(numbers), *BEYOND):
        assert matched(found, caller) is (caller in numbers), caller


@given(st.lists(st.integers(0, 999), min_size=1, max_size=60), st.booleans())
def test_many_numbers_need_no_more_alternatives_than_there_are(some: list[int], outside: bool) -> None:
    numbers = digits.union(numbering.exactly(f"0612345{one:03}") for one in some)
    [found] = matches(SIX - numbers if outside else numbers)

    assert len(found.among) + len(found.but) <= len(set(some)) + 1
    for one in range(1000):
        caller = Caller(Kind.EXTERNAL, f"0612345{one:03}")
        assert matched((found,), caller) is ((one in some) is not outside)


SOME = st.lists(st.sampled_from(["06", "0612", "06123", "07", "1", "+33", "+4"]).map(numbering.prefix), max_size=4)


@given(number_sets(), SOME, st.lists(st.integers(0, 99), max_size=12))
def test_blocks_apart_from_one_another_are_told_as_any_others(
    numbers: NumberSet, some: list[NumberSet], ends: list[int]
) -> None:
    near = digits.union(numbering.exactly(f"06123456{end:02}") for end in ends)
    for each in (numbers, near | digits.union(some), digits.union(some) - near, near & ~numbers):
        with pytest.MonkeyPatch.context() as plain:
            plain.setattr(writer, "_apart", lambda *_: [])
            expected = matches(each)

        assert matches(each) == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (digits.EVERYONE, (None, (), ())),
        (digits.EVERYONE & digits.EXTERNAL, (Kind.EXTERNAL, (), ())),
        (ONE, (None, ("0612345678",), ())),
        (SIX, (None, ("06[0-9]{8}",), ())),
        (SIX | numbering.prefix("07"), (None, ("0700[0-9]{10}", "0[67][0-9]{8}"), ())),
        (SIX - ONE, (None, ("06[0-9]{8}",), ("0612345678",))),
        (digits.EVERYONE - SIX, (None, (), ("06[0-9]{8}",))),
        (digits.FOREIGN, (None, ("[+][0-9]{4,15}",), ())),
        (numbering.prefix("+44"), (None, ("[+]44[0-9]{2,13}",), ())),
        (digits.ANONYMOUS, (None, ("anonymous",), ())),
        (digits.EVERYONE - digits.ANONYMOUS, (None, (), ("anonymous",))),
        (digits.between("0140000000", "0140009999"), (None, ("014000[0-9]{4}",), ())),
        (digits.between("0140000005", "0140000017"), (None, ("014000000[5-9]", "014000001[0-7]"), ())),
    ],
)
def test_expressions_are_what_a_person_would_write(numbers, expected):
    assert matches(numbers) == (Match(*expected),)


def test_nobody_has_no_expressions():
    assert matches(digits.EMPTY) == ()


def test_kinds_that_differ_are_told_apart():
    inside = digits.exactly("101", (Kind.INTERNAL,))

    assert matches(inside | (SIX & digits.EXTERNAL)) == (
        Match(Kind.INTERNAL, ("101",), ()),
        Match(Kind.EXTERNAL, ("06[0-9]{8}",), ()),
    )
