"""What the reader does not understand, as values: which kind of thing, its own text, and where it stands."""

from dataclasses import dataclass
from enum import Enum

Path = tuple[str | int, ...]
"""Where a value of the document is: keys of objects and places in arrays, from the top."""


class What(Enum):
    """The kind of thing that is not understood."""

    JSON = "json"
    KEY = "key"  # one too many, one too few, or one that is there twice
    VALUE = "value"  # not of the type, or none of the words, that the API takes
    EXTENSION = "extension"  # with two lists
    COUNT = "count"  # more exceptions than an extension may have
    CONDITION = "condition"
    PATTERN = "pattern"
    HOURS = "hours"
    DESTINATION = "destination"
    ENDLESS = "endless"  # more questions in a row than are followed


class NotUnderstood(Exception):  # noqa: N818  not a mistake: the reader says where its knowledge ends
    """The file holds what this reader does not know: nothing is concluded from it."""

    def __init__(self, file: str, line: int, what: What, text: str) -> None:
        super().__init__(f"{file}:{line}: {what.value}: {text}")
        self.file, self.line, self.what, self.text = file, line, what, text


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not understood, where no line is known: it becomes a NotUnderstood if a call gets there."""

    what: What
    text: str
    path: Path


class Unclear(Exception):  # noqa: N818  becomes a Trouble of what was being read
    """A value is not understood."""

    def __init__(self, what: What, text: str, path: Path) -> None:
        super().__init__(what, text, path)
        self.trouble = Trouble(what, text, path)
