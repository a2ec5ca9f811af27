"""The files of a target in parts: what all calls run through, and what only those to an extension run through.

A proof about an extension follows from few of them; so it needs no proof again while these are as they were. What a
target says of its files here is no more than where they can be cut: that nothing depends on what stands elsewhere.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

Files = Mapping[str, str]
Piece = tuple[str | None, str]
"""A run of a file's text, and the extension whose own it is: None, if it is for all calls."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Files in parts.

    `shared` is all that calls to whichever number may run through, and `own` what besides only those do that come to an
    extension, by its number; without what decides nothing, such as comments. `leads` are the extensions that each part
    may send calls to: at least these, and others do no harm. `mailboxes` are those whose mailbox takes them, which is
    what files say all share: calls go nowhere from there. `only` returns the files without what is some others' own.
    """

    shared: str
    own: Mapping[str, str]
    leads: Mapping[str, AbstractSet[str]]
    mailboxes: Mapping[str, AbstractSet[str]]
    shared_leads: AbstractSet[str]
    only: Callable[[Collection[str]], Files]


def only(name: str, pieces: Iterable[Piece], wanted: Collection[str]) -> Files:
    """Return the file that pieces make, without those that are some others' own."""
    return {name: "".join(text for owner, text in pieces if owner is None or owner in wanted)}
