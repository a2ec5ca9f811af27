"""The files of a target in parts: what all calls run through, and what only those to an extension run through.

A proof about an extension follows from few of them; so it needs no proof again while these are as they were. What a
target says of its files here is no more than where they can be cut: that nothing depends on what stands elsewhere.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from policyc.proof.cutting import Cut

Files = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """Files in parts.

    `shared` is all that calls to whichever number may run through, and `own` what besides only those do that come to an
    extension, by its number; without what decides nothing, such as comments.
    `leads` are the extensions that each part may send calls to: at least these, and others do no harm. `mailboxes` are
    those whose mailbox takes them, which is what files say all share: calls go nowhere from there. `only` returns the
    files without what is some others' own. `cut` is how they are cut.
    """

    shared: str
    own: Mapping[str, str]
    leads: Mapping[str, AbstractSet[str]]
    mailboxes: Mapping[str, AbstractSet[str]]
    shared_leads: AbstractSet[str]
    only: Callable[[Collection[str]], Files]
    cut: "Cut"


class Lazily(Mapping[str, T]):
    """Values by number, each worked out when it is first asked for: of many thousands mostly few are."""

    def __init__(self, numbers: Collection[str], of: Callable[[str], T]) -> None:
        """Take the numbers, and what returns the value of one."""
        self._numbers = numbers
        self._of = of
        self._known: dict[str, T] = {}

    def __getitem__(self, number: str) -> T:
        """Return the value of a number."""
        if number not in self._known:
            if number not in self._numbers:
                raise KeyError(number)
            self._known[number] = self._of(number)
        return self._known[number]

    def __contains__(self, number: object) -> bool:
        """Tell whether there is a value for a number, without working it out."""
        return number in self._numbers

    def __iter__(self) -> Iterator[str]:
        """Yield the numbers."""
        return iter(self._numbers)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._numbers)


class OneByOne(Lazily[T]):
    """The same, of which the last one is at hand: all of them would take as much memory as the files, or more."""

    def __getitem__(self, number: str) -> T:
        """Return the value of a number."""
        if number not in self._known:
            self._known.clear()
        return super().__getitem__(number)
