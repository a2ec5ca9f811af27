"""All that a dialplan does with the calls to one number: blocks of callers, at classes of instants, with their plans.

A call runs as far as it can without knowing more. Where it must know, it parts: on a digit into ten, on the clock
and on what became of a dial into two. So the blocks and classes found part what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.applications import Runner
from policyc.targets.asterisk.reader.call import Call, Frame, Numbers, filling
from policyc.targets.asterisk.reader.clocks import AnyTime, AtInstant, ClockAsked
from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.asterisk.reader.functions import Evaluator, wanted_by
from policyc.targets.asterisk.reader.plans import (
    Answer,
    Event,
    HandedOver,
    Party,
    Plan,
    RanOut,
    grown,
)
from policyc.targets.asterisk.reader.texts import (
    DIGITS,
    NeedsDigit,
    decode,
    digit_at,
    encode,
    is_status,
    show,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from policyc.schedule import Partition, Period
    from policyc.targets.asterisk.reader.dialplan import Dialplan
    from policyc.targets.asterisk.reader.patterns import Step

MOST_STEPS = 2000
"""Of one call."""
_DEEPEST = 40  # jumps whose ends are found within one another
MOST_CALLS = 500_000
"""That part from one another."""


@dataclass(frozen=True, slots=True)
class Case:
    """What happens to the calls of a block, None for calls without a number, at some classes of instants: a mask."""

    numbers: Numbers | None
    instants: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class Explored:
    """All cases: for each number that was asked for, they part the classes of `partition`. `runs` says what it took."""

    partition: Partition
    cases: tuple[Case, ...]
    runs: int

    def case(self, number: str, instant: datetime) -> Case:
        """Return the case of a number at an instant, local or aware."""
        bit = 1 << self.partition.class_of(instant)
        return next(
            one
            for one in self.cases
            if one.numbers is not None
            and one.instants & bit
            and number.startswith(one.numbers.prefix)
            and len(number) == len(one.numbers.prefix) + one.numbers.more
        )


def explore(
    dialplan: Dialplan,
    context: str,
    exten: str,
    numbers: Numbers | None,
    presentation: str,
    zone: ZoneInfo,
    *,
    name: str = "",
    server_zone: str | None = None,
    outside: frozenset[str] = frozenset(),
    periods: Iterable[Period] = (),
) -> Explored:
    """Return what becomes of the calls of a block to an extension, as presented (a value of CALLERID(num-pres)).

    Instants are told in `zone`; `periods` are told apart too, for whoever compares. `outside` names contexts of the
    PBX that the files need not hold. Raises NotUnderstood.
    """
    clock = AnyTime(zone, list(dict.fromkeys(periods)))
    walk = _Walk(dialplan, clock, zone.key, server_zone, outside)
    leaves = list(walk.leaves(_call(context, exten, numbers, presentation, name)))
    cases = sorted(_cases(leaves, clock), key=lambda case: (str(case.numbers), case.instants & -case.instants))
    return Explored(clock.partition, tuple(cases), walk.runs)


def run(
    dialplan: Dialplan,
    context: str,
    exten: str,
    number: str | None,
    presentation: str,
    local: datetime,
    zone: ZoneInfo,
    *,
    name: str = "",
    server_zone: str | None = None,
    outside: frozenset[str] = frozenset(),
) -> Plan:
    """Return what becomes of one call at a local instant. Raises NotUnderstood."""
    walk = _Walk(dialplan, AtInstant(local), zone.key, server_zone, outside)
    start = _call(context, exten, None if number is None else Numbers(encode(number)), presentation, name)
    return grown([_readable(leaf.events) for leaf in walk.leaves(start)])


def _call(context: str, exten: str, numbers: Numbers | None, presentation: str, name: str) -> Call:
    text = None if numbers is None else numbers.text
    party = Party(text, encode(name), presentation, presentation)
    return Call(numbers, encode(context), encode(exten), party, given=len(numbers.prefix) if numbers else 0)


# --- the walk -------------------------------------------------------------------------------------


class _WordAsked(Exception):  # noqa: N818  a question
    def __init__(self, word: str, value: str) -> None:
        super().__init__(word, value)
        self.word, self.value = word, value


@dataclass(frozen=True, slots=True)
class _Questions:
    """Answer for a call from what it knows; else raise the question."""

    call: Call
    clock: AnyTime | AtInstant

    def during(self, period: Period) -> bool:
        if self.call.confirming:
            raise Unclear(What.TIME, "U()")
        return self.clock.during(self.call, period)

    def word_is(self, word: str, value: str) -> bool:
        about = self.call.words.get(word)
        if about is None:
            raise Unclear(What.VALUE, show(word))
        if about.possible is not None and value not in about.possible:
            return False
        if value in about.refused:
            return False
        if about.possible is not None and len(about.possible) == 1:
            return True
        raise _WordAsked(word, value)

    def candidates(self, word: str) -> Iterable[str]:
        about = self.call.words.get(word)
        if about is None or about.possible is None:
            raise Unclear(What.VALUE, show(word))
        return about.possible


@dataclass(slots=True)
class _Waiting:
    """Calls that have to go on, by how deep in subroutines they are and by what decides how they go on."""

    clock: AnyTime | AtInstant
    at_depth: list[dict[tuple[object, ...], Call]] = field(default_factory=list)

    def put(self, call: Call) -> None:
        """Add a call; one that is alike, at other instants, is the same from here on."""
        while len(self.at_depth) <= len(call.frames):
            self.at_depth.append({})
        calls = self.at_depth[len(call.frames)]
        state = (call.numbers, *call.state)
        if alike := calls.get(state):
            call.instants = self.clock.mask(alike) | self.clock.mask(call)
            call.steps = max(call.steps, alike.steps)
        calls[state] = call

    def take(self) -> Call | None:
        """Return one of the deepest."""
        for calls in reversed(self.at_depth):
            if calls:
                return calls.popitem()[1]
        return None


@dataclass(slots=True)
class _Walk:
    dialplan: Dialplan
    clock: AnyTime | AtInstant
    zone: str
    server_zone: str | None
    outside: frozenset[str]
    place: Place = field(default_factory=lambda: Place("", 0))  # of the step that runs, or ran last
    runs: int = 0
    _confirms: dict[tuple[object, ...], Plan | None] = field(default_factory=dict)
    _shared: dict[tuple[object, ...], list[Call] | None] = field(default_factory=dict)
    _nested: int = 0

    def leaves(self, start: Call) -> Iterator[Call]:
        """Yield the calls that a call parts into, each at its end.

        Those deepest in subroutines go first, and calls that come out alike are one again, at the instants of both.
        """
        waiting = _Waiting(self.clock)
        waiting.put(self.clock.start(start))
        while call := waiting.take():
            for end, is_stuck in self.ends(call, waiting):
                if is_stuck and start.confirming:
                    raise NeedsDigit  # of the caller's number: the call that dials parts
                if is_stuck:
                    self.count(len(DIGITS))
                    for digit in sorted(DIGITS, reverse=True):
                        waiting.put(end.with_digit(digit))
                else:
                    yield end

    def ends(self, call: Call, waiting: _Waiting) -> Iterator[tuple[Call, bool]]:
        """Go on with a call; yield calls at their ends, and those that are stuck: they need a digit to go on.

        What has to wait, for others that may come out of a subroutine alike, is put among the waiting.
        """
        while not call.over:
            depth, place = len(call.frames), (call.context, call.exten)
            try:
                call = self.step(call)
            except NeedsDigit:
                yield call, True
                return
            except ClockAsked as asked:
                parts = [
                    replace(call.copy(), instants=mask, version=self.clock.version)
                    for mask in (asked.inside, asked.outside)
                ]
            except _WordAsked as asked:
                parts = [_told(call, asked, holds=True), _told(call, asked, holds=False)]
            else:
                if len(call.frames) < depth:
                    waiting.put(call)
                    return
                jumped = not call.over and (call.context, call.exten) != place
                if jumped and (shared := self.shared(call)) is not None:
                    for end in shared:
                        if end.over:
                            yield end, False
                        else:
                            waiting.put(end)
                    return
                continue
            self.count(len(parts))
            waiting.put(parts[1])
            call = parts[0]
        yield call, False

    def shared(self, call: Call) -> list[Call] | None:
        """Return what a call comes to that has jumped: its ends, where it is stuck, where it leaves the subroutine.

        That is found once, for all digits and instants; None where it is not possible.
        """
        if not isinstance(self.clock, AnyTime) or call.numbers is None or call.confirming:
            return None
        size = len(call.numbers.prefix) + call.numbers.more
        key = (call.state, size)
        if key not in self._shared:
            self._shared[key] = None  # for whoever comes by again before it is found
            if self._nested < _DEEPEST:
                self._nested += 1
                self._shared[key] = self._found(call, size)
                self._nested -= 1
        found = self._shared[key]
        if found is None:
            return None
        mask = self.clock.mask(call)
        ends = []
        for end in found:
            if instants := self.clock.mask(end) & mask:
                ends.append(replace(end.copy(), numbers=call.numbers, instants=instants, version=self.clock.version))
        return ends

    def _found(self, call: Call, size: int) -> list[Call] | None:
        prefix = call.numbers.prefix[: call.given] if call.numbers else ""
        start = self.clock.start(replace(call.copy(), numbers=Numbers(prefix, size - len(prefix))))
        waiting = _Waiting(self.clock)
        waiting.put(start)
        found = []
        try:
            while going := waiting.take():
                if len(going.frames) < len(start.frames):
                    found.append(going)  # back from the subroutine: others go on elsewhere
                    continue
                for end, _ in self.ends(going, waiting):
                    if end.state == start.state:
                        return None  # stuck where it stands
                    found.append(end)
        except NotUnderstood:  # at instants, perhaps, at which no such call comes by
            return None
        return found

    def count(self, parts: int) -> None:
        self.runs += parts
        if self.runs > MOST_CALLS:
            raise NotUnderstood(self.place, What.ENDLESS, str(MOST_CALLS))

    def step(self, before: Call) -> Call:
        """Return the call after its next step; the call given stays as it was.

        The digits that are known are put in only where the step needs one. Raises NeedsDigit for one that is not.
        """
        if before.steps >= MOST_STEPS:
            raise NotUnderstood(self.place, What.ENDLESS, str(MOST_STEPS))
        try:
            step = self.located(before)
            try:
                return self.tried(before, step)
            except NeedsDigit:
                if not before.digits:
                    raise
            filled = before.filled()
            return before.changed(filled, self.tried(filled, step))
        except Unclear as unclear:
            raise NotUnderstood(self.place, unclear.what, decode(unclear.text)) from None

    def located(self, call: Call) -> Step | None:
        """Return the step where a call is, None if there is none."""
        wanted = wanted_by(str(call.priority))
        try:
            exten = self.dialplan.find(call.context, call.exten, wanted)
        except NeedsDigit:
            exten = self.dialplan.find(call.context, filling(call.digits)(call.exten), wanted)
        return None if exten is None else exten.steps[call.priority]

    def tried(self, before: Call, step: Step | None) -> Call:
        """Return the call after a step, as far as its texts are known."""
        call = before.copy()
        call.steps += 1
        if step is not None:
            self.place = step.place
            questions = _Questions(call, self.clock)
            evaluator = Evaluator(self.dialplan, call, questions, self.zone, self.server_zone, self.outside)
            Runner(evaluator, self.confirm).run(step.application, evaluator.substituted(step.data))
            call.priority += 1
        elif call.context in self.dialplan.contexts:
            self.run_out(call)
        else:
            self.hand_over(call)
        return call

    def hand_over(self, call: Call) -> None:
        if call.confirming or call.frames:
            raise Unclear(What.CONTEXT, call.context)  # a Return would come back
        call.happens(HandedOver(call.context, call.exten, call.priority, call.party))
        call.over = True

    def run_out(self, call: Call) -> None:
        """Go on where an extension has no such step: at `i` if it is none at all, else the call is over."""
        if call.confirming:
            raise Unclear(What.EXTENSION, show(call.exten))
        first = wanted_by("1")
        exists = self.dialplan.find(call.context, call.exten, first) is not None
        if not exists and self.dialplan.find(call.context, "i", first) and call.exten != "i":
            call.set("INVALID_EXTEN", call.exten)
            call.exten, call.priority = "i", 1
            return
        if not exists and self.dialplan.find(call.context, "e", first):
            raise Unclear(What.EXTENSION, "e")
        by_status = exists and is_status(call.variable("DIALSTATUS") or " ")
        call.happens(RanOut(invalid=not exists, by_status=by_status))
        call.over = True

    def confirm(self, caller: Call, context: str) -> Plan | None:
        """Return what a context does with whoever answers; None where it is not there, which connects."""
        if context in self.outside:
            raise Unclear(What.CONTEXT, context)
        if self.dialplan.find(context, "s", wanted_by("1")) is None:
            return None
        inherited = {
            name: tuple(replace(one, inherited=2 if one.inherited == 2 else 0) for one in stack[-1:] if one.inherited)
            for name, stack in caller.variables.items()
        }
        variables = {name: stack for name, stack in inherited.items() if stack}
        key = (context, tuple(sorted((name, stack[0].value) for name, stack in variables.items())))
        if key not in self._confirms:
            start = Call(None, context, "s", Party(None, "", "", ""), confirming=True, variables=variables)
            start.frames = (Frame("", "", 0, ()),)
            leaves = list(self.leaves(start))
            self._confirms[key] = grown([_readable(leaf.events) for leaf in leaves])
        return self._confirms[key]


def _told(call: Call, asked: _WordAsked, *, holds: bool) -> Call:
    """Return the call that knows whether a word has a value."""
    told = call.copy()
    about = told.words[asked.word]
    if holds:
        told.words[asked.word] = replace(about, possible=(asked.value,))
    elif about.possible is not None:
        told.words[asked.word] = replace(about, possible=tuple(one for one in about.possible if one != asked.value))
    else:
        told.words[asked.word] = replace(about, refused=(*about.refused, asked.value))
    told.events = (*told.events, Answer(replace(about.asked, value=asked.value), holds))
    return told


# --- from paths to cases --------------------------------------------------------------------------


def _cases(leaves: list[Call], clock: AnyTime) -> Iterator[Case]:
    """Yield, for each of the smallest blocks, the classes of instants that have one plan.

    Ways that part on a dial may know more or fewer digits: those that know fewer hold for all blocks within theirs.
    """
    of_block: dict[str | None, list[Call]] = {}
    parted: set[str] = set()
    for leaf in leaves:
        prefix = None if leaf.numbers is None else leaf.numbers.prefix
        of_block.setdefault(prefix, []).append(leaf)
        parted |= {prefix[:length] for length in range(len(prefix))} if prefix else set()
    for block, own in of_block.items():
        numbers = own[0].numbers
        if block is None or numbers is None:
            yield from _by_instant(None, [(leaf, leaf.events) for leaf in own], clock)
        elif block not in parted:  # else it is in ten smaller ones
            within = [leaf for length in range(len(block) + 1) for leaf in of_block.get(block[:length], ())]
            known = filling({digit_at(at): block[at] for at in range(own[0].given, len(block))})
            yield from _by_instant(numbers, [(leaf, known(leaf.events)) for leaf in within], clock)


def _by_instant(
    numbers: Numbers | None, leaves: list[tuple[Call, tuple[Event | Answer, ...]]], clock: AnyTime
) -> Iterator[Case]:
    atoms = [clock.partition.everything]
    masks = [(clock.mask(leaf), events) for leaf, events in leaves]
    for mask, _ in masks:
        atoms = [part for atom in atoms for part in (atom & mask, atom & ~mask) if part]
    plans: dict[Plan, int] = {}
    for atom in atoms:
        plan = grown([_readable(events) for mask, events in masks if mask & atom])
        plans[plan] = plans.get(plan, 0) | atom
    for plan, mask in plans.items():
        yield Case(numbers, mask, plan)


def _readable(events: tuple[Event | Answer, ...]) -> tuple[Event | Answer, ...]:
    return _Decoding()(events)


class _Decoding(filling):
    """Make bytes of all the texts of a value characters again."""

    def __init__(self) -> None:
        super().__init__({})

    def _filled(self, value: object) -> object:
        return decode(value) if isinstance(value, str) else super()._filled(value)
