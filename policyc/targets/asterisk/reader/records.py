"""The data of a `Set` in; whether it writes to the call's record and does nothing else out.

No routing depends on what a record holds: `CDR()` is no function that is read here, but in such a value. So a value
is not worked out, and calls that differ in their records alone are one.
"""

from __future__ import annotations

import re
from typing import Final

from policyc.targets.asterisk.reader.functions import Evaluator
from policyc.targets.asterisk.reader.remembering import remembered

OF_THE_CHANNEL: Final = frozenset(("accountcode", "amaflags"))
"""Fields that are written to the channel itself (func_cdr.c): channels that are dialled are given them."""
_FIELD: Final = re.compile(r"\w+", re.ASCII)
_WRITTEN: Final = re.compile(r"CDR\((\w+)\)=(.*)", re.ASCII | re.DOTALL)
_NAME: Final = re.compile(r"\$\{(?=(\w+)([}:(]))|\$\{", re.ASCII)
_FUNCTION: Final = re.compile(r"(\w*)\(", re.ASCII)
_INDIRECT: Final = re.compile(r"(?:CUT|REPLACE)\((?!(?:\w+|CDR\(\w+\)),)", re.ASCII)


def is_field(name: str) -> bool:
    """Tell whether a field of a record is the record's alone; one that cannot be written is left as it is."""
    return _FIELD.fullmatch(name) is not None and name.lower() not in OF_THE_CHANNEL


@remembered
def only_records(data: str) -> bool:
    """Tell whether the data of a `Set`, not worked out, write a field, and their value runs only known functions.

    Those change nothing. Which ones are run must stand in the text: a name that is worked out could be any.
    """
    found = _WRITTEN.fullmatch(data)
    if found is None or not is_field(found[1]):
        return False
    value = found[2]
    return (
        all(name[1] for name in _NAME.finditer(value))
        and all(name[1] == "CDR" or name[1] in Evaluator.FUNCTIONS for name in _FUNCTION.finditer(value))
        and not _INDIRECT.search(value)  # these take the name of a variable, which may be a function
    )
