"""A reader of the exceptions of 3CX that shares nothing with what writes them: a file in, what becomes of calls out.

    >>> reading = read("policyc-3cx.json", text, Pbx(ZoneInfo("Europe/Paris")))
    >>> [found] = reading.found("102", [calls])
    >>> for start, plan in zip(found.starts, found.plans): ...

It reads lists of any hand, in both forms of the API. It knows:

- lists of extensions, of 15 exceptions at most, tried in order: the first that matches decides, and else it rings;
- patterns of callers: numbers, `06*`, `*` and words for callers without a number, one blank between two of them,
  compared with what is presented as it stands; `*` is for callers without a number too;
- kinds of calls, which a call keeps where it is forwarded; exceptions that are off;
- hours of periods, in minutes, with or without the holidays of the PBX; all hours and none;
- destinations: mailboxes, extensions, groups, queues, menus, outside numbers, rebounds, busy and ringing.

All else raises `NotUnderstood` with its line, if a call gets there, and nothing is ever assumed of it. What the PBX
does where no exception says it (after a ring, or where an outside number does not answer) is not in the file.
"""

from policyc.targets.threecx.reader.errors import NotUnderstood, What
from policyc.targets.threecx.reader.layout import Calls
from policyc.targets.threecx.reader.plans import Plan
from policyc.targets.threecx.reader.reading import Found, Laid, Pbx, Reading, Stop, read

__all__ = ["Calls", "Found", "Laid", "NotUnderstood", "Pbx", "Plan", "Reading", "Stop", "What", "read"]
