"""Extensions as most people write them: their text in, extensions out, without elements in between.

Such an extension has conditions that compare a field with an expression, one after the other, and actions in them; its
attributes stand in the usual order, and in them only characters that stand for themselves. All others are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from policyc.targets.freeswitch.reader.errors import Place
from policyc.targets.freeswitch.reader.expanding import is_true
from policyc.targets.freeswitch.reader.extensions import (
    Action,
    Break,
    Check,
    Condition,
    Extension,
    Kind,
    made,
    variable_of,
)
from policyc.targets.freeswitch.reader.texts import encode

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.elements import Source, Unread
    from policyc.targets.freeswitch.reader.matching import Regex

_TEXT = r"[ !#-%'-~]"
_ACTION = rf'<action application="({_TEXT}+)" data="({_TEXT}*)"/>'
_TAGS = re.compile(
    rf'(?:<condition field="({_TEXT}+)" expression="({_TEXT}*)"(/?)>(?:(\s*+){_ACTION}(\s*+)</condition>)?'
    rf"|{_ACTION}"
    r"|</(condition|extension)>"
    rf'|<extension name="([^"&\0-\x1f]+)"(?: continue="({_TEXT}*)")?>'
    r"|\S)(\s*+)"
)
"""All that stands in a text: tags of such extensions, whole conditions with one action, and others; with blanks."""
_ASIDE = ("\r", "$${")
"""What makes lines count otherwise, or where a global variable stands."""
_PLAIN, _BREAKS = Kind.PLAIN, Break.ON_FALSE
_new = tuple.__new__
"""Makes a value of those below, which are tuples, in half the time that its class takes."""


def skimmed(source: Source, row: Unread, regex: Callable[[str], Regex]) -> tuple[Extension, ...] | None:
    """Return the extensions of a row, None where one is not so; `regex` gives an expression by its text.

    The row is a part of a well-formed text, so that what begins also ends.
    """
    text, file, line = source.text, source.file, row.line
    if any(text.find(one, row.start, row.end) >= 0 for one in _ASIDE):
        return None
    found: list[Extension] = []
    conditions: list[Condition] = []
    actions: list[Action] = []
    within: Check | None = None  # of the condition that has not ended
    name, goes_on, begun = "", "", line
    for tag in _TAGS.findall(text, row.start, row.end):
        compared, expression, ended, before, does, so, behind, application, data, closed, called, continues, blanks = (
            tag
        )
        if compared:
            if within is not None:
                return None
            place = _new(Place, (file, line))
            check = _new(Check, (compared, regex(expression), None, place, None, variable_of(compared)))
            if does:  # and that is all
                line += before.count("\n")
                action = _new(Action, (does, so, False, 1, _new(Place, (file, line)), None))
                conditions.append(_new(Condition, (_PLAIN, (check,), _BREAKS, True, (action,), (), (), place)))
                line += behind.count("\n")
            elif ended:
                conditions.append(_new(Condition, (_PLAIN, (check,), _BREAKS, True, (), (), (), place)))
            else:
                within = check
        elif closed == "extension":
            found.append(made(name, is_true(goes_on), tuple(conditions), _new(Place, (file, begun))))
            conditions = []
        elif called:
            name, goes_on, begun = encode(called), continues, line
        elif application:
            if within is None:
                return None
            actions.append(_new(Action, (application, data, False, 1, _new(Place, (file, line)), None)))
        elif closed and within is not None:
            whole = (_PLAIN, (within,), _BREAKS, True, tuple(actions), (), (), within.place)
            conditions.append(_new(Condition, whole))
            actions, within = [], None
        else:
            return None
        line += blanks.count("\n")
    return tuple(found)
