"""A file before and after in, what changed printed: a unified diff, which `git apply -p0` and `patch -p0` take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from policyc.cli.printing import has_color, put

_STYLES: Final = {"---": "bold", "+++": "bold", "@": "cyan", "-": "red", "+": "green"}  # how lines of a diff start


def put_diff(path: str, before: str, after: str) -> None:
    """Print what changes in a file; on a terminal, with colours and nothing that would act on it."""
    from difflib import unified_diff

    lines = map(_whole, unified_diff(list(_lines(before)), list(_lines(after)), path, path))
    if not sys.stdout.isatty():
        put("".join(lines))
        return
    from policyc import report

    color = has_color(sys.stdout)
    for line in lines:
        style = next((style for start, style in _STYLES.items() if line.startswith(start)), "")
        shown = "\n".join(map(report.visible, line[:-1].split("\n")))
        put(report.paint((shown, style), color=color) + "\n", color=color)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text with their ends, as git and diff know them: nothing but a line feed is one."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _whole(line: str) -> str:
    """Return a line of a diff that has an end, with what diff says of one that had none."""
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
