"""A reader of Asterisk dialplans that shares nothing with what writes them: files in, what becomes of every call out.

    >>> dialplan = read({"policyc.conf": text}, "policyc.conf")
    >>> found = explore(dialplan, "policyc-external", "102", Numbers("06", 8), "allowed", ZoneInfo("Europe/Paris"))
    >>> for case in found.cases:
    ...     case.numbers, found.partition.witness(case.instants), case.plan

It reads dialplans of any hand, written with the applications, functions and expressions that it knows; what it does not
know raises `NotUnderstood` with its line, and nothing is ever assumed of it.
"""

from policyc.targets.asterisk.reader.call import Numbers
from policyc.targets.asterisk.reader.dialplan import Dialplan, read
from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, What
from policyc.targets.asterisk.reader.exploring import Case, Explored, explore, run
from policyc.targets.asterisk.reader.plans import Plan

__all__ = [
    "Case",
    "Dialplan",
    "Explored",
    "NotUnderstood",
    "Numbers",
    "Place",
    "Plan",
    "What",
    "explore",
    "read",
    "run",
]
