"""A careful evaluator of FreeSWITCH XML dialplans, to hold what policyc writes to what FreeSWITCH would do.

It shares no code with policyc and assumes no name of its: it reads contexts, conditions and actions. What it does not
understand is an error that names the line. `against_freeswitch` holds it to a real FreeSWITCH.
"""

from .calls import Call, Dial, Outcome, Step, Surroundings, simulate
from .dialstring import Line
from .errors import DialplanError, InjectionError, Place, UnsupportedError
from .reader import Dialplan, read

__all__ = [
    "Call",
    "Dial",
    "Dialplan",
    "DialplanError",
    "InjectionError",
    "Line",
    "Outcome",
    "Place",
    "Step",
    "Surroundings",
    "UnsupportedError",
    "read",
    "simulate",
]
