"""Texts of a 3CX in, what calls do out, by the model of `pbx_3cx`, which is written from the documentation alone."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pbx_3cx.model import Pbx, Phone

from faults.calls import Call, Calls, instants_of
from faults.edits import Fault, region
from faults.judging import Judged, Shows, Told

if TYPE_CHECKING:
    from policyc.model import Policy

LISTED = ("+", "00")
"""How numbers with a country code begin that the settings list."""


@dataclass(frozen=True, slots=True)
class Model:
    """One text, on its PBX."""

    pbx: Pbx
    lines: tuple[str, ...]

    def told(self, call: Call) -> Told:
        """Return what happens on a call."""
        states = dict.fromkeys(self.lines, call.state)
        try:
            events = self.pbx.events(call.presented, call.called, call.local, states, internal=call.internal)
        except (KeyError, ValueError) as error:
            return (f"no such thing: {error}",)
        return tuple(events.split(" > "))


def model(text: str, policy: Policy, lines: Iterable[str]) -> Model:
    """Return a text on its PBX; an exception that is switched off is none there."""
    document = json.loads(text)
    for entry in document["value"]:
        entry["ForwardingExceptions"] = [one for one in entry["ForwardingExceptions"] if one.get("Enabled", True)]
    phones = {number: Phone(one.ring_seconds, one.mailbox) for number, one in policy.extensions.items()}
    for entry in document["value"]:
        phones.setdefault(entry["Number"], Phone(20, mailbox=True))
    return Model(Pbx(document, phones, holidays(policy), "anonymous"), tuple(lines))


def holidays(policy: Policy) -> frozenset[date]:
    """Return the days off that the report asks to enter in the PBX: those that take days out of hours."""
    found = {day for day, _ in policy.holidays}
    for closure in policy.closures:
        for first, last in closure.dates:
            found |= {date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)}
    return frozenset(found)


def is_number(call: Call, policy: Policy) -> bool:
    """Tell whether a call is of a number that telephones have: not 0612, not +336."""
    number = call.presented
    if number is None or number in policy.extensions:
        return True
    if call.internal:
        return re.fullmatch(r"[1-9]\d{0,9}|0[1-9]\d{8}", number) is not None
    french = r"(0|\+33|0033)[1-9]\d{8}|(0|\+33|0033)(700|901)\d{10}"
    abroad = r"(\+|00)(?!33|262|508|590|594|596)[1-9]\d{3,14}"
    overseas = r"(\+|00)(262|590|594|596|508)[1-9]\d{8}"
    return re.fullmatch(rf"{french}|{abroad}|{overseas}|[1-9]\d{{0,14}}", number) is not None


def aimed(fault: Fault, text: str, calls: Calls, pool: Sequence[Call], count: int) -> list[Call]:
    """Return so many calls that may show a fault."""
    rng = random.Random(f"calls {fault.number} {fault.what}")
    _, old, new = region(text, fault.text)
    if len(old) > 40:
        return rng.sample(list(pool), min(count, len(pool)))
    own = fault.what.partition(":")[0].partition(",")[0]
    called = own if own in calls.policy.extensions else None
    near = [call for call in pool if call.called == called] or list(pool)
    found: dict[Call, None] = {}
    patterns = set(re.findall(r"[+\d]+\*?", " ".join(old))) ^ set(re.findall(r"[+\d]+\*?", " ".join(new)))
    for pattern in sorted(patterns):
        for more in ("", "612345678", "12345678"):
            stem = (pattern.rstrip("*") + more)[: rng.choice((9, 10, 12, 13))]
            for internal in (False, True):
                base = rng.choice(near)
                found[replace(base, presented=stem, internal=internal, hidden=False)] = None
    for local in rng.sample(instants := instants_of([*old, *new], rng), min(12, len(instants))):
        found[replace(rng.choice(near), local=calls.existing(local))] = None
    sampled = [*rng.sample(near, min(count // 2, len(near))), *rng.sample(list(pool), min(count // 2, len(pool)))]
    return [call for call in dict.fromkeys([*found, *sampled]) if is_number(call, calls.policy)][:count]


def judge(text: str, faults: Sequence[Fault], calls: Calls, *, pool: Sequence[Call], count: int) -> list[Judged]:
    """Return what calls show of each fault."""
    pool = [call for call in pool if is_number(call, calls.policy)]
    original = model(text, calls.policy, calls.lines)
    known: dict[Call, Told] = {}
    return [
        judged(fault, original, model(fault.text, calls.policy, calls.lines), known,
               aimed(fault, text, calls, pool, count))
        for fault in faults
    ]  # fmt: skip


def judged(fault: Fault, original: Any, faulty: Any, known: dict[Call, Told], calls: Sequence[Call]) -> Judged:
    """Return whether some call does something else."""
    for placed, call in enumerate(calls, 1):
        if call not in known:
            known[call] = original.told(call)
        if (after := faulty.told(call)) != known[call]:
            return Judged(fault, placed, Shows(call, known[call], after))
    return Judged(fault, len(calls), None)


def differs(texts: Mapping[str, str], policy: Policy, lines: Iterable[str], call: Call) -> Shows | None:
    """Return what a call does otherwise with one text than with the other."""
    before, after = (model(text, policy, lines).told(call) for text in (texts["before"], texts["after"]))
    return None if before == after else Shows(call, before, after)
