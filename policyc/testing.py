"""The tests and guarantees that a policy states in, a verdict on each of their lines out: exact, with a counterexample.

A line of a test without an instant, and every guarantee, speak of all instants; a guarantee speaks of all callers too.
Nothing is sampled: the decision model answers for all of them, and a counterexample is confirmed by the interpreter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from policyc import evaluate
from policyc.decision import PromiseTimes, Region
from policyc.diagnostics import Witness
from policyc.digits import Caller, Kind
from policyc.evaluate import Call, DialOutside, EnterSystem, LeaveMessage, Outcome, RingExtension, SoundBusy
from policyc.model import ExpectedCall, Guarantee, Policy, Promise, Result, Test
from policyc.outcomes import DecisionModel, Ending, Leaf


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one line of a test or a guarantee.

    `outcome` is what the call of the counterexample really meets. `calls` counts what the line was judged for: an
    extension and a caller, from inside and from outside apart; none when a promise names nobody, or its times never
    come.
    """

    block: Test | Guarantee
    stated: ExpectedCall | Promise
    calls: int
    counterexample: Witness | None = None
    outcome: Outcome | None = None

    @property
    def passed(self) -> bool:
        """Whether the line holds."""
        return self.counterexample is None

    @property
    def line(self) -> int:
        """The line of the source, from 1."""
        return self.stated.span.line


def run(policy: Policy | DecisionModel) -> tuple[Verdict, ...]:
    """Return a verdict on each line of the tests, then of the guarantees. The policy must have no errors."""
    model = policy if isinstance(policy, DecisionModel) else DecisionModel(policy)
    tests = (_expected(model, test, call) for test in model.policy.tests for call in test.calls)
    guarantees = (
        _promised(model, guarantee, promise) for guarantee in model.policy.guarantees for promise in guarantee.promises
    )
    return (*tests, *guarantees)


# -- tests -------------------------------------------------------------------------------------------------------------


def _expected(model: DecisionModel, test: Test, expected: ExpectedCall) -> Verdict:
    local = expected.local or _unexpected(model, expected)
    if local is None:
        return Verdict(test, expected, 1)
    outcome = evaluate.evaluate(model.policy, Call(expected.caller, expected.called, local))
    if expected.local is not None and _is(expected.result, outcome.kind, outcome.extension, outcome.number):
        return Verdict(test, expected, 1)
    return _failed(test, expected, 1, expected.caller, expected.called, local, outcome)


def _unexpected(model: DecisionModel, expected: ExpectedCall) -> datetime | None:
    """Return an instant at which a call does not end as expected, if there is one."""
    outcomes = model.outcomes(expected.called)
    wrong = _unlike(expected.result, outcomes.row(expected.caller) or ())
    return outcomes.partition.witness(wrong).replace(tzinfo=None) if wrong else None


def _unlike(result: Result, leaf: Leaf) -> int:
    """Return the classes of time at which calls end otherwise than a result says."""
    return sum(mask for mask, end in leaf if not _is(result, end.kind, end.extension, end.number))


# -- guarantees --------------------------------------------------------------------------------------------------------


def _promised(model: DecisionModel, guarantee: Guarantee, promise: Promise) -> Verdict:
    calls = promise.callers.count * len(promise.extensions)
    for extension in promise.extensions:
        times = model.times(extension, promise)
        if not times.asked:
            calls = 0
            break
        broken = _broken(model, promise, extension, times)
        if broken:
            caller, local = times.witness(broken)
            outcome = evaluate.evaluate(model.policy, Call(caller, extension, local))
            return _failed(guarantee, promise, calls, caller, extension, local, outcome)
    return Verdict(guarantee, promise, calls)


def _broken(model: DecisionModel, promise: Promise, extension: str, times: PromiseTimes) -> Region:
    """Return the calls to an extension that break a promise."""
    memo: dict[int, int] = {}

    def against(leaf: Leaf) -> int:
        if id(leaf) not in memo:
            if promise.never:
                mask = sum(mask for mask, end in leaf if _reaches(model.policy, promise.result, end))
            else:
                mask = _unlike(promise.result, leaf)
            memo[id(leaf)] = mask & times.asked
        return memo[id(leaf)]

    return tuple(
        (low, high, mask)
        for low, high, leaf in model.outcomes(extension).within(promise.callers)
        if (mask := against(leaf))
    )


def _reaches(policy: Policy, result: Result, end: Ending) -> bool:
    """Tell whether a call that ends so may get a result on the way, whatever the lines that are tried do."""
    return any(_is(result, one.kind, one.extension, one.number) for one in _attempts(policy, end))


def _attempts(policy: Policy, end: Ending) -> Iterator[Ending]:
    """Yield all that is tried of an end. A rebound calls an outside number, then falls back to the mailbox."""
    yield end
    if end.kind == "ring" and end.extension is not None:
        yield Ending("voicemail", end.extension) if policy.extensions[end.extension].mailbox else Ending("busy")
    elif end.kind == "rebound":
        yield Ending("external", None, end.number)
        yield Ending("voicemail", end.extension)


def _is(result: Result, kind: str, extension: str | None, number: str | None) -> bool:
    """Tell whether a call that ends so gets what a result says."""
    if result.kind != kind or result.extension not in (None, extension):
        return False
    return result.numbers is None or Caller(Kind.EXTERNAL, number) in result.numbers


# -- counterexamples ---------------------------------------------------------------------------------------------------


def _failed(
    block: Test | Guarantee,
    stated: ExpectedCall | Promise,
    calls: int,
    caller: Caller,
    called: str,
    local: datetime,
    outcome: Outcome,
) -> Verdict:
    if not _confirms(stated, outcome):
        raise AssertionError(f"{stated.span.place}: {caller} to {called} at {local} is no counterexample")
    return Verdict(block, stated, calls, Witness.of(caller, called, local), outcome)


def _confirms(stated: ExpectedCall | Promise, outcome: Outcome) -> bool:
    """Tell by the interpreter's own account of a call whether it breaks what is stated."""
    as_said = _is(stated.result, outcome.kind, outcome.extension, outcome.number)
    if isinstance(stated, ExpectedCall) or not stated.never:
        return not as_said
    return as_said or any(_is(stated.result, *one) for one in _tried(outcome))


def _tried(outcome: Outcome) -> Iterator[tuple[str, str | None, str | None]]:
    for attempt in outcome.attempts:
        match attempt:
            case RingExtension(extension=extension):
                yield "ring", extension, None
            case LeaveMessage(extension=extension):
                yield "voicemail", extension, None
            case DialOutside(number=number):
                yield "external", None, number
            case EnterSystem(number=number):
                yield "system", number, None
            case SoundBusy():
                yield "busy", outcome.extension, None
            case _:
                pass
