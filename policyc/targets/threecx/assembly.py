"""What is said of one extension in, its piece of the files out; and all pieces in, the files out.

A piece has two texts, the extension's list and its section of the report, and the facts that the rest of the report
follows from. Lists are made for one calendar of holidays, that which the rules of all of them need: so a piece tells
which times its own rules need it for, and which calendar it was made for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from policyc.model import Policy
from policyc.targets import Piece
from policyc.targets.threecx import dialect, report, times
from policyc.targets.threecx.report import Told

LISTS: Final = "policyc-3cx.json"
REPORT: Final = "policyc-3cx-report.md"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rest of the files depends on: what is told of all lists together, and what the calendar follows from.

    `calendar` is the mark of the one that the list was made for, `dated` are the names of the times that need it.
    """

    told: Told
    calendar: str
    dated: tuple[str, ...]

    def texts(self) -> tuple[str, ...]:
        """Return the facts as a piece keeps them."""
        told = self.told
        return (
            " ".join(sorted(told.hours)),
            " ".join(sorted(told.systems)),
            str(told.longest),
            self.calendar,
            *self.dated,
        )


def read(texts: tuple[str, ...]) -> Facts:
    """Return the facts that a piece keeps."""
    hours, systems, longest, calendar, *dated = texts
    return Facts(Told(frozenset(hours.split()), frozenset(systems.split()), int(longest)), calendar, tuple(dated))


def facts_of(pieces: Mapping[str, Piece]) -> Mapping[tuple[str, ...], Facts]:
    """Return the facts of some pieces, each but once, by what they keep."""
    return {texts: read(texts) for texts in {piece.facts for piece in pieces.values()}}


def files(policy: Policy, settings: Mapping[str, Any], pieces: Mapping[str, Piece]) -> Mapping[str, str]:
    """Return the files that the pieces of all extensions make."""
    facts = facts_of(pieces)
    listed = [pieces[number] for number in sorted(pieces)]
    without = [number for number in sorted(pieces) if not facts[pieces[number].facts].told.hours]
    dated = {name for one in facts.values() for name in one.dated}
    return {
        LISTS: dialect.text(piece.texts[0] for piece in listed),
        REPORT: report.report(
            policy,
            settings,
            [piece.texts[1] for piece in listed],
            report.together(one.told for one in facts.values()),
            without,
            times.calendar(policy, times.with_times(policy, dated)),
        ),
    }
