"""Dates and times of a file of call records in, instants of the policy's clocks out."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
# As policies write dates and hours: 23/11/2026, 10:00, 10h, 10h30.
_WRITTEN: Final = re.compile(
    r"(?:(?P<Y>\d{4})-(?P<M>\d\d)-(?P<D>\d\d)|(?P<d>\d\d?)/(?P<m>\d\d?)/(?P<y>\d{4}))"
    r"[ T]+(?P<hour>\d\d?)(?::(?P<minute>\d\d)(?::(?P<second>\d\d))?|h(?P<after>\d\d)?)",
    re.ASCII,
)
_FIRST_YEAR: Final = 1990  # 1970 is how an instant that never was is written
_LAST_YEAR: Final = 2100


class Clock:
    """Reads what a clock of the server wrote, in its zone; what says its own offset is read by that."""

    def __init__(self, policy: ZoneInfo, server: ZoneInfo | None = None) -> None:
        """Take the policy's zone, and that of the file, by default the same."""
        self._policy = policy
        self._server = server or policy
        self._is_elsewhere = self._server.key != policy.key
        self.doubtful = 0
        """How many instants came twice, when clocks were set back, and mean two: the first is taken."""

    def read(self, text: str) -> datetime | None:
        """Return a local instant of the policy's zone, without one; None if the text is none."""
        try:
            written = _parsed(text)
        except ValueError:  # no such day
            return None
        if written is None or not _FIRST_YEAR <= written.year <= _LAST_YEAR:
            return None
        if written.tzinfo is not None:
            return written.astimezone(self._policy).replace(tzinfo=None, fold=0)
        return self._converted(written) if self._is_elsewhere else written

    def _converted(self, written: datetime) -> datetime | None:
        first = written.replace(tzinfo=self._server)
        local, again = (one.astimezone(self._policy) for one in (first, first.replace(fold=1)))
        if local.astimezone(self._server).replace(tzinfo=None, fold=0) != written:
            return None  # clocks were set forward over it
        self.doubtful += local.replace(tzinfo=None) != again.replace(tzinfo=None)
        return local.replace(tzinfo=None, fold=0)


def _parsed(text: str) -> datetime | None:
    if _ISO.fullmatch(text):
        written = datetime.fromisoformat(text)
        return written.replace(microsecond=0) if written.microsecond else written
    if found := _WRITTEN.fullmatch(text):
        year, month, day, hour = (
            int(found[one] or found[other]) for one, other in ("Yy", "Mm", "Dd", ("hour", "hour"))
        )
        return datetime(year, month, day, hour, int(found["minute"] or found["after"] or 0), int(found["second"] or 0))
    return None
