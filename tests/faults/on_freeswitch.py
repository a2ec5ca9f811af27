"""Texts of one dialplan in, what calls do on each out, by the evaluator of `dialplan_xml`.

It stands in for a real FreeSWITCH, to which recorded tables hold it; what it does not understand it refuses, and then a
fault is not judged. `real_freeswitch` places calls on a real one, `record` keeps what they did.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from re import _parser as sre  # type: ignore[attr-defined]  # what `re` makes of an expression
from typing import TYPE_CHECKING, Any

from dialplan_xml import Call as Placed
from dialplan_xml import DialplanError, Surroundings, read, simulate
from recorded.table import DOMAIN, LINES, PROMPTS, _is_taken

from faults.calls import STATES, Call, Calls, instants_of
from faults.edits import COSMETIC, Fault, region
from faults.freeswitch import parse
from faults.judging import Judged, Shows, Told

if TYPE_CHECKING:
    from dialplan_xml import Dialplan, Outcome

AROUND = Surroundings(
    lines=LINES, prompts=PROMPTS, variables={"domain_name": DOMAIN}, system_contexts=frozenset({"default"})
)
NOWHERE = ("hangup", "cause NO_ROUTE_DESTINATION")
"""What a call does that is sent to a context which is not there."""


class NotJudgedError(Exception):
    """The evaluator does not understand a dialplan."""


def told(found: Outcome) -> Told:
    """Return what people notice of a call: events, what each line is shown, and why the dialplan hung up."""
    shown = [f"{one.number} is shown {one.shown}{' private' if one.private else ''}" for one in found.dials]
    last = found.events.rsplit(" > ", 1)[-1].split()
    if last[0] == "system":
        shown.append(f"{last[1]} is shown {found.shown}")
    cause = () if _is_taken(found) else (f"cause {found.ended}",)
    return (*found.events.split(" > "), *shown, *cause)


@dataclass(frozen=True, slots=True)
class Model:
    """One text, as the evaluator reads it."""

    dialplan: Dialplan
    calls: Calls

    def told(self, call: Call) -> Told:
        """Return what happens on a call. Raises NotJudgedError."""
        try:
            found = self.run(call)
            if found.ended == "system" and found.steps[-1].data.split()[-1] not in AROUND.system_contexts:
                return NOWHERE  # only that context is there besides those of the dialplan
            return tuple(map(self._of_directory, told(found)))
        except (DialplanError, ValueError, RecursionError) as error:
            if isinstance(error, ValueError) and "is not there" in str(error):
                return NOWHERE
            raise NotJudgedError(str(error)) from error

    def _of_directory(self, event: str) -> str:
        """Return an event as it is where only the mailboxes of the policy are there."""
        found = re.fullmatch(r"voicemail (\S+) unavailable", event)
        its = self.calls.policy.extensions.get(found[1]) if found else None
        return event if found is None or (its and its.mailbox) else f"voicemail {found[1]} unknown"

    def run(self, call: Call) -> Outcome:
        """Return what becomes of a call. Raises DialplanError, and ValueError where it has no way in."""
        context = f"policyc-{'internal' if call.internal else 'external'}"
        at = call.local.replace(tzinfo=self.calls.policy.zone)
        states = dict.fromkeys(self.calls.lines, call.state)
        return simulate(
            self.dialplan, Placed(context, call.called, at, call.presented, call.hidden, states=states), AROUND
        )

    def lines(self, call: Call) -> frozenset[int]:
        """Return the lines of the actions that a call runs, from 0."""
        return frozenset(step.place.line - 1 for step in self.run(call).steps)


def model(text: str, calls: Calls) -> Model:
    """Return a text as the evaluator reads it. Raises NotJudgedError."""
    try:
        return Model(read({"policyc.xml": text}), calls)
    except (DialplanError, ValueError) as error:
        raise NotJudgedError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Pool:
    """Calls of a policy, each with the lines of the dialplan that it runs, from 0."""

    calls: Calls
    text: str
    lines: Mapping[Call, frozenset[int]]

    def aimed(self, fault: Fault, count: int) -> list[Call]:
        """Return so many calls that may show a fault, the likeliest first."""
        rng = random.Random(f"calls {fault.number} {fault.what}")
        start, old, new = region(self.text, fault.text)
        pool = list(self.lines)
        if fault.kind == COSMETIC or len(old) > 60:
            return rng.sample(pool, min(count, len(pool)))
        parsed = parse(self.text)
        touched = range(max(0, start - 1), start + max(1, len(old)))
        extensions = {parsed[at].extension for at in touched if parsed[at].extension >= 0}
        contexts = {parsed[at].context for at in touched if parsed[at].context}
        hits = [call for call in pool if any(parsed[at].extension in extensions for at in self.lines[call])]
        inside = [call for call in pool if any(parsed[at].context in contexts for at in self.lines[call])]
        near = hits or inside or pool
        texts = [*old, *new]
        ways = [
            iter(self._of_times(rng, texts, near)),
            self._of_callers(rng, texts, near),
            self._of_lines(rng, near, fault),
            iter(rng.sample(near, min(count, len(near)))),
            iter(rng.sample(inside, min(count // 3, len(inside)))),
            iter(rng.sample(pool, min(max(6, count // 6), len(pool)))),
        ]
        ways = [filter(self.calls.counts, way) for way in ways]
        found: dict[Call, None] = {}
        while ways and len(found) < count:
            for way in list(ways):
                if (call := next(way, None)) is None:
                    ways.remove(way)
                else:
                    found[call] = None
        return list(found)[:count]

    def _of_times(self, rng: random.Random, texts: Sequence[str], near: Sequence[Call]) -> list[Call]:
        if not any(re.search(r"wday=|time-of-day=|mday=|policyc_is_|policyc_closed|timezone", text) for text in texts):
            return []
        instants = [*instants_of(_dates(texts), rng), *rng.sample(self.calls.edges, min(20, len(self.calls.edges)))]
        rng.shuffle(instants)
        return [replace(near[at * 7 % len(near)], local=self.calls.existing(one)) for at, one in enumerate(instants)]

    def _of_callers(self, rng: random.Random, texts: Sequence[str], near: Sequence[Call]) -> Iterator[Call]:
        for text in texts:
            found = re.search(r'field="\$\{policyc_(number|shown)\}" expression="([^"]*)"', text)
            for _ in range(8 if found else 0):
                try:
                    number = sample(found[2], rng)  # type: ignore[index]  # it was found
                except re.error:
                    break
                if rng.random() < 0.4 and number:
                    at = rng.randrange(len(number))
                    number = number[:at] + rng.choice(("", rng.choice("0123456789"), number[at] * 2)) + number[at + 1 :]
                base = rng.choice(near)
                yield replace(base, presented=number, internal=rng.random() < 0.2, hidden=False)

    def _of_lines(self, rng: random.Random, near: Sequence[Call], fault: Fault) -> Iterator[Call]:
        for base in rng.sample(near, min(3, len(near))):
            if fault.kind == "privacy":
                yield replace(base, hidden=True)
                yield replace(base, presented=None)
                yield replace(base, hidden=True, internal=True, presented="101")
            yield from (replace(base, state=state) for state in STATES)


def _dates(texts: Sequence[str]) -> list[str]:
    """Return lines with their dates as others write them."""
    found = list(texts)
    for text in texts:
        parts = [re.search(rf'{name}="(\d+)(?:-(\d+))?', text) for name in ("year", "mon", "mday")]
        if all(parts):
            year, month, day = (part[1] for part in parts if part)
            found.append(f"{year}-{month.zfill(2)}-{day.zfill(2)}")
    return found


def sample(expression: str, rng: random.Random) -> str:
    """Return a text that an expression finds, or that one of what it must not find does."""
    return "".join(_sampled(sre.parse(expression), rng))


def _sampled(parts: Any, rng: random.Random) -> Iterator[str]:
    for op, value in parts:
        match str(op):
            case "LITERAL":
                yield chr(value)
            case "NOT_LITERAL" | "ANY":
                yield rng.choice("0123456789")
            case "IN":
                chars = [one for one in "0123456789+;@" if _is_in(one, value)]
                yield rng.choice(chars or ["0"])
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, inner = value
                for _ in range(rng.randint(low, min(high, low + 3))):
                    yield from _sampled(inner, rng)
            case "SUBPATTERN":
                yield from _sampled(value[-1], rng)
            case "ASSERT" | "ASSERT_NOT":
                yield from _sampled(value[1], rng)
            case "BRANCH":
                yield from _sampled(rng.choice(value[1]), rng)


def _is_in(one: str, members: Any) -> bool:
    found = False
    negated = False
    for op, value in members:
        match str(op):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found |= chr(value) == one
            case "RANGE":
                found |= value[0] <= ord(one) <= value[1]
    return found is not negated


def judge(text: str, faults: Sequence[Fault], calls: Calls, *, pool: Sequence[Call], count: int
          ) -> list[Judged | None]:  # fmt: skip
    """Return what calls show of each fault; None for one that the evaluator does not understand."""
    original = model(text, calls)
    known: dict[Call, Told] = {}
    near = Pool(calls, text, {call: original.lines(call) for call in pool})

    def one(fault: Fault) -> Judged | None:
        placed = 0
        try:
            faulty = model(fault.text, calls)
            for placed, call in enumerate(near.aimed(fault, count), 1):
                if call not in known:
                    known[call] = original.told(call)
                if (after := faulty.told(call)) != known[call]:
                    return Judged(fault, placed, Shows(call, known[call], after))
        except NotJudgedError:
            return None
        return Judged(fault, placed, None)

    return [one(fault) for fault in faults]
