"""What a call did on two texts in, whether a fault changes what calls do out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faults.calls import Call
    from faults.edits import Fault

Told = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shows:
    """A call that does something else on the faulty files. `noticed`: people on the call can tell."""

    call: Call
    before: Told
    after: Told
    noticed: bool = True

    def __str__(self) -> str:
        return f"{self.call}\n      generated: {' > '.join(self.before)}\n      faulty:    {' > '.join(self.after)}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A fault, the calls it was judged by, and one that shows it, if any does."""

    fault: Fault
    placed: int
    shows: Shows | None

    @property
    def changes(self) -> bool:
        """Whether people on some call can tell."""
        return self.shows is not None and self.shows.noticed
