"""What becomes of a call from a context on, on all its ways: a diagram of plans by the caller's number.

A call is run with values that may depend on something: on the caller's number, on the time, on what a line did. Each
context that a call enters is gone through once for all calls that do not differ in what is looked at from there on, so
an extension that others forward to is gone through once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Hashable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from policyc import values
from policyc.targets.freeswitch.reader import applications, causes, dialling, plans, texts
from policyc.targets.freeswitch.reader.branch import (
    HARMLESS,
    LIMITS,
    PROFILE,
    UNDERSTOOD,
    Branch,
    Queued,
    Reads,
    plainly_set,
    transfers_left,
)
from policyc.targets.freeswitch.reader.diagrams import Diagram, Plans
from policyc.targets.freeswitch.reader.errors import Place, Unclear, What
from policyc.targets.freeswitch.reader.expanding import expanded, is_true, leading_number, words
from policyc.targets.freeswitch.reader.extensions import transferred
from policyc.targets.freeswitch.reader.hunting import MET, End, Hunt, Hunter, Passed, Rest, Step, Stretches, Tree
from policyc.targets.freeswitch.reader.kinds import Kinds
from policyc.targets.freeswitch.reader.matching import Regex
from policyc.targets.freeswitch.reader.memory import Known, KnownBy, Memory
from policyc.targets.freeswitch.reader.outcomes import Fork, Match, Outcome, located
from policyc.targets.freeswitch.reader.plans import Event, HungUp, Odd
from policyc.targets.freeswitch.reader.regions import Region
from policyc.targets.freeswitch.reader.texts import Choice, Value
from policyc.targets.freeswitch.reader.times import Clock

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.dialplan import Context, Dialplan
    from policyc.targets.freeswitch.reader.extensions import Does

_DEEPEST = 20_000  # contexts that a call goes through
_DEEPEST_EXECUTED = 32
_MOST_DIALS = 8
_MOST_STEPS = 200_000
_MANY = 1_000  # transfers that are left: more are as good as any number
_BACK = "#back"  # an application of our own: execute_extension is over
_OWN_VARIABLES = re.compile(r"%.?\[")
_CALLED = "@destination_number"
GLOBAL = "global"


@values.value()
class Exit:
    """Where a call is transferred to at the end of its first part: a context, and what the channel has."""

    context: str
    env: dict[str, Any]
    place: Place


@values.value()
class _Request:
    """Go on in a context, with what a branch has. `eventful`: something happened since the last context."""

    context: Context
    branch: Branch
    place: Place
    eventful: bool


_Work = Generator[_Request, Diagram, Diagram]


@dataclass(slots=True, eq=False)
class _Frame:
    """A context that is being gone through."""

    number: int
    key: tuple[str, Value]
    known_by: tuple[KnownBy, KnownBy]
    env: dict[str, Any]
    eventful: bool
    work: _Work
    reads: Reads
    parent: Branch


@dataclass(slots=True, eq=False)
class Explorer:
    """Explores calls that are alike in how much is known of their numbers.

    `space`: how many digits of the caller's number are unknown; None: the numbers that variables hold are not spelt
    out. `presented`: the number as it was presented, where it is spelt out. `called`: what `texts.CALLED` stands for.
    `exits`: where the first transfers are noted, which are not followed then. `local`: one call is followed, at that
    instant, by lines that nobody answers; what it runs through is noted in `stops`.
    """

    dialplan: Dialplan
    plans: Plans
    zone: str
    regexes: dict[str, Regex]
    space: int | None = None
    bases: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Where the numbers of a variable begin, by its symbol, for each kind of caller whose variable holds a number."""
    size: int = 0
    """How many callers there are."""
    kinds: tuple[tuple[int, int], ...] = ()
    """The kinds of callers: each is from one number to another."""
    presented: str | None = None
    called: str = ""
    exits: list[Exit] | None = None
    local: datetime | None = None
    stops: list[Place] = field(default_factory=list)
    assumed: dict[Regex, bool] = field(default_factory=dict)
    """What was asked of the called number."""
    is_for_called: bool = False
    """Whether what was found holds for this called number only."""
    outcomes: dict[tuple[Regex, Value, bool], tuple[Outcome, bool]] = field(default_factory=dict)
    hunter: Hunter = field(init=False)
    by_kind: Kinds = field(init=False)
    _known: Memory = field(default_factory=Memory)
    _kept: Memory = field(default_factory=Memory)
    """Of contexts that are understood and lead to none that was being gone through: some kilobytes for each."""
    stretches: Stretches = field(default_factory=dict)
    _handed: dict[tuple[str, tuple[Value, ...]], Diagram] = field(default_factory=dict)
    """Calls that were handed over, by the context, and by what they have."""
    _idle: dict[str, bool] = field(default_factory=dict)
    _left: tuple[Branch | None, Branch | None] = None, None
    """The last branch that was transferred from a hunt, and what it was then."""
    _frames: int = 0
    _open: set[int] = field(default_factory=set)
    """The contexts that are being gone through."""
    partings: int = 0
    """How often a hunt went on in several ways, of the calls that are being explored."""
    _steps: int = 0

    def __post_init__(self) -> None:
        """Make what works for it."""
        self.hunter, self.by_kind = Hunter(self), Kinds(self)

    def forget(self, *, wholly: bool = False) -> None:
        """Let go of what was found, if not wholly, but for what is kept of contexts: each is gone through once."""
        if wholly:
            self._kept.clear()
        for known in (self._known, self.by_kind, self._handed, self.outcomes, self.stretches):
            known.clear()

    # -- what hunting asks -------------------------------------------------------------------------

    def regex(self, text: str) -> Regex:
        """Return an expression: the same one for the same text."""
        if text not in self.regexes:
            self.regexes[text] = Regex(text)
        return self.regexes[text]

    def note(self, place: Place) -> None:
        """Note that the one call that is followed runs through a line."""
        if self.local is not None:
            self.stops.append(place)

    def answer(self, asked: Hashable) -> bool | None:
        """Return the answer to a question, where one call is followed."""
        if self.local is None:
            return None
        if isinstance(asked, Clock):
            return asked.period.holds(self.local)
        return isinstance(asked, plans.Failed) and "NO_ANSWER" in asked.causes

    def told_of_called(self, regex: Regex, *, groups: bool) -> Outcome:
        """Return what an expression comes to on the called number, which others may share."""
        if groups:
            self.is_for_called = True
            found = regex.search(self.called)
            return False if found is None else Match(found, self.called, regex.has_groups)
        if regex not in self.assumed:
            self.assumed[regex] = regex.matches(self.called)
        return self.assumed[regex]

    def spelt_called(self) -> str:
        """Return the called number: what is found holds for it only."""
        self.is_for_called = True
        return self.called

    def expand(self, branch: Branch, text: str) -> Value:
        """Return a text with its variables. Raises Unclear."""
        return expanded(text, lambda name: self.value(branch, name))

    def value(self, branch: Branch, name: str) -> Value:
        """Return what `${name}` gives. Raises Unclear."""
        if "(" in name:
            zone, form = name.removeprefix("strftime_tz(").removesuffix(")").split(" ")
            if zone != self.zone:
                raise Unclear(What.ZONE, name)
            return texts.clock_token(form)
        key = name.lower()
        if key in LIMITS:
            branch.reads.add(key)  # it is counted wherever the call goes
            return str(branch.env.get(key) or "")
        given: Value | None = branch.read(key)
        if given is not None:
            return given
        of_profile = branch.field(key)
        if of_profile is not None:
            return of_profile
        if key in self.dialplan.variables or key in UNDERSTOOD or key in HARMLESS:
            return ""
        return texts.variable_token(name)

    def _is_idle(self, data: str) -> bool:
        """Tell whether a variable that is set is looked at nowhere, neither by the dialplan nor by FreeSWITCH."""
        known = self._idle.get(data)
        if known is None:
            name = plainly_set(data)
            known = self._idle[data] = name is not None and name not in self.dialplan.read
        return known

    def run_inline(self, branch: Branch, application: str, data: str) -> None:
        """Run an application while hunting. Raises Unclear."""
        if application not in applications.INLINE:
            raise Unclear(What.APPLICATION, application)
        if application == "set" and self._is_idle(data):
            return
        value = _checked(data, self.expand(branch, data))
        if application in applications.SETTING:
            applications.setting(branch, application, value, lambda name: self.value(branch, name))

    # -- contexts, one after the other -------------------------------------------------------------

    def explore(self, context: str, env: dict[str, Any], place: Place) -> Diagram:
        """Return what becomes of calls that enter a context."""
        self._steps = self.partings = 0
        branch = Branch(env, Reads())
        found = self.dialplan.contexts.get(context.lower())
        if found is None:
            return self._handed_over(branch, context, place)
        return self._driven(_Request(found, branch, place, eventful=False))

    def _handed_over(self, branch: Branch, name: str, place: Place) -> Diagram:
        """Hand a call over to a context that the files do not have."""
        if GLOBAL in self.dialplan.contexts:  # it is taken for a missing one: but other files may have this one
            return self.plans.plan(Odd(place, What.CONTEXT, texts.show(name)))

        def event(values: tuple[str, ...]) -> Event:
            channel = dict(zip(_HANDED_OVER, values, strict=True))
            number, name_ = (channel[f"effective_caller_id_{one}"] for one in ("number", "name"))
            own = "" if not number else dialling.mark(number, self.presented)
            called = applications.spelt(channel["@destination_number"])
            return plans.HandedOver(name, called, dialling.shown(channel, self.presented), (own, name_))

        values = tuple([branch.read(key) or "" for key in _HANDED_OVER])
        found = self._handed.get((name, values))
        if found is None:
            found = self.by_kind.happens(values, "", lambda values, _: event(values), place, None)
            if not found.is_open:  # what is not understood has a line of its own
                self._handed[name, values] = found
        return found

    # -- contexts, one after the other -------------------------------------------------------------

    def _driven(self, first: _Request) -> Diagram:
        """Go through a context, and through those that it leads to, and so on."""
        stack: list[_Frame] = []
        by_key: dict[tuple[str, Value], list[_Frame]] = {}
        open_frames = self._open = set()
        request: _Request | None = first
        answer: Diagram | None = None
        while True:
            if request is not None:
                answer = self._remembered(request)
                if answer is None:
                    answer = self._looped(request, stack, by_key)
                if answer is None:
                    frame = self._frame(request)
                    stack.append(frame)
                    by_key.setdefault(frame.key, []).append(frame)
                    open_frames.add(frame.number)
                request = None
            if not stack:
                if answer is None:
                    raise AssertionError("a call without end")
                return answer
            frame = stack[-1]
            try:
                request = frame.work.send(answer)  # type: ignore[arg-type]  # None starts it
                answer = None
            except StopIteration as stop:
                answer = stop.value
                stack.pop()
                by_key[frame.key].pop()
                open_frames.discard(frame.number)
                frame.reads.open -= {frame.number}
                self._remember(frame, stop.value)
                if stack:
                    _hand_on(frame.parent, frame.reads, frame.reads.need, frame.reads.open)

    def _frame(self, request: _Request) -> _Frame:
        self._frames += 1
        env = request.branch.env
        reads = Reads()
        work = self._through(request.context, Branch(dict(env), reads))
        return _Frame(
            self._frames,
            _key(request),
            _known_by(request.context, env),
            env,
            request.eventful,
            work,
            reads,
            request.branch,
        )

    def _remembered(self, request: _Request) -> Diagram | None:
        """Return what is known of a request, and note for the context it comes from what that depends on."""
        if self.exits is not None or self.local is not None:
            return None
        env = request.branch.env
        for known_by in _known_by(request.context, env):
            for names, known in (*self._kept.of(known_by, env), *self._known.of(known_by, env)):
                if not known.open <= self._open:
                    continue
                if known.need and transfers_left(env)[1] <= known.need:
                    continue
                _hand_on(request.branch, names, known.need, known.open)
                return known.diagram
        return None

    def _remember(self, frame: _Frame, diagram: Diagram) -> None:
        if self.exits is not None or self.local is not None:
            return
        kept = self._known if frame.reads.open or diagram.is_open else self._kept
        known = Known(diagram, frame.reads.need, frame.reads.open)
        kept.keep(frame.known_by[_CALLED not in frame.reads], frame.reads, frame.env, known)

    def _looped(
        self, request: _Request, stack: list[_Frame], by_key: dict[tuple[str, Value], list[_Frame]]
    ) -> Diagram | None:
        """Return what comes of a call that goes round: it is transferred until it may not be any more."""
        if len(stack) > _DEEPEST:
            return self.plans.plan(Odd(request.place, What.ENDLESS, request.context.name))
        same = by_key.get(_key(request))
        if not same:
            return None
        env = _without_limits(request.branch.env)
        for frame in reversed(same):
            if _without_limits(frame.env) == env:
                around = [one for one in stack if one.number >= frame.number]
                if any(one.reads & set(LIMITS) for one in around):
                    return None
                request.branch.reads.open |= {frame.number}
                if request.eventful or any(one.eventful for one in around[1:]):
                    return self.plans.plan(Odd(request.place, What.ENDLESS, request.context.name))
                return self.plans.plan(HungUp(causes.EXCHANGE))
        return None

    # -- one context -------------------------------------------------------------------------------

    def _through(self, context: Context, branch: Branch) -> _Work:
        """Go through a context: hunt, and run what was queued."""
        return (yield from self._value(self.hunter.hunt(branch, context), None, self._hunt_over))

    def _hunt_over(self, branch: Branch) -> _Work:
        """Run what was queued where a hunt ended."""
        met = branch.env.get(MET)
        if isinstance(met, Choice):

            def run(branch: Branch, yes: bool) -> _Work:
                branch.write(MET, met.yes if yes else met.no)
                return self._hunt_over(branch)

            return (yield from self._either(met.asked, branch, run))
        if met is None:
            return self.plans.plan(HungUp(causes.NO_ROUTE))
        return (yield from self._run(branch, tuple(branch.queue), eventful=False))

    def _value(self, tree: Tree, rest: Diagram | None, finish: Callable[[Branch], _Work]) -> _Work:
        """Return the diagram of a tree; `rest` is what follows where the hunt goes on."""
        if isinstance(tree, Passed):
            onward = self._onward(tree)
            if onward is not None:
                return onward if isinstance(onward, Diagram) else (yield onward)
            tree = self.hunter.passed(tree)
        match tree:
            case End():
                return (yield from finish(tree.branch))
            case Hunt():
                return (yield from self._hunted(tree, rest, finish))
            case Odd():
                return self.plans.plan(tree)
            case Fork(asked, yes, no):
                inside = self.plans.within(asked, rest) if rest is not None and isinstance(asked, Region) else rest
                one = yield from self._value(yes, inside, finish)
                other = yield from self._value(no, rest, finish)
                return self.plans.either(asked, one, other)
            case Step(outcome, passed) if rest is not None:
                found = yield from self._value(passed, None, finish)
                return self.plans.chosen(outcome, found, rest)
            case Rest() if rest is not None:
                return rest
        raise AssertionError(f"no end of a hunt, or it goes on to nothing: {tree}")

    def _hunted(self, hunt: Hunt, rest: Diagram | None, finish: Callable[[Branch], _Work]) -> _Work:
        """Return the diagram of a hunt: what each of its steps comes to lies over what follows."""
        found = yield from self._value(hunt.last, rest, finish)
        known: dict[tuple[int, Does], Diagram] = {}  # of the same actions, taken where nothing was set in between
        if isinstance(hunt.last, Passed) and not found.is_open:  # what is not understood has a line of its own
            known[id(hunt.last.branch), hunt.last.extension.does] = found
        over: list[tuple[Outcome, Diagram]] = []
        for step in reversed(hunt.steps):
            if not isinstance(step, Step):
                found = yield from self._value(step, self.plans.under(found, over), finish)
                over = []
                continue
            passed = step.passed
            key = id(passed.branch), passed.extension.does
            inside = known.get(key)
            if inside is None:
                inside = yield from self._value(passed, None, finish)
                if not inside.is_open:
                    known[key] = inside
            over.append((step.outcome, inside))
        return self.plans.under(found, over)

    def _onward(self, passed: Passed) -> _Request | Diagram | None:
        """Return where calls go on, or what becomes of them, that an extension does nothing with but transfer them.

        None: it does more, or something comes in between; then its actions are to be run one by one.
        """
        to = transferred(passed.extension.does)
        if to is None or passed.branch.queue or self.exits is not None or self.local is not None:
            return None
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return None
        leaving = self._leaving(passed.branch)
        if leaving is None:
            return None
        number, name = to
        env = {**leaving.env, _CALLED: number, "@context": name}
        branch = Branch(env, leaving.reads, leaving.written)
        context = self.dialplan.contexts.get(name.lower())
        place = passed.extension.conditions[-1].actions[0].place
        if context is None:
            return self._handed_over(branch, name, place)
        return _Request(context, branch, place, eventful=False)

    def _leaving(self, branch: Branch) -> Branch | None:
        """Return a branch as a hunt transfers it, wherever to; None where that is not allowed, unclear, or not all.

        The extensions of a context transfer the same one, one after the other.
        """
        before, leaving = self._left
        if before is not branch:
            leaving = None
            if branch.read("#depth") is None:  # what is executed comes behind something, and before something
                leaving = self._transferred(branch.copy())
            self._left = branch, leaving
        return leaving

    def _transferred(self, branch: Branch) -> Branch | None:
        """Return a branch once it is transferred; None where that is not allowed, or unclear."""
        branch.write(MET, "true")
        try:
            if not branch.may_be_transferred():
                return None
        except Unclear:
            return None
        _enter(branch, "", "")
        return branch

    # -- what was queued ---------------------------------------------------------------------------

    def _run(self, branch: Branch, items: tuple[Queued, ...], *, eventful: bool) -> _Work:
        """Run applications, one after the other, to the end; `eventful`: something happened before in the context."""
        events: list[Event] = []
        for at, item in enumerate(items):
            try:
                value = self._at_once(branch, item, events)
                if value is None:
                    continue
                ready = Queued(item.application, value, item.place, ready=True)
                found = yield from self._one(branch, ready, items[at + 1 :], eventful or bool(events))
            except Unclear as unclear:
                found = self.plans.plan(located(item.place, unclear))
            return self.plans.behind(tuple(events), found)
        return self.plans.plan(*events, HungUp(causes.CLEARING))

    def _at_once(self, branch: Branch, item: Queued, events: list[Event]) -> Value | None:
        """Run an application that lets the queue go on; of others, return the data, expanded. Raises Unclear."""
        application, value = item.application, item.data
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise Unclear(What.ENDLESS, application)
        if application == "set" and isinstance(value, str) and self._is_idle(value):
            return None
        if not item.ready:
            self.note(item.place)
            value = _checked(item.data, self.expand(branch, item.data) if isinstance(item.data, str) else item.data)
        if application in applications.SETTING:
            applications.setting(branch, application, value, lambda name: self.value(branch, name))
            return None
        if application in applications.NOTHING:
            return None
        heard = applications.HEARD.get(application)
        if heard is None or isinstance(value, Choice):
            return value
        event = heard(branch, value)
        if event is not None:
            events.append(event)
        return None

    def _one(self, branch: Branch, item: Queued, rest: tuple[Queued, ...], eventful: bool) -> _Work:
        """Run one application that sees to all that follows. Raises Unclear."""
        application, value = item.application, item.data
        if isinstance(value, Choice) and application != "bridge":

            def run(branch: Branch, yes: bool) -> _Work:
                ready = Queued(application, value.yes if yes else value.no, item.place, ready=True)
                return self._run(branch, (ready, *rest), eventful=eventful)

            return (yield from self._either(value.asked, branch, run))
        if application in _CONTROL:
            return (yield from _CONTROL[application](self, branch, item, rest, eventful))
        raise Unclear(What.APPLICATION, application)

    def _either(self, asked: Hashable, branch: Branch, run: Callable[[Branch, bool], _Work]) -> _Work:
        """Run a call both ways."""
        answer = self.answer(asked)
        if answer is not None:
            return (yield from run(branch, answer))
        one = yield from run(branch.copy(), True)
        other = yield from run(branch, False)
        return self.plans.either(asked, one, other)

    def _hangup(self, _: Branch, item: Queued, __: tuple[Queued, ...], ___: bool) -> _Work:
        data = str(item.data)
        cause = data if texts.is_cause(data) else causes.named(data)
        return self.plans.plan(HungUp(cause))
        yield

    def _respond(self, _: Branch, item: Queued, __: tuple[Queued, ...], ___: bool) -> _Work:
        return self.plans.plan(HungUp(causes.of_response(str(item.data))))
        yield

    def _transfer(self, branch: Branch, item: Queued, _: tuple[Queued, ...], eventful: bool) -> _Work:
        data = applications.spelt(str(item.data))
        number, dialplan, name = (*words(data, 4), "", "", "")[:3]
        if texts.CALLED in name:
            name = name.replace(texts.CALLED, self.spelt_called())
        if not number or number.startswith("-") or dialplan not in ("", "XML") or not texts.is_known(name):
            raise Unclear(What.ARGUMENTS, texts.show(data))
        if not branch.may_be_transferred():
            return self.plans.plan(HungUp(causes.EXCHANGE))
        if not name:
            given = branch.read("@context")
            if not isinstance(given, str):
                raise Unclear(What.VALUE, texts.show(data))
            name = given
        _enter(branch, number, name)
        if self.exits is not None:
            self.exits.append(Exit(name, branch.env, item.place))
            return self.plans.plan(plans.Onward(len(self.exits) - 1))
        context = self.dialplan.contexts.get(name.lower())
        if context is None:
            return self._handed_over(branch, name, item.place)
        return (yield _Request(context, branch, item.place, eventful))

    def _execute(self, branch: Branch, item: Queued, rest: tuple[Queued, ...], eventful: bool) -> _Work:
        data = applications.spelt(str(item.data))
        number, dialplan, name = (*words(data, 4), "", "", "")[:3]
        if not number or dialplan not in ("", "XML") or not texts.is_known(name):
            raise Unclear(What.ARGUMENTS, texts.show(data))
        depth = branch.read("#depth") or 0
        if depth > _DEEPEST_EXECUTED:
            return (yield from self._run(branch, rest, eventful=eventful))
        name = name or branch.read("@context")
        context = self.dialplan.contexts.get(name.lower()) if isinstance(name, str) else None
        if context is None:
            raise Unclear(What.CONTEXT, texts.show(data))
        branch.write("#depth", depth + 1)
        if branch.read("#base") is None:
            branch.write("#base", tuple((key, branch.read(key)) for key in PROFILE))
        branch.write("@destination_number", number)
        branch.write("@context", name)
        branch.queue = []
        back = Queued(_BACK, "", item.place, ready=True)

        def finish(branch: Branch) -> _Work:
            own = branch.copy()  # ends of a hunt may be one branch, and each has the rest before it
            return self._run(own, (*own.queue, back, *rest), eventful=eventful)

        return (yield from self._value(self.hunter.hunt(branch, context), None, finish))

    def _back(self, branch: Branch, _: Queued, rest: tuple[Queued, ...], eventful: bool) -> _Work:
        for key, value in branch.read("#base") or ():  # the profile from before an outer one, too
            branch.write(key, value)
        branch.write("#base", None)
        branch.write("#depth", (branch.read("#depth") or 1) - 1 or None)
        return (yield from self._run(branch, rest, eventful=eventful))

    def _bridge(self, branch: Branch, item: Queued, rest: tuple[Queued, ...], eventful: bool) -> _Work:
        if not item.data:
            return (yield from self._run(branch, rest, eventful=eventful))
        for name in ("continue_on_fail", "hangup_after_bridge"):
            value = branch.env.get(name)
            if isinstance(value, Choice):
                branch.read(name)
                return (
                    yield from self._either(value.asked, branch, self._bridge_with(name, value, item, rest, eventful))
                )
        exports = branch.read("#exports") or ()
        exported = {name.lower().removeprefix("nolocal:").removeprefix("_nolocal_"): name.lower() for name in exports}
        values = tuple(branch.read(name) or "" for name in (*dialling.DEPENDS, *exported.values()))

        def event(values: tuple[str, ...], data: str) -> Event:
            channel = dict(zip(dialling.DEPENDS, values, strict=False))
            others = zip(exported, values[len(dialling.DEPENDS) :], strict=True)
            return dialling.dialled(data, channel, {name: value for name, value in others if value}, self.presented)

        dial = branch.read("#dials") or 0
        if dial == _MOST_DIALS:
            raise Unclear(What.ENDLESS, "bridge")
        branch.write("#dials", dial + 1)
        given = branch.env.get("max_forwards") or str(_MANY + 1)
        if not isinstance(given, str):
            raise Unclear(What.VALUE, "max_forwards")
        forwards = leading_number(given)
        if forwards <= _MANY:
            branch.reads.update(LIMITS)
        if forwards - 1 <= 0:
            cause = causes.EXCHANGE
            for name in ("originate_disposition", "originate_failed_cause", "dialstatus"):
                branch.write(name, cause)
            if cause not in causes.going_on(branch.read("continue_on_fail")):
                return self.plans.plan(HungUp(cause))
            return (yield from self._run(branch, rest, eventful=eventful))

        def ended(branch: Branch, taken: bool) -> _Work:
            return (self._taken if taken else self._failed)(branch, dial, rest)

        found = yield from self._either(plans.Taken(dial), branch, ended)
        return self.by_kind.happens(values, item.data, event, item.place, found)

    def _bridge_with(
        self, name: str, value: Choice, item: Queued, rest: tuple[Queued, ...], eventful: bool
    ) -> Callable[[Branch, bool], _Work]:
        def run(branch: Branch, yes: bool) -> _Work:
            branch.assume(name, value.yes if yes else value.no)
            return self._run(branch, (Queued("bridge", item.data, item.place, ready=True), *rest), eventful=eventful)

        return run

    def _taken(self, branch: Branch, _: int, rest: tuple[Queued, ...]) -> _Work:
        """Go on when the line that was dialled took the call, and hung up."""
        branch.write("originate_disposition", "SUCCESS")
        branch.write("dialstatus", "SUCCESS")
        branch.answer()
        if is_true(branch.read("hangup_after_bridge")):
            return self.plans.plan(plans.Talked(), HungUp(causes.CLEARING))
        found = yield from self._run(branch, rest, eventful=True)
        return self.plans.behind((plans.Talked(),), found)

    def _failed(self, branch: Branch, dial: int, rest: tuple[Queued, ...]) -> _Work:
        """Go on when the line that was dialled did not take the call."""
        why = texts.cause_symbol(dial)
        branch.write("originate_disposition", why)
        branch.write("originate_failed_cause", why)
        branch.write("dialstatus", _dial_status(dial))
        goes_on = causes.going_on(branch.read("continue_on_fail"))
        if not goes_on:
            return self.plans.plan(HungUp(why))
        if goes_on == causes.FAILURES:
            return (yield from self._run(branch, rest, eventful=True))

        def run(branch: Branch, on: bool) -> _Work:
            if not on:
                return self.plans.plan(HungUp(why))
            return (yield from self._run(branch, rest, eventful=True))

        return (yield from self._either(plans.Failed(dial, goes_on), branch, run))


_Control = Callable[[Explorer, Branch, Queued, tuple[Queued, ...], bool], _Work]
_CONTROL: Mapping[str, _Control] = {
    "hangup": Explorer._hangup,  # noqa: SLF001  its own methods, by their names in dialplans
    "respond": Explorer._respond,  # noqa: SLF001
    "transfer": Explorer._transfer,  # noqa: SLF001
    "execute_extension": Explorer._execute,  # noqa: SLF001
    _BACK: Explorer._back,  # noqa: SLF001
    "bridge": Explorer._bridge,  # noqa: SLF001
}
_HANDED_OVER = (
    *("@destination_number", "@caller_id_number", "@caller_id_name", "@hide_number", "@hide_name"),
    *("effective_caller_id_number", "effective_caller_id_name"),
)
"""What of a channel is told where a call is handed over."""
_DIAL_STATUS = {
    "USER_BUSY": "BUSY",
    "NO_ANSWER": "NOANSWER",
    "DESTINATION_OUT_OF_ORDER": "INVALIDARGS",
    "CALL_REJECTED": "DONTCALL",
}


@lru_cache(maxsize=_MOST_DIALS)
def _dial_status(dial: int) -> Value:
    """Return what `${DIALSTATUS}` is behind a line that did not take the call."""
    why = texts.cause_symbol(dial)
    status: Value = why
    for cause, name in _DIAL_STATUS.items():
        status = texts.choice(plans.Failed(dial, frozenset((cause,))), name, status)
    return status


def _enter(branch: Branch, number: str, context: str) -> None:
    """Give a call what a transfer to a context gives it."""
    branch.write("@rdnis", branch.read(_CALLED))
    branch.write(_CALLED, number)
    branch.write("@context", context)
    branch.write("#base", None)
    branch.write("#depth", None)


def _key(request: _Request) -> tuple[str, Value]:
    return request.context.name.lower(), request.branch.env.get("@destination_number", "")


def _known_by(context: Context, env: Mapping[str, Any]) -> tuple[KnownBy, KnownBy]:
    """Return by what that is kept which depends on the called number, and that which does not."""
    return (context.name, env.get(_CALLED)), (context.name, None)


def _without_limits(env: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in env.items() if name not in LIMITS}


def _hand_on(branch: Branch, names: AbstractSet[str], need: int, open_frames: frozenset[int]) -> None:
    """Note, for the context that a branch is in, what the one that it went on to depends on."""
    reads = branch.reads
    reads |= names - branch.written
    reads.need = max(reads.need, need + 1)
    if open_frames:
        reads.open |= open_frames


def _checked(raw: Value, value: Value) -> Value:
    """Return the data of an application, which must not be taken for variables of its own. Raises Unclear."""
    if isinstance(value, Choice):
        _checked(raw, value.yes)
        _checked(raw, value.no)
    elif value.startswith("%") and _OWN_VARIABLES.match(value):
        raise Unclear(What.ARGUMENTS, texts.show(str(raw)))
    return value
