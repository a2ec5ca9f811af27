"""Rules in, the texts by which the record of a call names them out: `cabinet.pol:23`, alike for each PBX.

A record shows the way of a call, the steps in order: `102 cabinet.pol:23 > 101 -`. What a step may hold is so little
that no dialplan, no file of records and no table takes it for anything but text.
"""

import re
import unicodedata
from typing import Final

from policyc.source import Span
from policyc.targets.naming import digest

NO_RULE: Final = "-"  # nothing decides: the extension rings
THEN: Final = " > "  # between two steps: no name holds a `>`
MAX_NAME: Final = 64  # bytes of UTF-8
_OTHER: Final = re.compile(r"[^A-Za-z0-9À-ÖØ-öø-ɏ ._+@=/-]")
_PREPROCESSED: Final = re.compile("x-pre-process", re.IGNORECASE)  # FreeSWITCH drops lines that hold it


def name(span: Span) -> str:
    """Return `file:line` of a rule, in letters, digits and a few signs that mean nothing to a PBX.

    A path that is long is shown by its end, behind `…`. One that is not shown as it is has a digest of the whole, so
    that no two files have one name: `…/règles.pol~3f2a91bc:23`.
    """
    path = unicodedata.normalize("NFC", span.file.path)
    line = f":{span.line}"
    plain = " ".join(_PREPROCESSED.sub("x_pre_process", _OTHER.sub("_", path)).split())
    if plain == path and len(f"{plain}{line}".encode()) <= MAX_NAME:
        return f"{plain}{line}"
    mark = f"~{digest(path)}{line}"
    room = MAX_NAME - len(mark.encode())
    if len(plain.encode()) > room:
        end = plain.encode()[-(room - len("…".encode())) :].decode(errors="ignore")
        plain = f"…{end}"
    return f"{plain}{mark}"
