"""What is kept of a row of a file of call records, and why others are not."""

import re
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple


class Reason(Enum):
    """Why a row is no call of its own."""

    UNREADABLE = "unreadable"  # quotes without an end, a line without an end, NUL
    COLUMNS = "columns"  # too few
    INSTANT = "instant"  # no date and time, or one that never was
    KIND = "kind"  # neither from inside nor from outside, nor empty
    WAY = "way"  # of a dialplan of policyc that does not note who was called: only who rang at last is known
    UNDIALLED = "undialled"  # no number was called: `s`, `h`
    LEG = "leg"  # another leg of a call that has a row: what rings, not who calls
    REPEATED = "repeated"  # another row of the same call


FAULTS: Final = (Reason.UNREADABLE, Reason.COLUMNS, Reason.INSTANT, Reason.KIND, Reason.WAY)
"""Those that may be a call that nobody sees again; the others are as many files have them."""

_STEP: Final = re.compile(r"([0-9]{1,10}) (-|[^>]+:[0-9]+)(?: > .*)?")


class Record(NamedTuple):
    """A call: the line of its row, who called as presented, the number called, and when by the policy's clocks.

    `internal` tells from where, None where the file does not. `way` is what a dialplan with `rule_in_cdr` notes.
    """

    line: int
    caller: str
    called: str
    local: datetime
    internal: bool | None = None
    way: str | None = None

    @property
    def rule(self) -> str | None:
        """The rule that decided at the extension called, `cabinet.pol:23`; None: no rule, or none is noted."""
        step = _STEP.fullmatch(self.way or "")
        return step[2] if step and step[2] != "-" else None


def first_called(way: str) -> str | None:
    """Return the extension that a call came to first, by the way that is noted of it, None if that is no way."""
    step = _STEP.fullmatch(way)
    return step and step[1]
