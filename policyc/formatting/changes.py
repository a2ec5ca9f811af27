"""The text of a file before and after formatting in, a unified diff out.

Formatting makes one line of one line and moves none: what belongs together is known, and not looked for, so that the
diff of a large file takes no longer than the file.
"""

import re
from collections.abc import Iterator, Sequence

from policyc.source import plain

_CONTEXT = 3
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NOTHING = " ,\r\n\ufeff"  # what a line without words may be made of
_Pair = tuple[str | None, str | None]  # a line before and after; None: there is none


def unified(before: str, after: str, path: str) -> Iterator[str]:
    """Yield the lines of a diff, with their ends; none if the texts are the same."""
    pairs = list(_pairs(_LINES.findall(before), _LINES.findall(after)))
    changed = [at for at, (old, new) in enumerate(pairs) if old != new]
    if not changed:
        return
    yield f"--- {path}\n"
    yield f"+++ {path}\n"
    seen = [0, 0]  # lines of both texts above the hunk
    done = 0
    for first, last in _groups(changed):
        start, end = max(0, first - _CONTEXT), min(len(pairs), last + 1 + _CONTEXT)
        for side in (0, 1):
            seen[side] += sum(pair[side] is not None for pair in pairs[done:start])
        yield from _hunk(pairs[start:end], seen)
        done = start


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[_Pair]:
    """Yield lines that belong together. Blank ones come and go, of the others each has its own."""
    at = to = 0
    while at < len(old) or to < len(new):
        was_blank = at < len(old) and _is_blank(old[at])
        is_blank = to < len(new) and _is_blank(new[to])
        takes = at < len(old) and (was_blank or not is_blank)
        gives = to < len(new) and (is_blank or not was_blank)
        yield old[at] if takes else None, new[to] if gives else None
        at += takes
        to += gives


def _is_blank(line: str) -> bool:
    return not plain(line).strip(_NOTHING)


def _groups(changed: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last change of each hunk: those whose context would meet are in one."""
    first = last = changed[0]
    for at in changed:
        if at - last > 2 * _CONTEXT + 1:
            yield first, last
            first = at
        last = at
    yield first, last


def _hunk(pairs: Sequence[_Pair], above: Sequence[int]) -> Iterator[str]:
    counts = [sum(pair[side] is not None for pair in pairs) for side in (0, 1)]
    # A side without lines is told by the line above it.
    starts = [lines + bool(count) for lines, count in zip(above, counts, strict=True)]
    yield f"@@ -{starts[0]},{counts[0]} +{starts[1]},{counts[1]} @@\n"
    added: list[str] = []
    for old, new in [*pairs, ("", "")]:  # the last ends the run of changed lines
        if old == new:
            yield from added
            added = []
            if old:
                yield _line(" ", old)
            continue
        if old is not None:
            yield _line("-", old)
        if new is not None:
            added.append(_line("+", new))


def _line(mark: str, line: str) -> str:
    """Return a line of a diff; a carriage return stays where it may be all that changes."""
    body = line.removesuffix("\n")
    return f"{mark}{body}\n" if line[-1] in "\r\n" else f"{mark}{body}\n\\ No newline at end of file\n"
