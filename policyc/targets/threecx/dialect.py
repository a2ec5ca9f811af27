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
    """Yield the exceptions of an extension as the API takes them, names in order; `single`: one pattern each."""
    for one in exceptions:
        to, when = destination(one.destination, policy, extension), hours(one.hours)
        for callers in [(pattern,) for pattern in one.patterns] if single else [one.patterns]:
            if current:
                yield {
                    "CallType": _CALL_TYPES[one.kind],
                    "Condition": "BasedOnCallerID",
                    "Data": data(callers),
                    "Destination": to,
                    "Enabled": True,
                    "Hours": when,
                    "Id": 0,
                }
            else:
                yield {"CallerId": data(callers), "Destination": to, "Hours": when, "Id": 0}


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
        self._patterns = {name: re.compile(whole["$defs"][one]["pattern"]) for name, one in _FREE.items()}
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
        sorts = {tuple(part), *[(name, self._sort(field, name)) for name, field in part.items()]}
        if sorts <= self._seen:
            return False
        self._seen |= sorts
        return True

    def _sort(self, field: object, name: str) -> object:
        """Return what the schema may look at in a field: the same for those that it cannot tell apart."""
        if isinstance(field, str):
            return (name in _FREE and self._patterns[name].search(field) is not None) or field
        if isinstance(field, int):
            return type(field), field
        if isinstance(field, dict):
            if name == "Hours":  # which exceptions share
                self._hours[id(field)] = field
                return id(field)
            return tuple([(key, self._sort(part, key)) for key, part in field.items()])
        return repr(field)


# Texts that the schema knows by patterns, and these by their names.
_FREE: Final = {"CallerId": "callers", "Data": "callers", "External": "outside", "Number": "number"}


def texts(extensions: Sequence[Json]) -> Iterator[str]:
    """Yield the lists of some extensions as they stand in the file: a line a value, so that versions compare well."""
    frames: _Frames = {}
    for one in extensions:
        listed = [_OF_LIST + _exception(entry, frames) for entry in one["ForwardingExceptions"]]
        inside = f"[{','.join(listed)}{_LINE}  ]" if listed else "[]"
        yield f'{{{_LINE}  "ForwardingExceptions": {inside},{_LINE}  "Number": {_quoted(one["Number"])}{_LINE}}}'


def text(lists: Iterable[str]) -> str:
    """Return the file of some lists, as `texts` has them."""
    inside = ",\n    ".join(lists)
    return f'{{\n  "value": [\n    {inside}\n  ]\n}}\n' if inside else '{\n  "value": []\n}\n'


_Frames = dict[tuple[object, int], list[str]]  # by the kind, and where the hours are in memory
_LINE: Final = "\n    "
_OF_LIST: Final = _LINE + "    "
_OWN: Final = ("CallerId", "Data", "Destination")  # what exceptions seldom have in common
_BLANK: Final = "\0"


def _exception(entry: Json, frames: _Frames) -> str:
    """Return an exception as it stands in the file; all but what is its own is written once."""
    key = entry.get("CallType"), id(entry["Hours"])
    frame = frames.get(key)
    if frame is None:
        blank = {name: _BLANK if name in _OWN else field for name, field in entry.items()}
        frame = frames[key] = _text(blank, _OF_LIST).split(_quoted(_BLANK))
    before, between, after = frame
    callers = entry["Data"] if "Data" in entry else entry["CallerId"]
    to = [f"{_OF_LIST}    {_quoted(name)}: {_quoted(field)}" for name, field in entry["Destination"].items()]
    return f"{before}{_quoted(callers)}{between}{{{','.join(to)}{_OF_LIST}  }}{after}"


def _text(value: object, line: str) -> str:
    """Return a value as `json.dumps` with an indent of two does. `line` begins the lines."""
    if isinstance(value, dict) and value:
        parts = [f"{line}  {_quoted(name)}: {_text(part, line + '  ')}" for name, part in value.items()]
        return f"{{{','.join(parts)}{line}}}"
    if isinstance(value, list) and value:
        return f"[{','.join([line + '  ' + _text(part, line + '  ') for part in value])}{line}]"
    return json.dumps(value, ensure_ascii=False)
