"""Diagrams laid over one another at once are what they are one by one; what was found is remembered as it was."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from policyc.targets.freeswitch.reader.diagrams import Plans
from policyc.targets.freeswitch.reader.memory import Known, Memory
from policyc.targets.freeswitch.reader.outcomes import Fork
from policyc.targets.freeswitch.reader.plans import HungUp
from policyc.targets.freeswitch.reader.regions import ANY, Region, joined
from policyc.targets.freeswitch.reader.times import Clock

SIZE = 40
DAYS = ((date.min.toordinal(), date.max.toordinal() + 1),)
CLOCKS = [Clock(((hour * 60, hour * 60 + 90),), DAYS) for hour in (8, 9)]
SPACES = (ANY, "\ue200", "\ue201")

NUMBERS = st.integers(0, SIZE - 1)
ENDS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4).map(
    lambda pairs: joined((min(pair), max(pair) + 1) for pair in pairs)
)
REGIONS = st.builds(lambda ends, space: Region(space, ends, SIZE), ENDS, st.sampled_from((*SPACES[:2], *SPACES)))
TIMES = st.recursive(st.booleans(), lambda inner: st.builds(Fork, st.sampled_from(CLOCKS), inner, inner), max_leaves=3)
OUTCOMES = st.builds(Fork, REGIONS, st.just(True), st.just(False)) | st.builds(Fork, REGIONS, TIMES, st.just(False))
OTHERS = TIMES | st.builds(Fork, REGIONS, TIMES, TIMES) | st.builds(Fork, REGIONS, OUTCOMES, st.just(False))
CAUSES = st.lists(st.tuples(REGIONS, st.sampled_from("abcd")), max_size=3)


def diagram(plans, drawn, last="z"):
    made = plans.plan(HungUp(last))
    for region, cause in drawn:
        made = plans.either(region, plans.plan(HungUp(cause)), made)
    return made


@given(CAUSES, st.lists(st.tuples(OUTCOMES | OTHERS, CAUSES), max_size=5))
def test_what_is_laid_over_a_diagram_at_once_is_what_is_laid_over_it_one_by_one(under, over):
    plans = Plans()
    below = diagram(plans, under)
    layers = [(outcome, diagram(plans, drawn, "y")) for outcome, drawn in over]

    at_once = plans.under(below, layers)

    for outcome, one in layers:
        below = plans.chosen(outcome, one, below)
    assert at_once.starts == below.starts
    assert all(one is other for one, other in zip(at_once.plans, below.plans, strict=True))
    assert at_once.space == below.space


ENVS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"))


@given(st.lists(st.tuples(ENVS, st.sets(st.sampled_from("abc"))), max_size=6), ENVS)
def test_what_is_remembered_holds_for_calls_that_agree_on_what_was_looked_at(some, asked):
    memory, by_names = Memory(), {}
    for number, (env, names) in enumerate(some):
        memory.keep(("x", None), names, env, Known(None, number, frozenset()))
        by_names[frozenset(names), tuple(map(env.get, sorted(names)))] = number

    found = {names: known.need for names, known in memory.of(("x", None), asked)}

    assert found == {
        names: number for (names, values), number in by_names.items() if values == tuple(map(asked.get, sorted(names)))
    }
    assert not memory.of(("x", "1"), asked)
    memory.clear()
    assert not memory.of(("x", None), asked)
