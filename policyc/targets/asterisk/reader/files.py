"""The files of a dialplan in, its sections out: no comments, `#include`s followed, as Asterisk's config.c does it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from policyc.targets.asterisk.reader.errors import NotUnderstood, Place, What
from policyc.targets.asterisk.reader.texts import encode

_LONGEST_LINE = 8190  # bytes: Asterisk skips a longer one, with all that it does
_DEEPEST_INCLUDE = 10
_BLANKS = "".join(map(chr, range(1, 33)))
_COMMENT = r";(?!--)[^\n\0]{0,4000}"
_USUAL = re.compile(rf"(?:(?: ?(?:exten|same) => [^;\\\n\0]{{1,4000}}(?:(?<!--){_COMMENT})?|{_COMMENT}|)\n)+")
"""Lines of which nothing can be wrong: steps, comments to their end, empty ones."""


class Entry(NamedTuple):
    """A line `name = value` of a section."""

    name: str
    value: str
    place: Place


class Lines(NamedTuple):
    """Usual lines of a file, not yet looked at: most are of extensions that are proved one after the other."""

    text: str
    first: Place

    def each(self) -> Iterator[tuple[str, Place]]:
        """Yield them one by one."""
        file, first = self.first
        for number, line in enumerate(self.text.split("\n"), first):
            if line:
                yield line, Place(file, number)

    def entries(self) -> Iterator[Entry]:
        """Yield what they say."""
        for line, place in self.each():
            yield from entry_of(line, place)


def entry_of(line: str, place: Place) -> Iterator[Entry]:
    """Yield what a usual line says, if anything."""
    name, equals, value = line.partition(";")[0].partition("=")
    if equals:
        yield Entry(name.strip(_BLANKS), value.removeprefix(">").strip(_BLANKS), place)


@dataclass(frozen=True, slots=True)
class Section:
    """A section and its lines, those of other files that it goes on in too."""

    name: str
    place: Place
    lines: list[Entry | Lines] = field(default_factory=list)

    def entries(self) -> Iterator[Entry]:
        """Yield what its lines say, in order."""
        for one in self.lines:
            if isinstance(one, Lines):
                yield from one.entries()
            else:
                yield one


def sections(files: Mapping[str, str], main: str) -> tuple[Section, ...]:
    """Return the sections of a file and those it includes, in the order Asterisk has them. Raises NotUnderstood."""
    reading = _Reading(files)
    reading.file(main, Place(main, 0), 1)
    return tuple(reading.found)


@dataclass(slots=True)
class _Reading:
    files: Mapping[str, str]
    found: list[Section] = field(default_factory=list)

    def file(self, name: str, asked: Place, depth: int) -> None:
        if name not in self.files:
            raise NotUnderstood(asked, What.FILE, name)
        if depth > _DEEPEST_INCLUDE:
            raise NotUnderstood(asked, What.DIRECTIVE, name)
        current = self.found[-1] if self.found else None
        comments = number = at = 0
        whole = encode(self.files[name].removeprefix("\ufeff")) + "\n"
        while at < len(whole):
            if current is not None and not comments and (usual := _USUAL.match(whole, at)):
                current.lines.append(Lines(usual[0], Place(name, number + 1)))
                number += usual[0].count("\n")
                at = usual.end()
                continue
            end = whole.index("\n", at)
            line = whole[at:end]
            number, at = number + 1, end + 1
            if not line:
                continue
            place = Place(name, number)
            if len(line) > _LONGEST_LINE or "\0" in line:
                raise NotUnderstood(place, What.LINE, line[:40])
            if comments or ";" in line:
                text, comments = uncommented(line, comments)
            else:
                text = line
            if comments < 0:  # Asterisk would take all that follows for a comment
                raise NotUnderstood(place, What.LINE, line)
            text = text.strip(_BLANKS)
            if text:
                current = self.line(text, place, current, depth)
        if comments:
            raise NotUnderstood(Place(name, number), What.LINE, ";--")

    def line(self, text: str, place: Place, current: Section | None, depth: int) -> Section | None:
        """Take one line; return the section that the next one belongs to."""
        if text.startswith("["):
            name, closed, rest = text[1:].partition("]")
            if not closed or not name or rest.startswith("("):
                raise NotUnderstood(place, What.CONTEXT, text)
            self.found.append(Section(name, place))
            return self.found[-1]
        if text.startswith("#"):
            self.directive(text, place, depth)
            return current
        name, equals, value = text.partition("=")
        name = name.strip(_BLANKS)
        if current is None or not equals or not name or name.endswith("+") or text.startswith("\\"):
            raise NotUnderstood(place, What.LINE, text)
        current.lines.append(Entry(name, value.removeprefix(">").strip(_BLANKS), place))
        return current

    def directive(self, text: str, place: Place, depth: int) -> None:
        word, *rest = text.split(None, 1)
        name = rest[0].strip(_BLANKS) if rest else ""
        if len(name) > 1 and name[0] + name[-1] in ('""', "<>"):
            name = name[1:-1]
        if word.lower() not in ("#include", "#tryinclude") or not name or set(name) & set("*?[{~\"'"):
            raise NotUnderstood(place, What.DIRECTIVE, text)
        if name in self.files or word.lower() == "#include":
            self.file(name, place, depth + 1)


def uncommented(line: str, depth: int) -> tuple[str, int]:
    r"""Return a line without its comments, and how many `;-- --;` are open behind it, given how many are before it.

    `\;` is a semicolon and opens nothing. A `--;` that closes nothing gives -1.
    """
    kept, rest = "", line
    while (at := rest.find(";")) >= 0:
        if at and rest[at - 1] == "\\":
            kept += "" if depth else rest[: at - 1] + ";"
            rest = rest[at + 1 :]
        elif rest[at + 1 : at + 3] == "--" and rest[at + 3 : at + 4] != "-":
            kept += "" if depth else rest[:at]
            rest, depth = rest[at + 3 :], depth + 1
        elif at >= 2 and rest[at - 2 : at] == "--":
            if not depth:
                return kept, -1
            rest, depth = rest[at + 1 :], depth - 1
        elif depth:
            rest = rest[at + 1 :]
        else:
            return kept + rest[:at], 0
    return kept + ("" if depth else rest), depth
