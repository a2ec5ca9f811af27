"""The elements of a dialplan in, its contexts out: extensions, conditions, actions, each with its line.

What is not understood stands where it is, as a `NotUnderstood`: it only matters to calls that get there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from policyc.targets.freeswitch.reader import times
from policyc.targets.freeswitch.reader.branch import plainly_set
from policyc.targets.freeswitch.reader.elements import Element, parse
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.freeswitch.reader.expanding import is_true
from policyc.targets.freeswitch.reader.matching import Regex

_SETTING = frozenset("set export bridge_export unset multiset multiunset".split())
_LITERAL = re.compile(r"\^([0-9]+)\$", re.ASCII)
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")
_NAMES = re.compile(r"\{([A-Za-z0-9_.-]+)")  # wherever one may be: also what is in a value
_GROUP = re.compile(r"\$\{?\d", re.ASCII)
_CONDITION = frozenset(("field", "expression", "break", "regex", "require-nested", *times.READ, *times.ODD))
_INNER = frozenset(("condition", "action", "anti-action"))
_INNER_OF_SEVERAL = _INNER | {"regex"}
_PLAIN_CHECK = frozenset(("field", "expression", "break", "require-nested"))
_EXTENSION = frozenset(("name", "continue"))
_CONDITIONS = frozenset(("condition",))
_ACTION = frozenset(("application", "data", "inline", "loop"))
_NOTHING: frozenset[str] = frozenset()
_CHECK = frozenset(("field", "expression", *times.READ, *times.ODD))


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


_BREAKS = {one.value: one for one in Break}


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
        return not self.anti_actions and not self.nested and self.breaks in (Break.ON_FALSE, Break.ALWAYS)

    @property
    def uses_groups(self) -> bool:
        """Whether its actions may take what a group of its expression holds."""
        return any(_GROUP.search(one.data) for one in self.actions) and any(
            check.regex.has_groups or "${" in check.regex.text for check in self.checks
        )


class Extension(NamedTuple):
    """An `<extension>`; `goes_on` when hunting continues after it. `odd`: it is not understood.

    `is_plain`: where its conditions fail, it leaves no trace. `only_sets`: it goes on, and queues nothing.
    """

    name: str
    goes_on: bool
    conditions: tuple[Condition, ...]
    place: Place
    is_plain: bool = False
    only_sets: bool = False
    odd: NotUnderstood | None = None


class Candidate(NamedTuple):
    """An extension that a call may come to, and how many of its conditions are known to hold for the called number."""

    extension: Extension
    passed: int


@dataclass(slots=True, eq=False)
class Context:
    """A `<context>`, whose extensions are read when a call gets to them."""

    name: str
    file: str
    line: int
    elements: list[Element]
    regexes: dict[str, Regex]
    _extensions: dict[int, Extension] = field(default_factory=dict)
    _literal: dict[str, list[int]] = field(default_factory=dict)
    _others: list[tuple[int, Regex | None]] = field(default_factory=list)
    _of: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    _all: tuple[Candidate, ...] | None = None

    def __post_init__(self) -> None:
        """Note which extensions a called number can match at all: those that begin with a condition on it."""
        for at, element in enumerate(self.elements):
            first = element.children[0] if element.children else None
            regex = None
            if (
                first is not None
                and first.name == "condition"
                and first.attributes.get("field") == "destination_number"
            ):
                expression = first.attributes.get("expression", "")
                if "$" not in expression[:-1] and not _odd_first(first):
                    found = _LITERAL.fullmatch(expression)
                    if found:
                        self._literal.setdefault(found[1], []).append(at)
                        continue
                    regex = self.regex(expression)
            self._others.append((at, regex))

    def regex(self, expression: str) -> Regex:
        """Return an expression: the same one for the same text."""
        if expression not in self.regexes:
            self.regexes[expression] = Regex(expression)
        return self.regexes[expression]

    @property
    def asks_for_called(self) -> bool:
        """Whether some extensions begin with a condition on the called number."""
        return bool(self._literal) or any(regex is not None for _, regex in self._others)

    @property
    def names_numbers(self) -> bool:
        """Whether some extensions are for one called number each."""
        return bool(self._literal)

    def candidates(self, called: str | None = None) -> tuple[Candidate, ...]:
        """Return the extensions, in order: for a known number, without those that its first condition leaves out."""
        if called is None:
            if self._all is None:
                self._all = tuple(Candidate(self._extension(at), 0) for at in range(len(self.elements)))
            return self._all
        if called not in self._of:
            some = [(at, 1) for at in self._literal.get(called, ())]
            for at, regex in self._others:
                passed = None if regex is None else _match(regex, called)
                if passed is not False:
                    some.append((at, int(passed is True)))
            self._of[called] = tuple(Candidate(self._extension(at), passed) for at, passed in sorted(some))
        return self._of[called]

    def _extension(self, at: int) -> Extension:
        if at not in self._extensions:
            self._extensions[at] = _Reader(self.file, self).extension(self.elements[at])
        return self._extensions[at]


def _odd_first(element: Element) -> bool:
    """Tell whether a condition that fails does more than fail, or is not understood."""
    return (
        element.attributes.keys() - {"field", "expression"} != set()
        or element.said
        or any(child.name != "action" for child in element.children)
    )


def _match(regex: Regex, called: str) -> bool | None:
    """Tell whether an expression matches a called number, None where that is not understood."""
    try:
        return regex.matches(called)
    except Unclear:
        return None


@dataclass(frozen=True, slots=True)
class Dialplan:
    """The contexts by name in lower case, the variables that some action sets or something reads, and the lines.

    Names are in lower case. What only gives a value to a variable that nothing reads has not read anything.
    """

    contexts: Mapping[str, Context]
    variables: frozenset[str]
    read: frozenset[str]
    lines: Mapping[str, tuple[str, ...]]

    def text(self, place: Place) -> str:
        """Return what a line says."""
        return self.lines[place.file][place.line - 1].strip()


def read(files: Mapping[str, str]) -> Dialplan:
    """Return the dialplan of files, by name, in the order FreeSWITCH would include them. Raises NotUnderstood."""
    contexts: dict[str, Context] = {}
    variables: set[str] = set()
    regexes: dict[str, Regex] = {}
    elements = {name: parse(name, text) for name, text in files.items()}
    for name, some in elements.items():
        for element in _contexts(name, some):
            if "name" not in element.attributes:
                raise NotUnderstood(Place(name, element.line), What.CONTEXT, "<context>")
            context = Context(element.attributes["name"], name, element.line, element.children, regexes)
            contexts.setdefault(context.name.lower(), context)  # of two, the first
            _note_variables(element, variables)
    looked_at = _looked_at(one for some in elements.values() for one in some)
    lines = {name: tuple(text.split("\n")) for name, text in files.items()}
    return Dialplan(contexts, frozenset(variables), looked_at, lines)


def _contexts(file: str, elements: list[Element]) -> Iterator[Element]:
    for element in elements:
        if element.name == "document":
            yield from _contexts(file, element.children)
        elif element.name == "section":
            if element.attributes.get("name") == "dialplan":
                yield from _contexts(file, element.children)
        elif element.name == "context":
            yield element
        else:
            raise NotUnderstood(Place(file, element.line), What.ELEMENT, f"<{element.name}>")


def _looked_at(elements: Iterable[Element]) -> frozenset[str]:
    """Return the variables that something reads, other than to give its value to one that nothing reads."""
    found: set[str] = set()
    sources: dict[str, set[str]] = {}  # of variables that are plainly set: which ones their values are made of
    stack = list(elements)
    while stack:
        element = stack.pop()
        stack += element.children
        attributes = element.attributes
        read = {name.lower() for text in attributes.values() if "{" in text for name in _NAMES.findall(text)}
        if read:
            is_set = element.name in ("action", "anti-action") and attributes.get("application") == "set"
            name = plainly_set(attributes.get("data", "")) if is_set else None
            (found if name is None else sources.setdefault(name, set())).update(read)
    todo = list(found)
    while todo:
        new = sources.pop(todo.pop(), set()) - found
        found |= new
        todo += new
    return frozenset(found)


def _note_variables(element: Element, found: set[str]) -> None:
    for child in element.children:
        if child.name not in ("action", "anti-action"):
            if child.children:
                _note_variables(child, found)
            continue
        application, data = child.attributes.get("application", ""), child.attributes.get("data", "")
        if application in ("set", "export"):
            found.add(_variable(data))
        elif application in _SETTING:
            parts = data[3:].split(data[2:3]) if data.startswith("^^") and len(data) > 3 else data.split(" ")
            found.update(_variable(part) for part in (parts if application.startswith("multi") else [data]))


def _variable(text: str) -> str:
    name = text.partition("=")[0].partition(",")[0].lower()
    return name.removeprefix("nolocal:").removeprefix("_nolocal_")


def _only_sets(condition: Condition) -> bool:
    """Tell whether a condition queues nothing."""
    return all(one.inline for one in (*condition.actions, *condition.anti_actions)) and all(
        map(_only_sets, condition.nested)
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes extensions of elements."""

    file: str
    context: Context

    def odd(self, element: Element, what: What, text: str) -> NotUnderstood:
        return NotUnderstood(Place(self.file, element.line), what, text)

    def extension(self, element: Element) -> Extension:
        place = Place(self.file, element.line)
        try:
            if element.name != "extension":
                raise self.odd(element, What.ELEMENT, f"<{element.name}>")
            self._known(element, _EXTENSION, _CONDITIONS)
            conditions = tuple(self.condition(child) for child in element.children)
        except NotUnderstood as odd:
            return Extension("", goes_on=False, conditions=(), place=place, odd=odd)
        goes_on = is_true(element.attributes.get("continue"))
        plain = (
            bool(conditions)
            and not goes_on
            and all(one.kind is Kind.PLAIN for one in conditions)
            and all(one.is_flat and not one.actions for one in conditions[:-1])
            and all(one.breaks is Break.ON_FALSE for one in conditions[:-1])
            and conditions[-1].is_flat
            and not conditions[-1].uses_groups
        )
        only_sets = goes_on and all(map(_only_sets, conditions))
        return Extension(element.attributes.get("name", "UNKNOWN"), goes_on, conditions, place, plain, only_sets)

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
        attributes = element.attributes
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
        attributes = element.attributes
        place = Place(self.file, element.line)
        odd: NotUnderstood | None = None
        clock: times.Clock | None = None
        if element.name == "regex":
            self._known(element, _CHECK, frozenset())
        compared, expression = attributes.get("field"), attributes.get("expression", "")
        if attributes.keys() <= _PLAIN_CHECK and compared is not None:
            found = _VARIABLE.fullmatch(compared)
            variable = found[1].lower() if found else None
            return Check(compared, self.context.regex(expression), None, place, None, variable)
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
        return Check(compared, self.context.regex(expression), clock, place, odd)

    def action(self, element: Element) -> Action:
        attributes = element.attributes
        place = Place(self.file, element.line)
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
