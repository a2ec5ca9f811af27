"""How the Configuration API of 3CX writes things: entities, enumerations, both forms of an exception.

Names are those of the published document of the API (PBX 20.0.8 and 20.0.10). A destination without an equivalent of
its own is not approximated: `VoiceMailOfDestination` (acts as the end of the call), `Callback` and `Deflect` are never
written.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

from policyc import resources
from policyc.digits import Kind
from policyc.model import Busy, Extension, External, Forward, Mailbox, Policy, Ring, ToSystem
from policyc.targets.threecx.plan import ForwardingException
from policyc.targets.threecx.times import Hours, clock

MOST_EXCEPTIONS: Final = 15
_CHANGED: Final = (20, 0, 9)  # the version whose exceptions have a kind of calls
_CALL_TYPES: Final[Mapping[Kind | None, str]] = {
    None: "AllCalls",
    Kind.INTERNAL: "InternalCallsOnly",
    Kind.EXTERNAL: "ExternalCallsOnly",
}
SYSTEMS: Final = {"group": "RingGroup", "queue": "Queue", "menu": "IVR"}

Json = dict[str, Any]


def is_current(version: str) -> bool:
    """Tell whether exceptions of a version, such as `20.0.9`, have a kind of calls."""
    numbers = [int(part) for part in re.findall(r"[0-9]+", version)][:3]
    return (*numbers, 0, 0)[:3] >= _CHANGED


def entries(
    exceptions: Sequence[ForwardingException], policy: Policy, extension: Extension, *, current: bool, single: bool
) -> Iterator[Json]:
    """Yield the exceptions of an extension as the API takes them; `single`: one pattern each."""
    for one in exceptions:
        to = destination(one.destination, policy, extension)
        for callers in [(pattern,) for pattern in one.patterns] if single else [one.patterns]:
            entry: Json = {"Destination": to, "Hours": hours(one.hours), "Id": 0}
            if current:
                entry |= {"CallType": _CALL_TYPES[one.kind], "Condition": "BasedOnCallerID", "Enabled": True}
            entry["Data" if current else "CallerId"] = data(callers)
            yield dict(sorted(entry.items()))


def data(patterns: Iterable[str]) -> str:
    """Return patterns as they are typed in the dialog: separated by a blank."""
    return " ".join(patterns)


def destination(
    to: Ring | Mailbox | Forward | External | ToSystem | Busy, policy: Policy, extension: Extension
) -> Json:
    """Return where an extension's exception sends calls."""
    number = outside = ""
    match to:
        case Ring():
            kind = "ProceedWithNoExceptions"
        case Mailbox(extension=other):
            kind, number = "VoiceMail", other or extension.number
        case Forward(extension=other):
            kind, number = "Extension", other
        case External(number=given, rebound=rebound):
            outside = given or extension.mobile or ""
            kind, number = ("Boomerang", extension.number) if rebound else ("External", "")
        case ToSystem(number=system):
            kind, number = SYSTEMS[policy.systems[system].kind], system
        case Busy():
            kind = "None"
    return {"External": outside, "Number": number, "To": kind}


@lru_cache(maxsize=1024)
def hours(when: Hours) -> Json:
    """Return the hours of an exception: one object for equal hours, for reading only."""
    periods = [{"DayOfWeek": day, "Start": clock(start), "Stop": clock(end)} for day, start, end in when.periods()]
    return {"Periods": periods, "Type": when.type}


@cache
def schema(*, current: bool) -> Json:
    """Return the JSON Schema of the whole file, in either form."""
    whole: Json = json.loads(resources.read_package("targets/threecx/schema.json"))
    return {**whole, "$ref": f"#/$defs/{'current' if current else 'former'}"}


class Validator:
    """Raises jsonschema.ValidationError for lists that are not what the API takes: that would be a bug of policyc.

    An exception takes jsonschema a fifth of a millisecond. The schema looks at each of its fields by itself, so it is
    shown those only that have a field like none before.
    """

    def __init__(self, *, current: bool) -> None:
        """Take the form of the lists."""
        self._whole = whole = schema(current=current)
        self._patterns = [re.compile(one["pattern"]) for one in whole["$defs"].values() if "pattern" in one]
        self._seen: set[object] = set()
        self._hours: dict[int, Json] = {}  # kept, so that no others are where they are in memory

    def validate(self, extensions: Sequence[Json]) -> None:
        """Look at the lists of some extensions."""
        from jsonschema import Draft202012Validator

        few = []
        for extension in extensions:
            listed = extension["ForwardingExceptions"]
            if len(listed) <= MOST_EXCEPTIONS:
                listed = [one for one in listed if self._is_new(one)]
            if self._is_new({**extension, "ForwardingExceptions": []}) or listed:
                few.append({**extension, "ForwardingExceptions": listed})
        Draft202012Validator(self._whole).validate({"value": few})

    def _is_new(self, part: Json) -> bool:
        sorts = {tuple(part), *((name, self._sort(field, name)) for name, field in part.items())}
        new = not sorts <= self._seen
        self._seen.update(sorts)
        return new

    def _sort(self, field: object, name: str) -> object:
        """Return what the schema may look at in a field: the same for those that it cannot tell apart."""
        if isinstance(field, str):
            if name in _FREE and field:
                return tuple([at for at, pattern in enumerate(self._patterns) if pattern.search(field)]) or field
            return field
        if isinstance(field, dict):
            if name == "Hours":  # which exceptions share
                self._hours[id(field)] = field
                return id(field)
            return tuple([(key, self._sort(part, key)) for key, part in field.items()])
        return repr(field)


_FREE: Final = ("CallerId", "Data", "External", "Number")  # texts that the schema knows by patterns


def texts(extensions: Sequence[Json]) -> Iterator[str]:
    """Yield the lists of some extensions as they stand in the file: a line a value, so that versions compare well."""
    hours_seen: dict[tuple[int, str], str] = {}
    for one in extensions:
        yield _text(one, "\n    ", hours_seen)


def text(lists: Iterable[str]) -> str:
    """Return the file of some lists, as `texts` has them."""
    inside = ",\n    ".join(lists)
    return f'{{\n  "value": [\n    {inside}\n  ]\n}}\n' if inside else '{\n  "value": []\n}\n'


def _text(value: object, line: str, hours_seen: dict[tuple[int, str], str], name: str = "") -> str:
    """Return a value as `json.dumps` with an indent of two does, four times as fast. `line` begins the lines."""
    if isinstance(value, str):
        return _quoted(value)
    if name == "Hours":  # which exceptions share
        key = id(value), line
        if key not in hours_seen:
            hours_seen[key] = _text(value, line, hours_seen)
        return hours_seen[key]
    inner = line + "  "
    if isinstance(value, dict) and value:
        parts = [
            f"{inner}{_quoted(one)}: {_quoted(part) if type(part) is str else _text(part, inner, hours_seen, one)}"
            for one, part in value.items()
        ]
        return f"{{{','.join(parts)}{line}}}"
    if isinstance(value, list) and value:
        return f"[{','.join([inner + _text(part, inner, hours_seen) for part in value])}{line}]"
    if isinstance(value, int):
        return str(value).lower()  # `true` of True
    return json.dumps(value)
