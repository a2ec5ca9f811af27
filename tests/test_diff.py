"""The partition of `policyc diff`: exact, disjoint, and true by an interpreter that shares nothing with it."""

import random
from collections.abc import Iterable
from datetime import datetime, time

import pytest
from judge import generate
from judge.judge import Call
from judge.pairs import is_ambiguous, outcome, pair
from judge.seeds import chosen, few

import policyc
from policyc import digits, numbering, schedule
from policyc.diff import grouping
from policyc.diff.callers import ANY
from policyc.diff.partition import Change, changes, same
from policyc.diff.times import Calendar
from policyc.digits import Kind
from policyc.outcomes import DecisionModel, Ending


def models(seed):
    """Both policies of a seed as the judge has them, and their models."""
    old, new = pair(seed)
    texts = [generate.render(one, random.Random(f"text {seed}")) for one in (old, new)]
    return old, new, *(DecisionModel(policyc.load_text(text)) for text in texts)


def sampled(seed, old, new, found: Iterable[Change]) -> list[Call]:
    """Calls at the edges of what the policies name, and of what is said to change."""
    rng = random.Random(f"sampled {seed}")
    calls = [
        generate.random_call(one, rng, generate.FEATURES | {"unknown-called", "called-system"})
        for one in (old, new)
        for _ in range(60)
    ]
    for change in rng.sample(found, min(len(found), 25)):
        bits = [bit for bit in range(change.times.partition.count) if change.times.mask >> bit & 1]
        instants = [change.times.partition.witness(1 << bit).replace(tzinfo=None) for bit in bits]
        for end in rng.sample(change.callers.ends, min(len(change.callers.ends), 6)):
            for position in (end - 1, end):
                if 0 <= position < digits.END:
                    caller = digits.caller_at(position)
                    presented = caller.number or "anonymous"
                    internal = caller.kind is Kind.INTERNAL
                    calls.append(Call(presented, internal, False, change.extension, rng.choice(instants)))
    return calls


def holding(found: Iterable[Change], call: Call) -> list[Change]:
    kind = Kind.INTERNAL if call.internal else Kind.EXTERNAL
    caller = numbering.canonical(kind, call.presented, restricted=call.restricted)
    return [
        change
        for change in found
        if change.extension == call.called
        and caller in change.callers
        and change.times.mask >> change.times.partition.class_of(call.instant) & 1
    ]


def ending(end) -> tuple[str, str]:
    return end.kind, " ".join(filter(None, (end.extension, end.number)))


@pytest.mark.parametrize("seed", few(chosen(0, 29), 15))
def test_a_call_is_in_the_partition_when_the_judge_says_that_it_ends_otherwise(seed):
    old, new, before, after = models(seed)
    found = list(changes(before, after))
    calls = [
        call for call in sampled(seed, old, new, found) if not (is_ambiguous(old, call) or is_ambiguous(new, call))
    ]

    assert len(calls) > 60
    for call in calls:
        was, now = outcome(old, call), outcome(new, call)
        inside = holding(found, call)
        assert [(ending(one.before), ending(one.after)) for one in inside] == ([] if was == now else [(was, now)]), call
    assert same(before, after) is (not found)


@pytest.mark.parametrize("seed", few(chosen(0, 14), 10))
def test_groups_hold_each_change_once(seed):
    _, _, before, after = models(seed)
    found = list(changes(before, after))
    difference = grouping.compare(before, after)

    grouped = [
        (extension, group.callers, _seen(group.before, extension, before), _seen(group.after, extension, after))
        for group in difference.groups
        for extension in group.extensions
    ]
    assert sorted(grouped, key=repr) == sorted(
        ((one.extension, one.callers, one.before, one.after) for one in found), key=repr
    )
    assert difference.is_empty is (not found and not difference.settings)


def _seen(end, extension, model):
    """An ending of a group as that of one of its extensions."""
    if end.kind == "outside":
        return Ending("system", extension)
    number = model.policy.extensions[extension].mobile if end.number == grouping.OWN else end.number
    return Ending(end.kind, extension if end.extension == grouping.OWN else end.extension, number)


@pytest.mark.parametrize("seed", few(chosen(0, 14), 10))
def test_what_times_are_called_is_what_they_are(seed):
    """A clause read as a policy: the instants that it names are those of the change."""
    _, _, before, after = models(seed)
    calendar = Calendar(before.policy, after.policy)
    periods = {
        side: {("period", one.name): one.period for one in policy.periods}
        for side, policy in (("old", before.policy), ("new", after.policy))
    }
    for side, policy in (("old", before.policy), ("new", after.policy)):
        periods[side]["holidays", ""] = schedule.on_dates((day, day) for day, _ in policy.holidays)

    def holds(literal, local):
        name = literal.name
        match name.kind:
            case "until":
                inside = local.date().isoformat() <= name.name
            case "dates":
                spans = [span.split("..") for span in name.name.split(", ")]
                inside = any(span[0] <= local.date().isoformat() <= span[-1] for span in spans)
            case "week":
                inside = _in_week(name.name, local)
            case _:
                sides = [name.side] if name.side else ["new", "old"]
                known = [
                    periods[side][name.kind, name.name] for side in sides if (name.kind, name.name) in periods[side]
                ]
                assert len(set(known)) == 1
                inside = known[0].holds(local)
        return inside is literal.inside

    for change in changes(before, after):
        partition = change.times.partition
        described = calendar.describe(change.times)
        asked = [partition.witness(1 << bit).replace(tzinfo=None) for bit in range(partition.count)]
        asked += [
            datetime.combine(day, time(minute // 60 % 24, minute % 60))
            for week, dates in partition.cells(change.times.mask)
            for first, last in dates[:5]
            for day in (first, last)
            for span in week
            for minute in span
        ]
        for local in asked:
            inside = bool(change.times.mask >> partition.class_of(local) & 1)
            if described.example is None:
                clauses = described.clauses
                assert any(all(holds(one, local) for one in clause) for clause in clauses) is inside, (described, local)
        assert described.example is None or change.times.mask >> partition.class_of(described.example) & 1


_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def _in_week(text, local):
    """Whether hours as a policy writes them hold: `lundi-vendredi 9h-12h 14h-18h30, samedi 9h-12h`."""
    minute = local.hour * 60 + local.minute
    for line in text.split(", "):
        words = line.split()
        days = set()
        for word in (word for word in words if word[0].isalpha()):
            first, _, last = word.partition("-")
            days.update(range(_DAYS.index(first), _DAYS.index(last or first) + 1))
        for word in (word for word in words if word[0].isdigit()):
            start, end = (int(hour) * 60 + int(rest or 0) for hour, rest in (one.split("h") for one in word.split("-")))
            if local.weekday() in days and start <= minute < end:
                return True
    return False


@pytest.mark.parametrize("seed", few(chosen(0, 14), 10))
def test_what_callers_are_called_is_who_they_are(seed):
    _, _, before, after = models(seed)
    difference = grouping.compare(before, after)
    named = {}
    for rule in (*after.policy.rules, *before.policy.rules):
        for one in (*rule.written.named, *rule.written.excepted):
            named.setdefault(one.span.text.strip('"«»“” \u00a0\u202f'), one.callers)
            for part in one.parts:
                if part.place is not None:
                    named.setdefault(" ".join(part.place.text.split()), part.callers)

    def meant(item):
        match item.kind:
            case "everyone":
                return digits.EVERYONE
            case "anonymous":
                return digits.ANONYMOUS
            case "number":
                return digits.exactly(item.text)
        if item.text in named and item.length is None:
            return named[item.text]
        if item.kind == "range":
            return digits.between(*item.text.split(".."))
        prefix = item.text.removesuffix("*")
        if item.length is None:
            return numbering.prefix(prefix)
        if item.length == ANY:
            return digits.starting(prefix)
        return digits.union(
            digits.from_intervals([digits.interval(kind, prefix, item.length - len(prefix.removeprefix("+")))])
            for kind in ([Kind.EXTERNAL] if prefix.startswith("+") or item.length > 10 else Kind)
        )

    for group in difference.groups:
        found = digits.EMPTY
        for phrase in group.phrases:
            callers = digits.union(map(meant, phrase.items)) - digits.union(map(meant, phrase.excepted))
            found |= callers & digits.OF_KIND[phrase.kind] if phrase.kind else callers
        assert found & digits.UNIVERSE is group.callers & digits.UNIVERSE, group.phrases
