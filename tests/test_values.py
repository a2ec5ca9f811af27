"""Dataclasses whose methods are written late, against those of `dataclasses`."""

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc import values


def body(names):
    """Return what a class says: three fields, of which one has a default and one is made anew for each value."""
    return {
        "__annotations__": {"first": int, "second": str, "made": list, "left_out": int},
        "second": "two",
        "made": field(default_factory=list),
        "left_out": field(default=0, compare=False, repr=False),
        "__module__": __name__,
        "__qualname__": names,
        "__doc__": "A class.",
    }


def pairs():
    """Yield the options of a dataclass, with a class that the standard library makes of them, and ours."""
    for frozen in (False, True):
        for slots in (False, True):
            for eq in (False, True):
                for unsafe_hash in (False, eq and not frozen):
                    options = {"frozen": frozen, "slots": slots, "eq": eq, "unsafe_hash": unsafe_hash}
                    made = [make(**options)(type("Same", (), body("Same"))) for make in (dataclass, values.dataclass)]
                    yield options, *made


PAIRS = list(pairs())


def told(action):
    """Return what comes of an action: its value, or the type of what it raises."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001 - that is what is compared
        return type(error)


@pytest.mark.parametrize(("options", "theirs", "ours"), PAIRS)
@given(st.integers(0, 2), st.integers(0, 2), st.sampled_from(("one", "two")), st.integers(0, 1))
def test_values_are_as_those_of_the_standard_library(options, theirs, ours, first, other, second, left_out):
    mine, its = (kind(first, left_out=left_out) for kind in (ours, theirs))
    also, another = (kind(other, second=second) for kind in (ours, theirs))

    assert repr(its) == repr(mine)
    assert (its == another) == (mine == also)
    assert (mine == its) is False
    if options["eq"]:
        assert told(lambda: hash(its)) == told(lambda: hash(mine))
    assert told(lambda: setattr(its, "first", 3)) == told(lambda: setattr(mine, "first", 3))
    assert its.first == mine.first
    assert repr(replace(its, second="three")) == repr(replace(mine, second="three"))
    assert repr(copy.copy(its)) == repr(copy.copy(mine))


@pytest.mark.parametrize(("options", "theirs", "ours"), PAIRS)
def test_classes_are_as_those_of_the_standard_library(options, theirs, ours):
    assert [one.name for one in fields(theirs)] == [one.name for one in fields(ours)]
    assert theirs.__match_args__ == ours.__match_args__
    assert hasattr(theirs(1), "__dict__") == hasattr(ours(1), "__dict__")
    assert TypeError is told(theirs) is told(ours)
    assert TypeError is told(lambda: theirs(1, fourth=2)) is told(lambda: ours(1, fourth=2))
    assert ours(1).made is not ours(1).made
    assert told(lambda: delattr(theirs(1), "second")) == told(lambda: delattr(ours(1), "second"))


@values.dataclass(frozen=True, slots=True)
class Frozen:
    """A value that is made whole after it was given its fields, and that says itself what it is."""

    content: str
    length: int = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "length", len(self.content))

    def __hash__(self):
        return 7

    def __repr__(self):
        return "itself"


@values.dataclass(frozen=True, slots=True)
class Longer(Frozen):
    """A value with a field more."""

    more: int = 0


def test_what_a_class_says_itself_stays():
    assert 3 == Frozen("abc").length
    assert 7 == hash(Frozen("abc"))
    assert "itself" == repr(Frozen("abc"))
    assert Frozen("abc") == Frozen("abc") != Longer("abc")
    assert (3, 5) == (Longer("abc", 5).length, Longer("abc", more=5).more)


def test_frozen_values_go_from_process_to_process():
    assert Longer("abc", 5) == pickle.loads(pickle.dumps(Longer("abc", 5)))  # noqa: S301 - ours


def test_frozen_values_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Frozen("abc").content = "d"
