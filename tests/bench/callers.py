"""Draw calls for the rules of a policy: the policy in; calls and what the interpreter says of them out.

Only calls that end in a mailbox, busy or with the system are drawn, from the public network, of ordinary French
numbers: nothing needs to be dialled, and what is left is routing.
"""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from bench.quiet import Placed

from policyc.digits import NumberSet, caller_at
from policyc.evaluate import call_from, evaluate, events
from policyc.model import Policy, Rule

ENDS = frozenset({"system", "voicemail", "busy"})
PARIS = ZoneInfo("Europe/Paris")
INSTANTS = tuple(datetime(2036, 3, *at, tzinfo=PARIS) for at in ((11, 10), (11, 3), (8, 11), (12, 17)))
TRIES = 12


def for_rule(policy: Policy, rule: Rule, called: str, draw: Random, *, forwarded: bool = False) -> Placed | None:
    """Return a call that a rule of the extension called decides, and no other extension's unless `forwarded`."""
    for presented in _numbers(rule.callers, draw):
        for at in draw.sample(INSTANTS, len(INSTANTS)):
            call = call_from(presented, called, at)
            outcome = evaluate(policy, call)
            if outcome.kind in ENDS and outcome.steps[0].rule is rule and (forwarded or len(outcome.steps) == 1):
                return Placed(presented, called, at, events(policy, call))

    return None


def for_extension(policy: Policy, called: str, draw: Random) -> Iterator[Placed]:
    """Yield a call for each rule of an extension for which there is one."""
    for rule in policy.own[called]:
        if call := for_rule(policy, rule, called, draw):
            yield call


def at_random(policy: Policy, count: int, draw: Random, *, forwarded: bool = False) -> list[Placed]:
    """Return so many calls for rules drawn among all."""
    numbers, found = list(policy.own), list[Placed]()
    while len(found) < count:
        called = numbers[draw.randrange(len(numbers))]
        rules = policy.own[called]
        rule = rules[draw.randrange(len(rules))]
        if call := for_rule(policy, rule, called, draw, forwarded=forwarded):
            found.append(call)

    return found


def _numbers(callers: NumberSet, draw: Random) -> Iterator[str]:
    """Yield a few of the callers, as a trunk presents them: +33 and nine digits."""
    intervals = callers.intervals
    for _ in range(TRIES):
        first, behind = intervals[draw.randrange(len(intervals))]
        number = caller_at(draw.randrange(first, behind)).number or ""
        if len(number) != 10 or number[0] != "0" or number[1] == "0":
            number = f"0{draw.choice('1234567')}{draw.randrange(10**8):08}"
        yield f"+33{number[1:]}"
