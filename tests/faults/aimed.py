"""A fault in a dialplan of Asterisk in, the calls to judge it by out: most run through what it touches, or near it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from faults.asterisk import CALLER, Line, parse
from faults.calls import HIDDEN, SHOWN, STATES, Call, Calls, instants_of, numbers_of
from faults.edits import COSMETIC, Fault, region

MANY_LINES = 60
"""A fault that touches more lines touches all."""
OF_LINES = re.compile(r"policyc-(mailbox|unanswered|busy|outside|rebound|confirm)$")
"""Contexts whose steps hang on the state of a line."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Calls of a policy, each with the lines of the dialplan that it runs through, from 0."""

    calls: Calls
    text: str
    lines: Mapping[Call, frozenset[int]]

    def aimed(self, fault: Fault, count: int) -> list[Call]:
        """Return so many calls that may show a fault, the likeliest first."""
        rng = random.Random(f"calls {fault.number} {fault.what}")
        start, old, new = region(self.text, fault.text)
        touched = set(range(start, start + len(old))) or {start - 1, start}
        pool = list(self.lines)
        if fault.kind == COSMETIC or len(old) > MANY_LINES:
            hits = [call for call in pool if self.lines[call] & touched] or pool
            return list(dict.fromkeys([*_some(rng, hits, count // 2), *_some(rng, pool, count)]))[:count]
        parsed = parse(self.text)
        blocks = self._blocks(parsed, touched)
        hits = [call for call in pool if self.lines[call] & touched]
        near = hits or [call for call in pool if self.lines[call] & blocks] or pool
        changed = [*(parsed[at] for at in sorted(blocks)), *parse("\n".join(new))]
        context = parsed[min(start, len(parsed) - 1)].context
        ways = [
            self._of_times(rng, [*old, *new], near) if _is_time(context, [*old, *new]) else iter(()),
            self._of_callers(rng, changed, context, near),
            self._of_lines(rng, near, fault, context),
            iter(_some(rng, near, count)),
            iter(_some(rng, pool, max(6, count // 6))),
        ]
        return _in_turn([filter(self.calls.counts, way) for way in ways], count)

    @staticmethod
    def _blocks(parsed: Sequence[Line], touched: set[int]) -> set[int]:
        """Return the lines of the extensions that some lines are of."""
        extens = {(parsed[at].context, parsed[at].exten) for at in touched if at < len(parsed) and parsed[at].step}
        return {at for at, line in enumerate(parsed) if line.step and (line.context, line.exten) in extens}

    def _of_times(self, rng: random.Random, texts: Sequence[str], near: Sequence[Call]) -> Iterator[Call]:
        """Yield calls at the instants that lines name, by callers whose calls ask for the time."""
        instants = instants_of(texts, rng)
        rng.shuffle(instants)
        for at, local in enumerate(instants * 2):
            yield replace(near[at * 7 % len(near)], local=self.calls.existing(local))

    def _of_callers(self, rng: random.Random, lines: Sequence[Line], context: str, near: Sequence[Call]
                    ) -> Iterator[Call]:  # fmt: skip
        """Yield calls of callers whom patterns name."""
        extens = list(dict.fromkeys(line.exten for line in lines if CALLER.fullmatch(line.exten)))
        own = re.fullmatch(r"policyc-(\d+)", context)
        extensions = list(self.calls.policy.extensions)
        for exten in extens * 2:
            letter = exten.lstrip("_")[:1]
            for number in numbers_of(exten, rng):
                base = rng.choice(near)
                called = own[1] if own and own[1] in extensions else rng.choice(extensions)
                local = rng.choice(self.calls.instants[called]) if rng.random() < 0.6 else base.local
                internal = letter in "ip" or (letter == "c" and context != "policyc-caller" and rng.random() < 0.2)
                yield Call(internal, number, False, called, self.calls.existing(local), rng.choice(STATES))

    def _of_lines(self, rng: random.Random, near: Sequence[Call], fault: Fault, context: str) -> Iterator[Call]:
        """Yield calls to lines in each state, and of hidden callers."""
        bases = _some(rng, near, 4)
        if OF_LINES.search(context):
            states = [*STATES, "silent"] if context == "policyc-confirm" else [*STATES, "lost"]
            yield from (replace(base, state=state) for state in states for base in bases[:2])
        if fault.kind == "privacy":
            for base in bases:
                yield replace(base, hidden=True)
                yield replace(base, presented=None)
                yield replace(base, hidden=True, screen=rng.choice(HIDDEN))
                yield replace(base, hidden=False, screen=rng.choice(SHOWN))
                yield replace(base, hidden=True, internal=not base.internal, presented="101")
        yield from (replace(base, state=state) for base in bases for state in rng.sample(STATES, 3))


def _is_time(context: str, texts: Sequence[str]) -> bool:
    return context in ("policyc-time", "policyc-holidays") or any("STRFTIME" in text for text in texts)


def _some(rng: random.Random, calls: Sequence[Call], count: int) -> list[Call]:
    return rng.sample(calls, min(count, len(calls)))


def _in_turn(ways: Sequence[Iterator[Call]], count: int) -> list[Call]:
    """Return calls of each way in turn, until there are enough."""
    found: dict[Call, None] = {}
    left = list(ways)
    while left and len(found) < count:
        for way in list(left):
            if (call := next(way, None)) is None:
                left.remove(way)
            else:
                found[call] = None
    return list(found)[:count]
