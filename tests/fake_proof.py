"""A target whose files are policies: what they do with calls is what their own model says, as a reader would tell it.

So the proof of a policy against its own text holds, and against any other text it fails just where the two decide
otherwise. A first line `# sans e164 33` makes a file that does not recognise these presentations, `# redite` one that
does more than it needs to, but nothing else; `# obscur 102` one that is not understood once 102 is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import policyc
from policyc.outcomes import DecisionModel, Ending
from policyc.proof import shapes
from policyc.proof.protocol import Calls, NotUnderstood, Stop

if TYPE_CHECKING:
    from policyc.model import Policy

FILES = ("politique.txt",)
SHOWN = "as presented"


@dataclass(frozen=True, slots=True)
class Parted:
    asked: object
    yes: Plan
    no: Plan


@dataclass(frozen=True, slots=True)
class Plan:
    events: tuple[tuple[str, ...], ...]
    then: Parted | None = None


@dataclass(frozen=True, slots=True)
class Found:
    starts: Sequence[int]
    plans: Sequence[Plan]


def read(files: Mapping[str, str], policy: Policy, settings: Mapping[str, Any]) -> Reading:
    """Return a file read back; of the policy nothing is taken."""
    text = files["politique.txt"]
    if "@" in text:
        line = text[: text.index("@")].count("\n") + 1
        raise NotUnderstood("politique.txt", line, "function", text.split("\n")[line - 1].strip())
    return Reading(text)


class Reading:
    def __init__(self, text: str) -> None:
        self.text = text
        words = text.split("\n", 1)[0].split()
        told = words[1] if words[:1] == ["#"] else ""
        self.obscure = words[2] if told == "obscur" else None
        self.says_twice = told == "redite"
        without = words[2:] if told == "sans" else ()
        self.listed = frozenset(shapes.PRESENTATIONS) - {*without}
        self.policy = policyc.load_text(text)
        self.model = DecisionModel(self.policy)
        self._shapes = {one.calls: one for one in shapes.shapes(self.listed)}
        self._leaves: dict[object, Plan] = {}
        self._plans: dict[Plan, Plan] = {}

    def found(self, called: str, calls: Sequence[Calls]) -> list[Found]:
        if called == self.obscure:
            raise NotUnderstood("politique.txt", 1, "application", f"obscur {called}")
        return [self._found(called, one) for one in calls]

    def _found(self, called: str, calls: Calls) -> Found:
        if called not in self.policy.extensions:
            return Found((0,), (self._end(Ending("system", called)),))
        starts, plans = [], []
        for low, plan in self._pieces(called, calls):
            if not plans or plans[-1] is not plan:
                starts.append(low)
                plans.append(plan)
        return Found(starts, plans)

    def _pieces(self, called, calls):
        outcomes = self.model.outcomes(called)
        shape = self._shapes.get(calls)
        nobody = self._end(Ending("busy"))
        at = 0
        for piece in shape.pieces if shape else ():
            if at < piece.low:
                yield at, nobody
            at = piece.high
            if shape.anonymous:
                yield piece.low, self._plan(outcomes.partition, outcomes.at(piece.rank))
            else:
                for low, _, leaf in outcomes.between(piece.rank, piece.rank + piece.high - piece.low):
                    yield low - piece.rank + piece.low, self._plan(outcomes.partition, leaf)
        if at < calls.size:
            yield at, nobody

    def _plan(self, partition, leaf):
        key = id(partition), id(leaf)
        if key not in self._leaves:
            self._leaves[key] = self._asking(partition, leaf, partition.periods)
        return self._leaves[key]

    def _asking(self, partition, leaf, periods):
        """Return the plan that asks one period after another until it is known where the call ends."""
        if len(leaf) == 1:
            return self._end(leaf[0][1])
        period, *others = periods
        inside = partition.mask(period)
        yes, no = (
            tuple((mask & part, end) for mask, end in leaf if mask & part)
            for part in (inside, partition.everything & ~inside)
        )
        if not yes or not no:
            return self._asking(partition, leaf, others)
        return self._one(
            Plan((), Parted(period, self._asking(partition, yes, others), self._asking(partition, no, others)))
        )

    def _end(self, ending: Ending) -> Plan:
        plan = _plan(self.policy, ending)
        if self.says_twice:
            plan = Plan((("nothing",), *plan.events), plan.then)
        return self._one(plan)

    def _one(self, plan: Plan) -> Plan:
        return self._plans.setdefault(plan, plan)

    def path(self, called, one, local) -> list[Stop]:
        if called not in self.policy.extensions:
            return []
        call = policyc.call_from(one.presented, called, local, internal=one.internal, restricted=one.hidden)
        steps = policyc.evaluate.evaluate(self.policy, call).steps
        rules = [step.rule.span if step.rule else self.policy.extensions[step.extension].span for step in steps]
        return [Stop("politique.txt", span.line, " ".join(span.text.split())) for span in rules]


@lru_cache(maxsize=1 << 16)
def _ends(kind: str, extension: str | None, number: str | None, seconds: int, mailbox: bool) -> Plan:
    hung = Plan((("busy",),))
    match kind:
        case "ring":
            after = Plan((("voicemail", extension or ""),)) if mailbox else hung
            return Plan((("ring", extension or "", str(seconds), SHOWN),), Parted("answered", Plan(()), after))
        case "voicemail":
            return Plan((("voicemail", extension or ""),))
        case "external":
            return Plan((("external", number or "", SHOWN),))
        case "rebound":
            return Plan((("rebound", number or "", str(seconds)), ("voicemail", extension or "")))
        case "system":
            return Plan((("system", extension or ""),))
        case _:
            return hung


def _plan(policy: Policy, ending: Ending) -> Plan:
    own = policy.extensions.get(ending.extension or "")
    return _ends(
        ending.kind, ending.extension, ending.number, own.ring_seconds if own else 0, own.mailbox if own else False
    )


def expected(policy: Policy, settings: Mapping[str, Any], ending: Ending, called: Calls) -> Plan:
    return _plan(policy, ending)


def normal(plan: Plan) -> Plan:
    """Leave out what nobody notices."""
    events = tuple(event for event in plan.events if event != ("nothing",))
    then = plan.then and Parted(plan.then.asked, normal(plan.then.yes), normal(plan.then.no))
    return Plan(events, then)


def happens(plan: Plan) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for kind, *values in plan.events:
        match kind:
            case "ring":
                found.append(("ring", {"extension": values[0], "seconds": values[1]}))
            case "voicemail":
                found.append(("voicemail", {"mailbox": values[0], "greeting": "unavailable"}))
            case "external":
                found.append(("external", {"number": values[0]}))
            case "rebound":
                found.append(("rebound", {"number": values[0], "seconds": values[1]}))
            case "system":
                found.append(("system", {"number": values[0], "context": "default"}))
            case "busy":
                found.append(("busy", {}))
    if plan.then is not None:
        found += [("state", {"state": "noanswer"}), *happens(plan.then.no)]
    return found
