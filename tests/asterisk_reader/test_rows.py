"""Rows of numbers of all lengths are what walking the extensions length by length gives."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from policyc.targets.asterisk.reader.diagrams import LENGTHS, first_of
from policyc.targets.asterisk.reader.errors import Unclear
from policyc.targets.asterisk.reader.matching import pieces
from policyc.targets.asterisk.reader.patterns import Extensions
from policyc.targets.asterisk.reader.rows import row
from policyc.targets.asterisk.reader.texts import digits_from

STARTS = st.text("01i+", max_size=4)
DIGITS = st.one_of(st.integers(0, 2), st.integers(0, 14)).map("X".__mul__)
ENDINGS = st.sampled_from(["", "", ".", "!"])
OTHERS = st.sampled_from(["Z", "[0-9]", "[01]", "x", "-1"])
NAMES = st.one_of(
    STARTS,
    st.tuples(st.just("_"), STARTS, DIGITS, ENDINGS).map("".join),
    st.tuples(st.just("_"), STARTS, OTHERS, DIGITS).map("".join),
)


def made(names, unwanted):
    """Return the extensions of a context, those with these names that are any, and which of them are wanted."""
    extensions = Extensions()
    for name in names:
        try:
            extensions.exten(name)
        except Unclear:
            continue
    refused = {exten for at, exten in enumerate(extensions.all) if at in unwanted}

    def wanted(exten):
        return exten not in refused

    return extensions, wanted


@given(st.lists(NAMES, max_size=12), st.sampled_from(["", "i", "i0", "01", "i+"]), st.sets(st.integers(0, 11)))
def test_a_row_is_each_of_its_lengths(names, before, unwanted):
    extensions, wanted = made(names, unwanted)

    found = row(extensions.all, before, wanted)

    if found is None:
        assert any(exten.begun is None for exten in extensions.all)
        return
    single = []
    for length in LENGTHS:
        for low, exten in pieces(extensions.roots, before + digits_from(length), wanted):
            single.append((first_of(length) + low, exten))
    assert merged(found) == merged(single)


def merged(row):
    """Return a row without pieces that go on as the one before, which some lengths begin with."""
    return [piece for at, piece in enumerate(row) if not at or piece[1] is not row[at - 1][1]]


@given(st.lists(NAMES, max_size=12), st.text("01i+", max_size=6), st.sets(st.integers(0, 11)))
@example(["_X."], "1", set())
@example(["_X!", "_0."], "0", set())
def test_a_known_text_is_found_without_trees(names, text, unwanted):
    extensions, wanted = made(names, unwanted)

    found = extensions.find(text, wanted)

    first, then = extensions.roots
    assert found is (first.find(text, 0, wanted) or then.find(text, 0, wanted))
