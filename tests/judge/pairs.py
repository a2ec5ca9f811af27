"""Pairs of policies that differ in a few lines, and where the judge says that calls end in either.

old, new = pair(seed)
outcome(old, call), outcome(new, call)
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from judge.generate import CLOSURE_NAMES, Numbers, random_closure, random_hours, random_policy, random_rule
from judge.judge import READINGS, Block, Call, Destination, Extension, Policy, Readings, Rule, canonical, decide

Edit = Callable[[random.Random, Policy], Policy]


def pair(seed: int) -> tuple[Policy, Policy]:
    rng = random.Random(f"pair {seed}")
    old = random_policy(rng)
    new = old
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 5))):
        new = rng.choice(EDITS)(rng, new)
    return old, new


def outcome(policy: Policy, call: Call, how: Readings = READINGS) -> tuple[str, str]:
    """Where a call ends: the kind of `trace`, and which extension or number that is ("" for busy)."""
    caller = canonical(call.presented, call.internal, call.restricted, how)
    number = call.called
    for _ in range(len(policy.extensions) + 1):
        extension = policy.extension(number)
        if extension is None:
            return "system", number
        to = decide(policy, number, caller, call, how)
        if to.kind != "extension":
            return _end(extension, to)
        number = to.number
    raise ValueError(f"the policy has a cycle through {number}")


def is_ambiguous(policy: Policy, call: Call) -> bool:
    """Whether where the call ends hangs on a reading of the contract."""
    readings = [
        replace(READINGS, **{field.name: not getattr(READINGS, field.name)}) for field in dataclasses.fields(READINGS)
    ]
    return any(outcome(policy, call, how) != outcome(policy, call) for how in readings)


def _end(extension: Extension, to: Destination) -> tuple[str, str]:
    own = extension.number
    match to.kind:
        case "ring":
            return "ring", own
        case "voicemail":
            return "voicemail", own
        case "extension-voicemail":
            return "voicemail", to.number
        case "system":
            return "system", to.number
        case "busy":
            return "busy", ""
        case "mobile" | "external":
            number = to.number if to.kind == "external" else extension.mobile
            assert number is not None
            return ("rebound", f"{own} {number}") if to.rebound else ("external", number)
        case kind:
            raise ValueError(kind)


# --- edits --------------------------------------------------------------------------------------------------


def _rules(rng: random.Random, policy: Policy, change: Callable[[list[Rule]], None]) -> Policy:
    """The policy with the rules of one block changed."""
    if not policy.blocks:
        return policy
    at = rng.randrange(len(policy.blocks))
    block = policy.blocks[at]
    rules = list(block.rules)
    change(rules)
    kept = (replace(block, rules=tuple(rules)),) if rules else ()
    return replace(policy, blocks=(*policy.blocks[:at], *kept, *policy.blocks[at + 1 :]))


def _drop(rng: random.Random, policy: Policy) -> Policy:
    return _rules(rng, policy, lambda rules: rules.__delitem__(rng.randrange(len(rules))))


def _swap(rng: random.Random, policy: Policy) -> Policy:
    return _rules(rng, policy, rng.shuffle)


def _one(rng: random.Random, policy: Policy, change: Callable[[Rule], Rule]) -> Policy:
    def changed(rules: list[Rule]) -> None:
        at = rng.randrange(len(rules))
        rules[at] = change(rules[at])

    return _rules(rng, policy, changed)


def _elsewhere(rng: random.Random, policy: Policy) -> Policy:
    number = rng.choice(("0442930698", "+442071234567", "0612340000"))
    to = (
        Destination("busy"),
        Destination("ring"),
        Destination("system", policy.systems[0].number),
        Destination("external", number),
    )
    return _one(rng, policy, lambda rule: replace(rule, destination=rng.choice(to)))


def _times(rng: random.Random, policy: Policy) -> Policy:
    def change(rule: Rule) -> Rule:
        if rule.times and rng.random() < 0.7:
            first = replace(rule.times[0], inside=not rule.times[0].inside)
            return replace(rule, times=(*((first,) if rng.random() < 0.5 else ()), *rule.times[1:]))
        return replace(rule, until=rng.choice((None, date(2026, 12, 31), date(2027, 6, 30))))

    return _one(rng, policy, change)


def _callers(rng: random.Random, policy: Policy) -> Policy:
    numbers = Numbers(rng, [each.number for each in policy.extensions])
    return _one(rng, policy, lambda rule: replace(rule, callers=(*rule.callers, numbers.pattern()), excepted=()))


def _add(rng: random.Random, policy: Policy) -> Policy:
    order = [each.number for each in policy.extensions]
    number = order[-1]  # no rule of its own may forward: nothing can go round
    numbers = Numbers(rng, order)
    block = Block("own", (random_rule(rng, policy, numbers, order, [number]),), number)
    at = rng.randint(0, len(policy.blocks))
    return replace(policy, blocks=(*policy.blocks[:at], block, *policy.blocks[at:]))


def _extension(rng: random.Random, policy: Policy) -> Policy:
    number = str(int(policy.extensions[-1].number) + 7)
    if any(each.number == number for each in (*policy.extensions, *policy.systems)):
        return policy
    new = Extension(number, f"Poste {number}", f"06550{rng.randrange(10**5):05d}", voicemail=True, ring=20)
    return replace(policy, extensions=(*policy.extensions, new))


def _mobile(rng: random.Random, policy: Policy) -> Policy:
    at = rng.randrange(len(policy.extensions))
    one = policy.extensions[at]
    if one.mobile is None:
        return policy
    changed = replace(one, mobile=f"06551{rng.randrange(10**5):05d}")
    return replace(policy, extensions=(*policy.extensions[:at], changed, *policy.extensions[at + 1 :]))


def _hours(rng: random.Random, policy: Policy) -> Policy:
    if not policy.hours:
        return policy
    at = rng.randrange(len(policy.hours))
    changed = random_hours(rng, policy.hours[at].name, frozenset())
    return replace(policy, hours=(*policy.hours[:at], changed, *policy.hours[at + 1 :]))


def _closure(rng: random.Random, policy: Policy) -> Policy:
    if policy.closures:
        at = rng.randrange(len(policy.closures))
        changed = random_closure(rng, policy.closures[at].name, frozenset())
        return replace(policy, closures=(*policy.closures[:at], changed, *policy.closures[at + 1 :]))
    return replace(policy, closures=(random_closure(rng, rng.choice(CLOSURE_NAMES), frozenset()),))


EDITS: tuple[Edit, ...] = (*(_drop, _swap, _elsewhere, _times, _callers, _add, _extension, _mobile, _hours, _closure),)
