"""A policy in, calls likely to show a fault out: at the edges of its sets, in several presentations, at its times."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from strategies import boundary_callers

from policyc import digits, numbering, schedule
from policyc.digits import Caller, Kind
from policyc.model import External, Policy
from policyc.outcomes import DecisionModel

STATES = ("noanswer", "busy", "unavailable", "accept", "refuse", "leave")
"""What all the lines that are dialled do, in one call. Whoever is asked for a key and is silent lets a call last for
seconds, so `silent` is drawn seldom."""


HIDDEN = ("prohib_not_screened", "prohib_passed_screen", "prohib_failed_screen", "prohib", "unavailable")
SHOWN = ("allowed_not_screened", "allowed_passed_screen", "allowed_failed_screen", "allowed")


@dataclass(frozen=True, slots=True)
class Call:
    """A call on a PBX; the instant is local to the policy's zone, all lines are in one state.

    `screen` is one of the ways in which Asterisk tells that a number is hidden, or shown; "" is the usual one.
    """

    internal: bool
    presented: str | None
    hidden: bool
    called: str
    local: datetime
    state: str = "noanswer"
    screen: str = ""

    def __str__(self) -> str:
        kind = "internal " if self.internal else ""
        hidden = f", {self.screen}" if self.screen else ", hidden" if self.hidden else ""
        return f"{kind}{self.presented!r}{hidden} to {self.called} at {self.local:%Y-%m-%d %H:%M}, lines {self.state}"


class Calls:
    """The calls of one policy. `ways` are the beginnings in which numbers with a country code are presented."""

    def __init__(self, policy: Policy, ways: Sequence[str] | None = None) -> None:
        self.policy = policy
        self.ways = ways

    @cached_property
    def called(self) -> list[str]:
        """The numbers that may be called: those of the policy, and one that is not."""
        return [*self.policy.extensions, *self.policy.systems, "7"]

    @cached_property
    def lines(self) -> list[str]:
        """The numbers that the policy may dial."""
        outside = [one.destination.number for one in self.policy.rules if isinstance(one.destination, External)]
        mobiles = [one.mobile for one in self.policy.extensions.values()]
        return list(dict.fromkeys([*self.policy.extensions, *filter(None, (*outside, *mobiles))]))

    @cached_property
    def callers(self) -> list[Caller]:
        """Callers on both sides of each edge of the sets that rules name, and ordinary ones."""
        edges = boundary_callers(*(rule.callers for rule in self.policy.rules))
        some = [Caller(kind, number) for kind in Kind for number in ("0612345678", "0199001234", "101", None)]
        abroad = [Caller(Kind.EXTERNAL, number) for number in ("+442071234567", "0692123456", "3949", "07001234567890")]
        return list(dict.fromkeys([*edges, *some, *abroad]))

    @cached_property
    def instants(self) -> Mapping[str, Sequence[datetime]]:
        """Instants of each class of time that matters to an extension."""
        model = DecisionModel(self.policy)
        found = {}
        for number in self.called:
            if number in self.policy.extensions:
                partition = model.partition(number)
                found[number] = [partition.witness(1 << one).replace(tzinfo=None) for one in range(partition.count)]
            else:
                found[number] = [datetime(2026, 11, 23, 10)]
        return found

    @cached_property
    def edges(self) -> list[datetime]:
        """Instants on both sides of each bound of the periods of the policy, on days that they tell apart."""
        dates = {date(2026, 11, 23) + timedelta(day) for day in range(7)}
        minutes = set()
        for named in self.policy.periods:
            for first, last in (*named.dates, *((one, one) for one, _ in self.policy.holidays[:8])):
                dates |= {first, last, last + timedelta(1), first - timedelta(1)}
            minutes |= {bound % 1440 for span in named.spans for bound in (span.start, span.end)}
        times = [divmod((minute + more) % 1440, 60) for minute in minutes or {600} for more in (-1, 0)]
        return [datetime.combine(day, time(*at)) for day in sorted(dates) for at in sorted(times)]

    def presented(self, rng: random.Random, caller: Caller) -> tuple[str | None, bool]:
        """Return how a caller may be presented, and whether it hides its number."""
        if caller.number is None:
            hidden = rng.choice((("0612345678", True), (None, False), ("anonymous", False), ("", False)))
            return hidden if self.ways is None else (None, False)
        if caller.kind is Kind.INTERNAL:
            return caller.number, False
        ways = numbering.presentations(caller.number)
        if self.ways is not None:
            ways = tuple(one for one in ways if one == caller.number or one.startswith(tuple(self.ways)))
            return rng.choice(ways), False
        one = rng.choice(ways)
        if rng.random() < 0.12:
            one = rng.choice((" ".join(re.findall("..?", one)), f"{one};verstat=TN-Validation-Passed", f"{one}@host"))
        return one, rng.random() < 0.04

    @staticmethod
    def counts(call: Call) -> bool:
        """Tell whether a call is one that a policy speaks of: numbers beyond its universe are not proved."""
        kind = Kind.INTERNAL if call.internal else Kind.EXTERNAL
        restricted = call.hidden or call.presented is None
        return numbering.canonical(kind, call.presented or "", restricted=restricted) in digits.UNIVERSE

    def state(self, rng: random.Random) -> str:
        """Return a state of the lines."""
        return "silent" if rng.random() < 0.03 else rng.choice(STATES)

    def draw(self, rng: random.Random) -> Call:
        """Return any call."""
        caller = rng.choice(self.callers)
        called = rng.choice(self.called) if rng.random() < 0.1 else rng.choice(list(self.policy.extensions))
        local = rng.choice(self.instants[called] if rng.random() < 0.75 else self.edges)
        presented, hidden = self.presented(rng, caller)
        return Call(caller.kind is Kind.INTERNAL, presented, hidden, called, self.existing(local), self.state(rng))

    def existing(self, local: datetime) -> datetime:
        """Return an instant that clocks of the zone show: a local time that they skip is moved."""
        while not schedule.exists(local.replace(tzinfo=self.policy.zone)):
            local += timedelta(hours=1)
        return local

    def pool(self, rng: random.Random, count: int) -> list[Call]:
        """Return many different calls, each class of time of each extension among them."""
        found = {self.draw(rng): None for _ in range(count)}
        for called, instants in self.instants.items():
            for local in instants:
                found[replace(self.draw(rng), called=called, local=self.existing(local))] = None
        return [call for call in found if self.counts(call)]


# --- calls near what a fault changed ---


def numbers_of(pattern: str, rng: random.Random) -> Iterator[str]:
    """Yield texts that a pattern of an Asterisk extension takes or nearly takes, without its first letter."""
    body = pattern.lstrip("_")[1:]
    for fill in ("0", "9", None, None):
        text = ""
        for one in re.findall(r"\[[^\]]*\]|.", body):
            low = {"X": 0, "Z": 1, "N": 2}.get(one)
            if low is not None:
                text += rng.choice("0123456789"[low:]) if fill is None else max(fill, str(low))
            elif one in ".!":
                text += rng.choice(("", "1", "12345678"))
            else:
                text += one[1] if one[0] == "[" else one
        yield text
        if fill is None:
            yield text[:-1]
            yield text + rng.choice("0123456789")
            if text:
                at = rng.randrange(len(text))
                yield text[:at] + rng.choice("0123456789") + text[at + 1 :]


def instants_of(texts: Iterable[str], rng: random.Random) -> list[datetime]:
    """Return instants on both sides of the dates and times of day that some lines of a dialplan name."""
    dates, minutes = set(), set()
    for text in texts:
        for found in re.findall(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)", text):
            try:
                dates.add(date(*map(int, found)))
            except ValueError:
                continue
        for found in re.findall(r"(?<![\d:])(\d{1,4})(?![\d:])", text):
            hour, minute = divmod(int(found), 100)
            if hour < 24 and minute < 60:
                minutes.add(hour * 60 + minute)
        for hour, minute in re.findall(r"(?<![\d:])([0-2]?\d):([0-5]\d)", text):
            minutes.add(int(hour) * 60 + int(minute))
    days = [day + timedelta(more) for day in dates for more in (-1, 0, 1)]
    days = rng.sample(days, min(len(days), 6)) or [date(2026, 11, 23) + timedelta(day) for day in range(7)]
    near = [divmod((minute + more) % 1440, 60) for minute in minutes for more in (-1, 0, 1)] or [
        (10, 0),
        (22, 0),
        (5, 0),
    ]
    return [datetime.combine(day, time(*at)) for day in days for at in near]
