"""What is remembered of calls is what was found of them: by inputs, in rows that are kept, by texts."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc.targets.asterisk.reader import arguments, functions
from policyc.targets.asterisk.reader.call import Variable
from policyc.targets.asterisk.reader.diagrams import ANY_LENGTH, constant, first_of, joined
from policyc.targets.asterisk.reader.keeping import Kept, recalled
from policyc.targets.asterisk.reader.making import Maker
from policyc.targets.asterisk.reader.plans import Asked, HungUp, LeftMessage, Parted, Plan, SoundedBusy
from policyc.targets.asterisk.reader.questions import Memo

NAMES = "abc"
VALUES = (None, Variable("1"), Variable("2"))
TREES = st.recursive(
    st.none(), lambda tree: st.tuples(st.sampled_from(NAMES), st.tuples(tree, tree, tree)), max_leaves=12
)
"""Which input is looked at, and what then, by its value; None: no other."""


def looked_at(tree, inputs):
    """Return the inputs that are looked at, in order."""
    bound = {}
    while tree is not None:
        name, ways = tree
        bound.setdefault(name, inputs[name])
        tree = ways[VALUES.index(inputs[name])]
    return bound


def asking(tree, inputs):
    """Return who tells these inputs, and no others than a tree looks at."""
    allowed = looked_at(tree, inputs)
    return allowed.__getitem__


@given(TREES, st.lists(st.tuples(*[st.sampled_from(VALUES)] * len(NAMES)), max_size=8))
def test_what_was_found_is_recalled_by_the_inputs_that_were_looked_at(tree, asked):
    memo, kept, expected = Memo(), Kept(), {}
    for values in asked:
        inputs = dict(zip(NAMES, values, strict=True))
        bound = looked_at(tree, inputs)
        key = tuple(bound.items())
        if key not in expected:
            expected[key] = constant(Plan((LeftMessage((str(len(expected)),), "u"),)))
            memo.keep(bound, expected[key])
            kept.keep("there", bound, expected[key])

    for values in product(VALUES, repeat=len(NAMES)):
        inputs = dict(zip(NAMES, values, strict=True))
        found = expected.get(tuple(looked_at(tree, inputs).items()))
        row = recalled(kept.rows("there"), asking(tree, inputs))
        assert memo.recall(asking(tree, inputs)) is found
        assert (None if row is None else row.plans) == (found and found.values)


def test_what_looks_at_other_inputs_than_before_takes_its_place():
    memo = Memo()
    memo.keep({"a": None, "b": VALUES[1]}, "first")
    memo.keep({"a": None, "c": VALUES[1]}, "second")

    assert memo.recall({"a": None, "c": VALUES[1]}.__getitem__) == "second"


def test_rows_that_are_kept_are_of_the_plans_that_there_are():
    maker, later = Maker({}), Maker({})
    busy, left = (maker.plan((event,)) for event in (SoundedBusy(), LeftMessage(("1",), "u")))
    parted = maker.plan((HungUp(None),), Parted(Asked("status", 0, "BUSY"), busy, left))
    found = joined(ANY_LENGTH, [(0, parted), (5, busy), (first_of(15), parted)])
    kept = Kept()
    kept.keep("there", {"a": None}, found)
    there = later.plan((LeftMessage(("1",), "u"),))

    (row,) = kept.rows("there")
    again = row.found(later.adopted)

    assert (again.digits, again.starts, again.values) == (found.digits, found.starts, found.values)
    assert again.values[0] is again.values[2] is not parted
    assert again.values[1] is busy  # nothing is equal to it yet, so that it can be what it was
    assert again.values[0].then.no is there is not left
    assert later.plan((SoundedBusy(),)) is busy


def test_rows_of_numbers_that_are_longer_than_any_are_not_kept():
    kept = Kept()
    kept.keep("there", {}, joined(25, [(0, Plan(())), (10**20, Plan((SoundedBusy(),)))]))

    assert kept.rows("there") == ()


@given(st.text('a,"\\()[]', max_size=8), st.sampled_from(',"'), st.integers(1, 4), st.booleans())
def test_plain_arguments_are_separated_as_others(text, delimiter, most, plain):
    holding, arguments._HOLDING = arguments._HOLDING, re.compile("")
    try:
        found = arguments.separate(text, delimiter, most, plain=plain)
    finally:
        arguments._HOLDING = holding

    assert arguments.separate(text, delimiter, most, plain=plain) == found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a=${CUT(b,x,1)}${REPLACE(c,x)}", ("b", "c")),
        ("a=${IF($[${b:1}]?${c}:${CUT(${d},x,1)})}", ("b", "c", "d")),
        ("a=${LEN(b,c)}${FILTER(b,c)}", ()),
    ],
)
def test_what_a_text_looks_at_stands_in_it(text, names):
    assert functions.looked_at(text, kept=True) == names
