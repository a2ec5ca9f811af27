"""Lists of exceptions in, their parts out: each is one extension's own, and a call goes from one to the next."""

import json
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final

from policyc.proof.parts import Parts
from policyc.targets.threecx.reader import document
from policyc.targets.threecx.reader.errors import NotUnderstood

_LISTS: Final = "value"
_MAILBOX: Final = "VoiceMail"

_Lists = list[dict[str, Any]]


def parts(files: Mapping[str, str], numbers: AbstractSet[str]) -> Parts | None:
    """Return the parts of a file of exceptions, None if it cannot be cut; `numbers` are those of the extensions."""
    [(name, text)] = files.items()
    try:
        whole = document.parse(name, text)
        lists: _Lists = whole.pop(_LISTS)
        own = {one["Number"]: json.dumps(one) for one in lists}
        to = {one["Number"]: [each["Destination"] for each in one["ForwardingExceptions"]] for one in lists}
        leads = {number: {str(one["Number"]) for one in some if one["To"] != _MAILBOX} for number, some in to.items()}
        boxes = {number: {str(one["Number"]) for one in some if one["To"] == _MAILBOX} for number, some in to.items()}
        shared = json.dumps(whole)
    except (NotUnderstood, TypeError, KeyError, AttributeError):
        return None  # whoever reads the file will say why
    if len(own) != len(lists) or not own.keys() <= numbers:
        return None
    return Parts(shared, own, own, leads, boxes, frozenset(), partial(_only, name, whole, lists))


def _only(name: str, whole: dict[str, Any], lists: _Lists, wanted: Collection[str]) -> Mapping[str, str]:
    return {name: json.dumps({**whole, _LISTS: [one for one in lists if one["Number"] in wanted]})}
