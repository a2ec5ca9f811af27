"""Lists of exceptions in, their parts out: each is one extension's own, and a call goes from one to the next.

A file is cut without being read where it is laid out as policyc lays it out: what is cut out is one value then, on
lines of its own, and so is the rest. A file in another layout is one whole.
"""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from policyc.proof.parts import Lazily, Parts

_MAILBOX: Final = "VoiceMail"


def _many(one: str, indent: int) -> str:
    """Return the pattern of a list of values that are indented so far."""
    before = "\n" + " " * indent
    return rf"\[(?:\]|{before}{one}(?:,{before}{one})*+{before[:-2]}\])"


_PLAIN: Final = r'"[^"\\\x00-\x1f]*+"'  # what it says is what it is written as
_TEXT: Final = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_PERIOD: Final = rf"""\{{
                "DayOfWeek": {_PLAIN},
                "Start": {_PLAIN},
                "Stop": {_PLAIN}
              \}}"""
_EXCEPTION: Final = rf"""\{{
          (?:"CallType": {_PLAIN},
          "Condition": {_PLAIN},
          "Data"|"CallerId"): {_TEXT},
          "Destination": \{{
            "External": {_TEXT},
            "Number": {_PLAIN},
            "To": {_PLAIN}
          \}},
          (?:"Enabled": (?:true|false),
          )?"Hours": \{{
            "Periods": {_many(_PERIOD, 14)},
            "Type": {_PLAIN}
          \}},
          "Id": (?:0|[1-9][0-9]{{,17}})
        \}}"""
_LIST: Final = re.compile(
    rf"""    \{{
      "ForwardingExceptions": {_many(_EXCEPTION, 8)},
      "Number": "([0-9]+)"
    \}}"""
)
_HEAD: Final = '{\n  "value": [\n'
_BETWEEN: Final = ",\n"
_TAIL: Final = "\n  ]\n}\n"
_TO: Final = re.compile(r'\n            "Number": "([^"]*)",\n            "To": "([^"]*)"\n')


def parts(files: Mapping[str, str], numbers: AbstractSet[str]) -> Parts | None:
    """Return the parts of a file of exceptions, None if it cannot be cut; `numbers` are those of the extensions."""
    [(name, text)] = files.items()
    lists = _lists(text)
    own = dict(lists)
    if not lists or len(own) < len(lists) or not own.keys() <= numbers:
        return None
    leads = Lazily(own, lambda number: {to for to, how in _TO.findall(own[number]) if how != _MAILBOX})
    boxes = Lazily(own, lambda number: {to for to, how in _TO.findall(own[number]) if how == _MAILBOX})
    return Parts(_HEAD + _TAIL, own, own, leads, boxes, frozenset(), partial(_only, name, lists))


def _lists(text: str) -> list[tuple[str, str]]:
    """Return the number and the text of each list, none if a file is not laid out so."""
    found: list[tuple[str, str]] = []
    at = len(_HEAD) if text.startswith(_HEAD) else len(text)
    while one := _LIST.match(text, at):
        found.append((one[1], one[0]))
        at = one.end()
        if text.startswith(_BETWEEN, at):
            at += len(_BETWEEN)
        else:
            return found if text[at:] == _TAIL else []
    return []


def _only(name: str, lists: list[tuple[str, str]], wanted: Collection[str]) -> Mapping[str, str]:
    return {name: _HEAD + _BETWEEN.join([text for number, text in lists if number in wanted]) + _TAIL}
