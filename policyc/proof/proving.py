"""What files do and what a policy decides in; that they agree on every call, or a call on which they do not, out.

Nothing is sampled. For each number that is called, what a reader found for all callers of a shape is cut against what
the decision model says of the same callers, and every pair that meets is compared at every class of time. What is alike
is one object on both sides, so that nearly every comparison is one that was made before.

A counterexample is confirmed by the interpreter, which shares nothing with the model.
"""

import gc
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from policyc import digits, evaluate, graph, processes, schedule
from policyc.decision import Diagram
from policyc.digits import Caller, NumberSet
from policyc.evaluate import Call, Outcome
from policyc.model import Policy
from policyc.outcomes import DecisionModel, Ending, Leaf, Outcomes
from policyc.progress import NOBODY, Step, Watch
from policyc.proof import protocol
from policyc.proof.protocol import Calls, Found, NotUnderstood, Plan, Proving, Reading, Stop, Window
from policyc.proof.shapes import PRESENTATIONS, Shape, shapes
from policyc.schedule import Partition, Period

if TYPE_CHECKING:
    from policyc.proof.standing import Standing

EXAMPLES: Final = 3
"""Of how many extensions a counterexample is shown, at most."""

MANY: Final = 200
"""From how many called numbers on several processes share the work."""

_KEPT: Final = 250
"""After how many called numbers what was found before is forgotten: what they share is soon found again."""

_START: Final = itemgetter(0)  # of a window
_NOWHERE: Final = 1 << 100  # behind all numbers

Measure = tuple[int, int]
"""Of a called number: how many presented numbers call it, and how many comparisons were made for them."""

Account = tuple[tuple[str, Mapping[str, str]], ...]
"""What happens on a call, in order: keys of sentences (`words`, section `proof`) and their values."""


@dataclass(frozen=True, slots=True)
class Work:
    """The files of one target, read back, to be held to a policy.

    `known` are called numbers for which that was proved before, with what it took.
    """

    target: str
    proving: Proving
    reading: Reading
    settings: Mapping[str, Any]
    known: Mapping[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A call with which files do otherwise than the policy says: who, to whom, when, and both accounts of it."""

    presented: str
    hidden: bool
    caller: Caller
    called: str
    local: datetime
    outcome: Outcome
    expected: Account
    found: Account
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of proving one target.

    It speaks of `extensions`, and of `others`: numbers that are none of the policy's extensions. `numbers` presented
    numbers call each of them; `moments` are the classes of time that rules tell apart, the most at one extension;
    `calls` are all triples of called number, presented number and moment; `comparisons` were made for them.
    `differing` are the called numbers for which something is not as the policy says, of few of which there are
    `examples`. `unclear`: the first thing that the reader does not understand, whatever else was found. `proved` are
    the numbers for which all holds, none where something is unclear. `standing` is what the next proof may build upon.
    """

    target: str
    extensions: int
    others: int
    numbers: int
    moments: int
    calls: int
    comparisons: int
    differing: tuple[str, ...] = ()
    examples: tuple[Counterexample, ...] = ()
    unclear: NotUnderstood | None = None
    proved: Mapping[str, Measure] = field(default_factory=dict, compare=False)
    standing: "Standing | None" = field(default=None, compare=False)

    @property
    def holds(self) -> bool:
        """Whether all is proved."""
        return not self.differing and self.unclear is None


def prove(
    model: DecisionModel, works: Sequence[Work], jobs: int | None = None, watch: Watch = NOBODY
) -> tuple[Proof, ...]:
    """Return the proofs of some targets, or what stands against them; the same for any number of `jobs`.

    Jobs are processes that share the extensions; None: as many as are worth their while.
    """
    called = (*model.policy.extensions, *_strangers(model.policy))
    asked = [[number for number in called if number not in work.known] for work in works]
    jobs = _jobs(max(map(len, asked), default=0)) if jobs is None else jobs
    provers = [
        _Prover(model, work, watch.proof(work.target, len(some)), watch.shows)
        for work, some in zip(works, asked, strict=True)
    ]
    # What was read is there already in a process that is forked, and is never sent.
    tasks = [partial(_run, provers, [_part(some, job, jobs) for some in asked]) for job in range(jobs)]
    parts = processes.each(tasks, jobs=jobs, meanwhile=watch.shows)
    return tuple(prover.proof(called, [part[at] for part in parts]) for at, prover in enumerate(provers))


def _strangers(policy: Policy) -> tuple[str, ...]:
    """Return the systems of a policy, and numbers that are none of its own but look like some."""
    own = sorted(policy.extensions)
    near = (own[0] + "0", own[-1] + "9", own[0][:-1], own[-1][:-1]) if own else ()
    like = (*near, "0199000001", "0")
    known = policy.extensions.keys() | policy.systems.keys()
    return (*policy.systems, *dict.fromkeys(number for number in like if number and number not in known))


# -- several processes -------------------------------------------------------------------------------------------------


def _jobs(called: int) -> int:
    """Return how many processes are worth their while."""
    return processes.cores() if called >= MANY else 1


def _part(called: Sequence[str], job: int, jobs: int) -> Sequence[str]:
    """Return the numbers that one of several processes sees to: neighbours, which forward to one another more often."""
    return called[len(called) * job // jobs : len(called) * (job + 1) // jobs]


def _run(provers: Sequence["_Prover"], called: Sequence[Sequence[str]]) -> list["_Share"]:
    if not gc.isenabled():  # the command looks for cycles nowhere else: what is there now is none of them
        gc.freeze()
    return [prover.run(some) for prover, some in zip(provers, called, strict=True)]


def _deepest_first(model: DecisionModel, called: Sequence[str]) -> Iterator[str]:
    """Yield called numbers, each after those that it forwards to: what becomes of calls there is known when they come.

    In the order of their numbers, ten times as many extensions are looked at from one forgetting to the next.
    """
    own = model.policy.extensions
    some = set(called)
    for group in graph.components((number for number in called if number in own), model.forwards):
        yield from (number for number in group if number in some)
    yield from (number for number in called if number not in own)


# -- one target --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Share:
    """What came of some called numbers; `unclear`: what a `NotUnderstood` is made of, of each that has one."""

    measures: Mapping[str, Measure]  # of those that are understood
    differing: Sequence[str]
    unclear: Mapping[str, tuple[str, int, str, str]]


def _together(shares: Iterable[_Share]) -> _Share:
    """Return several shares as one."""
    measures: dict[str, Measure] = {}
    differing: list[str] = []
    unclear: dict[str, tuple[str, int, str, str]] = {}
    for one in shares:
        measures |= one.measures
        differing += one.differing
        unclear |= one.unclear
    return _Share(measures, differing, unclear)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Numbers of a shape, from some unknown digits until before others, whose plan is not always as a leaf says."""

    asked: "_Asked"
    low: int
    high: int
    rank: int  # of the first
    plan: Plan
    leaf: Leaf

    @property
    def shape(self) -> Shape:
        return self.asked.shape


_Manner = tuple[bool, bool, bool]
"""All that an expected plan may depend on: internal, hidden, whether a number is presented at all."""


def _manner(calls: Calls) -> _Manner:
    shows = any(char == protocol.UNKNOWN or char.isdigit() for char in calls.presented)
    return calls.internal, calls.hidden, shows


@dataclass(frozen=True, slots=True)
class _Asked:
    """A shape that is asked about, and its place among all."""

    shape: Shape
    manner: _Manner
    order: int


class _Shapes:
    """The shapes that are asked about, and what is to be compared of them where they are laid out in some way."""

    def __init__(self, asked: Iterable[_Asked]) -> None:
        self.asked = tuple(asked)
        self.calls = [one.shape.calls for one in self.asked]
        self.size = sum(one.shape.size for one in self.asked)
        self._stretches: dict[int, tuple[Sequence[Sequence[Window]], tuple[_Stretch, ...]]] = {}

    def stretches(self, windows: Sequence[Sequence[Window]]) -> tuple["_Stretch", ...]:
        """Return what is to be compared."""
        known = self._stretches.get(id(windows))
        if known is None:
            known = self._stretches[id(windows)] = windows, _stretches(self.asked, windows)
        return known[1]

    def forget(self) -> None:
        """Let go of layouts."""
        self._stretches.clear()


class _Prover:
    """Holds one target's files to a policy."""

    def __init__(self, model: DecisionModel, work: Work, step: Step, shows: Callable[[], None]) -> None:
        self._model = model
        self._work = work
        self._step = step
        self._shows = shows  # that others go on
        self._forms = _Forms(model.policy, work)
        self._times: dict[int, _Times] = {}  # by the model's partition
        self._shapes: dict[NumberSet | None, _Shapes] = {}
        self._passed_on: dict[str, Outcomes] = {}

    def run(self, called: Sequence[str]) -> _Share:
        """Return what came of some called numbers."""
        found = self._gone_through([*_deepest_first(self._model, called)])
        # What is shown of some does not depend on what was looked at here; and the next target needs the memory.
        self._forget(wholly=True)
        return found

    def _gone_through(self, called: Sequence[str], *, shared: bool = True) -> _Share:
        """Return what came of called numbers, in their order; `shared` with another process, if a core is free."""
        measures: dict[str, Measure] = {}
        alike: dict[Measure, Measure] = {}  # few: what stays of each number keeps the memory around it from being free
        differing: list[str] = []
        unclear: dict[str, tuple[str, int, str, str]] = {}
        for at, number in enumerate(called):
            if at and at % _KEPT == 0:
                self._forget()
                if shared and (others := self._halved(called[at:])):
                    return _together((_Share(measures, differing, unclear), *others))
            self._step(1)
            measure, differs, problem = self._judged(number)
            if measure:
                measures[number] = alike.setdefault(measure, measure)
            if differs:
                differing.append(number)
            if problem:
                unclear[number] = problem
        return _Share(measures, differing, unclear)

    def _halved(self, called: Sequence[str]) -> Sequence[_Share]:
        """Return what came of called numbers, found by two processes if a core is free; nothing, if none is.

        They are halved once only: each process that waits for another takes memory.
        """
        with processes.free_core() as is_free:
            if not is_free or len(called) < MANY:
                return ()
            half = len(called) // 2
            tasks = [partial(self._gone_through, some, shared=False) for some in (called[:half], called[half:])]
            return processes.each(tasks, jobs=2, meanwhile=self._shows)

    def _judged(self, called: str) -> tuple[Measure | None, bool, tuple[str, int, str, str] | None]:
        """Return what comparing calls to a number took, whether any differs, and what of them is not understood."""
        try:
            compared, size = self._compared(called)
        except NotUnderstood as error:
            return None, False, _plain(error)
        return (size, compared.made), bool(compared.differences), _plain(compared.unclear) if compared.unclear else None

    def _forget(self, *, wholly: bool = False) -> None:
        """Let go of plans, so that memory hardly grows with the number of extensions."""
        self._forms = _Forms(self._model.policy, self._work)
        self._times = {}
        for one in self._shapes.values():
            one.forget()
        protocol.forget(self._work.reading, wholly=wholly)
        if not gc.isenabled():  # functions within functions that call themselves are cycles, for one
            gc.collect()
            gc.freeze()  # what is kept is looked through once only

    def proof(self, called: Sequence[str], shares: Sequence[_Share]) -> Proof:
        """Return the proof that shares of the work make together."""
        order = {number: at for at, number in enumerate(called)}
        found = _together(shares)
        unclear = min(found.unclear, key=order.__getitem__, default=None)
        differing = sorted(found.differing, key=order.__getitem__)
        extensions = sum(number in self._model.policy.extensions for number in called)
        measures = {**self._work.known, **found.measures}
        moments = {number: self._moments(number) for number in measures}
        return Proof(
            self._work.target,
            extensions,
            len(called) - extensions,
            max((size for size, _ in measures.values()), default=0),
            max(moments.values(), default=0),
            sum(size * moments[number] for number, (size, _) in measures.items()),
            sum(made for _, made in measures.values()),
            tuple(differing),
            tuple(map(self._example, differing[:EXAMPLES])),
            (self._unclear(unclear) or NotUnderstood(*found.unclear[unclear])) if unclear else None,
            {} if unclear else {number: one for number, one in measures.items() if number not in differing},
        )

    def _moments(self, called: str) -> int:
        """Return how many classes of time there are for calls to a number: one, if it is no extension."""
        return self._model.partition(called).count if called in self._model.policy.extensions else 1

    def _outcomes(self, called: str) -> Outcomes:
        """Return where calls to a number end; those to a number that is no extension are the PBX's."""
        if called in self._model.policy.extensions:
            return self._model.outcomes(called)
        if called not in self._passed_on:
            always = schedule.partition(self._model.policy.zone, ())
            leaf = ((always.everything, Ending("system", called)),)
            self._passed_on[called] = Diagram(always, (0,), (leaf,))
        return self._passed_on[called]

    def _shapes_of(self, called: str) -> _Shapes:
        """Return the shapes of the calls that a target answers for."""
        counted = protocol.counted(self._work.proving, self._model.policy, self._work.settings, called)
        if counted not in self._shapes:
            found = (shape if counted is None else shape.of(counted) for shape in self._listed)
            self._shapes[counted] = _Shapes(
                _Asked(shape, _manner(shape.calls), at) for at, shape in enumerate(found) if shape.pieces
            )
        return self._shapes[counted]

    @cached_property
    def _listed(self) -> tuple[Shape, ...]:
        """The shapes of the calls that a target answers for, whoever they are from."""
        proving, settings = self._work.proving, self._work.settings
        found = []
        for shape in shapes(frozenset(settings.get("presentations", PRESENTATIONS))):
            intervals = protocol.listed(proving, settings, shape.calls)
            found.append(shape if intervals is None else shape.among(intervals))
        return tuple(found)

    def _compared(self, called: str) -> tuple["_Compared", int]:
        """Return what was compared for calls to a number, and how many numbers call."""
        outcomes, shapes = self._outcomes(called), self._shapes_of(called)
        laid = protocol.laid(self._work.reading, called, shapes.calls)
        times = self._times.get(id(outcomes.partition))
        if times is None:
            times = self._times[id(outcomes.partition)] = _Times(outcomes.partition, self._forms)
        times.know(laid.sources)
        compared = _Compared(outcomes, times)
        compared.compare(shapes.stretches(laid.windows), laid.sources)
        return compared, shapes.size

    def _unclear(self, called: str) -> NotUnderstood | None:
        """Return the first thing about calls to a number that is not understood."""
        try:
            return self._compared(called)[0].unclear
        except NotUnderstood as error:
            return error

    # -- counterexamples --------------------------------------------------------------------------

    def _example(self, called: str) -> Counterexample:
        """Return a call to a number that shows what differs: if possible one that looks like a real one."""
        differences = self._compared(called)[0].differences
        times = self._times[id(self._outcomes(called).partition)]
        callers = digits.from_intervals(
            (one.rank, one.rank + (1 if one.shape.anonymous else one.high - one.low)) for one in differences
        )
        caller = callers.witness()
        rank = digits.rank(caller)
        one = min((each for each in differences if _holds(each, rank)), key=lambda each: each.asked.order)
        unknown = _natural(one) if one.shape.anonymous else one.low + rank - one.rank
        calls = Calls(one.shape.calls.internal, one.shape.presented(unknown), one.shape.calls.hidden)
        classes, ending, form = times.worst(one.plan, one.leaf, one.asked)
        local = times.partition.witness(classes).replace(tzinfo=None)
        outcome = evaluate.evaluate(self._model.policy, Call(caller, called, local))
        if not _is(ending, outcome):
            told = outcome.kind, outcome.extension, outcome.number
            raise AssertionError(f"{calls} to {called} at {local}: the model says {ending}, the interpreter {told}")
        return Counterexample(
            calls.presented,
            calls.hidden,
            caller,
            called,
            local,
            outcome,
            tuple(self._work.proving.happens(self._forms.plan(self._forms.wanted(ending, one.asked)))),
            tuple(self._work.proving.happens(form)),
            tuple(self._work.reading.path(called, calls, local)),
        )


def _plain(error: NotUnderstood) -> tuple[str, int, str, str]:
    return error.file, error.line, error.what, error.text


def _holds(difference: _Difference, rank: int) -> bool:
    if difference.shape.anonymous:
        return rank == difference.rank
    return difference.rank <= rank < difference.rank + difference.high - difference.low


def _natural(difference: _Difference) -> int:
    """Return unknown digits of someone who hides a number: of one that looks like a real one, if it can be."""
    length = difference.shape.calls.presented.count(protocol.UNKNOWN)
    likely = int("612345678901234"[:length] or 0)
    return likely if difference.low <= likely < difference.high else difference.low


def _is(ending: Ending, outcome: Outcome) -> bool:
    """Tell whether the interpreter lets a call end as the model does."""
    own = None if outcome.kind == "busy" else outcome.extension  # busy is the same wherever it is heard
    return ending == Ending(outcome.kind, own, outcome.number)


@dataclass(frozen=True, slots=True)
class _Part:
    """Numbers of a shape whose plans a source has from a place on: `low` are the unknown digits of the first."""

    place: int
    end: int
    asked: _Asked
    low: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Places of a source that are to be compared, with whatever numbers have them: all are the same callers.

    `shift` leads from a place to a rank; anonymous callers have one rank wherever they are.
    """

    asked: _Asked  # one of them
    source: int
    place: int
    end: int
    shift: int
    anonymous: bool
    parts: tuple[_Part, ...]  # in order of shapes


def _stretches(asked: Sequence[_Asked], windows: Sequence[Sequence[Window]]) -> tuple[_Stretch, ...]:
    """Return what is to be compared of calls that are laid out so, once however many presentations they have."""
    found: dict[tuple[_Manner, int, bool, int], list[_Part]] = {}
    for one, its in zip(asked, windows, strict=True):
        anonymous = one.shape.anonymous
        ends = [*(start for start, _, _ in its[1:]), one.shape.calls.size]
        for piece in one.shape.pieces:
            first = bisect_right(its, piece.low, key=_START) - 1
            for (start, source, place), end in zip(its[first:], ends[first:], strict=True):
                if start >= piece.high:
                    break
                low, high = max(start, piece.low), min(end, piece.high)
                at = place + low - start
                shift = piece.rank if anonymous else piece.rank + low - piece.low - at
                part = _Part(at, at + high - low, one, low)
                found.setdefault((one.manner, source, anonymous, shift), []).append(part)
    stretches = []
    for (_, source, anonymous, shift), parts in found.items():
        for place, end in schedule.merged((part.place, part.end) for part in parts):
            inside = tuple(part for part in parts if place <= part.place < end)
            stretches.append(_Stretch(inside[0].asked, source, place, end, shift, anonymous, inside))
    return tuple(stretches)


class _Compared:
    """What was compared for one called number."""

    def __init__(self, outcomes: Outcomes, times: "_Times") -> None:
        self._outcomes = outcomes
        self._times = times
        self.differences: list[_Difference] = []
        self.unclear: NotUnderstood | None = None  # the first thing that is not understood
        self.made = 0

    def compare(self, stretches: Iterable[_Stretch], sources: Sequence[Found]) -> None:
        """Compare what was found for stretches of some sources with where calls end."""
        ranks, rows = self._outcomes.starts, self._outcomes.rows
        times, unclear = self._times, self._times.unclear
        found = [((*one.starts, _NOWHERE), one.plans) for one in sources]
        last, made = len(ranks) - 1, 0
        for stretch in stretches:  # many, of few pieces each
            starts, plans = found[stretch.source]
            place, end, shift = stretch.place, stretch.end, stretch.shift
            anonymous, judged = stretch.anonymous, times.judged[stretch.asked.manner]
            at = bisect_right(starts, place) - 1
            of = bisect_right(ranks, shift if anonymous else place + shift) - 1
            while place < end:
                plan, leaf = plans[at], rows[of]
                known = judged.get((id(plan), id(leaf)))
                if known is None:
                    if leaf is None:
                        rank = shift if anonymous else place + shift
                        raise AssertionError(
                            f"nobody of the universe has rank {rank}, called by {stretch.asked.shape.calls}"
                        )
                    known = judged[id(plan), id(leaf)] = times.differ(plan, leaf, stretch.asked)
                made += 1
                until = min(starts[at + 1], end)
                turns = not anonymous and of < last and ranks[of + 1] - shift <= until
                if turns:
                    until = ranks[of + 1] - shift
                if unclear and self.unclear is None:
                    self.unclear = unclear.get(id(plan))
                if known and leaf is not None:
                    self._differs(stretch, place, until, plan, leaf)
                place = until
                at += starts[at + 1] == place
                of += turns
        self.made += made

    def _differs(self, stretch: _Stretch, place: int, end: int, plan: Plan, leaf: Leaf) -> None:
        """Note that a plan is not what a leaf says, for the numbers of all presentations that have it."""
        for part in stretch.parts:
            first, last = max(place, part.place), min(end, part.end)
            if first < last:
                low, high = (at - part.place + part.low for at in (first, last))
                rank = stretch.shift if part.asked.shape.anonymous else first + stretch.shift
                self.differences.append(_Difference(part.asked, low, high, rank, plan, leaf))


# -- plans -------------------------------------------------------------------------------------------------------------


class _Forms:
    """The normal forms of plans, numbered: two have one number exactly when they are alike."""

    def __init__(self, policy: Policy, work: Work) -> None:
        self._policy = policy
        self._work = work
        self._numbers: dict[Plan, int] = {}
        self._same: dict[int, tuple[Plan, int]] = {}  # by identity, those that were asked for
        self._plans: list[Plan] = []
        self._expected: dict[tuple[Ending, _Manner], int] = {}
        self._found: dict[int, tuple[Plan, int]] = {}  # by identity; the plan is kept, so that nothing else gets its id
        self._asked: dict[int, tuple[Plan, frozenset[Period]]] = {}

    def plan(self, form: int) -> Plan:
        """Return a normal form by its number."""
        return self._plans[form]

    def wanted(self, ending: Ending, asked: _Asked) -> int:
        """Return the number of the normal form of an ending."""
        key = ending, asked.manner
        known = self._expected.get(key)
        if known is None:
            form = self._work.proving.expected(self._policy, self._work.settings, ending, asked.shape.calls)
            known = self._expected[key] = self._number(form)
        return known

    def of(self, plan: Plan) -> int:
        """Return the number of the normal form of a plan without periods."""
        known = self._found.get(id(plan))
        if known is None:
            known = self._found[id(plan)] = plan, self._number(self._work.proving.normal(plan))
        return known[1]

    def asked(self, plan: Plan) -> frozenset[Period]:
        """Return the periods that a plan asks about, anywhere."""
        known = self._asked.get(id(plan))
        if known is None:
            found: frozenset[Period] = frozenset()
            if plan.then is not None:
                found = self.asked(plan.then.yes) | self.asked(plan.then.no)
                if isinstance(plan.then.asked, Period):
                    found |= {plan.then.asked}
            known = self._asked[id(plan)] = plan, found
        return known[1]

    def _number(self, form: Plan) -> int:
        known = self._same.get(id(form))
        if known is None:
            number = self._numbers.setdefault(form, len(self._plans))
            if number == len(self._plans):
                self._plans.append(form)
            known = self._same[id(form)] = form, number
        return known[1]


_Ways = tuple[tuple[Plan, int], ...]
"""Plans without periods, and at which classes of time each is what happens."""


class _Times:
    """Judges plans at the classes of time of some extensions, made finer where plans ask about other periods."""

    def __init__(self, told: Partition, forms: _Forms) -> None:
        self._told = told
        self._forms = forms
        self.partition = told
        self._more: dict[Period, None] = {}
        self._known: dict[int, Plan] = {}  # by identity, those of which all periods are known
        self._begin()

    def _begin(self) -> None:
        """Forget what was said of coarser classes."""
        self._masks: dict[int, int] = {}
        self._ways: dict[int, tuple[Plan, tuple[tuple[int, int], ...]]] = {}  # form and mask
        self._answered: dict[int, tuple[Plan, _Ways]] = {}
        self._behind: dict[tuple[int, int], tuple[Plan, Plan, Plan]] = {}
        self.judged: defaultdict[_Manner, dict[tuple[int, int], int]] = defaultdict(dict)
        """What `differ` said of plans and leaves, by their identities, for calls in the same manner."""
        self.unclear: dict[int, NotUnderstood] = {}  # of plans that are not understood at some class, by identity
        self._classes = tuple(map(self._class, range(self._told.count)))

    def _class(self, number: int) -> int:
        """Return the classes that one of the model's classes is made of."""
        if self.partition is self._told:
            return 1 << number
        mask = self.partition.everything
        for period in self._told.periods:
            inside = self.partition.mask(period)
            mask &= inside if self._told.mask(period) >> number & 1 else ~inside
        return mask

    def know(self, found: Sequence[Found]) -> None:
        """Make the classes fine enough for all that was found."""
        new: dict[Period, None] = {}
        for one in found:
            unknown = {id(plan): plan for plan in one.plans if id(plan) not in self._known}
            for plan in unknown.values():
                new |= dict.fromkeys(self._forms.asked(plan))
            self._known |= unknown
        for period in (*self.partition.periods, *self._more):
            new.pop(period, None)
        if new:
            # In one order, so that the witnesses of counterexamples are the same in every run.
            self._more |= dict.fromkeys(sorted(new, key=lambda one: (one.dates, one.week)))
            self.partition = schedule.partition(self._told.zone, (*self._told.periods, *self._more))
            self._begin()

    def differ(self, plan: Plan, leaf: Leaf, asked: _Asked) -> int:
        """Return the classes of time at which a plan is understood, and is not what a leaf says."""
        bad = 0
        resolved = self._resolved(plan)
        for told, ending in leaf:
            wanted, mask = self._forms.wanted(ending, asked), self._mask(told)
            for form, at in resolved:
                if form != wanted:
                    bad |= at & mask
        return bad

    def worst(self, plan: Plan, leaf: Leaf, asked: _Asked) -> tuple[int, Ending, Plan]:
        """Return the most ordinary class at which a plan differs from a leaf, and there: the ending, the plan."""
        bad = self.differ(plan, leaf, asked)
        lowest = bad & -bad
        ending = next(ending for told, ending in leaf if self._mask(told) & lowest)
        form = next(form for form, at in self._resolved(plan) if at & lowest)
        return lowest, ending, self._forms.plan(form)

    def _mask(self, told: int) -> int:
        """Return classes of the model in classes of these."""
        if told not in self._masks:
            mask = 0
            for number, classes in enumerate(self._classes):
                if told >> number & 1:
                    mask |= classes
            self._masks[told] = mask
        return self._masks[told]

    def _resolved(self, plan: Plan) -> tuple[tuple[int, int], ...]:
        """Return the normal forms of a plan, and the classes of time of each."""
        known = self._ways.get(id(plan))
        if known is None:
            masks: dict[int, int] = {}
            for way, mask in self._without(plan):
                try:
                    form = self._forms.of(way)
                except NotUnderstood as error:
                    self.unclear.setdefault(id(plan), error)
                    continue
                masks[form] = masks.get(form, 0) | mask
            known = self._ways[id(plan)] = plan, tuple(masks.items())
        return known[1]

    def _without(self, plan: Plan) -> _Ways:
        """Return a plan with the periods that it asks about answered: disjoint classes of time, together everything."""
        known = self._answered.get(id(plan))
        if known is not None:
            return known[1]
        everything = self.partition.everything
        parting = plan.then
        ways: dict[int, tuple[Plan, int]] = {}
        if parting is None or not self._forms.asked(plan):
            ways[id(plan)] = plan, everything
        elif isinstance(parting.asked, Period):
            inside = self.partition.mask(parting.asked)
            for way, part in ((parting.yes, inside), (parting.no, everything & ~inside)):
                for rest, mask in self._without(way):
                    if mask & part:
                        whole = self._put_behind(plan, rest)
                        ways[id(whole)] = whole, ways.get(id(whole), (whole, 0))[1] | mask & part
        else:
            for yes, mask in self._without(parting.yes):
                for no, also in self._without(parting.no):
                    if mask & also:
                        parted: Any = type(parting)
                        made: Any = type(plan)
                        whole = made(plan.events, parted(parting.asked, yes, no))
                        ways[id(whole)] = whole, mask & also
        self._answered[id(plan)] = plan, tuple(ways.values())
        return self._answered[id(plan)][1]

    def _put_behind(self, plan: Plan, rest: Plan) -> Plan:
        """Return the events of a plan and, behind them, another plan."""
        if not plan.events:
            return rest
        key = id(plan), id(rest)
        if key not in self._behind:
            made: Any = type(plan)
            self._behind[key] = plan, rest, made(plan.events + rest.events, rest.then)
        return self._behind[key][2]
