"""An XML dialplan as data, made so that it means what it looks like.

mod_dialplan_xml queues actions while it still evaluates conditions and never takes them back, and an extension passes
by its last condition. So conditions here are a flat list that must all pass, and actions stand in the last one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

TRUE: Final = "^true$"
FALSE: Final = "^false$"


@dataclass(frozen=True, slots=True)
class Field:
    """A condition on a field or a `${variable}`: it matches a regular expression."""

    field: str
    expression: str


@dataclass(frozen=True, slots=True)
class Instant:
    """A condition on the instant: one of these sets of time attributes holds. Never together with a field."""

    ways: tuple[Mapping[str, str], ...]


Condition = Field | Instant


@dataclass(frozen=True, slots=True)
class Action:
    """An application and its data. Inline ones run while the dialplan is read, so later conditions see them."""

    application: str
    data: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One `<extension>`: when all its conditions hold, its actions; those that go on let the next ones be tried."""

    name: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """One `<context>`, headed by a comment. Lines may be laid out already, as text."""

    name: str
    title: str
    lines: tuple[Line | str, ...]


def put(variable: str, value: str) -> Action:
    """Return an action that sets a variable at once, for the conditions that follow."""
    return Action("set", f"{variable}={value}", inline=True)


def transfer(number: str, context: str) -> Action:
    """Return an action that goes on with a number in a context."""
    return Action("transfer", f"{number} XML {context}")


def var(name: str) -> str:
    """Return what stands for the value of a variable."""
    return f"${{{name}}}"
