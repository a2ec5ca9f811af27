"""What a check comes to, by the questions that it depends on: values, as plain as can be."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from policyc import values
from policyc.targets.freeswitch.reader import regions
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.freeswitch.reader.plans import Odd
from policyc.targets.freeswitch.reader.regions import Region
from policyc.targets.freeswitch.reader.times import Clock

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.hunting import Tree
    from policyc.targets.freeswitch.reader.matching import Groups


@values.value(eq=False)
class Fork:
    """Two ways to go on, as a question is answered."""

    asked: Hashable
    yes: Tree
    no: Tree


@values.value()
class Match:
    """An expression matched: what its groups hold, and in which text; `grouped`: `$1` means something then."""

    groups: Groups
    subject: str
    grouped: bool = True


Outcome = bool | Match | Unclear | Odd | Fork
"""What a check comes to, by the questions that it depends on. An `Unclear` has no line yet."""


class Located(NotUnderstood):
    """An `Unclear` of an action, with its line."""

    def __init__(self, place: Place, unclear: Unclear) -> None:
        super().__init__(place, unclear.what, unclear.text)
        self.spelt = unclear.spelt


def odd(error: NotUnderstood) -> Odd:
    """Return the end of a call at what is not understood."""
    return Odd(error.place, error.what, error.text, getattr(error, "spelt", False))


def located(place: Place, unclear: Unclear) -> Odd:
    """Return the end of a call at what is not understood on a line."""
    return Odd(place, unclear.what, unclear.text, unclear.spelt)


def fork(asked: Hashable, yes: Outcome, no: Outcome) -> Outcome:
    """Return an outcome that depends on a question, as plain as can be."""
    if yes is no:
        return yes
    flat = None
    if isinstance(asked, Region):
        flat = _flat(asked, yes, no)
    elif isinstance(asked, Clock):
        flat = _flat_time(asked, yes, no)
    return Fork(asked, yes, no) if flat is None else flat


def _flat_time(asked: Clock, yes: Outcome, no: Outcome) -> Outcome | None:
    """Return an outcome that depends on nothing but one time, None where it is more than minutes and days."""
    if no is False:
        return _during_both(asked, yes)
    if yes is False:
        return _during_both(~asked, no)
    if yes is True:
        neither = _during_both(~asked, _negated(no))
    elif no is True:
        neither = _during_both(asked, _negated(yes))
    else:
        return None
    return None if neither is None else _negated(neither)


def _negated(outcome: Outcome) -> Outcome:
    """Return the contrary of an outcome that is true, false, or asks about one time; of others, something else."""
    if isinstance(outcome, bool):
        return not outcome
    if isinstance(outcome, Fork) and isinstance(outcome.yes, bool) and isinstance(outcome.no, bool):
        return Fork(outcome.asked, not outcome.yes, not outcome.no)
    return Unclear(What.TIME, "")  # never read: it only says that there is no plain contrary


def _during_both(clock: Clock | None, outcome: Outcome) -> Outcome | None:
    """Return whether it is some time and an outcome holds, None where that is more than minutes and days."""
    if clock is None:
        return None
    if outcome is True:
        both: Clock | None = clock
    elif isinstance(outcome, Fork) and isinstance(outcome.asked, Clock) and isinstance(outcome.yes, bool):
        if not isinstance(outcome.no, bool):
            return None
        its = outcome.asked if outcome.yes else ~outcome.asked
        both = None if its is None else clock & its
    else:
        return None
    if both is None:
        return None
    return bool(both.is_always) if both.is_never or both.is_always else Fork(both, True, False)


def _flat(asked: Region, yes: Outcome, no: Outcome) -> Outcome | None:
    """Return an outcome that depends on nothing but who calls as one region."""
    known = {True: (0, asked.size), False: ()}
    ends: list[regions.Ends] = []
    space: int | str = asked.space
    for one in (yes, no):
        if isinstance(one, bool):
            ends.append(known[one])
        elif isinstance(one, Fork) and isinstance(one.asked, Region) and one.yes is True and one.no is False:
            if space != regions.ANY and one.asked.space not in (space, regions.ANY):
                return None
            space = one.asked.space if space == regions.ANY else space
            ends.append(one.asked.ends)
        else:
            return None
    whole = regions.either(asked.ends, ends[0], ends[1], asked.size)
    if whole in ((), (0, asked.size)):
        return bool(whole)
    return Fork(Region(space, whole, asked.size), True, False)


def both(one: Outcome, other: Outcome) -> Outcome:
    """Return whether both hold; the other one is looked at only where the first holds."""
    if other is True:
        return one
    if isinstance(one, Fork):
        return fork(one.asked, both(one.yes, other), both(one.no, other))  # type: ignore[arg-type]
    if isinstance(one, Odd | Unclear):
        return one
    return other if one else False


def both_ways(one: Outcome, yes: Outcome, no: Outcome) -> Outcome:
    """Return one outcome or another, as a third is true or false."""
    if isinstance(one, Fork):
        return Fork(one.asked, both_ways(one.yes, yes, no), both_ways(one.no, yes, no))  # type: ignore[arg-type]
    return yes if one else no


def is_unclear(outcome: Outcome) -> bool:
    """Tell whether an outcome is not understood somewhere."""
    if isinstance(outcome, Fork):
        return is_unclear(outcome.yes) or is_unclear(outcome.no)  # type: ignore[arg-type]
    return isinstance(outcome, Unclear)


def placed(outcome: Outcome, place: Place) -> Outcome:
    """Return an outcome, with the line on which it is not understood."""
    if isinstance(outcome, Fork):
        return Fork(outcome.asked, placed(outcome.yes, place), placed(outcome.no, place))  # type: ignore[arg-type]
    return located(place, outcome) if isinstance(outcome, Unclear) else outcome
