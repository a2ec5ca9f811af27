"""Entries read by the longest prefix, and in Asterisk's own order of patterns, say what the table says."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from strategies import PARIS, boundary_callers, callers, rules

from policyc import decision, digits, prefixes
from policyc.decision import Diagram, Row, Table
from policyc.digits import KINDS, TO_OUTSIDE, Block, Caller, Kind, NumberSet
from policyc.model import Rule
from policyc.prefixes import Entries, Entry, Sides


def longest(entries: Entries[Hashable], number: str) -> Hashable:
    """Read entries as their module says: the longest prefix decides, a fixed length before an open one."""
    best: tuple[int, bool] = (-1, False)
    value = entries.otherwise
    for entry in entries.numbers:
        rest = number.removeprefix(entry.block.prefix)
        fixed = entry.block.more is not None
        matches = number.startswith(entry.block.prefix) and (not fixed or (rest.isdigit() or not rest))
        if matches and (not fixed or len(rest) == entry.block.more):
            assert best != (len(entry.block.prefix), fixed), "two entries say different things"
            if best < (len(entry.block.prefix), fixed):
                best, value = (len(entry.block.prefix), fixed), entry.value
    return value


# How Asterisk ranks what stands at one place of a pattern: facts measured on 22.10.1.
_RANKS = {"X": 3, "!": 5, "": 6}


def pattern(block: Block) -> tuple[str, ...]:
    """The places of a block as a pattern."""
    return (*block.prefix, *(("!",) if block.more is None else "X" * block.more))


def by_asterisk(entries: Entries[Hashable], number: str) -> Hashable:
    """Read entries as Asterisk does: exact ones first, then the patterns in its order, left to right."""

    def order(places: Sequence[str]) -> list[tuple[int, str]]:
        return [(_RANKS.get(place, 0), place) for place in (*places, "")]

    for entry in entries.numbers:
        if entry.block.more == 0 and entry.block.prefix == number:
            return entry.value
    patterns = [(pattern(entry.block), entry.value) for entry in entries.numbers if entry.block.more != 0]
    for places, value in sorted(patterns, key=lambda one: order(one[0])):
        if matches(places, number):
            return value
    return entries.otherwise


def matches(places: Sequence[str], number: str) -> bool:
    for at, place in enumerate(places):
        if place == "!":
            return True
        if at >= len(number) or (number[at] != place if place != "X" else not number[at].isdigit()):
            return False
    return len(places) == len(number)


def decided(tried: list[Rule]) -> Diagram[Hashable]:
    """Who decides, by values that tell apart only rows that decide otherwise."""
    table = decision.lower(decision.partition_of(PARIS, tried), tried)
    return valued(table, lambda row: tuple((tried.index(choice.rule), choice.taken) for choice in row.choices))


def as_from_both_sides(rule: Rule) -> Rule:
    """A rule for the numbers of another, from both sides."""
    numbers = rule.callers & digits.UNIVERSE - digits.ANONYMOUS
    inside, outside = (numbers & digits.from_ends((at, at + TO_OUTSIDE)) for at in (0, TO_OUTSIDE))
    both = numbers | digits.EVERYONE & digits.from_intervals(
        (low + by, high + by)
        for some, by in ((inside, TO_OUTSIDE), (outside, -TO_OUTSIDE))
        for low, high in some.intervals
    )
    assert both.is_kind_blind
    return replace(rule, callers=both)


def valued(table: Table, value_of: Callable[[Row], Hashable]) -> Diagram[Hashable]:
    """A table with values for rows; those that are equal are one object."""
    alike: dict[Hashable, Hashable] = {}
    values = [row and alike.setdefault(found := value_of(row), found) for row in table.rows]
    return Diagram(table.partition, *decision.joined_cells(table.starts, values))


def of(value: Hashable, kind: Kind) -> Hashable:
    """What callers of a kind get."""
    if not isinstance(value, Sides):
        return value
    assert value.inside is not value.outside
    return value.inside if kind is Kind.INTERNAL else value.outside


@given(
    st.lists(rules() | rules().map(as_from_both_sides), max_size=4),
    st.sampled_from([KINDS, *((kind,) for kind in KINDS)]),
    st.lists(callers(), max_size=10),
)
def test_entries_say_what_the_table_says(tried: list[Rule], kinds: tuple[Kind, ...], some: list[Caller]) -> None:
    table = decided(tried)
    found = prefixes.entries(table, kinds)
    for caller in (*some, *boundary_callers(digits.INSIDE_ONLY, *(rule.callers for rule in tried))):
        if caller.kind not in kinds:
            continue
        expected = table.row(caller)
        if caller.number is None:
            assert expected == of(found.anonymous, caller.kind)
        elif len(caller.number) == 20:
            assert expected == of(found.otherwise, caller.kind)
        else:
            assert expected == of(longest(found, caller.number), caller.kind), caller
            if len(found.numbers) < 200:
                assert expected == of(by_asterisk(found, caller.number), caller.kind), caller


@given(st.lists(rules().map(as_from_both_sides), max_size=4))
def test_what_both_sides_get_is_not_parted(tried: list[Rule]) -> None:
    found = prefixes.entries(decided(tried))

    assert not any(isinstance(one, Sides) for one in (entry.value for entry in found.numbers))


@given(st.lists(rules(), max_size=3), st.sampled_from([KINDS, *((kind,) for kind in KINDS)]))
def test_rows_of_one_value_are_told_apart_no_more(tried: list[Rule], kinds: tuple[Kind, ...]) -> None:
    table = decision.lower(decision.partition_of(PARIS, tried), tried)

    assert Entries((), "all", "all") == prefixes.entries(valued(table, lambda _: "all"), kinds)


def only(callers_: NumberSet, kinds: tuple[Kind, ...] = (Kind.EXTERNAL,)) -> list[tuple[str, int | None]]:
    """The entries of a table that tells some callers from all others."""
    starts = sorted({0, *callers_.ends, *digits.EVERYONE.ends} - {digits.END})
    found = [digits.caller_at(start) for start in starts]
    rows = [one in callers_ if one in digits.EVERYONE else None for one in found]
    entries = prefixes.entries(Diagram(decision.partition_of(PARIS, ()), tuple(starts), tuple(rows)), kinds)
    return [(entry.block.prefix, entry.block.more) for entry in entries.numbers]


def test_entries_are_few() -> None:
    mobiles = (digits.starting("06") | digits.starting("07")) & digits.FRENCH

    assert [("06", 8), ("07", 8), ("0700", 10)] == sorted(only(mobiles))
    assert [("0612345678", 0)] == only(digits.exactly("0612345678"))
    assert [("2", None)] == only(digits.starting("2"), (Kind.INTERNAL,))
    assert [("+44", None)] == only(digits.starting("+44"))
    # All but one number: two entries, not nine for each of its digits.
    assert [("06", 8), ("0612345678", 0)] == only(digits.starting("06") & digits.FRENCH - digits.exactly("0612345678"))


def test_an_entry_without_a_prefix_is_never_open_outside() -> None:
    """It would hold for numbers with a `+` as well."""
    unsigned = digits.UNIVERSE & digits.EXTERNAL - digits.FOREIGN - digits.ANONYMOUS

    assert [("", more) for more in range(15, 0, -1)] == only(unsigned)
    assert [("", None)] == only(digits.INTERNAL & digits.UNIVERSE - digits.ANONYMOUS, (Kind.INTERNAL,))


def test_of_one_prefix_the_fixed_length_goes_before_the_open_one() -> None:
    entries = Entries(
        (
            Entry(Block(Kind.INTERNAL, "2", None), "open"),
            Entry(Block(Kind.INTERNAL, "2", 2), "fixed"),
            Entry(Block(Kind.INTERNAL, "201", 0), "exact"),
        ),
        "nobody",
        "other",
    )
    for read in (longest, by_asterisk):
        assert ["open", "open", "fixed", "exact", "open", "other"] == [
            read(entries, number) for number in ("2", "20", "202", "201", "2020", "3")
        ]
