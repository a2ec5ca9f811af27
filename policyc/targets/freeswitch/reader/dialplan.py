"""The files of a dialplan in, its contexts out, whose extensions are read when a call gets to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from policyc.targets.freeswitch.reader.branch import plainly_set
from policyc.targets.freeswitch.reader.elements import Element, Source, Unread, parse, with_globals
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.freeswitch.reader.extensions import Candidate
from policyc.targets.freeswitch.reader.matching import Regex
from policyc.targets.freeswitch.reader.parsing import Parser
from policyc.targets.freeswitch.reader.skimming import skimmed

_SETTING = frozenset("set export bridge_export unset multiset multiunset".split())
_LITERAL = re.compile(r"\^([0-9]+)\$", re.ASCII)
_FOR_NUMBER = re.compile(
    r'<extension[^<]*>\s*<condition field="destination_number" expression="\^([0-9]+)\$"'
    r"(?:/>|>\s*(?:<action [^<]*/>\s*)*</condition>)"
)
"""An extension, as text, that begins with a condition on one called number, and nothing odd in it."""
_NAMES = re.compile(r"\{([A-Za-z0-9_.-]+)")  # wherever one may be: also what is in a value


@dataclass(slots=True, eq=False)
class Context:
    """A `<context>`, whose extensions are read when a call gets to them."""

    name: str
    source: Source
    line: int
    elements: list[Element]
    regexes: dict[str, Regex]
    _split: list[Element | Unread] = field(default_factory=list)
    """Its extensions, once a call got to the context; those for one number that follow one another are together."""
    _extensions: dict[tuple[int, int], tuple[Candidate, ...]] = field(default_factory=dict)
    _literal: dict[str, list[int]] = field(default_factory=dict)
    _others: list[tuple[int, Regex | None]] = field(default_factory=list)
    _asks: bool = False
    _of: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    _all: tuple[Candidate, ...] | None = None

    def forget(self) -> None:
        """Let go of extensions that were read."""
        self._extensions, self._of, self._all = {}, {}, None
        self.regexes.update((regex.text, regex) for _, regex in self._others if regex is not None)

    def _look(self) -> None:
        """Note which extensions a called number can match at all: those that begin with a condition on it."""
        if self._split:
            return
        for element in self.elements:
            if element.unread is not None:
                self._look_into(element.unread)
                continue
            self._note(len(self._split), element)
            self._split.append(element)

    def _look_into(self, row: Unread) -> None:
        """Note the same of extensions that are still text."""
        for some in self.source.split(row, self._number):
            number = self._number(some.start)
            if number is None:
                self._note(len(self._split), self.source.read(some)[0])
            else:
                self._literal.setdefault(number, []).append(len(self._split))
            self._split.append(some)

    def _number(self, start: int) -> str | None:
        """Return the called number that an extension is for, by where its text begins."""
        found = _FOR_NUMBER.match(self.source.text, start)
        return found[1] if found else None

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
                self._asks = True
        self._others.append((at, regex))

    def regex(self, expression: str) -> Regex:
        """Return an expression: the same one for the same text."""
        found = self.regexes.get(expression)
        if found is None:
            found = self.regexes[expression] = Regex(expression)
        return found

    @property
    def asks_for_called(self) -> bool:
        """Whether some extensions begin with a condition on the called number."""
        self._look()
        return bool(self._literal) or self._asks

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
        """Return extensions by their places, and how many of their first conditions are known to hold."""
        return tuple([one for place in some for one in self._read(place)])

    def _read(self, place: tuple[int, int]) -> tuple[Candidate, ...]:
        """Return the extensions at a place."""
        known = self._extensions.get(place)
        if known is None:
            at, passed = place
            file, one = self.source.file, self._split[at]
            if isinstance(one, Unread):
                known = skimmed(self.source, one, self.regex, passed)
            if known is None:
                elements = self.source.read(one) if isinstance(one, Unread) else [one]
                parser = Parser(file, self.regex)
                known = tuple([Candidate(parser.extension(element), passed) for element in elements])
            self._extensions[place] = known
        return known


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
        source.share(text)
    variables: set[str] = set()
    for element in setting:
        _note_variables(element, variables)
    return Dialplan(contexts, frozenset(variables), _looked_at(reading, named), files, regexes)


def _said(source: Source) -> tuple[list[Element], set[str]]:
    """Return the actions of a text that may set or read variables, each once, and the names that others read."""
    tags = source.tags()
    actions = {tag for tag in tags if tag.startswith(("<action", "<anti-action")) or "&#" in tag}
    names = {name for tag in tags - actions for name in _NAMES.findall(with_globals(tag) if "$${" in tag else tag)}
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
