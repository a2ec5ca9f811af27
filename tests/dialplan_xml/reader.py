"""The XML of a dialplan, as mod_dialplan_xml finds it: contexts, extensions, conditions, actions, with their lines.

An element, attribute, text or value that is not known here is refused, whether or not a call would come to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from xml.parsers import expat

from . import times
from .errors import Place, UnsupportedError
from .regexes import RefusedError, compiled
from .variables import is_true

APPLICATIONS = frozenset(
    "answer bridge bridge_export eval execute_extension export hangup info log multiset multiunset"
    " play_and_get_digits playback pre_answer privacy read respond ring_ready say set sleep transfer unset"
    " voicemail".split()
)
"""The applications that `calls` models."""
INLINE = frozenset("bridge_export eval export info log multiset multiunset set unset".split())
"""Those of them that FreeSWITCH runs while it hunts, when they are `inline`."""
_SETTING = {"set", "export", "bridge_export", "unset", "multiset", "multiunset"}
FREED = "a variable as the field and a group in a regex of several: $1 would be what is left in freed memory"
_LONGEST_LINE = 1 << 20


class Break(Enum):
    """After which result of a condition the conditions beside it are left alone."""

    ON_TRUE = "on-true"
    ON_FALSE = "on-false"
    ALWAYS = "always"
    NEVER = "never"


class Kind(Enum):
    """How a condition decides: by its own attributes, or by its `<regex>` elements."""

    PLAIN = "plain"
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Action:
    """An `<action>` or `<anti-action>`."""

    application: str
    data: str
    inline: bool
    loop: int
    place: Place


@dataclass(frozen=True, slots=True)
class Check:
    """A field compared with an expression, or time attributes, or neither: absolute."""

    field: str | None
    expression: str
    time: times.TimeTest | None
    place: Place


@dataclass(frozen=True, slots=True)
class Condition:
    """A `<condition>`; a plain one has one check."""

    kind: Kind
    checks: tuple[Check, ...]
    breaks: Break
    require_nested: bool
    actions: tuple[Action, ...]
    anti_actions: tuple[Action, ...]
    nested: tuple[Condition, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Extension:
    """An `<extension>`; `goes_on` when hunting continues after it."""

    name: str
    goes_on: bool
    conditions: tuple[Condition, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Context:
    """A `<context>`."""

    name: str
    extensions: tuple[Extension, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Dialplan:
    """The contexts by name in lower case, and the variables that some action may set, in lower case."""

    contexts: Mapping[str, Context]
    variables: frozenset[str]


def read(files: Mapping[str, str]) -> Dialplan:
    """Return the dialplan of files, by name, in the order FreeSWITCH would include them. Raises UnsupportedError."""
    contexts: dict[str, Context] = {}
    variables: set[str] = set()
    for name, text in files.items():
        for element in _contexts(_parse(name, text)):
            context = _context(element)
            contexts.setdefault(context.name.lower(), context)  # of two, the first
            for extension in context.extensions:
                for action in _actions(extension.conditions):
                    variables.update(one.lower() for one in _set_by(action))
    return Dialplan(contexts, frozenset(variables))


# --- XML ---


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    place: Place
    children: list[_Element] = field(default_factory=list)


def _parse(file: str, text: str) -> _Element:
    """Return a root that has the elements of the file. Raises UnsupportedError."""
    parser = expat.ParserCreate()
    root = _Element("", {}, Place(file, 1))
    stack = [root]

    def here() -> Place:
        return Place(file, parser.CurrentLineNumber)

    def start(name: str, attributes: dict[str, str]) -> None:
        for attribute, value in attributes.items():
            if any(ord(char) < 32 for char in value):
                raise UnsupportedError(here(), f"a control character in {attribute}")
        element = _Element(name, attributes, here())
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def characters(data: str) -> None:
        if data.strip() or stack[-1].name in ("action", "anti-action"):
            raise UnsupportedError(here(), f"text in <{stack[-1].name}>: {data!r}")

    def refuse(*_: object) -> None:
        raise UnsupportedError(here(), "a document type or a processing instruction")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(f"<files>{_preprocessed(file, text)}</files>", True)
    except expat.ExpatError as error:
        raise UnsupportedError(Place(file, error.lineno), expat.ErrorString(error.code) or "not XML") from error
    return root.children[0]


def _preprocessed(file: str, text: str) -> str:
    """Return the text as its preprocessor leaves it, lines kept: it works by line, before any XML."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        place = Place(file, index + 1)
        if len(line.encode("utf-8", "surrogateescape")) >= _LONGEST_LINE:
            raise UnsupportedError(place, "a line so long that FreeSWITCH loses a character of it")
        if "x-pre-process" in line.lower() or "<!--#" in line:
            raise UnsupportedError(place, "a command of the preprocessor")
        if "$${" in line:
            raise UnsupportedError(place, "a global variable $${…}, expanded as the file is read")
        if "<?" in line or "<include>" in line or "</include>" in line:
            if not re.fullmatch(r"\s*(<\?xml[^<>]*\?>\s*)?(</?include>)?\s*", line):
                raise UnsupportedError(place, "something on a line that FreeSWITCH leaves out")
            lines[index] = ""
    return "\n".join(lines)


def _contexts(root: _Element) -> Iterator[_Element]:
    for element in root.children:
        if element.name == "document":
            _attributes(element, "type")
            yield from _contexts(element)
        elif element.name == "section":
            if _attributes(element, "name", "description").get("name") == "dialplan":
                yield from _contexts(element)
        elif element.name == "context":
            yield element
        else:
            raise UnsupportedError(element.place, f"<{element.name}>")


def _attributes(element: _Element, *known: str) -> dict[str, str]:
    for name in element.attributes:
        if name not in known:
            raise UnsupportedError(element.place, f'{name}="{element.attributes[name]}" of <{element.name}>')
    return element.attributes


def _context(element: _Element) -> Context:
    name = _attributes(element, "name").get("name")
    if name is None:
        raise UnsupportedError(element.place, "a context without a name")
    _only(element, "extension")
    return Context(name, tuple(map(_extension, element.children)), element.place)


def _only(element: _Element, *names: str) -> None:
    for child in element.children:
        if child.name not in names:
            raise UnsupportedError(child.place, f"<{child.name}> in <{element.name}>")


def _extension(element: _Element) -> Extension:
    attributes = _attributes(element, "name", "continue")
    _only(element, "condition")
    return Extension(
        attributes.get("name", "UNKNOWN"),
        is_true(attributes.get("continue")),
        tuple(map(_condition, element.children)),
        element.place,
    )


def _condition(element: _Element) -> Condition:
    attributes = _attributes(
        element, "field", "expression", "break", "regex", "require-nested", *times.READ, *times.REFUSED
    )
    regex = attributes.get("regex")
    children: dict[str, list[_Element]] = {"condition": [], "action": [], "anti-action": [], "regex": []}
    _only(element, *children)
    for child in element.children:
        children[child.name].append(child)
    checks: tuple[Check, ...]
    if regex is None:
        kind, checks = Kind.PLAIN, (_check(element, ("break", "require-nested")),)
        if children["regex"]:
            raise UnsupportedError(children["regex"][0].place, "<regex> in a condition without regex=")
    else:
        if regex not in ("all", "any"):
            raise UnsupportedError(element.place, f'regex="{regex}"')
        if extra := attributes.keys() - {"regex", "break", "require-nested"}:
            raise UnsupportedError(element.place, f"regex= beside {min(extra)}")
        kind, checks = Kind(regex), tuple(_check(one, ()) for one in children["regex"])
        for check in checks:
            if "$" in (check.field or "") and "(" in check.expression:
                raise UnsupportedError(check.place, FREED)
    try:
        breaks = Break(attributes.get("break", "on-false"))
    except ValueError:
        raise UnsupportedError(element.place, f'break="{attributes["break"]}"') from None
    return Condition(
        kind,
        checks,
        breaks,
        is_true(attributes.get("require-nested", "true")),
        tuple(map(_action, children["action"])),
        tuple(map(_action, children["anti-action"])),
        tuple(map(_condition, children["condition"])),
        element.place,
    )


def _check(element: _Element, others: tuple[str, ...]) -> Check:
    attributes = _attributes(element, "field", "expression", *times.READ, *times.REFUSED, *others)
    if element.name == "regex":
        _only(element)
    for name in times.REFUSED:
        if name in attributes:
            raise UnsupportedError(element.place, f'{name}="{attributes[name]}"')
    compared, expression = attributes.get("field"), attributes.get("expression", "")
    if compared is None and expression:
        raise UnsupportedError(element.place, "an expression without a field, which is never looked at")
    timed = {name: text for name, text in attributes.items() if name in times.READ}
    if timed and compared is not None:
        raise UnsupportedError(element.place, "a field and a time on one condition: FreeSWITCH mixes their results")
    if "${" not in expression:
        try:
            compiled(expression)
        except RefusedError as refused:
            raise UnsupportedError(element.place, f"{refused}, in {expression}") from refused
    try:
        time = times.read_time(timed) if timed else None
    except ValueError as error:
        raise UnsupportedError(element.place, str(error)) from error
    return Check(compared, expression, time, element.place)


def _action(element: _Element) -> Action:
    attributes = _attributes(element, "application", "data", "inline", "loop")
    _only(element)
    application = attributes.get("application", "")
    inline, loop = is_true(attributes.get("inline")), attributes.get("loop", "1")
    if application not in APPLICATIONS:
        raise UnsupportedError(element.place, f"the application {application}")
    if inline and application not in INLINE:
        raise UnsupportedError(element.place, f"{application} inline, which FreeSWITCH leaves out")
    if not re.fullmatch(r"\d{1,3}", loop):
        raise UnsupportedError(element.place, f'loop="{loop}"')
    return Action(application, attributes.get("data", ""), inline, int(loop), element.place)


# --- the variables that actions set ---


def _actions(conditions: tuple[Condition, ...]) -> Iterator[Action]:
    for condition in conditions:
        yield from condition.actions
        yield from condition.anti_actions
        yield from _actions(condition.nested)


def _set_by(action: Action) -> Iterator[str]:
    """Yield the names of variables that the action may set, as far as its text says."""
    if action.application in _SETTING:
        parts = action.data.split(" ") if action.application.startswith("multi") else [action.data]
        if action.data.startswith("^^"):
            parts = action.data[3:].split(action.data[2:3])
        for part in parts:
            yield re.split("[=,]", part)[0].removeprefix("nolocal:").removeprefix("_nolocal_")
    elif action.application in ("read", "play_and_get_digits"):
        arguments = action.data.split(" ")
        index = 3 if action.application == "read" else 7
        for name in arguments[index : index + 1]:
            yield name
            yield f"{name}_invalid"
