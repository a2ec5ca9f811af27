"""Extensions as most people write them: their text in, extensions out, without elements in between.

Such an extension has conditions that compare a field with an expression, one after the other, and actions in them; its
attributes stand in the usual order, and in them only characters that stand for themselves. All others are parsed.

Most are alike but for the values of attributes: what stands around these is read once for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from policyc.targets.freeswitch.reader.errors import Place
from policyc.targets.freeswitch.reader.expanding import is_true
from policyc.targets.freeswitch.reader.extensions import (
    Action,
    Break,
    Candidate,
    Check,
    Condition,
    Kind,
    made,
)
from policyc.targets.freeswitch.reader.texts import encode

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.elements import Source, Unread
    from policyc.targets.freeswitch.reader.matching import Regex

_END = "</extension>"
_BEGUN = re.compile(r'\s*+<extension name=""( continue="")?>')
_CONDITION = re.compile(r'\s*+<condition field="" expression=""(/?)>')
_ACTION = re.compile(r'\s*+<action application="" data=""/>')
_CLOSED = re.compile(r"\s*+</condition>")
"""The tags of such an extension, less the values of their attributes."""
_ASIDE = ("&", "\r", "$${")
"""What no value may have, what makes lines count otherwise, and where a global variable stands."""
_CONTROL = re.compile(r"[\0-\x1f]")
_PLAIN, _BREAKS = Kind.PLAIN, Break.ON_FALSE
_new = tuple.__new__
"""Makes a value of those below, which are tuples, in half the time that its class takes."""


def skimmed(
    source: Source, row: Unread, regex: Callable[[str], Regex], passed: int = 0
) -> tuple[Candidate, ...] | None:
    """Return the extensions of a row, None where one is not so; `regex` gives an expression by its text.

    The row is a part of a well-formed text, so that what begins also ends. So many of the first conditions as `passed`
    says are known to hold: those that do nothing are left out, where others follow.
    """
    text, file, line = source.text[row.start : row.end], source.file, row.line
    if any(one in text for one in _ASIDE):
        return None
    *extensions, behind = text.split(_END)
    if behind and not behind.isspace():
        return None
    found: list[Candidate] = []
    for one in extensions:
        parts = one.split('"')
        form, values = _form(tuple(parts[::2])), parts[1::2]
        if form is None or not _are_plain(values):
            return None
        conditions: list[Condition] = []
        less = min(passed, form.asks)
        for at, down, its in form.conditions[less:]:
            place = _new(Place, (file, line + down))
            checks = (_new(Check, (values[at], regex(values[at + 1]), None, place, None)),)
            actions = [
                _new(Action, (values[at], values[at + 1], False, 1, _new(Place, (file, line + down)), None))
                for at, down in its
            ]
            conditions.append(_new(Condition, (_PLAIN, checks, _BREAKS, True, tuple(actions), (), (), place)))
        goes_on = form.continues and is_true(values[1])
        whole = made(encode(values[0]), goes_on, tuple(conditions), _new(Place, (file, line + form.begins)))
        found.append(_new(Candidate, (whole, passed - less)))
        line += form.lines
    return tuple(found)


def _are_plain(values: list[str]) -> bool:
    """Tell whether values are so: that of the name, which comes first, may have all but control characters."""
    said = "".join(values)
    if said.isascii() and said.isprintable():
        return True
    others = said[len(values[0]) :]
    return others.isascii() and others.isprintable() and _CONTROL.search(values[0]) is None


class _Form(NamedTuple):
    """What extensions have around their values: how many lines there are, and on which of them they begin.

    The first value is the name; the second may say whether hunting `continues`. So many of the first conditions as
    `asks` says have no actions, and others follow. Of conditions, where the field and the expression stand among the
    values, and the line; of their actions, where the application and the data stand, and the line.
    """

    lines: int
    begins: int
    continues: bool
    asks: int
    conditions: tuple[tuple[int, int, tuple[tuple[int, int], ...]], ...]


@lru_cache(maxsize=1 << 10)
def _form(around: tuple[str, ...]) -> _Form | None:
    """Return the form of extensions by the texts around their values, None where they are others."""
    text = '""'.join(around)
    begun = _BEGUN.match(text)
    if begun is None:
        return None
    conditions: list[tuple[int, int, tuple[tuple[int, int], ...]]] = []
    end, at = begun.end(), 2 if begun[1] else 1
    while (condition := _CONDITION.match(text, end)) is not None:
        end, of, actions = condition.end(), at, []
        line = text.count("\n", 0, end)
        at += 2
        if not condition[1]:
            while (action := _ACTION.match(text, end)) is not None:
                end = action.end()
                actions.append((at, text.count("\n", 0, end)))
                at += 2
            closed = _CLOSED.match(text, end)
            if closed is None:
                return None
            end = closed.end()
        conditions.append((of, line, tuple(actions)))
    if text[end:].strip():
        return None
    asks = next((index for index, (_, _, its) in enumerate(conditions[:-1]) if its), max(len(conditions) - 1, 0))
    lines = text.count("\n"), text.count("\n", 0, begun.end())
    return _Form(*lines, begun[1] is not None, asks, tuple(conditions))
