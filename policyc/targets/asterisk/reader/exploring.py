"""All that a dialplan does with calls that are alike but for some digits and the time: plans over the digits.

A call runs as far as it can without knowing more; where it must know, it parts: on a digit into ten, on the clock and
on what became of a dial into two. What happens from one jump to the next is kept by the inputs that it looked at, and
so is what becomes of it in the end. So what stands once in a dialplan is explored once, for whichever extension a call
comes from, and in whatever form its number was presented.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader import locating, plans, remembering
from policyc.targets.asterisk.reader.applications import Runner
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
    Known,
    Names,
    Target,
    Variable,
    Word,
)
from policyc.targets.asterisk.reader.diagrams import (
    ANY_LENGTH,
    LENGTHS,
    Apart,
    Diagram,
    constant,
    first_of,
    joined,
    paired,
    spliced,
)
from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.asterisk.reader.finishing import Clock, Finishing
from policyc.targets.asterisk.reader.functions import Evaluator, looked_at, wanted_by
from policyc.targets.asterisk.reader.keeping import Kept, Row, recalled
from policyc.targets.asterisk.reader.lengths import number_in
from policyc.targets.asterisk.reader.locating import FIXED, Locator, Spot
from policyc.targets.asterisk.reader.making import Maker, Open
from policyc.targets.asterisk.reader.matching import MOST_PIECES, TOO_MANY
from policyc.targets.asterisk.reader.patterns import MAX_LENGTH, Exten
from policyc.targets.asterisk.reader.plans import (
    PRESENTED_NUMBER,
    Asked,
    Connected,
    Declined,
    Event,
    HandedOver,
    Parted,
    Plan,
    RanOut,
)
from policyc.targets.asterisk.reader.questions import (
    Ask,
    Inputs,
    LengthAsked,
    Memo,
    Paused,
    PeriodAsked,
    Questions,
    Value,
    WordAsked,
    agree,
)
from policyc.targets.asterisk.reader.readable import with_marks
from policyc.targets.asterisk.reader.records import only_records
from policyc.targets.asterisk.reader.texts import (
    DIGITS,
    NeedsDigit,
    NeedsInput,
    check_inputs,
    decode,
    digits_from,
    has_input,
    has_unknown_digit,
    has_word,
    is_status,
    show,
    unknown_digits,
    with_inputs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from policyc.schedule import Period
    from policyc.targets.asterisk.reader.dialplan import Dialplan
    from policyc.targets.asterisk.reader.patterns import Step

_DEEPEST = 20_000  # jumps whose ends are found within one another
_MOST_AHEAD = 50  # jumps
_ALL = 30  # digits: more than any number has
_FRAMES = 12  # of Python, for each of them
RETURNED = "GOSUB_RETVAL"

# --- from one jump to the next --------------------------------------------------------------------


Entered = tuple[str, Exten]
"""A context, and the extension whose steps are run first."""
_Manner = tuple[int, tuple[str, ...] | None, bool, tuple[tuple[str, Word], ...], int, int, frozenset[str], bool]
"""At which priority calls go on, and what else of them decides how: as `Call` has it, from `own` to `eager`."""
_Door = tuple[Spot, _Manner]


@dataclass(slots=True, eq=False)
class _Start:
    """Where calls go on, with all that decides how beside their inputs; and what was found of them."""

    spot: Spot
    manner: _Manner
    kept: Sequence[Row]
    block: Memo[Diagram[_Tree]] = field(default_factory=Memo)
    end: Memo[Diagram[Plan]] = field(default_factory=Memo)
    going: list[Inputs] = field(default_factory=list)

    def call(self, known: Known) -> Call:
        """Return the calls that go on here."""
        context, exten, _ = self.spot
        priority, own, confirming, words, dials, readings, inherited, eager = self.manner
        return Call(
            context, exten, priority, known, own, confirming, dict(words), dials, readings, inherited, eager=eager
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Fork:
    """Two ways to go on from a step."""

    asked: Asked | Period
    yes: _Tree
    no: _Tree


_Tree = Call | _Fork | plans.Unclear


@dataclass(slots=True)
class _Jump:
    """A call that goes on elsewhere: what it is given there, its inputs then, and where, from which digits on."""

    call: Call
    given: Mapping[str, Value]
    after: Ask
    digits: int
    starts: list[tuple[int, _Start]]


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
        self.zone = zone
        self.server_zone = server_zone
        self.outside = outside
        self.instant = instant
        self.stops: list[tuple[Place, str]] = []
        """The steps that were run, in order, and what they say."""
        self._names = Names()
        self._nothing = self._known({})
        self._tail = self._names.char(TAIL)
        self._fronts: dict[tuple[Entered, Value, Value, Value], Diagram[Call]] = {}
        self._calls: dict[object, Call] = {}
        self._numbered: dict[int, Numbered | None] = {}  # by call
        self._lengths: dict[int, set[int]] = {}  # by call of any length: calls that are some of it
        self._locator = Locator(dialplan, self._tail, at_instant=instant is not None)
        self._kept: Kept[_Door] = Kept()
        self._used: Collection[str] = ()  # contexts that all calls run through
        self._common: Mapping[Event, Event] = {}  # those of the first plans: many share some of them
        self._begin()

    def _begin(self) -> None:
        self._starts: dict[_Manner, dict[Spot, _Start]] = {}
        self._depth = 0
        self._parts = 0
        self.maker = Maker(self._common)
        self._opens: dict[object, Open] = {}
        self._apart: set[int] = set()  # calls of any length that have to be looked at one length at a time
        self._called = ""
        self._of_called: dict[object, Diagram[Plan]] = {}  # what was found of calls to that extension
        self.clock = Clock(self.zone)

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
            self._locator = Locator(self.dialplan, self._tail, at_instant=self.instant is not None)
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
                return constant(self.maker.plan((self._unclear(unclear, call),)))
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
            ask = _without(Apart, {**inputs, **_known_length(one.length)}, NUMBER)
            found = whole.part(first_of(one.length), one.length, ANY_LENGTH)
            self._of_called[alone] = self._finished(found, ask, one.length)
        return self._of_called[alone]

    def _is_any_length(self, ask: Ask) -> bool:
        """Tell whether calls are those of numbers of any length."""
        tail = ask(TAIL)
        return tail is not None and tail.value == self._tail

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

    def _straight(self, start: _Start, jump: _Jump) -> Diagram[Call] | None:
        """Return calls behind a jump, at their next one; None where they part, end, or something happens."""
        call, given = jump.call, jump.given
        if call.enters is None:
            trees = self._block(start, jump.after)
            if not all(isinstance(one, Call) and _is_straight(one) for one in trees.values):
                return None
            return trees.mapped(lambda one: self._bare(self._composed(call, one, given)))  # type: ignore[arg-type]
        ends = self._end(start, jump.after)
        if any(one.events or not isinstance(one.then, Open) or one.then.call.returns is None for one in ends.values):
            return None
        return ends.mapped(lambda one: self._bare(self._back(call, one.then.call, given)))  # type: ignore[union-attr]

    def _bare(self, call: Call) -> Call:
        """Return a call; those that are in one state are one."""
        return self._calls.setdefault(call.state, call)

    # --- blocks: from one jump to the next ---

    def _known(self, bound: Mapping[str, Value]) -> Known:
        return Known(self._names, bound, self.dialplan.variables)

    def _block(self, start: _Start, ask: Ask) -> Diagram[_Tree]:
        """Return what calls have come to when they jump, or part."""
        found = start.block.recall(ask)
        if found is None:
            inputs = Inputs(ask)
            call = start.call(self._known(inputs.bound))
            while found is None:
                step = call.step
                if step is not None and self._goes_on(call, step):
                    found = constant(call)
                    break
                after = self._stepped(call, step, inputs)
                if isinstance(after, Diagram):  # what happened comes before what is asked, whatever the answer
                    found = constant(call) if call.events else after
                elif after.over or after.goes or after.returns is not None:
                    found = constant(after)
                else:
                    call = after
            start.block.keep(inputs.bound, found)
        return found

    def _goes_on(self, call: Call, step: Step) -> bool:
        """Let a call jump if that is all its next step does, as most do, and tell whether it did."""
        if step.application != "goto" or self.instant is not None or call.eager:
            return False
        to = FIXED.fullmatch(step.data)
        if to is None:
            return False
        call.place, call.goes = step.place, (to[1] or call.context, to[2], int(to[3]))
        return True

    def _stepped(self, call: Call, step: Step | None, inputs: Inputs) -> Call | Diagram[_Tree]:
        """Return the call that calls are after their next step; what they come to, where they part.

        The step is None where it is looked for.
        """
        self._parts = 0
        if step is not None and "$" in step.data:
            self._look(call, step, inputs)
        try:
            ways = self._ways(call, inputs, "", {}, None)
        except LengthAsked:
            return Diagram(ANY_LENGTH, tuple(map(first_of, LENGTHS)), tuple(_of_length(call, one) for one in LENGTHS))
        _, first = ways[0]
        parts = len(ways) > 1 and any(other is not first for _, other in ways)
        if isinstance(first, Call) and not parts:
            return first
        return joined(inputs.size if parts else 0, ways)

    def _look(self, call: Call, step: Step, inputs: Inputs) -> None:
        """Look at the inputs that the next step looks at in any case: so it need not be tried again for each."""
        if step.application != "set" or not only_records(step.data):
            for name in looked_at(step.data, step.application in ("set", "goto")):
                if name not in call.written:
                    inputs.get(name)

    def _ways(
        self, before: Call, inputs: Inputs, digits: str, held: Mapping[Period, bool], others: dict[object, _Tree] | None
    ) -> list[tuple[int, _Tree]]:
        """Return what numbers that begin with some digits come to, at times that are held to be in periods or not.

        `others`: what else the step came to, None where it did not part; what is alike is one.
        """
        low = int(digits) * 10 ** (inputs.size - len(digits)) if digits else 0

        while True:
            try:
                after = self._tried(before, inputs, digits, held)
            except NeedsInput as needed:
                inputs.get(self._names.name(needed.char))
                if needed.char == self._tail and self._is_any_length(inputs.get):
                    raise LengthAsked from None
                continue
            except NeedsDigit:
                if len(digits) >= inputs.size:
                    raise AssertionError("a digit is asked for where all are known") from None
                self._parts += len(DIGITS)
                if self._parts > locating.MOST_PARTS:
                    return [(low, self._unclear(Unclear(What.ENDLESS, str(locating.MOST_PARTS)), before))]
                others = {} if others is None else others
                found: list[tuple[int, _Tree]] = []
                for digit in sorted(DIGITS):
                    found += self._ways(before, inputs, digits + digit, held, others)
                return found
            except PeriodAsked as asked:
                others = {} if others is None else others
                ways = [
                    self._ways(before, inputs, digits, {**held, asked.period: is_in}, others) for is_in in (True, False)
                ]
                return _forked(asked.period, *ways)
            except WordAsked as asked:
                word = before.words[asked.word].asked
                others = {} if others is None else others
                ways = [
                    self._ways(_told(before, asked, holds=holds), inputs, digits, held, others)
                    for holds in (True, False)
                ]
                return _forked(Asked(word.what, word.number, asked.value), *ways)
            except (Unclear, NotUnderstood) as unclear:
                return [(low, self._unclear(unclear, before))]
            return [(low, after if others is None else others.setdefault(after.state, after))]

    def _unclear(self, unclear: Unclear | NotUnderstood, call: Call) -> plans.Unclear:
        place = unclear.place if isinstance(unclear, NotUnderstood) else call.place
        return plans.Unclear(place.file, place.line, unclear.what.value, decode(unclear.text))

    def _tried(self, before: Call, inputs: Inputs, digits: str, held: Mapping[Period, bool]) -> Call:
        """Return the call after a step, as far as its texts are known."""
        call = before.copy()
        if digits:
            call.known = replace(before.known, digits=Known.table(digits, inputs.size))
        step = call.step
        if step is None and call.context not in self.dialplan.contexts:
            self._hand_over(call)
        elif step is None and (step := self._looked_for(call)) is None:
            self._run_out(call)
        else:
            before.place = call.place = step.place
            questions = Questions(call, self.instant, held)
            if step.application != "set" or not only_records(step.data):
                evaluator = Evaluator(self.dialplan, call, questions, self.zone.key, self.server_zone, self.outside)
                data = evaluator.substituted(step.data)
                if step.application != "set" and (step.application != "goto" or call.eager):
                    check_inputs(data)
                Runner(evaluator, self._confirm).run(step.application, data)
            call.eager = False
            if self.instant is not None:
                self.stops.append((step.place, f"{step.application}({decode(step.data)})"))
            if not call.goes:
                call.priority += 1
        call.known = before.known
        return call

    def _looked_for(self, call: Call) -> Step | None:
        """Return the step where a call is, None if there is none: it is looked for anew at each priority."""
        if call.exten is TOO_MANY:
            some = next(iter(self.dialplan.contexts[call.context].extens))
            raise NotUnderstood(next(iter(some.steps.values())).place, What.ENDLESS, str(MOST_PIECES))
        text = call.seen(EXTEN) or ""
        found = self.dialplan.find(call.context, text, wanted_by(str(call.priority)))
        return found.steps[call.priority] if found else None

    def _hand_over(self, call: Call) -> None:
        if call.confirming or call.own is not None:
            raise Unclear(What.CONTEXT, call.context)  # a Return would come back
        call.happens(HandedOver(call.context, call.seen(EXTEN) or "", call.priority, call.party))
        call.over = True

    def _run_out(self, call: Call) -> None:
        """Go on where an extension has no such step: at `i` if it is none at all, else the call is over."""
        text = call.seen(EXTEN) or ""
        if call.confirming:
            raise Unclear(What.EXTENSION, show(text))
        first = wanted_by("1")
        exists = self.dialplan.find(call.context, text, first) is not None
        if not exists and self.dialplan.find(call.context, "i", first) and text != "i":
            call.set("INVALID_EXTEN", text)
            call.goes = (call.context, "i", 1)
            return
        if not exists and self.dialplan.find(call.context, "e", first):
            raise Unclear(What.EXTENSION, "e")
        by_status = exists and is_status(call.seen("DIALSTATUS") or " ")
        call.happens(RanOut(invalid=not exists, by_status=by_status))
        call.over = True

    def _confirm(self, caller: Call, context: str) -> Plan | None:
        """Return what a context does with whoever answers; None where it is not there, which connects."""
        if context in self.outside:
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

    def _end(self, start: _Start, ask: Ask, *, entered: bool = False) -> Diagram[Plan]:
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
            found = self._block(start, inputs.get).flat(lambda tree: self.ended(tree, inputs.get))
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

    def ended(self, tree: _Tree, ask: Ask) -> Diagram[Plan]:
        """Return what becomes of calls after a block."""
        if isinstance(tree, _Fork):
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
            if self._is_any_length(ask):  # perhaps it is of some lengths only
                raise Apart from None
            onward = constant(self.maker.plan((self._unclear(unclear, tree),)))
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

    def _behind(self, start: _Start, jump: _Jump) -> Diagram[Plan]:
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
            text = self._looked_at(text, ask)
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
                seen[name] = Variable(self._looked_at(value.value, ask), value.inherited)
            return seen[name]

        words = tuple(sorted(call.words.items())) if call.words else ()
        manner = priority, own, call.confirming, words, call.dials, call.readings, call.inherited, call.eager
        digits, spots = self._locator.spots(call, context, text, priority, after)
        known = self._starts.setdefault(manner, {})
        starts = [(low, known.get(spot) or self._start(spot, manner)) for low, spot in spots]
        return _Jump(call, given, after, digits, starts)

    def _start(self, spot: Spot, manner: _Manner) -> _Start:
        """Return a start that was not met yet."""
        found = self._starts[manner][spot] = _Start(spot, manner, self._kept.rows((spot, manner)))
        return found

    def _looked_at(self, text: str, ask: Ask) -> str:
        """Return a text with all its inputs looked at."""

        def value(char: str) -> str:
            name = self._names.name(char)
            return self._nothing.text(name, ask(name))

        return with_inputs(text, value)

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
        marks = self._marks(jump.call) if jump.call.written else {}
        opens = jump.call.enters is None and self._is_open(found)  # where a Gosub is entered, `_returned` sees to them
        if not marks and not opens:
            return found

        def opened(one: Open) -> Open:
            return self._opened(self._composed(jump.call, one.call, jump.given)) if opens else one

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

    def _marks(self, call: Call) -> dict[str, str | None]:
        """Return what marks of what was presented stand for after a call; most write none."""
        if call.written.keys().isdisjoint(MARKED):
            return {}
        return {
            self._names.char(name): None if (value := call.written[name]) is None else decode(value.value)
            for name in MARKED
            if name in call.written
        }

    def _composed(self, first: Call, then: Call, given: Mapping[str, Value]) -> Call:
        """Return a call that was first one and then another, whose inputs are what the first left and was given."""
        text = self._translation(first, given)
        written = dict(first.written)
        written |= {name: then.translated(value, text) for name, value in then.written.items()}
        saved = {name: then.translated(value, text) for name, value in then.saved.items()} | first.saved
        if EXTEN in given:
            written[EXTEN] = given[EXTEN]
        returns = None if then.returns is None else text(then.returns)
        goes = then.goes
        if goes is not None and goes[1] is not None:
            goes = goes[0], text(goes[1]), goes[2]
        made = then.copy()
        made.goes, made.known, made.written, made.saved, made.returns = goes, first.known, written, saved, returns
        return made

    def _translation(self, first: Call, given: Mapping[str, Value]) -> Callable[[str], str]:
        def value(char: str) -> str:
            name = self._names.name(char)
            left = given if name in given else first.written
            return self._nothing.text(name, left[name]) if name in left else char

        return lambda text: with_inputs(text, value)

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
                    behind[id(one)] = self.ended(self._back(call, one.call, given), ask)
            return behind[id(one)]

        def followed(plan: Plan) -> Diagram[Plan]:
            ways: Diagram[tuple[Plan, ...]] = constant(())
            opens = self.maker.opens_of(plan)
            for one in opens:
                ways = paired(lambda some, way: (*some, way), ways, after(one))
            return ways.mapped(lambda some: self.maker.filled(plan, dict(zip(map(id, opens), some, strict=True)), {}))

        return found.flat(followed)

    def _back(self, call: Call, end: Call, given: Mapping[str, Value]) -> Call:
        """Return the call that went into a Gosub, when it is back from it."""
        text = self._translation(call, given)
        written = dict(call.written)
        for name, value in end.written.items():
            if name not in given and name not in end.saved:
                written[name] = end.translated(value, text)
        for name, value in end.saved.items():
            if value is None or value.value != self._names.char(name):
                written[name] = end.translated(value, text)
        written[RETURNED] = Variable(text(end.returns or ""))
        made = call.copy()
        made.written, made.words, made.dials, made.readings = written, end.words, end.dials, end.readings
        made.inherited, made.events, made.enters = end.inherited, (), None
        made.goes = call.context, None, call.priority + 1
        return made

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


def _is_going(start: _Start, ask: Ask) -> bool:
    """Tell whether calls from a start on are being explored, for what these inputs are as far as that looked."""
    return any(agree(ask, inputs.bound.items()) for inputs in start.going)


def _is_straight(call: Call) -> bool:
    """Tell whether a call only goes on, and nothing has happened on it."""
    return not call.over and not call.events and call.returns is None


def _forked(
    asked: Asked | Period, yes: list[tuple[int, _Tree]], no: list[tuple[int, _Tree]]
) -> list[tuple[int, _Tree]]:
    """Return what calls come to that go one of two ways; all begin in the midst of numbers, at the same one."""

    def fork(one: _Tree, other: _Tree) -> _Tree:
        return one if one is other else _Fork(asked, one, other)

    [(low, first), *more], [(_, second), *others] = yes, no
    if not more and not others:  # as nearly always
        return [(low, fork(first, second))]
    both = paired(fork, *(Diagram(_ALL, *zip(*ways, strict=True)) for ways in (yes, no)))
    return [*zip((low, *both.starts[1:]), both.values, strict=True)]


def _known_length(length: int) -> dict[str, Value]:
    """Return what inputs are known with the length of a number."""
    return {TAIL: Variable(digits_from(length)), SIZE: Variable(str(length))}


def _of_length(call: Call, length: int) -> Call:
    """Return a call of numbers of any length as one of a length."""
    told = call.copy()
    told.written |= _known_length(length)
    return told


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


def _told(call: Call, asked: WordAsked, *, holds: bool) -> Call:
    """Return the call that knows whether a word has a value."""
    told = call.copy()
    about = told.words[asked.word]
    possible, refused = about.possible, about.refused
    if holds:
        possible = (asked.value,)
    elif possible is not None:
        possible = tuple(one for one in possible if one != asked.value)
    else:
        refused = (*refused, asked.value)
    told.words[asked.word] = Word(about.asked, possible, refused)
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
