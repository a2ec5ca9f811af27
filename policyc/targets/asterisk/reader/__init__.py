"""A reader of Asterisk dialplans that shares nothing with what writes them: files in, what becomes of every call out.

    >>> dialplan = read({"policyc.conf": text}, "policyc.conf")
    >>> walk = Walk(dialplan, ZoneInfo("Europe/Paris"))
    >>> found = walk.found("policyc-external", "102", Numbers("06", 8).text, "allowed")
    >>> for start, plan in zip(found.starts, found.plans): ...

It reads dialplans of any hand, written with the applications, functions and expressions that it knows. What it does
not know is an `Unclear` event with its line, at the end of the plans of the calls that come there, and nothing is ever
assumed of it.
"""

from policyc.targets.asterisk.reader.call import Numbers
from policyc.targets.asterisk.reader.diagrams import Diagram
from policyc.targets.asterisk.reader.dialplan import Dialplan, read
from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, What
from policyc.targets.asterisk.reader.exploring import Walk
from policyc.targets.asterisk.reader.files import Entry
from policyc.targets.asterisk.reader.listed import ListedContext, ListedStep, listed
from policyc.targets.asterisk.reader.plans import Plan

__all__ = [
    "Diagram",
    "Dialplan",
    "Entry",
    "ListedContext",
    "ListedStep",
    "NotUnderstood",
    "Numbers",
    "Place",
    "Plan",
    "Walk",
    "What",
    "listed",
    "read",
]
