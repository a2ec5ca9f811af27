"""What the reader does not understand, as values: which kind of thing, its own text, and where it stands."""

from enum import Enum
from typing import NamedTuple


class What(Enum):
    """The kind of thing that is not understood."""

    FILE = "file"
    LINE = "line"
    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    CONTEXT = "context"
    APPLICATION = "application"
    ARGUMENTS = "arguments"
    VARIABLE = "variable"
    EXPRESSION = "expression"
    REGEX = "regex"
    TIME = "time"
    ZONE = "zone"
    VALUE = "value"  # a text that only the call itself would tell
    ENDLESS = "endless"  # more steps, or more sets of callers, than are followed


class Place(NamedTuple):
    """A line of a file, counted from 1."""

    file: str
    line: int


class NotUnderstood(Exception):  # noqa: N818  not a mistake: the reader says where its knowledge ends
    """The dialplan holds what this reader does not know: nothing is concluded from it."""

    def __init__(self, place: Place, what: What, text: str) -> None:
        super().__init__(f"{place.file}:{place.line}: {what.value}: {text}")
        self.place = place
        self.what = what
        self.text = text


class Unclear(Exception):  # noqa: N818  becomes a NotUnderstood at the line that was run
    """The same, raised where the line is not known. `spelt`: it would be clear if callers' numbers were spelt out."""

    def __init__(self, what: What, text: str, *, spelt: bool = False) -> None:
        super().__init__(what, text)
        self.what = what
        self.text = text
        self.spelt = spelt
