"""All that a dialplan does with calls that are alike but for some digits and the time: plans over the digits.

What happens from one jump to the next is found in `stepping`; here, from jump to jump, what becomes of calls in the
end. It is kept by the inputs that were looked at. So what stands once in a dialplan is explored once, for whichever
extension a call comes from, and in whatever form its number was presented.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader import plans, remembering
from policyc.targets.asterisk.reader.call import (
    EXTEN,
    MARKED,
    NAME,
    NAME_PRESENTATION,
    NUMBER,
    NUMBER_PRESENTATION,
    SIZE,
    TAIL,
    Call,
    Names,
    Target,
    Variable,
)
from policyc.targets.asterisk.reader.composing import RETURNED, Composer
from policyc.targets.asterisk.reader.diagrams import (
    ANY_LENGTH,
    LENGTHS,
    Apart,
    Diagram,
    constant,
    first_of,
    paired,
    spliced,
)
from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.asterisk.reader.finishing import Clock, Finishing
from policyc.targets.asterisk.reader.functions import wanted_by
from policyc.targets.asterisk.reader.keeping import Kept, recalled
from policyc.targets.asterisk.reader.lengths import number_in
from policyc.targets.asterisk.reader.locating import Locator, Spot
from policyc.targets.asterisk.reader.making import Maker, Open
from policyc.targets.asterisk.reader.patterns import MAX_LENGTH, Exten
from policyc.targets.asterisk.reader.plans import PRESENTED_NUMBER, Connected, Declined, Event, Parted, Plan
from policyc.targets.asterisk.reader.questions import Ask, Inputs, Paused, Value, agree
from policyc.targets.asterisk.reader.readable import with_marks
from policyc.targets.asterisk.reader.stepping import Fork, Manner, Start, Stepper, Tree, known_length, unclear_at
from policyc.targets.asterisk.reader.texts import (
    decode,
    digits_from,
    has_input,
    has_unknown_digit,
    has_word,
    show,
    unknown_digits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from policyc.targets.asterisk.reader.dialplan import Dialplan

_DEEPEST = 20_000  # jumps whose ends are found within one another
_MOST_AHEAD = 50  # jumps
_FRAMES = 12  # of Python, for each of them

Entered = tuple[str, Exten]
"""A context, and the extension whose steps are run first."""
_Door = tuple[Spot, Manner]


@dataclass(slots=True)
class _Jump:
    """A call that goes on elsewhere: what it is given there, its inputs then, and where, from which digits on."""

    call: Call
    given: Mapping[str, Value]
    after: Ask
    digits: int
    starts: list[tuple[int, Start]]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A call as one of numbers of any length: those of a length whose first digits are known, and `more` are not."""

    call: Call
    length: int
    first: int  # the least of them
    more: int


class Walk:
    """A dialplan that is explored, and all that was found of it so far."""

    def __init__(
        self,
        dialplan: Dialplan,
        zone: ZoneInfo,
        *,
        server_zone: str | None = None,
        outside: frozenset[str] = frozenset(),
        instant: datetime | None = None,
    ) -> None:
        """Take a dialplan, and the zone in which instants are told.

        `outside` names contexts of the PBX that the files need not hold. `instant` is local; None is any time.
        """
        self.dialplan = dialplan
        self._zone = zone
        self._outside = outside
        self._names = Names()
        self._steps = Stepper(dialplan, self._names, zone, server_zone, outside, instant, self._confirm)
        self._nothing = self._steps.known({})
        self._composer = Composer(self._names, self._nothing)
        self._tail = self._names.char(TAIL)
        self._fronts: dict[tuple[Entered, Value, Value, Value], Diagram[Call]] = {}
        self._calls: dict[object, Call] = {}
        self._numbered: dict[int, Numbered | None] = {}  # by call
        self._lengths: dict[int, set[int]] = {}  # by call of any length: calls that are some of it
        self._at_instant = instant is not None
        self._locator = Locator(dialplan, self._tail, at_instant=self._at_instant)
        self._kept: Kept[_Door] = Kept()
        self._used: Collection[str] = ()  # contexts that all calls run through
        self._common: Mapping[Event, Event] = {}  # those of the first plans: many share some of them
        self._begin()

    @property
    def stops(self) -> Sequence[tuple[Place, str]]:
        """The steps that were run, in order, and what they say."""
        return self._steps.stops

    def _begin(self) -> None:
        self._starts: dict[Manner, dict[Spot, Start]] = {}
        self._depth = 0
        self.maker = Maker(self._common)
        self._opens: dict[object, Open] = {}
        self._apart: set[int] = set()  # calls of any length that have to be looked at one length at a time
        self._called = ""
        self._of_called: dict[object, Diagram[Plan]] = {}  # what was found of calls to that extension
        self.clock = Clock(self._zone)

    def forget(self, used: Collection[str]) -> None:
        """Let go of what was found behind the front of calls, and of all contexts but those that it ran through.

        What became of calls that entered another context by a name is kept.
        """
        if used:
            doors = set()
            for door in self._kept.new():
                (context, exten, _), _ = door
                if context in used:  # of each extension its own, and never asked again
                    self._kept.drop(door)
                else:
                    doors.add((context, exten))
            self._locator.forget(doors)
            self._common = self._common or self.maker.events
        else:
            for some in (self._fronts, self._calls, self._numbered, self._lengths):
                some.clear()
            self._locator = Locator(self.dialplan, self._tail, at_instant=self._at_instant)
            self._kept = Kept()
            self._common = {}
            remembering.forget()
        self._used = used
        self._begin()
        self.dialplan.forget(used)

    def found(self, context: str, exten: str, number: str | None, presentation: str, name: str = "") -> Diagram[Plan]:
        """Return what becomes of calls to an extension, over the unknown digits of the number, encoded texts all.

        `presentation` is a value of CALLERID(num-pres).
        """
        size = len(unknown_digits(number or ""))
        inputs = _inputs(number, presentation, name) | {EXTEN: Variable(exten)}
        ask = inputs.get
        with _deep():
            call = Call("", None, 0, self._nothing, goes=(context, exten, 1))
            try:
                entered = self._entered(call, exten)
            except (Unclear, NotUnderstood) as unclear:
                return constant(self.maker.plan((unclear_at(unclear, call),)))
            if entered is None:
                found = self.ended(call, ask)
            else:
                found = self._front(entered, inputs).flat(lambda call: self._resumed(call, inputs))
            found = self._finished(found, ask, size)
        if number is None:
            return found
        # To be shown the number that was presented, written anew, is to be shown what was presented.
        return self._told(found, {decode(number): PRESENTED_NUMBER}, lambda one: one)

    def _entered(self, call: Call, exten: str) -> Entered | None:
        """Return whose steps calls to an extension run first, None if these are looked for anew at each priority."""
        context, _, priority = _place(call)
        _, spots = self._locator.spots(call, context, exten, priority, {EXTEN: Variable(exten)}.get)
        [(_, (context, entered, _)), *_] = spots
        return None if entered is None else (context, entered)

    def _front(self, entered: Entered, inputs: Mapping[str, Value]) -> Diagram[Call]:
        """Return calls that enter somewhere as far as they come before anything asks which extension was called."""
        key = entered, inputs.get(NUMBER), inputs[NUMBER_PRESENTATION], inputs[NAME]
        if key not in self._fronts:
            call = Call(*entered, 1, self._nothing)
            self._fronts[key] = self._ahead(call, _without(Paused, inputs, EXTEN))
        return self._fronts[key]

    # --- the same, of many extensions ---

    def entered(self, context: str, exten: str) -> Entered | None:
        """Return whose steps calls to an extension run first, None if that is not as plain as nearly always."""
        try:
            return self._entered(Call("", None, 0, self._nothing, goes=(context, exten, 1)), exten)
        except (Unclear, NotUnderstood):
            return None

    def front(self, entered: Entered, number: str, presentation: str) -> Diagram[Call]:
        """Return calls that enter somewhere as far as they come before anything asks which extension was called."""
        with _deep():
            return self._front(entered, _inputs(number, presentation))

    def row(self, call: Call, exten: str) -> Diagram[Plan]:
        """Return what becomes of calls of any length that came so far, to an extension: a row, or one plan for all.

        Raises Apart, and Unclear, where anything asks more of them than the digits that stand in them.
        """
        inputs = {EXTEN: Variable(exten), TAIL: Variable(self._tail)}
        ask = _without(Apart, inputs, NUMBER, NAME, NUMBER_PRESENTATION, NAME_PRESENTATION, SIZE)
        with _deep():
            found = self.ended(call, ask)
            return self._finished(found, ask, ANY_LENGTH) if found.digits else self._finished(found, ask, 0)

    # --- numbers of any length ---

    def _resumed(self, call: Call, inputs: Mapping[str, Value]) -> Diagram[Plan]:
        """Return what becomes of calls that came as far as they could before anything asked who is called.

        Where several are alike but for the number, they are followed as one of a number of any length.
        """
        one = self.any_length(call)
        if (
            one is not None
            and id(one.call) not in self._apart
            and (not one.length or len(self._lengths[id(one.call)]) > 1)
        ):
            try:
                found = self._of_length(one, inputs)
                if one.more == one.length:
                    return found
                found = found.part(one.first, one.more, one.length)
                if not any(map(self.maker.tells_digits, found.values)):  # of which some are known here
                    return found
            except (Apart, Unclear):
                self._apart.add(id(one.call))
        return self.ended(call, inputs.get)

    def any_length(self, call: Call) -> Numbered | None:
        """Return a call as one of any length, None if it cannot be."""
        if id(call) not in self._numbered:
            self._numbered[id(call)] = one = self._any_length(call)
            if one is not None:
                self._lengths.setdefault(id(one.call), set()).add(id(call))
        return self._numbered[id(call)]

    def _any_length(self, call: Call) -> Numbered | None:
        """Return a call as one of any length, None if it cannot be, as other than the whole number stands in it."""
        kept = (*call.written.values(), *call.saved.values())
        goes = call.goes
        texts = [*(value.value for value in kept if value), *((goes[1],) if goes and goes[1] else ())]
        found = number_in(texts)
        shown = (call.written.get(name) for name in MARKED)
        if not any(map(has_unknown_digit, (*texts, *(call.enters or ())))):
            return Numbered(call, 0, 0, 0)
        if found is None or any(map(has_unknown_digit, (*(call.enters or ()), *(one.value for one in shown if one)))):
            return None
        before, more = found
        number = before + digits_from(more)

        def text(value: str) -> str:
            return value.replace(number, self._tail)

        if goes and goes[1]:
            goes = goes[0], text(goes[1]), goes[2]
        written, saved = (
            {name: call.translated(value, text) for name, value in values.items()}
            for values in (call.written, call.saved)
        )
        return Numbered(
            self._bare(replace(call, written=written, saved=saved, goes=goes)),
            len(number),
            int(before or 0) * 10**more,
            more,
        )

    def _of_length(self, one: Numbered, inputs: Mapping[str, Value]) -> Diagram[Plan]:
        """Return what becomes of calls of a length, found for all lengths at once. Raises Apart."""
        called, *manner = (inputs[name] for name in (EXTEN, NAME, NUMBER_PRESENTATION, NAME_PRESENTATION))
        if called is None or called.value != self._called:
            self._called = called.value if called else ""
            self._of_called.clear()
        key = id(one.call), *manner
        if key not in self._of_called:
            ask = _without(Apart, {**inputs, TAIL: Variable(self._tail)}, NUMBER, SIZE)
            self._of_called[key] = self.ended(one.call, ask)
        if not one.length:
            return self._of_called[key]
        whole = self._of_called[key]
        alone = *key, one.length
        if alone not in self._of_called:
            ask = _without(Apart, {**inputs, **known_length(one.length)}, NUMBER)
            found = whole.part(first_of(one.length), one.length, ANY_LENGTH)
            self._of_called[alone] = self._finished(found, ask, one.length)
        return self._of_called[alone]

    def _knowing(self, ask: Ask, tail: str) -> Ask:
        """Return what inputs are where the length of the number is known."""

        def known(name: str) -> Value:
            value = ask(name)
            if value is None or self._tail not in value.value:
                return value
            return Variable(value.value.replace(self._tail, tail), value.inherited)

        return known

    def _ahead(self, call: Call, ask: Ask, jumps: int = _MOST_AHEAD) -> Diagram[Call]:
        """Return calls as far as they come, all on one way each, before anything asks which extension was called."""
        try:
            jump = self._jump(call, ask)
            parts: list[tuple[int, Diagram[Call]]] = []
            for low, start in jump.starts:
                found = self._straight(start, jump)
                if found is None:
                    return constant(call)
                parts.append((low, found))
        except (Paused, Unclear, NotUnderstood):
            return constant(call)
        return spliced(jump.digits, parts).flat(
            lambda one: self._ahead(one, ask, jumps - 1) if jumps else constant(one)
        )

    def _straight(self, start: Start, jump: _Jump) -> Diagram[Call] | None:
        """Return calls behind a jump, at their next one; None where they part, end, or something happens."""
        call, given = jump.call, jump.given
        if call.enters is None:
            trees = self._steps.block(start, jump.after)
            if not all(isinstance(one, Call) and _is_straight(one) for one in trees.values):
                return None
            return trees.mapped(lambda one: self._bare(self._composer.composed(call, one, given)))  # type: ignore[arg-type]
        ends = self._end(start, jump.after)
        if any(one.events or not isinstance(one.then, Open) or one.then.call.returns is None for one in ends.values):
            return None
        return ends.mapped(lambda one: self._bare(self._composer.back(call, one.then.call, given)))  # type: ignore[union-attr]

    def _bare(self, call: Call) -> Call:
        """Return a call; those that are in one state are one."""
        return self._calls.setdefault(call.state, call)

    # --- whoever answers ---

    def _confirm(self, caller: Call, context: str) -> Plan | None:
        """Return what a context does with whoever answers; None where it is not there, which connects."""
        if context in self._outside:
            raise Unclear(What.CONTEXT, context)
        if self.dialplan.find(context, "s", wanted_by("1")) is None:
            return None
        inputs: dict[str, Value] = {}
        for name in caller.inherited:
            caller.seen(name)
            value = caller.written[name] if name in caller.written else caller.known.bound[name]
            if value is not None:
                text = caller.known.filled(value.value)
                inputs[name] = Variable(text, 2 if value.inherited == 2 else 0)
        start = Call(
            "",
            None,
            0,
            self._nothing,
            own=(),
            confirming=True,
            inherited=frozenset(name for name, value in inputs.items() if value and value.inherited),
            goes=(context, "s", 1),
        )
        found = self._onward(start, inputs.get)
        if len(found.values) > 1:
            raise Unclear(What.VALUE, context)
        return self._confirmed(found.values[0], inputs)

    def _confirmed(self, plan: Plan, inputs: Mapping[str, Value]) -> Plan:
        """Return a plan of whoever answered, with what it comes to at its ends."""
        then = plan.then
        if isinstance(then, Parted):
            yes, no = self._confirmed(then.yes, inputs), self._confirmed(then.no, inputs)
            return self.maker.plan(plan.events, Parted(then.asked, yes, no))
        if not isinstance(then, Open):
            return plan
        end: Event
        written = then.call.written
        value = written["GOSUB_RESULT"] if "GOSUB_RESULT" in written else inputs.get("GOSUB_RESULT")
        if value is None or not value.value:
            end = Connected()
        elif value.value == "CONTINUE":
            end = Declined()
        else:
            place = then.call.place
            end = plans.Unclear(place.file, place.line, What.VALUE.value, f"GOSUB_RESULT={show(value.value)}")
        return self.maker.plan((*plan.events, end))

    # --- to the end ---

    def _end(self, start: Start, ask: Ask, *, entered: bool = False) -> Diagram[Plan]:
        """Return what becomes of calls from a start on, where they came from another context or not."""
        found = start.end.recall(ask)
        if found is not None:
            return found
        if start.kept and (row := recalled(start.kept, ask)):
            found = row.found(self.maker.adopted)
            start.end.keep(row.bound, found)
            return found
        inputs = Inputs(ask)
        start.going.append(inputs)
        self._depth += 1
        try:
            found = self._steps.block(start, inputs.get).flat(lambda tree: self.ended(tree, inputs.get))
        finally:
            start.going.pop()
            self._depth -= 1
        start.end.keep(inputs.bound, found)
        context, exten, _ = start.spot
        if (
            (entered and found.digits and exten and not exten.is_pattern)
            and context not in self._used
            and not self._is_open(found)
        ):
            self._kept.keep((start.spot, start.manner), inputs.bound, found)
        return found

    def ended(self, tree: Tree, ask: Ask) -> Diagram[Plan]:
        """Return what becomes of calls after a block."""
        if isinstance(tree, Fork):
            return paired(
                lambda yes, no: self.maker.plan((), Parted(tree.asked, yes, no)),
                self.ended(tree.yes, ask),
                self.ended(tree.no, ask),
            )
        if isinstance(tree, plans.Unclear):
            return constant(self.maker.plan((tree,)))
        events = self.maker.readable(tree.events) if tree.events else ()
        if tree.over:
            return constant(self.maker.plan(events))
        if tree.returns is not None:
            return constant(self.maker.plan(events, self._opened(tree)))
        try:
            onward = self._onward(tree, ask)
        except (Unclear, NotUnderstood) as unclear:
            if self._steps.is_any_length(ask):  # perhaps it is of some lengths only
                raise Apart from None
            onward = constant(self.maker.plan((unclear_at(unclear, tree),)))
        return onward.mapped(lambda plan: self.maker.plan(events + plan.events, plan.then)) if events else onward

    def _onward(self, call: Call, ask: Ask) -> Diagram[Plan]:
        """Return what becomes of calls that jump, or go on behind a step where they parted."""
        jump = self._jump(call, ask)
        [(_, first), *others] = jump.starts
        if not others:  # as nearly always
            found = self._behind(first, jump)
        else:
            behind = {start: self._behind(start, jump) for start in dict.fromkeys(start for _, start in jump.starts)}
            found = spliced(jump.digits, [(low, behind[start]) for low, start in jump.starts])
        return found if call.enters is None else self._returned(found, jump, ask)

    def _behind(self, start: Start, jump: _Jump) -> Diagram[Plan]:
        """Return what becomes of calls that jump to a start."""
        if (start.going and _is_going(start, jump.after)) or self._depth > _DEEPEST:
            return constant(self.maker.plan((), self._opened(_waiting(jump.call))))
        return self._moved(self._end(start, jump.after, entered=start.spot[0] != jump.call.context), jump)

    def _jump(self, call: Call, ask: Ask) -> _Jump:
        """Return where a call goes on, and what its inputs are then."""
        if (tail := call.written.get(TAIL)) is not None:
            ask = self._knowing(ask, tail.value)
        context, text, priority = _place(call)
        if text is not None and has_input(text):
            text = self._composer.looked_at(text, ask)
            if "," in text or has_word(text):  # more than a text: the step has to look at it
                return self._jump(replace(call, goes=None, eager=True), ask)
            if self._tail in text and len(text) + LENGTHS[-1] > MAX_LENGTH:
                raise Apart
            text = text[:MAX_LENGTH]
        given: dict[str, Value] = {} if text is None else {EXTEN: Variable(text)}
        own, written = call.own, call.written
        if call.enters is not None:
            *arguments, count = call.enters
            given |= {f"ARG{at}": Variable(one) for at, one in enumerate(arguments, 1)}
            given["ARGC"] = Variable(count)
            own = tuple(name for name in given if name != EXTEN)
        seen: dict[str, Value] = {}  # most are asked for more than once

        def after(name: str) -> Value:
            if name in given:
                return given[name]
            if name not in written:
                return ask(name)
            value = written[name]
            if value is None or not has_input(value.value):
                return value
            if name not in seen:
                seen[name] = Variable(self._composer.looked_at(value.value, ask), value.inherited)
            return seen[name]

        words = tuple(sorted(call.words.items())) if call.words else ()
        manner = priority, own, call.confirming, words, call.dials, call.readings, call.inherited, call.eager
        digits, spots = self._locator.spots(call, context, text, priority, after)
        known = self._starts.setdefault(manner, {})
        starts = [(low, known.get(spot) or self._start(spot, manner)) for low, spot in spots]
        return _Jump(call, given, after, digits, starts)

    def _start(self, spot: Spot, manner: Manner) -> Start:
        """Return a start that was not met yet."""
        found = self._starts[manner][spot] = Start(spot, manner, self._kept.rows((spot, manner)))
        return found

    # --- putting plans together ---

    def _opened(self, call: Call) -> Open:
        """Return where a plan is open; that a Gosub is left is all that counts of where it is."""
        bare = call.copy()
        bare.events = ()
        if call.returns is not None:
            bare.context, bare.exten, bare.priority = "", None, 0
            bare.written.pop(RETURNED, None)
        key = bare.state
        if key not in self._opens:
            self._opens[key] = Open(bare)
        return self._opens[key]

    def _is_open(self, diagram: Diagram[Plan]) -> bool:
        return self.maker.are_open(diagram.values)

    def _moved(self, found: Diagram[Plan], jump: _Jump) -> Diagram[Plan]:
        """Return what becomes of calls after a jump in terms of what was before it."""
        marks = self._composer.marks(jump.call) if jump.call.written else {}
        opens = jump.call.enters is None and self._is_open(found)  # where a Gosub is entered, `_returned` sees to them
        if not marks and not opens:
            return found

        def opened(one: Open) -> Open:
            return self._opened(self._composer.composed(jump.call, one.call, jump.given)) if opens else one

        return self._told(found, marks, opened)

    def _told(
        self, found: Diagram[Plan], marks: Mapping[str, str | None], opened: Callable[[Open], Open]
    ) -> Diagram[Plan]:
        """Return plans with what marks stand for, open where they are `opened`."""
        done: dict[int, Plan] = {}

        def told(plan: Plan) -> Plan:
            if id(plan) not in done:
                events = tuple(with_marks(event, marks) for event in plan.events) if marks else plan.events
                then: object = plan.then
                if isinstance(then, Parted):
                    then = Parted(then.asked, told(then.yes), told(then.no))
                elif isinstance(then, Open):
                    then = opened(then)
                done[id(plan)] = self.maker.plan(events, then)  # type: ignore[arg-type]  # no other
            return done[id(plan)]

        return found.mapped(told)

    def _returned(self, found: Diagram[Plan], jump: _Jump, ask: Ask) -> Diagram[Plan]:
        """Return what becomes of calls that enter a Gosub, given what becomes of them within it."""
        call, given = jump.call, jump.given
        if not self._is_open(found):
            return found
        behind: dict[int, Diagram[Plan]] = {}

        def after(one: Open) -> Diagram[Plan]:
            if id(one) not in behind:
                if one.call.returns is None:  # goes on where it is being explored, within the Gosub
                    place = one.call.place
                    unclear = plans.Unclear(place.file, place.line, What.ENDLESS.value, "Gosub")
                    behind[id(one)] = constant(self.maker.plan((unclear,)))
                else:
                    behind[id(one)] = self.ended(self._composer.back(call, one.call, given), ask)
            return behind[id(one)]

        def followed(plan: Plan) -> Diagram[Plan]:
            ways: Diagram[tuple[Plan, ...]] = constant(())
            opens = self.maker.opens_of(plan)
            for one in opens:
                ways = paired(lambda some, way: (*some, way), ways, after(one))
            return ways.mapped(lambda some: self.maker.filled(plan, dict(zip(map(id, opens), some, strict=True)), {}))

        return found.flat(followed)

    # --- what was left open because it was being explored ---

    def _finished(self, found: Diagram[Plan], ask: Ask, size: int) -> Diagram[Plan]:
        """Return plans over so many digits, or the row, with all that they left open followed to its end."""
        found = found.over(size) if found.digits else found
        if not self._is_open(found):
            return found
        return Finishing(self, ask).finished(found, size)


def _inputs(number: str | None, presentation: str, name: str = "") -> dict[str, Value]:
    """Return the inputs of calls, but for the extension."""
    return {
        NUMBER: None if number is None else Variable(number),
        NAME: Variable(name),
        NUMBER_PRESENTATION: Variable(presentation),
        NAME_PRESENTATION: Variable(presentation),
        SIZE: Variable(str(len(unknown_digits(number or "")))),
    }


def _place(call: Call) -> Target:
    return call.goes or (call.context, None, call.priority)


def _is_going(start: Start, ask: Ask) -> bool:
    """Tell whether calls from a start on are being explored, for what these inputs are as far as that looked."""
    return any(agree(ask, inputs.bound.items()) for inputs in start.going)


def _is_straight(call: Call) -> bool:
    """Tell whether a call only goes on, and nothing has happened on it."""
    return not call.over and not call.events and call.returns is None


def _without(error: type[Exception], inputs: Mapping[str, Value], *names: str) -> Ask:
    """Return what inputs are, but some: whoever asks for those gets an error."""

    def ask(name: str) -> Value:
        if name in names:
            raise error
        return inputs.get(name)

    return ask


def _waiting(call: Call) -> Call:
    """Return a call that is about to jump."""
    told = call.copy()
    told.goes, told.events = _place(call), ()
    return told


@contextmanager
def _deep() -> Iterator[None]:
    """Let jumps be explored within one another as deep as it takes."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST * _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
