"""The XML of a dialplan in, its elements out, each with its line; no comments.

FreeSWITCH's preprocessor works by line before there is any XML: what it would run, include or leave out is not
understood, but for global variables `$${…}` in attributes, whose values are texts that are not known. Neither are
document types, so that there are no entities but those of XML itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, What
from policyc.targets.freeswitch.reader.texts import encode, variable_token

_LONGEST_LINE = 1 << 20
"""FreeSWITCH loses a character of a longer one."""
_PREPROCESSED = re.compile(r"x-pre-process|<!--#|<\?|</?include>", re.IGNORECASE)
_GLOBAL = re.compile(r"\$\$\{([A-Za-z0-9_]+)\}")
_LEFT_OUT = re.compile(r"\s*(<\?xml[^<>]*\?>\s*)?(</?include>)?\s*")


@dataclass(slots=True, eq=False)
class Element:
    """An element: its attributes as FreeSWITCH has them, a character a byte.

    `said`: text stands in it, or control characters in an attribute.
    """

    name: str
    attributes: Mapping[str, str]
    line: int
    children: list[Element]
    said: bool = False


def parse(file: str, text: str) -> list[Element]:
    """Return the elements of a file. Raises NotUnderstood."""
    plain = _preprocessed(file, text.removeprefix("\ufeff"))
    try:
        raw = f"<files>{plain}</files>".encode()
    except UnicodeEncodeError as error:
        raise NotUnderstood(Place(file, plain.count("\n", 0, error.start) + 1), What.FILE, "UTF-8") from error
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    root = Element("", {}, 1, [])
    stack = [root]
    has_references = "&#" in plain
    is_plain, has_globals = plain.isascii(), "$${" in plain

    def start(name: str, attributes: dict[str, str]) -> None:
        if not is_plain:
            attributes = {key: encode(value) for key, value in attributes.items()}
        if has_globals:
            attributes = {key: with_globals(value) for key, value in attributes.items()}
        element = Element(name, attributes, parser.CurrentLineNumber, [])
        if has_references:
            element.said = any(char < " " for value in attributes.values() for char in value)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def characters(data: str) -> None:
        if not data.isspace():
            stack[-1].said = True

    def refuse(*_: object) -> None:
        raise NotUnderstood(Place(file, parser.CurrentLineNumber), What.FILE, "<!DOCTYPE")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise NotUnderstood(Place(file, error.lineno), What.FILE, expat.ErrorString(error.code) or "XML") from error
    return root.children[0].children


def with_globals(text: str) -> str:
    """Return a text with what stands for the global variables in it, which are put in as a file is read."""
    return _GLOBAL.sub(lambda found: variable_token(f"!{found[1]}"), text)


def _preprocessed(file: str, text: str) -> str:
    """Return a text as FreeSWITCH's preprocessor leaves it, its lines kept."""
    if "\0" in text:
        raise NotUnderstood(Place(file, 1), What.FILE, "NUL")
    for at, line in enumerate(text.split("\n"), 1) if len(text) >= _LONGEST_LINE else ():
        if len(line.encode("utf-8", "surrogateescape")) >= _LONGEST_LINE:
            raise NotUnderstood(Place(file, at), What.LINE, line[:80])
    if not _PREPROCESSED.search(text):
        return text
    kept: list[str] = []
    done = 0
    while found := _PREPROCESSED.search(text, done):
        begin = text.rfind("\n", done, found.start()) + 1 or done
        end = text.find("\n", found.end())
        end = len(text) if end < 0 else end
        line = text[begin:end]
        if not _LEFT_OUT.fullmatch(line):
            raise NotUnderstood(Place(file, text.count("\n", 0, begin) + 1), What.LINE, line.strip()[:200])
        kept.append(text[done:begin])
        done = end
    return "".join((*kept, text[done:]))
