"""What policies compile to, on a model of 3CX: the conformance suite, random policies, every presentation and boundary.

More seeds: POLICYC_SEEDS=0..500.
"""

import json
import random
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

import pytest
from calls import suite
from judge.generate import generate, random_calls
from judge.generate import render as render_text
from judge.seeds import chosen, few
from pbx_3cx.model import Pbx, Phone
from strategies import boundary_callers

import policyc
from policyc import evaluate, numbering
from policyc.digits import Caller, Kind
from policyc.evaluate import Call
from policyc.targets.threecx.render import DEFAULTS, render

SPELLING = "Masque"  # how this PBX shows a call without a number
SETTINGS = {
    "20.0.9": {**DEFAULTS, "anonymous": SPELLING},
    "20.0.8": {**DEFAULTS, "anonymous": SPELLING, "version": "20.0.8"},
}
LISTED = ("+", "00")  # besides the national form


@dataclass(frozen=True)
class Compiled:
    """A policy on its PBX."""

    policy: policyc.Policy
    pbx: Pbx

    def expected(self, call, lines):
        return told(evaluate.events(self.policy, call, lines))

    def wrong(self, presented, call, lines=None):
        """Return what differs, or None."""
        expected = self.expected(call, lines)
        given = self.pbx.events(presented, call.called, call.instant, lines, internal=call.caller.kind is Kind.INTERNAL)
        return None if expected == given else f"{presented!r} {call}: {given}, not {expected}"


def told(events):
    """Return events as a PBX with one greeting tells them."""
    return re.sub(r"(voicemail \d+) busy", r"\1 unavailable", events)


def compiled(policy, settings):
    """Compile a policy; None if the target refuses it. The holidays are those that the report asks for."""
    rendered = render(policy, settings)
    if rendered.diagnostics:
        return None
    phones = {number: Phone(one.ring_seconds, one.mailbox) for number, one in policy.extensions.items()}
    document = json.loads(rendered.files["policyc-3cx.json"])
    holidays = frozenset(holidays_of(rendered.files["policyc-3cx-report.md"]))
    return Compiled(policy, Pbx(document, phones, holidays, SPELLING))


def holidays_of(report):
    """Yield the dates that a report asks to enter."""
    for first, last in re.findall(r"^- (\d\d/\d\d/\d{4})(?: au (\d\d/\d\d/\d{4}))? : ", report, re.MULTILINE):
        day, end = (date(*map(int, reversed(text.split("/")))) for text in (first, last or first))
        while day <= end:
            yield day
            day += timedelta(1)


def is_number(caller, extensions):
    """Tell whether a caller has a number that telephones have: not 0612, not +336."""
    number = caller.number
    if number is None or number in extensions:
        return True
    if caller.kind is Kind.INTERNAL:
        return re.fullmatch(r"[1-9]\d{0,9}|0[1-9]\d{8}", number) is not None
    french = r"0[1-9]\d{8}|0(700|901)\d{10}"
    abroad = r"\+(?!33|262|508|590|594|596)[1-9]\d{3,14}"
    return re.fullmatch(rf"{french}|{abroad}|[1-9]\d{{0,14}}", number) is not None


def is_listed(presented, caller):
    """Tell whether a number is presented in one of the ways that the settings list."""
    if caller.number is None:
        return not presented
    if caller.kind is Kind.INTERNAL or presented == caller.number:
        return presented == caller.number
    return presented.startswith(LISTED) and presented in numbering.presentations(caller.number)


def spellings(caller):
    """Return how a caller may be presented."""
    if caller.number is None:
        return [None]
    if caller.kind is Kind.INTERNAL:
        return [caller.number]
    return [shown for shown in numbering.presentations(caller.number) if is_listed(shown, caller)]


# -- the conformance suite ------------------------------------------------------------------------------------------


def served(policy, settings):
    """Yield the extensions that the target serves, each with a policy that it takes.

    Where it refuses the whole policy, each extension is compiled with the rules of its own and those for all.
    """
    if (made := compiled(policy, settings)) is not None:
        yield from ((number, made) for number in (*policy.extensions, *policy.systems))
        return
    for number in policy.extensions:
        own = {number: policy.own[number]} if number in policy.own else {}
        if (made := compiled(replace(policy, own=own), settings)) is not None:
            yield number, made


@cache
def suite_on(version):
    """Return how many calls of each file of the suite were compared, and what was wrong."""
    counts, wrong = {}, []
    for path in suite.paths():
        case = suite.read(path)
        made_for = dict(served(case.policy, SETTINGS[version]))
        compared = 0
        for line in case.lines:
            made = made_for.get(line.called)
            call = line.call
            at = line.instant if line.instant.tzinfo is None else line.instant.astimezone(case.policy.zone)
            call = replace(call, instant=at.replace(tzinfo=None))
            presented = None if line.restricted else line.presented
            countable = is_listed(presented, call.caller) and is_number(call.caller, case.policy.extensions)
            if made is not None and countable:
                compared += 1
                wrong.append(made.wrong(presented, call, line.states))
                if made.policy is case.policy and made.expected(call, line.states) != told(line.gives):
                    wrong.append(f"{path.stem}: {line}: not as the suite says")
        counts[path.stem] = compared
    return counts, [one for one in wrong if one]


@pytest.mark.parametrize("version", few(SETTINGS, 2))
def test_the_suite(version):
    """Each call of the suite, as far as its presentation is listed, to each extension that a 3CX can serve."""
    counts, wrong = suite_on(version)

    assert not wrong, "\n".join(wrong)
    assert sum(counts.values()) > {"20.0.9": 450, "20.0.8": 250}[version], counts


# -- random policies ------------------------------------------------------------------------------------------------


def boundary_instants(policy):
    """Return instants at and just before the edges of the periods of a policy."""
    found = {datetime(2026, 11, 23, 10), datetime(2026, 11, 28, 23, 59, 59)}
    days = {day for day, _ in policy.holidays}
    days |= {day for one in policy.closures for pair in one.dates for day in pair}
    week = date(2026, 11, 23)
    for period in policy.periods:
        for span in period.spans:
            for minute in (span.start, span.end):
                for weekday in span.days:
                    for on in (week + timedelta(weekday), *sorted(days)[:3]):
                        found.add(datetime.combine(on, datetime.min.time()) + timedelta(minutes=minute))
    for day in days:
        found |= {datetime.combine(day, datetime.min.time()), datetime.combine(day, datetime.max.time())}
    return sorted(found | {(one - timedelta(seconds=1)) for one in found})


def at_every_boundary(made, seed):
    """Yield calls of every sort: callers at the ends of sets, each way they are presented, at ends of periods."""
    rng = random.Random(seed)
    policy = made.policy
    instants = boundary_instants(policy)
    for number in policy.extensions:
        callers = boundary_callers(*(rule.callers for rule in policy.rules_for(number)))
        callers += [Caller(kind, None) for kind in Kind]
        for caller in callers:
            if is_number(caller, policy.extensions):
                for presented in spellings(caller):
                    for instant in rng.sample(instants, min(3, len(instants))):
                        yield presented, Call(caller, number, instant.replace(microsecond=0))


def adapted(seed, version):
    """Return a random policy without what no 3CX says: last days, days off told apart, and kinds before 20.0.9."""
    case = generate(seed, calls=0)
    kept = ({"hours", "holidays"}, {"hours", "closure"}, {"hours"})[seed % 3]

    def rule(one):
        times = tuple(when for when in one.times if when.kind in kept)
        return replace(one, until=None, times=times, only=one.only if version == "20.0.9" else "")

    blocks = tuple(replace(block, rules=tuple(map(rule, block.rules))) for block in case.policy.blocks)
    drawn = replace(case.policy, blocks=blocks)
    if seed % 3 == 0:
        drawn = replace(drawn, closures=())
    if seed % 3 == 1:
        drawn = replace(drawn, holidays=frozenset(), holiday_years=None)
    return drawn, policyc.load_text(render_text(drawn, random.Random(seed)))


SEEDS = chosen(2000, 2005)


@cache
def random_on(version):
    """Return for each seed how many calls were compared and what was wrong; None where the policy is refused."""
    found = {}
    for seed in SEEDS:
        drawn, policy = adapted(seed, version)
        made = compiled(policy, SETTINGS[version])
        if made is None:
            found[seed] = None
            continue
        calls = list(at_every_boundary(made, seed))
        wrong = [made.wrong(presented, call) for presented, call in calls]
        for tagged in random_calls(drawn, random.Random(seed), 80):
            one = tagged.call
            call = policyc.call_from(
                one.presented, one.called, one.instant, internal=one.internal, restricted=one.restricted
            )
            presented = None if one.restricted else one.presented
            if is_listed(presented, call.caller) and is_number(call.caller, policy.extensions):
                calls.append(call)
                wrong.append(made.wrong(presented, call, one.lines))
        found[seed] = len(calls), [one for one in wrong if one]
    return found


@pytest.mark.parametrize("version", few(SETTINGS, 2))
def test_random_policies(version):
    """Random policies that the target takes decide as they should, for each presentation at each boundary."""
    found = random_on(version)

    wrong = [f"seed {seed}: {one}" for seed, result in found.items() if result for one in result[1][:3]]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("version", few(SETTINGS, 2))
def test_enough_random_policies_are_taken(version):
    """A test of policies that are all refused would prove nothing."""
    taken = [result for result in random_on(version).values() if result]

    assert 2 * len(taken) > len(SEEDS)
    assert sum(count for count, _ in taken) > 100 * len(taken)
