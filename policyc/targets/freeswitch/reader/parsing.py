"""Elements in, extensions out, whatever they are made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policyc.targets.freeswitch.reader import times
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.freeswitch.reader.expanding import is_true
from policyc.targets.freeswitch.reader.extensions import (
    Action,
    Break,
    Check,
    Condition,
    Extension,
    Kind,
    made,
)

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.elements import Element
    from policyc.targets.freeswitch.reader.matching import Regex

_CONDITION = frozenset(("field", "expression", "break", "regex", "require-nested", *times.READ, *times.ODD))
_INNER = frozenset(("condition", "action", "anti-action"))
_INNER_OF_SEVERAL = _INNER | {"regex"}
_COMPARING = {"field", "expression"}
_PLAIN_CHECK = frozenset(("field", "expression", "break", "require-nested"))
_EXTENSION = frozenset(("name", "continue"))
_CONDITIONS = frozenset(("condition",))
_ACTING = {"application", "data"}
_ACTION = frozenset(("application", "data", "inline", "loop"))
_NOTHING: frozenset[str] = frozenset()
_CHECK = frozenset(("field", "expression", *times.READ, *times.ODD))
_BREAKS = {one.value: one for one in Break}


@dataclass(frozen=True, slots=True)
class Parser:
    """Makes extensions of elements."""

    file: str
    regex: Callable[[str], Regex]
    """Returns an expression by its text."""

    def odd(self, element: Element, what: What, text: str) -> NotUnderstood:
        """Return what is not understood of an element."""
        return NotUnderstood(Place(self.file, element.line), what, text)

    def extension(self, element: Element) -> Extension:
        """Return an extension: one that is not understood at all says so."""
        place = Place(self.file, element.line)
        try:
            if element.name != "extension":
                raise self.odd(element, What.ELEMENT, f"<{element.name}>")
            self._known(element, _EXTENSION, _CONDITIONS)
            conditions = tuple(self.condition(child) for child in element.children)
        except NotUnderstood as odd:
            return Extension("", goes_on=False, conditions=(), place=place, odd=odd)
        attributes = element.attributes
        return made(attributes.get("name", "UNKNOWN"), is_true(attributes.get("continue")), conditions, place)

    def _known(self, element: Element, attributes: frozenset[str], children: frozenset[str]) -> None:
        """Raise NotUnderstood where an element has other attributes or elements, or text."""
        if element.said:
            raise self.odd(element, What.ELEMENT, f"<{element.name}>…")
        if not element.attributes.keys() <= attributes:
            name = min(element.attributes.keys() - attributes)
            raise self.odd(element, What.ATTRIBUTE, f'{name}="{element.attributes[name]}"')
        for child in element.children:
            if child.name not in children:
                raise self.odd(child, What.ELEMENT, f"<{child.name}>")

    def condition(self, element: Element) -> Condition:
        """Return a condition. Raises NotUnderstood."""
        attributes = element.attributes
        if not element.children and not element.said and attributes.keys() == _COMPARING:
            check = self.check(element)
            return Condition(Kind.PLAIN, (check,), Break.ON_FALSE, True, (), (), (), check.place)
        regex = attributes.get("regex")
        self._known(element, _CONDITION, _INNER if regex is None else _INNER_OF_SEVERAL)
        kind = Kind.PLAIN
        if regex is None:
            checks: tuple[Check, ...] = (self.check(element),)
        else:
            others = attributes.keys() - {"regex", "break", "require-nested"}
            if regex not in ("all", "any") or others:
                raise self.odd(element, What.ATTRIBUTE, f'regex="{regex}"')
            kind = Kind(regex)
            checks = tuple(self.check(child) for child in element.children if child.name == "regex")
        breaks = _BREAKS.get(attributes.get("break", "on-false"))
        if breaks is None:
            raise self.odd(element, What.ATTRIBUTE, f'break="{attributes["break"]}"')
        if not element.children:
            return Condition(kind, checks, breaks, True, (), (), (), Place(self.file, element.line))
        return Condition(
            kind,
            checks,
            breaks,
            is_true(attributes.get("require-nested", "true")),
            tuple(self.action(child) for child in element.children if child.name == "action"),
            tuple(self.action(child) for child in element.children if child.name == "anti-action"),
            tuple(self.condition(child) for child in element.children if child.name == "condition"),
            Place(self.file, element.line),
        )

    def check(self, element: Element) -> Check:
        """Return what a condition, or a `<regex>` in it, asks. Raises NotUnderstood."""
        attributes = element.attributes
        place = Place(self.file, element.line)
        odd: NotUnderstood | None = None
        clock: times.Clock | None = None
        if element.name == "regex":
            self._known(element, _CHECK, frozenset())
        compared, expression = attributes.get("field"), attributes.get("expression", "")
        if attributes.keys() <= _PLAIN_CHECK and compared is not None:
            return Check(compared, self.regex(expression), None, place)
        timed = tuple((name, text) for name, text in attributes.items() if name in times.READ)
        for name in times.ODD:
            if name in attributes:
                odd = NotUnderstood(place, What.TIME, f'{name}="{attributes[name]}"')
        if compared is None and expression:
            # never looked at: whoever wrote it meant something else
            odd = NotUnderstood(place, What.EXPRESSION, expression)
        elif timed and compared is not None:  # FreeSWITCH mixes their results
            odd = NotUnderstood(place, What.TIME, " ".join(f'{name}="{text}"' for name, text in timed))
        elif timed and odd is None:
            try:
                clock = times.clock(timed)
            except Unclear as unclear:
                odd = NotUnderstood(place, unclear.what, unclear.text)
        return Check(compared, self.regex(expression), clock, place, odd)

    def action(self, element: Element) -> Action:
        """Return an action: one that is not understood says so."""
        attributes = element.attributes
        place = Place(self.file, element.line)
        if attributes.keys() == _ACTING and not element.children and not element.said:
            return Action(attributes["application"], attributes["data"], False, 1, place)
        odd: NotUnderstood | None = None
        try:
            self._known(element, _ACTION, _NOTHING)
        except NotUnderstood as error:
            odd = error
        loop = attributes.get("loop", "1")
        if loop != "1" and not re.fullmatch(r"\d{1,3}", loop, re.ASCII):
            odd, loop = self.odd(element, What.ATTRIBUTE, f'loop="{loop}"'), "1"
        return Action(
            attributes.get("application", ""),
            attributes.get("data", ""),
            is_true(attributes.get("inline")),
            int(loop),
            place,
            odd,
        )
