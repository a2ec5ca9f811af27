"""Laws of the algebra of callers, against plain definitions on sampled and boundary callers."""

import copy
import gc
import pickle
import re
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import BEGINNINGS, Known, boundary_callers, callers, is_caller, known_sets, number_sets, numbers

from policyc import digits
from policyc.digits import ANONYMOUS, EMPTY, END, EVERYONE, EXTERNAL, FRENCH, INTERNAL, UNIVERSE, Block, Caller, Kind

BEYOND = tuple(Caller(kind, "9" * 20) for kind in Kind)
# All callers of up to three digits, and the anonymous ones: few enough to count one by one.
SHORT = (
    *(Caller(kind, f"{value:0{length}}") for kind in Kind for length in (1, 2, 3) for value in range(10**length)),
    *(Caller(kind, None) for kind in Kind),
)
SHORT_SET = (
    digits.union(digits.from_intervals([digits.interval(kind, "", length)]) for kind in Kind for length in (1, 2, 3))
    | ANONYMOUS
)


def holders(block: Block) -> digits.NumberSet:
    """The callers of a block, by its definition."""
    mores = digits.lengths(block.kind, block.prefix) if block.more is None else (block.more,)
    return EVERYONE & digits.from_intervals(digits.interval(block.kind, block.prefix, more) for more in mores)


def numbers_of(kind: Kind) -> digits.NumberSet:
    """The callers of a kind that have a number of the universe."""
    return (UNIVERSE - ANONYMOUS) & digits.OF_KIND[kind]


# -- ranks -------------------------------------------------------------------------------------------------------


@given(callers())
def test_a_caller_is_found_by_its_rank(caller: Caller) -> None:
    assert caller == digits.caller_at(digits.rank(caller))


@given(st.integers(0, END - 1))
@example(0)
@example(END - 1)
def test_a_rank_is_that_of_its_caller(position: int) -> None:
    assert position == digits.rank(digits.caller_at(position))


@given(numbers(), numbers())
def test_ranks_of_one_kind_sign_and_length_are_in_numeric_order(one: str, two: str) -> None:
    one, two = (number[: min(len(one), len(two), 15)] for number in (one, two))
    if one.startswith("+") == two.startswith("+") and len(one) > 4:
        first, second = (digits.rank(Caller(Kind.EXTERNAL, number)) for number in (one, two))

        assert (one < two) == (first < second)


@pytest.mark.parametrize("number", ["", "+", "+123", "1" * 16, "+" + "1" * 16, "9" * 20])
def test_callers_beyond_the_universe_are_in_everyone_and_in_nothing_that_names_numbers(number: str) -> None:
    caller = Caller(Kind.EXTERNAL, number)

    assert caller in EVERYONE
    assert caller in EXTERNAL
    assert caller in ~digits.starting("06")
    assert caller not in UNIVERSE
    assert all(caller not in digits.starting(start) for start in BEGINNINGS)
    assert caller not in digits.exactly(number)


@given(st.sampled_from(Kind), numbers())
def test_everyone_holds_the_canonical_callers_only(kind: Kind, number: str) -> None:
    caller = Caller(kind, number)
    if re.fullmatch(r"[0-9]{1,15}|\+[0-9]{4,15}", number) and (
        kind is Kind.EXTERNAL or re.fullmatch(r"[0-9]{1,10}", number)
    ):
        assert is_caller(caller) == (caller in EVERYONE)
        assert is_caller(caller) == (caller in UNIVERSE)


# -- membership --------------------------------------------------------------------------------------------------


@given(known_sets(), st.lists(callers(), max_size=20))
def test_a_set_holds_what_its_definition_says(known: Known, some: list[Caller]) -> None:
    for caller in (*some, *boundary_callers(known.built, EVERYONE), *(Caller(kind, None) for kind in Kind)):
        if caller not in BEYOND:
            assert known.holds(caller) == (caller in known.built), caller


@given(known_sets(), st.lists(numbers(), max_size=20))
def test_no_set_holds_a_spelling_of_another_number(known: Known, spellings: list[str]) -> None:
    for number in spellings:
        caller = Caller(Kind.EXTERNAL, number)
        if caller not in EVERYONE:
            assert caller not in known.built
            assert caller not in ~known.built


def test_the_named_sets_are_what_they_say() -> None:
    assert EVERYONE is INTERNAL | EXTERNAL
    assert EMPTY is INTERNAL & EXTERNAL
    assert UNIVERSE is EVERYONE - digits.from_intervals((digits.rank(one), digits.rank(one) + 1) for one in BEYOND)
    assert [*ANONYMOUS.intervals] == [(END - 4, END - 2)]
    assert FRENCH >= digits.starting("06") & FRENCH
    assert digits.FOREIGN is digits.starting("+")


@given(st.lists(callers(), max_size=30))
def test_french_numbers_have_ten_digits_but_for_two_blocks(some: list[Caller]) -> None:
    for caller in some:
        number = caller.number or ""
        long = caller.kind is Kind.EXTERNAL and re.fullmatch(r"0(?:700|901)[0-9]{10}", number)

        assert bool(re.fullmatch(r"0[0-9]{9}", number) or long) == (caller in FRENCH)


@pytest.mark.parametrize(("first", "last"), [("0612", "061"), ("0613", "0612"), ("+441", "0441"), ("0441", "+441")])
def test_a_range_of_unlike_or_swapped_ends_is_refused(first: str, last: str) -> None:
    with pytest.raises(ValueError, match="no range"):
        digits.between(first, last)


def test_numbers_too_long_for_any_caller_make_empty_sets() -> None:
    assert EMPTY is digits.exactly("1" * 16)
    assert EMPTY is digits.starting("1" * 16)
    assert EMPTY is digits.between("1" * 16, "2" * 16)
    assert EMPTY is digits.starting("+", [Kind.INTERNAL])


# -- algebra -----------------------------------------------------------------------------------------------------


@given(number_sets(), number_sets(), number_sets())
def test_sets_obey_the_laws_of_sets_and_equal_ones_are_identical(
    one: digits.NumberSet, two: digits.NumberSet, three: digits.NumberSet
) -> None:
    assert one | two is two | one
    assert one & two is two & one
    assert (one | two) | three is one | (two | three)
    assert (one & two) & three is one & (two & three)
    assert one & (two | three) is (one & two) | (one & three)
    assert one | (two & three) is (one | two) & (one | three)
    assert ~(one | two) is ~one & ~two
    assert ~(one & two) is ~one | ~two
    assert ~~one is one
    assert one - two is one & ~two
    assert one | ~one is EVERYONE
    assert one & ~one is EMPTY
    assert one - one is EMPTY
    assert one | EMPTY is one & EVERYONE is one
    assert digits.union((one, two, three)) is one | two | three
    assert digits.union(()) is EMPTY


@given(number_sets(), number_sets())
def test_being_a_part_and_being_apart_follow_from_the_operations(one: digits.NumberSet, two: digits.NumberSet) -> None:
    assert (one <= two) == (one | two is two) == (not one - two)
    assert (one >= two) == (two <= one)
    assert one.isdisjoint(two) == (one & two is EMPTY)
    assert bool(one) == (one is not EMPTY)
    assert one <= EVERYONE
    assert EMPTY <= one
    assert one & two <= one <= one | two


@given(st.lists(number_sets(), max_size=4))
def test_sets_are_disjoint_if_each_two_are(sets: list[digits.NumberSet]) -> None:
    pairs = combinations(sets, 2)
    assert digits.are_disjoint(sets) == all(one.isdisjoint(two) for one, two in pairs)
    assert digits.are_disjoint([one - digits.union(sets[:at]) for at, one in enumerate(sets)])


@given(number_sets())
def test_ends_are_sorted_and_never_touch(one: digits.NumberSet) -> None:
    assert len(one.ends) % 2 == 0
    assert all(low < high for low, high in zip(one.ends, one.ends[1:], strict=False))
    assert one is digits.from_ends(one.ends)
    assert one is digits.from_intervals(reversed(one.intervals))


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_intervals_may_come_in_any_order_and_overlap(intervals: list[tuple[int, int]]) -> None:
    expected = {position for low, high in intervals for position in range(low, high)}

    assert expected == {
        position for low, high in digits.from_intervals(intervals).intervals for position in range(low, high)
    }


@given(number_sets())
def test_copies_and_pickles_are_the_set_itself(one: digits.NumberSet) -> None:
    assert one is copy.copy(one)
    assert one is copy.deepcopy([one])[0]
    assert one is pickle.loads(pickle.dumps(one))  # noqa: S301  made on the same line


def test_a_set_that_nobody_holds_is_forgotten() -> None:
    ends = digits.starting("06123").ends
    gc.collect()

    assert ends not in digits._interned
    assert ends == digits.starting("06123").ends


# -- counting ----------------------------------------------------------------------------------------------------


@given(number_sets(), number_sets())
def test_counts_add_up(one: digits.NumberSet, two: digits.NumberSet) -> None:
    assert one.count + two.count == (one | two).count + (one & two).count
    assert UNIVERSE.count == one.count + (~one).count
    assert one.numbers <= one.count


@given(number_sets())
def test_counts_of_small_sets_are_those_of_their_callers(one: digits.NumberSet) -> None:
    small = one & SHORT_SET
    members = [caller for caller in SHORT if caller in one]

    assert len(members) == small.count == small.size
    assert len({caller.number for caller in members} - {None}) == small.numbers


@pytest.mark.parametrize(
    ("found", "count", "numbers"),
    [
        (digits.starting("06") & FRENCH & EXTERNAL, 10**8, 10**8),
        (digits.starting("06") & FRENCH, 2 * 10**8, 10**8),
        (digits.exactly("101"), 2, 1),
        (digits.exactly("0612345678"), 2, 1),
        (digits.exactly("612345678"), 1, 1),  # from inside only: from outside it is a spelling of 0612345678
        (digits.exactly("+442071234567"), 1, 1),
        (ANONYMOUS, 2, 0),
        (digits.from_intervals((digits.rank(one), digits.rank(one) + 1) for one in BEYOND), 0, 0),
        (INTERNAL, sum(10**length for length in range(1, 11)) + 1, sum(10**length for length in range(1, 11))),
        (EMPTY, 0, 0),
    ],
)
def test_counts_by_example(found: digits.NumberSet, count: int, numbers: int) -> None:
    assert count == found.count
    assert numbers == found.numbers


@given(number_sets())
def test_a_set_is_blind_to_kinds_when_no_number_tells_them_apart(one: digits.NumberSet) -> None:
    marks = {caller.number for caller in boundary_callers(one, EVERYONE)} | {"0", "9" * 10, "9" * 20, None}
    pairs = [
        [Caller(kind, number) in one for kind in Kind]
        for number in marks
        if all(Caller(kind, number) in EVERYONE for kind in Kind)
        if number is None or (len(number) in (*range(1, 11), 20) and not number.startswith("+"))
    ]

    assert all(inside == outside for inside, outside in pairs) == one.is_kind_blind


# -- examples of a set -------------------------------------------------------------------------------------------


@given(number_sets())
def test_the_smallest_and_the_witness_are_members(one: digits.NumberSet) -> None:
    if one:
        assert one.smallest() in one
        assert one.ends[0] == digits.rank(one.smallest())
        assert one.witness() in one
        assert one.witness() == digits.from_ends((*one.ends[:1], *one.ends[1:])).witness()
        if one & UNIVERSE - ANONYMOUS:
            assert one.witness() in UNIVERSE


def test_the_empty_set_has_no_example() -> None:
    with pytest.raises(ValueError, match="empty"):
        EMPTY.smallest()
    with pytest.raises(ValueError, match="empty"):
        EMPTY.witness()


@pytest.mark.parametrize(
    ("found", "number"),
    [
        (digits.starting("06"), "0612345678"),
        (digits.starting("07") & FRENCH, "0712345678"),
        (digits.starting("0142"), "0142345678"),
        (EVERYONE, "0612345678"),
        (EVERYONE - digits.exactly("0612345678"), "0602345678"),
        (EXTERNAL, "0612345678"),
        (digits.exactly("0491000000"), "0491000000"),
        (digits.between("0140000000", "0140009999"), "0140005678"),
        (digits.starting("+44"), "+442071234567"),
        (INTERNAL - ANONYMOUS, "101"),
        (digits.starting("2", [Kind.INTERNAL]), "201"),
        (ANONYMOUS, None),
    ],
)
def test_a_witness_looks_like_a_caller_one_has_met(found: digits.NumberSet, number: str | None) -> None:
    assert number == found.witness().number


# -- covers ------------------------------------------------------------------------------------------------------


@given(number_sets(), st.sampled_from(Kind))
def test_a_cover_holds_the_numbers_of_the_set_and_no_other(one: digits.NumberSet, kind: Kind) -> None:
    blocks = one.cover(kind)

    assert one & numbers_of(kind) is digits.union(holders(block) for block in blocks) & numbers_of(kind)
    assert all(kind is block.kind for block in blocks)


@given(number_sets(), st.sampled_from(Kind))
def test_no_block_of_a_cover_can_be_left_out(one: digits.NumberSet, kind: Kind) -> None:
    blocks = one.cover(kind)
    if len(blocks) < 40:
        for block in blocks:
            others = digits.union(holders(other) for other in blocks if other is not block)

            assert not holders(block) <= others


def prefixes() -> Iterator[tuple[digits.NumberSet, Kind, Block]]:
    """Sets that one block says."""
    for kind in Kind:
        yield digits.starting("2"), kind, Block(kind, "2", None)
        yield digits.starting("0612345678") & FRENCH, kind, Block(kind, "0612345678", 0)
        yield digits.starting("06") & FRENCH, kind, Block(kind, "06", 8)
        yield digits.exactly("101"), kind, Block(kind, "101", 0)
    yield digits.starting("+44"), Kind.EXTERNAL, Block(Kind.EXTERNAL, "+44", None)
    yield digits.FOREIGN, Kind.EXTERNAL, Block(Kind.EXTERNAL, "+", None)
    yield INTERNAL, Kind.INTERNAL, Block(Kind.INTERNAL, "", None)


@pytest.mark.parametrize(("one", "kind", "block"), [*prefixes()])
def test_a_prefix_is_covered_by_one_block(one: digits.NumberSet, kind: Kind, block: Block) -> None:
    assert (block,) == one.cover(kind)


def test_everyone_outside_is_covered_by_two_blocks() -> None:
    assert (Block(Kind.EXTERNAL, "", None), Block(Kind.EXTERNAL, "+", None)) == EVERYONE.cover(Kind.EXTERNAL)


def test_a_set_shows_its_ends() -> None:
    assert "NumberSet(0600000000..0699999999)" == repr(digits.starting("06") & FRENCH & EXTERNAL)
