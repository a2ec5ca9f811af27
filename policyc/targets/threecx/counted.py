"""Which callers a 3CX answers for, and in which presentations: a policy and settings in, sets of callers out. Pure.

A 3CX compares what is presented, so it is only right for the presentations that its settings list. And a pattern takes
all that begins alike: `06*` takes `0612` too. So numbers that no telephone has do not count, except those that the
policy names, or gives to an extension (docs/3cx.md, and the report that goes with the exceptions).

This is written apart from what makes patterns, as the proof is: the two must agree on what the page promises.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from policyc import digits, numbering, schedule
from policyc.digits import Caller, Kind, NumberSet
from policyc.model import Forward, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Intervals = tuple[tuple[int, int], ...]
UNKNOWN: Final = "?"
_NONZERO: Final = "123456789"
_LONG: Final = ("0700", "0901")  # fourteen digits
_FEW: Final = 1000  # a run of so many numbers is named as a range of them; a longer one is a prefix
_TELEPHONES: Final = digits.FRENCH & digits.union(digits.starting(f"0{digit}") for digit in _NONZERO)
_NO_TELEPHONES: Final = digits.union(
    (
        digits.starting("0") - _TELEPHONES,
        digits.starting("+0"),
        *(digits.starting(f"+{code}") for code in ("33", *numbering.overseas_codes())),
    )
)
# Where trunks leave out the 0, or the +, the beginning of a French number is that of short numbers.
_CONFUSED: Final = {
    "33": digits.starting("33", (Kind.EXTERNAL,)),
    "nine-digits": digits.union(digits.starting(digit, (Kind.EXTERNAL,)) for digit in "2456789"),
}


class Counted:
    """Tells who counts among the callers of a policy. `forms` are the presentations that the settings list.

    `anywhere` are all who count where they call some number.
    """

    def __init__(self, policy: Policy, forms: frozenset[str]) -> None:
        """Take what it follows from."""
        self._policy = policy
        self._confused = digits.union(callers for name, callers in _CONFUSED.items() if name in forms)
        phones = digits.union(digits.exactly(number, (Kind.INTERNAL,)) for number in policy.extensions)
        self._always = digits.UNIVERSE - _NO_TELEPHONES - self._confused | phones
        self._named: dict[NumberSet, NumberSet] = {}
        named = digits.union({self._names(rule.callers) for rule in policy.rules})
        self._names_some = bool(named)
        self.anywhere = self._always | named
        self._of: dict[str, NumberSet] = {}

    def callers(self, called: str) -> NumberSet:
        """Return the callers that count where they call one number.

        Of those that count because rules name them, these are they that each list on their way is made to tell apart.
        """
        if not self._names_some or called not in self._policy.extensions:
            return self._always
        if called not in self._of:
            named = digits.EVERYONE
            for extension in self._behind(called):
                named &= digits.union(self._names(rule.callers) for rule in self._policy.rules_for(extension))
            self._of[called] = self._always | named
        return self._of[called]

    def _behind(self, called: str) -> Iterable[str]:
        """Return an extension with all that its calls may go on at."""
        found = {called: None}
        waiting = [called]
        while waiting:
            for rule in self._policy.rules_for(waiting.pop()):
                to = rule.destination
                if isinstance(to, Forward) and to.extension not in found and to.extension in self._policy.extensions:
                    found[to.extension] = None
                    waiting.append(to.extension)
        return found

    def _names(self, callers: NumberSet) -> NumberSet:
        """Return those who count because a rule for some callers names them, or leaves them out."""
        if callers not in self._named:
            known = digits.EMPTY
            if self._confused:
                goes_on = Caller(Kind.EXTERNAL, "9" * 20) in callers  # as `*` does
                known = self._confused - callers if goes_on else self._confused & callers
            runs = tuple(_one_by_one(callers))
            self._named[callers] = known | digits.from_intervals(runs) if runs else known
        return self._named[callers]


def _one_by_one(callers: NumberSet) -> Iterator[tuple[int, int]]:
    """Yield the runs of numbers, none of a telephone, that a set takes in or leaves out as few among others."""
    inside: dict[int, list[int]] = {}  # the bounds of the set within runs that are no telephones, by where these end
    for bound in callers.ends:
        at = bisect_left(_NO_TELEPHONES.ends, bound)
        if at & 1 and bound < _NO_TELEPHONES.ends[at]:
            inside.setdefault(at, []).append(bound)
    for at, bounds in inside.items():
        low, high = _NO_TELEPHONES.ends[at - 1 : at + 1]
        most = 1 if str(digits.caller_at(low).number).startswith("+") else _FEW
        yield from ((start, end) for start, end in pairwise((low, *bounds, high)) if end - start <= most)


# --- presentations --------------------------------------------------------------------------------


@cache
def _spellings(forms: frozenset[str]) -> tuple[tuple[str, str, int], ...]:
    """Return how external numbers are presented otherwise than in their canonical form.

    What is presented, the canonical number, and how many digits follow both.
    """
    found: list[tuple[str, str, int]] = []
    signs = [sign for name, sign in (("e164", "+"), ("00", "00")) if name in forms]
    for digit in _NONZERO:
        found += [(f"{sign}33{digit}", f"0{digit}", 8) for sign in signs]
        if "33" in forms:
            found.append((f"33{digit}", f"0{digit}", 8))
        if "nine-digits" in forms:
            found.append((digit, f"0{digit}", 8))
        if "00" in forms:
            found += [(f"00{digit}", f"+{digit}", more) for more in range(3, 15)]
    found += [(f"{sign}33{area[1:]}", area, 10) for sign in signs for area in _LONG]
    for code, area in numbering.overseas():
        kept = area.removeprefix("0508") if code == "508" else area[1:]
        found += [(f"{sign}{code}{kept}", area, 10 - len(area)) for sign in signs]
    return tuple(found)


@cache
def listed(forms: frozenset[str], presented: str, *, internal: bool) -> Intervals:
    """Return which unknown digits of a presented number make it one of a listed form, or one that is itself.

    Numbers with separators, or with anything behind them, are in none.
    """
    return listed_of(forms, presented, digits.EVERYONE, internal=internal)


@lru_cache(maxsize=256)
def listed_of(forms: frozenset[str], presented: str, callers: NumberSet, *, internal: bool) -> Intervals:
    """Return which unknown digits of a presented number make it, in some listed form, that of one of some callers."""
    literal, _, _ = presented.partition(UNKNOWN)
    more = presented.count(UNKNOWN)
    plain = literal.removeprefix("+")
    if presented != literal + UNKNOWN * more or (plain and not (plain.isascii() and plain.isdigit())):
        return ()
    kind = Kind.INTERNAL if internal else Kind.EXTERNAL
    spellings = [(literal, literal, more)]
    if not internal:
        spellings += [one for one in _spellings(forms) if len(one[0]) + one[2] == len(literal) + more]
    found: list[tuple[int, int]] = []
    for shown, number, further in spellings:
        if not _may_be_one(literal, shown):
            continue
        start = max(shown, literal, key=len)
        left = further - (len(start) - len(shown))
        try:
            low, high = digits.interval(kind, number + start[len(shown) :], left)
        except KeyError:  # no numbers of that length
            continue
        first = int(start[len(literal) :] or "0") * 10**left
        within = callers & digits.from_intervals([(low, high)])
        found += [(first + one - low, first + other - low) for one, other in within.intervals]
    return tuple(schedule.merged(found))


def _may_be_one(one: str, other: str) -> bool:
    """Tell whether a text may start with both of these, digits behind each."""
    if (one[:1] == "+") is not (other[:1] == "+"):
        return False
    return one.startswith(other) or other.startswith(one)
