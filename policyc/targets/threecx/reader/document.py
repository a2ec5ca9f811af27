"""Text of a JSON file in, its values out, strictly read; and the line that a value of it is on.

`json` knows no lines, so a line is looked for only when someone is to be told of it: `line_of` goes down a path once
more, and leaves it to `json` to skip what is beside the path.
"""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from policyc.targets.threecx.reader.errors import NotUnderstood, What

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policyc.targets.threecx.reader.errors import Path

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', re.DOTALL)
_DECODER: Final = json.JSONDecoder()
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Doubled:
    """An object with a key that is there twice: readers of JSON differ on what it says."""

    key: str


@dataclass(frozen=True, slots=True)
class Packed:
    """An object of which only the number is to be known for now: so it takes a tenth of the memory."""

    number: object
    data: bytes

    @staticmethod
    def of(value: dict[str, Any]) -> Packed:
        """Return an object packed."""
        return Packed(value.get("Number"), pickle.dumps(value))

    @property
    def value(self) -> Any:
        """The object, with nothing packed in it."""
        return pickle.loads(self.data)  # noqa: S301 - pickled above

    def __reduce__(self) -> Any:
        """Be no longer packed within what is packed itself."""
        return pickle.loads, (self.data,)


def parse(file: str, text: str, kept: Callable[[dict[str, Any]], object]) -> Any:
    """Return the value of a file; of each object in it, from the innermost on, what is `kept`.

    Objects with a key twice are `Doubled`. Raises NotUnderstood if it is no JSON.
    """

    def made(pairs: Sequence[tuple[str, Any]]) -> object:
        found = dict(pairs)
        return kept(found) if len(found) == len(pairs) else _doubled(pairs)

    try:
        return json.loads(text, object_pairs_hook=made, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise NotUnderstood(file, error.lineno, What.JSON, error.msg) from error
    except _NoNumberError as error:
        name = str(error)
        start = next((one.start() for one in _TOKEN.finditer(text) if one[0] == name), 0)
        raise NotUnderstood(file, _line(text, start), What.JSON, name) from error
    except (ValueError, RecursionError) as error:  # integers of thousands of digits, arrays in arrays in arrays
        raise NotUnderstood(file, 1, What.JSON, shown(str(error))) from error


class _NoNumberError(Exception):
    """NaN and the infinities, which Python takes and JSON does not have."""


def _refuse(name: str) -> None:
    raise _NoNumberError(name)


def _doubled(pairs: Sequence[tuple[str, Any]]) -> Doubled:
    keys = [key for key, _ in pairs]
    return Doubled(next(key for key in keys if keys.count(key) > 1))


def unpacked(value: Any) -> Any:
    """Return a value as it was before it was packed, if it was."""
    return value.value if isinstance(value, Packed) else value


def shown(value: Any) -> str:
    """Return a value as one may tell it, in one short line."""
    if isinstance(value, Doubled):
        return value.key
    value = unpacked(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_inside)
    line = re.sub(r"[^\S ]", " ", text)  # blanks stay as they are: two of them may be what is wrong
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 1] + "…"


def _inside(value: Doubled | Packed) -> Any:
    return value.key if isinstance(value, Doubled) else value.value


# --- lines ----------------------------------------------------------------------------------------


def line_of(text: str, path: Path) -> int:
    """Return the line, from 1, of a value of a document; where a step of the path is not there, of what should have it.

    A value of an object is where its key is.
    """
    at = _skip(text, 0)
    start = at
    for step in path:
        found = _key(text, at, step) if isinstance(step, str) else _element(text, at, step)
        if found is None:
            break
        start, at = found
    return _line(text, start)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _key(text: str, at: int, wanted: str) -> tuple[int, int] | None:
    """Return where a key of the object at a place is, and where its value is."""
    if text[at] != "{":
        return None
    at = _skip(text, at + 1)
    while text[at] == '"':
        start = at
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # beyond the colon
        if key == wanted:
            return start, at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
    return None


def _element(text: str, at: int, wanted: int) -> tuple[int, int] | None:
    """Return twice where an element of the array at a place is."""
    if text[at] != "[":
        return None
    at = _skip(text, at + 1)
    for _ in range(wanted):
        if text[at] == "]":
            return None
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
    return None if text[at] == "]" else (at, at)
