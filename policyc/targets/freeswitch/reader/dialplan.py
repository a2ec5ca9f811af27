"""The elements of a dialplan in, its contexts out: extensions, conditions, actions, each with its line.

What is not understood stands where it is, as a `NotUnderstood`: it only matters to calls that get there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from policyc.targets.freeswitch.reader import times
from policyc.targets.freeswitch.reader.branch import plainly_set
from policyc.targets.freeswitch.reader.elements import Element, Source, Unread, parse, with_globals
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.freeswitch.reader.expanding import is_true
from policyc.targets.freeswitch.reader.matching import Regex

_SETTING = frozenset("set export bridge_export unset multiset multiunset".split())
_LITERAL = re.compile(r"\^([0-9]+)\$", re.ASCII)
_FOR_NUMBER = re.compile(
    r'<extension[^<]*>\s*<condition field="destination_number" expression="\^([0-9]+)\$"'
    r"(?:/>|>\s*(?:<action [^<]*/>\s*)*</condition>)"
)
"""An extension, as text, that begins with a condition on one called number, and nothing odd in it."""
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")
_NAMES = re.compile(r"\{([A-Za-z0-9_.-]+)")  # wherever one may be: also what is in a value
_GROUP = re.compile(r"\$\{?\d", re.ASCII)
_TRANSFER = re.compile(r"([0-9*#][0-9A-Za-z*#]*) XML ([A-Za-z0-9_-]+)")
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
        return any("$" in one.data and _GROUP.search(one.data) for one in self.actions) and any(
            check.regex.has_groups or "${" in check.regex.text for check in self.checks
        )


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


@dataclass(slots=True, eq=False)
class Context:
    """A `<context>`, whose extensions are read when a call gets to them."""

    name: str
    source: Source
    line: int
    elements: list[Element]
    regexes: dict[str, Regex]
    _split: list[Element | Unread] = field(default_factory=list)
    """Its extensions, each by itself, once a call got to the context."""
    _extensions: dict[int, Extension] = field(default_factory=dict)
    _literal: dict[str, list[int]] = field(default_factory=dict)
    _others: list[tuple[int, Regex | None]] = field(default_factory=list)
    _of: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    _all: tuple[Candidate, ...] | None = None

    def forget(self) -> None:
        """Let go of extensions that were read."""
        self._extensions, self._of, self._all = {}, {}, None

    def _look(self) -> None:
        """Note which extensions a called number can match at all: those that begin with a condition on it."""
        if self._split:
            return
        for element in self.elements:
            if element.unread is None:
                self._note(len(self._split), element)
                self._split.append(element)
                continue
            for one in self.source.split(element.unread):
                found = _FOR_NUMBER.match(self.source.text, one.start)
                if found:
                    self._literal.setdefault(found[1], []).append(len(self._split))
                else:
                    self._note(len(self._split), self.source.read(one)[0])
                self._split.append(one)

    def _note(self, at: int, element: Element) -> None:
        first = element.children[0] if element.children else None
        regex = None
        if first is not None and first.name == "condition" and first.attributes.get("field") == "destination_number":
            expression = first.attributes.get("expression", "")
            if "$" not in expression[:-1] and not _odd_first(first):
                found = _LITERAL.fullmatch(expression)
                if found:
                    self._literal.setdefault(found[1], []).append(at)
                    return
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
        self._look()
        return bool(self._literal) or any(regex is not None for _, regex in self._others)

    @property
    def names_numbers(self) -> bool:
        """Whether some extensions are for one called number each."""
        self._look()
        return bool(self._literal)

    def candidates(self, called: str | None = None) -> tuple[Candidate, ...]:
        """Return the extensions, in order: for a known number, without those that its first condition leaves out."""
        self._look()
        if called is None:
            if self._all is None:
                self._all = self._candidates([(at, 0) for at in range(len(self._split))])
            return self._all
        if called not in self._of:
            some = [(at, 1) for at in self._literal.get(called, ())]
            for at, regex in self._others:
                passed = None if regex is None else _match(regex, called)
                if passed is not False:
                    some.append((at, int(passed is True)))
            some.sort()
            self._of[called] = self._candidates(some)
        return self._of[called]

    def _candidates(self, some: Sequence[tuple[int, int]]) -> tuple[Candidate, ...]:
        """Return extensions by their places, those beside each other read at once."""
        known = self._extensions
        reader = _Reader(self.source.file, self)
        at = 0
        while at < len(some):
            first = some[at][0]
            end = at + 1
            one = self._split[first]
            if first not in known and isinstance(one, Unread):
                last = one
                while end < len(some) and some[end][0] == first + end - at and some[end][0] not in known:
                    behind = self._split[some[end][0]]
                    if not isinstance(behind, Unread):
                        break
                    last = behind
                    end += 1
                row = self.source.read(Unread(one.start, last.end, one.line))
                known.update(enumerate(map(reader.extension, row), first))
            elif first not in known and isinstance(one, Element):
                known[first] = reader.extension(one)
            at = end
        return tuple(Candidate(known[at], passed) for at, passed in some)


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
    files: Mapping[str, str]
    regexes: dict[str, Regex]

    def text(self, place: Place) -> str:
        """Return what a line says."""
        return self.files[place.file].split("\n")[place.line - 1].strip()

    def forget(self) -> None:
        """Let go of what was read of contexts: it is read again where calls get there."""
        self.regexes.clear()
        for context in self.contexts.values():
            context.forget()


def read(files: Mapping[str, str]) -> Dialplan:
    """Return the dialplan of files, by name, in the order FreeSWITCH would include them. Raises NotUnderstood."""
    contexts: dict[str, Context] = {}
    regexes: dict[str, Regex] = {}
    setting: list[Element] = []  # may set variables
    reading: list[Element] = []  # may read variables
    named: set[str] = set()  # variables that other elements read
    for name, text in files.items():
        source, elements = parse(name, text)
        is_plain = all(element.name == "context" for element in elements)
        if not is_plain:  # actions of other sections set nothing here
            elements = source.parsed(source.text)
        own = list(_contexts(name, elements))
        for element in own:
            if "name" not in element.attributes:
                raise NotUnderstood(Place(name, element.line), What.CONTEXT, "<context>")
            context = Context(element.attributes["name"], source, element.line, element.children, regexes)
            contexts.setdefault(context.name.lower(), context)  # of two, the first
        if is_plain:
            actions, others = _said(source)
            setting += actions
            reading += actions
            named |= others
        else:
            setting += _all(own)
            reading += _all(elements)
    variables: set[str] = set()
    for element in setting:
        _note_variables(element, variables)
    return Dialplan(contexts, frozenset(variables), _looked_at(reading, named), files, regexes)


def _said(source: Source) -> tuple[list[Element], set[str]]:
    """Return the actions of a text that may set or read variables, each once, and the names that others read."""
    tags = source.tags()
    actions = {tag for tag in tags if tag.startswith(("<action", "<anti-action")) or "&#" in tag}
    names = {name for tag in tags - actions for name in _NAMES.findall(with_globals(tag))}
    return source.parsed("".join(f"{tag}/>" for tag in sorted(actions))), {name.lower() for name in names}


def _all(elements: Iterable[Element]) -> Iterator[Element]:
    """Yield elements and all that are in them."""
    stack = list(elements)
    while stack:
        element = stack.pop()
        yield element
        stack += element.children


def _contexts(file: str, elements: Iterable[Element]) -> Iterator[Element]:
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


def _looked_at(elements: Iterable[Element], named: Iterable[str]) -> frozenset[str]:
    """Return the variables that something reads, other than to give its value to one that nothing reads."""
    found = set(named)
    sources: dict[str, set[str]] = {}  # of variables that are plainly set: which ones their values are made of
    for element in elements:
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
    if element.name not in ("action", "anti-action"):
        return
    application, data = element.attributes.get("application", ""), element.attributes.get("data", "")
    if application in ("set", "export"):
        found.add(_variable(data))
    elif application in _SETTING:
        parts = data[3:].split(data[2:3]) if data.startswith("^^") and len(data) > 3 else data.split(" ")
        found.update(_variable(part) for part in (parts if application.startswith("multi") else [data]))


def _variable(text: str) -> str:
    name = text.partition("=")[0].partition(",")[0].lower()
    return name.removeprefix("nolocal:").removeprefix("_nolocal_")


def _transferred(action: Action) -> tuple[str, str] | None:
    """Return the number and the context to which an action transfers calls, None if it does not, or not plainly."""
    found = _TRANSFER.fullmatch(action.data)
    is_plain = action.application == "transfer" and not action.inline and action.loop == 1 and action.odd is None
    return (found[1], found[2]) if found and is_plain else None


@lru_cache(maxsize=4096)
def _variable_of(compared: str) -> str | None:
    """Return the variable that a field is, in lower case, None if it is more, or something else."""
    found = _VARIABLE.fullmatch(compared)
    return found[1].lower() if found else None


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
        name = element.attributes.get("name", "UNKNOWN")
        does = tuple(action[:4] for action in conditions[-1].actions) if plain else ()
        transfers = _transferred(*conditions[-1].actions) if len(does) == 1 else None
        return Extension(name, goes_on, conditions, place, plain, only_sets, None, does, transfers)

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
        if not element.children and not element.said and attributes.keys() == _COMPARING:
            place = Place(self.file, element.line)
            check = Check(
                attributes["field"],
                self.context.regex(attributes["expression"]),
                None,
                place,
                None,
                _variable_of(attributes["field"]),
            )
            return Condition(Kind.PLAIN, (check,), Break.ON_FALSE, True, (), (), (), place)
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
            return Check(compared, self.context.regex(expression), None, place, None, _variable_of(compared))
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
