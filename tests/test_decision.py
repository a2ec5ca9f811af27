"""Decision tables decide as the rules do, one by one, for every caller and class of time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from strategies import PARIS, boundary_callers, callers, policies, rules, typical_callers

from policyc import decision, digits
from policyc.decision import Region, Row
from policyc.digits import Caller
from policyc.evaluate import deciding_rule
from policyc.model import Policy, Rule


def chosen(row: Row | None, time: int) -> Rule | None:
    """The rule that a row gives at a class of time."""
    assert row is not None
    return next((choice.rule for choice in row.choices if choice.taken >> time & 1), None)


@given(policies(("101",)), st.lists(callers(), max_size=5))
def test_a_table_decides_as_the_rules_tried_in_order(policy: Policy, some: list[Caller]) -> None:
    extension = policy.extensions["101"]
    tried = tuple(policy.rules_for("101"))
    partition = decision.partition_of(policy.zone, tried)
    table = decision.lower(partition, tried)
    sets = [rule.callers for rule in tried]
    some = [*some, *typical_callers(*sets), *boundary_callers(*sets[:1])]
    for time in range(partition.count):
        local = partition.witness(1 << time).replace(tzinfo=None)
        for caller in some:
            assert deciding_rule(policy, extension, caller, local) is chosen(table.row(caller), time), caller


@given(st.lists(rules(), max_size=6))
def test_rows_are_exact_and_cells_as_few_as_can_be(tried: list[Rule]) -> None:
    partition = decision.partition_of(PARIS, tried)
    table = decision.lower(partition, tried)

    assert table.starts[0] == 0
    assert list(table.starts) == sorted(set(table.starts))
    assert all(one != two for one, two in pairwise(table.rows))
    assert digits.EVERYONE is digits.from_intervals((low, high) for low, high, _ in table.cells)
    for _, _, row in table.cells:
        left = partition.everything
        for choice in row.choices:
            assert left == choice.asked
            assert choice.taken == left & decision.mask_of(partition, choice.rule)
            assert choice.taken
            left &= ~choice.taken
        assert left == row.left


@given(st.lists(rules(), max_size=6))
def test_what_rules_decide_is_disjoint_and_with_what_is_left_everything(tried: list[Rule]) -> None:
    partition = decision.partition_of(PARIS, tried)
    table = decision.lower(partition, tried)
    cells = [cell for _, cell in decision.decided(table)]
    cells += [(low, high, row.left) for low, high, row in table.cells if row.left]
    size = sum((high - low) * mask.bit_count() for low, high, mask in cells)

    assert digits.EVERYONE.size * partition.count == size


@given(st.lists(rules(), max_size=6))
def test_a_table_names_the_rules_that_decide_and_those_that_others_overrule(tried: list[Rule]) -> None:
    table = decision.lower(decision.partition_of(PARIS, tried), tried)

    def is_choice(rule: Rule, row: Row) -> bool:
        return any(choice.rule is rule for choice in row.choices)

    rows = {rule: [row for _, _, row in table.within(rule.callers)] for rule in tried}
    assert table.deciding == tuple(rule for rule in tried if any(is_choice(rule, row) for row in rows[rule]))
    assert table.overruled == tuple(rule for rule in tried if not all(is_choice(rule, row) for row in rows[rule]))


@given(rules(), st.sampled_from(range(64)))
def test_the_classes_of_a_rule_are_the_instants_at_which_it_holds(rule: Rule, time: int) -> None:
    partition = decision.partition_of(PARIS, (rule,))
    time %= partition.count
    local = partition.witness(1 << time).replace(tzinfo=None)

    assert rule.times_hold(local) == bool(decision.mask_of(partition, rule) >> time & 1)


# -- regions -----------------------------------------------------------------------------------------------------


def regions() -> st.SearchStrategy[Region]:
    """Sorted disjoint cells of few ranks and three classes of time."""
    cells = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 7)), max_size=6)
    return cells.map(lambda found: decision.merge([((low, high, mask),) for low, high, mask in found if low < high]))


def calls(region: Region) -> set[tuple[int, int]]:
    return {
        (rank, time) for low, high, mask in region for rank in range(low, high) for time in range(3) if mask >> time & 1
    }


@given(regions(), regions(), regions())
def test_regions_are_sets_of_calls(one: Region, two: Region, three: Region) -> None:
    assert calls(one) & calls(two) == calls(decision.overlap(one, two))
    assert calls(one) - calls(two) == calls(decision.less(one, two))
    assert calls(one) | calls(two) | calls(three) == calls(decision.merge([one, two, three]))
    for region in (one, decision.overlap(one, two), decision.less(one, two)):
        assert all(low < high and mask for low, high, mask in region)
        assert all(one[1] <= two[0] for one, two in pairwise(region))
