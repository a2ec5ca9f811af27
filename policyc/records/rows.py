"""Bytes of a file in, numbered rows of cells out, one for each line, whatever stands in it and however long it is."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import IO, Final

MAX_LINE: Final = 1 << 16  # bytes; a row of records has some hundred
_UNREADABLE: Final = "\0"  # the text of a line that is none
_SQL: Final = re.compile(r"INSERT INTO \S+ VALUES \((.*)\);\s*")


def lines(file: IO[bytes]) -> Iterator[str]:
    """Yield the lines of a file as text: UTF-8, or else Latin-1, as names of callers come from anywhere."""
    mark = b"\xef\xbb\xbf"
    while raw := file.readline(MAX_LINE):
        if not raw.endswith(b"\n") and len(raw) == MAX_LINE:
            while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield _UNREADABLE
            continue
        raw, mark = raw.removeprefix(mark), b""
        try:
            yield raw.decode()
        except UnicodeDecodeError:
            yield raw.decode("latin-1")


def rows(texts: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the cells of each line and its number, from 1; None: it is no row."""
    fed: list[str] = []

    def feeding() -> Iterator[str]:
        for text in texts:
            fed.append(text)
            yield text

    reader = csv.reader(feeding(), delimiter=delimiter, strict=True, skipinitialspace=True)
    number = 0
    while True:
        try:
            row: list[str] | None = next(reader, None)
        except csv.Error:
            row = None
        if not fed:
            return
        if len(fed) == 1 and row is not None and _UNREADABLE not in fed[0]:
            number += 1
            yield number, row
        else:  # a quote without an end takes further lines in: each is looked at for itself
            for text in fed:
                number += 1
                yield number, cells(text, delimiter)
        fed.clear()


def cells(text: str, delimiter: str) -> list[str] | None:
    """Return the cells of one line, None if it is no row."""
    try:
        (row,) = csv.reader((text,), delimiter=delimiter, strict=True, skipinitialspace=True)
    except (csv.Error, ValueError):
        return None
    return None if _UNREADABLE in text else row


def unwrapped(texts: Iterable[str]) -> Iterator[str]:
    """Yield lines of SQL that insert a row as the row alone."""
    for text in texts:
        inserted = _SQL.fullmatch(text)
        yield inserted[1] if inserted else text
