"""The XML of a dialplan in, its elements out, each with its line; no comments.

FreeSWITCH's preprocessor works by line before there is any XML: what it would run, include or leave out is not
understood, but for global variables `$${…}` in attributes, whose values are texts that are not known. Neither are
document types, so that there are no entities but those of XML itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.parsers import expat

from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, What
from policyc.targets.freeswitch.reader.texts import encode, variable_token

_LONGEST_LINE = 1 << 20
"""FreeSWITCH loses a character of a longer one."""
_PREPROCESSED = (
    re.compile(r"-(?<=x-)pre-process", re.IGNORECASE),
    re.compile(r"<(?:!--#|\?|/?include>)", re.IGNORECASE),
)
_GLOBAL = re.compile(r"\$\$\{([A-Za-z0-9_]+)\}")
_LEFT_OUT = re.compile(r"\s*(<\?xml[^<>]*\?>\s*)?(</?include>)?\s*")
_BETWEEN = re.compile(r"\s*(?:<|\Z)")
_ASIDE = r"<!--.*?-->|<!\[CDATA\[.*?\]\]>"
_ATTRIBUTES = r"""(?:[^<>"']|"[^"]*"|'[^']*')*+"""
_EXTENSION = rf"<extension(?=[\s>]){_ATTRIBUTES}(?<!/)>[^<]*+(?:<(?!/?extension[\s/>]|!)[^<]*+)*+</extension\s*+>"
"""One without comments, and without others in it: of a well-formed text, `<` begins a tag or something aside."""
_ROW = re.compile(rf"{_ASIDE}|(?:{_EXTENSION}\s*+)++", re.DOTALL)
_END = re.compile(r"</extension\s*+>")
_ASIDES = re.compile(_ASIDE, re.DOTALL)
_SETTING = re.compile(r"""(?:anti-)?action\s[^<]*?application\s*=\s*["'](?:[a-z_]*(?:set|export)|[^"']*&[^"']*)["']""")
_TAG = re.compile(rf"[^\s/<>!]+{_ATTRIBUTES}(?=/?>)")
"""What begins behind a `<`, without what ends it."""
_SAYS = re.compile(r">\s*[^\s<]")
_LATER = "later"  # our own instruction in what is read at first: a row of extensions is read later


@dataclass(slots=True, eq=False)
class Element:
    """An element: its attributes as FreeSWITCH has them, a character a byte.

    `said`: text stands in it, or control characters in an attribute. `unread`: it stands for extensions.
    """

    name: str
    attributes: Mapping[str, str]
    line: int
    children: list[Element]
    said: bool = False
    unread: Unread | None = None


class Unread(NamedTuple):
    """Extensions that are still text, one or several beside each other: from where to where, and on which line."""

    start: int
    end: int
    line: int


@dataclass(slots=True, eq=False)
class Source:
    """The text of a file, which is well-formed XML."""

    file: str
    text: str
    rows: Sequence[Unread] = ()
    """The extensions that are still text."""

    def share(self, text: str) -> None:
        """Have all extensions in a text that is there anyway, if they stand in it as they do here."""
        if len(text) == len(self.text) and all(
            text.startswith(self.text[row.start : row.end], row.start) for row in self.rows
        ):
            self.text = text

    def parsed(self, text: str, line: int = 1, rows: Sequence[Unread] = ()) -> list[Element]:
        """Return the elements of a part of it that begins on a line; `rows` are those that it leaves out."""
        parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        root = Element("", {}, 1, [])
        stack = [root]
        has_references, has_globals, is_plain = "&#" in text, "$${" in text, text.isascii()
        before = line - 1

        def start(name: str, attributes: dict[str, str]) -> None:
            if not is_plain:
                attributes = {key: encode(value) for key, value in attributes.items()}
            if has_globals:
                attributes = {key: with_globals(value) for key, value in attributes.items()}
            element = Element(name, attributes, before + parser.CurrentLineNumber, [])
            if has_references:
                element.said = any(char < " " for value in attributes.values() for char in value)
            stack[-1].children.append(element)
            stack.append(element)

        def end(_: str) -> None:
            stack.pop()

        def characters(data: str) -> None:
            if not data.isspace():
                stack[-1].said = True

        def later(_: str, which: str) -> None:
            row = rows[int(which)]
            is_own = stack[-1].name == "context"
            stack[-1].children += [Element("", {}, row.line, [], unread=row)] if is_own else self.read(row)

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.ProcessingInstructionHandler = later
        if _SAYS.search(text):
            parser.CharacterDataHandler = characters
        parser.Parse(f"<files>{text}</files>".encode(), True)
        parser.StartElementHandler = parser.EndElementHandler = None  # they have the parser: a cycle
        parser.ProcessingInstructionHandler = parser.CharacterDataHandler = None
        (files,) = root.children
        return files.children

    def read(self, some: Unread) -> list[Element]:
        """Return the elements of a part that was not read."""
        return self.parsed(self.text[some.start : some.end], some.line)

    def split(self, row: Unread, kind: Callable[[int], str | None] = lambda _: None) -> Iterator[Unread]:
        """Yield the extensions of a row; those that follow one another together, where they are of one `kind`.

        It says so of where one begins; None is of no kind.
        """
        text, line, counted = self.text, row.line, row.start
        start = end = begin = row.start
        before = None
        while begin >= 0 and (ended := _END.search(text, begin, row.end)) is not None:
            its = kind(begin)
            if start < end and (its is None or its != before):
                yield Unread(start, end, line)
                start = end
            if start == end:
                start = begin
                line += text.count("\n", counted, start)
                counted, before = start, its
            end = ended.end()
            begin = text.find("<", end, row.end)
        if start < end:
            yield Unread(start, end, line)

    def tags(self) -> set[str]:
        """Return the tags that may set or read variables, each once, without what ends them."""
        found: set[str] = set()
        done = 0
        for start, end in (*(aside.span() for aside in _ASIDES.finditer(self.text)), (len(self.text), 0)):
            found.update(filter(_may_matter, set(self.text[done:start].split("<")[1:])))
            done = end
        return {f"<{tag.rstrip('/')}" for one in found if (tag := _tag(one)) is not None}


def _may_matter(text: str) -> bool:
    """Tell whether variables may be set or read in what stands behind a `<`."""
    if "{" in text or "&#" in text:
        return True
    return ("set" in text or "export" in text or "&" in text) and _SETTING.match(text) is not None


def _tag(text: str) -> str | None:
    """Return the tag that a text behind a `<` begins with, without what ends it; None if it begins no element."""
    before, ended, _ = text.partition(">")
    if "'" in before or before.count('"') % 2:  # that one may stand in a value
        found = _TAG.match(text)
        return found[0] if found else None
    return before if ended and before[:1] not in ("", "/", "!") else None


def parse(file: str, text: str) -> tuple[Source, list[Element]]:
    """Return the text of a file, and its elements; extensions in contexts may be yet unread. Raises NotUnderstood."""
    plain = _preprocessed(file, text.removeprefix("\ufeff"))
    _check(file, plain)
    source = Source(file, plain)
    rows: list[Unread] = []
    kept: list[str] = []
    line, done = 1, 0
    for found in _ROW.finditer(plain):
        start, end = found.span()
        if plain.startswith("<!", start):
            continue
        line += plain.count("\n", done, start)
        ends = plain.count("\n", start, end)
        kept += (plain[done:start], f"<?{_LATER} {len(rows)}?>", "\n" * ends)
        rows.append(Unread(start, end, line))
        line, done = line + ends, end
    source.rows = rows
    return source, source.parsed("".join((*kept, plain[done:])), 1, rows)


def _check(file: str, text: str) -> None:
    """Raise NotUnderstood where a text is no well-formed XML, or has a document type."""
    parser = expat.ParserCreate("UTF-8")

    def refuse(*_: object) -> None:
        raise NotUnderstood(Place(file, parser.CurrentLineNumber), What.FILE, "<!DOCTYPE")

    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    at = 0
    try:
        parser.Parse(b"<files>", False)
        for at in range(0, len(text), _LONGEST_LINE):
            parser.Parse(text[at : at + _LONGEST_LINE].encode(), False)
        parser.Parse(b"</files>", True)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, at + error.start) + 1
        raise NotUnderstood(Place(file, line), What.FILE, "UTF-8") from error
    except expat.ExpatError as error:
        raise NotUnderstood(Place(file, error.lineno), What.FILE, expat.ErrorString(error.code) or "XML") from error


def with_globals(text: str) -> str:
    """Return a text with what stands for the global variables in it, which are put in as a file is read."""
    return _GLOBAL.sub(lambda found: variable_token(f"!{found[1]}"), text)


def _preprocessed(file: str, text: str) -> str:
    """Return a text as FreeSWITCH's preprocessor leaves it, its lines kept.

    Blanks stand for what it takes away, where blanks make no difference: between elements.
    """
    if "\0" in text:
        raise NotUnderstood(Place(file, 1), What.FILE, "NUL")
    if (long := _long_line(text)) is not None:
        raise NotUnderstood(Place(file, text.count("\n", 0, long) + 1), What.LINE, text[long : long + 80])
    taken: list[tuple[int, int]] = []
    done = 0
    for start, last in sorted(found.span() for one in _PREPROCESSED for found in one.finditer(text)):
        if start < done:
            continue
        begin = text.rfind("\n", done, start) + 1 or done
        end = text.find("\n", last)
        end = len(text) if end < 0 else end
        line = text[begin:end]
        if not _LEFT_OUT.fullmatch(line):
            raise NotUnderstood(Place(file, text.count("\n", 0, begin) + 1), What.LINE, line.strip()[:200])
        taken.append((begin, end))
        done = end
    if not taken:
        return text
    blank = " " if all(_BETWEEN.match(text, end) for _, end in taken) else ""
    kept: list[str] = []
    done = 0
    for begin, end in taken:
        kept += (text[done:begin], blank * (end - begin))
        done = end
    return "".join((*kept, text[done:]))


def _long_line(text: str) -> int | None:
    """Return where the first line begins that FreeSWITCH would not read whole, None if none is so long."""
    start = 0
    while len(text) - start >= _LONGEST_LINE // 4:  # a character is at most four bytes
        end = text.rfind("\n", start, start + _LONGEST_LINE // 4)
        if end < 0:
            end = text.find("\n", start)
            line = text[start : len(text) if end < 0 else end]
            if len(line.encode("utf-8", "surrogatepass")) >= _LONGEST_LINE:
                return start
            if end < 0:
                return None
        start = end + 1
    return None
