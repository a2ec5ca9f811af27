"""Two policies in, what a reviewer is told of their difference out: the calls that end otherwise, alike ones together.

Each group is exact, the groups are disjoint, and every call that ends otherwise is in one. The interpreter confirms an
example of each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import datetime
from functools import partial
from math import ceil

from policyc import digits, evaluate
from policyc.diagnostics import Arg, Diagnostic
from policyc.diff import partition
from policyc.diff.callers import Directory, Phrases
from policyc.diff.partition import Change, Times
from policyc.diff.settings import Setting, settings
from policyc.diff.times import Calendar, Described
from policyc.digits import Caller, Kind, NumberSet
from policyc.evaluate import Call, Outcome, Step
from policyc.model import Policy, Rule
from policyc.outcomes import DecisionModel, Ending
from policyc.values import dataclass

OWN = ""
"""In the ending of a group: the extension called itself, or its own mobile."""


@dataclass(frozen=True, slots=True)
class Example:
    """One of the calls, at an instant local to the policy's zone, and the steps that decide it in either policy."""

    caller: Caller
    called: str
    local: datetime
    before: tuple[Step, ...]
    after: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Calls of the same callers at the same times to some extensions, which ended alike and now end alike.

    An ending names OWN where each extension called means itself, or its own mobile. The kind `outside` is that of a
    number that the policy leaves to the PBX.
    """

    extensions: tuple[str, ...]
    callers: NumberSet
    times: Times
    described: Described
    before: Ending
    after: Ending
    example: Example
    words: Directory = field(repr=False, compare=False)

    @property
    def phrases(self) -> Phrases:
        """The callers as people say them. To find the words takes long: of many groups, only some are told."""
        return self.words.describe(self.callers)

    @property
    def size(self) -> int:
        """How many callers change destination, at each extension."""
        return self.callers.people * len(self.extensions)


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of some callers changes destination at some time, in the mean of all extensions, from 0 to 1.

    `callers` is internal, french, foreign or anonymous.
    """

    callers: str
    part: float


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two policies: groups, the largest first, and what the policies say.

    `extensions` is how many were compared. `zones` holds both time zones where they differ: then calls were compared at
    what the clocks of each show.
    """

    old: Policy
    new: Policy
    groups: tuple[Group, ...]
    settings: tuple[Setting, ...]
    shares: tuple[Share, ...]
    extensions: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.groups and not self.settings

    @property
    def moved(self) -> float:
        """The largest of the shares."""
        return max(share.part for share in self.shares)


def compare(old: DecisionModel, new: DecisionModel, among: Iterable[str] | None = None) -> Difference:
    """Return the difference of two policies without errors; calls to extensions not `among` some end alike."""
    found = tuple(partition.changes(old, new, among))
    calendar = Calendar(old.policy, new.policy)
    # Each extension has words of its own: those of all together are too many to look through for each change.
    words = {one: Directory(partial(_rules, one, (new, old))) for one in {change.extension for change in found}}
    alike: dict[object, list[Change]] = {}
    for change in found:
        described = calendar.describe(change.times)
        when = described if described.example is None else change.times
        key = change.callers, when, *_endings(change, old.policy, new.policy)
        alike.setdefault(key, []).append(change)
    groups = [
        Group(
            tuple(change.extension for change in same),
            same[0].callers,
            same[0].times,
            calendar.describe(same[0].times),
            *_endings(same[0], old.policy, new.policy),
            _example(same[0], old.policy, new.policy),
            words[same[0].extension],
        )
        for same in alike.values()
    ]
    groups.sort(key=lambda group: (-group.size, len(group.extensions[0]), group.extensions))
    extensions = len(old.policy.extensions.keys() | new.policy.extensions.keys())
    return Difference(
        old.policy,
        new.policy,
        tuple(groups),
        tuple(settings(old.policy, new.policy)),
        tuple(_shares(found, old.policy, new.policy, extensions)),
        extensions,
    )


def too_many(difference: Difference, most: float) -> Diagnostic:
    """Return what to tell where more callers are moved than is allowed, in percent."""
    largest = max(difference.shares, key=lambda share: share.part)
    args: dict[str, Arg] = {"case": largest.callers, "percent": ceil(100 * largest.part), "most": f"{most:g}"}
    return Diagnostic("PC705", None, args)


def _rules(extension: str, models: Iterable[DecisionModel]) -> Iterator[Rule]:
    """Yield the rules that may decide calls to an extension, however often they are forwarded."""
    for model in models:
        waiting = [extension] if extension in model.policy.extensions else []
        seen = set(waiting)
        while waiting:
            one = waiting.pop()
            yield from model.rules(one)
            onward = [other for other in model.forwards(one) if other not in seen]
            seen.update(onward)
            waiting += onward


def _endings(change: Change, old: Policy, new: Policy) -> tuple[Ending, Ending]:
    """Return where calls ended and end as seen from the extension called, if that tells the two apart."""
    before, after = _seen(change.before, change.extension, old), _seen(change.after, change.extension, new)
    return (change.before, change.after) if before == after else (before, after)


def _seen(ending: Ending, called: str, policy: Policy) -> Ending:
    if ending.kind == "system" and ending.extension == called and called not in policy.systems:
        return Ending("outside")
    if ending.extension == called:
        ending = ending._replace(extension=OWN)
    own = policy.extensions.get(called)
    if own is not None and ending.number is not None and ending.number == own.mobile:
        ending = ending._replace(number=OWN)
    return ending


def _example(change: Change, old: Policy, new: Policy) -> Example:
    caller = change.callers.witness()
    local = change.times.partition.witness(change.times.mask).replace(tzinfo=None)
    outcomes = [evaluate.evaluate(policy, Call(caller, change.extension, local)) for policy in (old, new)]
    if [_ending(outcome) for outcome in outcomes] != [change.before, change.after]:
        raise AssertionError(f"the interpreter does not confirm a change: {change}")
    return Example(caller, change.extension, local, outcomes[0].steps, outcomes[1].steps)


def _ending(outcome: Outcome) -> Ending:
    return Ending(outcome.kind, None if outcome.kind == "busy" else outcome.extension, outcome.number)


# -- how much is moved -------------------------------------------------------------------------------------------------

_FRENCH = digits.from_intervals([digits.interval(Kind.EXTERNAL, "0", 9)])
_FOREIGN = digits.FOREIGN & digits.UNIVERSE


def _shares(found: Iterable[Change], old: Policy, new: Policy, extensions: int) -> Iterator[Share]:
    """Yield the share of each population: of all numbers there could be, most are nobody's."""
    numbers = old.extensions.keys() | new.extensions.keys()
    populations = {
        "internal": digits.union(digits.exactly(number, (Kind.INTERNAL,)) for number in numbers),
        "french": _FRENCH,
        "foreign": _FOREIGN,
        "anonymous": digits.ANONYMOUS & digits.EXTERNAL,
    }
    moved: dict[str, list[NumberSet]] = {}
    for change in found:
        moved.setdefault(change.extension, []).append(change.callers)
    anyone = [digits.union(sets) for sets in moved.values()]
    for name, population in populations.items():
        of_all = sum((callers & population).size for callers in anyone)
        yield Share(name, of_all / (population.size * extensions) if population and extensions else 0.0)
