"""Lists of exceptions in, their parts out: each is one extension's own, and a call goes from one to the next.

A file is cut without being read where it is laid out as policyc lays it out: what is cut out is one value then, on
lines of its own, and so is the rest. A file in another layout is one whole.
"""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from policyc.proof.cutting import Cut, Cutter, Piece
from policyc.proof.parts import Lazily, OneByOne, Parts

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


def _cut(text: str, numbers: AbstractSet[str]) -> list[list[Piece]] | None:  # noqa: ARG001 - lists have theirs
    """Return the lists of a file, each with what stands behind it; None if it is not laid out so."""
    at = len(_HEAD) if text.startswith(_HEAD) else 0
    runs: list[list[Piece]] = [[(None, _HEAD)]] if at else []
    while one := _LIST.match(text, at):
        at = one.end()
        runs.append([(one[1], one[0])])
        if not text.startswith(_BETWEEN, at):
            break
        at += len(_BETWEEN)
        runs[-1].append((None, _BETWEEN))
    if text[at:] == _TAIL:
        return [*runs, [(None, _TAIL)]]
    return runs if at == len(text) else None


def _parts(cut: Cut, numbers: AbstractSet[str]) -> Parts | None:
    """Return the parts of a file of exceptions that is cut, None if it is not one list of lists."""
    own = OneByOne(cut.where, cut.of)
    head, *lists, tail = [[owner for owner, _ in run] for run in cut.runs] if len(cut.runs) > 1 else ([], [])
    if head != [None] or tail != [None] or not lists:
        return None
    if (
        len(own) < len(lists)
        or not own.keys() <= numbers
        or [len(run) for run in lists] != [2] * (len(lists) - 1) + [1]
    ):
        return None
    leads = Lazily(own, lambda number: {to for to, how in _TO.findall(own[number]) if how != _MAILBOX})
    boxes = Lazily(own, lambda number: {to for to, how in _TO.findall(own[number]) if how == _MAILBOX})
    return Parts(_HEAD + _TAIL, own, leads, boxes, frozenset(), partial(_only, cut), cut)


def _only(cut: Cut, wanted: Collection[str]) -> Mapping[str, str]:
    return {cut.name: _HEAD + _BETWEEN.join([cut.of(number) for number in cut.where if number in wanted]) + _TAIL}


parts: Final = Cutter(_cut, _parts)
