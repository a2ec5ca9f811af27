"""The tests and guarantees that a policy states, held to it: a policy in, sentences about those that fail out.

Tests are evaluated call by call. Guarantees are judged on every caller and instant they name, by following whole
regions of calls from extension to extension; what is found is then confirmed with one call on the interpreter.
"""

from policyc import digits, schedule
from policyc.decision import decided, lower, merge, overlap, partition_of
from policyc.digits import Caller, Kind
from policyc.evaluate import Call, evaluate
from policyc.model import Forward, Ring


def failing_calls(policy):
    """Yield what is wrong with the calls of the policy's tests."""
    partition = partition_of(policy.zone, _rules(policy))
    every = [partition.witness(1 << time) for time in range(partition.count)]
    for test in policy.tests:
        for expected in test.calls:
            for instant in every if expected.local is None else [expected.local]:
                outcome = evaluate(policy, Call(expected.caller, expected.called, instant))
                if not _is(expected.result, outcome):
                    where = outcome.extension or outcome.number
                    yield f"{expected.span.place} {expected.span.text}: at {instant} {outcome.kind} {where}"


def broken_guarantees(policy):
    """Yield what is wrong with the policy's guarantees."""
    for guarantee in policy.guarantees:
        for promise in guarantee.promises:
            periods = [clause.named.period for clause in promise.times]
            periods += [schedule.until(promise.until)] if promise.until else []
            for rule in _rules(policy):
                periods += [clause.named.period for clause in rule.times]
                periods += [schedule.until(rule.until)] if rule.until else []
            partition = schedule.partition(policy.zone, periods)
            mask = partition.everything
            for clause in promise.times:
                inside = partition.mask(clause.named.period)
                mask &= inside if clause.inside else ~inside
            if promise.until:
                mask &= partition.mask(schedule.until(promise.until))
            named = tuple((low, high, mask) for low, high in promise.callers.intervals)
            for extension in promise.extensions:
                for low, high, times in _cells(policy, partition, extension, named):
                    call = Call(_caller(low, high), extension, partition.witness(times))
                    outcome = evaluate(policy, call)
                    if _is(promise.result, outcome) is promise.never:
                        where = outcome.extension or outcome.number
                        yield f"{promise.span.place} {promise.span.text}: {call} gives {outcome.kind} {where}"


def _rules(policy):
    return [*policy.first, *policy.rest, *(rule for rules in policy.own.values() for rule in rules)]


def _is(result, outcome):
    """Tell whether an outcome is what a test or a guarantee speaks of."""
    if result.kind != outcome.kind:
        return False
    if result.extension is not None and result.extension != outcome.extension:
        return False
    return result.numbers is None or Caller(Kind.EXTERNAL, outcome.number) in result.numbers


def _caller(low, high):
    return digits.from_intervals([(low, high)]).witness()


def _cells(policy, partition, extension, region):
    """Yield cells of calls to an extension, each of which the same rules route alike all the way."""
    table = lower(partition, tuple(policy.rules_for(extension)))
    cells = [(rule, cell) for rule, cell in decided(table)]
    cells += [(None, (low, high, row.left)) for low, high, row in table.cells if row.left]
    for rule, cell in cells:
        reached = overlap(merge([region]), (cell,))
        destination = Ring() if rule is None else rule.destination
        if isinstance(destination, Forward) and reached:
            yield from _cells(policy, partition, destination.extension, reached)
        else:
            yield from reached
