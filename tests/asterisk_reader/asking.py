"""Questions to the reader: one call, or a block of calls cut into cases, each with one plan at some classes of time."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING

from policyc.schedule import Period, partition
from policyc.targets.asterisk.reader import NotUnderstood, Numbers, Place, Walk, What
from policyc.targets.asterisk.reader.call import MARKS
from policyc.targets.asterisk.reader.plans import Dialled, Parted, Plan, Unclear
from policyc.targets.asterisk.reader.readable import with_marks
from policyc.targets.asterisk.reader.texts import digit_at, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyc.schedule import Partition


@dataclass(frozen=True, slots=True)
class Case:
    numbers: Numbers | None
    instants: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class Explored:
    partition: Partition
    cases: tuple[Case, ...]
    pieces: int

    def case(self, number, instant):
        bit = 1 << self.partition.class_of(instant)
        return next(
            one
            for one in self.cases
            if one.instants & bit
            and number.startswith(one.numbers.prefix)
            and len(number) == len(one.numbers.prefix) + one.numbers.more
        )


def run(dialplan, context, exten, number, presentation, local, zone, *, name="", server_zone=None, outside=frozenset()):
    """Return the plan of one call. Raises NotUnderstood."""
    walk = Walk(dialplan, zone, server_zone=server_zone, outside=outside, instant=local)
    text = None if number is None else encode(number)
    found = walk.found(encode(context), encode(exten), text, presentation, encode(name))
    [plan] = found.values
    understood(plan)
    return shown(plan, number, name, presentation)


def explore(
    dialplan,
    context,
    exten,
    numbers,
    presentation,
    zone,
    *,
    name="",
    server_zone=None,
    outside=frozenset(),
    periods=(),
    walk=None,
):
    """Return what becomes of the calls of a block, in a walk that may have found others. Raises NotUnderstood."""
    walk = walk or Walk(dialplan, zone, server_zone=server_zone, outside=outside)
    text = None if numbers is None else numbers.text
    found = walk.found(context, exten, text, presentation, name)
    plans = {id(plan): plan for plan in found.values}
    asked = {}
    seen = set()
    for plan in plans.values():
        asked |= dict.fromkeys(asked_of(plan, seen))
    classes = partition(zone, [*periods, *asked])
    by_class = {key: timed(plan, classes) for key, plan in plans.items()}
    cases = []
    for low, high, plan in zip(
        found.starts, [*found.starts[1:], 10 ** (numbers.more if numbers else 0)], found.values, strict=True
    ):
        for timeless, mask in by_class[id(plan)]:
            if numbers is None:
                cases.append(Case(None, mask, shown(timeless, None, name, presentation)))
                continue
            for block in blocks(numbers, low, high):
                cases.append(Case(block, mask, shown(timeless, block.text, name, presentation)))
    return Explored(classes, tuple(cases), len(found.starts))


def shown(plan, number, name, presentation):
    """Return a plan with what was presented."""
    marks = dict(zip(MARKS, (number, name, presentation, presentation), strict=True))

    def marked(plan):
        events = tuple(with_marks(event, marks) for event in plan.events)
        return Plan(events, plan.then and Parted(plan.then.asked, marked(plan.then.yes), marked(plan.then.no)))

    return marked(plan)


def blocks(numbers, low, high) -> Iterator[Numbers]:
    """Yield the fewest blocks that hold the numbers whose unknown digits are from one number to another."""
    while low < high:
        more = 0
        while more < numbers.more and low % 10 ** (more + 1) == 0 and low + 10 ** (more + 1) <= high:
            more += 1
        digits = str(low).zfill(numbers.more)[: numbers.more - more] if numbers.more > more else ""
        yield Numbers(numbers.prefix + digits, more)
        low += 10**more


def asked_of(plan, seen):
    """Yield the periods that a plan asks for; `seen` holds the plans that were looked at."""
    if plan.then is None or id(plan) in seen:
        return
    seen.add(id(plan))
    if isinstance(plan.then.asked, Period):
        yield plan.then.asked
    yield from asked_of(plan.then.yes, seen)
    yield from asked_of(plan.then.no, seen)


def timed(plan, classes):
    """Return what a plan comes to at each class of time: each way, and the mask of its classes."""
    found = {}
    for number in range(classes.count):
        way = at(plan, classes, 1 << number)
        understood(way)
        found[way] = found.get(way, 0) | 1 << number
    return list(found.items())


def at(plan, classes, mask):
    """Return a plan at a class of time."""
    then = plan.then
    if then is None:
        return plan
    if isinstance(then.asked, Period):
        way = at(then.yes if classes.mask(then.asked) & mask else then.no, classes, mask)
        return Plan(plan.events + way.events, way.then)
    yes, no = at(then.yes, classes, mask), at(then.no, classes, mask)
    if yes == no:
        return Plan(plan.events + yes.events, yes.then)
    return Plan(plan.events, Parted(then.asked, yes, no))


def understood(plan):
    """Raise NotUnderstood if anything in a plan is not."""
    for event in plan.events:
        if isinstance(event, Unclear):
            raise NotUnderstood(Place(event.file, event.line), What(event.what), event.text)
        if isinstance(event, Dialled) and event.confirm:
            understood(event.confirm)
    if plan.then:
        understood(plan.then.yes)
        understood(plan.then.no)


def known(value, digits):
    """Return a plan, or any part of it, with the last digits of the number put in."""
    table = {ord(digit_at(len(digits) - 1 - at)): digit for at, digit in enumerate(digits)}

    def filled(value):
        if isinstance(value, str):
            return value.translate(table)
        if isinstance(value, tuple):
            return tuple(map(filled, value))
        if not is_dataclass(value) or isinstance(value, type):
            return value
        return replace(value, **{one.name: filled(getattr(value, one.name)) for one in fields(value)})

    return filled(value)
