"""A reader of FreeSWITCH's XML dialplans that shares nothing with what writes them: what becomes of every call.

    >>> reading = Reading(read({"policyc.xml": text}), ZoneInfo("Europe/Paris"), {True: "from-phones", False: "trunk"})
    >>> [found] = reading.found("102", [Calls(internal=False, presented="+33?????????")])
    >>> found.starts, found.plans

It reads dialplans of any hand, as mod_dialplan_xml takes them; what it does not know raises `NotUnderstood` with its
line, as soon as a call can get there, and nothing is ever assumed of it. Of the FreeSWITCH around it, it takes for
granted that calls come without variables of their own, that none of the variables that it understands is global, and
that the clock shows a year from 2000 to 2099.
"""

from policyc.targets.freeswitch.reader.dialplan import Dialplan, read
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, What
from policyc.targets.freeswitch.reader.plans import Parted, Plan
from policyc.targets.freeswitch.reader.reading import Found, Laid, Reading

__all__ = ["Dialplan", "Found", "Laid", "NotUnderstood", "Parted", "Place", "Plan", "Reading", "What", "read"]
