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


_FLAT = (Break.ON_FALSE, Break.ALWAYS)


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
    variable: str | None = None
    """The name of the variable in lower case, where the field is one and nothing else."""


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
    def is_flat(self) -> bool:
        """Whether it does no more, where it fails, than end its extension."""
        return not self.anti_actions and not self.nested and self.breaks in _FLAT

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

    `is_plain`: where its conditions fail, it leaves no trace; then it `does` what its last one has, and `transfers` to
    a number in a context where that is all. `only_sets`: it goes on, and queues nothing.
    """

    name: str
    goes_on: bool
    conditions: tuple[Condition, ...]
    place: Place
    is_plain: bool = False
    only_sets: bool = False
    odd: NotUnderstood | None = None
    does: Does = ()
    transfers: tuple[str, str] | None = None


class Candidate(NamedTuple):
    """An extension that a call may come to, and how many of its conditions are known to hold for the called number."""

    extension: Extension
    passed: int


def made(name: str, goes_on: bool, conditions: tuple[Condition, ...], place: Place) -> Extension:
    """Return an extension that is understood, with what there is to know of it as a whole."""
    if goes_on:
        return Extension(name, True, conditions, place, only_sets=all(map(_only_sets, conditions)))
    for one in conditions[:-1]:
        if not _only_asks(one):
            return Extension(name, False, conditions, place)
    last = conditions[-1] if conditions else None
    if last is None or last.kind is not Kind.PLAIN or not last.is_flat or last.uses_groups:
        return Extension(name, False, conditions, place)
    actions = last.actions
    does = tuple([action[:4] for action in actions])
    transfers = _transferred(actions[0]) if len(actions) == 1 else None
    return Extension(name, False, conditions, place, True, False, None, does, transfers)


def _only_asks(condition: Condition) -> bool:
    """Tell whether a condition does nothing but end its extension where it fails."""
    return (
        condition.kind is Kind.PLAIN
        and not condition.actions
        and not condition.anti_actions
        and not condition.nested
        and condition.breaks is Break.ON_FALSE
    )


def _only_sets(condition: Condition) -> bool:
    """Tell whether a condition queues nothing."""
    return all(one.inline for one in (*condition.actions, *condition.anti_actions)) and all(
        map(_only_sets, condition.nested)
    )


def _transferred(action: Action) -> tuple[str, str] | None:
    """Return the number and the context to which an action transfers calls, None if it does not, or not plainly."""
    if action.application != "transfer" or action.inline or action.loop != 1 or action.odd is not None:
        return None
    found = _TRANSFER.fullmatch(action.data)
    return (found[1], found[2]) if found else None


@lru_cache(maxsize=4096)
def variable_of(compared: str) -> str | None:
    """Return the variable that a field is, in lower case, None if it is more, or something else."""
    found = _VARIABLE.fullmatch(compared)
    return found[1].lower() if found else None
