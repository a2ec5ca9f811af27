"""Sections in, a dialplan out: contexts, extensions and their steps, as Asterisk's pbx_config.c takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.asterisk.reader.files import Entry, Lines, Section, entry_of, sections
from policyc.targets.asterisk.reader.patterns import MAX_LENGTH, Exten, Extensions, Node, Step, Wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_FORBIDDEN_SETTINGS = {"extenpatternmatchnew": ("yes", "true", "y", "t", "1", "on"), "overrideswitch": None}
_NONE = -2  # no priority yet
_STEP = re.compile(r" ?(?:exten => (_?[A-Za-z0-9]{1,78}),1|same => n),([A-Za-z]+)\(([^;]*)\)[^;)]*(?:;.*)?")
"""The most usual of usual lines: the name of an extension that begins, the application and its data."""


@dataclass(slots=True)
class Context:
    """A context: its own extensions, and the contexts that it includes, each with the line that says so."""

    name: str
    extens: Extensions = field(default_factory=Extensions)
    includes: list[tuple[str, Place]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Dialplan:
    """All contexts by their names, and the global variables."""

    contexts: Contexts
    variables: Mapping[str, str]
    _regular: dict[str, bool] = field(default_factory=dict)

    def find(self, context: str, exten: str, wanted: Wanted) -> Exten | None:
        """Return the extension that takes a text in a context: of its own, then of those it includes, in order.

        Raises NeedsDigit, and NotUnderstood for an include of a context that is not there.
        """
        return self._find(context, exten, wanted, set())

    def is_regular(self, context: str) -> bool:
        """Tell whether all extensions that a context offers begin at priority 1: then one is found once, not anew."""
        if context not in self._regular:
            offered = self._offered(context)
            self._regular[context] = all(1 in exten.steps for one in offered for exten in one.extens.all)
        return self._regular[context]

    def roots(self, context: str) -> list[Node]:
        """Return where the extensions of a context begin, and of those it includes, in the order they are tried."""
        return [root for one in self._offered(context) for root in one.extens.roots]

    def own(self, context: str) -> Sequence[Exten] | None:
        """Return all extensions that a context offers, None if they are not its own only."""
        found = self.contexts[context]
        return None if found.includes else found.extens.all

    def forget(self, used: Collection[str]) -> None:
        """Let go of contexts that were read, but for some: they are read again when they are asked for."""
        self.contexts.forget(used)
        if not used:
            self._regular.clear()

    def _offered(self, name: str) -> list[Context]:
        found: list[Context] = []
        self._gather(name, set(), found)
        return found

    def _gather(self, name: str, seen: set[str], found: list[Context]) -> None:
        if name.lower() in seen or name not in self.contexts:
            return
        context = self.contexts[name]
        found.append(context)
        seen.add(name.lower())
        for included, place in context.includes:
            if included not in self.contexts:
                raise NotUnderstood(place, What.CONTEXT, included)
            self._gather(included, seen, found)

    def _find(self, name: str, exten: str, wanted: Wanted, seen: set[str]) -> Exten | None:
        if name.lower() in seen or name not in self.contexts:
            return None
        context = self.contexts[name]
        if found := context.extens.find(exten, wanted):
            return found
        seen.add(name.lower())
        for included, place in context.includes:
            if included not in self.contexts:
                raise NotUnderstood(place, What.CONTEXT, included)
            if found := self._find(included, exten, wanted, seen):
                return found
        return None


class Contexts(Mapping[str, Context]):
    """Contexts that are made when they are asked for: one that no call reaches may hold anything."""

    def __init__(self, makers: Mapping[str, Callable[[], Context]]) -> None:
        """Take what makes each context; it raises NotUnderstood for what is not known."""
        self._makers = makers
        self._made: dict[str, Context] = {}

    def __getitem__(self, name: str) -> Context:
        """Return a context. Raises NotUnderstood for one that holds what is not known."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._makers[name]()
        return found

    @property
    def read(self) -> frozenset[str]:
        """The contexts that were asked for."""
        return frozenset(self._made)

    def forget(self, used: Collection[str]) -> None:
        """Let go of all that were asked for, but for some."""
        self._made = {name: one for name, one in self._made.items() if name in used}

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a context of a name."""
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        """Yield the names of contexts."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Return how many contexts there are."""
        return len(self._makers)


def read(files: Mapping[str, str], main: str) -> Dialplan:
    """Return the dialplan of a file and those it includes, given by name. Raises NotUnderstood."""
    contexts: dict[str, list[Section]] = {}
    variables: dict[str, str] = {}
    for section in sections(files, main):
        kind = section.name.lower()
        if kind == "general":
            check_settings(section.entries())
        elif kind == "globals":
            for entry in section.entries():
                if "$" in entry.value or entry.name.endswith(")"):
                    raise NotUnderstood(entry.place, What.VARIABLE, entry.name)
                variables[entry.name.removeprefix("_").removeprefix("_")] = entry.value
        else:
            if len(section.name) > MAX_LENGTH:  # Asterisk cuts it where a call enters, and not here
                raise NotUnderstood(section.place, What.CONTEXT, section.name)
            contexts.setdefault(section.name, []).append(section)
    return Dialplan(Contexts({name: partial(_context, name, found) for name, found in contexts.items()}), variables)


def _context(name: str, found: list[Section]) -> Context:
    context = Context(name)
    for section in found:
        filling = _Filling(context)
        for one in section.lines:
            if isinstance(one, Lines):
                filling.lines(one)
            else:
                filling.entries((one,))
    return context


def check_settings(entries: Iterable[Entry]) -> None:
    """Raise NotUnderstood for a setting of `[general]` that changes how all calls run."""
    for entry in entries:
        forbidden = _FORBIDDEN_SETTINGS.get(entry.name.lower(), ())
        off = entry.name.lower() == "autofallthrough" and entry.value.lower() not in (
            "yes",
            "true",
            "y",
            "t",
            "1",
            "on",
        )
        if forbidden is None or entry.value.lower() in forbidden or off:
            raise NotUnderstood(entry.place, What.SETTING, f"{entry.name}={entry.value}")


@dataclass(slots=True)
class _Filling:
    """One section that fills its context; the last extension and priority are for `same` and `n`."""

    context: Context
    name: str = ""
    last: int = _NONE
    exten: Exten | None = None

    def lines(self, lines: Lines) -> None:
        """Take usual lines: of most of them one look tells all."""
        for line, place in lines.each():
            step = _STEP.fullmatch(line)
            if step is None or (step[1] is None and (self.exten is None or self.last < 1)):
                self.entries(entry_of(line, place))
                continue
            name, application, data = step.groups()
            if name is None:
                self.last += 1
            else:
                try:
                    self.name, self.last, self.exten = name, 1, self.context.extens.exten(name)
                except Unclear as unclear:
                    raise NotUnderstood(place, unclear.what, unclear.text) from None
            if self.exten is not None:
                self.exten.steps.setdefault(self.last, Step(application.lower(), data, place))

    def entries(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            try:
                self.entry(entry.name.lower(), entry.value, entry.place)
            except Unclear as unclear:
                raise NotUnderstood(entry.place, unclear.what, unclear.text) from None

    def entry(self, word: str, value: str, place: Place) -> None:
        if word == "exten":
            self.name, value = _name(value)
            self.exten = None
            self.step(value, place)
        elif word.startswith("same"):
            if not self.name:
                raise Unclear(What.LINE, value)
            self.step(value, place)
        elif word == "include":
            if re.search(r"[|,$]", value):  # only at some times, or a name that is made
                raise Unclear(What.CONTEXT, value)
            if value.lower() not in (name.lower() for name, _ in self.context.includes):
                self.context.includes.append((value, place))
        elif word != "ignorepat":
            raise Unclear(What.LINE, word)

    def step(self, value: str, place: Place) -> None:
        """Take `priority(label),application(data)`."""
        priority_text, _, call = value.partition(",")
        more = label = None
        word = priority_text
        if word not in ("1", "n"):  # as nearly all are
            word, more, label = _priority(priority_text)
        if word == "hint":
            self.last = -1
            return
        if word in ("n", "next") and self.last > 0:
            priority = self.last + 1
        elif word in ("s", "same") and self.last > 0:
            priority = self.last
        elif word.isdigit() and 0 < int(word) < 10**6:
            priority = int(word)
        else:
            raise Unclear(What.PRIORITY, priority_text)
        priority += int(more or 0)
        self.last = priority
        application, data = _application(call)
        if self.exten is None:
            self.exten = self.context.extens.exten(self.name)
        exten = self.exten
        if priority in exten.steps:
            return  # Asterisk warns and keeps the first
        exten.steps[priority] = Step(application, data, place)
        if label:
            exten.labels.setdefault(label, priority)


@lru_cache(maxsize=4096)
def _priority(text: str) -> tuple[str, str | None, str | None]:
    """Return the word of `n+1(label)`, what is added to it, and the label."""
    parts = re.fullmatch(r"\s*(\w+)(?:\+(\d+))?(?:\(([^()]*)\))?\s*", text)
    if parts is None:
        raise Unclear(What.PRIORITY, text)
    return parts[1], parts[2], parts[3]


def _name(value: str) -> tuple[str, str]:
    """Return the extension, and what follows its comma: none in square brackets."""
    plain, comma, rest = value.partition(",")
    if comma and plain.removeprefix("_").isalnum() and len(plain) <= MAX_LENGTH:
        return plain, rest
    found = re.match(r"((?:\[[^\]]*\]|[^,\[\]])*),(.*)", value, re.DOTALL)
    if found is None:
        raise Unclear(What.EXTENSION, value)
    name = re.sub(r" (?![^\[]*\])", "", found[1]) if found[1].startswith("_") else found[1].replace(" ", "")
    if not name or len(name) > MAX_LENGTH or re.search(r"[/\\\"]|\$[{\[]", name):
        # `/` would be for some callers only; the rest is made when the file is loaded, or cut
        raise Unclear(What.EXTENSION, found[1])
    return name, found[2]


def _application(call: str) -> tuple[str, str]:
    """Return an application, in lower case, and its data: up to the last parenthesis."""
    name, opened, rest = call.partition("(")
    data, closed, _ = rest.rpartition(")")
    if (opened and not closed) or not (name.isalnum() or re.fullmatch(r"\s*\w+", name)):
        raise Unclear(What.APPLICATION, call)
    return name.strip().lower(), data
