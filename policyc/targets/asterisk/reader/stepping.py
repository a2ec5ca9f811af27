"""Calls at a start in, what they come to from there to their next jump out: where they go, part or end.

A call runs as far as it can without knowing more; where it must know, it parts: on a digit into ten, on the clock and
on what became of a dial into two. What was found is kept by the inputs that were looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader import locating, plans
from policyc.targets.asterisk.reader.applications import Runner
from policyc.targets.asterisk.reader.call import EXTEN, SIZE, TAIL, Call, Known, Names, Variable, Word
from policyc.targets.asterisk.reader.diagrams import ANY_LENGTH, LENGTHS, Diagram, constant, first_of, joined, paired
from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.asterisk.reader.functions import Evaluator, looked_at, wanted_by
from policyc.targets.asterisk.reader.locating import FIXED, Spot
from policyc.targets.asterisk.reader.matching import MOST_PIECES, TOO_MANY
from policyc.targets.asterisk.reader.plans import Asked, HandedOver, Plan, RanOut
from policyc.targets.asterisk.reader.questions import (
    Ask,
    Inputs,
    LengthAsked,
    Memo,
    PeriodAsked,
    Questions,
    Value,
    WordAsked,
)
from policyc.targets.asterisk.reader.records import only_records
from policyc.targets.asterisk.reader.texts import (
    DIGITS,
    NeedsDigit,
    NeedsInput,
    check_inputs,
    decode,
    digits_from,
    is_status,
    show,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from policyc.schedule import Period
    from policyc.targets.asterisk.reader.dialplan import Dialplan
    from policyc.targets.asterisk.reader.keeping import Row
    from policyc.targets.asterisk.reader.patterns import Step

_ALL = 30  # digits: more than any number has

Manner = tuple[int, tuple[str, ...] | None, bool, tuple[tuple[str, Word], ...], int, int, frozenset[str], bool]
"""At which priority calls go on, and what else of them decides how: as `Call` has it, from `own` to `eager`."""
Confirm = Callable[[Call, str], Plan | None]
"""Returns what a context does with whoever answers a call; None where it is not there, which connects."""


@dataclass(slots=True, eq=False)
class Start:
    """Where calls go on, with all that decides how beside their inputs; and what was found of them."""

    spot: Spot
    manner: Manner
    kept: Sequence[Row]
    block: Memo[Diagram[Tree]] = field(default_factory=Memo)
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
class Fork:
    """Two ways to go on from a step."""

    asked: Asked | Period
    yes: Tree
    no: Tree


Tree = Call | Fork | plans.Unclear


class Stepper:
    """Takes calls through a dialplan, from one jump to the next."""

    def __init__(
        self,
        dialplan: Dialplan,
        names: Names,
        zone: ZoneInfo,
        server_zone: str | None,
        outside: frozenset[str],
        instant: datetime | None,
        confirm: Confirm,
    ) -> None:
        """Take what `Walk` says, the names of inputs, and what tells of whoever answers."""
        self._dialplan = dialplan
        self._zone = zone
        self._server_zone = server_zone
        self._outside = outside
        self._instant = instant
        self.stops: list[tuple[Place, str]] = []
        """The steps that were run, in order, and what they say."""
        self._names = names
        self._tail = names.char(TAIL)
        self._confirm = confirm
        self._parts = 0  # of the numbers of the step that is tried

    def known(self, bound: Mapping[str, Value]) -> Known:
        """Return what there is to look at where some inputs are known."""
        return Known(self._names, bound, self._dialplan.variables)

    def is_any_length(self, ask: Ask) -> bool:
        """Tell whether calls are those of numbers of any length."""
        tail = ask(TAIL)
        return tail is not None and tail.value == self._tail

    def block(self, start: Start, ask: Ask) -> Diagram[Tree]:
        """Return what calls have come to when they jump, or part."""
        found = start.block.recall(ask)
        if found is None:
            inputs = Inputs(ask)
            call = start.call(self.known(inputs.bound))
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
        if step.application != "goto" or self._instant is not None or call.eager:
            return False
        to = FIXED.fullmatch(step.data)
        if to is None:
            return False
        call.place, call.goes = step.place, (to[1] or call.context, to[2], int(to[3]))
        return True

    def _stepped(self, call: Call, step: Step | None, inputs: Inputs) -> Call | Diagram[Tree]:
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
        self, before: Call, inputs: Inputs, digits: str, held: Mapping[Period, bool], others: dict[object, Tree] | None
    ) -> list[tuple[int, Tree]]:
        """Return what numbers that begin with some digits come to, at times that are held to be in periods or not.

        `others`: what else the step came to, None where it did not part; what is alike is one.
        """
        low = int(digits) * 10 ** (inputs.size - len(digits)) if digits else 0

        while True:
            try:
                after = self._tried(before, inputs, digits, held)
            except NeedsInput as needed:
                inputs.get(self._names.name(needed.char))
                if needed.char == self._tail and self.is_any_length(inputs.get):
                    raise LengthAsked from None
                continue
            except NeedsDigit:
                if len(digits) >= inputs.size:
                    raise AssertionError("a digit is asked for where all are known") from None
                self._parts += len(DIGITS)
                if self._parts > locating.MOST_PARTS:
                    return [(low, unclear_at(Unclear(What.ENDLESS, str(locating.MOST_PARTS)), before))]
                others = {} if others is None else others
                found: list[tuple[int, Tree]] = []
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
                return [(low, unclear_at(unclear, before))]
            return [(low, after if others is None else others.setdefault(after.state, after))]

    def _tried(self, before: Call, inputs: Inputs, digits: str, held: Mapping[Period, bool]) -> Call:
        """Return the call after a step, as far as its texts are known."""
        call = before.copy()
        if digits:
            call.known = replace(before.known, digits=Known.table(digits, inputs.size))
        step = call.step
        if step is None and call.context not in self._dialplan.contexts:
            self._hand_over(call)
        elif step is None and (step := self._looked_for(call)) is None:
            self._run_out(call)
        else:
            before.place = call.place = step.place
            questions = Questions(call, self._instant, held)
            if step.application != "set" or not only_records(step.data):
                evaluator = Evaluator(self._dialplan, call, questions, self._zone.key, self._server_zone, self._outside)
                data = evaluator.substituted(step.data)
                if step.application != "set" and (step.application != "goto" or call.eager):
                    check_inputs(data)
                Runner(evaluator, self._confirm).run(step.application, data)
            call.eager = False
            if self._instant is not None:
                self.stops.append((step.place, f"{step.application}({decode(step.data)})"))
            if not call.goes:
                call.priority += 1
        call.known = before.known
        return call

    def _looked_for(self, call: Call) -> Step | None:
        """Return the step where a call is, None if there is none: it is looked for anew at each priority."""
        if call.exten is TOO_MANY:
            some = next(iter(self._dialplan.contexts[call.context].extens))
            raise NotUnderstood(next(iter(some.steps.values())).place, What.ENDLESS, str(MOST_PIECES))
        text = call.seen(EXTEN) or ""
        found = self._dialplan.find(call.context, text, wanted_by(str(call.priority)))
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
        exists = self._dialplan.find(call.context, text, first) is not None
        if not exists and self._dialplan.find(call.context, "i", first) and text != "i":
            call.set("INVALID_EXTEN", text)
            call.goes = (call.context, "i", 1)
            return
        if not exists and self._dialplan.find(call.context, "e", first):
            raise Unclear(What.EXTENSION, "e")
        by_status = exists and is_status(call.seen("DIALSTATUS") or " ")
        call.happens(RanOut(invalid=not exists, by_status=by_status))
        call.over = True


def unclear_at(unclear: Unclear | NotUnderstood, call: Call) -> plans.Unclear:
    """Return what is unclear about a call, as a plan says it."""
    place = unclear.place if isinstance(unclear, NotUnderstood) else call.place
    return plans.Unclear(place.file, place.line, unclear.what.value, decode(unclear.text))


def _forked(asked: Asked | Period, yes: list[tuple[int, Tree]], no: list[tuple[int, Tree]]) -> list[tuple[int, Tree]]:
    """Return what calls come to that go one of two ways; all begin in the midst of numbers, at the same one."""

    def fork(one: Tree, other: Tree) -> Tree:
        return one if one is other else Fork(asked, one, other)

    [(low, first), *more], [(_, second), *others] = yes, no
    if not more and not others:  # as nearly always
        return [(low, fork(first, second))]
    both = paired(fork, *(Diagram(_ALL, *zip(*ways, strict=True)) for ways in (yes, no)))
    return [*zip((low, *both.starts[1:]), both.values, strict=True)]


def known_length(length: int) -> dict[str, Value]:
    """Return what inputs are known with the length of a number."""
    return {TAIL: Variable(digits_from(length)), SIZE: Variable(str(length))}


def _of_length(call: Call, length: int) -> Call:
    """Return a call of numbers of any length as one of a length."""
    told = call.copy()
    told.written |= known_length(length)
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
