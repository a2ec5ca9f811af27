"""What contexts are made of: extensions, conditions, checks and actions, each with its line.

What is not understood stands where it is, as a `NotUnderstood`: it only matters to calls that get there.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader import times
    from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place
    from policyc.targets.freeswitch.reader.matching import Regex

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")
_GROUP = re.compile(r"\$\{?\d", re.ASCII)
_TRANSFER = re.compile(r"([0-9*#][0-9A-Za-z*#]*) XML ([A-Za-z0-9_-]+)")


_new = tuple.__new__


class Break(Enum):
    """After which result of a condition those beside it are left alone."""

    ON_TRUE = "on-true"
    ON_FALSE = "on-false"
    ALWAYS = "always"
    NEVER = "never"


class Kind(Enum):
    """How a condition decides: by its own attributes, or by its `<regex>` elements."""

    PLAIN = "plain"
    ALL = "all"
    ANY = "any"


_PLAIN, _ON_FALSE = Kind.PLAIN, Break.ON_FALSE
_ENDING = (_ON_FALSE, Break.ALWAYS)
"""With which a condition that fails ends its extension, and does no more."""


class Action(NamedTuple):
    """An `<action>` or `<anti-action>`. `odd`: it does what is not understood."""

    application: str
    data: str
    inline: bool
    loop: int
    place: Place
    odd: NotUnderstood | None = None


class Check(NamedTuple):
    """A field compared with an expression, or a time, or neither: it holds. `odd`: it is not understood."""

    field: str | None
    regex: Regex
    clock: times.Clock | None
    place: Place
    odd: NotUnderstood | None = None


class Condition(NamedTuple):
    """A `<condition>`; a plain one has one check."""

    kind: Kind
    checks: tuple[Check, ...]
    breaks: Break
    require_nested: bool
    actions: tuple[Action, ...]
    anti_actions: tuple[Action, ...]
    nested: tuple[Condition, ...]
    place: Place

    @property
    def uses_groups(self) -> bool:
        """Whether its actions may take what a group of its expression holds."""
        for one in self.actions:
            if "$" in one.data and _GROUP.search(one.data):
                return any(check.regex.has_groups or "${" in check.regex.text for check in self.checks)
        return False


Does = tuple[tuple[str, str, bool, int], ...]
"""What actions do, wherever they stand."""


class Extension(NamedTuple):
    """An `<extension>`; `goes_on` when hunting continues after it. `odd`: it is not understood.

    `is_plain`: where its conditions fail, it leaves no trace; where they hold, it `does` what its last one has.
    `only_sets`: it goes on, and queues nothing.
    """

    name: str
    goes_on: bool
    conditions: tuple[Condition, ...]
    place: Place
    is_plain: bool = False
    only_sets: bool = False
    odd: NotUnderstood | None = None
    does: Does = ()


class Candidate(NamedTuple):
    """An extension that a call may come to, and how many of its conditions are known to hold for the called number."""

    extension: Extension
    passed: int


def made(name: str, goes_on: bool, conditions: tuple[Condition, ...], place: Place) -> Extension:
    """Return an extension that is understood, with what there is to know of it as a whole."""
    if goes_on:
        return Extension(name, True, conditions, place, False, all(map(_only_sets, conditions)))
    does = _does(conditions)
    return _new(Extension, (name, False, conditions, place, does is not None, False, None, does or ()))


def _does(conditions: tuple[Condition, ...]) -> Does | None:
    """Return what the actions of the last of some conditions do; None where the others are not all of one plain test.

    Nor is it one where an action takes what a group holds, or is not understood.
    """
    if not conditions:
        return None
    for kind, _, breaks, _, actions, anti_actions, nested, _ in conditions[:-1]:
        if actions or anti_actions or nested or kind is not _PLAIN or breaks is not _ON_FALSE:
            return None
    kind, _, breaks, _, actions, anti_actions, nested, _ = last = conditions[-1]
    if anti_actions or nested or kind is not _PLAIN or breaks not in _ENDING:
        return None
    does = []
    for application, data, inline, loop, _, odd in actions:
        if odd is not None or ("$" in data and last.uses_groups):
            return None
        does.append((application, data, inline, loop))
    return tuple(does)


def _only_sets(condition: Condition) -> bool:
    """Tell whether a condition queues nothing."""
    return all(one.inline for one in (*condition.actions, *condition.anti_actions)) and all(
        map(_only_sets, condition.nested)
    )


@lru_cache(maxsize=4096)
def transferred(does: Does) -> tuple[str, str] | None:
    """Return the number and the context to which actions plainly transfer calls, None where they do not, or do more."""
    if len(does) != 1:
        return None
    application, data, inline, loop = does[0]
    if application != "transfer" or inline or loop != 1:
        return None
    found = _TRANSFER.fullmatch(data)
    return (found[1], found[2]) if found else None


@lru_cache(maxsize=4096)
def variable_of(compared: str) -> str | None:
    """Return the variable that a field is, in lower case, None if it is more, or something else."""
    found = _VARIABLE.fullmatch(compared)
    return found[1].lower() if found else None
