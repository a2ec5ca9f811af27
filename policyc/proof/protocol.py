"""What a target offers to be proved: what its files do with every call, and what they should do for an ending.

Readers of files share nothing with what writes them and import neither this module nor the model: what is named here
is matched by shape. `targets/<pbx>/proof.py` joins the two, and is what `find` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from policyc.digits import NumberSet
    from policyc.model import Policy
    from policyc.outcomes import Ending
    from policyc.proof.parts import Parts

UNKNOWN: Final = "?"
"""Stands in a presented text for a digit that may be any."""


class Parting(Protocol):
    """Two ways to go on. `asked` is a `Period` (is the call within?), or anything else that only the call tells."""

    @property
    def asked(self) -> object: ...  # noqa: D102
    @property
    def yes(self) -> Plan: ...  # noqa: D102
    @property
    def no(self) -> Plan: ...  # noqa: D102


class Plan(Protocol):
    """What happens on a call, in order, and then the ways that part, None if they do not. Immutable, hashable.

    Where periods are answered, others are made of it: `type(plan)(events, then)`, `type(parting)(asked, yes, no)`.
    """

    @property
    def events(self) -> tuple[Any, ...]: ...  # noqa: D102
    @property
    def then(self) -> Parting | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls that are alike but for some digits of the caller.

    `presented` is the number as the trunk or phone shows it, with `UNKNOWN` for each digit that may be any:
    `+33?????????`, `06 ?? ?? ?? ??;verstat=x`, `anonymous`, ``. `hidden`: the presentation is restricted.
    """

    internal: bool
    presented: str
    hidden: bool = False

    @property
    def size(self) -> int:
        """How many numbers these are: they are told by their unknown digits, read as a number from 0."""
        return int(10 ** self.presented.count(UNKNOWN))


class Found(Protocol):
    """What files do with some calls.

    `starts` are sorted and begin with 0; `plans[i]` is for the numbers from `starts[i]` to the next start. Equal plans
    are one object wherever that is cheap: comparisons are remembered by identity. Where a plan shows or passes on the
    number as it was presented, it holds a mark for it, not the digits: so it is one plan for all callers.
    """

    @property
    def starts(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def plans(self) -> Sequence[Plan]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Stop:
    """A line of a file that a call ran through, and what it says."""

    file: str
    line: int
    text: str


Window = tuple[int, int, int]
"""Where unknown digits begin, the source of which theirs are the plans, and from which of its places on."""


class Laid(Protocol):
    """What files do with some calls, laid out over a few `sources` that they share.

    `windows` are those of each of the calls, in order, the first from 0 on: numbers from the start of one until that of
    the next have, one after the other, the plans that a source has from a place on. They are one object for all called
    numbers whose calls are laid out alike: what is to be compared for them is remembered by it.
    """

    @property
    def windows(self) -> Sequence[Sequence[Window]]: ...  # noqa: D102
    @property
    def sources(self) -> Sequence[Found]: ...  # noqa: D102


class Reading(Protocol):
    """The files of one target, read back.

    One that finds the same for many calls may have a method `laid(called, calls) -> Laid` besides, which is then asked
    instead of `found`, and says the same at least of the calls that the target answers for (`counted`, `listed`).
    """

    def found(self, called: str, calls: Sequence[Calls]) -> Sequence[Found]:
        """Return what becomes of each of the calls to a number. Raises NotUnderstood."""

    def path(self, called: str, one: Calls, local: datetime) -> Sequence[Stop]:
        """Return the lines that one call runs through, all its digits known, at a local instant of the zone."""


class Proving(Protocol):
    """The module `proof` of a target."""

    FILES: tuple[str, ...]
    """The files that must be there."""

    def read(self, files: Mapping[str, str], policy: Policy, settings: Mapping[str, Any]) -> Reading:
        """Return files, by name, read back; of the policy only what the PBX knows by itself. Raises NotUnderstood."""

    def expected(self, policy: Policy, settings: Mapping[str, Any], ending: Ending, called: Calls) -> Plan:
        """Return the normal form of what must happen where a call ends so; no `Period` is asked in it.

        Of `called` it may depend on `internal`, `hidden` and whether a number is presented at all, on nothing else.
        """

    def normal(self, plan: Plan) -> Plan:
        """Return a found plan, in which no `Period` is asked any more, in the form of `expected`.

        Two plans have one normal form exactly when nobody on the call could tell them apart.
        """

    def happens(self, plan: Plan) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Return a normal plan as keys and values of sentences (`words`, section `proof`), in order, for people."""


class NotUnderstood(Exception):  # noqa: N818  not a mistake: the reader says where its knowledge ends
    """A file holds what its reader does not know: nothing is concluded from it."""

    def __init__(self, file: str, line: int, what: str, text: str) -> None:
        """Take where it stands, the kind of thing (`application`, `option`, `regex`…) and its own text."""
        super().__init__(f"{file}:{line}: {what}: {text}")
        self.file, self.line, self.what, self.text = file, line, what, text


def forget(reading: Reading, *, wholly: bool = False) -> None:
    """Let a reading go of what it found so far: one that keeps much may have a method `forget`.

    What that keeps for numbers that are yet to be asked, a method `forget_all` lets go of as well.
    """
    told = (getattr(reading, "forget_all", None) if wholly else None) or getattr(reading, "forget", None)
    if told is not None:
        told()


@dataclass(frozen=True, slots=True)
class _Each:
    """Calls that each have a source of their own."""

    windows: Sequence[Sequence[Window]]
    sources: Sequence[Found]


@lru_cache(maxsize=64)
def _each(count: int) -> tuple[tuple[Window], ...]:
    return tuple(((0, at, 0),) for at in range(count))


def laid(reading: Reading, called: str, calls: Sequence[Calls]) -> Laid:
    """Return what becomes of each of the calls to a number, as a reading lays it out. Raises NotUnderstood."""
    told = getattr(reading, "laid", None)
    if told is not None:
        found: Laid = told(called, calls)
        return found
    return _Each(_each(len(calls)), reading.found(called, calls))


def counted(proving: Proving, policy: Policy, settings: Mapping[str, Any], called: str) -> NumberSet | None:
    """Return the callers that a target answers for at a called number; None: all of the universe.

    A target that compares texts as they are presented takes numbers that nobody has along with others: its module may
    have a function `counted(policy, settings, called) -> NumberSet`, which leaves them out.
    """
    told = getattr(proving, "counted", None)
    return None if told is None else told(policy, settings, called)


def listed(proving: Proving, settings: Mapping[str, Any], calls: Calls) -> Sequence[tuple[int, int]] | None:
    """Return which of some calls a target answers for, by intervals of their unknown digits; None: all of them.

    The module of a target that does not read separators, `;…` or some spelling of anonymous may have a function
    `listed(settings, calls)`, which leaves them out.
    """
    told = getattr(proving, "listed", None)
    return None if told is None else told(settings, calls)


def parts(proving: Proving, files: Mapping[str, str], policy: Policy) -> Parts | None:
    """Return the files of a target in parts, so that what is proved of few can be kept; None: they are one whole.

    The module of a target that can cut its files has a function `parts(files, numbers)`: see `proof/parts.py`.
    """
    told = getattr(proving, "parts", None)
    found: Parts | None = None if told is None else told(files, policy.extensions.keys())
    return found


def circumstances(proving: Proving, policy: Policy, settings: Mapping[str, Any]) -> str:
    """Return what a proof about one extension follows from besides its part of the files and of the policy.

    The module of a target that asks the policy for more has a function `circumstances(policy, settings)`.
    """
    told = getattr(proving, "circumstances", None)
    return "" if told is None else str(told(policy, settings))


_BUILT_IN: Final = {
    "asterisk": "policyc.targets.asterisk.proof",
    "freeswitch": "policyc.targets.freeswitch.proof",
    "3cx": "policyc.targets.threecx.proof",
}


def find(name: str) -> Proving | None:
    """Return how a target is proved, None if nobody says: a target of another package may, by its `PROOF`."""
    from policyc import targets

    if name in _BUILT_IN:
        return import_module(_BUILT_IN[name])
    return getattr(targets.find(name), "PROOF", None)
